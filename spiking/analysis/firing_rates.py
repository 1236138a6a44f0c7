"""Firing rates per unit type and condition: over a whole window, and over time (peristimulus time histogram)."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.calls import public
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.analysis.binning import condition_means, trial_rates, window_counts
from rate2spike.spiking.analysis.trials import Records, WindowS, as_trials, conditions_of, step_window, units_by_type

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class FiringRates(Readable):
    """Firing rates per condition and unit type.

    Attributes
    ----------
    conditions, unit_types : tuple
        Their names.
    mean_hz, sd_hz : array (n_conditions, n_types)
        Mean and SD over the units of a type, each unit averaged over trials; the SD of a single unit is NaN.
    unit_rate_hz : array (n_conditions, N)
        Mean over trials of each unit.
    unit_type_index : array (N,) of int
        Place of the unit's type in unit_types, -1: not asked for.
    n_trials : tuple of int
        Per condition.
    """

    conditions: tuple
    unit_types: tuple[str, ...]
    mean_hz: np.ndarray  # (n_conditions, n_types) over the units of a type
    sd_hz: np.ndarray  # (n_conditions, n_types) over these units, each averaged over trials; NaN for a single unit
    unit_rate_hz: np.ndarray = field(repr=False)  # (n_conditions, N) mean over trials
    unit_type_index: np.ndarray = field(repr=False)  # (N,) place in unit_types, -1: not asked for
    n_trials: tuple[int, ...]  # per condition

    def summary(self) -> dict[str, Any]:
        """The mean rates by condition and type."""
        means = [dict(zip(self.unit_types, row, strict=True)) for row in self.mean_hz.tolist()]
        by_condition = dict(zip(self.conditions, means, strict=True))
        return {"mean_hz": by_condition, "n_units": self.unit_rate_hz.shape[1], "n_trials": self.n_trials}

    def to_dataframe(self) -> "DataFrame":
        """One row per condition and unit (of the types asked for): condition, unit (from 0), type, rate_hz."""
        units = np.flatnonzero(self.unit_type_index >= 0)
        types = np.array(self.unit_types)[self.unit_type_index[units]]
        n = len(self.conditions)
        return dataframe(
            {
                "condition": [condition for condition in self.conditions for _ in units],
                "unit": np.tile(units, n),
                "type": np.tile(types, n),
                "rate_hz": self.unit_rate_hz[:, units].ravel(),
            }
        )

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw mean ± SD per type and condition, every unit as a dot; ax: where, in place of a new figure."""
        return draw("spiking.analysis.plots_spike_trains:rates_by_type", self, ax)


