"""Spike counts in bins and rates over time, (trials, units, bins), and their means per condition."""

from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import gaussian_filter1d

from rate2spike.calls import public
from rate2spike.checks import Range, choice, number
from rate2spike.errors import InputError
from rate2spike.readable import Readable
from rate2spike.spiking.analysis.trials import Records, WindowS, as_trials, step_window
from rate2spike.spiking.simulator.spike_record import SpikeRecord

SOURCES = ("spikes", "rates")
_ANY_SIZE = Range(infinite=True)
_REACH_SDS = 4.0  # where SciPy cuts a Gaussian


@dataclass(frozen=True, eq=False, repr=False)
class TrialRates(Readable):
    """Firing rates over time of N units.

    Attributes
    ----------
    rate_hz : array (n_trials, N, n_bins)
    time_s : array (n_bins,)
        Middle of each bin, s.
    bin_s : float
    sigma_s : float or None
        SD of the Gaussian, s; None: not smoothed.
    """

    shown = ("n_trials", "n_units", "n_bins", "bin_s", "sigma_s", "mean_rate_hz")

    rate_hz: np.ndarray = field(repr=False)  # (n_trials, N, n_bins)
    time_s: np.ndarray = field(repr=False)  # (n_bins,) middle of each bin
    bin_s: float
    sigma_s: float | None  # of the Gaussian, None: not smoothed

    @property
    def n_trials(self) -> int:
        """Number of trials."""
        return self.rate_hz.shape[0]

    @property
    def n_units(self) -> int:
        """Number of units N."""
        return self.rate_hz.shape[1]

    @property
    def n_bins(self) -> int:
        """Number of bins."""
        return self.rate_hz.shape[2]

    @property
    def mean_rate_hz(self) -> float:
        """Mean over trials, units and bins."""
        return float(self.rate_hz.mean())


