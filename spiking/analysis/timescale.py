"""Intrinsic timescale of units: decay of the autocorrelation of spike counts over trials."""

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit

from rate2spike.calls import public
from rate2spike.checks import Range, number
from rate2spike.errors import InputError
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.plausible import Plausible, warn_if_implausible
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.analysis.binning import median_of, spike_counts
from rate2spike.spiking.analysis.trials import Records, WindowS, as_trials

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

DEFAULT_LAGS = 15  # of 50 ms, Kim & Sejnowski 2021
LATEST_PEAK = 3  # lag, counted from 1, at which the decay must have begun (the same paper)
MIN_POINTS = 4  # one more than parameters


@dataclass(frozen=True, eq=False, repr=False)
class ExponentialFit(Readable):
    """A (exp(-lag / tau) + B). All are NaN and `failure` says why where it could not be fitted.

    Attributes
    ----------
    tau_s : float
        Timescale, s.
    amplitude, offset : float
        A and B.
    first_lag_s : float
        The lag at which the fit starts, the peak, s.
    failure : str or None
        Why it could not be fitted.
    """

    tau_s: float
    amplitude: float  # A
    offset: float  # B
    first_lag_s: float  # the fit starts at this lag, the peak
    failure: str | None = None


@dataclass(frozen=True, eq=False, repr=False)
class IntrinsicTimescales(Readable):
    """Autocorrelation and timescale of every unit.

    Attributes
    ----------
    tau_s : array (N,)
        Timescales, s; NaN where it could not be fitted.
    fits : tuple of ExponentialFit
        One per unit.
    autocorrelation : array (N, n_lags)
        NaN where it is undefined.
    lag_s : array (n_lags,)
        From one bin on, s.
    bin_s : float
    n_trials : int
    usable : array (N,) of bool
        Units that fire enough, and whose autocorrelation is defined.
    population : ExponentialFit
        Of the mean autocorrelation of the usable units (as in Murray et al. 2014).
    """

    shown = ("n_units", "n_fitted", "median_tau_s", "population_tau_s", "bin_s", "n_trials")

    tau_s: np.ndarray = field(repr=False)  # (N,) NaN where it could not be fitted
    fits: tuple[ExponentialFit, ...] = field(repr=False)  # one per unit
    autocorrelation: np.ndarray = field(repr=False)  # (N, n_lags), NaN where it is undefined
    lag_s: np.ndarray = field(repr=False)  # (n_lags,) from one bin on
    bin_s: float
    n_trials: int
    usable: np.ndarray = field(repr=False)  # (N,) bool: fires enough, and the autocorrelation is defined
    population: ExponentialFit  # of the mean autocorrelation of the usable units (as in Murray et al. 2014)

    @property
    def n_units(self) -> int:
        """Number of units N."""
        return self.tau_s.size

    @property
    def n_fitted(self) -> int:
        """Number of units with a timescale."""
        return int(np.isfinite(self.tau_s).sum())

    @property
    def median_tau_s(self) -> float:
        """Median over the units with a timescale."""
        return median_of(self.tau_s)

    @property
    def population_tau_s(self) -> float:
        """Timescale of the mean autocorrelation."""
        return self.population.tau_s

    @property
    def failures(self) -> dict[str, int]:
        """Reason -> number of units whose timescale could not be fitted for it."""
        reasons = [fit.failure for fit in self.fits if fit.failure]
        return {reason: reasons.count(reason) for reason in sorted(set(reasons))}

    def to_dataframe(self) -> "DataFrame":
        """One row per unit: unit (from 0), tau_s, amplitude, offset, first_lag_s, usable, failure."""
        names = ("amplitude", "offset", "first_lag_s")
        of_fits = {name: [getattr(fit, name) for fit in self.fits] for name in names}
        failures = [fit.failure for fit in self.fits]
        units = np.arange(self.n_units)
        return dataframe({"unit": units, "tau_s": self.tau_s, **of_fits, "usable": self.usable, "failure": failures})

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the mean autocorrelation with its fit, and the units' timescales; ax: where, in place of a new figure."""
        return draw("spiking.analysis.plots_spike_trains:timescales", self, ax)


