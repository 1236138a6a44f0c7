"""Figures of trials: outputs and rasters. Each function takes data and returns a Figure; nothing is shown.

ax: where to draw, in place of a new figure.
"""

from collections.abc import Mapping

import numpy as np

from rate2spike import unit_types
from rate2spike.figures import BESIDE, Axes, Figure, draw_conditions, panel, whole
from rate2spike.spiking.scoring.demonstrate import Condition
from rate2spike.spiking.simulator.spike_record import SpikeRecord

_TYPE_COLOURS = {"SOM": "black"}  # of the others: excitatory red, inhibitory blue, as published


def condition_outputs(outputs: Mapping[str, np.ndarray], dt_s: float, ax: Axes | None = None) -> Figure:
    """Output of the spiking network per condition, {name: (n_trials, n_steps[, n_outputs])}: mean ± SD over trials."""
    return draw_conditions(outputs, dt_s, "Spiking network, mean ± SD", ax)


def one_condition(condition: Condition, ax: Axes | None = None) -> Figure:
    """The same of a single condition."""
    return condition_outputs({condition.name: condition.outputs}, condition.point_s, ax)


def raster(record: SpikeRecord, title: str, ax: Axes | None = None) -> Figure:
    """Spikes of one trial, units grouped by type, excitatory ones first; names stand beside them in their colours."""
    axes = panel(ax, (5, 4))
    assert record.inhibitory is not None
    row = 0
    ticks, names, colours = [], [], []
    types = unit_types.known(record.unit_types, record.inhibitory, record.n_units)
    ordered = unit_types.names_in_order(types, record.inhibitory)
    for name, members in unit_types.members(types, ordered).items():
        n_members = int(members.sum())
        colours.append(_TYPE_COLOURS.get(name, "tab:blue" if record.inhibitory[members].any() else "tab:red"))
        _draw_spikes(axes, record, np.flatnonzero(members), row, colours[-1])
        ticks.append(row + n_members / 2)
        names.append(f"{name}\n(n = {n_members})")
        row += n_members
        if row < record.n_units:
            axes.axhline(row, color="0.5", linewidth=0.5)
    axes.set_yticks(ticks, names)
    for text, colour in zip(axes.get_yticklabels(), colours, strict=True):
        text.set_color(colour)
    edge_s = 0.01 * record.duration_s  # many units fire at once when a trial starts: not on the frame
    axes.set(xlabel="time (s)", xlim=(-edge_s, record.duration_s + edge_s), ylim=(0, row), title=title)
    return whole(axes)


def go_nogo_outputs(nogo: SpikeRecord, go: SpikeRecord, ax: Axes | None = None) -> Figure:
    """The two outputs in one figure, as the published script draws them: NoGo magenta, Go green."""
    axes = panel(ax, (5.5, 3))
    assert nogo.output is not None and go.output is not None
    axes.plot(nogo.time_s, nogo.output[0], color="m", linewidth=2, linestyle="--", label="NoGo")
    axes.plot(go.time_s, go.output[0], color="g", linewidth=2, label="Go")
    axes.margins(y=0.08)
    axes.set(xlabel="time (s)", ylabel="output", title="Go-NoGo, spiking network")
    axes.legend(**BESIDE)
    return whole(axes)


def _draw_spikes(axes: Axes, record: SpikeRecord, units: np.ndarray, first_row: int, colour: str) -> None:
    """Draw the spikes of `units` in consecutive rows."""
    assert record.events is not None
    place = np.full(record.n_units, -1)
    place[units] = np.arange(units.size)
    unit, step = place[record.events[:, 0]], record.events[:, 1]
    unit, step = unit[unit >= 0], step[unit >= 0]
    height = unit + first_row + 0.5
    axes.plot((step + 1) * record.dt_s, height, ".", color=colour, markersize=1.5, rasterized=True)
