"""Sparse arrays as MATLAB stores them, by columns, checked and made a SciPy matrix.

SciPy takes indices beyond the matrix as they are, unless it is asked to check them.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from rate2spike.matlab_compat.values import Budget, UnknownForm


@dataclass(frozen=True, eq=False)
class SparseParts:
    """As stored; `rows` and `values` may have room for more elements than there are."""

    rows: np.ndarray
    starts: np.ndarray  # of the columns within rows and values, and their end; may be missing if there are no columns
    values: np.ndarray


def sparse_matrix(parts: SparseParts, shape: tuple[int, ...], budget: Budget) -> scipy.sparse.csc_matrix:
    """The matrix. Raises UnknownForm if the parts do not fit, TooLarge."""
    starts, rows = parts.starts, parts.rows
    if not starts.size and not shape[1]:
        starts = np.zeros(1, np.int64)
    if starts.dtype.kind not in "iu" or starts.size != shape[1] + 1 or starts[0] != 0:
        raise UnknownForm("unreadable column starts of a sparse array")
    budget.take(8 * starts.size)
    starts = starts.astype(np.int64)
    if (np.diff(starts) < 0).any():
        raise UnknownForm("unreadable column starts of a sparse array")
    count = int(starts[-1])
    if min(rows.size, parts.values.size) < count or (count and rows.dtype.kind not in "iu"):
        raise UnknownForm("too few elements in a sparse array")
    budget.take(24 * count)
    rows = rows[:count].astype(np.int64)
    if count and not (rows.min() >= 0 and rows.max() < shape[0]):
        raise UnknownForm("row index of a sparse array out of range")
    return scipy.sparse.csc_matrix((parts.values[:count], rows, starts), shape=shape)
