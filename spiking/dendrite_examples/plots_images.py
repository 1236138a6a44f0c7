"""Figures of classifiers of images: losses and accuracies over epochs, and of several tasks in turn."""

from typing import Any

import numpy as np

from rate2spike.figures import BESIDE, LINE_STYLES, SHADES, Axes, Figure, MaxNLocator, canvas, panel, whole
from rate2spike.io.datasets.idx_images import N_CLASSES
from rate2spike.spiking.dendrite_examples.classify_result import ClassifyResult
from rate2spike.spiking.dendrite_examples.config import NEURONS, STOCHASTIC
from rate2spike.spiking.dendrite_examples.continual_result import ContinualResult

_SHADES = ("0.0", "0.6")  # of deterministic and of stochastic firing
_CHANCE: dict[str, Any] = dict(color="0.5", linewidth=1, linestyle=(0, (1, 3)), zorder=0)


def classifiers(result: ClassifyResult, ax: Axes | None = None) -> Figure:
    """Loss in training, and accuracy in the test, over epochs."""
    figure = canvas(ax, (9.5, 3.6))
    left, right = figure.subplots(1, 2)
    epochs = np.arange(1, result.loss.shape[1] + 1)
    for k, (neuron, firing) in enumerate(result.kinds):
        style: dict[str, Any] = dict(
            color=_SHADES[firing == STOCHASTIC], linestyle=LINE_STYLES[NEURONS.index(neuron)], linewidth=1.4
        )
        style |= dict(marker="o" if len(epochs) == 1 else "", markersize=4, clip_on=len(epochs) > 1)
        left.plot(epochs, result.loss[k], **style)
        right.plot(epochs, result.test_accuracy[k], **style, label=f"{neuron},\n{firing}")
    right.axhline(1 / N_CLASSES, **_CHANCE, label="chance")
    left.set(ylabel="loss in training (nats)", ylim=(0, None))
    right.set(ylabel="accuracy in the test", ylim=(0, 1.03))
    for axes in (left, right):
        axes.set(xlabel="epoch", xlim=(min(1, epochs[-1] - 1) if len(epochs) == 1 else 1, epochs[-1]))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.spines[["top", "right"]].set_visible(False)
    right.legend(**BESIDE)
    return whole(figure)


def learnt_in_turn(result: ContinualResult, ax: Axes | None = None) -> Figure:
    """Accuracy of each task in the test, after it was learnt and after each later one."""
    axes = panel(ax, (6.4, 3.6))
    n_tasks = len(result.accuracies)
    for task in range(n_tasks):
        style: dict[str, Any] = dict(color=SHADES[task % len(SHADES)], linestyle=LINE_STYLES[task % len(LINE_STYLES)])
        after = np.arange(task, n_tasks)
        marker = "os^Dv"[task % 5]
        axes.plot(after + 1, result.accuracies[task:, task], **style, marker=marker, label=f"task {task + 1}")
    axes.axhline(1 / N_CLASSES, **_CHANCE, label="chance")
    axes.set(xlabel="tasks learnt", ylabel="accuracy in the test", ylim=(0, 1.03), xlim=(0.8, n_tasks + 0.2))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(**BESIDE)
    return whole(axes)
