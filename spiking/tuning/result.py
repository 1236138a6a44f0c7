"""What a tuning gives: its steps, the network before and after, and in which range of scaling factors either works."""

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.scoring.result import Evaluation, Scored
from rate2spike.spiking.search.result import SearchResult
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.tuning.examples import Examples
from rate2spike.trained_model import TrainedModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


class TuningOutcome(Enum):
    """How a tuning ended."""

    CONVERTS_ALREADY = "converts already"
    TUNED = "tuned"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, repr=False, eq=False)
class TuningStep(Scored, Readable):
    """One step of a tuning, measured on fresh trials of its own.

    Attributes
    ----------
    name : str
        'converted', 'readout', 'gradient 1', 'gradient 2', ...
    n_correct, n_trials : int
        Trials solved, and run.
    accuracy, interval : float, (float, float)
        Fraction solved, and its 95 % confidence interval (Wilson).
    mean_rate_hz : float
        Mean firing rate of all units.
    w_change, w_out_change : float
        Size of the change of recurrent and of output weights so far, relative to the weights before.
    n_silent_used : int
        Connections used that training had silenced.
    seconds : float
        What the step took, its measurement included.
    """

    shown = ("name", "accuracy", "interval", "mean_rate_hz", "w_change", "w_out_change", "seconds")

    name: str
    n_correct: int
    n_trials: int
    mean_rate_hz: float
    w_change: float
    w_out_change: float
    n_silent_used: int
    seconds: float = field(compare=False)

    @property
    def changed(self) -> str:
        """What differs from the converted network, in words."""
        if not self.w_out_change:
            return "nothing"
        recurrent = f"recurrent weights by {self.w_change:.0%}, " if self.w_change else ""
        silent = f"{self.n_silent_used} silent connections used, " if self.n_silent_used else ""
        return f"{recurrent}{silent}output weights by {self.w_out_change:.0%}"


@dataclass(frozen=True, repr=False, eq=False)
class TuningResult(Readable):
    """A converted network that was tuned on its task.

    Attributes
    ----------
    outcome : TuningOutcome
        CONVERTS_ALREADY: left as it was; TUNED: it reaches the accuracy asked for now; NOT_REACHED: the best that was found.
    task : str
        Name of the task.
    seed : int
        Of every random draw.
    scaling_factor : float
        Of both networks.
    model : TrainedModel
        The model: saved, the file that historic MATLAB code runs. Its `untuned()` is the one that was given.
    network : SpikingNetwork
        The spiking network, `model` at its scaling factor.
    before, after : Evaluation
        Of the converted and of the tuned network, on the same fresh trials, which no step has seen.
    steps : tuple of TuningStep
        What was tried, in order; `best_step` names the one that was kept.
    factors_before, factors_after : SearchResult
        Accuracy over the scaling factor. `range_before`, `range_after`: from where to where it reaches the accuracy, around
        the scaling factor; None where it does not.
    examples_before, examples_after : Examples
        A few trials of either network, for the figure.
    rate_accuracy : float
        Of the rate network, without noise.
    """

    shown = (
        "outcome",
        "task",
        "scaling_factor",
        "accuracy_before",
        "accuracy",
        "interval",
        "best_step",
        "mean_rate_hz_before",
        "mean_rate_hz",
        "range_before",
        "range_after",
        "seconds",
        "seed",
    )

    outcome: TuningOutcome
    task: str
    seed: int
    scaling_factor: float
    model: TrainedModel
    before: Evaluation
    after: Evaluation
    steps: tuple[TuningStep, ...]
    best_step: str
    factors_before: SearchResult
    factors_after: SearchResult
    examples_before: Examples
    examples_after: Examples
    rate_accuracy: float
    wanted_accuracy: float
    seconds: float = field(compare=False)

    @property
    def network(self) -> SpikingNetwork:
        """The spiking network."""
        return SpikingNetwork.from_model(self.model, self.scaling_factor)

    @property
    def accuracy_before(self) -> float:
        """Of the converted network."""
        return self.before.accuracy

    @property
    def accuracy(self) -> float:
        """Of the network after tuning."""
        return self.after.accuracy

    @property
    def interval(self) -> tuple[float, float]:
        """95 % confidence interval of `accuracy`."""
        return self.after.interval

    @property
    def mean_rate_hz_before(self) -> float:
        """Mean firing rate of the converted network."""
        return self.before.mean_rate_hz

    @property
    def mean_rate_hz(self) -> float:
        """Mean firing rate after tuning."""
        return self.after.mean_rate_hz

    @property
    def range_before(self) -> tuple[float, float] | None:
        """Scaling factors from where to where the converted network reaches the accuracy."""
        return working_range(self.factors_before, self.scaling_factor, self.wanted_accuracy)

    @property
    def range_after(self) -> tuple[float, float] | None:
        """The same after tuning."""
        return working_range(self.factors_after, self.scaling_factor, self.wanted_accuracy)

    def summary(self) -> dict[str, Any]:
        """What `repr` shows."""
        return super().summary() | {"outcome": self.outcome.value}

    def in_words(self) -> str:
        """What became of it, in one sentence."""
        low, high = self.interval
        now = f"accuracy {self.accuracy:.3f} [{low:.3f}, {high:.3f}] at scaling factor {self.scaling_factor:g}"
        if self.outcome is TuningOutcome.CONVERTS_ALREADY:
            return f"converts already: {now}; the network is left as it is"
        if self.best_step == self.steps[0].name:
            return f"not reached: no step is better than the converted network, {now}"
        done = f"{now} instead of {self.accuracy_before:.3f}, by the step '{self.best_step}'"
        return (
            f"tuned: {done}" if self.outcome is TuningOutcome.TUNED else f"{self.wanted_accuracy:g} not reached: {done}"
        )

    def to_dataframe(self) -> "DataFrame":
        """One row per step: accuracy with its 95 % interval, rate in Hz, change of weights, seconds."""
        low, high = np.array([step.interval for step in self.steps]).reshape(-1, 2).T
        names = (
            "name",
            "accuracy",
            "n_correct",
            "n_trials",
            "mean_rate_hz",
            "w_change",
            "w_out_change",
            "n_silent_used",
            "seconds",
        )
        columns = {name: [getattr(step, name) for step in self.steps] for name in names}
        kept = [step.name == self.best_step for step in self.steps]
        return dataframe({**columns, "interval_low": low, "interval_high": high, "kept": kept})

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw outputs, rates, weights and accuracies before and after; ax: where, made by `subplots`."""
        return draw("spiking.tuning.plots:tuning_figure", self, ax)


def working_range(search: SearchResult, factor: float, accuracy: float) -> tuple[float, float] | None:
    """From which to which scaling factor of a search the accuracy is reached without a gap, around the factor; None: nowhere.

    A factor that was not searched itself stands at its nearest neighbour.
    """
    found = sorted(search.factors, key=lambda result: result.scaling_factor)
    works = [result.accuracy >= accuracy for result in found]
    first = last = min(range(len(found)), key=lambda k: abs(found[k].scaling_factor - factor))
    if not works[first]:
        return None
    while first > 0 and works[first - 1]:
        first -= 1
    while last < len(found) - 1 and works[last + 1]:
        last += 1
    return found[first].scaling_factor, found[last].scaling_factor
