"""Figures of trials: outputs and rasters. Each function takes data and returns a Figure; nothing is shown."""

from collections.abc import Mapping

import numpy as np

from rate2spike import unit_types
from rate2spike.figures import Axes, Figure, draw_conditions
from rate2spike.spiking.simulator.spike_record import SpikeRecord

_TYPE_COLOURS = {"SOM": "black"}  # of the others: excitatory red, inhibitory blue


def condition_outputs(outputs: Mapping[str, np.ndarray], dt_s: float) -> Figure:
    """Output of the spiking network per condition, {name: (n_trials, n_steps[, n_outputs])}: mean ± SD over trials."""
    return draw_conditions(outputs, dt_s, "Spiking network, mean ± SD")


def raster(record: SpikeRecord, title: str) -> Figure:
    """Spikes of one trial, units grouped by type, excitatory ones first."""
    figure = Figure(figsize=(5, 4), layout="constrained")
    axes = figure.subplots()
    assert record.inhibitory is not None
    row = 0
    ticks, names = [], []
    types = unit_types.known(record.unit_types, record.inhibitory, record.n_units)
    ordered = unit_types.names_in_order(types, record.inhibitory)
    for name, members in unit_types.members(types, ordered).items():
        n_members = int(members.sum())
        colour = _TYPE_COLOURS.get(name, "tab:blue" if record.inhibitory[members].any() else "tab:red")
        _draw_spikes(axes, record, np.flatnonzero(members), row, colour)
        ticks.append(row + n_members / 2)
        names.append(f"{name}\n(n = {n_members})")
        row += n_members
        axes.axhline(row, color="0.5", linewidth=0.5)
    axes.set_yticks(ticks, names)
    axes.set(xlabel="time (s)", xlim=(0, record.duration_s), ylim=(0, row), title=title)
    return figure


def historic_raster(record: SpikeRecord, title: str) -> Figure:
    """Raster as the published script draws it: all units in order, excitatory red, inhibitory blue."""
    figure = Figure(figsize=(5, 4), layout="constrained")
    axes = figure.subplots()
    assert record.inhibitory is not None
    n_units = record.inhibitory.size
    for members, colour in ((~record.inhibitory, "tab:red"), (record.inhibitory, "tab:blue")):
        indices = np.flatnonzero(members)
        _draw_spikes(axes, record, indices, indices, colour)
    axes.set(xlabel="time (s)", ylabel="unit", xlim=(0, record.duration_s), ylim=(0, n_units), title=title)
    return figure


def go_nogo_outputs(nogo: SpikeRecord, go: SpikeRecord) -> Figure:
    """The two outputs in one figure, as the published script draws them: NoGo magenta, Go green."""
    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.subplots()
    assert nogo.output is not None and go.output is not None
    axes.plot(nogo.time_s, nogo.output[0], color="m", linewidth=2, linestyle="--", label="NoGo")
    axes.plot(go.time_s, go.output[0], color="g", linewidth=2, label="Go")
    axes.set(xlabel="time (s)", ylabel="output", title="Go-NoGo, spiking network")
    axes.legend(frameon=False)
    return figure


def _draw_spikes(axes: Axes, record: SpikeRecord, units: np.ndarray, rows: int | np.ndarray, colour: str) -> None:
    """Draw the spikes of `units` in consecutive rows from `rows` on, or in the rows given."""
    assert record.events is not None
    place = np.full(record.n_units, -1)
    place[units] = np.arange(units.size)
    unit, step = place[record.events[:, 0]], record.events[:, 1]
    unit, step = unit[unit >= 0], step[unit >= 0]
    height = unit + rows if isinstance(rows, int) else rows[unit]
    axes.plot((step + 1) * record.dt_s, height + 0.5, ".", color=colour, markersize=1.5, rasterized=True)
