"""The table of a cell's dendritic segments, in the order of its synapses and of its dendritic voltages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.calls import public
from rate2spike.readable import Readable, draw
from rate2spike.spiking.detailed_cells.morphology import APICAL, BASAL, Morphology

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TUFT = ("a36", "a78")  # first and last section; it includes a piece of the trunk


@dataclass(frozen=True, eq=False, repr=False)
class Segments(Readable):
    """n dendritic segments: basal ones first, each section from its proximal to its distal end.

    Parameters
    ----------
    kind : (n,) array of str
        basal, apical or dendrite.
    section : (n,) int32 array
        Index of its section among the dendritic ones.
    x : (n,) float64 array
        Place of its centre in the section, from 0 to 1.
    length_um, diameter_um : (n,) float64 arrays
    distance_um : (n,) float64 array
        Path from the 0-end of the soma to its centre.
    ends_um : (n, 4) float64 array
        x, y of its proximal and of its distal end, on the straight line between the ends of its section.
    groups : dict of str to (k,) int32 arrays
        Segments that figures draw together: of the pyramidal cell basal, oblique and tuft.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.morphology import l5_morphology
    >>> from rate2spike.spiking.detailed_cells.segments import segments_of
    >>> segments = segments_of(l5_morphology())
    >>> segments
    Segments(n_segments=639, n_sections=193, total_length_um=1.257e+04)
    >>> {name: indices.size for name, indices in segments.groups.items()}
    {'basal': 262, 'oblique': 184, 'tuft': 193}
    """

    shown = ("n_segments", "n_sections", "total_length_um")

    kind: np.ndarray
    section: np.ndarray
    x: np.ndarray
    length_um: np.ndarray
    diameter_um: np.ndarray
    distance_um: np.ndarray
    ends_um: np.ndarray
    groups: Mapping[str, np.ndarray] = field(repr=False)

    @property
    def n_segments(self) -> int:
        """Number of segments n."""
        return self.kind.size

    @property
    def n_sections(self) -> int:
        """Number of dendritic sections."""
        return int(self.section.max()) + 1

    @property
    def total_length_um(self) -> float:
        """Length of the whole dendritic tree."""
        return float(self.length_um.sum())

    @property
    def area_um2(self) -> np.ndarray:
        """(n,) membrane area of each segment."""
        return np.pi * self.diameter_um * self.length_um

    @property
    def centres_um(self) -> np.ndarray:
        """(n, 2) x, y of the centre of each segment."""
        return (self.ends_um[:, :2] + self.ends_um[:, 2:]) / 2

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the tree.

        Parameters
        ----------
        ax : matplotlib Axes, default None
            Where, in place of a new figure.

        Returns
        -------
        Figure
        """
        return draw("spiking.detailed_cells.plots:tree", self, ax)


def segments_of(morphology: Morphology) -> Segments:
    """The dendritic segments of a tree, in the order of its sections."""
    dendrites = [k for k, section in enumerate(morphology.sections) if section.is_dendrite]
    starts_um = morphology.start_distances_um
    columns: dict[str, list[Any]] = {}
    for index, k in enumerate(dendrites):
        section = morphology.sections[k]
        n, ends = section.n_segments, np.array(section.ends_um or (0.0,) * 4)
        borders = ends[:2] + np.linspace(0, 1, n + 1)[:, None] * (ends[2:] - ends[:2])
        rows = dict(
            kind=[section.kind] * n,
            section=[index] * n,
            x=section.centres,
            length_um=[section.length_um / n] * n,
            diameter_um=section.diameters_um,
            distance_um=starts_um[k] + section.centres * section.length_um,
            ends_um=np.hstack([borders[:-1], borders[1:]]),
        )
        for name, values in rows.items():
            columns.setdefault(name, []).extend(values)
    arrays = {name: np.array(values) for name, values in columns.items()}
    arrays["section"] = arrays["section"].astype(np.int32)
    return Segments(**arrays, groups=_groups(morphology, arrays["kind"], arrays["section"]))


@public()
def morphology_dict(morphology: Morphology) -> dict[str, Any]:
    """The dictionary that figure scripts of the published software read (its file `morphology_dict.pickle`).

    Parameters
    ----------
    morphology : Morphology

    Returns
    -------
    dict
        Sections are the dendritic ones in canonical order; lengths in um. Coordinates map, per tree, the section, or the
        section and the segment in it, to arrays x, y, z and d (diameter) of its two ends; z is 0, which no table has.

    Raises
    ------
    InputError
        For a call that does not fit.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.morphology import l5_morphology
    >>> from rate2spike.spiking.detailed_cells.segments import morphology_dict
    >>> tree = morphology_dict(l5_morphology())
    >>> len(tree["all_segments_length"]), len(tree["all_sections_length"]), len(tree["all_apical_section_coords"])
    (639, 193, 109)
    """
    segments = segments_of(morphology)
    starts_um = morphology.start_distances_um
    kept = [k for k, section in enumerate(morphology.sections) if section.is_dendrite]
    sections = [morphology.sections[k] for k in kept]
    in_section = np.concatenate([np.arange(section.n_segments) for section in sections])
    along_um = segments.x * np.array([section.length_um for section in sections])[segments.section]
    tree: dict[str, Any] = {
        "all_sections_length": [section.length_um for section in sections],
        "all_sections_distance_from_soma": [float(starts_um[k]) for k in kept],
        "all_segments_length": segments.length_um.tolist(),
        "all_segments_type": segments.kind.tolist(),
        "all_segments_distance_from_soma": segments.distance_um.tolist(),
        "all_segments_section_distance_from_soma": (segments.distance_um - along_um).tolist(),
        "all_segments_section_index": segments.section.tolist(),
        "all_segments_segment_index_within_section_index": in_section.tolist(),
    }
    for kind in (BASAL, APICAL):
        rows = np.flatnonzero(segments.kind == kind).tolist()
        first = int(segments.section[rows[0]]) if rows else 0
        by_segment = {
            (int(segments.section[i]) - first, int(in_section[i])): _coordinates(segments, i, i) for i in rows
        }
        by_section = {
            int(k) - first: _coordinates(segments, *np.flatnonzero(segments.section == k)[[0, -1]])
            for k in np.unique(segments.section[rows])
        }
        tree |= {f"all_{kind}_section_coords": by_section, f"all_{kind}_segment_coords": by_segment}
    return tree


def _coordinates(segments: Segments, first: int, last: int) -> dict[str, np.ndarray]:
    """Of the proximal end of one segment and the distal end of another."""
    (x0, y0), (x1, y1) = segments.ends_um[first, :2], segments.ends_um[last, 2:]
    diameters = segments.diameter_um[[first, last]]
    return {"x": np.array([x0, x1]), "y": np.array([y0, y1]), "z": np.zeros(2), "d": diameters}


def _groups(morphology: Morphology, kind: np.ndarray, section: np.ndarray) -> dict[str, np.ndarray]:
    """Basal, oblique and tuft of a tree with these names; of any other all segments."""
    names = [one.name for one in morphology.sections if one.is_dendrite]
    if not all(name in names for name in _TUFT):
        return {"all": np.arange(kind.size, dtype=np.int32)}
    first, last = (names.index(name) for name in _TUFT)
    is_tuft, is_basal = (section >= first) & (section <= last), kind == BASAL
    chosen = {"basal": is_basal, "oblique": ~is_basal & ~is_tuft, "tuft": is_tuft}
    return {name: np.flatnonzero(which).astype(np.int32) for name, which in chosen.items()}
