"""Figures of the input of a cell and of its spikes.

ax: where to draw, or whose place is taken, in place of a new figure.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.figures import BESIDE, LINE_STYLES, SHADES, Axes, Figure, MaxNLocator, canvas, whole
from rate2spike.spiking.detailed_cells.recording import CellRecording
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_figures.cell_synapses import CellSynapses, checked_input
from rate2spike.spiking.twin_figures.input_counts import (
    SMOOTHING_MS,
    WindowCounts,
    boxcar,
    group_inputs,
    input_per_ms,
    unit_of,
)
from rate2spike.spiking.twin_figures.output_statistics import OutputStatistics

SPIKE_TOP_MV = 30.0  # where a spike is drawn to, which a voltage at every millisecond misses
_LONGEST_MS = 2000  # interval that is drawn
_GROUP_WIDTHS = (0.9, 1.8, 0.8, 0.6)  # of lines
_MOST_OUTPUT = 3  # spikes in a window that still have a shade of their own
_KINDS = {"excitatory": "0.0", "inhibitory": "0.55"}


def draw_events(axes: Axes, simulation: CellSimulation, synapses: CellSynapses) -> None:
    """A dot per event; inhibitory synapses are grey, below the excitatory ones."""
    events = simulation.events
    checked_input(events.n_synapses, synapses, "simulation")
    is_excitatory = events.synapse < synapses.n_excitatory
    size = float(np.clip(150 / events.n_synapses, 0.4, 4))
    for (kind, shade), chosen in zip(_KINDS.items(), (is_excitatory, ~is_excitatory), strict=True):
        x, y = events.time_ms[chosen], events.synapse[chosen]
        axes.plot(x, y, "|", color=shade, markersize=size, markeredgewidth=min(size, 1), label=kind, rasterized=True)
    axes.axhline(synapses.n_excitatory - 0.5, color="0.0", linewidth=0.8)
    axes.set(ylim=(events.n_synapses - 0.5, -0.5), ylabel="synapse")
    axes.set_yticks([0, synapses.n_excitatory, events.n_synapses - 1])


def draw_soma(axes: Axes, recording: CellRecording) -> None:
    """The somatic voltage, spikes as lines of one height."""
    v_mv = np.minimum(recording.v_soma_mv, SPIKE_TOP_MV)
    at_ms = np.minimum(recording.spike_times_ms.astype(int), recording.duration_ms - 1)
    axes.plot(np.arange(recording.duration_ms), v_mv, color="0.0", linewidth=0.8)
    axes.vlines(recording.spike_times_ms, v_mv[at_ms], SPIKE_TOP_MV, color="0.0", linewidth=0.8)
    axes.set(ylabel="soma (mV)")


def input_and_output(simulation: CellSimulation, synapses: CellSynapses, ax: Axes | None = None) -> Figure:
    """Events of all synapses, their sum per ms (mean of the last 18 ms), and the somatic voltage."""
    figure = canvas(ax, (9, 6))
    raster, total, soma = figure.subplots(3, 1, sharex=True, height_ratios=(2, 1, 1))
    draw_events(raster, simulation, synapses)
    rows = np.arange(synapses.n_synapses)
    parts = np.split(rows, [synapses.n_excitatory])
    for (kind, shade), style, part in zip(_KINDS.items(), LINE_STYLES, parts, strict=False):
        smooth = boxcar(input_per_ms(simulation.events, part), SMOOTHING_MS)
        total.plot(np.arange(smooth.size), smooth, color=shade, linestyle=style, linewidth=1.1, label=kind)
    total.set(ylabel=f"{unit_of(simulation.events)} per ms", ylim=(0, None))
    total.legend(**BESIDE)
    draw_soma(soma, simulation.recording)
    soma.set(xlabel="time (ms)")
    soma.margins(x=0)
    raster.set_title(f"simulation {simulation.number}: {simulation.n_events} events, {simulation.n_spikes} spikes")
    return whole(figure)


def soma_traces(simulations: Sequence[CellSimulation], ax: Axes | None = None) -> Figure:
    """The somatic voltage of several simulations, one below the other."""
    figure = canvas(ax, (9, 0.6 + 1.2 * _number(simulations)))
    panels = figure.subplots(len(simulations), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, one in zip(panels, simulations, strict=True):
        draw_soma(axes, one.recording)
        axes.set_title(f"simulation {one.number}: {one.n_spikes} spikes", fontsize="small", pad=3)
        axes.margins(x=0)
    panels[-1].set(xlabel="time (ms)")
    return whole(figure)


def group_input(simulations: Sequence[CellSimulation], synapses: CellSynapses, ax: Axes | None = None) -> Figure:
    """Input per ms of every group of synapses (mean of the last 18 ms), of several simulations, one below the other.

    Excitation is drawn upwards, inhibition downwards.
    """
    figure = canvas(ax, (9, 0.6 + 1.5 * _number(simulations)))
    panels = figure.subplots(len(simulations), 1, sharex=True, squeeze=False)[:, 0]
    for axes, one in zip(panels, simulations, strict=True):
        for name, values in group_inputs(one, synapses).items():
            group, _, kind = name.rpartition(" ")
            k = synapses.group_names.index(group) if group else 0
            sign = 1 if kind == "excitatory" else -1
            how = {"color": SHADES[k % len(SHADES)], "linewidth": _GROUP_WIDTHS[k % len(_GROUP_WIDTHS)]}
            label = f"{'_' if sign < 0 else ''}{group or 'input'}"  # what begins with _ is not in the legend
            axes.plot(np.arange(values.size), sign * values, label=label, **how)
        axes.axhline(0, color="0.0", linewidth=0.6)
        axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.set(ylabel=f"{unit_of(one.events)} / ms")
        axes.set_title(f"simulation {one.number}: {one.n_spikes} spikes", fontsize="small", pad=3)
        axes.margins(x=0)
    panels[0].legend(title="excitation up,\ninhibition down", **BESIDE)
    panels[-1].set(xlabel="time (ms)")
    return whole(figure)


def count_histograms(counts: WindowCounts, ax: Axes | None = None) -> Figure:
    """How often windows hold how much excitation, inhibition and output."""
    figure = canvas(ax, (9, 2.8))
    panels = figure.subplots(1, 3)
    unit = "summed weight" if counts.weighted else "events"
    for axes, name in zip(panels, ("excitatory", "inhibitory"), strict=False):
        values = getattr(counts, name)
        axes.hist(values, bins=_bins(values, counts), color=_KINDS[name])
        axes.set(xlabel=f"{name} {unit} in {counts.window_ms} ms")
    most = int(counts.output.max(initial=0))
    panels[2].hist(counts.output, bins=np.arange(most + 2) - 0.5, color="0.3", rwidth=0.8)
    panels[2].set(xlabel=f"output spikes in {counts.window_ms} ms", yscale="log")
    panels[2].set_ylim(bottom=0.5)  # a bar of one window can be seen
    panels[2].xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    panels[0].set(ylabel="windows")
    return whole(figure)


def count_scatter(counts: WindowCounts, ax: Axes | None = None) -> Figure:
    """Excitation over inhibition in windows: the more spikes the cell gave there, the larger and darker the dot."""
    figure = canvas(ax, (5, 3.8))
    axes = figure.subplots()
    shown = np.minimum(counts.output, _MOST_OUTPUT)
    for n in range(_MOST_OUTPUT + 1):
        chosen = shown == n
        if chosen.any():
            shade, size = ("0.8", "0.55", "0.3", "0.0")[n], (1.7, 3.0, 4.2, 5.5)[n]
            how: dict[str, Any] = {"color": shade, "markersize": size, "markeredgewidth": 0, "rasterized": True}
            label = f"{n}" if n < _MOST_OUTPUT else f"{n} or more"
            axes.plot(counts.inhibitory[chosen], counts.excitatory[chosen], "o", label=label, **how)
    unit = "summed weight" if counts.weighted else "events"
    axes.set(xlabel=f"inhibitory {unit} in {counts.window_ms} ms", ylabel=f"excitatory {unit} in {counts.window_ms} ms")
    if counts.n_windows:
        axes.legend(title="spikes", **BESIDE)
    return whole(figure)


def output(found: OutputStatistics, ax: Axes | None = None) -> Figure:
    """Intervals between spikes, in 5 ms up to 2 s, and somatic voltages; spikes count in the highest."""
    figure = canvas(ax, (8, 2.9))
    intervals, voltages = figure.subplots(1, 2)
    counts, edges = np.histogram(found.interval_ms, np.arange(0, _LONGEST_MS + 5, 5))
    intervals.stairs(counts, edges, fill=True, color="0.3")
    intervals.set(xlabel="interval between spikes (ms)", ylabel="intervals", xlim=(0, _LONGEST_MS))
    intervals.set_ylim(0, 1.05 * max(counts.max(), 1))
    longer = f", {found.n_intervals - counts.sum()} longer" if found.n_intervals > counts.sum() else ""
    cv = "" if np.isnan(found.interval_cv) else f", CV {found.interval_cv:.2f}"
    intervals.set_title(f"{found.rate_hz:.2f} Hz{cv}{longer}", fontsize="medium")
    there = np.flatnonzero(found.share)
    shown = slice(there[0], there[-1] + 1)
    step = found.v_mv[1] - found.v_mv[0]
    voltages.bar(found.v_mv[shown], found.share[shown], width=step, color="0.3")
    voltages.set(xlabel="somatic voltage (mV)", ylabel="share of milliseconds")
    return whole(figure)


def _bins(values: np.ndarray, counts: WindowCounts) -> int | np.ndarray:
    """Some 40 bins, fewer of few windows; of numbers of events each as wide as a whole number."""
    n_bins = min(40, max(8, counts.n_windows // 10))
    if counts.weighted or not values.size:
        return n_bins
    width = max(1, -(-int(np.ptp(values)) // n_bins))
    return np.arange(values.min(), values.max() + width + 1, width) - 0.5


def _number(simulations: Sequence[CellSimulation]) -> int:
    if not len(simulations):
        raise InputError("there are no {simulations} to draw", "simulations")
    return len(simulations)
