"""Figure of a wiring: compartments in rows by their distance from the outputs, which stand lowest.

ax: where to draw, in place of a new figure.
"""

from typing import Any

import numpy as np
from matplotlib.patches import Circle

from rate2spike.figures import Axes, Figure, panel, whole

_RADIUS = 0.28
_NEAR, _FAR = np.array([0.0, _RADIUS + 0.02]), np.array([0.0, _RADIUS + 0.42])  # ends of arrows from outside
_LARGEST_SIDE = 12.0
_ARROW = {"arrowstyle": "-|>", "color": "0.0", "shrinkA": 0, "shrinkB": 0}


def wiring(drawn: Any, ax: Axes | None = None) -> Figure:
    """Circles with the number of each compartment, grey if it is an output; arrows in, between and out."""
    places = _places(drawn)
    width, height = np.ptp(places, axis=0) + np.array([1.6, 2.2])
    scale = min(1.0, _LARGEST_SIDE / max(width, height))
    axes = panel(ax, (max(scale * width, 2.5), max(scale * height, 2.0)))
    adjacency = drawn.adjacency_matrix
    for source, target in np.argwhere(adjacency):
        both = adjacency[target, source] == 1
        if source != target and not (both and source > target):
            _connect(axes, places[source], places[target], both)
    for k, place in enumerate(places):
        _compartment(axes, place, k, is_output=k in drawn.output_index, size=scale)
        if k < drawn.n_input:
            _arrow(axes, place + _FAR, place + _NEAR, linestyle=":")
        if k in drawn.output_index:
            _arrow(axes, place - _NEAR, place - _FAR)
    bottom = places[:, 1].min() - _FAR[1]
    axes.text(places[:, 0].mean(), bottom - 0.05, "to the soma", ha="center", va="top", fontsize=8)
    if drawn.n_input:
        axes.text(places[:, 0].mean(), places[:, 1].max() + _RADIUS + 0.47, "input", ha="center", fontsize=8)
    axes.set(xlim=_around(places[:, 0], 0.6), ylim=(bottom - 0.4, places[:, 1].max() + _RADIUS + 0.85), aspect="equal")
    axes.axis("off")
    return whole(axes)


def _places(drawn: Any) -> np.ndarray:
    """(n_compartment, 2): rows by distance from the outputs; in a row compartments stand above what they lead to."""
    rows = _distances(drawn)
    places = np.zeros((drawn.n_compartment, 2))
    widest = max(np.bincount(rows))
    for row in range(rows.max() + 1):
        members = np.flatnonzero(rows == row)
        aims = [_aim(drawn.adjacency_matrix, places, rows, int(k)) for k in members]
        members = members[np.argsort(aims, kind="stable")]
        places[members, 0] = (np.arange(len(members)) + 0.5) * widest / len(members)
        places[members, 1] = max(1.4, widest / 8) * row
    return places


def _aim(adjacency: np.ndarray, places: np.ndarray, rows: np.ndarray, k: int) -> float:
    """Where the compartments stand that the k-th leads to, one row below."""
    below = np.flatnonzero((adjacency[k] == 1) & (rows == rows[k] - 1))
    return float(places[below, 0].mean()) if below.size else 0.0


def _distances(drawn: Any) -> np.ndarray:
    """Connections from each compartment to the nearest output; those that lead to none stand above all."""
    distances = np.full(drawn.n_compartment, -1)
    found, distance = set(drawn.output_index), 0
    while found:
        distances[list(found)] = distance
        sources = np.flatnonzero(drawn.adjacency_matrix[:, list(found)].any(axis=1))
        found = {int(one) for one in sources if distances[one] < 0}
        distance += 1
    return np.where(distances < 0, distance, distances)


def _connect(axes: Axes, source: np.ndarray, target: np.ndarray, both: bool) -> None:
    along = (target - source) / np.hypot(*(target - source))
    style = _ARROW | {"arrowstyle": "<|-|>" if both else "-|>"}
    if source[1] == target[1] and abs(source[0] - target[0]) > 1.01:
        style["connectionstyle"] = "arc3,rad=-0.35"  # around those between them
    axes.annotate("", tuple(target - _RADIUS * along), tuple(source + _RADIUS * along), arrowprops=style)


def _compartment(axes: Axes, place: np.ndarray, k: int, is_output: bool, size: float) -> None:
    axes.text(place[0], place[1], str(k), ha="center", va="center", fontsize=max(9 * size, 4), zorder=3)
    axes.add_patch(Circle(tuple(place), _RADIUS, facecolor="0.8" if is_output else "1.0", edgecolor="0.0", zorder=2))


def _arrow(axes: Axes, start: np.ndarray, end: np.ndarray, **style: Any) -> None:
    axes.annotate("", tuple(end), tuple(start), arrowprops=_ARROW | style)


def _around(values: np.ndarray, room: float) -> tuple[float, float]:
    return values.min() - room, values.max() + room
