"""What a diagnosis gives: findings in words, and what they were read from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.diagnosis.factor_advice import FactorAdvice

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis(Readable):
    """What a spiking network does on n_trials trials, beside what its rate network does. C columns of time, N units.

    Attributes
    ----------
    task : str
        Name of the task.
    scaling_factor : float
        Of the spiking network.
    seed : int
        Of every random draw.
    accuracy : float
        Fraction of the trials that the spiking network solved.
    findings : tuple of str
        In words, the gravest first; the last says what to do.
    firing_rate_hz : ndarray (N,)
        Mean over the trials.
    unit_types : ndarray of str (N,)
        Type of each unit.
    silent_share, saturated_share : float
        Share of the units that fire less than 0.1 Hz, and at more than half of what the refractory period allows.
    output_gain, output_correlation : float
        Slope of the spiking output over the rate network's, and their correlation.
    growth : float
        Mean rate in the last fifth of a trial over that in the first, relative to the rate network's.
    outputs, rate_outputs : ndarray (n_trials, n_outputs, C)
        Of the spiking and of the rate network.
    filtered_rates, rates : ndarray (N,)
        Mean filtered spike train, and mean of r in the rate network, which it stands for.
    population_rate_hz : ndarray (C,)
        Mean over units and trials.
    labels : tuple of str
        Condition of each trial.
    column_s : float
        Duration of a column.
    advice : FactorAdvice or None
        The best other scaling factor beside the present one; None for a network that solves the task.
    advised_factor : float or None
        A scaling factor that is surely better, if one was found.
    """

    task: str
    scaling_factor: float
    seed: int
    accuracy: float
    findings: tuple[str, ...]
    firing_rate_hz: np.ndarray
    unit_types: np.ndarray
    silent_share: float
    saturated_share: float
    output_gain: float
    output_correlation: float
    growth: float
    outputs: np.ndarray
    rate_outputs: np.ndarray
    filtered_rates: np.ndarray
    rates: np.ndarray
    population_rate_hz: np.ndarray
    labels: tuple[str, ...] = ()
    column_s: float = 0.005
    advice: FactorAdvice | None = None

    @property
    def advised_factor(self) -> float | None:
        """A scaling factor that is surely better, if one was found."""
        return self.advice.other.scaling_factor if self.advice is not None and self.advice.helps else None

    def summary(self) -> dict[str, Any]:
        """What `repr` shows: the gravest finding, not all of them."""
        values = {
            name: getattr(self, name) for name in ("task", "scaling_factor", "accuracy", "advised_factor", "seed")
        }
        finding = {"finding": self.findings[0].split(";")[0]} if self.findings else {}
        return {name: value for name, value in (values | finding).items() if value is not None}

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw outputs, units, rates and activity over time, spiking beside rate network; ax: where, made by `subplots`."""
        return draw("spiking.diagnosis.plots:diagnosis_figure", self, ax)

    def to_dataframe(self) -> "DataFrame":
        """One row per unit: its number from 0, type, firing rate in Hz, filtered spike train, and r of the rate network."""
        return dataframe(
            {
                "unit": np.arange(len(self.rates)),
                "unit_type": self.unit_types,
                "firing_rate_hz": self.firing_rate_hz,
                "filtered_rate": self.filtered_rates,
                "rate": self.rates,
            }
        )