@public()
def spike_counts(records: Records, bin_s: float, window_s: WindowS | None = None) -> np.ndarray:
    """Spikes per bin, bins counted from the start of the window; what is left at its end is dropped.

    Parameters
    ----------
    records : SpikeRecord or a list of them
        One per trial, of one network and duration, with spikes.
    bin_s : float
        Width of a bin, s, a whole number of simulation steps.
    window_s : (start, stop), default None
        Part of the trial, s; None: the whole trial.

    Returns
    -------
    array (n_trials, N, n_bins)

    Raises
    ------
    InputError
        For trials that do not fit together, and for what the window, the bins or the labels do not allow.
    """
    trials = as_trials(records)
    start, stop = step_window(trials[0], window_s)
    per_bin = steps_per_bin(bin_s, trials[0].dt_s, stop - start)
    return np.stack([_counts(trial, start, per_bin, (stop - start) // per_bin) for trial in trials])


@public()
def window_counts(records: Records, window_s: WindowS | None = None) -> np.ndarray:
    """Spikes of each unit in a window.

    Parameters
    ----------
    records : SpikeRecord or a list of them
        One per trial, of one network and duration, with spikes.
    window_s : (start, stop), default None
        Part of the trial, s; None: the whole trial.

    Returns
    -------
    array (n_trials, N)

    Raises
    ------
    InputError
        For trials that do not fit together, and for what the window, the bins or the labels do not allow.
    """
    trials = as_trials(records)
    start, stop = step_window(trials[0], window_s)
    return np.stack([_counts(trial, start, stop - start, 1)[:, 0] for trial in trials])


@public()
def trial_rates(
    records: Records,
    *,
    bin_s: float = 0.005,
    sigma_s: float | None = 0.02,
    window_s: WindowS | None = None,
    source: str = "spikes",
) -> TrialRates:
    """Firing rate of every unit over time, one row per trial.

    Near the ends of a trial the Gaussian is cut and scaled up, so a constant rate stays constant.

    Parameters
    ----------
    records : SpikeRecord or a list of them
        One per trial, of one network and duration, with spikes.
    bin_s : float, default 0.005
        Width of a bin, s, a whole number of simulation steps.
    sigma_s : float, default 0.02
        SD of the Gaussian that smooths the counts, s; None: they are not smoothed.
    window_s : (start, stop), default None
        Bins whose middle lies within, s; they are smoothed before they are cut out. None: the whole trial.
    source : str, default 'spikes'
        'spikes', or 'rates': the recorded filtered spike trains, averaged in bins, not smoothed further.

    Returns
    -------
    TrialRates

    Raises
    ------
    InputError
        For trials that do not fit together, and for what the window, the bins or the labels do not allow.
    """
    source = choice(source, "source", "source", SOURCES)
    trials = as_trials(records, spikes=source == "spikes")
    step_window(trials[0], window_s)
    if source == "rates":
        rate_hz, sigma_s = np.stack([_binned_trace(trial, bin_s) for trial in trials]), None
    else:
        rate_hz = smoothed(spike_counts(trials, bin_s) / bin_s, sigma_s, bin_s)
    time_s = (np.arange(rate_hz.shape[2]) + 0.5) * bin_s
    kept = np.ones(time_s.size, bool) if window_s is None else (window_s[0] <= time_s) & (time_s < window_s[1])
    if not kept.any():
        raise InputError(f"window_s holds no middle of a bin of {bin_s:g} s")
    return TrialRates(rate_hz[:, :, kept], time_s[kept], bin_s, sigma_s)


def smoothed(values: np.ndarray, sigma_s: float | None, bin_s: float) -> np.ndarray:
    """Values (..., n_bins) smoothed over time by a Gaussian of SD sigma_s; None: as they are. Raises InputError."""
    if sigma_s is None:
        return values
    values = np.asarray(values, np.float64)
    check_sigma(sigma_s, values.shape[-1], bin_s)
    inside = gaussian_filter1d(np.ones(values.shape[-1]), sigma_s / bin_s, mode="constant")
    return gaussian_filter1d(values, sigma_s / bin_s, axis=-1, mode="constant") / inside


def check_sigma(sigma_s: float, n_bins: int, bin_s: float) -> None:
    """Raise InputError for a Gaussian that smooths nothing (narrower than a bin) or everything (wider than all bins)."""
    sigma_s = number(sigma_s, "sigma_s", "sigma_s", _ANY_SIZE)
    if not 0 < sigma_s < np.inf:
        raise InputError(f"sigma_s must be above 0 (or None), got {sigma_s:g}")
    if sigma_s > n_bins * bin_s:
        raise InputError(f"sigma_s of {sigma_s:g} is longer than all {n_bins} bins of {bin_s:g} together; is it in s?")
    if round(_REACH_SDS * sigma_s / bin_s) < 1:
        raise InputError(f"sigma_s of {sigma_s:g} does not reach the next bin of {bin_s:g}: None does not smooth")


def condition_means(values: np.ndarray, index: np.ndarray, n_conditions: int) -> np.ndarray:
    """(n_conditions, ...) means over the trials, first axis, of each condition."""
    return np.stack([values[index == k].mean(0) for k in range(n_conditions)])


def median_of(values: np.ndarray) -> float:
    """The median of the finite values; NaN if there are none."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else float("nan")


def steps_per_bin(bin_s: float, dt_s: float, n_steps: int) -> int:
    """Steps of a bin. Raises InputError unless that is a whole number from 1 to n_steps."""
    bin_s = number(bin_s, "bin_s", "bin_s", _ANY_SIZE)
    if not 0 < bin_s < np.inf:
        raise InputError(f"bin_s must be above 0, got {bin_s:g}")
    count = round(bin_s / dt_s)
    if count < 1 or abs(count * dt_s - bin_s) > 1e-6 * bin_s:
        raise InputError(f"bin_s must be a whole number of steps of {dt_s:g} s, got {bin_s:g}")
    if count > n_steps:
        raise InputError(f"bin_s of {bin_s:g} s is longer than the window of {n_steps * dt_s:g} s")
    return count


def checked_rates(rates: np.ndarray, what: str) -> np.ndarray:
    """(`what`, N, T) rates as float64. Raises InputError for another shape, and for NaN or infinite values."""
    try:
        values = np.asarray(rates, np.float64)
    except (TypeError, ValueError):
        raise InputError(f"rates must be an array of ({what}, units, time)") from None
    if values.ndim != 3 or 0 in values.shape:
        raise InputError(f"rates must be an array of ({what}, units, time), got shape {values.shape}")
    if not np.isfinite(values).all():
        raise InputError("the rates hold NaN or infinite values")
    return values


def _counts(trial: SpikeRecord, start: int, per_bin: int, n_bins: int) -> np.ndarray:
    assert trial.events is not None
    unit, step = trial.events[:, 0].astype(np.intp), trial.events[:, 1].astype(np.intp) - start
    inside = (step >= 0) & (step < n_bins * per_bin)
    cell = unit[inside] * n_bins + step[inside] // per_bin
    return np.bincount(cell, minlength=trial.n_units * n_bins).reshape(trial.n_units, n_bins)


def _binned_trace(trial: SpikeRecord, bin_s: float) -> np.ndarray:
    if trial.rates is None:
        raise InputError("a trial holds no rates: simulate with record=('rates', ...)")
    if not np.isfinite(trial.rates).all():
        raise InputError("the recorded rates hold NaN or infinite values")
    n_rows = trial.rates.shape[1]
    per_bin = steps_per_bin(bin_s, trial.dt_s * trial.stride, n_rows)
    n_bins = n_rows // per_bin
    return trial.rates[:, : n_bins * per_bin].reshape(trial.n_units, n_bins, per_bin).mean(2, dtype=np.float64)
