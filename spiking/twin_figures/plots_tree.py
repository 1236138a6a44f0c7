"""Figures of a tree and of the voltages in it.

ax: where to draw, or whose place is taken, in place of a new figure.
"""

import matplotlib
import numpy as np
from matplotlib.collections import LineCollection

from rate2spike.errors import InputError
from rate2spike.figures import SHADES, Axes, Figure, canvas, panel, whole
from rate2spike.spiking.detailed_cells.segments import Segments
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_figures.cell_synapses import CellSynapses
from rate2spike.spiking.twin_figures.selection import Window, middle_windows

_HEIGHT_MV = 700.0  # over which the dendritic traces are spread
_SPACING_MV = (0.8, 60.0)  # of neighbours, least and most
_GAP_MV = 140.0  # between dendrites, nexus and soma
_BAR_MV = 100.0
_LEAST_RUN = 0.04  # share of all segments
_GROUP_WIDTHS = (1.0, 2.4, 0.8, 1.6)  # of lines, so that parts differ in more than their shade


def regions(synapses: CellSynapses, ax: Axes | None = None) -> Figure:
    """The dendrites of a cell, in the shade and the line width of their part; the soma is a dot.

    Raises InputError for a point, which has none.
    """
    segments = _segments(synapses)
    axes = panel(ax, (3.6, 5))
    for k, (name, members) in enumerate(synapses.segment_groups.items()):
        shade, width = SHADES[k % len(SHADES)], _GROUP_WIDTHS[k % len(_GROUP_WIDTHS)]
        label = f"{name} ({members.size})" if len(synapses.segment_groups) > 1 else f"{members.size} segments"
        axes.add_collection(LineCollection(_lines(segments, members), colors=shade, linewidths=width, label=label))
    _finish_tree(axes, segments)
    axes.legend(frameon=False, fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.13))
    return whole(axes)


def dendritic_voltages(
    simulation: CellSimulation, synapses: CellSynapses, window: Window | None = None, ax: Axes | None = None
) -> Figure:
    """The tree, and beside it the voltages of all its segments, nexus and soma on top, in a window (from, to) of ms.

    Segments and their voltages have one colour, by their distance from the soma; lighter is farther. Every voltage is drawn
    from its own median. window: default, the first of those about the middle.

    Raises InputError for a point, if no dendritic voltages were recorded, and for a window outside the simulation.
    """
    segments, recording = _segments(synapses), simulation.recording
    if recording.v_dendrites_mv is None:
        raise InputError("the {simulation} holds no dendritic voltages: simulate with_dendrites=True", "simulation")
    start, end = middle_windows(simulation.duration_ms)[0] if window is None else window
    if not 0 <= start < end <= simulation.duration_ms:
        raise InputError(f"{{window}} must be inside 0 to {simulation.duration_ms} ms, got {start} to {end}", "window")
    colors = _colors(segments)
    figure = canvas(ax, (9, 6.2))
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.9))
    everything = np.arange(segments.n_segments)
    widths = np.clip(1.2 * segments.diameter_um, 0.5, 4)
    left.add_collection(LineCollection(_lines(segments, everything), colors=colors, linewidths=widths))
    _finish_tree(left, segments)
    scale = matplotlib.cm.ScalarMappable(_norm(segments), _distance_map())
    figure.colorbar(scale, ax=left, label="distance from the soma (µm)", location="bottom", shrink=0.8, aspect=30)

    v_mv = recording.v_dendrites_mv[:, start:end].astype(float)
    spacing = float(np.clip(_HEIGHT_MV / segments.n_segments, *_SPACING_MV))
    offsets = spacing * everything
    time_ms = np.arange(start, end)
    above_mv = v_mv - np.median(v_mv, axis=1, keepdims=True)
    traces = [np.column_stack([time_ms, one + offset]) for one, offset in zip(above_mv, offsets, strict=True)]
    width = 0.4 if segments.n_segments > 50 else 0.9
    right.add_collection(LineCollection(traces, colors=colors, linewidths=width, alpha=0.8, rasterized=True))
    ticks = {float(offsets[run].mean()): name for name, run in _runs(synapses)}
    level = float(offsets[-1])
    for name, (times, values) in _on_top(simulation, (start, end)).items():
        level += _GAP_MV
        right.plot(times, values - np.median(values) + level, color="0.0", linewidth=0.9)
        ticks[level] = name
    right.set_yticks(list(ticks), list(ticks.values()))
    right.tick_params(axis="y", length=0)
    right.plot([end + 0.015 * (end - start)] * 2, [0, _BAR_MV], color="0.0", linewidth=3, solid_capstyle="butt")
    right.text(end + 0.03 * (end - start), _BAR_MV / 2, f"{_BAR_MV:g} mV", rotation=90, va="center", fontsize="small")
    right.set(xlim=(start, end + 0.07 * (end - start)), xlabel="time (ms)")
    right.autoscale(axis="y")
    for side in ("left", "right", "top"):
        right.spines[side].set_visible(False)
    n_spikes = int(((recording.spike_times_ms >= start) & (recording.spike_times_ms < end)).sum())
    right.set_title(f"simulation {simulation.number}, {n_spikes} of {simulation.n_spikes} spikes", fontsize="medium")
    return whole(figure)


def _runs(synapses: CellSynapses) -> list[tuple[str, np.ndarray]]:
    """For labels beside the traces: the parts of the cell, in runs of neighbours, but for very short ones."""
    runs = []
    for name, members in synapses.segment_groups.items():
        pieces = np.split(members, np.flatnonzero(np.diff(members) != 1) + 1)
        label = name if len(synapses.segment_groups) > 1 else "dendrite"
        runs += [(label, piece) for piece in pieces if piece.size >= _LEAST_RUN * synapses.n_excitatory]
    return runs


def _on_top(simulation: CellSimulation, window: Window) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Times and voltages of nexus and soma, on the finest grid that was recorded."""
    recording, found = simulation.recording, {}
    for name in ("nexus", "soma"):
        coarse, fine = getattr(recording, f"v_{name}_mv"), getattr(recording, f"v_{name}_fine_mv")
        values, per_ms = (coarse, 1) if fine is None else (fine, recording.fine_per_ms)
        if values is not None:
            inside = slice(window[0] * per_ms, window[1] * per_ms)
            found[name] = np.arange(inside.start, inside.stop) / per_ms, values[inside]
    return found


def _segments(synapses: CellSynapses) -> Segments:
    if synapses.segments is None:
        raise InputError("a point cell has no tree to draw ({synapses})", "synapses")
    return synapses.segments


def _lines(segments: Segments, members: np.ndarray) -> list[np.ndarray]:
    """From end to end of every segment."""
    return list(segments.ends_um[members].reshape(-1, 2, 2))


def _finish_tree(axes: Axes, segments: Segments) -> None:
    axes.plot(*segments.ends_um[0, :2], "o", color="black", markersize=8)
    axes.autoscale()
    axes.margins(0.06)
    axes.set(xlabel="x (µm)", ylabel="y (µm)", aspect="equal", adjustable="datalim")


def _distance_map() -> matplotlib.colors.Colormap:
    """Dark to light, its last, too light part left out."""
    return matplotlib.colors.ListedColormap(matplotlib.colormaps["cividis"](np.linspace(0, 0.9, 256)))


def _norm(segments: Segments) -> matplotlib.colors.Normalize:
    return matplotlib.colors.Normalize(0, float(segments.distance_um.max()))


def _colors(segments: Segments) -> np.ndarray:
    return _distance_map()(_norm(segments)(segments.distance_um))
