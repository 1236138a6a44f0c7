"""Figure of neurons that became selective: their weights and tuning before and after, and how selective they are."""

from typing import Any

import numpy as np
from matplotlib.gridspec import GridSpecBase

from rate2spike.figures import BESIDE, Axes, Figure, FigureBase, canvas, whole
from rate2spike.io.datasets.idx_images import N_CLASSES, SIDE
from rate2spike.spiking.dendrite_examples.stdp_result import AFTER, BEFORE, CONTROL, StdpResult

_MOST_NEURONS = 10  # whose weights are shown
_CONDITIONS: dict[str, tuple[str, dict[str, Any]]] = {
    AFTER: ("after", dict(color="0.0", marker="o", linestyle="-")),
    CONTROL: ("after images with\nshuffled pixels", dict(color="0.45", marker="^", linestyle="-.")),
    BEFORE: ("before", dict(color="0.6", marker="s", linestyle=":")),
}


def selective_neurons(result: StdpResult, ax: Axes | None = None) -> Figure:
    """Above, the weights of some neurons before and after; below, the tuning of all of them, and their selectivity."""
    figure = canvas(ax, (10, 6.2))
    grid = figure.add_gridspec(2, 1, height_ratios=(1.05, 1.6))
    shown = _shown(result)
    _draw_weights(figure, grid[0].subgridspec(2, len(shown)), result, shown)
    _draw_answers(figure, grid[1].subgridspec(1, 3, width_ratios=(1, 1, 1.5)), result)
    return whole(figure)


def _shown(result: StdpResult) -> np.ndarray:
    """Neurons in the order of the classes that they prefer, as in the panels of tuning; some of these."""
    order = _by_preference(result.answers[AFTER].tuning)
    return order[np.linspace(0, len(order) - 1, min(len(order), _MOST_NEURONS)).astype(int)]


def _by_preference(tuning: np.ndarray) -> np.ndarray:
    return np.argsort(tuning.argmax(1), kind="stable")


def _draw_weights(figure: FigureBase, grid: GridSpecBase, result: StdpResult, shown: np.ndarray) -> None:
    """A row per condition, a column per neuron; mean of both compartments."""
    means = {name: result.weights[name].mean(1) for name in (BEFORE, AFTER)}
    top = max(float(means[name][shown].max()) for name in means)
    panels = []
    for row, name in enumerate(means):
        for column, neuron in enumerate(shown):
            axes = figure.add_subplot(grid[row, column])
            drawn = axes.imshow(means[name][neuron].reshape(SIDE, SIDE), cmap="gray_r", vmin=0, vmax=top)
            axes.set(xticks=[], yticks=[])
            panels.append(axes)
            if row == 0:
                axes.set_title(f"neuron {neuron + 1}", fontsize="small")
            if column == 0:
                axes.set_ylabel(f"weights\n{name}", fontsize="small")
    figure.colorbar(drawn, ax=panels, label="weight", shrink=0.9, pad=0.01)


def _draw_answers(figure: FigureBase, grid: GridSpecBase, result: StdpResult) -> None:
    """Tuning before and after, the neurons by the class that they prefer; selectivity of all, sorted."""
    panels = [figure.add_subplot(grid[0, k]) for k in range(3)]
    top = max(float(result.answers[name].tuning.max()) for name in (BEFORE, AFTER)) or 1.0
    for axes, name in zip(panels, (BEFORE, AFTER), strict=False):
        tuning = result.answers[name].tuning
        drawn = axes.imshow(tuning[_by_preference(tuning)], cmap="gray_r", vmin=0, vmax=top, aspect="auto")
        axes.set(title=f"tuning {name}", xlabel="class", xticks=range(0, N_CLASSES, 3), yticks=[])
    panels[0].set(ylabel="neurons, by preferred class")
    figure.colorbar(drawn, ax=panels[1], label="spikes per image")
    _draw_selectivity(panels[2], result)


def _draw_selectivity(axes: Axes, result: StdpResult) -> None:
    for name, (label, style) in _CONDITIONS.items():
        values = np.sort(result.answers[name].selectivity)[::-1]
        axes.plot(np.arange(1, len(values) + 1), values, **style, markersize=4, linewidth=1, label=label)
    axes.set(xlabel="neurons, sorted", ylabel="selectivity (0: none, 1: for one class)", ylim=(0, 1.05))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(**BESIDE)
