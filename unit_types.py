"""Types of units: their names where nothing else is known, and which units are of which type. N units."""

from collections.abc import Iterable

import numpy as np

from rate2spike.errors import InputError

EXCITATORY, INHIBITORY, SOM = "excitatory", "inhibitory", "SOM"
PV_LIKE = "PV-like inhibitory"  # the inhibitory units of a network that has SOM units too


def by_sign(inhibitory: np.ndarray, som: np.ndarray | None = None) -> np.ndarray:
    """(N,) names: by sign and, where there are any, somatostatin units (N,) bool."""
    if som is None or not som.any():
        return np.where(inhibitory, INHIBITORY, EXCITATORY)
    return np.where(inhibitory, np.where(som, SOM, PV_LIKE), EXCITATORY)


def known(
    types: np.ndarray | None, inhibitory: np.ndarray | None, n_units: int, otherwise: str = "unknown"
) -> np.ndarray:
    """(N,) names: the types given, else by sign, else `otherwise` for all (records read from .mat know no signs)."""
    if types is not None:
        return types
    return np.full(n_units, otherwise) if inhibitory is None else by_sign(inhibitory)


def names_in_order(types: np.ndarray, inhibitory: np.ndarray | None) -> list[str]:
    """The types that there are, as figures show them: excitatory ones first, SOM last."""
    signs = np.zeros(types.size, bool) if inhibitory is None else inhibitory
    return sorted(set(types.tolist()), key=lambda name: (signs[types == name].any(), name == SOM, name))


def members(types: np.ndarray, names: Iterable[str]) -> dict[str, np.ndarray]:
    """Name of each type -> (N,) bool: its units."""
    return {name: types == name for name in names}


def of_type(types: np.ndarray, name: str) -> np.ndarray:
    """(N,) bool: the units of a type. Raises InputError naming the types."""
    chosen = types == name
    if not chosen.any():
        raise InputError(f"no unit is of type {name!r}: types are {', '.join(sorted(set(types.tolist())))}")
    return chosen
