"""Figures of cells in detail: the tree, the voltages of a simulation."""

from typing import TYPE_CHECKING

import numpy as np

from rate2spike.figures import SHADES, Axes, Figure, canvas, panel, whole

if TYPE_CHECKING:
    from rate2spike.spiking.detailed_cells.recording import CellRecording
    from rate2spike.spiking.detailed_cells.segments import Segments

_SPIKE_TOP_MV = 30.0  # where a spike is drawn to, which a voltage at every millisecond misses


def voltages(record: "CellRecording", ax: Axes | None = None) -> Figure:
    """Soma, and below it what else was recorded: the nexus, and all dendritic segments as an image."""
    panels = [("soma", record.v_soma_mv), ("nexus", record.v_nexus_mv)]
    lines = [(name, values) for name, values in panels if values is not None]
    dendrites = record.v_dendrites_mv
    heights = [1.0] * len(lines) + [1.6] * (dendrites is not None)
    figure = canvas(ax, (6, 0.7 + 1.3 * sum(heights)))
    rows = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    time_s = np.arange(record.duration_ms) / 1000
    for axes, (name, values) in zip(rows, lines, strict=False):
        axes.plot(time_s, values, color="black", linewidth=0.7)
        if name == "soma":
            at_ms = np.minimum(record.spike_times_ms.astype(int), record.duration_ms - 1)
            axes.vlines(record.spike_times_ms / 1000, values[at_ms], _SPIKE_TOP_MV, color="black", linewidth=0.7)
            axes.set_title(f"{record.n_spikes} spikes, {record.rate_hz:.3g} Hz")
        axes.set_ylabel(f"{name} (mV)")
        axes.margins(x=0.01)
    if dendrites is not None:
        v = dendrites.astype(np.float32)
        extent = (0, record.duration_ms / 1000, v.shape[0] - 0.5, -0.5)
        image = rows[-1].imshow(v, aspect="auto", cmap="Greys", extent=extent, vmin=-90, vmax=0, interpolation="none")
        figure.colorbar(image, ax=rows[-1], label="mV")
        rows[-1].set_ylabel("segment")
    rows[-1].set_xlabel("time (s)")
    return whole(figure)


def tree(segments: "Segments", ax: Axes | None = None) -> Figure:
    """The dendrites as lines between the ends of segments, in the grey of their group; the soma is a dot."""
    axes = panel(ax, (4, 6))
    groups = segments.groups or {"dendrite": np.arange(segments.n_segments)}
    for k, (name, members) in enumerate(groups.items()):
        x0, y0, x1, y1 = segments.ends_um[members].T
        gap = np.full(len(members), np.nan)
        x, y = np.column_stack([x0, x1, gap]).ravel(), np.column_stack([y0, y1, gap]).ravel()
        axes.plot(x, y, color=SHADES[k % len(SHADES)], linewidth=1.2, label=f"{name}, {len(members)} segments")
    axes.plot(*segments.ends_um[0, :2], "o", color="black", markersize=7)
    axes.set(xlabel="x (µm)", ylabel="y (µm)", aspect="equal")
    axes.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(0.0, -0.12))
    return whole(axes)
