"""Figures of the rate side. Each function takes data and returns a Figure; nothing is shown, nothing needs a display."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import shown
from rate2spike.errors import InputError
from rate2spike.figures import Axes, Figure, MaxNLocator, canvas, draw_conditions, panel, whole
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.rate import tasks
from rate2spike.rate.outcomes import Population
from rate2spike.rate.task import Task, Trial
from rate2spike.trained_model import STEP_S, TrainedModel

if TYPE_CHECKING:
    from rate2spike.rate.rate_evaluation import RateEvaluation  # they load TensorFlow
    from rate2spike.rate.training_run import TrainingResult

# of a legend that stands below its panel, where no curve is
_BELOW: dict[str, Any] = {
    "frameon": False,
    "fontsize": "small",
    "loc": "upper center",
    "bbox_to_anchor": (0.5, -0.22),
    "ncols": 2,
}
LOSS_WINDOW = 100  # updates of the running mean


def training_overview(model: TrainedModel, ax: Axes | None = None) -> Figure:
    """Training loss, time constants, and eigenvalues of the recurrent weights."""
    figure = canvas(ax, (12, 3.8))
    panels = figure.subplots(1, 3)
    loss_curve(model, panels[0])
    tau_distribution(model, panels[1])
    _draw_spectra(model, panels[2])
    return whole(figure)


def loss_curve(model: TrainedModel, ax: Axes | None = None) -> Figure:
    """Training loss per update, with its running mean around each, and the criterion.

    The axis ends where nearly all losses lie: the first few may be many times as high.
    """
    axes = panel(ax, (5, 3.4))
    losses = model.update_losses
    updates = np.arange(losses.size)
    axes.plot(updates, losses, color="0.75", linewidth=0.5, label="each update")
    if losses.size >= LOSS_WINDOW:
        mean = np.convolve(losses, np.full(LOSS_WINDOW, 1 / LOSS_WINDOW), mode="valid")
        axes.plot(np.arange(mean.size) + (LOSS_WINDOW - 1) / 2, mean, color="0.0", label=f"mean of {LOSS_WINDOW}")
    criterion = _loss_criterion(model)
    if criterion is not None:
        axes.axhline(criterion, color="0.4", linestyle="--", linewidth=1, label=f"criterion: below {criterion:g}")
    if not losses.size:
        axes.text(0.5, 0.5, "the file holds no losses", transform=axes.transAxes, ha="center")
    usual = np.percentile(losses, 99) if losses.size else 1.0
    top = 1.15 * max(usual, criterion or 0)
    n_above = int((losses > top).sum())
    axes.set(xlabel="update", ylabel="loss", title="Training loss", ylim=(0, top))
    if n_above:
        axes.plot([], [], " ", label=f"up to {losses.max():.3g}: {n_above} beyond the axis")
    axes.legend(**_BELOW)
    return whole(axes)


def tau_distribution(model: TrainedModel, ax: Axes | None = None) -> Figure:
    """Synaptic time constants before and after training."""
    axes = panel(ax, (5, 3.2))
    tuned, initial = model.tau_s() * 1e3, model.tau_s(initial=True) * 1e3
    limits_ms = np.asarray(model.tau_limits_steps) * STEP_S * 1e3
    edges = np.linspace(limits_ms[0], limits_ms[-1], 26) if limits_ms.size == 2 else limits_ms[0] + np.arange(-5, 6)
    axes.hist(tuned, list(edges), color="0.7", label=f"tuned: {tuned.mean():.1f} ± {tuned.std():.1f} ms")
    axes.hist(initial, list(edges), histtype="step", color="0.0", linestyle="--", label="before training")
    axes.set(xlabel="synaptic decay time constant (ms)", ylabel="units", title="Synaptic time constants")
    axes.legend(**_BELOW)
    return whole(axes)


def rate_outputs(outputs: np.ndarray, labels: np.ndarray, task: Task, ax: Axes | None = None) -> Figure:
    """Output of the rate network, (n_trials, T-1[, n_outputs]), per condition: mean ± SD over trials."""
    conditions = {task.name_of(label): outputs[labels == label] for label in task.labels()}
    present = {name: trials for name, trials in conditions.items() if len(trials)}
    return draw_conditions(present, STEP_S, "Rate network, mean ± SD", ax)


def drawn_evaluation(evaluation: "RateEvaluation", ax: Axes | None = None) -> Figure:
    """The outputs of an evaluation per condition."""
    assert evaluation.task is not None
    return rate_outputs(evaluation.outputs, evaluation.labels, evaluation.task, ax)


def evaluation_outputs(model: TrainedModel, ax: Axes | None = None) -> Figure:
    """Output of the rate network in the last evaluation of training, per condition. Raises InputError if there was none."""
    if model.eval_outputs is None or model.eval_labels is None:
        raise InputError("the model holds no evaluation: its file lacks eval_o and eval_labels")
    labels, options = np.ravel(model.eval_labels), model.task_options
    if model.task in tasks.TASKS:
        return rate_outputs(model.eval_outputs, labels, tasks.get(model.task, options), ax)
    conditions = {str(label): model.eval_outputs[labels == label] for label in np.unique(labels)}
    return draw_conditions(conditions, STEP_S, "Rate network, mean ± SD", ax)


def evaluations_over_updates(result: "TrainingResult", ax: Axes | None = None) -> Figure:
    """Loss and accuracy on fresh trials over the updates."""
    figure = canvas(ax, (5, 5))
    above, below = figure.subplots(2, 1, sharex=True)
    updates = [row.update + 1 for row in result.evaluations]
    above.plot(updates, [row.loss for row in result.evaluations], "o--", color="0.0", markersize=4)
    below.plot(updates, [row.accuracy for row in result.evaluations], "o--", color="0.0", markersize=4)
    above.set(ylabel="loss on fresh trials", title="Training")
    above.set_ylim(0, 1.1 * above.get_ylim()[1])
    below.set(xlabel="updates", ylabel="accuracy on fresh trials", ylim=(-0.05, 1.05))
    return whole(figure)


def trial_course(trial: Trial, ax: Axes | None = None) -> Figure:
    """Inputs and targets of a trial over time, each in its panel; what is scored of the output is shaded."""
    task, targets = trial.task, np.atleast_2d(trial.target)
    rows = [("input", k, len(trial.u), row) for k, row in enumerate(trial.u)]
    rows += [("target", k, len(targets), row) for k, row in enumerate(targets)]
    figure = canvas(ax, (5, 1 + min(len(rows), 12)))
    panels = np.atleast_1d(figure.subplots(len(rows), 1, sharex=True))
    start = task.rate_window_start + 1 if trial.window_start is None else trial.window_start
    for axes, (what, k, n, row) in zip(panels, rows, strict=True):
        axes.step(np.arange(row.size + 1) * STEP_S, np.append(row, row[-1]), where="post", color="0.0", linewidth=1)
        axes.set(ylabel=f"{what} {k + 1}" if n > 1 else what, xlim=(0, row.size * STEP_S))
        low, high = (end(trial.u if what == "input" else targets) for end in (np.min, np.max))
        axes.set_ylim(
            low - 0.15 * max(high - low, 0.1), high + 0.15 * max(high - low, 0.1)
        )  # the same for all of a kind
        if what == "target":
            axes.axvspan(start * STEP_S, row.size * STEP_S, color="0.9", zorder=0)
    panels[0].set(title=f"{task.name}, trial {task.name_of(trial.label)!r}")
    panels[-1].set(xlabel="time (s); shaded: scored")
    figure.align_ylabels()
    return whole(figure)


def population_outcomes(population: Population, ax: Axes | None = None) -> Figure:
    """Length of training and accuracy of every network of a population; the marker's size says how many coincide."""
    axes = panel(ax, (5, 3))
    trained = [one for one in population if one.accuracy is not None]
    for is_met, marker, name in ((True, "o", "criteria met"), (False, "X", "criteria not met")):
        members = [(one.updates, one.accuracy) for one in trained if one.criteria_met == is_met]
        if members:
            (x, y), counts = np.unique(np.array(members).T, axis=1, return_counts=True)
            label = f"{name} (n = {len(members)})"
            axes.scatter(x, y, 25 * counts, marker=marker, color="0.45", edgecolors="0.0", alpha=0.8, label=label)
            for one in np.flatnonzero(counts > 1):
                axes.annotate(f"  x {counts[one]}", (x[one], y[one]), fontsize="small", va="center")
    axes.set(xlabel="updates", ylabel="accuracy of the rate network", ylim=(-0.03, 1.1))
    axes.set_xlim(0, 1.15 * max((one.updates for one in trained), default=1))
    axes.set(title=f"Population of {len(population)} networks")
    axes.set_yticks(np.linspace(0, 1, 6))
    if trained:
        axes.legend(frameon=False, loc="lower left", fontsize="small")
    return whole(axes)


