"""Figures of a context-dependent classifier: learning curves, one trial, and the f-I family of its units."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import StrMethodFormatter

from rate2spike.figures import BESIDE, LINE_STYLES, SHADES, Axes, Figure, MaxNLocator, canvas, whole
from rate2spike.spiking.context.answers import AnsweredTrial

CURVES = ("loss", "accuracy", "balanced_accuracy", "spike_probability")
_MARKERS = "osv^Dx"
_MOST_ITEMS_IN_WORDS = 5  # more answers than these are written small


def learning_curves(
    history: Sequence[Mapping[str, Any]], ax: Axes | None = None, *, chance: float | None = None
) -> Figure:
    """Loss, accuracies and spikes of training and validation over epochs. chance: what answers without context reach."""
    figure = canvas(ax, (8, 5))
    panels = figure.subplots(2, 2, sharex=True).ravel()
    epochs = [record["epoch"] for record in history]
    for axes, name in zip(panels, CURVES, strict=True):
        for index, (prefix, label) in enumerate((("", "training"), ("val_", "validation"))):
            values = [record[prefix + name] for record in history]
            axes.plot(epochs, values, **_style(index), label=label)
        if chance is not None and name == "balanced_accuracy":
            axes.axhline(chance, color="0.7", linewidth=1, linestyle=":", label="chance")
        axes.set(ylabel="spikes per unit and step" if name == "spike_probability" else name.replace("_", " "))
        axes.margins(y=0.1)
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))  # an offset above the axis is overlooked
    for axes in panels[2:]:
        axes.set(xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    figure.align_ylabels(panels)
    panels[1].legend(handles=panels[2].get_lines(), **BESIDE)
    return whole(figure)


def trial_figure(answered: AnsweredTrial, ax: Axes | None = None) -> Figure:
    """One trial: input and context spikes, spikes of the units, readout, and the answer to every item."""
    figure = canvas(ax, (8, 7))
    panels = figure.subplots(4, 1, sharex=True, height_ratios=(2, 1, 2, 1.5))
    trial, step_s = answered.trial, answered.step_ms * 1e-3
    _dots(panels[0], trial.frames, step_s, "input channel")
    _dots(panels[1], trial.context, step_s, "context class")
    _dots(panels[2], answered.spikes, step_s, "unit")
    panels[0].set(title=f"context: {answered.asked_for!r}, the class that is asked for")
    time_s = np.arange(len(answered.readout)) * step_s
    panels[3].plot(time_s, answered.readout, color="0.45", linewidth=1, label="readout")
    panels[3].axhline(0, color="0.7", linewidth=1, linestyle=":")
    _draw_answers(panels[3], answered, time_s)
    for item in range(1, len(trial.targets)):
        for axes in panels:
            axes.axvline(time_s[trial.block_index == item][0], color="0.8", linewidth=1)
    low, high = min(answered.readout.min(), 0), max(answered.readout.max(), 0)
    span = high - low or 1.0
    panels[3].set(xlabel="time (s)", ylabel="readout\n(yes above 0)")
    panels[3].set_ylim(low - 0.1 * span, high + 0.6 * span)  # the answers stand above all curves
    panels[3].yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    panels[3].legend(**BESIDE)
    figure.align_ylabels(panels)
    return whole(figure)


def f_i_family(
    counts: Mapping[str, np.ndarray],
    soma_drives: Sequence[float],
    apical_drives: Sequence[float],
    n_steps: int,
    ax: Axes | None = None,
) -> Figure:
    """Spikes per step over the somatic drive, one line per apical drive and one panel per interaction.

    counts: name -> (n_apical, n_soma) as of `f_i_curve.spike_counts`.
    """
    figure = canvas(ax, (1 + 4 * len(counts), 3.5))
    panels = figure.subplots(1, len(counts), sharey=True, squeeze=False)[0]
    for axes, (name, table) in zip(panels, counts.items(), strict=True):
        for index, (drive, row) in enumerate(zip(apical_drives, table, strict=True)):
            axes.plot(soma_drives, row / n_steps, **_style(index), label=f"{drive:g}")
        axes.set(xlabel="somatic drive", title=name)
    panels[0].set(ylabel="spikes per step")
    panels[-1].legend(title="apical drive", **BESIDE)
    return whole(figure)


def _style(index: int) -> dict[str, Any]:
    """Of the index-th curve: told apart in grey."""
    return {
        "color": SHADES[index % len(SHADES)],
        "linestyle": LINE_STYLES[index % len(LINE_STYLES)],
        "marker": _MARKERS[index % len(_MARKERS)],
        "markersize": 4,
    }


def _draw_answers(axes: Axes, answered: AnsweredTrial, time_s: np.ndarray) -> None:
    """The mean readout of every item, with what is right and whether it was said."""
    is_short = len(answered.targets) > _MOST_ITEMS_IN_WORDS
    said = zip(answered.logits, answered.targets, answered.answers, strict=True)
    for item, (logit, target, answer) in enumerate(said):
        on = time_s[answered.trial.block_index == item]
        label = "mean: the answer" if not item else None
        axes.plot(on[[0, -1]], [logit, logit], color="0.0", linewidth=3, label=label)
        wanted, right = "yes" if target else "no", "right" if answer == target else "wrong"
        axes.text(
            on.mean(),
            0.96,
            f"{wanted}\n{right}" if is_short else f"target {wanted}:\n{right}",
            ha="center",
            va="top",
            fontsize=6 if is_short else 8,
            transform=axes.get_xaxis_transform(),
        )


def _dots(axes: Axes, spikes: np.ndarray, step_s: float, label: str) -> None:
    step, unit = np.nonzero(spikes)
    axes.plot(step * step_s, unit, "|", color="0.0", markersize=2, markeredgewidth=0.6, rasterized=True)
    axes.set(ylabel=label, ylim=(-1, spikes.shape[1]))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
