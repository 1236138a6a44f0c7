"""What all figures share: matplotlib, and styles that are told apart in grey."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from rate2spike.machine import matplotlib_anywhere  # noqa: F401 - before matplotlib itself

# isort: split
import matplotlib.figure
from matplotlib.axes import Axes
from matplotlib.figure import Figure as AnyFigure  # noqa: F401 - with those that users make
from matplotlib.figure import FigureBase
from matplotlib.ticker import MaxNLocator  # noqa: F401 - all modules with figures take these from here

from rate2spike.errors import InputError

LINE_STYLES = ("-", "--", "-.", ":")
SHADES = ("0.0", "0.45", "0.65", "0.3")
# of a legend that stands beside its panel, where no curve is
BESIDE: dict[str, Any] = {"frameon": False, "fontsize": "small", "loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}


class Figure(matplotlib.figure.Figure):
    """A figure that a notebook shows when it is the last value of a cell, without `%matplotlib inline`."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()


def panel(ax: Axes | None, figsize: tuple[float, float]) -> Axes:
    """The axes to draw into: those given, or those of a new figure. Raises InputError if ax is none."""
    if ax is None:
        return Figure(figsize=figsize, layout="constrained").subplots()
    return checked_axes(ax)


def canvas(ax: Axes | None, figsize: tuple[float, float]) -> FigureBase:
    """What several panels are drawn into: a new figure, or the place of ax, which makes room for them.

    Raises InputError if ax is no axes of a grid, as `subplots` makes them.
    """
    if ax is None:
        return Figure(figsize=figsize, layout="constrained")
    place = checked_axes(ax).get_subplotspec()
    if place is None:
        raise InputError("a figure of several panels needs an ax made by subplots", "ax")
    figure = ax.get_figure()
    assert figure is not None
    ax.remove()
    return figure.add_subfigure(place)


def whole(drawn: Axes | FigureBase) -> Figure:
    """The figure that axes, or a part of a figure, belong to."""
    figure = drawn.get_figure() if isinstance(drawn, Axes) else drawn
    while isinstance(figure, matplotlib.figure.SubFigure):
        figure = figure.figure
    return figure  # type: ignore[return-value]  # of the user's own class, if the axes are the user's


def checked_axes(ax: Axes) -> Axes:
    """Raise InputError for what is no axes."""
    if not isinstance(ax, Axes):
        raise InputError(f"{{ax}} must be a matplotlib Axes, got {type(ax).__name__}", "ax")
    return ax


def draw_conditions(outputs: Mapping[str, np.ndarray], dt_s: float, title: str, ax: Axes | None = None) -> Figure:
    """Outputs per condition, {name: (n_trials, n_steps[, n_outputs])}: mean ± SD over trials, one panel per output."""
    n_outputs = max((trials.shape[2] for trials in outputs.values() if trials.ndim == 3), default=1)
    figure = canvas(ax, (6, 1 + 2 * n_outputs))
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
    panels[0].legend(**BESIDE)
    return whole(figure)


def draw_mean_sd(axes: Axes, time_s: np.ndarray, outputs: np.ndarray, name: str, index: int) -> None:
    """Draw the mean of (n_trials, n_steps) outputs with a band of one SD, in the index-th style."""
    mean, sd = outputs.mean(0), outputs.std(0)
    shade = SHADES[index % len(SHADES)]
    axes.fill_between(time_s, mean - sd, mean + sd, color=shade, alpha=0.25, linewidth=0)
    axes.plot(time_s, mean, color=shade, linestyle=LINE_STYLES[index % len(LINE_STYLES)], label=name)
