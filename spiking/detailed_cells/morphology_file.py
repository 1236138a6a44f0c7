"""Trees of cells from files of reconstructions, .swc and Neurolucida's .asc, by the library MorphIO."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from rate2spike import checks
from rate2spike.calls import public
from rate2spike.checks import POSITIVE, number, true_or_false
from rate2spike.errors import InputError
from rate2spike.extras import imported
from rate2spike.spiking.detailed_cells.morphology import APICAL, AXON, BASAL, SOMA, Morphology, Section

_KINDS = {3: (BASAL, "d"), 4: (APICAL, "a")}  # by the type in the file
_STUMP = (30.0, 1.0)  # length and diameter of each of the two pieces that stand for an axon, um
_MOST_SEGMENTS = 10**5  # of a section
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@public()
def load_morphology(path: str | Path, *, segment_um: float = 40.0, axon_stump: bool = True) -> Morphology:
    """The tree of a cell that was reconstructed.

    Soma, then all basal sections, then all apical ones. Reconstructed axons are left out. A section of length L has
    1 + 2 floor(L / segment_um) segments, whose diameters give them the area they have in the file. A soma that is a contour
    becomes a ball of its mean radius, and every ball a cylinder of its area.

    Parameters
    ----------
    path : str or Path
        A .swc, .asc or MorphIO .h5 file.
    segment_um : float, default 40
        A segment is shorter than this.
    axon_stump : bool, default True
        Put two cylinders of 30 um x 1 um in the place of the axon.

    Returns
    -------
    Morphology

    Raises
    ------
    InputError
        For a file that cannot be read, with the line at which reading ended, cells without soma or dendrites, dendrites that
        grow out of an axon or of the other kind of dendrite, and if the library MorphIO is missing.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.morphology_file import load_morphology
    >>> load_morphology("cell.swc")  # doctest: +SKIP
    """
    segment_um = number(segment_um, "{segment_um}", "segment_um", POSITIVE)
    with_stump = true_or_false(axon_stump, "{axon_stump}", "axon_stump")
    read = _read(checks.path(path, "path"))
    sections, place = [_soma(read, path)], {}
    for kind_in_file, (kind, letter) in _KINDS.items():
        for one in read.iter():
            if int(one.type) == kind_in_file:
                place[one.id] = len(sections)
                parent = 0 if one.is_root else place.get(one.parent.id)
                if parent is None:
                    raise InputError(f"{path} has {_where(one)}", "path")
                name = f"{letter}{sum(section.kind == kind for section in sections)}"
                sections.append(_section(name, kind, parent, one, segment_um, path))
    if len(sections) == 1:
        raise InputError(f"{path} has no dendrites (types 3 and 4)", "path")
    if with_stump:
        length_um, diameter_um = _STUMP
        sections.append(Section("x0", AXON, 0, 0.5, length_um, (diameter_um,)))
        sections.append(Section("x1", AXON, len(sections) - 1, 1.0, length_um, (diameter_um,)))
    return Morphology(tuple(sections))


def _read(path: Path) -> Any:
    morphio = imported("morphio", "morphology", "reading a reconstruction")
    if not path.is_file():
        raise InputError(f"{path} {'is no file' if path.exists() else 'does not exist'}", "path")
    morphio.set_maximum_warnings(0)
    try:
        return morphio.Morphology(path)
    except morphio.MorphioError as error:
        text = " ".join(_COLOURS.sub("", str(error)).split())
        place = re.compile(rf"{re.escape(str(path))}:(\d+):(error|warning)")
        line = place.search(text)
        where = f"{path}, line {line[1]}" if line else str(path)
        said = " ".join(place.sub("", text, count=1).split())
        said = place.sub(r"line \1", said)
        raise InputError(f"{where}: no reconstruction that can be read ({said})", "path") from None


def _where(one: Any) -> str:
    """A section whose parent is of no kind, or of one that does not bear it."""
    names = {2: "an axon", 3: "a basal dendrite", 4: "an apical dendrite"}
    kind, parent = (names.get(int(section.type), "a section of another type") for section in (one, one.parent))
    x, y, z = one.points[0].tolist()
    return f"{kind} that grows out of {parent}, at ({x:g}, {y:g}, {z:g}): it must grow out of its own kind or the soma"


def _soma(read: Any, path: str | Path) -> Section:
    points, diameters = np.asarray(read.soma.points, float), np.asarray(read.soma.diameters, float)
    if not len(points):
        raise InputError(f"{path} has no soma (type 1)", "path")
    is_contour = len(points) > 3 and not diameters.any()
    mean_radius_um = np.sqrt(((points - points.mean(0)) ** 2).sum(1)).mean()
    diameter_um = 2 * mean_radius_um if is_contour else diameters.max()
    if not diameter_um > 0:
        raise InputError(f"{path} has a soma of no size", "path")
    x, y = points.mean(0)[:2]
    return Section("s0", SOMA, None, 0.0, float(diameter_um), (float(diameter_um),), (x, y, x, y))


def _section(name: str, kind: str, parent: int, one: Any, segment_um: float, path: str | Path) -> Section:
    points, diameters = np.asarray(one.points, float), np.asarray(one.diameters, float)
    if diameters.min() < 0:
        x, y, z = points[diameters.argmin()]
        raise InputError(f"{path} has a negative radius at ({x:g}, {y:g}, {z:g}): {diameters.min() / 2:g} um", "path")
    along_um = np.concatenate([[0], np.cumsum(np.sqrt((np.diff(points, axis=0) ** 2).sum(1)))])
    length_um = max(float(along_um[-1]), 1e-3)  # two points at one place happen
    n_segments = 1 + 2 * int(length_um // segment_um)
    if n_segments > _MOST_SEGMENTS:
        raise InputError(
            f"{path} has a section of {length_um:g} um: with {{segment_um}} {segment_um:g} it would have {n_segments} "
            f"segments, more than {_MOST_SEGMENTS}",
            "path",
            "segment_um",
        )
    (x0, y0), (x1, y1) = points[0, :2].tolist(), points[-1, :2].tolist()
    place = 0.5 if parent == 0 else 1.0
    found = _segment_diameters(along_um, diameters, n_segments)
    return Section(name, kind, parent, place, length_um, found, (x0, y0, x1, y1))


def _segment_diameters(along_um: np.ndarray, diameters_um: np.ndarray, n_segments: int) -> tuple[float, ...]:
    """Of cylinders with the lateral areas of the cones between points."""
    borders = np.linspace(0, along_um[-1], n_segments + 1)
    at = np.unique(np.concatenate([along_um, borders]))
    d = np.interp(at, along_um, diameters_um)
    slant = np.hypot(np.diff(at), np.diff(d) / 2)
    area_over_pi = slant * (d[:-1] + d[1:]) / 2
    of_segment = np.clip(np.searchsorted(borders, (at[:-1] + at[1:]) / 2) - 1, 0, n_segments - 1)
    total = np.bincount(of_segment, area_over_pi, n_segments)
    length_um = max(along_um[-1], 1e-3) / n_segments
    return tuple(float(max(one, 1e-6)) for one in total / length_um)
