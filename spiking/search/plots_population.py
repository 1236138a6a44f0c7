"""One figure of a population: how well each network does as a rate network and as a spiking one, and at which factor."""

from collections.abc import Sequence

import numpy as np

from rate2spike.figures import Axes, Figure, canvas, whole
from rate2spike.spiking.search.network_table import NetworkRow
from rate2spike.spiking.search.remarks import GOOD_ACCURACY

_LETTER_INCHES = 0.08  # of a letter of a name
_MOST_NAMES = 40  # more do not fit under the axis
_MOST_WIDTH = 16.0  # inches
_NAME_LENGTH = 24  # of longer ones, as historic file names are, the end tells them apart


def networks_figure(rows: Sequence[NetworkRow], ax: Axes | None = None) -> Figure:
    """Above: accuracies with 95 % intervals, one column per network. Below: scaling factors, the best and the one used.

    ax: where, made by `subplots`, in place of a new figure. Raises InputError.
    """
    names = shown_names([row.network for row in rows])
    figure = canvas(ax, (figure_width(3.5, len(rows)), 5.0 + names_height(names)))
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    _draw(above, rows, "rate_accuracy", None, dict(fmt="x", color="0.0", label="rate network"), -0.25)
    _draw(
        above,
        rows,
        "search_accuracy",
        ("search_low", "search_high"),
        dict(fmt="s", color="0.6", label="spiking, trials of the search"),
        0,
    )
    n_trials = max((row.n_trials or 0 for row in rows), default=0)
    _draw(
        above,
        rows,
        "accuracy",
        ("interval_low", "interval_high"),
        dict(fmt="o", color="0.0", label=f"spiking, {n_trials} fresh trials"),
        0.25,
    )
    above.axhline(GOOD_ACCURACY, color="0.5", linestyle=":", linewidth=1, label=f"{GOOD_ACCURACY:g}: converted")
    above.set(ylabel="accuracy (fraction of trials)", ylim=(-0.03, 1.03))
    figure.legend(*above.get_legend_handles_labels(), frameon=False, loc="outside upper center", ncols=1)
    _draw(below, rows, "best_factor", None, dict(fmt="s", color="0.6"), 0)
    _draw(below, rows, "scaling_factor", None, dict(fmt="o", color="0.0"), 0.25)
    below.margins(y=0.15)
    below.set(ylabel="scaling factor\n(1/λ)", xlim=(0.3, len(rows) + 0.7))
    write_names(below, names)
    return whole(figure)


def figure_width(margin_inches: float, n_networks: int) -> float:
    """Inches of a figure with a column per network."""
    return min(margin_inches + 0.3 * n_networks, _MOST_WIDTH)


def shown_names(names: Sequence[str]) -> list[str]:
    """What stands below the columns; nothing where there are too many."""
    if len(names) > _MOST_NAMES:
        return []
    return [name if len(name) <= _NAME_LENGTH else "…" + name[-_NAME_LENGTH:] for name in names]


def names_height(names: Sequence[str]) -> float:
    """Inches that they need."""
    return _LETTER_INCHES * max(map(len, names), default=0)


def write_names(axes: Axes, names: Sequence[str]) -> None:
    """Under the columns 1, 2, ..."""
    if names:
        axes.set_xticks(range(1, len(names) + 1), names, rotation=90)
    axes.set(xlabel="network" if names else "network, in the order of the table")


def _draw(
    axes: Axes, rows: Sequence[NetworkRow], column: str, bounds: tuple[str, str] | None, style: dict, shift: float
) -> None:
    """A mark per network that has the value, with its interval if there is one."""
    at = [k for k, row in enumerate(rows) if getattr(row, column) is not None]
    if not at:
        return
    values = np.array([getattr(rows[k], column) for k in at], float)
    errors = None
    if bounds:
        known = [
            [value if edge is None else edge for edge in (getattr(rows[k], bounds[0]), getattr(rows[k], bounds[1]))]
            for k, value in zip(at, values, strict=True)
        ]
        errors = np.abs(np.array(known).T - values)
    axes.errorbar(np.array(at) + 1 + shift, values, errors, markersize=4, linewidth=0.8, linestyle="none", **style)
