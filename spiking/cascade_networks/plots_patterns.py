"""Figures of memorised patterns: one as a network sees it, and what training made of three."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.gridspec import GridSpecBase

from rate2spike.figures import BESIDE, Axes, Figure, FigureBase, MaxNLocator, canvas, whole
from rate2spike.spiking.cascade_networks.answered import AnsweredPattern
from rate2spike.spiking.cascade_networks.plots import accuracy_range, draw_chance
from rate2spike.spiking.cascade_networks.variants import MEMORIZE, N_CLASSES

_OUTPUTS: tuple[dict[str, Any], ...] = (
    dict(color="xkcd:violet", linestyle="-", marker="o", markersize=5),
    dict(color="xkcd:forest green", linestyle="--", marker="s", markersize=8, markerfacecolor="none"),
)
_SPIKE_TOP = 50.0  # where a drawn spike ends, unless potentials go higher
_SOMA_RANGE, _OUTPUT_RANGE = (-23.0, 52.0), (-12.0, 12.0)  # as published; wider where potentials are
_MARKS: dict[str, Any] = dict(title="maximum marked", title_fontsize="small")  # in legends
_MOST_SOMATA = 8  # of one figure


def answered_pattern(pattern: AnsweredPattern, ax: Axes | None = None) -> Figure:
    """Input spikes, the somata of the first hidden units with their spikes, and the outputs with their maxima."""
    n_units = min(pattern.potentials.shape[1], _MOST_SOMATA)
    figure = canvas(ax, (7, 4 + 0.9 * n_units))
    rows = figure.subplots(n_units + 2, 1, sharex=True, height_ratios=[1.6, *[1] * n_units, 1.6])
    _draw_input(rows[0], pattern)
    shown = pattern.potentials[:, :n_units]
    top = max(_SPIKE_TOP, 1.15 * float(shown.max()))
    for unit, axes in enumerate(rows[1:-1]):
        _draw_soma(axes, shown[:, unit], pattern.spikes[:, unit], top)
        axes.set(ylabel=f"soma {unit + 1}", ylim=_with(_SOMA_RANGE, np.append(shown, top)))
    _draw_outputs(rows[-1], pattern)
    rows[-1].set(xlabel="time (ms)", ylabel="outputs", ylim=_with(_OUTPUT_RANGE, pattern.outputs))
    rows[-1].legend(**BESIDE, **_MARKS)
    rows[0].set(title=_title(pattern))
    for axes in rows:
        axes.spines[["top", "right"]].set_visible(False)
    figure.align_ylabels(rows)
    return whole(figure)


def _title(pattern: AnsweredPattern) -> str:
    n_units = pattern.potentials.shape[1]
    left_out = f"\nthe first {_MOST_SOMATA} of {n_units} units" if n_units > _MOST_SOMATA else ""
    return f"label {pattern.label}, answer {pattern.answer}: {'right' if pattern.is_right else 'wrong'}{left_out}"


def before_and_after(
    before: Sequence[AnsweredPattern],
    after: Sequence[AnsweredPattern],
    losses: np.ndarray,
    accuracies: np.ndarray,
    ax: Axes | None = None,
) -> Figure:
    """A column per pattern: input, outputs before and after training, right ✓ or wrong ✗; loss and accuracy (E,)."""
    figure = canvas(ax, (3 * len(before) + 4, 6.4))
    grid = figure.add_gridspec(3, len(before) + 1, width_ratios=[*[1] * len(before), 1.15])
    limits = _with(_OUTPUT_RANGE, np.stack([one.outputs for one in (*before, *after)]))
    for k, shown in enumerate(zip(before, after, strict=True)):
        panels = [figure.add_subplot(grid[row, k]) for row in range(3)]
        _draw_column(panels, *shown)
        for axes in panels[1:]:
            axes.set(ylim=limits)
        for axes in panels if k else ():
            axes.tick_params(labelleft=False)
            axes.set(ylabel="")
    handles = panels[-1].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=2, frameon=False, fontsize="small", **_MARKS)
    _draw_history(figure, grid[:, -1].subgridspec(2, 1), losses, accuracies)
    return whole(figure)


def _draw_column(panels: Sequence[Axes], before: AnsweredPattern, after: AnsweredPattern) -> None:
    """One pattern: input, outputs before, outputs after."""
    _draw_input(panels[0], before)
    panels[0].set(title=f"label {before.label}")
    for axes, pattern, name in zip(panels[1:], (before, after), ("outputs before", "outputs after"), strict=True):
        _draw_outputs(axes, pattern)
        _draw_verdict(axes, pattern)
        axes.set(ylabel=name)
    for axes in panels:
        axes.set(xlim=(0, len(before.outputs) - 1))
        axes.tick_params(labelbottom=axes is panels[-1])
        axes.spines[["top", "right"]].set_visible(False)
    panels[-1].set(xlabel="time (ms)")


def _draw_history(figure: FigureBase, place: GridSpecBase, losses: np.ndarray, accuracies: np.ndarray) -> None:
    """Of the network, over epochs, (E,)."""
    of_loss, of_accuracy = figure.add_subplot(place[0]), figure.add_subplot(place[1])
    for axes, name, values in ((of_loss, "loss", losses), (of_accuracy, "accuracy", accuracies)):
        axes.plot(np.arange(len(values)), values, color="0.2", linewidth=1.2, marker="." if len(values) < 3 else "")
        axes.set(ylabel=name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, nbins=4))
        axes.spines[["top", "right"]].set_visible(False)
    of_loss.set(ylim=(0, 1.05 * float(losses.max()) or 1.0))
    of_accuracy.set(xlabel="epoch", ylim=accuracy_range(MEMORIZE, accuracies))
    draw_chance(of_accuracy, MEMORIZE)
    place_of_text = of_accuracy.get_yaxis_transform()
    of_accuracy.text(1.01, 1 / N_CLASSES[MEMORIZE], "chance", transform=place_of_text, va="center", fontsize="small")


def _draw_input(axes: Axes, pattern: AnsweredPattern) -> None:
    steps, inputs = np.nonzero(pattern.input_spikes)
    axes.scatter(steps, inputs, s=3, color="0.0", linewidths=0)
    axes.set(ylabel="input", xlim=(0, len(pattern.input_spikes)), ylim=(-1, pattern.input_spikes.shape[1]))


def _draw_soma(axes: Axes, potential: np.ndarray, spikes: np.ndarray, top: float) -> None:
    """The potential, and a line up from it to the top at every spike."""
    axes.plot(np.arange(len(potential)), potential, color="0.45", linewidth=1)
    fired = np.flatnonzero(spikes)
    axes.vlines(fired, potential[fired], top, color="0.0", linewidth=0.8)


def _draw_outputs(axes: Axes, pattern: AnsweredPattern) -> None:
    """With a mark at the maximum of each."""
    for k, output in enumerate(pattern.outputs.T):
        style = _OUTPUTS[k % len(_OUTPUTS)]
        how: dict[str, Any] = style | dict(markevery=[output.argmax()], linewidth=1.2, clip_on=False)
        axes.plot(np.arange(len(output)), output, **how, label=f"class {k}")
    axes.axhline(0, color="0.8", linewidth=0.8, zorder=0)


def _draw_verdict(axes: Axes, pattern: AnsweredPattern) -> None:
    """Above the panel, where no curve is."""
    text, color = ("✓", "tab:green") if pattern.is_right else ("✗", "tab:red")
    axes.set_title(f"answer {pattern.answer} {text}", color=color, fontsize="medium")


def _with(limits: tuple[float, float], values: np.ndarray) -> tuple[float, float]:
    """The limits, wider where values are beyond them."""
    return min(limits[0], 1.05 * float(values.min())), max(limits[1], 1.05 * float(values.max()))
