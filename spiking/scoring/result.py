"""What the scoring of trials gives: a share of trials solved with its confidence interval, and what else was seen."""

from dataclasses import dataclass, field

import numpy as np
from scipy.stats import binomtest

from rate2spike.readable import Readable

GOOD_ACCURACY = 0.95  # the paper counts a network as converted from here on


def wilson_interval(n_correct: int, n_trials: int) -> tuple[float, float]:
    """95 % confidence interval of a fraction (Wilson)."""
    interval = binomtest(n_correct, n_trials).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


class Scored:
    """What follows from n_correct of n_trials."""

    n_correct: int
    n_trials: int

    @property
    def accuracy(self) -> float:
        """Fraction of trials solved."""
        return self.n_correct / self.n_trials

    @property
    def interval(self) -> tuple[float, float]:
        """95 % confidence interval of the accuracy (Wilson)."""
        return wilson_interval(self.n_correct, self.n_trials)


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation(Scored, Readable):
    """A spiking network on fresh trials.

    Attributes
    ----------
    task : str
        Name of the task.
    scaling_factor : float
        Of the network.
    seed : int
        Of the trials.
    n_trials, n_correct : int
        Trials run, and solved.
    accuracy, interval : float, (float, float)
        Fraction solved, and its 95 % confidence interval (Wilson).
    mean_rate_hz : float
        Mean firing rate of all units.
    correct : ndarray of bool (n_trials,)
        Which trials were solved.
    type_rates_hz : dict of str to float
        Mean firing rate of each unit type.
    """

    shown = ("task", "scaling_factor", "accuracy", "interval", "n_trials", "mean_rate_hz", "type_rates_hz", "seed")

    task: str
    scaling_factor: float
    seed: int
    n_trials: int
    n_correct: int
    mean_rate_hz: float
    correct: np.ndarray
    type_rates_hz: dict[str, float] = field(default_factory=dict)
