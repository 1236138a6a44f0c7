"""Figures of the rate side. Each function takes data and returns a Figure; nothing is shown, nothing needs a display."""

from typing import Any

import numpy as np

from rate2spike.figures import Figure, MaxNLocator, draw_conditions
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.rate.task import Task
from rate2spike.trained_model import STEP_S, TrainedModel

LOSS_WINDOW = 100  # updates of the running mean


def loss_curve(model: TrainedModel) -> Figure:
    """Training loss per update, with its running mean."""
    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.subplots()
    losses = model.update_losses
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


def rate_outputs(outputs: np.ndarray, labels: np.ndarray, task: Task) -> Figure:
    """Output of the rate network, (n_trials, T-1[, n_outputs]), per condition: mean ± SD over trials."""
    conditions = {task.name_of(label): outputs[labels == label] for label in task.labels()}
    present = {name: trials for name, trials in conditions.items() if len(trials)}
    return draw_conditions(present, STEP_S, "Rate network, mean ± SD")


def population_outcomes(updates: list[int], accuracies: list[float], criteria_met: list[bool]) -> Figure:
    """Length of training and accuracy of every network of a population."""
    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.subplots()
    met = np.asarray(criteria_met, bool)
    for members, marker, name in ((met, "o", "criteria met"), (~met, "x", "criteria not met")):
        if members.any():
            label = f"{name} (n = {members.sum()})"
            axes.plot(np.asarray(updates)[members], np.asarray(accuracies)[members], marker, color="0.2", label=label)
    axes.set(
        xlabel="updates", ylabel="accuracy of the rate network", xlim=(0, None), ylim=(-0.03, 1.03), title="Population"
    )
    axes.legend(frameon=False)
    return figure


def training_figure(history: Any) -> Figure:
    """Loss, and accuracy where there is one, per epoch of a Keras History."""
    values = history.history
    has_accuracy = "val_accuracy" in values
    figure = Figure(figsize=(5, 5 if has_accuracy else 3), layout="constrained")
    panels = figure.subplots(2 if has_accuracy else 1, 1, sharex=True, squeeze=False)[:, 0]
    epochs = np.arange(1, len(values["loss"]) + 1)
    panels[0].plot(epochs, values["loss"], color="0.6", label="training")
    if "val_loss" in values:
        panels[0].plot(epochs, values["val_loss"], "o--", color="0.0", markersize=4, label="fresh trials")
    panels[0].set(ylabel="loss", ylim=(0, None), title="Training")
    panels[0].legend(frameon=False)
    if has_accuracy:
        panels[1].plot(epochs, values["val_accuracy"], "o--", color="0.0", markersize=4)
        panels[1].set(ylabel="accuracy on fresh trials", ylim=(-0.03, 1.03))
    panels[-1].set(xlabel="epoch")
    panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def spectrum(model: TrainedModel) -> Figure:
    """Eigenvalues of the effective recurrent weights before and after training (Rajan & Abbott 2006)."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, is_initial, name in zip(panels, (True, False), ("before training", "after training"), strict=True):
        values = eigenvalues(model, initial=is_initial)
        axes.plot(values.real, values.imag, ".", color="0.0", markersize=4)
        angle = np.linspace(0, 2 * np.pi, 200)
        axes.plot(np.cos(angle), np.sin(angle), ":", color="0.5", linewidth=1)
        axes.set(xlabel="real part", title=f"{name}: largest modulus {np.abs(values).max():.2f}", aspect="equal")
    panels[0].set(ylabel="imaginary part")
    figure.suptitle("Eigenvalues of the recurrent weights (dotted: unit circle)")
    return figure


@one_blas_thread()
def eigenvalues(model: TrainedModel, *, initial: bool = False) -> np.ndarray:
    """(N,) eigenvalues of the effective recurrent weights, largest modulus first."""
    values = np.linalg.eigvals(model.effective_w(initial=initial).astype(np.float64))
    return values[np.argsort(-np.abs(values), kind="stable")]
