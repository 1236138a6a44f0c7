"""Networks of cascade units (Harkin, Shen et al. 2021) in PyTorch, the rival of `bench_cascade_networks.py`.

The equations are those of `OneCompartment`, `TwoCompartment`, `ParallelSubunits` and `CascadeReadout`, with their defaults.
Sequences are (time, ..., trials, units): the dots are an axis of networks side by side, or nothing for one network. Input
products are made for all steps at once, steps are a loop, gradients are autograd's. No TensorFlow here: the rival works in
processes of its own.
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch

DT_MS, THRESHOLD, RESET, SURROGATE_SLOPE = 1.0, 15.0, 15.0, 10.0
DECAY_SYN, DECAY_MEM, DECAY_NA, DECAY_CA, DECAY_NMDA = (math.exp(-DT_MS / tau_ms) for tau_ms in (5, 10, 5, 40, 80))
SLOPE, STAGE_THRESHOLD, CA_THRESHOLD = 10.0, 2.0, 4.0


class Spike(torch.autograd.Function):
    """A step at 0 with the SuperSpike surrogate gradient."""

    @staticmethod
    def forward(context: Any, u: torch.Tensor) -> torch.Tensor:
        context.save_for_backward(u)
        return (u > 0).to(u.dtype)

    @staticmethod
    def backward(context: Any, dz: torch.Tensor) -> torch.Tensor:
        (u,) = context.saved_tensors
        return dz / (SURROGATE_SLOPE * u.abs() + 1) ** 2


def stage(x: torch.Tensor) -> torch.Tensor:
    return x + torch.sigmoid(SLOPE * (x - STAGE_THRESHOLD))


def calcium_stage(x: torch.Tensor) -> torch.Tensor:
    return torch.sigmoid(SLOPE * (x - CA_THRESHOLD))


# Below, all right-hand sides are of the step before, and the spikes that are given at a step are those of its beginning.


def one_compartment(drives: torch.Tensor, _gain: float) -> Iterator[torch.Tensor]:
    s = v = z = torch.zeros_like(drives[0])
    for x in drives.unbind(0):
        yield z
        s, v, z = (DECAY_SYN * s + x, DECAY_MEM * v + s - RESET * z.detach(), Spike.apply(v - THRESHOLD))


def two_compartments(drives: torch.Tensor, gain: float) -> Iterator[torch.Tensor]:
    d_syn = d = n = s = v = z = torch.zeros_like(drives[0].chunk(2, -1)[0])
    for x_dendrite, x_soma in halves(drives):
        yield z
        into_dendrite = d_syn + gain * z if gain else d_syn
        d_syn, d, n, s, v, z = (
            DECAY_SYN * d_syn + x_dendrite,
            DECAY_MEM * d + into_dendrite,
            stage(d),
            DECAY_SYN * s + x_soma,
            DECAY_MEM * v + s + n - RESET * z.detach(),
            Spike.apply(v - THRESHOLD),
        )


def parallel_subunits(drives: torch.Tensor, gain: float) -> Iterator[torch.Tensor]:
    d_syn = na = ca = na_out = ca_out = nmda = nmda_out = s = v = z = torch.zeros_like(drives[0].chunk(2, -1)[0])
    for x_dendrite, x_soma in halves(drives):
        yield z
        into_nmda = na_out + ca_out + gain * z if gain else na_out + ca_out
        d_syn, na, ca, na_out, ca_out, nmda, nmda_out, s, v, z = (
            DECAY_SYN * d_syn + x_dendrite,
            DECAY_NA * na + d_syn,
            DECAY_CA * ca + d_syn,
            stage(na),
            calcium_stage(ca),
            DECAY_NMDA * nmda + into_nmda,
            stage(nmda),
            DECAY_SYN * s + x_soma,
            DECAY_MEM * v + s + nmda_out - RESET * z.detach(),
            Spike.apply(v - THRESHOLD),
        )


def halves(drives: torch.Tensor) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """At every step the drives of the dendrites, and those of the somata."""
    to_dendrites, to_somata = drives.chunk(2, -1)
    return zip(to_dendrites.unbind(0), to_somata.unbind(0), strict=True)


def readout(drive: torch.Tensor) -> Iterator[torch.Tensor]:
    """Potentials, that of the start included."""
    s = v = torch.zeros_like(drive[0])
    yield v
    for x in drive.unbind(0):
        s, v = DECAY_SYN * s + x, DECAY_MEM * v + s
        yield v


LAYERS = {"OneCompartment": one_compartment, "TwoCompartment": two_compartments, "ParallelSubunits": parallel_subunits}
OPTIMIZERS = {"memorize": torch.optim.Adam, "shd": torch.optim.Adamax}


class Statement(NamedTuple):
    """What is to be trained, in plain values that can be sent to a process."""

    layer: str
    backprop_gain: float
    task: str
    learning_rate: float
    weights: list[list[np.ndarray]]  # of every network: (I, N) or (I, N, 2), and (N, classes)
    inputs: np.ndarray  # (S, T, B, I)
    labels: np.ndarray  # (S, B)


class Networks:
    """One network in training, or several side by side: weights (..., I, N), inputs (..., T, B, I), labels (..., B)."""

    def __init__(self, said: Statement, chosen: int | slice):
        self.layer, self.gain = LAYERS[said.layer], said.backprop_gain
        kernel, to_readout = (np.stack(same)[chosen] for same in zip(*said.weights, strict=True))
        if said.layer != "OneCompartment":  # one product for both compartments, which is faster than two
            kernel = np.concatenate([kernel[..., 0], kernel[..., 1]], -1)
        self.weights = [torch.tensor(one, requires_grad=True) for one in (kernel, to_readout)]
        self.inputs = torch.from_numpy(said.inputs[chosen].astype(to_readout.dtype))
        self.labels = torch.from_numpy(said.labels[chosen].astype(np.int64))
        self.optimizer = OPTIMIZERS[said.task](self.weights, lr=said.learning_rate)

    def losses(self) -> torch.Tensor:
        """Of every network, (...)."""
        kernel, to_readout = self.weights
        drives = torch.einsum("...tbi,...in->t...bn", self.inputs, kernel)
        spikes = torch.stack(list(self.layer(drives, self.gain)))
        drive = torch.einsum("t...bn,...no->t...bo", spikes, to_readout)
        largest = torch.stack(list(readout(drive))).max(0).values
        each = torch.nn.functional.cross_entropy(largest.flatten(0, -2), self.labels.flatten(), reduction="none")
        return each.view(self.labels.shape).mean(-1)

    def update(self) -> np.ndarray:
        """One step of the optimiser; the losses before it."""
        self.optimizer.zero_grad()
        losses = self.losses()
        losses.sum().backward()
        self.optimizer.step()
        return losses.detach().numpy()


class Rival:
    """The networks of a statement, one after the other or side by side."""

    def __init__(self, said: Statement, together: bool):
        torch.set_flush_denormal(True)  # as TensorFlow does
        chosen = [slice(None)] if together else list(range(len(said.weights)))
        self.parts = [Networks(said, one) for one in chosen]

    def train(self, n_epochs: int) -> np.ndarray:
        """Losses (n_epochs, S) before each update. One network ends before the next begins."""
        found = [np.stack([part.update() for _ in range(n_epochs)]) for part in self.parts]
        return np.concatenate([losses.reshape(n_epochs, -1) for losses in found], 1)


_RIVALS: dict[bool, Rival] = {}  # of this process


def take(said: Statement) -> None:
    """Make both kinds of rival in this process."""
    _RIVALS.clear()
    _RIVALS.update({together: Rival(said, together) for together in (False, True)})


def train(together: bool, n_threads: int, n_epochs: int) -> np.ndarray:
    """`Rival.train` in the process that took the statement."""
    torch.set_num_threads(n_threads)
    return _RIVALS[together].train(n_epochs)