@public()
@one_blas_thread()
def intrinsic_timescales(
    records: Records,
    *,
    bin_s: float = 0.05,
    window_s: WindowS | None = None,
    max_lag_s: float | None = None,
    min_rate_hz: float = 1.0,
    max_tau_s: float | None = None,
) -> IntrinsicTimescales:
    """Timescale of every unit (Murray et al. 2014; per unit: Kim & Sejnowski 2021).

    The spike counts of two bins are correlated over trials (Pearson); the mean over all pairs of bins a lag apart is fitted
    by A (exp(-lag / tau) + B) from its first peak on. The window should hold no stimulus (in the papers the fixation
    period), the trials one condition: what is locked to the trial does not count, differences between conditions do.

    Not fitted, with a reason, are units below min_rate_hz, with a bin that never varies in too many trials, that do not begin
    to decay by the third lag, or with a tau above max_tau_s.

    Parameters
    ----------
    records : list of SpikeRecord
        At least 3 trials of one network and duration, with spikes; tens are needed for a use.
    bin_s : float, default 0.05
        Width of bins, s, a whole number of simulation steps.
    window_s : (start, stop), default None
        Part of the trial, s; None: the whole trial.
    max_lag_s : float, default None
        Longest lag, s; None: 15 bins, or as many as there are.
    min_rate_hz : float, default 1
        Units that fire less are not fitted.
    max_tau_s : float, default None
        Longest timescale that counts, s; None: the longest lag, beyond which it cannot be told from a slope.

    Returns
    -------
    IntrinsicTimescales

    Raises
    ------
    InputError
        For trials that do not fit together, and for a window or a number that they do not allow.

    Examples
    --------
    >>> import numpy as np
    >>> import rate2spike as r2s
    >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25)
    >>> records = [network.run(np.ones((1, 81)), seed=k, record=("spikes", "rates"), stride=20) for k in range(4)]
    >>> found = intrinsic_timescales(records, bin_s=0.02)
    >>> found.autocorrelation.shape, found.lag_s[0].item()
    ((200, 15), 0.02)
    """
    trials = as_trials(records, at_least=3)
    counts = spike_counts(trials, bin_s, window_s)
    n_bins = counts.shape[2]
    n_lags = _n_lags(max_lag_s, bin_s, n_bins)
    lag_s = np.arange(1, n_lags + 1) * bin_s
    tau_limit_s = lag_s[-1] if max_tau_s is None else number(max_tau_s, "max_tau_s", "max_tau_s", Range(infinite=True))
    min_rate_hz = number(min_rate_hz, "min_rate_hz", "min_rate_hz")
    if not tau_limit_s > 0:
        raise InputError(f"max_tau_s must be above 0, got {tau_limit_s:g}")
    longest = Plausible(0, n_bins * bin_s, "s")  # of what the window can tell
    warn_if_implausible("max_tau_s", 0 if np.isinf(tau_limit_s) else tau_limit_s, longest)

    autocorrelation = np.stack([count_autocorrelation(of_unit, n_lags) for of_unit in counts.transpose(1, 0, 2)])
    rate_hz = counts.mean((0, 2)) / bin_s
    fits = tuple(
        _failed(f"rate below {min_rate_hz:g} Hz") if rate < min_rate_hz else fit_timescale(lag_s, row, tau_limit_s)
        for rate, row in zip(rate_hz, autocorrelation, strict=True)
    )
    tau_s = np.array([fit.tau_s for fit in fits])
    usable = (rate_hz >= min_rate_hz) & np.isfinite(autocorrelation).all(1)
    if usable.any():
        population = fit_timescale(lag_s, autocorrelation[usable].mean(0), tau_limit_s)
    else:
        population = _failed("no unit fires enough")
    return IntrinsicTimescales(tau_s, fits, autocorrelation, lag_s, bin_s, len(trials), usable, population)


