"""How irregular spike trains are: interspike intervals, CV, CV2, LV within trials, Fano factor over trials."""

from dataclasses import dataclass, field

import numpy as np

from rate2spike.errors import InputError
from rate2spike.spiking.analysis.binning import window_counts
from rate2spike.spiking.analysis.trials import Records, WindowS, as_trials, step_window
from rate2spike.spiking.simulator.spike_record import SpikeRecord


@dataclass(frozen=True, eq=False)
class ISIVariability:
    """Of each unit's interspike intervals (ISI); NaN where there were too few. A Poisson process has CV, CV2, LV of 1."""

    cv: np.ndarray = field(repr=False)  # (N,) SD / mean
    cv2: np.ndarray = field(repr=False)  # (N,) from neighbouring intervals: slow changes of the rate count less
    lv: np.ndarray = field(repr=False)  # (N,) local variation, likewise
    mean_isi_s: np.ndarray = field(repr=False)  # (N,) NaN without an interval
    n_intervals: np.ndarray = field(repr=False)  # (N,) over all trials
    min_intervals: int


@dataclass(frozen=True, eq=False)
class FanoFactor:
    """Variance over mean of each unit's spike counts over trials."""

    fano: np.ndarray = field(repr=False)  # (N,) NaN for a unit without spikes
    mean_count: np.ndarray = field(repr=False)  # (N,)
    count_variance: np.ndarray = field(repr=False)  # (N,) unbiased
    window_s: WindowS
    n_trials: int


def interspike_intervals_s(record: SpikeRecord, unit: int) -> np.ndarray:
    """(n_spikes - 1,) intervals between a unit's spikes. Raises InputError for a unit that there is not."""
    return np.diff(record.spike_times_s(unit))


def isi_variability(records: Records, *, window_s: WindowS | None = None, min_intervals: int = 10) -> ISIVariability:
    """CV, CV2 and LV of every unit, from the intervals of all trials; none spans two trials.

    CV = SD / mean of the intervals (population SD). CV2: mean of 2 |I' - I| / (I' + I) over neighbours I, I' (Holt et al.
    1996). LV: mean of 3 ((I' - I) / (I' + I))² (Shinomoto et al. 2003). min_intervals: fewer give NaN. Rates that differ
    between the trials raise the CV: give trials of one condition. Raises InputError.
    """
    trials = as_trials(records)
    if min_intervals < 2:
        raise InputError(f"min_intervals must be at least 2, got {min_intervals}")
    found = [_intervals(trial, *step_window(trial, window_s)) for trial in trials]
    unit, interval = (np.concatenate(parts) for parts in zip(*found, strict=True))
    # neighbours are of one unit and one trial
    trial_of = np.repeat(np.arange(len(found)), [units.size for units, _ in found])
    neighbours = (unit[1:] == unit[:-1]) & (trial_of[1:] == trial_of[:-1])
    first, second, owner = interval[:-1][neighbours], interval[1:][neighbours], unit[1:][neighbours]
    contrast = np.abs(second - first) / (second + first)

    n_units = trials[0].n_units
    mean = _mean_per_unit(unit, interval, n_units, 1)
    variance = _mean_per_unit(unit, (interval - mean[unit]) ** 2, n_units, min_intervals)
    return ISIVariability(
        np.sqrt(variance) / mean,
        _mean_per_unit(owner, 2 * contrast, n_units, min_intervals - 1),
        _mean_per_unit(owner, 3 * contrast**2, n_units, min_intervals - 1),
        mean * trials[0].dt_s,
        np.bincount(unit, minlength=n_units),
        min_intervals,
    )


def fano_factor(records: Records, *, window_s: WindowS | None = None) -> FanoFactor:
    """Fano factor of every unit: unbiased variance over mean of its spike counts in the window (Kim & Sejnowski 2021).

    Give trials of one condition, at least 2: differences between conditions would count as variability. Raises InputError.
    """
    trials = as_trials(records, at_least=2)
    counts = window_counts(trials, window_s)
    mean, variance = counts.mean(0), counts.var(0, ddof=1)
    fano = np.divide(variance, mean, out=np.full(mean.size, np.nan), where=mean > 0)
    start, stop = step_window(trials[0], window_s)
    return FanoFactor(fano, mean, variance, (start * trials[0].dt_s, stop * trials[0].dt_s), len(trials))


def _intervals(trial: SpikeRecord, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit and length in steps of all intervals between spikes in the window, in order of units, then time."""
    assert trial.events is not None
    events = trial.events[(trial.events[:, 1] >= start) & (trial.events[:, 1] < stop)].astype(np.int64)
    unit, step = events[np.argsort(events[:, 0], kind="stable")].T
    same = unit[1:] == unit[:-1]
    return unit[1:][same], np.diff(step)[same]


def _mean_per_unit(unit: np.ndarray, values: np.ndarray, n_units: int, at_least: int) -> np.ndarray:
    """(N,) mean of the values of each unit, NaN where there are fewer than at_least."""
    count = np.bincount(unit, minlength=n_units)
    total = np.bincount(unit, weights=values, minlength=n_units)
    return np.divide(total, count, out=np.full(n_units, np.nan), where=count >= at_least)
