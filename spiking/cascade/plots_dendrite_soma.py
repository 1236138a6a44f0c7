"""Figures of a cell whose soma and dendrite excite each other: traces, and the three experiments of Fig. 6.

ax: where to draw, in place of a new figure.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from rate2spike.figures import Axes, Figure, FigureBase, MaxNLocator, canvas, whole
from rate2spike.spiking.cascade.dendrite_soma_demonstration import (
    DRAWN_FACTORS,
    DRAWN_LAGS_MS,
    DendriteSomaDemonstration,
)
from rate2spike.spiking.cascade.dendrite_soma_loop import DendriteSomaTraces
from rate2spike.spiking.cascade.dendrite_soma_results import Bursting, CoincidenceDetection, GainModulation

_SOMA: dict[str, Any] = dict(color="0.0", linewidth=1)
_SOMA_INPUT: dict[str, Any] = dict(color="0.55", linewidth=1.2)
_DENDRITE: dict[str, Any] = dict(color="tab:red", linewidth=1.4, alpha=0.7)
_STYLES = ("-", "--", ":")
_STACKED_LAGS, _STACKED_FACTORS = 2.5, 2.0  # between the traces of two runs
_ROOM = 1.15  # of the distance, where traces are larger than that
_MARKS: tuple[dict[str, Any], ...] = (dict(color="0.0", marker="o"), dict(color="0.5", marker="s"))


def traces_over_time(traces: DendriteSomaTraces, ax: Axes | None = None) -> Figure:
    """Inputs of dendrite and soma, the dendrite, and the soma with its spikes, over time."""
    return _drawn(_draw_traces, traces, ax, (7, 4.5))


def bursting(found: Bursting, ax: Axes | None = None) -> Figure:
    """Inputs of dendrite and soma, the dendrite, and the soma with its spikes, over time."""
    return _drawn(_draw_bursting, found, ax, (7, 4.5))


def coincidence(found: CoincidenceDetection, ax: Axes | None = None) -> Figure:
    """Soma and dendrite with three lags between their pulses, and spikes over lag."""
    return _drawn(_draw_coincidence, found, ax, (8, 4.5))


def gain(found: GainModulation, ax: Axes | None = None) -> Figure:
    """Soma with three strengths of its pulse, without and with input into the dendrite, and spikes over strength."""
    return _drawn(_draw_gain, found, ax, (10, 4.5))


def demonstration(found: DendriteSomaDemonstration, ax: Axes | None = None) -> Figure:
    """The three experiments: A bursting, B coincidence detection, C modulation of the gain."""
    figure = canvas(ax, (12, 9))
    above, below = _parts(figure, 2, 1)
    left, right = _parts(above, 1, 2)
    parts: list[tuple[str, FigureBase, Callable[..., None], Any]] = [
        ("A  bursting", left, _draw_bursting, found.bursting),
        ("B  coincidence detection", right, _draw_coincidence, found.coincidence),
        ("C  modulation of the gain", below, _draw_gain, found.gain),
    ]
    for title, place, draw, part in parts:
        draw(place, part)
        place.suptitle(title, x=0.01, ha="left", fontsize="medium", fontweight="bold")
    return whole(figure)


def _drawn(draw: Callable[..., None], found: Any, ax: Axes | None, figsize: tuple[float, float]) -> Figure:
    figure = canvas(ax, figsize)
    draw(figure, found)
    return whole(figure)


def _draw_bursting(figure: FigureBase, found: Bursting) -> None:
    _draw_traces(figure, found.run)


def _draw_traces(figure: FigureBase, run: DendriteSomaTraces) -> None:
    """Four rows, of which the last has the axis of time."""
    rows = figure.subplots(4, 1, sharex=True, height_ratios=(0.35, 0.35, 1, 1))
    curves = (
        (run.dendrite_input, _DENDRITE, "dendrite\ninput"),
        (run.soma_input, _SOMA_INPUT, "soma\ninput"),
        (run.dendrite, _DENDRITE, "dendrite (a.u.)"),
        (run.soma_linear, _SOMA, "soma (a.u.)"),
    )
    for axes, (curve, style, name) in zip(rows, curves, strict=True):
        axes.plot(run.time_ms, curve, **style)
        axes.set_ylabel(name, fontsize="small")
        axes.margins(x=0.02, y=0.12)
        axes.spines[["top", "right"]].set_visible(False)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=2, steps=(1, 2, 5, 10)))
    _mark_spikes(rows[-1], run)
    _only_last_has_time(rows, "time (ms)")


def _mark_spikes(axes: Axes, run: DendriteSomaTraces) -> None:
    """A tick above the soma for each of its spikes, which its membrane potential alone does not show."""
    top = run.soma_linear.max() + 0.12 * max(float(run.soma_linear.max() - run.soma_linear.min()), 0.1)
    axes.plot(run.onsets_ms, [top] * run.n_events, "|", color="0.0", markersize=6)


def _draw_coincidence(figure: FigureBase, found: CoincidenceDetection) -> None:
    left, right = _parts(figure, 1, 2, width_ratios=(1.4, 1))
    soma_input, dendrite_input, states = left.subplots(3, 1, sharex=True, height_ratios=(0.45, 0.45, 2))
    runs = [found.at(lag) for lag in DRAWN_LAGS_MS]
    time_ms = found.soma_alone.time_ms - found.soma_onset_ms
    soma_input.plot(time_ms, found.soma_alone.soma_input, **_SOMA_INPUT)
    distance = _distance(_STACKED_LAGS, [curve for run in runs for curve in (run.dendrite, run.soma_linear)])
    for k, (lag, run, style) in enumerate(zip(DRAWN_LAGS_MS, runs, _STYLES, strict=True)):
        dendrite_input.plot(time_ms, run.dendrite_input, **_DENDRITE, linestyle=style)
        first = k == 0
        raised = -k * distance
        states.plot(time_ms, run.dendrite + raised, **_DENDRITE, linestyle=style, label="dendrite" if first else None)
        states.plot(time_ms, run.soma_linear + raised, **_SOMA, label="soma" if first else None)
        _name_at_end(states, f"{lag:+g} ms" if lag else "0 ms", raised)
    states.set_ylabel(f"states, {distance:.2g} a.u. apart", fontsize="small")
    states.set_yticks([])
    for axes, name in ((soma_input, "soma\ninput"), (dendrite_input, "dendrite\ninput")):
        axes.set_ylabel(name, fontsize="small")
        axes.yaxis.set_major_locator(MaxNLocator(nbins=2, steps=(1, 2, 5, 10)))
    for axes in (soma_input, dendrite_input, states):
        axes.margins(x=0.02, y=0.08)
        axes.spines[["top", "right"]].set_visible(False)
    _only_last_has_time((soma_input, dendrite_input, states), "time after soma's pulse (ms)")
    left.legend(
        *states.get_legend_handles_labels(), loc="outside upper right", ncols=2, frameon=False, fontsize="small"
    )
    axes = right.subplots()
    _draw_lags(axes, found)
    right.legend(*axes.get_legend_handles_labels(), loc="outside upper left", frameon=False, fontsize="small")


def _draw_lags(axes: Axes, found: CoincidenceDetection) -> None:
    """Spikes over lag; lines where the single pulses are."""
    axes.plot(found.lags_ms, found.n_events, "o-", color="0.0", markersize=4, linewidth=1, label="both")
    for alone, style, name in (
        (found.n_events_of_soma_alone, "--", "soma alone"),
        (found.n_events_of_dendrite_alone, ":", "dendrite alone"),
    ):
        axes.axhline(alone, color="0.5", linestyle=style, linewidth=1.2, label=name, zorder=0)
    axes.set(xlabel="lag of the dendrite (ms)", ylabel="spikes")
    _count_axis(axes, found.most_events)


def _draw_gain(figure: FigureBase, found: GainModulation) -> None:
    left, right = _parts(figure, 1, 2, width_ratios=(1.8, 1))
    n_columns = min(len(found.dendrite_factors), 2)
    columns = left.subplots(3, n_columns, sharex=True, sharey="row", height_ratios=(0.45, 0.45, 2), squeeze=False).T
    indices = [int(abs(found.soma_factors - factor).argmin()) for factor in DRAWN_FACTORS]
    distance = _distance(_STACKED_FACTORS, [found.runs[k][i].soma_linear for k in range(n_columns) for i in indices])
    for k, column in enumerate(columns):
        _draw_gain_column(column, found, k, indices, distance)
    for axes, name in zip(
        columns[0], ("soma\ninput", "dendrite\ninput", f"soma, {distance:.2g} a.u. apart"), strict=True
    ):
        axes.set_ylabel(name, fontsize="small")
    axes = right.subplots()
    _draw_strengths(axes, found)
    right.legend(*axes.get_legend_handles_labels(), loc="outside upper left", frameon=False, fontsize="small")


def _draw_gain_column(
    column: Sequence[Axes], found: GainModulation, k: int, indices: Sequence[int], distance: float
) -> None:
    """One strength of the dendrite's pulse: inputs, and the soma, one above the other, weak pulses below."""
    soma_input, dendrite_input, soma = column
    shades = ("0.65", "0.4", "0.0")
    for row, (index, shade, style) in enumerate(zip(indices, shades, _STYLES[::-1], strict=True)):
        run = found.runs[k][index]
        time_ms = run.time_ms - found.onset_ms
        soma_input.plot(time_ms, run.soma_input, color=shade, linestyle=style, linewidth=1.2)
        soma.plot(time_ms, run.soma_linear + row * distance, color=shade, linewidth=1.2)
        if k == 1 or len(found.dendrite_factors) == 1:
            _name_at_end(soma, f"soma x {found.soma_factors[index]:g}", row * distance)
    dendrite_input.plot(time_ms, run.dendrite_input, **_DENDRITE)
    soma_input.set_title(f"dendrite x {found.dendrite_factors[k]:g}", fontsize="medium")
    soma.set_yticks([])
    for axes in column:
        axes.margins(x=0.02, y=0.1)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in (soma_input, dendrite_input):
        axes.yaxis.set_major_locator(MaxNLocator(nbins=2, steps=(1, 2, 5, 10)))
    _only_last_has_time(column, "time after the pulses (ms)")


