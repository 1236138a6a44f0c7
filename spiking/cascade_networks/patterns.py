"""Random patterns to memorise, one set per seed (Fig. 7 of Harkin, Shen et al. 2021)."""

from dataclasses import dataclass, field

import numpy as np

from rate2spike.readable import Readable
from rate2spike.seeding import Role, generator
from rate2spike.spiking.cascade_networks.config import MemorizeConfig


@dataclass(frozen=True, eq=False, repr=False)
class Patterns(Readable):
    """Spikes (n, n_steps, n_inputs) of 0 and 1, and the label 0 or 1 of each pattern (n,)."""

    shown = ("n_patterns", "mean_spikes")

    spikes: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)

    @property
    def n_patterns(self) -> int:
        """How many there are."""
        return len(self.labels)

    @property
    def mean_spikes(self) -> float:
        """Spikes of a pattern, in the mean."""
        return float(self.spikes.sum() / len(self.labels))


def draw_patterns(config: MemorizeConfig, seed: int) -> Patterns:
    """The patterns of a seed: every input spikes at a step with the input probability, labels are fair coins."""
    rng = generator(seed, Role.EVENTS, 7)
    spikes = rng.random((config.n_patterns, config.n_steps, config.n_inputs), np.float32) < config.input_probability
    return Patterns(spikes.astype(np.float32), rng.integers(0, 2, config.n_patterns))