@public()
def training_figure(history: Any, ax: Axes | None = None) -> Figure:
    """Draw loss, and accuracy where there is one, per epoch of Keras' training.

    Parameters
    ----------
    history : keras.callbacks.History
        What `fit` returned, of `keras_model` or of a model of your own.
    ax : matplotlib Axes, optional
        Where to draw, in place of a new figure; one that `subplots` made.

    Returns
    -------
    Figure
        The figure, which a notebook shows by itself.

    Raises
    ------
    InputError
        If history is none, or holds no loss.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> model = r2s.keras_model("go-nogo", n_units=10, batch_size=2, evaluate_every=2, seed=1)
    >>> figure = r2s.training_figure(model.fit(epochs=2, verbose=0))
    >>> figure.axes[0].get_ylabel()
    'loss'
    """
    values = getattr(history, "history", history)
    if not isinstance(values, Mapping) or "loss" not in values:
        raise InputError(f"{{history}} must be what fit() returned, got {shown(history)}", "history")
    has_accuracy = "val_accuracy" in values
    figure = canvas(ax, (5, 5 if has_accuracy else 3))
    panels = figure.subplots(2 if has_accuracy else 1, 1, sharex=True, squeeze=False)[:, 0]
    epochs = np.arange(1, len(values["loss"]) + 1)
    panels[0].plot(epochs, values["loss"], ".-", color="0.6", label="training")
    if "val_loss" in values:
        panels[0].plot(epochs, values["val_loss"], "o--", color="0.0", markersize=4, label="fresh trials")
    panels[0].set(ylabel="loss", title="Training")
    panels[0].set_ylim(0, 1.3 * panels[0].get_ylim()[1])  # room for the legend
    panels[0].legend(frameon=False, loc="upper right", ncols=2)
    if has_accuracy:
        panels[1].plot(epochs, values["val_accuracy"], "o--", color="0.0", markersize=4)
        panels[1].set(ylabel="accuracy on fresh trials", ylim=(-0.05, 1.05))
    panels[-1].set(xlabel="epoch", xlim=(0.5, len(epochs) + 0.5))
    panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    return whole(figure)


