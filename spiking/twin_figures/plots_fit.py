"""Figures of a fit: losses over updates, predicted probabilities, errors of the voltage.

ax: where to draw, or whose place is taken, in place of a new figure.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.figures import BESIDE, Axes, Figure, canvas, panel, whole
from rate2spike.spiking.twin_evaluation.predictions import TwinPredictions
from rate2spike.spiking.twin_figures.prediction_histograms import probability_shares, voltage_errors


def learning_curves(history: Sequence[Mapping[str, Any]], ax: Axes | None = None) -> Figure:
    """Losses of every output over updates, linear and below it logarithmic, in training and (dashed) validation.

    history: of a `FitResult`. Raises InputError if it holds no epoch.
    """
    names = [name for name in (history[0] if history else ()) if name.endswith("_loss") and not name.startswith("val_")]
    if not names:
        raise InputError("there is no finished epoch in the {history}", "history")
    updates = np.cumsum([record["n_steps"] for record in history])
    figure = canvas(ax, (0.8 + 2.9 * len(names), 4.6))
    panels = figure.subplots(2, len(names), sharex=True, squeeze=False)
    for column, name in zip(panels.T, names, strict=True):
        for key, shade, style, label in ((name, "0.0", "-", "training"), (f"val_{name}", "0.5", "--", "validation")):
            losses = np.array([np.nan if record.get(key) is None else record[key] for record in history], float)
            for axes in column if np.isfinite(losses).any() else ():
                axes.plot(updates, losses, color=shade, linestyle=style, marker=".", label=label)
        column[0].set(title=name.removesuffix("_loss"), ylim=(0, None))
        column[1].set(xlabel="updates", yscale="log")
    panels[0, 0].set(ylabel="loss")
    panels[1, 0].set(ylabel="loss (log)")
    panels[0, -1].legend(**BESIDE)
    return whole(figure)


def probabilities(predictions: TwinPredictions, discard_ms: int = 0, ax: Axes | None = None) -> Figure:
    """Which probabilities the network gives to milliseconds with a spike of the neuron, and to those without."""
    found = probability_shares(predictions, discard_ms)
    axes = panel(ax, (4.6, 3.2))
    looks: list[dict[str, Any]] = [
        {"color": "0.0", "linewidth": 1.5},
        {"color": "0.5", "linewidth": 1.2, "linestyle": "--"},
    ]
    for (name, share), look in zip(found.share.items(), looks, strict=True):
        axes.stairs(share, found.edges, label=name, **look)
    axes.set(xscale="log", xlabel="predicted probability of a spike", ylabel="share of milliseconds")
    axes.set_ylim(0, None)
    axes.legend(frameon=False, fontsize="small")
    return whole(axes)


def residuals(predictions: TwinPredictions, discard_ms: int = 0, ax: Axes | None = None) -> Figure:
    """Predicted minus true voltage. Raises InputError for predictions without voltage."""
    found, (mean, sd) = voltage_errors(predictions, discard_ms)
    axes = panel(ax, (4.4, 3.2))
    axes.stairs(found.share["error"], found.edges, fill=True, color="0.4")
    axes.axvline(0, color="0.0", linewidth=0.8, linestyle=":")
    axes.set(xlabel="predicted minus true voltage (mV)", ylabel="share of milliseconds")
    axes.set_title(f"mean {mean:.2f} mV, SD {sd:.2f} mV", fontsize="medium")
    return whole(axes)
