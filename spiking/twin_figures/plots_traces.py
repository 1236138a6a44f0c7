"""Figures of single simulations: what the neuron did, and what the network says of it.

ax: whose place is taken, in place of a new figure.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.patches import Rectangle

from rate2spike.errors import InputError
from rate2spike.figures import BESIDE, Axes, Figure, canvas, whole
from rate2spike.spiking.twin_figures.imitation import Trace
from rate2spike.spiking.twin_figures.selection import Window

SPIKE_TOP_MV = 40.0
_TRUE: dict[str, Any] = {"color": "0.62", "linewidth": 2.2, "solid_capstyle": "butt"}
_PREDICTED: dict[str, Any] = {"color": "0.0", "linewidth": 0.9, "linestyle": (0, (4, 1.2))}


def trace(shown: Trace, ax: Axes | None = None) -> Figure:
    """One simulation, and below it the piece that a rectangle marks; the network's voltage is dashed and black."""
    figure = canvas(ax, (9, 4.4))
    full, zoom = figure.subplots(2, 1)
    draw_full_and_zoom(full, zoom, shown)
    full.legend(**BESIDE)
    return whole(figure)


def traces(several: Sequence[Trace], ax: Axes | None = None) -> Figure:
    """Several simulations, one below the other."""
    if not len(several):
        raise InputError("there are no traces to draw ({several})", "several")
    figure = canvas(ax, (9, 0.6 + 1.4 * len(several)))
    panels = figure.subplots(len(several), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, one in zip(panels, several, strict=True):
        draw_trace(axes, one, (0, one.duration_ms))
        axes.set_title(_title(one), fontsize="small", pad=3)
    panels[0].legend(**BESIDE)
    panels[-1].set(xlabel="time (ms)")
    return whole(figure)


def draw_full_and_zoom(full: Axes, zoom: Axes, shown: Trace) -> None:
    """A whole simulation, and a piece of it, below threshold."""
    draw_trace(full, shown, (0, shown.duration_ms))
    draw_trace(zoom, shown, shown.zoom)
    full.set_title(_title(shown), fontsize="medium")
    if shown.true_mv is not None and shown.predicted_mv is not None:
        start, end = shown.zoom
        low, high = _inner_range(shown.true_mv[start:end], shown.predicted_mv[start:end])
        zoom.set(ylim=(low, high))
        box: dict[str, Any] = {"fill": False, "edgecolor": "0.0", "linewidth": 1.0, "linestyle": ":", "zorder": 5}
        full.add_patch(Rectangle((start, low), end - start, high - low, **box))
    else:
        full.axvspan(*shown.zoom, color="0.9", zorder=0)
    zoom.set(xlabel="time (ms)")


def draw_trace(axes: Axes, shown: Trace, window: Window) -> None:
    """Voltages with spikes as lines; of a network without voltage, its scores, and the neuron's spikes behind them."""
    start, end = window
    time_ms = np.arange(start, end)
    if shown.true_mv is None or shown.predicted_mv is None:
        axes.vlines(_inside(shown.true_spikes_ms, window), 0, 1, color="0.62", linewidth=2.2, label="neuron's spikes")
        axes.plot(time_ms, shown.scores[start:end], color="0.0", linewidth=0.9, label="network")
        axes.axhline(shown.threshold, color="0.0", linewidth=0.7, linestyle=":", label="threshold")
        axes.set(xlim=(start, end), ylim=(-0.03, 1.03), ylabel="probability")
        return
    for how, v_mv, spikes_ms, label in (
        (_TRUE, shown.true_mv, shown.true_spikes_ms, "neuron"),
        (_PREDICTED, shown.predicted_mv, shown.predicted_spikes_ms, "network"),
    ):
        at_ms = _inside(spikes_ms, window)
        axes.plot(time_ms, v_mv[start:end], label=label, **how)
        axes.vlines(at_ms, v_mv[at_ms], SPIKE_TOP_MV, color=how["color"], linewidth=how["linewidth"])
    axes.set(xlim=(start, end), ylabel="soma (mV)")


def _inside(times_ms: np.ndarray, window: Window) -> np.ndarray:
    return times_ms[(times_ms >= window[0]) & (times_ms < window[1])]


def _inner_range(true_mv: np.ndarray, predicted_mv: np.ndarray) -> tuple[float, float]:
    """What both voltages need without spikes, and a tenth more."""
    low, high = (float(find([find(true_mv), find(predicted_mv)])) for find in (np.min, np.max))
    edge = 0.1 * max(high - low, 1.0)
    return low - edge, high + edge


def _title(shown: Trace) -> str:
    n_true, n_predicted = shown.true_spikes_ms.size, shown.predicted_spikes_ms.size
    return f"simulation {shown.row}: true spikes {n_true}, predicted {n_predicted}"
