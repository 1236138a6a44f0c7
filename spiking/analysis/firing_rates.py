"""Firing rates per unit type and condition: over a whole window, and over time (peristimulus time histogram)."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

import numpy as np

from rate2spike.spiking.analysis.binning import condition_means, trial_rates, window_counts
from rate2spike.spiking.analysis.trials import Records, WindowS, as_trials, conditions_of, step_window, units_by_type


@dataclass(frozen=True, eq=False)
class FiringRates:
    """Firing rates per condition and unit type."""

    conditions: tuple
    unit_types: tuple[str, ...]
    mean_hz: np.ndarray  # (n_conditions, n_types) over the units of a type
    sd_hz: np.ndarray  # (n_conditions, n_types) over these units, each averaged over trials; NaN for a single unit
    unit_rate_hz: np.ndarray = field(repr=False)  # (n_conditions, N) mean over trials
    unit_type_index: np.ndarray = field(repr=False)  # (N,) place in unit_types, -1: not asked for
    n_trials: tuple[int, ...]  # per condition


@dataclass(frozen=True, eq=False)
class PSTH:
    """Population rate over time per condition and unit type."""

    conditions: tuple
    unit_types: tuple[str, ...]
    rate_hz: np.ndarray = field(repr=False)  # (n_conditions, n_types, n_bins) mean over units and trials
    sem_hz: np.ndarray = field(repr=False)  # standard error over trials; NaN for a single trial
    time_s: np.ndarray = field(repr=False)  # (n_bins,) middle of each bin
    bin_s: float
    sigma_s: float | None  # of the Gaussian, None: not smoothed
    n_trials: tuple[int, ...]  # per condition


def firing_rates(
    records: Records,
    labels: Iterable[Hashable] | None = None,
    *,
    types: str | Iterable[str] | None = None,
    window_s: WindowS | None = None,
) -> FiringRates:
    """Mean and SD over units of the firing rate, per type and condition (Kim, Li & Sejnowski 2019, Figs S1 and S3).

    labels: one per trial; None: one condition. types: name of a unit type, or several; None: all. window_s: count spikes
    from start to stop; None: the rates that the records hold, for which no spikes need be recorded. Raises InputError.
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


def psth(
    records: Records,
    labels: Iterable[Hashable] | None = None,
    *,
    bin_s: float = 0.005,
    sigma_s: float | None = None,
    types: str | Iterable[str] | None = None,
    window_s: WindowS | None = None,
) -> PSTH:
    """Population rate over time: spikes in bins of bin_s, smoothed by a Gaussian of SD sigma_s (None: not).

    labels, types, window_s: as for `firing_rates`; bins are kept whose middle lies in the window. Raises InputError.
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
