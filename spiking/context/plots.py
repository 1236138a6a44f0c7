"""Figures of a context-dependent classifier: learning curves, one trial, and the f-I family of its units."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rate2spike.figures import LINE_STYLES, SHADES, Axes, Figure
from rate2spike.spiking.context.trials import Trial

CURVES = ("loss", "accuracy", "balanced_accuracy", "spike_probability")
_MARKERS = "osv^Dx"


def learning_curves(history: Sequence[Mapping[str, Any]], chance: float | None = None) -> Figure:
    """Loss, accuracies and spikes of training and validation over epochs. chance: what answers without context reach."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    epochs = [record["epoch"] for record in history]
    for axes, name in zip(figure.subplots(2, 2).ravel(), CURVES, strict=True):
        for index, (prefix, label) in enumerate((("", "training"), ("val_", "validation"))):
            values = [record[prefix + name] for record in history]
            axes.plot(
                epochs,
                values,
                marker=_MARKERS[index],
                color=SHADES[index],
                linestyle=LINE_STYLES[index],
                markersize=4,
                label=label,
            )
        if chance is not None and name == "balanced_accuracy":
            axes.axhline(chance, color="0.7", linewidth=1, linestyle=":", label="chance")
        unit = "spikes per unit and step" if name == "spike_probability" else name.replace("_", " ")
        axes.set(xlabel="epoch", ylabel=unit)
        axes.xaxis.get_major_locator().set_params(integer=True)
    figure.axes[2].legend(frameon=False, fontsize=8)
    return figure


def trial_figure(
    trial: Trial,
    spikes: np.ndarray,
    readout: np.ndarray,
    logits: np.ndarray,
    step_ms: float,
    class_names: Sequence[str],
) -> Figure:
    """One trial: input and context spikes, spikes (T, N), readout (T,), and logit (L,) and answer of every item."""
    figure = Figure(figsize=(8, 7), layout="constrained")
    panels = figure.subplots(4, 1, sharex=True, height_ratios=(2, 1, 2, 1.5))
    step_s = step_ms * 1e-3
    _dots(panels[0], trial.frames, step_s, "input channel")
    _dots(panels[1], trial.context, step_s, "context class")
    _dots(panels[2], spikes, step_s, "unit")
    panels[0].set(title=f"context: {class_names[trial.named]!r}, the class that is asked for")
    time_s = np.arange(len(readout)) * step_s
    panels[3].plot(time_s, readout, color="0.45", linewidth=1, label="readout")
    panels[3].axhline(0, color="0.7", linewidth=1, linestyle=":")
    for item, (logit, target) in enumerate(zip(logits, trial.targets, strict=True)):
        on = time_s[trial.block_index == item]
        panels[3].plot(
            on[[0, -1]], [logit, logit], color="0.0", linewidth=3, label="mean: the answer" if not item else None
        )
        right = "right" if (logit > 0) == (target > 0) else "wrong"
        panels[3].text(
            on.mean(),
            0.97,
            f"target {'yes' if target else 'no'}: {right}",
            ha="center",
            va="top",
            fontsize=8,
            transform=panels[3].get_xaxis_transform(),
        )
        for axes in panels if item else ():
            axes.axvline(on[0], color="0.8", linewidth=1)
    panels[3].margins(y=0.3)
    panels[3].set(xlabel="time (s)", ylabel="readout (yes above 0)")
    panels[3].legend(frameon=False, fontsize=8, loc="best")
    return figure


def f_i_family(
    counts: Mapping[str, np.ndarray], soma_drives: Sequence[float], apical_drives: Sequence[float], n_steps: int
) -> Figure:
    """Spikes per step over the somatic drive, one line per apical drive and one panel per interaction.

    counts: name -> (n_apical, n_soma) as of `f_i_curve.spike_counts`.
    """
    figure = Figure(figsize=(4 * len(counts), 3.5), layout="constrained")
    panels = figure.subplots(1, len(counts), sharey=True, squeeze=False)[0]
    for axes, (name, table) in zip(panels, counts.items(), strict=True):
        for index, (drive, row) in enumerate(zip(apical_drives, table, strict=True)):
            axes.plot(
                soma_drives,
                row / n_steps,
                color=SHADES[index % len(SHADES)],
                linestyle=LINE_STYLES[index % len(LINE_STYLES)],
                marker=_MARKERS[index % len(_MARKERS)],
                markersize=4,
                label=f"{drive:g}",
            )
        axes.set(xlabel="somatic drive", title=name)
    panels[0].set(ylabel="spikes per step")
    panels[0].legend(frameon=False, fontsize=8, title="apical drive")
    return figure


def _dots(axes: Axes, spikes: np.ndarray, step_s: float, label: str) -> None:
    step, unit = np.nonzero(spikes)
    axes.plot(step * step_s, unit, "|", color="0.0", markersize=2, markeredgewidth=0.6, rasterized=True)
    axes.set(ylabel=label, ylim=(-1, spikes.shape[1]))
