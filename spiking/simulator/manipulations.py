"""Circuit manipulations: each takes a network and returns a changed one; the original is left as it is.

As users of the method publish them (Kim & Sejnowski, Nature Neuroscience 2021): scaling of connection classes, removal of
self-connections, lesions, shuffled or replaced weights. Frozen noise is a seed: the same seed gives the same noise to
whatever network.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from rate2spike.arrays import dense
from rate2spike.errors import InputError
from rate2spike.io.unit_indices import unit_indices
from rate2spike.seeding import Role, generator
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.stimulation import units_of_type


def scale_connections(network: SpikingNetwork, source: str, target: str, factor: float) -> SpikingNetwork:
    """All weights from units of `source` to units of `target` times `factor` (0 cuts them).

    source, target: 'E' (excitatory), 'I' (inhibitory), 'all', or the name of a unit type. Raises InputError.
    """
    if not 0 <= factor < np.inf:
        raise InputError(f"connections are scaled by a finite factor of at least 0, got {factor}")
    w = network.w.copy()
    w[np.ix_(units_in(network, target), units_in(network, source))] *= w.dtype.type(factor)
    return replace(network, w=w)


def remove_self_connections(network: SpikingNetwork) -> SpikingNetwork:
    """No unit drives itself."""
    w = network.w.copy()
    np.fill_diagonal(w, 0)
    return replace(network, w=w)


def lesion(network: SpikingNetwork, units: str | Iterable[int]) -> SpikingNetwork:
    """The given units (from 0, a mask, or a class or type as for `scale_connections`) never fire. Raises InputError."""
    silent = np.zeros(network.n_units, bool) if network.silent is None else network.silent.copy()
    silent[_checked_units(network, units)] = True
    return replace(network, silent=silent)


def shuffle_weights(network: SpikingNetwork, seed: int, *, which: str = "w") -> SpikingNetwork:
    """Weights in random places: positive ones change places among themselves, and so do negative ones.

    So sign and sparsity stay, per connection for 'w' (recurrent weights), per input for 'w_in'. Raises InputError.
    """
    if which not in ("w", "w_in"):
        raise InputError(f"weights to shuffle are 'w' or 'w_in', got {which!r}")
    rng = generator(seed, Role.MANIPULATION)
    if which == "w":
        return replace(network, w=_shuffled(network.w, rng))
    return replace(network, w_in=np.stack([_shuffled(column, rng) for column in network.w_in.T], 1))


def replace_weights(
    network: SpikingNetwork, *, w: np.ndarray | None = None, w_in: np.ndarray | None = None
) -> SpikingNetwork:
    """Other recurrent weights ([target, source], already divided by the scaling factor) or input weights.

    Raises InputError for another shape, NaN or infinite values.
    """
    changed: dict[str, Any] = {}
    for name, given in (("w", w), ("w_in", w_in)):
        if given is not None:
            old = getattr(network, name)
            new = np.asarray(dense(given, name), dtype=old.dtype)
            if new.shape != old.shape:
                raise InputError(
                    f"{name} must be {' x '.join(map(str, old.shape))}, got {' x '.join(map(str, new.shape))}"
                )
            if not np.isfinite(new).all():
                raise InputError(f"{name} holds NaN or infinite values")
            changed[name] = new
    return replace(network, **changed)


def units_in(network: SpikingNetwork, group: str) -> np.ndarray:
    """Indices of the units of 'E', 'I', 'all' or a unit type. Raises InputError naming the types."""
    if group == "all":
        return np.arange(network.n_units)
    if group in ("E", "I"):
        return np.flatnonzero(network.inhibitory == (group == "I"))
    return units_of_type(network.types, group)


def _checked_units(network: SpikingNetwork, units: str | Iterable[int]) -> np.ndarray:
    if isinstance(units, str):
        return units_in(network, units)
    return unit_indices(units, network.n_units)


def _shuffled(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    shuffled = weights.copy()
    for members in (weights > 0, weights < 0):
        shuffled[members] = rng.permutation(weights[members])
    return shuffled
