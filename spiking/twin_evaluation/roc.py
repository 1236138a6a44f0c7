"""Receiver operating characteristic of a long series of spikes against scores: areas, hits at few false alarms, threshold."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from rate2spike.calls import public
from rate2spike.checks import FRACTION, Range, as_array, number, whole_number
from rate2spike.errors import InputError
from rate2spike.readable import Readable, draw
from rate2spike.spiking.twin_evaluation.given import check_both_kinds, numbers, spikes_and_scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OPERATING_FPR = 0.002  # false alarms at which published binary predictions are made
_GRID = np.linspace(0, 1, 20_000)  # of the partial area, as published
_ABOVE_ZERO = Range(above=0, most=1)


@public()
@dataclass(frozen=True, eq=False, repr=False)
class Roc(Readable):
    """A ROC as its vertices, from (0, 0) to (1, 1).

    Parameters
    ----------
    false_positive_rate : (n,) array
        Share of the bins without a spike whose score is at least the threshold; it never falls.
    true_positive_rate : (n,) array
        The same of the bins with a spike.
    threshold : (n,) array, or None, default None
        Score of each vertex, falling; that of (0, 0) is infinite. None: it is not known.
    n_spikes, n_bins : int, or None, default None
        Bins with a spike, and all; without them there is no precision.

    Raises
    ------
    InputError
        If the arrays differ in length, a rate falls, or the ends are not (0, 0) and (1, 1).

    Examples
    --------
    >>> from rate2spike.spiking.twin_evaluation.roc import Roc
    >>> curve = Roc([0, 0.001, 0.01, 1], [0, 0.5, 0.8, 1])
    >>> curve.tpr_at(0.002), round(curve.auc, 4)
    (0.5, 0.8971)
    """

    shown = ("auc", "d_prime", "n_spikes", "n_bins")

    false_positive_rate: np.ndarray
    true_positive_rate: np.ndarray
    threshold: np.ndarray | None = None
    n_spikes: int | None = None
    n_bins: int | None = None

    def __post_init__(self) -> None:
        for name in ("false_positive_rate", "true_positive_rate"):
            rates = numbers(getattr(self, name), name).astype(float, copy=False)
            if rates.ndim != 1 or rates.size < 2 or (np.diff(rates) < 0).any() or rates[0] != 0 or rates[-1] != 1:
                raise InputError(f"{{{name}}} must rise from 0 to 1 and never fall", name)
            object.__setattr__(self, name, rates)
        length = self.false_positive_rate.size
        if self.threshold is not None:
            object.__setattr__(self, "threshold", as_array(self.threshold, "threshold", float))
        for name in ("true_positive_rate", "threshold"):
            values = getattr(self, name)
            if values is not None and values.shape != (length,):
                raise InputError(
                    f"{{{name}}} must be as long as false_positive_rate, {length}, got {values.shape}", name
                )
        for name in ("n_spikes", "n_bins"):
            if getattr(self, name) is not None:
                counted = whole_number(getattr(self, name), f"{{{name}}}", name, most=2**53)
                object.__setattr__(self, name, counted)

    @property
    def auc(self) -> float:
        """Area under the curve, by trapezoids: a bin with a spike has the higher score so often."""
        return float(np.trapezoid(self.true_positive_rate, self.false_positive_rate))

    @property
    def d_prime(self) -> float:
        """Distance of two normal distributions of one variance with this AUC, in their SD: sqrt(2) Phi^-1(AUC)."""
        return d_prime_of(self.auc)

    @property
    def corners(self) -> np.ndarray:
        """Indices of the vertices that are not inside a horizontal or vertical stretch: all that a drawing needs."""
        return corners_of(self.false_positive_rate, self.true_positive_rate)

    def simplified(self) -> "Roc":
        """The same curve by its corners alone, some two per spike, to be kept; without `n_bins`: precision needs the rest."""
        at = self.corners
        threshold = None if self.threshold is None else self.threshold[at]
        return Roc(self.false_positive_rate[at], self.true_positive_rate[at], threshold, self.n_spikes)

    def tpr_at(self, fpr: float) -> float:
        """True positive rate at the corner, (0, 0) excepted, whose false positive rate is nearest to `fpr`.

        As published. Raises InputError unless fpr is from 0 to 1.
        """
        corners = self.corners[1:]
        nearest = np.argmin(np.abs(self.false_positive_rate[corners] - number(fpr, "{fpr}", "fpr", FRACTION)))
        return float(self.true_positive_rate[corners[nearest]])

    def partial_auc(self, fpr: float) -> float:
        """Mean true positive rate over false positive rates below `fpr`: 1 is best.

        As published: interpolated on 20 000 equally spaced rates from 0 to 1. Raises InputError unless 0 < fpr <= 1.
        """
        below = _GRID[number(fpr, "{fpr}", "fpr", _ABOVE_ZERO) > _GRID]
        return float(np.interp(below, self.false_positive_rate, self.true_positive_rate).mean())

    def threshold_at(self, fpr: float = OPERATING_FPR) -> float:
        """The threshold with which `score > threshold` gives the false positive rate nearest to `fpr`, and some spikes.

        Choose it on validation data, and use it elsewhere. It is the score of the vertex below the one that is nearest: with
        that vertex's own score, what has exactly this score would be left out. Raises InputError if no scores are known.
        """
        if self.threshold is None:
            raise InputError("this ROC was made without scores ({threshold}): it has none to choose", "threshold")
        wanted = number(fpr, "{fpr}", "fpr", FRACTION)
        nearest = 1 + int(np.argmin(np.abs(self.false_positive_rate[1:] - wanted)))
        return float(self.threshold[nearest + 1]) if nearest + 1 < self.threshold.size else -np.inf

    def precision_recall(self) -> "PrecisionRecall":
        """Precision over recall, one point per vertex but the first. Raises InputError if numbers of bins are not known."""
        if self.n_spikes is None or self.n_bins is None:
            raise InputError("precision needs {n_spikes} and n_bins of the ROC", "n_spikes")
        hits = self.true_positive_rate[1:] * self.n_spikes
        alarms = self.false_positive_rate[1:] * (self.n_bins - self.n_spikes)
        return PrecisionRecall(self.true_positive_rate[1:], hits / (hits + alarms), self.n_spikes / self.n_bins)

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the curve, its left end enlarged in an inset; ax: where, in place of a new figure."""
        return draw("spiking.twin_evaluation.plots:roc", self, ax)


