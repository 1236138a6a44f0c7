"""Figures of a whole study on one page: of a point cell, and of a cell with a tree.

ax: whose place is taken, in place of a new figure.
"""

from collections.abc import Sequence
from typing import Any

from rate2spike.checks import whole_number
from rate2spike.errors import InputError
from rate2spike.figures import Axes, Figure, FigureBase, canvas, whole
from rate2spike.spiking.twin_evaluation.plots import cross_correlation, roc, voltage_scatter, voltage_title
from rate2spike.spiking.twin_figures.first_layer import FirstLayer
from rate2spike.spiking.twin_figures.imitation import Imitation, Trace
from rate2spike.spiking.twin_figures.plots_filters import draw_curves, draw_filter, draw_legend, draw_weights
from rate2spike.spiking.twin_figures.plots_input import draw_events
from rate2spike.spiking.twin_figures.plots_network import network
from rate2spike.spiking.twin_figures.plots_traces import draw_full_and_zoom
from rate2spike.spiking.twin_figures.plots_tree import regions


def point_study(imitation: Imitation, seed: int = 0, ax: Axes | None = None) -> Figure:
    """A test simulation (input, voltages, a piece enlarged), the scores, and the strongest filter, as far as there are any.

    Of any cell; the filter is that of all synapses together. seed: of the simulation, one with 2 to 10 spikes, and the piece.
    Raises InputError if there are no predictions.
    """
    shown, layer = _first_trace(imitation, (2, 10), seed), imitation.first_layer
    figure = canvas(ax, (13, 9))
    upper, lower = _rows(figure, [1.45, 1.0])
    traces, scores = _columns(upper, [2.3, 1.0])
    _draw_simulation(traces, imitation, shown)
    _draw_roc_and_correlation(scores, imitation)
    n_panels = 2 * (layer is not None) + _has_voltage(imitation)
    panels = list(lower.subplots(1, n_panels, squeeze=False)[0]) if n_panels else []
    if layer is not None:
        _draw_strongest(panels.pop(0), panels.pop(0), layer)
    if _has_voltage(imitation):
        _draw_voltages(imitation, panels[0])
    return whole(figure)


def overview(imitation: Imitation, n_filters: int = 3, seed: int = 0, ax: Axes | None = None) -> Figure:
    """Tree, network, a test simulation with a piece enlarged, the scores, and filters, as far as there are any.

    n_filters: how many, those that each listen to one part of the cell most. seed: of the simulation, one with 3 to 10
    spikes, and the piece. Raises InputError if there are no predictions.
    """
    n_filters = whole_number(n_filters, "{n_filters}", "n_filters", least=0)
    shown, layer = _first_trace(imitation, (3, 10), seed), imitation.first_layer
    filters = [] if layer is None else layer.strongest(1) if n_filters == 1 else layer.typical(n_filters)
    heights = [1.25, 1.0] + [1.1 if len(filters) > 1 else 1.6] * bool(filters)
    figure = canvas(ax, (15, 4.2 * sum(heights)))
    rows = _rows(figure, heights)
    _draw_cell_and_network(rows[0], imitation, shown)
    _draw_scores(rows[1], imitation)
    if layer is not None and filters:
        for part, index in zip(_columns(rows[2], [1.0] * len(filters)), filters, strict=True):
            curves = draw_filter(part, layer, index)
            part.suptitle(f"filter {index}", fontsize="medium")
        draw_legend(rows[2], curves)
    return whole(figure)


def _draw_simulation(figure: FigureBase, imitation: Imitation, shown: Trace) -> None:
    """Input, if it is known; the whole simulation; a piece of it."""
    has_input = imitation.simulations is not None
    heights = [1.2] * has_input + [1.0, 1.0]
    panels = list(figure.subplots(len(heights), 1, height_ratios=heights))
    if imitation.simulations is not None:
        draw_events(panels[0], imitation.simulations[shown.row], imitation.synapses)
        panels[0].set(xlim=(0, shown.duration_ms))
        panels[0].set_title("excitatory synapses above, inhibitory ones below", fontsize="medium")
    draw_full_and_zoom(panels[-2], panels[-1], shown)
    panels[-2].legend(frameon=False, fontsize="small", loc="upper right", ncols=3)


