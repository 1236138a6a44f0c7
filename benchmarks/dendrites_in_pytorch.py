"""A layer of dendritic neurons in PyTorch, the rival of `bench_dendrites.py`: a plain loop over time, gradients by autograd.

The equations are those of `VDiffForwardDendNeuron` with passive compartments and an LIF soma, both with decaying inputs; a
dendrite is segregated, or a tree of k input compartments and one output. No TensorFlow here: the rival works in a process of
its own.
"""

import time
from typing import Any, NamedTuple

import numpy as np
import torch

SURROGATE_SLOPE, THRESHOLD = 4.0, 1.0


class Spike(torch.autograd.Function):
    """A step at 0, fired there too, with the gradient of a sigmoid."""

    @staticmethod
    def forward(context: Any, u: torch.Tensor) -> torch.Tensor:
        context.save_for_backward(u)
        return (u >= 0).to(u.dtype)

    @staticmethod
    def backward(context: Any, dz: torch.Tensor) -> torch.Tensor:
        (u,) = context.saved_tensors
        s = torch.sigmoid(SURROGATE_SLOPE * u)
        return dz * SURROGATE_SLOPE * s * (1 - s)


class Statement(NamedTuple):
    """What is to be computed, in plain values that can be sent to a process."""

    tau_dend: float
    tau_soma: float
    forward_strength: float
    coupling: float | None  # None: segregated
    inputs: np.ndarray  # (T, B, N n_input)
    n_soma: int
    slopes: np.ndarray  # (T, B, N), those of the loss with respect to the spikes


class Layer:
    """The layer with its trained numbers: forward strength, and coupling in a tree."""

    def __init__(self, said: Statement):
        self.said = said
        self.inputs = torch.from_numpy(said.inputs).requires_grad_()
        self.slopes = torch.from_numpy(said.slopes)
        values = [said.forward_strength] + ([said.coupling] if said.coupling is not None else [])
        self.trained = [torch.tensor(value, dtype=self.inputs.dtype, requires_grad=True) for value in values]

    def spikes(self) -> torch.Tensor:
        """(T, B, N)."""
        said = self.said
        n_batch, n_input = self.inputs.shape[1], self.inputs.shape[2] // said.n_soma
        n_compartment = n_input if said.coupling is None else n_input + 1
        v = torch.zeros(n_batch, said.n_soma, n_compartment, dtype=self.inputs.dtype)
        soma = torch.zeros(n_batch, said.n_soma, dtype=self.inputs.dtype)
        strength = self.trained[0]
        if said.coupling is not None:
            adjacency = torch.zeros(n_compartment, n_compartment, dtype=self.inputs.dtype)
            adjacency[:n_input, n_input:] = 1
            weights = adjacency * self.trained[1]
            into = weights.sum(0)
        spikes = []
        for x in self.inputs.unbind(0):
            current = x.view(n_batch, said.n_soma, n_input)
            if said.coupling is not None:
                current = torch.nn.functional.pad(current, (0, 1)) + v @ weights - v * into
            v = v + (current - v) / said.tau_dend
            out = v if said.coupling is None else v[..., n_input:]
            drive = (strength * (out - soma.unsqueeze(-1))).sum(-1)
            h = soma + (drive - soma) / said.tau_soma
            s = Spike.apply(h - THRESHOLD)
            soma = (1 - s) * h
            spikes.append(s)
        return torch.stack(spikes)

    def forward_and_backward(self) -> tuple[np.ndarray, list[np.ndarray]]:
        """Spikes, and gradients in the inputs and the trained numbers."""
        for one in (self.inputs, *self.trained):
            one.grad = None
        spikes = self.spikes()
        spikes.backward(self.slopes)
        return spikes.detach().numpy(), [one.grad.numpy() for one in (self.inputs, *self.trained)]


_LAYERS: dict[str, Layer] = {}  # of this process


def take(said: Statement, n_threads: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Make the layer in this process; what it computes."""
    torch.set_num_threads(n_threads)
    torch.set_flush_denormal(True)  # as TensorFlow does
    _LAYERS["it"] = Layer(said)
    return _LAYERS["it"].forward_and_backward()


def seconds() -> float:
    """Of one forward and backward pass, in the process that took the statement; nothing is sent but the number."""
    start = time.perf_counter()
    _LAYERS["it"].forward_and_backward()
    return time.perf_counter() - start