@dataclass(frozen=True, eq=False, repr=False)
class PrecisionRecall(Readable):
    """Precision over recall.

    Attributes
    ----------
    recall, precision : (n,) arrays
        From the highest threshold to the lowest.
    base_rate : float
        Share of bins with a spike: the precision of chance.
    area : float
        Average precision: the mean precision over true positives, without interpolation.
    """

    shown = ("area", "base_rate")

    recall: np.ndarray = field(repr=False)
    precision: np.ndarray = field(repr=False)
    base_rate: float

    @property
    def area(self) -> float:
        """Average precision."""
        return float((np.diff(self.recall, prepend=0) * self.precision).sum())

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw precision over recall, and that of chance; ax: where, in place of a new figure."""
        return draw("spiking.twin_evaluation.plots:precision_recall", self, ax)


def corners_of(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Indices of the ends, and of the points that are not inside a stretch where x or y stays the same."""
    same_x, same_y = x[1:] == x[:-1], y[1:] == y[:-1]
    inside = (same_x[1:] & same_x[:-1]) | (same_y[1:] & same_y[:-1])
    return np.flatnonzero(np.concatenate(([True], ~inside, [True])))


def d_prime_of(auc: float) -> float:
    """Distance of two normal distributions of one variance that have this AUC, in their SD."""
    return float(np.sqrt(2) * ndtri(auc))


@public()
def roc_of(spikes: Any, scores: Any) -> Roc:
    """ROC of scores that foretell spikes: one vertex per score that occurs.

    It sorts all bins and keeps 24 bytes of each: for tens of millions of bins there is `ScoreHistogram`.

    Parameters
    ----------
    spikes : array of 0 and 1, of any shape
        Whether there is a spike in each bin.
    scores : array of the same shape
        What the network says, higher for a spike; probabilities or any other finite numbers.

    Returns
    -------
    Roc
        Exact, ties included.

    Raises
    ------
    InputError
        If there are no spikes, or only spikes: "AUC is undefined"; for other values, and for arrays of two shapes.

    Examples
    --------
    >>> from rate2spike.spiking.twin_evaluation.roc import roc_of
    >>> roc_of([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    Roc(auc=0.75, d_prime=0.9539, n_spikes=2, n_bins=4)
    """
    spikes, scores = (values.ravel() for values in spikes_and_scores(spikes, scores))
    n_spikes = int(np.count_nonzero(spikes))
    check_both_kinds(n_spikes, spikes.size)
    order = np.argsort(scores)[::-1]
    sorted_scores, hits = scores[order], np.cumsum(spikes[order])
    last_of_tie = np.append(np.flatnonzero(sorted_scores[1:] != sorted_scores[:-1]), spikes.size - 1)
    hits = hits[last_of_tie]
    alarms = last_of_tie + 1 - hits
    return roc_of_counts(hits, alarms, sorted_scores[last_of_tie])


def roc_of_counts(hits: np.ndarray, alarms: np.ndarray, threshold: np.ndarray) -> Roc:
    """ROC of how many bins with and without a spike have at least each threshold, which fall to the lowest score."""
    n_spikes, n_others = int(hits[-1]), int(alarms[-1])
    false_rate, true_rate = np.append(0.0, alarms / n_others), np.append(0.0, hits / n_spikes)
    return Roc(false_rate, true_rate, np.append(np.inf, threshold), n_spikes, n_spikes + n_others)
