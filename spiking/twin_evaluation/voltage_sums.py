"""Scores of a voltage from sums of each simulation: of any choice of simulations, or of thousands, at once."""

from typing import NamedTuple

import numpy as np

from rate2spike.machine.blas_threads import one_blas_thread


class VoltageSums(NamedTuple):
    """What the bins of each simulation add up to."""

    sums: np.ndarray  # (n_simulations, 5) of truth, its square, error, its square, its absolute value
    duration_ms: int

    @classmethod
    def of(cls, true_mv: np.ndarray, predicted_mv: np.ndarray) -> "VoltageSums":
        """Sum over voltages (n_simulations, T), simulation by simulation; the truth without its mean, for precision."""
        centre = true_mv.mean(dtype=float) if true_mv.size else 0.0
        sums = np.zeros((len(true_mv), 5))
        for row, true, predicted in zip(sums, true_mv, predicted_mv, strict=True):
            truth, error = true.astype(float) - centre, true.astype(float) - predicted
            row[:] = truth.sum(), (truth**2).sum(), error.sum(), (error**2).sum(), np.abs(error).sum()
        return cls(sums, true_mv.shape[1])

    @one_blas_thread()
    def scores(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Explained variance in percent, RMSE and MAE, each (k,), of k choices: how often each simulation counts, (k, n).

        NaN where nothing counts, or the truth is constant.
        """
        totals = np.asarray(weights, float) @ self.sums
        n_bins = np.sum(weights, axis=1) * self.duration_ms
        truth, truth_square, error, error_square, absolute = (ratio(one, n_bins) for one in totals.T)
        variance = truth_square - truth**2
        variance[variance < 1e-12 * truth_square] = 0  # rounding
        explained = 1 - ratio(error_square - error**2, variance)
        return 100 * explained, np.sqrt(error_square), absolute


def ratio(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """The quotient; NaN where there is nothing to divide by."""
    upper, lower = np.broadcast_arrays(upper, lower)
    return np.divide(upper, lower, out=np.full(upper.shape, np.nan), where=lower > 0)
