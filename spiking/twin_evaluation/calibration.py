"""Whether predicted probabilities are those of spikes: their means over parts of simulations against the spikes there."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import whole_number
from rate2spike.errors import InputError
from rate2spike.readable import Readable, draw
from rate2spike.spiking.twin_evaluation.given import simulations, spikes_and_scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class Calibration(Readable):
    """Mean probability and share of bins with a spike, in parts of simulations.

    Attributes
    ----------
    probability, spikes : (n_simulations, n_parts) arrays
        Mean score, and share of the bins with a spike.
    part_ms : int
        Length of a part.
    correlation : float
        Pearson's r of the two over all parts; NaN if either is constant.
    explained_variance_percent : float
        100 (1 - Var(spikes - probability) / Var(spikes)); NaN if the spikes are the same in all parts.
    """

    shown = ("correlation", "explained_variance_percent", "part_ms", "n_parts")

    probability: np.ndarray = field(repr=False)
    spikes: np.ndarray = field(repr=False)
    part_ms: int

    @property
    def n_parts(self) -> int:
        """Number of parts of all simulations."""
        return self.spikes.size

    @property
    def correlation(self) -> float:
        """Pearson's r."""
        if _is_constant(self.probability) or _is_constant(self.spikes):
            return float("nan")
        x, y = ((one - one.mean()) / one.std() for one in (self.probability, self.spikes))
        return float((x * y).mean())

    @property
    def explained_variance_percent(self) -> float:
        """How much of the variance of the spikes over parts the probabilities explain."""
        if _is_constant(self.spikes):
            return float("nan")
        return float(100 * (1 - (self.spikes - self.probability).var() / self.spikes.var()))

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw spikes over probability, in Hz, with the line of equality; ax: where, in place of a new figure."""
        return draw("spiking.twin_evaluation.plots:calibration", self, ax)


@public()
def calibration(spikes: Any, scores: Any, n_parts: int = 8) -> Calibration:
    """Compare the mean score of each part of each simulation with the spikes there. Nothing is fitted.

    Parameters
    ----------
    spikes : (n_simulations, T) array of 0 and 1, or (T,)
        Spikes of the neuron, per ms.
    scores : array of the same shape
        Their probability according to the network.
    n_parts : int, default 8
        Parts of equal length that a simulation is cut into; what is left over at its end does not count.

    Returns
    -------
    Calibration
        Means, their correlation and explained variance.

    Raises
    ------
    InputError
        For other values and shapes, and for more parts than bins.

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.twin_evaluation.calibration import calibration
    >>> spikes = np.arange(800) % 100 < np.repeat([1, 3], 400)
    >>> calibration(spikes, np.repeat([0.01, 0.03], 400), n_parts=4)
    Calibration(correlation=1, explained_variance_percent=100, part_ms=200, n_parts=4)
    """
    spikes, scores = (simulations(one, "spikes") for one in spikes_and_scores(spikes, scores))
    n_parts = whole_number(n_parts, "{n_parts}", "n_parts")
    part_ms = spikes.shape[1] // n_parts
    if not part_ms:
        raise InputError(f"{{n_parts}} must be at most the length of a simulation, {spikes.shape[1]} ms", "n_parts")
    parts = [one[:, : n_parts * part_ms].reshape(len(one), n_parts, part_ms) for one in (scores, spikes)]
    probability, share = (one.mean(2, dtype=float) for one in parts)
    return Calibration(probability, share, part_ms)


def _is_constant(values: np.ndarray) -> bool:
    """But for rounding."""
    return bool(np.ptp(values) <= 1e-12 * np.abs(values).max())
