"""ROC of many choices of simulations: the scores of all are sorted once."""

from typing import NamedTuple

import numpy as np

from rate2spike.spiking.twin_evaluation.roc import Roc, corners_of, roc_of_counts


class RankedScores(NamedTuple):
    """All bins of a data set, from the highest score to the lowest."""

    simulation: np.ndarray  # (N,) which each bin is of
    spikes: np.ndarray  # (N,)
    last_of_tie: np.ndarray  # (M,) the last of each group of equal scores
    threshold: np.ndarray  # (M,) their scores

    @classmethod
    def of(cls, spikes: np.ndarray, scores: np.ndarray) -> "RankedScores":
        """Sort spikes (bool) and scores (n_simulations, T)."""
        order = np.argsort(scores, axis=None)[::-1]
        falling = scores.ravel()[order]
        last_of_tie = np.append(np.flatnonzero(falling[1:] != falling[:-1]), falling.size - 1)
        simulation = (order // scores.shape[1]).astype(np.int32)
        return cls(simulation, spikes.ravel()[order], last_of_tie, falling[last_of_tie])

    def roc(self, which: np.ndarray, only_corners: bool = False) -> Roc | None:
        """ROC of the simulations of a mask (n_simulations,); None if they have no spikes, or nothing else.

        only_corners: as `Roc.simplified`, and much faster than that.
        """
        chosen = which[self.simulation]
        n_bins, hits = np.cumsum(chosen)[self.last_of_tie], np.cumsum(chosen & self.spikes)[self.last_of_tie]
        if not n_bins.size or not 0 < hits[-1] < n_bins[-1]:
            return None
        at = np.flatnonzero(np.diff(n_bins, prepend=0))  # scores that the chosen simulations have
        if only_corners:
            alarms = n_bins[at] - hits[at]
            at = at[corners_of(np.append(0, alarms), np.append(0, hits[at]))[1:] - 1]
        return roc_of_counts(hits[at], n_bins[at] - hits[at], self.threshold[at])
