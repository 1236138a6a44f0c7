"""The tree of a cell: sections that are cylinders in pieces; the layer 5 pyramidal cell, and a ball with a stick."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import POSITIVE, number, whole_number
from rate2spike.readable import Readable

TABLE = "l5_pyramidal_sections.txt"
BASAL, APICAL, SOMA, AXON, DENDRITE = "basal", "apical", "soma", "axon", "dendrite"
NOT_DENDRITES = (SOMA, AXON)
_KINDS = {"s": SOMA, "d": BASAL, "a": APICAL, "x": AXON}  # by the letter of a name


@dataclass(frozen=True)
class Section:
    """An unbranched piece of the tree, cut into segments of equal length.

    Parameters
    ----------
    name : str
    kind : str
        soma, axon, or a kind of dendrite: basal, apical, dendrite.
    parent : int or None
        Index of the section that its 0-end is attached to; None: the root.
    parent_x : float
        Where on the parent, from 0 to 1.
    length_um : float
    diameters_um : tuple of float
        Of each segment, from the 0-end on.
    ends_um : (float, float, float, float) or None
        x, y of the 0-end and of the 1-end, for drawings.
    """

    name: str
    kind: str
    parent: int | None
    parent_x: float
    length_um: float
    diameters_um: tuple[float, ...]
    ends_um: tuple[float, float, float, float] | None = None

    @property
    def n_segments(self) -> int:
        """Number of segments."""
        return len(self.diameters_um)

    @property
    def is_dendrite(self) -> bool:
        """Whether synapses may be on it."""
        return self.kind not in NOT_DENDRITES

    @property
    def centres(self) -> np.ndarray:
        """Places x of the centres of its segments, from 0 to 1."""
        return (np.arange(self.n_segments) + 0.5) / self.n_segments

    @property
    def area_um2(self) -> float:
        """Membrane area."""
        return float(np.pi * self.length_um / self.n_segments * sum(self.diameters_um))


@dataclass(frozen=True, eq=False, repr=False)
class Morphology(Readable):
    """Sections, each after its parent, the root first. The order of its segments is that of all simulations.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.morphology import l5_morphology
    >>> l5_morphology()
    Morphology(n_sections=196, n_compartments=642)
    """

    shown = ("n_sections", "n_compartments")

    sections: tuple[Section, ...]

    @property
    def n_sections(self) -> int:
        """Sections, soma and axon included."""
        return len(self.sections)

    @property
    def n_compartments(self) -> int:
        """Segments of all sections."""
        return sum(section.n_segments for section in self.sections)

    @property
    def section_of_compartment(self) -> np.ndarray:
        """(n_compartments,) index of the section of each."""
        return np.repeat(np.arange(self.n_sections), [section.n_segments for section in self.sections])

    @property
    def is_dendrite(self) -> np.ndarray:
        """(n_compartments,) whether each is dendritic: these, in this order, are the cell's `Segments`."""
        return np.array([self.sections[k].is_dendrite for k in self.section_of_compartment])

    @property
    def start_distances_um(self) -> np.ndarray:
        """(n_sections,) path from the 0-end of the root to the 0-end of each section."""
        starts = np.zeros(self.n_sections)
        for k, section in enumerate(self.sections):
            if section.parent is not None:
                starts[k] = starts[section.parent] + section.parent_x * self.sections[section.parent].length_um
        return starts

    def index(self, name: str) -> int:
        """Index of a section by its name."""
        return next(k for k, section in enumerate(self.sections) if section.name == name)

    def compartment(self, name: str, x: float) -> int:
        """Index of the compartment at place x of a section."""
        k = self.index(name)
        n = self.sections[k].n_segments
        return sum(section.n_segments for section in self.sections[:k]) + min(int(x * n), n - 1)


@cache
def l5_morphology() -> Morphology:
    """The layer 5 thick-tufted pyramidal cell of Hay et al. 2011, reduced to one line a section; the axon is a stump.

    Soma, 84 basal and 109 apical sections with 262 and 377 segments, and two sections of axon. A section of length L has
    1 + 2 floor(L / 40 um) segments.
    """
    text = files(__package__).joinpath(TABLE).read_text("utf-8")
    indices: dict[str, int] = {}
    sections = []
    for line in text.splitlines():
        if not line.startswith("#"):
            sections.append(_section(line.split(), indices))
            indices[sections[-1].name] = len(indices)
    return Morphology(tuple(sections))


@public()
def ball_and_stick_morphology(n_segments: int = 8, length_um: float = 2048.0, diameter_um: float = 1.0) -> Morphology:
    """A soma of 25 um with one unbranched dendrite at its 1-end.

    Parameters
    ----------
    n_segments : int, default 8
        Of the dendrite.
    length_um : float, default 2048
    diameter_um : float, default 1
        Of the dendrite.

    Returns
    -------
    Morphology

    Raises
    ------
    InputError
        For lengths that are not positive, and no segments.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.morphology import ball_and_stick_morphology
    >>> ball_and_stick_morphology(64, length_um=128, diameter_um=4)
    Morphology(n_sections=2, n_compartments=65)
    """
    n_segments = whole_number(n_segments, "{n_segments}", "n_segments", most=10**5)
    length_um = number(length_um, "{length_um}", "length_um", POSITIVE)
    diameter_um = number(diameter_um, "{diameter_um}", "diameter_um", POSITIVE)
    soma = Section("s0", SOMA, None, 0.0, 25.0, (25.0,), (-25.0, 0.0, 0.0, 0.0))
    stick = Section("d0", DENDRITE, 0, 1.0, length_um, (diameter_um,) * n_segments, (0.0, 0.0, length_um, 0.0))
    return Morphology((soma, stick))


def _section(words: list[str], indices: dict[str, int]) -> Section:
    """A line of the table; indices: those of the sections before it, by their names."""
    name, attached, length_um, n_segments, diameters, ends = words
    parent, _, place = attached.partition("@")
    diameters_um = tuple(float(one) for one in diameters.split(","))
    if len(diameters_um) != int(n_segments):
        raise ValueError(f"{TABLE}: {name} has {len(diameters_um)} diameters for {n_segments} segments")
    ends_um: Any = None if ends == "-" else tuple(float(one) for one in ends.split(","))
    kind, place_on_parent = _KINDS[name[0]], float(place or 0)
    return Section(name, kind, indices.get(parent), place_on_parent, float(length_um), diameters_um, ends_um)
