"""Exponential filters as cascades have them: causal, cut after a while, and in three conventions for the first tap.

With r = exp(-dt / tau) and L taps the published filters are (Harkin, Shen, Goel, Richards & Naud 2022):

    first_tap            taps                                          area                  figure
    'zeroed, then area'  0, then A r^j, A = 1 / sum of r^1..r^(L-1)    1                     3
    'area, then zeroed'  0, then A r^j, A = 1 / sum of r^0..r^(L-1)    1 - A                 5
    'kept'               A r^j,         A = 1 / sum of r^0..r^(L-1)    1                     6
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import POSITIVE
from rate2spike.options import check_options, option
from rate2spike.readable import Readable
from rate2spike.spiking.cascade.signals import DT_MS, MOST_SAMPLES, as_signal, check_fits, n_samples
from rate2spike.spiking.kernels.exponential_filters import filtered

ZEROED_FIRST, ZEROED_LAST, KEPT = FIRST_TAPS = ("zeroed, then area", "area, then zeroed", "kept")


@public()
@dataclass(frozen=True, repr=False)
class ExponentialFilter(Readable):
    """A causal filter whose taps fall exponentially: y[n] = sum of taps[j] x[n - j], before the first sample x is 0.

    Parameters
    ----------
    tau_ms : float
        Time constant, ms.
    length_ms : float, default 100.0
        Where a truncated filter ends, ms.
    dt_ms : float, default 0.1
        Time between two samples, ms.
    first_tap : str, default 'zeroed, then area'
        'zeroed, then area': the first tap is 0, and the others have area 1. 'area, then zeroed': the area is 1 before the
        first tap is set to 0. 'kept': the first tap is the largest, and the area 1.
    truncated : bool, default True
        False: the filter never ends.

    Raises
    ------
    InputError
        For numbers that are not positive, and a length of fewer samples than the filter has taps at least.

    Examples
    --------
    >>> membrane = ExponentialFilter(tau_ms=10.0)
    >>> membrane.n_taps, round(float(membrane.taps[1]), 10), round(membrane.area, 12)
    (1000, 0.0099506225, 1.0)
    >>> membrane.filtered([0.0, 1.0, 1.0, 1.0]).round(4)
    array([0.    , 0.    , 0.01  , 0.0198])
    """

    shown = ("tau_ms", "length_ms", "dt_ms", "first_tap", "truncated", "area")

    tau_ms: float = option(10.0, "time constant (ms)", allowed=POSITIVE)
    length_ms: float = option(100.0, "where the filter ends (ms)", allowed=POSITIVE)
    dt_ms: float = option(DT_MS, "time (ms) between two samples", allowed=POSITIVE)
    first_tap: str = option(ZEROED_FIRST, "what is done with the first tap", choices=FIRST_TAPS)
    truncated: bool = option(True, "whether the filter ends")

    def __post_init__(self) -> None:
        check_options(self)
        n_samples(self.length_ms, self.dt_ms, "length_ms", least=1 + self.first_nonzero)

    @property
    def decay(self) -> float:
        """From one tap to the next: exp(-dt / tau)."""
        return float(np.exp(-self.dt_ms / self.tau_ms))

    @property
    def first_nonzero(self) -> int:
        """The first tap that is not 0."""
        return 0 if self.first_tap == KEPT else 1

    @property
    def n_taps(self) -> int:
        """Taps within length_ms, those that are 0 included."""
        return n_samples(self.length_ms, self.dt_ms, "length_ms")

    @property
    def largest(self) -> float:
        """What tap 0 is, or would be: A above for 'kept' and 'area, then zeroed'; the first tap that is left of the other."""
        n_normalised = self.n_taps - (self.first_tap == ZEROED_FIRST)
        untruncated = -np.expm1(-self.dt_ms / self.tau_ms)
        whole = -np.expm1(-n_normalised * self.dt_ms / self.tau_ms) if self.truncated else 1.0
        return float(untruncated / whole)

    @property
    def entering(self) -> float:
        """The first tap that is not 0."""
        return self.largest * (self.decay if self.first_tap == ZEROED_LAST else 1.0)

    @property
    def taps(self) -> np.ndarray:
        """(n_taps,) the filter; of one that never ends, as much of it as length_ms holds."""
        check_fits(self.n_taps, "length_ms")
        lags = np.arange(self.n_taps) - self.first_nonzero
        return np.where(lags < 0, 0.0, self.entering * self.decay ** np.maximum(lags, 0))

    @property
    def area(self) -> float:
        """The sum of all taps: what a constant signal is multiplied by in the end."""
        return 1.0 - self.largest if self.first_tap == ZEROED_LAST else 1.0

    @property
    def time_ms(self) -> np.ndarray:
        """(n_taps,) lag of each tap, ms."""
        return np.arange(self.n_taps) * self.dt_ms

    def filtered(self, signal: Any) -> np.ndarray:
        """(n_samples,) the filter's answer to a signal of that shape. Raises InputError."""
        n_taps = self.n_taps if self.truncated else MOST_SAMPLES
        return filtered(as_signal(signal, "signal"), self.decay, self.entering, self.first_nonzero, n_taps)