def spectrum(model: TrainedModel, ax: Axes | None = None) -> Figure:
    """Eigenvalues of the effective recurrent weights before and after training (Rajan & Abbott 2006)."""
    figure = canvas(ax, (8, 4.4))
    panels = figure.subplots(1, 2)
    for axes, is_initial, name in zip(panels, (True, False), ("before training", "after training"), strict=True):
        values = eigenvalues(model, initial=is_initial)
        axes.plot(values.real, values.imag, ".", color="0.0", markersize=4)
        _frame_eigenvalues(axes, values)
        axes.set(xlabel="real part", title=f"{name}: largest modulus {np.abs(values).max():.2f}")
    panels[0].set(ylabel="imaginary part")
    figure.suptitle("Eigenvalues of the recurrent weights (dotted: unit circle)")
    return whole(figure)


def _draw_spectra(model: TrainedModel, axes: Axes) -> None:
    """Eigenvalues before and after training in one panel."""
    before, after = eigenvalues(model, initial=True), eigenvalues(model)
    axes.plot(before.real, before.imag, "x", color="0.65", markersize=3, label="before training")
    axes.plot(after.real, after.imag, ".", color="0.0", markersize=4, label="after")
    _frame_eigenvalues(axes, after)
    axes.set(xlabel="real part", ylabel="imaginary part", title="Eigenvalues of the weights")
    axes.legend(**_BELOW)


def _frame_eigenvalues(axes: Axes, values: np.ndarray) -> None:
    """The square that holds the eigenvalues, with the unit circle; one far outside the others is an arrow at the edge."""
    moduli = np.sort(np.abs(values))[::-1]
    far = np.abs(values) > 1.7 * max(1.0, moduli[min(1, moduli.size - 1)])
    inside = np.concatenate([values[~far], np.exp(1j * np.linspace(0, 2 * np.pi, 200))])
    (left, right), (low, high) = (
        (part.min() - 0.07 * np.ptp(part), part.max() + 0.07 * np.ptp(part)) for part in (inside.real, inside.imag)
    )
    angle = np.linspace(0, 2 * np.pi, 200)
    axes.plot(np.cos(angle), np.sin(angle), ":", color="0.5", linewidth=1)
    axes.set(aspect="equal", xlim=(left, right), ylim=(low, high))
    for value in values[far]:
        is_right = value.real > 0
        x, y = right - 0.1 if is_right else left + 0.1, float(np.clip(value.imag, low, high))
        axes.plot(x, y, ">" if is_right else "<", color="0.0")
        words = f"one at {value.real:.3g} "
        side, ground = "right" if is_right else "left", {"facecolor": "white", "edgecolor": "none", "pad": 1}
        axes.text(x, y + 0.06 * (high - low), words, ha=side, va="bottom", fontsize="small", bbox=ground)


def _loss_criterion(model: TrainedModel) -> float | None:
    """The loss that training had to fall below, if the file and its task say so."""
    try:
        own = json.loads(model.settings["config"]).get("loss_threshold")
    except (KeyError, TypeError, ValueError, AttributeError):
        own = None
    of_task = getattr(tasks.TASKS.get(model.task or ""), "loss_threshold", None)
    criterion = of_task if own is None else own
    return float(criterion) if isinstance(criterion, int | float) and np.isfinite(criterion) else None


@one_blas_thread()
def eigenvalues(model: TrainedModel, *, initial: bool = False) -> np.ndarray:
    """(N,) eigenvalues of the effective recurrent weights, largest modulus first."""
    values = np.linalg.eigvals(model.effective_w(initial=initial).astype(np.float64))
    return values[np.argsort(-np.abs(values), kind="stable")]
