"""Indices of units, checked: a wrong one would quietly mean no unit, or another."""

from collections.abc import Iterable

import numpy as np

from rate2spike.checks import shown
from rate2spike.errors import InputError


class NoSuchUnitError(InputError, IndexError):
    """A unit that a network does not have: an index error as those of sequences are."""


def unit_index(unit: int, n_units: int) -> int:
    """One unit, from 0. Raises NoSuchUnitError, which says the range."""
    is_whole = isinstance(unit, int | np.integer) and not isinstance(unit, bool)
    if not is_whole or not 0 <= unit < n_units:
        raise NoSuchUnitError(f"unit must be a whole number from 0 to {n_units - 1}, got {unit!r}")
    return int(unit)


def unit_indices(units: Iterable[int] | np.ndarray, n_units: int) -> np.ndarray:
    """(n,) int64 units, from 0, of whole numbers or of a mask (N,) of bool. Raises InputError for one that there is not."""
    if not isinstance(units, Iterable):
        raise InputError(f"units must be whole numbers from 0, or a mask of bool, got {shown(units)}")
    given = np.ravel(units if isinstance(units, np.ndarray) else np.array(list(units)))
    if given.dtype == bool:
        if given.size != n_units:
            raise InputError(f"a mask of units must hold {n_units} values, one per unit, got {given.size}")
        return np.flatnonzero(given)
    if given.size and (given.dtype.kind not in "iuf" or not (given == np.round(given)).all()):
        raise InputError(f"units must be whole numbers from 0, or a mask of bool, got {given[:3].tolist()}")
    outside = given[(given < 0) | (given >= n_units)]
    if outside.size:
        raise NoSuchUnitError(f"unit {outside[0]:g} (from 0) does not exist: the network has {n_units} units")
    return given.astype(np.int64)
