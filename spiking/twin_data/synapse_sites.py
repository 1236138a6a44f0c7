"""Where the synapses of a cell sit, as far as random input must know: in which tree, and with which share of its events."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.readable import Readable

_ADDED_UM = 10.0  # to the length of a segment, which the rate of its synapses follows
_APICAL = "apical"


@dataclass(frozen=True, eq=False, repr=False)
class SynapseSites(Readable):
    """n synapses, excitatory ones first.

    Parameters
    ----------
    n_excitatory : int
    tree : (n,) int8 array
        0; 1 of synapses in the apical tree.
    share : (n,) float64 array
        Of all events that synapses of this kind, excitatory or inhibitory, receive in this tree: they add up to 1.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
    >>> from rate2spike.spiking.twin_data.synapse_sites import sites_of
    >>> sites_of(IntegrateAndFire())
    SynapseSites(n_synapses=100, n_excitatory=80, n_trees=1)
    """

    shown = ("n_synapses", "n_excitatory", "n_trees")

    n_excitatory: int
    tree: np.ndarray
    share: np.ndarray

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return self.tree.size

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return int(self.tree.max()) + 1

    @property
    def is_inhibitory(self) -> np.ndarray:
        """(n,) bool."""
        return np.arange(self.n_synapses) >= self.n_excitatory


def sites_of(cell: Any) -> SynapseSites:
    """The synapses of a cell: of a point all alike; else one of each kind on every segment. Raises InputError."""
    if cell.segments is None:
        return point_sites(cell.n_excitatory, cell.n_synapses - cell.n_excitatory)
    sites = sites_on_segments(cell.segments.length_um, np.asarray(cell.segments.kind) != _APICAL)
    if (cell.n_synapses, cell.n_excitatory) != (sites.n_synapses, sites.n_excitatory):
        raise InputError(
            f"random input is for one excitatory and one inhibitory synapse per segment; {cell.name} has "
            f"{cell.n_excitatory} and {cell.n_synapses - cell.n_excitatory} on {sites.n_excitatory} segments",
            "cell",
        )
    return sites


def point_sites(n_excitatory: int, n_inhibitory: int) -> SynapseSites:
    """Synapses that are all alike."""
    share = np.repeat([1 / n_excitatory, 1 / max(n_inhibitory, 1)], [n_excitatory, n_inhibitory])
    return SynapseSites(n_excitatory, np.zeros(share.size, np.int8), share)


def sites_on_segments(length_um: np.ndarray, is_basal: np.ndarray) -> SynapseSites:
    """An excitatory and an inhibitory synapse on each segment (n,); the longer it is, the more events they receive."""
    tree = np.where(is_basal, 0, 1).astype(np.int8)
    if tree.all():  # an apical tree alone
        tree = np.zeros_like(tree)
    weight = np.asarray(length_um, float) + _ADDED_UM
    share = weight / np.bincount(tree, weight)[tree]
    return SynapseSites(tree.size, np.tile(tree, 2), np.tile(share, 2))
