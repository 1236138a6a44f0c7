"""Figure of stochastic firing: its rate over the voltage.

ax: where to draw, in place of a new figure.
"""

from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.figures import AnyFigure, Axes, Figure, panel, whole

_VOLTAGES = np.linspace(-1.25, 1.25, 101)


def firing_rate(firing: Any, ax: Axes | None = None, f: AnyFigure | None = None) -> Figure:
    """The rate from -1.25 to 1.25, in steps of 0.025, and a mark where it is f_thres. f: the figure to draw into."""
    if not isinstance(f, AnyFigure | None):
        raise InputError(f"{{f}} must be a matplotlib Figure, got {type(f).__name__}", "f")
    axes = panel(ax if ax is not None or f is None else f.gca(), (5, 3.5))
    axes.plot(_VOLTAGES, firing.rate_function(_VOLTAGES).numpy(), color="0.0")
    axes.plot(firing.theta, firing.f_thres, "o", color="0.45", markersize=4)
    axes.annotate(
        r"$(\theta, f_\theta)$", (firing.theta, firing.f_thres), (4, -4), textcoords="offset points", va="top"
    )
    axes.set(xlabel="voltage v", ylabel="spikes per step")
    axes.margins(0.05)
    return whole(axes)
