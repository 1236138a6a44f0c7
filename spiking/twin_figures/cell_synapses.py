"""Which synapses of a cell figures draw together: excitatory and inhibitory ones, by parts of the tree."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import shown, whole_number
from rate2spike.errors import InputError
from rate2spike.readable import Readable
from rate2spike.spiking.detailed_cells.segments import Segments

WHOLE = "all"  # name of the only group


class SynapseGroup(NamedTuple):
    """Synapses of one part of a cell, as rows of its input."""

    excitatory: np.ndarray
    inhibitory: np.ndarray


@public()
@dataclass(frozen=True, eq=False, repr=False)
class CellSynapses(Readable):
    """Synapses of a cell, excitatory ones first, and the segments where they are.

    Parameters
    ----------
    n_excitatory, n_inhibitory : int
        Of a cell with segments one of each per segment, in the order of segments.
    segments : Segments, or None, default None
        None: the cell is a point.

    Raises
    ------
    InputError
        For numbers that cannot be, or that are not those of the segments.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.l5_pyramidal import l5_pyramidal
    >>> from rate2spike.spiking.twin_figures.cell_synapses import CellSynapses
    >>> synapses = CellSynapses.of(l5_pyramidal())
    >>> {name: group.inhibitory[:2].tolist() for name, group in synapses.groups.items()}
    {'basal': [639, 640], 'oblique': [901, 902], 'tuft': [1005, 1006]}
    """

    shown = ("n_excitatory", "n_inhibitory", "group_names")

    n_excitatory: int
    n_inhibitory: int
    segments: Segments | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name, least in (("n_excitatory", 1), ("n_inhibitory", 0)):
            object.__setattr__(self, name, whole_number(getattr(self, name), f"{{{name}}}", name, least=least))
        if self.segments is None:
            return
        if not isinstance(self.segments, Segments):
            raise InputError(f"{{segments}} must be Segments(...) or None, got {shown(self.segments)}", "segments")
        n = self.segments.n_segments
        if not self.n_excitatory == self.n_inhibitory == n:
            raise InputError(
                f"a cell of {n} {{segments}} has {n} synapses of each kind, got {self.n_excitatory} excitatory and "
                f"{self.n_inhibitory} inhibitory ones",
                "segments",
            )

    @classmethod
    def of(cls, cell: Any) -> "CellSynapses":
        """The synapses of a cell: of anything with n_synapses, n_excitatory and segments. Raises InputError."""
        if not all(hasattr(cell, name) for name in ("n_synapses", "n_excitatory", "segments")):
            raise InputError(
                f"{{cell}} must be a cell, with n_synapses, n_excitatory and segments; got {shown(cell)}", "cell"
            )
        return cls(cell.n_excitatory, cell.n_synapses - cell.n_excitatory, cell.segments)

    @property
    def n_synapses(self) -> int:
        """Synapses of both kinds."""
        return self.n_excitatory + self.n_inhibitory

    @property
    def group_names(self) -> tuple[str, ...]:
        """Names of the parts of the cell."""
        return tuple(self.segment_groups)

    @property
    def segment_groups(self) -> dict[str, np.ndarray]:
        """Segments of each part: those the cell names, else its basal and apical trees; of a point its places."""
        if self.segments is None:
            return {WHOLE: np.arange(self.n_excitatory)}
        named = {name: np.asarray(members) for name, members in self.segments.groups.items()}
        if len(named) > 1:
            return named
        kinds = list(dict.fromkeys(self.segments.kind.tolist()))
        if len(kinds) > 1:
            return {kind: np.flatnonzero(self.segments.kind == kind) for kind in kinds}
        return {WHOLE: np.arange(self.segments.n_segments)}

    @property
    def groups(self) -> dict[str, SynapseGroup]:
        """Synapses of each part."""
        if self.segments is None:
            rows = np.arange(self.n_synapses)
            return {WHOLE: SynapseGroup(rows[: self.n_excitatory], rows[self.n_excitatory :])}
        return {
            name: SynapseGroup(members, members + self.n_excitatory) for name, members in self.segment_groups.items()
        }


def checked_input(n_synapses: int, synapses: CellSynapses, name: str) -> None:
    """Raise InputError unless data are of as many synapses."""
    if n_synapses != synapses.n_synapses:
        raise InputError(f"{{{name}}} must be of {synapses.n_synapses} synapses, as the cell's, got {n_synapses}", name)
