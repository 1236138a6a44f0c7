"""Figures of the rate side. Each function takes data and returns a Figure; nothing is shown, nothing needs a display."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from rate2spike.figures import draw_mean_sd
from rate2spike.matlab_compat.model_file import STEP_S, TrainedModel

LOSS_WINDOW = 100  # updates of the running mean


def loss_curve(model: TrainedModel) -> Figure:
    """Training loss per update, with its running mean."""
    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.subplots()
    losses = np.asarray(model.losses)[: (model.last_update or 0) + 1]
    axes.plot(losses, color="0.75", linewidth=0.5, label="each update")
    if losses.size >= LOSS_WINDOW:
        mean = np.convolve(losses, np.full(LOSS_WINDOW, 1 / LOSS_WINDOW), mode="valid")
        axes.plot(np.arange(mean.size) + LOSS_WINDOW - 1, mean, color="0.0", label=f"mean of {LOSS_WINDOW}")
    axes.set(xlabel="update", ylabel="loss", title="Training loss", ylim=(0, None))
    axes.legend(frameon=False)
    return figure


def tau_distribution(model: TrainedModel) -> Figure:
    """Synaptic time constants before and after training."""
    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.subplots()
    tuned, initial = model.tau_s() * 1e3, model.tau_s(initial=True) * 1e3
    limits_ms = np.asarray(model.tau_limits_steps) * STEP_S * 1e3
    edges = np.linspace(limits_ms[0], limits_ms[-1], 26) if limits_ms.size == 2 else limits_ms[0] + np.arange(-5, 6)
    axes.hist(initial, list(edges), histtype="step", color="0.0", linestyle="--", label="before training")
    axes.hist(tuned, list(edges), color="0.6", label=f"tuned: {tuned.mean():.1f} ± {tuned.std():.1f} ms")
    axes.set(xlabel="synaptic decay time constant (ms)", ylabel="units", title="Synaptic time constants")
    axes.legend(frameon=False)
    return figure


def rate_outputs(outputs: np.ndarray, labels: np.ndarray, label_names: Mapping[int | str, str]) -> Figure:
    """Output of the rate network, (n_trials, T-1), per condition: mean ± SD over trials."""
    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.subplots()
    time_s = np.arange(1, outputs.shape[1] + 1) * STEP_S
    for index, label in enumerate(label_names):
        chosen = outputs[labels == label]
        if chosen.size:
            draw_mean_sd(axes, time_s, chosen, f"{label_names[label]} (n = {len(chosen)})", index)
    axes.set(xlabel="time (s)", ylabel="output", title="Rate network, mean ± SD")
    axes.legend(frameon=False)
    return figure