@dataclass(frozen=True, eq=False, repr=False)
class PSTH(Readable):
    """Population rate over time per condition and unit type.

    Attributes
    ----------
    conditions, unit_types : tuple
        Their names.
    rate_hz, sem_hz : array (n_conditions, n_types, n_bins)
        Mean over units and trials, and its standard error over trials; that of a single trial is NaN.
    time_s : array (n_bins,)
        Middle of each bin, s.
    bin_s, sigma_s : float
        Width of bins and SD of the Gaussian, s; sigma_s None: not smoothed.
    n_trials : tuple of int
        Per condition.
    """

    shown = ("conditions", "unit_types", "n_trials", "n_bins", "bin_s", "sigma_s")

    conditions: tuple
    unit_types: tuple[str, ...]
    rate_hz: np.ndarray = field(repr=False)  # (n_conditions, n_types, n_bins) mean over units and trials
    sem_hz: np.ndarray = field(repr=False)  # standard error over trials; NaN for a single trial
    time_s: np.ndarray = field(repr=False)  # (n_bins,) middle of each bin
    bin_s: float
    sigma_s: float | None  # of the Gaussian, None: not smoothed
    n_trials: tuple[int, ...]  # per condition

    @property
    def n_bins(self) -> int:
        """Number of bins."""
        return self.time_s.size

    def to_dataframe(self) -> "DataFrame":
        """One row per condition, type and bin: condition, type, time_s (its middle), rate_hz, sem_hz."""
        rows = [(condition, name) for condition in self.conditions for name in self.unit_types]
        return dataframe(
            {
                "condition": [condition for condition, _ in rows for _ in self.time_s],
                "type": [name for _, name in rows for _ in self.time_s],
                "time_s": np.tile(self.time_s, len(rows)),
                "rate_hz": self.rate_hz.ravel(),
                "sem_hz": self.sem_hz.ravel(),
            }
        )

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the rates over time, a panel per type, with a band of ± 1 SE; ax: where, in place of a new figure."""
        return draw("spiking.analysis.plots_spike_trains:psth_by_type", self, ax)


@public()
def firing_rates(
    records: Records,
    labels: Iterable[Hashable] | None = None,
    *,
    types: str | Iterable[str] | None = None,
    window_s: WindowS | None = None,
) -> FiringRates:
    """Mean and SD over units of the firing rate, per type and condition (Kim, Li & Sejnowski 2019, Figs S1 and S3).

    Parameters
    ----------
    records : SpikeRecord or a list of them
        One per trial, of one network and duration.
    labels : iterable, default None
        The condition of each trial; None: all are of one condition.
    types : str or several, default None
        Names of unit types; None: all.
    window_s : (start, stop), default None
        Count spikes in this part of the trial, s; None: the rates that the records hold, which need no spikes.

    Returns
    -------
    FiringRates

    Raises
    ------
    InputError
        For trials that do not fit together, and for what the window, the bins or the labels do not allow.

    Examples
    --------
    >>> import numpy as np
    >>> import rate2spike as r2s
    >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25)
    >>> records = [network.run(np.ones((1, 81)), seed=k, record=("spikes", "rates"), stride=20) for k in range(4)]
    >>> rates = firing_rates(records, labels=["a", "b", "a", "b"])
    >>> rates.conditions, rates.unit_types, rates.mean_hz.shape
    (('a', 'b'), ('excitatory', 'inhibitory'), (2, 2))
    """
    trials = as_trials(records, spikes=window_s is not None)
    conditions, index = conditions_of(labels, len(trials))
    members = units_by_type(trials[0], types)
    unit_rate_hz = condition_means(_rates_hz(trials, window_s), index, len(conditions))
    of_type = [unit_rate_hz[:, units] for units in members.values()]
    place = np.full(trials[0].n_units, -1)
    for k, units in enumerate(members.values()):
        place[units] = k
    return FiringRates(
        conditions,
        tuple(members),
        np.stack([rates.mean(1) for rates in of_type], 1),
        np.stack([_sd(rates, 1) for rates in of_type], 1),
        unit_rate_hz,
        place,
        _n_trials(index),
    )


@public()
def psth(
    records: Records,
    labels: Iterable[Hashable] | None = None,
    *,
    bin_s: float = 0.005,
    sigma_s: float | None = None,
    types: str | Iterable[str] | None = None,
    window_s: WindowS | None = None,
) -> PSTH:
    """Population rate over time (peristimulus time histogram), per type and condition.

    Parameters
    ----------
    records : SpikeRecord or a list of them
        One per trial, of one network and duration, with spikes.
    labels : iterable, default None
        The condition of each trial; None: all are of one condition.
    bin_s : float, default 0.005
        Width of a bin, s, a whole number of simulation steps.
    sigma_s : float, default None
        SD of a Gaussian that smooths the counts, s; None: they are not smoothed.
    types : str or several, default None
        Names of unit types; None: all.
    window_s : (start, stop), default None
        Bins whose middle lies within, s; None: the whole trial.

    Returns
    -------
    PSTH

    Raises
    ------
    InputError
        For trials that do not fit together, and for what the window, the bins or the labels do not allow.

    Examples
    --------
    >>> import numpy as np
    >>> import rate2spike as r2s
    >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25)
    >>> records = [network.run(np.ones((1, 81)), seed=k, record=("spikes", "rates"), stride=20) for k in range(4)]
    >>> psth(records, sigma_s=0.02).rate_hz.shape
    (1, 2, 80)
    """
    trials = as_trials(records)
    conditions, index = conditions_of(labels, len(trials))
    members = units_by_type(trials[0], types)
    rates = trial_rates(trials, bin_s=bin_s, sigma_s=sigma_s, window_s=window_s)
    population_hz = np.stack([rates.rate_hz[:, units].mean(1) for units in members.values()], 1)
    sem_hz = [_sd(population_hz[index == k], 0) / np.sqrt((index == k).sum()) for k in range(len(conditions))]
    return PSTH(
        conditions,
        tuple(members),
        condition_means(population_hz, index, len(conditions)),
        np.stack(sem_hz),
        rates.time_s,
        bin_s,
        sigma_s,
        _n_trials(index),
    )


def _rates_hz(trials: list, window_s: WindowS | None) -> np.ndarray:
    """(n_trials, N)"""
    if window_s is None:
        return np.stack([trial.firing_rate_hz for trial in trials]).astype(np.float64)
    start, stop = step_window(trials[0], window_s)
    return window_counts(trials, window_s) / ((stop - start) * trials[0].dt_s)


def _sd(values: np.ndarray, axis: int) -> np.ndarray:
    """Sample standard deviation; NaN where there is one value only."""
    if values.shape[axis] < 2:
        return np.full(np.delete(values.shape, axis), np.nan)
    return values.std(axis, ddof=1)


def _n_trials(index: np.ndarray) -> tuple[int, ...]:
    return tuple(np.bincount(index).tolist())