def _draw_cell_and_network(figure: FigureBase, imitation: Imitation, shown: Trace) -> None:
    has_tree, has_network = imitation.synapses.segments is not None, imitation.network is not None
    widths = [0.75] * has_tree + [1.0] * has_network + [2.1]
    parts = _columns(figure, widths)
    if has_tree:
        regions(imitation.synapses, parts.pop(0).subplots())
    if imitation.network is not None:
        network(imitation.network.architecture, parts.pop(0).subplots())
    full, zoom = parts[0].subplots(2, 1)
    draw_full_and_zoom(full, zoom, shown)
    full.legend(frameon=False, fontsize="small", loc="upper right", ncols=3)


def _draw_scores(figure: FigureBase, imitation: Imitation) -> None:
    found = imitation.evaluation
    correlation = found.operating_point.cross_correlation
    panels = list(figure.subplots(1, 1 + (correlation is not None) + _has_voltage(imitation), squeeze=False)[0])
    roc(found.roc, panels.pop(0))
    if correlation is not None:
        cross_correlation(correlation, panels.pop(0))
    if _has_voltage(imitation):
        _draw_voltages(imitation, panels[0])


def _draw_roc_and_correlation(figure: FigureBase, imitation: Imitation) -> None:
    found = imitation.evaluation
    correlation = found.operating_point.cross_correlation
    panels = figure.subplots(1 + (correlation is not None), 1, squeeze=False)[:, 0]
    roc(found.roc, panels[0])
    if correlation is not None:
        cross_correlation(correlation, panels[1])


def _draw_voltages(imitation: Imitation, axes: Axes) -> None:
    found = imitation.evaluation
    assert found.voltage_pairs_mv is not None
    voltage_scatter(found.voltage_pairs_mv, axes)
    axes.set_title(voltage_title(found), fontsize="medium")


def _draw_strongest(image_axes: Axes, curve_axes: Axes, layer: FirstLayer) -> None:
    """Image and curves of all synapses of one filter."""
    index, n_excitatory = layer.strongest(1)[0], layer.synapses.n_excitatory
    weights = layer.smooth(index)
    parts = weights[:n_excitatory], weights[n_excitatory:]
    image = draw_weights(image_axes, *parts, layer.limit(index))
    image_axes.figure.colorbar(image, ax=image_axes, label="weight")
    draw_curves(curve_axes, *parts)
    decay = layer.decay(index)
    taus = [f"exc. {decay.excitatory.tau_ms:.1f} ms"]
    taus += [f"inh. {decay.inhibitory.tau_ms:.1f} ms"] if decay.inhibitory else []
    curve_axes.set_title("decays with " + ", ".join(taus), fontsize="medium")
    curve_axes.set(ylabel="weight", xlabel="before output (ms)")
    curve_axes.legend(frameon=False, fontsize="small", loc="upper left")
    image_axes.set(xlabel="before output (ms)", title=f"filter {index}" if layer.n_filters > 1 else "weights")


def _rows(figure: FigureBase, heights: Sequence[float]) -> list[FigureBase]:
    """Parts of a figure, one below the other."""
    parts: Any = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)
    return list(parts[:, 0])


def _columns(figure: FigureBase, widths: Sequence[float]) -> list[FigureBase]:
    """Parts of a figure, side by side."""
    parts: Any = figure.subfigures(1, len(widths), squeeze=False, width_ratios=widths)
    return list(parts[0])


def _has_voltage(imitation: Imitation) -> bool:
    return imitation.evaluation.voltage_pairs_mv is not None


def _first_trace(imitation: Imitation, spikes: tuple[int, int], seed: int) -> Trace:
    if not isinstance(imitation, Imitation):
        raise InputError(f"{{imitation}} must be an Imitation, got {type(imitation).__name__}", "imitation")
    return imitation.traces(1, spikes, seed)[0]
