"""Input unlike that which a network was fitted on: in a part of the dendrites, oscillating, or without inhibition."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import FRACTION, POSITIVE, shown, whole_number
from rate2spike.errors import InputError
from rate2spike.options import check_options, option
from rate2spike.seeding import Role, generator
from rate2spike.spiking.twin_data.drawn_input import DrawnInput
from rate2spike.spiking.twin_data.random_input import RandomInput
from rate2spike.spiking.twin_data.synapse_sites import SynapseSites, sites_of
from rate2spike.spiking.twin_data.value_ranges import range_of


def _clusters_given(value: Any) -> tuple[int, ...]:
    """Whole numbers; every one from 0 to the largest occurs. Raises InputError."""
    name = "segment_clusters"
    if not isinstance(value, Iterable) or isinstance(value, str | bytes):
        raise InputError(f"{{{name}}} must be a whole number for every segment, got {shown(value)}", name)
    clusters = tuple(whole_number(one, "a cluster of {segment_clusters}", name, 0, 10**6) for one in value)
    missing = set(range(max(clusters, default=-1) + 1)) - set(clusters)
    if missing:
        raise InputError(f"no segment of {{{name}}} is in cluster {min(missing)}", name)
    return clusters


@public()
@dataclass(frozen=True, repr=False)
class OutOfDistributionInput(RandomInput):
    """Settings of input that a network was not fitted on, as Beniaguev et al. 2021 tested theirs with it.

    Each simulation stimulates the synapses of some clusters of segments only (`segment_clusters`), drawn anew: from one of
    them to `largest_share` of all. In some simulations all rates are multiplied by 1 + sin(2 pi t / period + phase), which
    leaves their mean; in some, independently, there is no inhibition. All else is that of `RandomInput`; synapses that are
    stimulated have the rates they have there, so that the cell receives fewer events.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.detailed_cells.l5_pyramidal import l5_pyramidal
    >>> from rate2spike.spiking.twin_data.out_of_distribution import OutOfDistributionInput
    >>> ten_in_a_row = OutOfDistributionInput(duration_ms=1000, segment_clusters=np.arange(639) // 10)
    >>> ten_in_a_row.draw(l5_pyramidal(), seed=0, simulation=4).drawn["clusters"]
    [25, 35, 42, 47]
    """

    segment_clusters: tuple[int, ...] = option((), "cluster of each dendritic segment", check=_clusters_given)
    largest_share: float = option(0.3, "largest share of clusters that are stimulated", allowed=FRACTION)
    oscillating: float = option(0.5, "share of simulations whose rates oscillate", allowed=FRACTION)
    period_ms: tuple[float, float] = option(
        (15.0, 300.0), "period of these, ms, from and to", check=range_of("period", "period_ms", POSITIVE)
    )
    uninhibited: float = option(0.5, "share of simulations without inhibition", allowed=FRACTION)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_options(self)
        if not self.segment_clusters:
            raise InputError("{segment_clusters} must say the cluster of every segment, got none", "segment_clusters")
        if self.most_clusters < 1:
            raise InputError(
                f"{{largest_share}} {self.largest_share:g} of {self.n_clusters} clusters is less than one",
                "largest_share",
            )

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return max(self.segment_clusters) + 1

    @property
    def most_clusters(self) -> int:
        """How many are stimulated at most."""
        return int(self.largest_share * self.n_clusters)

    @public()
    def draw(self, cell: Any, seed: int, simulation: int, attempt: int = 0) -> DrawnInput:
        """Input of one simulation.

        Parameters
        ----------
        cell : CableCell
            With as many dendritic segments as there are clusters given; or the SynapseSites of one.
        seed : int
            Of all simulations.
        simulation : int
            Number of this one: each has its own draws, in whatever order they are made.
        attempt : int, default 0
            How many inputs of this simulation were refused before.

        Returns
        -------
        DrawnInput
            The events; drawn are, beside hold_ms and sigma_ms, the clusters (list of int), period_ms (None: no oscillation),
            phase and inhibition (bool).

        Raises
        ------
        InputError
            For a cell with another number of segments, or whose segments do not have one synapse of each kind.

        Examples
        --------
        >>> import numpy as np
        >>> from rate2spike.spiking.detailed_cells.l5_pyramidal import l5_pyramidal
        >>> from rate2spike.spiking.twin_data.out_of_distribution import OutOfDistributionInput
        >>> halves = OutOfDistributionInput(segment_clusters=np.arange(639) // 320, largest_share=0.5)
        >>> halves.draw(l5_pyramidal(), seed=0, simulation=0).drawn["inhibition"]
        False
        """
        sites = cell if isinstance(cell, SynapseSites) else sites_of(cell)
        if sites.n_excitatory != len(self.segment_clusters) or sites.n_synapses != 2 * sites.n_excitatory:
            raise InputError(
                f"{{segment_clusters}} is of {len(self.segment_clusters)} segments; the cell has {sites.n_excitatory} "
                f"excitatory and {sites.n_synapses - sites.n_excitatory} inhibitory synapses",
                "segment_clusters",
            )
        rng = generator(seed, Role.STIMULATED_CLUSTERS, simulation, attempt)
        n_stimulated = int(rng.integers(1, self.most_clusters, endpoint=True))
        clusters = np.sort(rng.permutation(self.n_clusters)[:n_stimulated])
        oscillates, period_ms = rng.random() < self.oscillating, float(rng.uniform(*self.period_ms))
        phase, inhibition = float(rng.uniform(0, 2 * np.pi)), bool(rng.random() >= self.uninhibited)
        is_stimulated = np.tile(np.isin(self.segment_clusters, clusters), 2)
        is_stimulated[sites.n_excitatory :] &= inhibition
        factor = np.ones(self.duration_ms)
        if oscillates:
            factor += np.sin(2 * np.pi * np.arange(self.duration_ms) / period_ms + phase)
        given = self._drawn(replace(sites, share=sites.share * is_stimulated), factor, seed, simulation, attempt)
        drawn = {
            "clusters": clusters.tolist(),
            "period_ms": period_ms if oscillates else None,
            "phase": phase if oscillates else None,
            "inhibition": inhibition,
        }
        return DrawnInput(given.events, {**given.drawn, **drawn})
