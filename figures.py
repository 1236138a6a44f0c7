"""What all figures share: matplotlib, and styles that are told apart in grey."""

from collections.abc import Mapping

import numpy as np

from rate2spike.machine import matplotlib_anywhere  # noqa: F401 - before matplotlib itself

# isort: split
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator  # noqa: F401 - all modules with figures take these from here

LINE_STYLES = ("-", "--", "-.", ":")
SHADES = ("0.0", "0.45", "0.65", "0.3")


def draw_conditions(outputs: Mapping[str, np.ndarray], dt_s: float, title: str) -> Figure:
    """Outputs per condition, {name: (n_trials, n_steps[, n_outputs])}: mean ± SD over trials, one panel per output."""
    n_outputs = max((trials.shape[2] for trials in outputs.values() if trials.ndim == 3), default=1)
    figure = Figure(figsize=(5, 1 + 2 * n_outputs), layout="constrained")
    panels = figure.subplots(n_outputs, 1, sharex=True, squeeze=False)[:, 0]
    for index, (name, trials) in enumerate(outputs.items()):
        time_s = np.arange(1, trials.shape[1] + 1) * dt_s
        for k, axes in enumerate(panels):
            of_output = trials if trials.ndim == 2 else trials[..., k]
            draw_mean_sd(axes, time_s, of_output, f"{name} (n = {len(trials)})", index)
    for k, axes in enumerate(panels):
        axes.set(ylabel=f"output {k + 1}" if n_outputs > 1 else "output")
    panels[-1].set(xlabel="time (s)")
    panels[0].set(title=title)
    panels[0].legend(frameon=False)
    return figure


def draw_mean_sd(axes: Axes, time_s: np.ndarray, outputs: np.ndarray, name: str, index: int) -> None:
    """Draw the mean of (n_trials, n_steps) outputs with a band of one SD, in the index-th style."""
    mean, sd = outputs.mean(0), outputs.std(0)
    shade = SHADES[index % len(SHADES)]
    axes.fill_between(time_s, mean - sd, mean + sd, color=shade, alpha=0.25, linewidth=0)
    axes.plot(time_s, mean, color=shade, linestyle=LINE_STYLES[index % len(LINE_STYLES)], label=name)
