"""Figures of the first layer of a network: one filter, its parts, all filters.

ax: whose place is taken, in place of a new figure.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.figures import Axes, Figure, FigureBase, MaxNLocator, canvas, whole
from rate2spike.spiking.twin_figures.cell_synapses import WHOLE
from rate2spike.spiking.twin_figures.first_layer import FirstLayer

PER_SHEET = 24  # filters
_MAP = "gray_r"  # dark: positive, light: negative
_MOST_CURVES = 80  # of one kind of synapses that are drawn thin


def first_layer_filter(layer: FirstLayer, index: int = 0, ax: Axes | None = None) -> Figure:
    """One filter: per part of the cell its weights over synapses and time, below them over time alone.

    Time runs to the output. Excitatory synapses stand above inhibitory ones. Thin lines are synapses (some, of very many),
    thick ones their means; inhibition is dashed. Raises InputError if there is no such filter.
    """
    groups = layer.by_group(index)
    figure = canvas(ax, (2.2 + 2.6 * len(groups), 5))
    draw_legend(figure, draw_filter(figure, layer, index))
    sign = "turned around" if layer.flipped[index] else "as it is"
    figure.suptitle(f"filter {index}, sign {sign}", fontsize="medium")
    return whole(figure)


def draw_filter(figure: FigureBase, layer: FirstLayer, index: int) -> Axes:
    """The panels of one filter: a column for each part of the cell. Returns one with curves."""
    groups = layer.by_group(index)
    panels = figure.subplots(2, len(groups), sharex=True, sharey="row", squeeze=False, height_ratios=(1.5, 1))
    limit = layer.limit(index)
    for column, (name, (excitatory, inhibitory)) in zip(panels.T, groups.items(), strict=True):
        image = draw_weights(column[0], excitatory, inhibitory, limit)
        draw_curves(column[1], excitatory, inhibitory)
        if name != WHOLE:
            column[0].set_title(f"{name} ({len(excitatory)})", fontsize="medium")
        column[0].tick_params(labelbottom=False)
        column[1].xaxis.set_major_locator(MaxNLocator(2, integer=True))
    panels[1, 0].set(ylabel="weight")
    panels[1, len(groups) // 2].set(xlabel="before output (ms)")
    figure.colorbar(image, ax=panels[0], label="weight", aspect=15, pad=0.01)
    return panels[1, 0]


def draw_legend(figure: FigureBase, curves: Axes) -> None:
    """A legend of curves below a figure."""
    handles, labels = curves.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False, fontsize="small")


def draw_weights(axes: Axes, excitatory: np.ndarray, inhibitory: np.ndarray, limit: float) -> Any:
    """Weights over synapses and time, as an image that gives excitatory and inhibitory ones half of the height each."""
    n_ms = excitatory.shape[1]
    parts = [part for part in (excitatory, inhibitory) if len(part)]
    how: dict[str, Any] = {"cmap": _MAP, "vmin": -limit, "vmax": limit, "aspect": "auto", "interpolation": "nearest"}
    for k, part in enumerate(parts):
        image = axes.imshow(part[:, ::-1], extent=(-n_ms + 0.5, 0.5, -k - 1, -k), rasterized=True, **how)
    axes.axhline(-1, color="0.0", linewidth=0.8)
    axes.set(xlim=(-n_ms + 0.5, 0.5), ylim=(-len(parts), 0))
    axes.set_yticks([-0.5 - k for k in range(len(parts))], ["exc.", "inh."][: len(parts)], rotation=90, va="center")
    axes.tick_params(axis="y", length=0)
    return image


def draw_curves(axes: Axes, excitatory: np.ndarray, inhibitory: np.ndarray) -> None:
    """Weights over time: every synapse thin, the mean thick."""
    time_ms = -np.arange(excitatory.shape[1])
    axes.axhline(0, color="0.0", linewidth=0.6)
    for weights, shade, style, label in (
        (excitatory, "0.0", "-", "excitatory"),
        (inhibitory, "0.5", "--", "inhibitory"),
    ):
        if len(weights):
            thin = weights[:: max(1, -(-len(weights) // _MOST_CURVES))]
            axes.plot(time_ms, thin.T, color=shade, linewidth=0.6, alpha=0.12, rasterized=True)
            axes.plot(time_ms, weights.mean(0), color=shade, linewidth=2.4, linestyle=style, label=label)
    axes.margins(x=0)


def filter_sheet(layer: FirstLayer, first: int = 0, n: int = PER_SHEET, ax: Axes | None = None) -> Figure:
    """Filters from one on, as images; each has a scale of its own.

    Raises InputError if there is no such filter.
    """
    shown = sheet(layer, first, n)
    n_columns = min(len(shown), 8)
    n_rows = -(-len(shown) // n_columns)
    figure = canvas(ax, (1.3 * n_columns + 0.6, 1.9 * n_rows + 0.5))
    panels = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
    for axes, index in zip(panels.ravel(), shown, strict=False):
        weights = layer.smooth(index)
        parts = weights[: layer.synapses.n_excitatory], weights[layer.synapses.n_excitatory :]
        draw_weights(axes, *parts, layer.limit(index))
        axes.set_title(f"{index}", fontsize="small", pad=2)
    for axes in panels.ravel()[len(shown) :]:
        axes.set_axis_off()
    for axes in panels[:, 1:].ravel():
        axes.tick_params(labelleft=False)
    panels[-1, 0].xaxis.set_major_locator(MaxNLocator(2, integer=True))
    figure.supxlabel("before output (ms)", fontsize="medium")
    return whole(figure)


def sheet(layer: FirstLayer, first: int, n: int = PER_SHEET) -> Sequence[int]:
    """The filters of a sheet. Raises InputError."""
    if not 0 <= first < layer.n_filters:
        raise InputError(f"{{first}} must be from 0 to {layer.n_filters - 1}, got {first}", "first")
    return range(first, min(first + n, layer.n_filters))