def _draw_strengths(axes: Axes, found: GainModulation) -> None:
    """Spikes over the strength of the soma's pulse, a curve per strength of the dendrite's."""
    for k, (factor, n_events) in enumerate(zip(found.dendrite_factors, found.n_events, strict=True)):
        style = _MARKS[k % 2]
        axes.plot(found.soma_factors, n_events, **style, markersize=4, linewidth=1.2, label=f"dendrite x {factor:g}")
    axes.set(xlabel="strength of the soma's pulse (a.u.)", ylabel="spikes")
    _count_axis(axes, int(found.n_events.max()))


def _parts(figure: FigureBase, n_rows: int, n_columns: int, **how: Any) -> list[FigureBase]:
    """The parts of a figure, row by row."""
    return [*np.ravel(np.asarray(figure.subfigures(n_rows, n_columns, **how)))]


def _distance(published: float, curves: Iterable[np.ndarray]) -> float:
    """Between two traces: as published, or more where they move farther than that."""
    return max(published, *(_ROOM * float(np.ptp(curve)) for curve in curves))


def _name_at_end(axes: Axes, name: str, height: float) -> None:
    """A trace's name beside its end, outside of the panel."""
    place = axes.get_yaxis_transform()
    axes.text(1.01, height, name, transform=place, va="center", fontsize="small")


def _count_axis(axes: Axes, most: int) -> None:
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(-0.05 * max(most, 1), 1.12 * max(most, 1))
    axes.spines[["top", "right"]].set_visible(False)


def _only_last_has_time(rows: Sequence[Axes], name: str) -> None:
    for axes in rows[:-1]:
        axes.tick_params(bottom=False, labelbottom=False)
        axes.spines["bottom"].set_visible(False)
    rows[-1].set_xlabel(name)
