"""A drawing of a network: its layers, and how far back each looks."""

import textwrap
from typing import Any

from rate2spike.figures import Axes, Figure, panel, whole
from rate2spike.spiking.twin_figures.network_sketch import SketchRow, sketch_rows

_HALF = 0.21  # of the height of a block
_LETTERS = 40  # of a line of text


def network(architecture: Any, ax: Axes | None = None) -> Figure:
    """The layers of a ConvolutionalArchitecture or ElmArchitecture, from the synapses at the bottom to the outputs on top.

    Each block reaches as far back as what it holds still counts for the output now; of memory units, some of them.
    """
    rows = sketch_rows(architecture)
    axes = panel(ax, (4.4, 0.8 + 0.55 * len(rows)))
    furthest = max(rows[0].reach_ms[0], 1.0)
    least = 0.02 * furthest  # width of a block of one ms
    for height, row in enumerate(rows):
        _draw_row(axes, row, height, least)
        if height and architecture.kind != "ELM":
            _draw_cone(axes, rows[height - 1], row, height, least)
        white = {"facecolor": "1.0", "edgecolor": "none", "pad": 1.0}
        axes.text(
            -furthest,
            height + _HALF + 0.05,
            textwrap.fill(row.label, _LETTERS),
            fontsize="small",
            va="bottom",
            ha="left",
            bbox=white,
        )
    axes.set(xlim=(-1.02 * furthest, 0.05 * furthest), ylim=(-0.4, len(rows) - 0.3))
    axes.set(xlabel="before output (ms)")
    axes.set_title(architecture.overview, fontsize="medium")
    axes.set_yticks([])
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    return whole(axes)


def _draw_row(axes: Axes, row: SketchRow, height: int, least: float) -> None:
    n = len(row.reach_ms)
    thickness = 2 * _HALF / n
    how: dict[str, Any] = {"edgecolor": "0.0", "linewidth": 0.8 if n == 1 else 0.4, "height": 0.9 * thickness}
    for k, reach in enumerate(row.reach_ms):
        middle = height - _HALF + (k + 0.5) * thickness
        axes.barh(middle, -max(reach, least), facecolor="0.75" if row.is_layer else "1.0", **how)


def _draw_cone(axes: Axes, below: SketchRow, row: SketchRow, height: int, least: float) -> None:
    """Lines from the ends of a block to those of the block below, from which it is computed."""
    lower, upper = (-max(max(one.reach_ms), least) for one in (below, row))
    for ends in ((lower, upper), (0, 0)):
        axes.plot(ends, (height - 1 + _HALF, height - _HALF), color="0.5", linewidth=0.7, linestyle=":", zorder=0)
