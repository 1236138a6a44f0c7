"""What a neuron is to learn by heart: input spikes that repeat, and a time course of the somatic voltage."""

import numpy as np

from rate2spike.seeding import Role, generator
from rate2spike.spiking.dendrite_examples.config import DppConfig

MEAN = 0.5
WAVES = ((2, 0.18), (5, 0.12), (9, 0.08))  # cycles per repeat, amplitude
_PHASES, _SPIKES = 0, 1  # keys of draws


def target(config: DppConfig) -> np.ndarray:
    """(T,) float32: a sum of sinusoids around 0.5, with phases that follow from the seed."""
    phases = generator(config.seed, Role.EVENTS, _PHASES).uniform(0, 2 * np.pi, len(WAVES))
    turn = 2 * np.pi * np.arange(config.n_steps) / config.n_steps
    waves = [size * np.sin(cycles * turn + phase) for (cycles, size), phase in zip(WAVES, phases, strict=True)]
    return (MEAN + np.sum(waves, 0)).astype(np.float32)


def input_spikes(config: DppConfig, repeat: int = 0) -> np.ndarray:
    """(T, n_inputs) float32 of 0 and 1; repeat: 0 is the pattern that repeats, others are new ones of the same kind."""
    rng = generator(config.seed, Role.EVENTS, _SPIKES, repeat)
    return (rng.random((config.n_steps, config.n_inputs)) < config.input_probability).astype(np.float32)
