"""What a λ search found: one record per scaling factor, and which of them is best."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.scoring.result import Scored
from rate2spike.spiking.scoring.trial_blocks import BlockResult
from rate2spike.spiking.search.remarks import remarks_on
from rate2spike.spiking.simulator.params import SEARCHED_NETWORK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

HISTORIC = {"best_factor": "opt_scaling_factor", "accuracies": "all_perfs"}  # what MATLAB calls what a search found


@dataclass(frozen=True, eq=False, repr=False)
class FactorResult(Scored, Readable):
    """One scaling factor on its first n_trials trials.

    Attributes
    ----------
    scaling_factor : float
        1/λ of Kim et al. (2019), which the recurrent weights are divided by.
    n_correct, n_trials : int
        Trials solved, and run.
    accuracy, interval : float, (float, float)
        Fraction solved, and its 95 % confidence interval (Wilson).
    mean_rate_hz : float
        Mean firing rate of all units.
    type_rates_hz : dict of str to float
        The same of each unit type.
    output_error : float
        RMS difference from the output of the rate network on the same stimuli, mean of the first 25 trials, in units of the
        output.
    """

    shown = ("scaling_factor", "accuracy", "n_correct", "n_trials", "mean_rate_hz", "output_error")

    scaling_factor: float
    n_correct: int
    n_trials: int
    mean_rate_hz: float
    type_rates_hz: dict[str, float] = field(default_factory=dict)  # mean rate of each unit type
    output_error: float = float("nan")  # RMS difference from the rate network's output, mean of the first trials

    @classmethod
    def of(cls, factor: float, blocks: list[BlockResult], types: tuple[str, ...]) -> "FactorResult":
        """The blocks of one factor together."""
        block = BlockResult.joined(blocks)
        return cls(
            factor,
            int(block.correct.sum()),
            block.correct.size,
            float(block.mean_rate_hz.mean()),
            dict(zip(types, block.firing_rate_hz.mean(0).tolist(), strict=True)),
            float(np.nanmean(block.output_error)),
        )


@dataclass(frozen=True, eq=False, repr=False)
class SearchResult(Readable):
    """What a λ search found: results in the order of the factors searched.

    Attributes
    ----------
    task : str
        Name of the task.
    seed : int
        Of every random draw.
    n_trials : int
        Trials per factor; the adaptive strategy gives some fewer.
    factors : tuple of FactorResult
        One per factor tried.
    strategy : str
        'grid' or 'adaptive'.
    chosen : float or None
        What the adaptive strategy settled on.
    settings : dict of str to str
        What a model file is told of the search besides its numbers: the task, and what is not the default.
    best, best_factor, best_accuracy, best_interval
        The FactorResult with the highest accuracy, its factor, its accuracy and 95 % interval on the search's trials.
    scaling_factors, accuracies, output_errors : ndarray (n,)
        Of all factors.
    intervals : ndarray (n, 2)
        Their 95 % confidence intervals.
    remarks : tuple of str
        What should not be overlooked.
    """

    historic = "spiking.search.result:HISTORIC"
    shown = ("task", "best_factor", "best_accuracy", "best_interval", "n_factors", "n_trials", "strategy", "seed")

    task: str
    seed: int
    n_trials: int
    factors: tuple[FactorResult, ...] = field(repr=False)
    strategy: str = "grid"
    chosen: float | None = None  # by the adaptive strategy
    settings: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def best(self) -> FactorResult:
        """The factor chosen: the first with the highest accuracy, or what the adaptive strategy settled on."""
        if self.chosen is not None:
            return next(result for result in self.factors if result.scaling_factor == self.chosen)
        return max(self.factors, key=lambda result: result.n_correct)

    @property
    def best_factor(self) -> float:
        """Scaling factor of `best`."""
        return self.best.scaling_factor

    @property
    def best_accuracy(self) -> float:
        """Accuracy of `best` on the search trials; an unbiased value comes from `evaluate`."""
        return self.best.accuracy

    @property
    def best_interval(self) -> tuple[float, float]:
        """95 % confidence interval of `best_accuracy`."""
        return self.best.interval

    @property
    def n_factors(self) -> int:
        """Number of factors searched."""
        return len(self.factors)

    @property
    def scaling_factors(self) -> np.ndarray:
        """(n,) factors."""
        return np.array([result.scaling_factor for result in self.factors])

    @property
    def accuracies(self) -> np.ndarray:
        """(n,) accuracies."""
        return np.array([result.accuracy for result in self.factors])

    @property
    def intervals(self) -> np.ndarray:
        """(n, 2) confidence intervals."""
        return np.array([result.interval for result in self.factors])

    @property
    def output_errors(self) -> np.ndarray:
        """(n,) mean RMS differences between the outputs of the spiking and of the rate network."""
        return np.array([result.output_error for result in self.factors])

    @property
    def remarks(self) -> tuple[str, ...]:
        """Warnings, if any: the network does not convert, or the best factor lies at the edge of the grid."""
        return self.remarks_naming("r2s.diagnose(model, task, best_factor)", "r2s.tune(model, task)")

    def remarks_naming(self, diagnose: str, tune: str) -> tuple[str, ...]:
        """`remarks` with what the user types to learn why the network does not convert, and to tune it."""
        n_trials = [result.n_trials for result in self.factors]
        tune = "" if SEARCHED_NETWORK in self.settings else tune  # other networks than the published one
        return remarks_on(self.scaling_factors, self.accuracies, self.best_factor, n_trials, diagnose, tune)

    @property
    def total_trials(self) -> int:
        """Trials simulated."""
        return sum(result.n_trials for result in self.factors)

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw accuracy over the scaling factor, with the best one marked; ax: where, in place of a new figure."""
        return draw("spiking.search.plots:accuracy_over_factor", self, ax)

    def to_dataframe(self) -> "DataFrame":
        """One row per factor: accuracy and its 95 % interval, trials, mean rates in Hz, of unit types too, output error."""
        return dataframe(
            {
                "scaling_factor": self.scaling_factors,
                "accuracy": self.accuracies,
                "interval_low": self.intervals[:, 0],
                "interval_high": self.intervals[:, 1],
                "n_correct": [result.n_correct for result in self.factors],
                "n_trials": [result.n_trials for result in self.factors],
                "mean_rate_hz": [result.mean_rate_hz for result in self.factors],
                "output_error": self.output_errors,
                **{
                    f"rate_{name}_hz": [result.type_rates_hz[name] for result in self.factors]
                    for name in self.best.type_rates_hz
                },
            }
        )
