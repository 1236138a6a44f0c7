"""ROC of more bins than fit into memory: histograms of the scores, which add up over simulations and machines."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, logit

from rate2spike.calls import public
from rate2spike.checks import as_array
from rate2spike.errors import InputError
from rate2spike.readable import Readable, draw
from rate2spike.spiking.twin_evaluation.given import check_both_kinds, check_probabilities, spikes_and_scores
from rate2spike.spiking.twin_evaluation.roc import Roc, roc_of_counts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_CELLS = 2**18
_N_FINEST = 2**40  # cells of the finest grid over all logits
# Logits of its ends: what a sigmoid of 32 bits gives lies between, but for 0 and 1, which share the outermost cells.
_LOWEST, _HIGHEST = -104.0, 37.0


@public()
@dataclass(frozen=True, eq=False, repr=False)
class ScoreHistogram(Readable):
    """How many bins with and without a spike have which score, in cells of equal width in logit(score).

    A network's scores crowd near 0, where spikes are rare: there cells are as fine, relative to the score, as elsewhere. Only
    cells that are used are kept; when there are more than 262 144 (6 MiB), all become twice as wide. So scores that crowd at
    any place are told apart, and two histograms add up to the same one in any order: over batches, simulations, machines.

    Parameters
    ----------
    cell : (n_cells,) int64 array
        Which cells are used, from the lowest score to the highest; histograms are made by `ScoreHistogram.of`.
    with_spike, without_spike : (n_cells,) int64 arrays
        Numbers of bins in each.
    n_halvings : int
        How often cells have become twice as wide.

    Raises
    ------
    InputError
        If the arrays differ in length.

    Examples
    --------
    >>> from rate2spike.spiking.twin_evaluation.score_histogram import ScoreHistogram
    >>> both = ScoreHistogram.of([0, 1], [0.1, 0.35]) + ScoreHistogram.of([0, 1], [0.4, 0.8])
    >>> both
    ScoreHistogram(n_spikes=2, n_bins=4, n_cells=4)
    >>> both.roc().auc
    0.75
    """

    shown = ("n_spikes", "n_bins", "n_cells")

    cell: np.ndarray = field(repr=False)
    with_spike: np.ndarray = field(repr=False)
    without_spike: np.ndarray = field(repr=False)
    n_halvings: int = 0

    def __post_init__(self) -> None:
        for name in ("cell", "with_spike", "without_spike"):
            object.__setattr__(self, name, as_array(getattr(self, name), name, np.int64))
            if getattr(self, name).shape != (self.n_cells,):
                raise InputError(f"{{{name}}} must be as long as cell, {self.n_cells}", name)

    @classmethod
    def of(cls, spikes: Any, scores: Any) -> "ScoreHistogram":
        """The histogram of some bins: spikes 0 and 1, scores from 0 to 1 in the same shape. Raises InputError."""
        spikes, scores = (values.ravel() for values in spikes_and_scores(spikes, scores))
        check_probabilities(scores)
        place = (logit(scores.astype(float)) - _LOWEST) / (_HIGHEST - _LOWEST) * _N_FINEST
        return _with_few_cells(np.clip(place, 0, _N_FINEST - 1).astype(np.int64), spikes, ~spikes, 0)

    def __add__(self, other: "ScoreHistogram") -> "ScoreHistogram":
        if not isinstance(other, ScoreHistogram):
            return NotImplemented
        n_halvings = max(self.n_halvings, other.n_halvings)
        cells = [one.cell >> (n_halvings - one.n_halvings) for one in (self, other)]
        with_spike = np.concatenate([self.with_spike, other.with_spike])
        without_spike = np.concatenate([self.without_spike, other.without_spike])
        return _with_few_cells(np.concatenate(cells), with_spike, without_spike, n_halvings)

    @property
    def n_cells(self) -> int:
        """Number of cells that are used."""
        return self.cell.size

    @property
    def n_spikes(self) -> int:
        """Bins with a spike so far."""
        return int(self.with_spike.sum())

    @property
    def n_bins(self) -> int:
        """All bins so far."""
        return self.n_spikes + int(self.without_spike.sum())

    def roc(self) -> Roc:
        """ROC with one vertex per cell; scores of one cell count as equal to its upper end. Raises InputError."""
        check_both_kinds(self.n_spikes, self.n_bins)
        width = (_HIGHEST - _LOWEST) / _N_FINEST * 2**self.n_halvings
        upper_end = expit(_LOWEST + width * (self.cell[::-1] + 1))
        return roc_of_counts(np.cumsum(self.with_spike[::-1]), np.cumsum(self.without_spike[::-1]), upper_end)

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the ROC; ax: where, in place of a new figure."""
        return draw("spiking.twin_evaluation.plots:roc", self.roc(), ax)


def _with_few_cells(
    cell: np.ndarray, with_spike: np.ndarray, without_spike: np.ndarray, n_halvings: int
) -> ScoreHistogram:
    """The histogram of cells that may be there several times, in any order."""
    used, place = np.unique(cell, return_inverse=True)
    n_more = 0
    while np.count_nonzero(np.diff(used >> n_more)) >= MOST_CELLS:
        n_more += 1
    kept, merged = np.unique(used >> n_more, return_inverse=True)
    of_spikes, of_others = (
        np.rint(np.bincount(merged[place], counted, kept.size)).astype(np.int64)
        for counted in (with_spike, without_spike)
    )
    return ScoreHistogram(kept, of_spikes, of_others, n_halvings + n_more)
