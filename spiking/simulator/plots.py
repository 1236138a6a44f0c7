"""Figure of one simulated trial: spikes, units by type, and the output."""

from typing import Any

import numpy as np

from rate2spike import unit_types
from rate2spike.errors import InputError
from rate2spike.figures import BESIDE, LINE_STYLES, SHADES, Axes, Figure, canvas, whole
from rate2spike.io.records import RecordedTrial

_TYPE_COLOURS = {"SOM": "black"}  # of the others: excitatory red, inhibitory blue


def trial(record: RecordedTrial, ax: Axes | None = None) -> Figure:
    """Raster of a trial, and below it its output: what was recorded of them. Raises InputError if neither was."""
    drawn = [
        (draw, height)
        for draw, values, height in ((raster, record.events, 3), (output, record.output, 1.4))
        if values is not None
    ]
    if not drawn:
        raise InputError(
            "this record holds neither spikes nor an output to draw: simulate with record=('spikes', 'output')"
        )
    heights = [height for _, height in drawn]
    figure = canvas(ax, (5, 0.8 + sum(heights)))
    panels = figure.subplots(len(drawn), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (draw, _) in zip(panels, drawn, strict=True):
        draw(record, axes)
        axes.label_outer()
    panels[-1].set(xlabel="time (s)")
    return whole(figure)


def raster(record: RecordedTrial, axes: Axes) -> None:
    """A dot per spike, units grouped by type, excitatory ones lowest; names stand beside them in their colours."""
    assert record.events is not None
    types = unit_types.known(record.unit_types, record.inhibitory, record.n_units, otherwise="all")
    names = unit_types.names_in_order(types, record.inhibitory)
    unit, step = record.events.T
    first, middles, labels, colours = 0, [], [], []
    for name, members in unit_types.members(types, names).items():
        n_members, of_type = int(members.sum()), members[unit]
        row = first + np.cumsum(members)[unit[of_type]] - 0.5
        is_inhibitory = record.inhibitory is not None and record.inhibitory[members].any()
        colours.append(_TYPE_COLOURS.get(name, "tab:blue" if is_inhibitory else "tab:red"))
        axes.plot((step[of_type] + 1) * record.dt_s, row, ".", color=colours[-1], markersize=1.5, rasterized=True)
        middles.append(first + n_members / 2)
        labels.append(f"{name}\n(n = {n_members})")
        first += n_members
        if first < record.n_units:
            axes.axhline(first, color="0.7", linewidth=0.8)
    axes.set_yticks(middles, labels)
    for text, colour in zip(axes.get_yticklabels(), colours, strict=True):
        text.set_color(colour)
    edge_s = 0.01 * record.duration_s  # many units fire at once when a trial starts: not on the frame
    axes.set(
        xlabel="time (s)",
        xlim=(-edge_s, record.duration_s + edge_s),
        ylim=(0, record.n_units),
        title=f"{record.n_units} units, mean rate {record.mean_rate_hz:.3g} Hz",
    )


def output(record: RecordedTrial, axes: Axes) -> None:
    """The outputs over time, told apart by their lines."""
    assert record.output is not None
    for k, values in enumerate(record.output):
        style: dict[str, Any] = {"color": SHADES[k % len(SHADES)], "linestyle": LINE_STYLES[k % len(LINE_STYLES)]}
        axes.plot(record.time_s, values, linewidth=1, label=f"output {k + 1}", **style)
    axes.set(ylabel="output")
    axes.margins(y=0.08)
    if len(record.output) > 1:
        axes.legend(**BESIDE)
