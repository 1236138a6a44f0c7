"""Networks that classify images: two layers of neurons, of four types with two kinds of firing (dendsn's test.py, fmnist)."""

import math
from itertools import pairwise
from typing import Any

from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.spiking.dendrite_examples.config import NEURONS, STOCHASTIC
from rate2spike.spiking.dendrite_examples.layer_seeds import layer_seeds
from rate2spike.spiking.dendrites.compartments import PAComponentDendCompartment, PassiveDendCompartment
from rate2spike.spiking.dendrites.dendrites import SegregatedDend
from rate2spike.spiking.dendrites.neurons import VActivationForwardDendNeuron, VDiffForwardDendNeuron
from rate2spike.spiking.dendrites.somas import LIFSoma
from rate2spike.spiking.dendrites.stochastic_firing import LogisticStochasticFiring
from rate2spike.spiking.dendrites.synapses import LinearIdentitySynapse
from rate2spike.spiking.dendrites.wiring import SegregatedDendWiring

WIDTHS = (784, 512, 128, 10)  # pixels, two layers of neurons, classes
TAU = 2.0
RATE, STEEPNESS = 0.95, 7.5  # of stochastic firing, at the threshold


class Classifier:
    """A network of one type of neurons. Images (B, 784) are shown for n_steps; the last synapse's outputs are summed."""

    def __init__(self, neuron: str, firing: str, seed: int, n_steps: int):
        self.n_steps = n_steps
        seeds = layer_seeds(seed, len(WIDTHS) - 1)
        self.synapses = [
            LinearIdentitySynapse(n_in, n_out, step_mode="s" if k == 0 else "m", seed=seeds[k])
            for k, (n_in, n_out) in enumerate(pairwise(WIDTHS))
        ]
        self.neurons = [_neurons(neuron, firing, n, seed) for n, seed in zip(WIDTHS[1:-1], seeds[:-1], strict=True)]

    @property
    def variables(self) -> list[Any]:
        """What is trained."""
        return [variable for layer in (*self.synapses, *self.neurons) for variable in layer.trainable_variables]

    @property
    def n_drawn(self) -> list[Any]:
        """How far the draws of stochastic firing are: variables."""
        firings = [layer.soma.surrogate_function for layer in self.neurons]
        return [one.n_drawn for one in firings if isinstance(one, LogisticStochasticFiring)]

    @property
    def forward_strengths(self) -> list[float]:
        """Of each layer."""
        return [float(tf.reduce_mean(layer.forward_strength)) for layer in self.neurons]

    def logits(self, images: tf.Tensor) -> tf.Tensor:
        """(B, 10). The first synapse has the same inputs at every step, and is computed once."""
        current = self.synapses[0](images)
        x = tf.repeat(current[None], self.n_steps, 0)
        for synapse, layer in zip(self.synapses[1:], self.neurons, strict=True):
            x = synapse(layer(x))
        return tf.reduce_sum(x, 0)


def _neurons(neuron: str, firing: str, n: int, seed: int) -> Any:
    surrogate = LogisticStochasticFiring(RATE, STEEPNESS, seed=seed) if firing == STOCHASTIC else None
    soma = LIFSoma(tau=TAU, surrogate_function=surrogate, step_mode="m")
    is_local = neuron in NEURONS[2:]
    compartment = (
        PAComponentDendCompartment(tau=TAU, decay_input=False, f_dca=bump_at_a_half)
        if is_local
        else PassiveDendCompartment(tau=TAU, decay_input=False)
    )
    dendrite = SegregatedDend(compartment, SegregatedDendWiring(1), step_mode="m")
    if "VDiff" in neuron:
        return VDiffForwardDendNeuron(dendrite, soma, [n], step_mode="m")
    f_da = tf.identity if is_local else bump
    return VActivationForwardDendNeuron(dendrite, soma, [n], f_da, forward_strength_learnable=True, step_mode="m")


def bump(v: tf.Tensor) -> tf.Tensor:
    """3.5 times the standard normal density."""
    return 3.5 / math.sqrt(2 * math.pi) * tf.exp(-0.5 * v**2)


def bump_at_a_half(v: tf.Tensor) -> tf.Tensor:
    """2.5 times the normal density of mean 0.5 and variance 1."""
    return 2.5 / math.sqrt(2 * math.pi) * tf.exp(-0.5 * (v - 0.5) ** 2)
