"""Where predicted spikes lie around true ones: the published recall curve and its width."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit

from rate2spike.calls import public
from rate2spike.checks import whole_number
from rate2spike.errors import InputError
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.twin_evaluation.given import binary, same_shape, simulations

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

REACH_MS = 50


@dataclass(frozen=True, eq=False, repr=False)
class CrossCorrelation(Readable):
    """Predicted spikes around true ones.

    Attributes
    ----------
    lag_ms : (2 reach + 1,) int array
        Predicted minus true time.
    share : (2 reach + 1,) array
        Share of the predicted spikes in reach, one for each pair with a true spike; it sums to 1.
    n_pairs : int
        Number of these pairs.
    """

    shown = ("n_pairs", "width_ms", "within_10_ms")

    lag_ms: np.ndarray = field(repr=False)
    share: np.ndarray = field(repr=False)
    n_pairs: int

    def within(self, lag_ms: int) -> float:
        """Share at lags of at most `lag_ms`, of either sign. Raises InputError for a number that is not whole."""
        reach = whole_number(lag_ms, "{lag_ms}", "lag_ms", least=0)
        return float(self.share[np.abs(self.lag_ms) <= reach].sum())

    @property
    def within_10_ms(self) -> float:
        """What the published figure calls recall: the share at lags of at most 10 ms."""
        return self.within(10)

    @property
    def width_ms(self) -> float:
        """SD of the normal curve on a constant floor that fits best; NaN where none fits."""
        return _gaussian_sd(self.lag_ms, self.share)

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the share over the lag; ax: where, in place of a new figure."""
        return draw("spiking.twin_evaluation.plots:cross_correlation", self, ax)

    def to_dataframe(self) -> "DataFrame":
        """One row per lag: lag_ms, share."""
        return dataframe({"lag_ms": self.lag_ms, "share": self.share})


@public()
def cross_correlation(true_spikes: Any, predicted_spikes: Any, reach_ms: int = REACH_MS) -> CrossCorrelation:
    """Cross-correlation of predicted and true spikes, summed over simulations and normalised (the published recall curve).

    Parameters
    ----------
    true_spikes : (n_simulations, T) array of 0 and 1, or (T,)
        Spikes of the neuron, per ms.
    predicted_spikes : array of the same shape
        Where the network's score is above its threshold.
    reach_ms : int, default 50
        Largest lag. Beyond the ends of a simulation there are no spikes.

    Returns
    -------
    CrossCorrelation
        Shares over lags.

    Raises
    ------
    InputError
        For other values and shapes, and if no predicted spike is in reach of a true one.

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.twin_evaluation.cross_correlation import cross_correlation
    >>> true = np.zeros(300, bool)
    >>> true[[100, 200]] = True
    >>> found = cross_correlation(true, np.roll(true, 2))
    >>> found.lag_ms[found.share > 0], found.within_10_ms
    (array([2]), 1.0)
    """
    truth, prediction = binary(true_spikes, "true_spikes"), binary(predicted_spikes, "predicted_spikes")
    same_shape(truth, prediction, "true_spikes", "predicted_spikes")
    truth, prediction = simulations(truth, "true_spikes"), simulations(prediction, "predicted_spikes")
    lags = np.arange(2 * whole_number(reach_ms, "{reach_ms}", "reach_ms") + 1)
    padded = np.pad(prediction, ((0, 0), (reach_ms, reach_ms)))
    simulation, time_ms = np.nonzero(truth)
    counts = np.zeros(lags.size, np.int64)
    for lag in lags:  # over lags, so that memory is that of the spikes
        counts[lag] = np.count_nonzero(padded[simulation, time_ms + lag])
    if not counts.any():
        raise InputError(
            f"the cross-correlation is undefined: none of {np.count_nonzero(prediction)} predicted spikes lies within "
            f"{reach_ms} ms of one of {time_ms.size} true ones",
            "predicted_spikes",
        )
    return CrossCorrelation(lags - reach_ms, counts / counts.sum(), int(counts.sum()))


def _gaussian(x: np.ndarray, height: float, mean: float, sd: float, floor: float) -> np.ndarray:
    return floor + height * np.exp(-0.5 * ((x - mean) / sd) ** 2)


@one_blas_thread()
def _gaussian_sd(lag_ms: np.ndarray, share: np.ndarray) -> float:
    """SD of the normal curve on a floor that fits best; NaN if the search finds none."""
    peak = int(share.argmax())
    start = share[peak] - np.median(share), lag_ms[peak], 5.0, np.median(share)
    bounds = (0, lag_ms[0], 0.1, 0), (1, lag_ms[-1], 2 * lag_ms[-1], 1)
    try:
        found, _ = curve_fit(_gaussian, lag_ms, share, start, bounds=bounds)
    except (RuntimeError, ValueError, OptimizeWarning):
        return float("nan")
    return float(found[2])
