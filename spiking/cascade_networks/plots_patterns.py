"""Figures of memorised patterns: one as a network sees it, and what training made of three."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rate2spike.figures import Axes, Figure, MaxNLocator, canvas, whole
from rate2spike.spiking.cascade_networks.answered import AnsweredPattern

_OUTPUTS: tuple[dict[str, Any], ...] = (
    dict(color="xkcd:violet", linestyle="-"),
    dict(color="xkcd:forest green", linestyle="--"),
)
_SPIKE_TOP = 50.0  # where a drawn spike ends
_SOMA_RANGE, _OUTPUT_RANGE = (-23.0, 52.0), (-12.0, 12.0)  # as published; wider where potentials are


def answered_pattern(pattern: AnsweredPattern, ax: Axes | None = None) -> Figure:
    """Input spikes, the somata of the hidden units with their spikes, and the outputs with their maxima."""
    n_units = pattern.potentials.shape[1]
    figure = canvas(ax, (7, 4 + 0.9 * n_units))
    rows = figure.subplots(n_units + 2, 1, sharex=True, height_ratios=[1.6, *[1] * n_units, 1.6])
    _draw_input(rows[0], pattern)
    wide = _with(_SOMA_RANGE, pattern.potentials)
    for unit, axes in enumerate(rows[1:-1]):
        _draw_soma(axes, pattern.potentials[:, unit], pattern.spikes[:, unit])
        axes.set(ylabel=f"unit {unit + 1}", ylim=wide)
    _draw_outputs(rows[-1], pattern)
    rows[-1].set(xlabel="time (ms)", ylabel="outputs", ylim=_with(_OUTPUT_RANGE, pattern.outputs))
    rows[-1].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize="small")
    rows[0].set(title=f"label {pattern.label}, answer {pattern.answer}: {'right' if pattern.is_right else 'wrong'}")
    for axes in rows[:-1]:
        axes.spines[["top", "right"]].set_visible(False)
    figure.align_ylabels(rows)
    return whole(figure)


def before_and_after(
    before: Sequence[AnsweredPattern],
    after: Sequence[AnsweredPattern],
    losses: np.ndarray,
    accuracies: np.ndarray,
    ax: Axes | None = None,
) -> Figure:
    """A column per pattern: input, outputs before and after training, right ✓ or wrong ✗; loss and accuracy (E,)."""
    figure = canvas(ax, (3 * len(before) + 4, 6))
    grid = figure.add_gridspec(3, len(before) + 1, width_ratios=[*[1] * len(before), 1.15])
    limits = _with(_OUTPUT_RANGE, np.stack([one.outputs for one in (*before, *after)]))
    names = ("input", "outputs before", "outputs after")
    for k, shown in enumerate(zip(before, after, strict=True)):
        panels = [figure.add_subplot(grid[row, k]) for row in range(3)]
        _draw_input(panels[0], shown[0])
        panels[0].set(title=f"label {shown[0].label}", ylabel="")
        for axes, pattern in zip(panels[1:], shown, strict=True):
            _draw_outputs(axes, pattern)
            _draw_verdict(axes, pattern.is_right)
            axes.set(ylim=limits)
        panels[-1].set(xlabel="time (ms)")
        for axes, name in zip(panels, names, strict=True):
            axes.set(ylabel=name if k == 0 else "", xlim=(0, len(pattern.outputs) - 1))
            axes.tick_params(labelleft=k == 0, labelbottom=axes is panels[-1])
        if k == 0:
            panels[1].legend(loc="lower left", ncols=2, frameon=False, fontsize="small", borderaxespad=0.1)
    last = grid[:, -1].subgridspec(2, 1)
    for row, (name, values) in enumerate((("loss", losses), ("accuracy", accuracies))):
        axes = figure.add_subplot(last[row])
        axes.plot(np.arange(len(values)), values, color="0.2", linewidth=1.2, marker="." if len(values) < 3 else "")
        axes.set(ylabel=name, xlabel="epoch" if row else "")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, nbins=4))
        axes.margins(y=0.1)
    return whole(figure)


def _draw_input(axes: Axes, pattern: AnsweredPattern) -> None:
    steps, inputs = np.nonzero(pattern.input_spikes)
    axes.scatter(steps, inputs, s=3, color="0.0", linewidths=0)
    axes.set(ylabel="input", xlim=(0, len(pattern.input_spikes)), ylim=(-1, pattern.input_spikes.shape[1]))


def _draw_soma(axes: Axes, potential: np.ndarray, spikes: np.ndarray) -> None:
    """The potential, and a line up from it at every spike."""
    axes.plot(np.arange(len(potential)), potential, color="0.45", linewidth=1)
    fired = np.flatnonzero(spikes)
    axes.vlines(fired, np.minimum(potential[fired], _SPIKE_TOP), _SPIKE_TOP, color="0.0", linewidth=0.8)


def _draw_outputs(axes: Axes, pattern: AnsweredPattern) -> None:
    """With a dot at the maximum of each."""
    for k, output in enumerate(pattern.outputs.T):
        style = _OUTPUTS[k % len(_OUTPUTS)]
        axes.plot(np.arange(len(output)), output, **style, linewidth=1.2, label=f"class {k}")
        axes.plot(output.argmax(), output.max(), "o", color=style["color"], markersize=4)
    axes.axhline(0, color="0.8", linewidth=0.8, zorder=0)


def _draw_verdict(axes: Axes, is_right: bool) -> None:
    text, color = ("✓", "tab:green") if is_right else ("✗", "tab:red")
    axes.text(0.97, 0.95, text, transform=axes.transAxes, color=color, fontsize=15, ha="right", va="top")


def _with(limits: tuple[float, float], values: np.ndarray) -> tuple[float, float]:
    """The limits, wider where values are beyond them."""
    return min(limits[0], 1.05 * float(values.min())), max(limits[1], 1.05 * float(values.max()))
