"""The figure of a tuned population: accuracy and firing rate of every network, before and after."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rate2spike.figures import Axes, Figure, canvas, whole
from rate2spike.matlab_compat.model_paths import distinct_names
from rate2spike.spiking.scoring.result import GOOD_ACCURACY
from rate2spike.spiking.search.plots_population import figure_width, names_height, shown_names, write_names
from rate2spike.spiking.tuning.table import TunedFile


def tunings_figure(rows: Sequence[TunedFile], ax: Axes | None = None) -> Figure:
    """Above: accuracies with 95 % intervals, an arrow from before to after. Below: mean firing rates.

    ax: where, made by `subplots`, in place of a new figure. Raises InputError.
    """
    names = shown_names(distinct_names([row.path for row in rows]))
    figure = canvas(ax, (figure_width(4.0, len(rows)), 4.5 + names_height(names)))
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    _draw(
        above, rows, ("accuracy_before", "accuracy"), (("before_low", "before_high"), ("interval_low", "interval_high"))
    )
    above.axhline(GOOD_ACCURACY, color="0.5", linestyle=":", linewidth=1, label=f"{GOOD_ACCURACY:g}: converted")
    above.set(ylabel="accuracy (fraction of trials)", ylim=(-0.03, 1.03))
    _draw(below, rows, ("mean_rate_hz_before", "mean_rate_hz"), (None, None))
    below.margins(y=0.15)
    below.set(ylabel="mean rate (Hz)", ylim=(0, None), xlim=(0.3, len(rows) + 0.7))
    figure.legend(*above.get_legend_handles_labels(), frameon=False, loc="outside upper center", ncols=3)
    write_names(below, names)
    return whole(figure)


def _draw(
    axes: Axes, rows: Sequence[TunedFile], columns: tuple[str, str], bounds: tuple[tuple[str, str] | None, ...]
) -> None:
    """An open mark before, a filled one after, and a line between, for every network that has both values."""
    known = [k for k, row in enumerate(rows) if None not in (getattr(row, columns[0]), getattr(row, columns[1]))]
    at = np.array(known) + 1
    values = [np.array([getattr(rows[k], column) for k in known], float) for column in columns]
    styles: tuple[dict[str, Any], ...] = (
        dict(fmt="s", color="0.6", fillstyle="none", label="before"),
        dict(fmt="o", color="0.0", label="after"),
    )
    for value, edges, style, shift in zip(values, bounds, styles, (-0.12, 0.12), strict=True):
        errors = None
        if edges and known:
            found = np.array([[getattr(rows[k], edge) for k in known] for edge in edges], float)
            errors = np.abs(found - value)
        axes.errorbar(at + shift, value, errors, markersize=4, linewidth=0.8, linestyle="none", **style)
    if known:
        axes.plot([at - 0.12, at + 0.12], values, color="0.6", linewidth=0.8)
