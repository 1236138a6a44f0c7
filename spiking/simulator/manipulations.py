"""Circuit manipulations: each takes a network and returns a changed one; the original is left as it is.

As users of the method publish them (Kim & Sejnowski, Nature Neuroscience 2021): scaling of connection classes, removal of
self-connections, lesions, shuffled or replaced weights. Dendrites stay as they are, each connection on its compartment.
Frozen noise is a seed: the same seed gives the same noise to whatever network.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import is_number, shown
from rate2spike.errors import InputError
from rate2spike.io.unit_indices import unit_indices
from rate2spike.seeding import Role, generator, resolve_seed
from rate2spike.spiking.simulator.mapped_network import as_numbers
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.stimulation import units_of_type


@public()
def scale_connections(network: SpikingNetwork, source: str, target: str, factor: float) -> SpikingNetwork:
    """Scale all weights from units of one class to units of another.

    Parameters
    ----------
    network : SpikingNetwork
        It is left as it is.
    source, target : str
        'E' (excitatory), 'I' (inhibitory), 'all', or the name of a unit type.
    factor : float
        From 0 on; 0 cuts the connections.

    Returns
    -------
    SpikingNetwork

    Raises
    ------
    InputError
        For a type that no unit has, and a factor below 0.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25)
    >>> weaker = r2s.manipulations.scale_connections(network, "I", "E", 0.5)
    >>> bool(abs(weaker.w).sum() < abs(network.w).sum())
    True
    """
    _check(network)
    if not is_number(factor):
        raise InputError(f"connections are scaled by a number, got {shown(factor)}", "factor")
    if not 0 <= factor < np.inf:
        raise InputError(f"connections are scaled by a finite factor of at least 0, got {factor}")
    w = network.w.copy()
    w[np.ix_(units_in(network, target), units_in(network, source))] *= w.dtype.type(factor)
    return replace(network, w=w)


@public()
def remove_self_connections(network: SpikingNetwork) -> SpikingNetwork:
    """Cut the connections of units to themselves.

    Parameters
    ----------
    network : SpikingNetwork
        It is left as it is.

    Returns
    -------
    SpikingNetwork

    Examples
    --------
    >>> import rate2spike as r2s
    >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25)
    >>> r2s.manipulations.remove_self_connections(network).w.diagonal().any().item()
    False
    """
    _check(network)
    w = network.w.copy()
    np.fill_diagonal(w, 0)
    return replace(network, w=w)


@public()
def lesion(network: SpikingNetwork, units: str | Iterable[int]) -> SpikingNetwork:
    """Make units silent: they never fire.

    Parameters
    ----------
    network : SpikingNetwork
        It is left as it is.
    units : str, or iterable of int
        Units from 0, a mask (N,) of bool, or a class or type as for `scale_connections`.

    Returns
    -------
    SpikingNetwork

    Raises
    ------
    InputError
        For units that there are not.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25)
    >>> r2s.manipulations.lesion(network, range(10)).n_silent
    10
    """
    _check(network)
    silent = np.zeros(network.n_units, bool) if network.silent is None else network.silent.copy()
    silent[_checked_units(network, units)] = True
    return replace(network, silent=silent)


@public()
def shuffle_weights(network: SpikingNetwork, seed: int, *, which: str = "w") -> SpikingNetwork:
    """Put weights in random places: positive ones change places among themselves, and so do negative ones.

    So sign and sparsity stay, per connection for recurrent weights, per input for those of the inputs. With dendrites a
    connection keeps its compartment: a weight acts on that of its new place.

    Parameters
    ----------
    network : SpikingNetwork
        It is left as it is.
    seed : int
        Of the new places.
    which : str, default 'w'
        'w', the recurrent weights, or 'w_in'.

    Returns
    -------
    SpikingNetwork

    Raises
    ------
    InputError
        For other weights.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25)
    >>> shuffled = r2s.manipulations.shuffle_weights(network, seed=1)
    >>> shuffled == network, bool(abs(shuffled.w.sum() - network.w.sum()) < 1e-3)
    (False, True)
    """
    _check(network)
    if which not in ("w", "w_in"):
        raise InputError(f"weights to shuffle are 'w' or 'w_in', got {which!r}")
    rng = generator(resolve_seed(seed), Role.MANIPULATION)
    if which == "w":
        return replace(network, w=_shuffled(network.w, rng))
    return replace(network, w_in=np.stack([_shuffled(column, rng) for column in network.w_in.T], 1))


@public()
def replace_weights(
    network: SpikingNetwork, *, w: np.ndarray | None = None, w_in: np.ndarray | None = None
) -> SpikingNetwork:
    """Give a network other weights.

    Parameters
    ----------
    network : SpikingNetwork
        It is left as it is.
    w : array (N, N), default None
        Recurrent weights [target, source], already divided by the scaling factor; None: as they are.
    w_in : array (N, n_inputs), default None
        Input weights; None: as they are.

    Returns
    -------
    SpikingNetwork

    Raises
    ------
    InputError
        For another shape, NaN or infinite values, and where nothing is given.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25)
    >>> r2s.manipulations.replace_weights(network, w=0.5 * network.w).n_units
    200
    """
    _check(network)
    if w is None and w_in is None:
        raise InputError("no weights are given: w, w_in or both")
    changed: dict[str, Any] = {}
    for name, given in (("w", w), ("w_in", w_in)):
        if given is not None:
            old = getattr(network, name)
            new = as_numbers(given, name, f"({', '.join(map(str, old.shape))})").astype(old.dtype)
            if new.shape != old.shape:
                raise InputError(
                    f"{name} must be {' x '.join(map(str, old.shape))}, got {' x '.join(map(str, new.shape)) or 'a number'}"
                )
            if not np.isfinite(new).all():
                raise InputError(f"{name} holds NaN or infinite values")
            changed[name] = new
    return replace(network, **changed)


@public()
def units_in(network: SpikingNetwork, group: str) -> np.ndarray:
    """Indices of the units of a class or type.

    Parameters
    ----------
    network : SpikingNetwork
    group : str
        'E' (excitatory), 'I' (inhibitory), 'all', or the name of a unit type.

    Returns
    -------
    array (n,) of int
        From 0.

    Raises
    ------
    InputError
        For a type that no unit has; it names those that there are.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25)
    >>> r2s.manipulations.units_in(network, "I").size
    39
    """
    _check(network)
    if not isinstance(group, str):
        raise InputError(f"units are named by 'E', 'I', 'all' or a unit type, got {shown(group)}")
    if group == "all":
        return np.arange(network.n_units)
    if group in ("E", "I"):
        return np.flatnonzero(network.inhibitory == (group == "I"))
    return units_of_type(network.types, group)


def _check(network: Any) -> None:
    if not isinstance(network, SpikingNetwork):
        raise InputError(f"{{network}} must be a SpikingNetwork, got {shown(network)}", "network")


def _checked_units(network: SpikingNetwork, units: str | Iterable[int]) -> np.ndarray:
    if isinstance(units, str):
        return units_in(network, units)
    return unit_indices(units, network.n_units)


def _shuffled(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    shuffled = weights.copy()
    for members in (weights > 0, weights < 0):
        shuffled[members] = rng.permutation(weights[members])
    return shuffled