@one_blas_thread()
def count_autocorrelation(counts: np.ndarray, n_lags: int) -> np.ndarray:
    """(n_lags,) mean Pearson correlation over trials of counts (n_trials, n_bins), lags of 1..n_lags bins.

    Pairs with a bin that is the same in all trials are left out; a lag without any pair is NaN. Raises InputError.
    """
    if not np.isfinite(counts).all():
        raise InputError("the counts hold NaN or infinite values")
    deviation = counts - counts.mean(0)
    norm = np.sqrt((deviation**2).sum(0))
    varies = norm > 0
    unit_length = np.divide(deviation, norm, out=np.zeros_like(deviation), where=varies)
    correlation = unit_length.T @ unit_length
    usable = np.outer(varies, varies)
    result = np.full(n_lags, np.nan)
    for lag in range(1, n_lags + 1):
        pairs = np.diagonal(usable, lag)
        if pairs.any():
            result[lag - 1] = np.diagonal(correlation, lag)[pairs].mean()
    return result


@one_blas_thread()
def fit_timescale(lag_s: np.ndarray, autocorrelation: np.ndarray, max_tau_s: float) -> ExponentialFit:
    """Fit A (exp(-lag / tau) + B), A > 0, to the autocorrelation (n_lags,) from its first peak on."""
    if not np.isfinite(autocorrelation).all():
        return _failed("autocorrelation undefined: too few spikes")
    falls = np.flatnonzero(np.diff(autocorrelation) < 0)
    if not falls.size or falls[0] >= LATEST_PEAK:
        return _failed(f"no decay begins by lag {LATEST_PEAK}")
    lag, values = lag_s[falls[0] :], autocorrelation[falls[0] :]
    if lag.size < MIN_POINTS:
        return _failed(f"fewer than {MIN_POINTS} lags from the peak on")
    first, step = lag[0], lag_s[1] - lag_s[0]
    shortest, longest = step / 10, 100 * lag_s[-1]
    drop = values[0] - values.min()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OptimizeWarning)  # of the covariance, which is not used
            # amplitude at the peak, and A B instead of B: this does not diverge for a small A
            (height, tau_s, floor), _ = curve_fit(
                lambda x, height, tau_s, floor: height * np.exp(-(x - first) / tau_s) + floor,
                lag,
                values,
                p0=(drop, np.clip(max_tau_s / 4, 2 * shortest, longest / 2), values.min()),
                bounds=([0, shortest, -np.inf], [np.inf, longest, np.inf]),
                max_nfev=2000,
            )
    except RuntimeError:
        return _failed("the fit did not converge")
    amplitude = height * np.exp(first / tau_s)
    if tau_s < 1.01 * shortest or not np.isfinite(amplitude) or height <= 0:
        return _failed("decays within less than a bin")
    if tau_s > max_tau_s:
        return _failed(f"tau above {max_tau_s:g} s")
    return ExponentialFit(float(tau_s), float(amplitude), float(floor / amplitude), float(first))


def _n_lags(max_lag_s: float | None, bin_s: float, n_bins: int) -> int:
    if max_lag_s is not None:
        number(max_lag_s, "max_lag_s", "max_lag_s")
    n_lags = min(DEFAULT_LAGS, n_bins - 1) if max_lag_s is None else int(max_lag_s / bin_s + 1e-9)
    if not MIN_POINTS <= n_lags < n_bins:
        raise InputError(
            f"{MIN_POINTS} lags or more are needed, fewer than bins: got {n_lags} lags, {n_bins} bins of {bin_s:g} s"
        )
    return n_lags


def _failed(reason: str) -> ExponentialFit:
    return ExponentialFit(np.nan, np.nan, np.nan, np.nan, reason)
