"""Mean and covariance of voltages, over one simulation after the other, so that no more than one is in memory."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rate2spike.machine.blas_threads import one_blas_thread


@dataclass(frozen=True, eq=False)
class VoltageCovariance:
    """Over n_samples: mean_mv (n_segments,) and covariance_mv2 (n_segments, n_segments), float64."""

    n_samples: int
    mean_mv: np.ndarray
    covariance_mv2: np.ndarray


@one_blas_thread()
def voltage_covariance(voltages_mv: Iterable[np.ndarray]) -> VoltageCovariance:
    """Of matrices (n_segments, T) of float64, one at least; they are used up."""
    n_samples, total, squares, shift = 0, np.zeros(0), np.zeros((0, 0)), None
    for v in voltages_mv:
        if shift is None:  # far from 0 the squares would lose digits
            shift = v.mean(1)
            total, squares = np.zeros(len(v)), np.zeros((len(v), len(v)))
        v -= shift[:, None]
        n_samples, total, squares = n_samples + v.shape[1], total + v.sum(1), squares + v @ v.T
    mean = total / n_samples
    return VoltageCovariance(
        n_samples, mean + (0 if shift is None else shift), squares / n_samples - np.outer(mean, mean)
    )
