"""Figures of accuracy against the size of networks.

ax: whose place is taken, or where to draw, in place of a new figure.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.figures import BESIDE, LINE_STYLES, SHADES, Axes, Figure, MaxNLocator, canvas, panel, whole
from rate2spike.spiking.twin_evaluation.best_models import ModelTable
from rate2spike.spiking.twin_evaluation.model_row import ModelRow

_MARKERS = "os^Dv"
_AXES = {
    "depth": "depth (layers)",
    "width": "width (units)",
    "history_ms": "history (ms)",
    "n_parameters": "parameters",
}
_METRICS = {
    "auc": "AUC",
    "soma_explained_percent": "explained variance (%)",
    "d_prime": "D'",
    "tp_at_0_25_percent": "hits at 0.25 % false alarms",
    "soma_rmse_mv": "soma RMSE (mV)",
    "soma_mae_mv": "soma MAE (mV)",
}
_SHEET = ("d_prime", "auc", "tp_at_0_25_percent", "soma_explained_percent", "soma_rmse_mv", "soma_mae_mv")
_PAIRS = (("history_ms", "width"), ("depth", "width"), ("history_ms", "depth"))  # x and y
_SHOWN_MS = (10, 260)  # histories of the published curves


def accuracy_over_complexity(table: ModelTable, ax: Axes | None = None) -> Figure:
    """AUC and explained variance up to each depth, width, history and number of parameters, as far as they are known.

    A curve per variant of the neuron; bars: SD over random subsets of the simulations, of the network that has the value.
    Networks whose memory has no end are compared by their parameters alone: their depth and width mean something else.
    """
    layered = [
        row for row in table.rows if row.history_ms is not None and _SHOWN_MS[0] <= row.history_ms <= _SHOWN_MS[1]
    ]
    rows = [*layered, *(row for row in table.rows if row.history_ms is None)]
    variants = list(ModelTable(tuple(rows)).by_variant())
    metrics = [name for name in ("auc", "soma_explained_percent") if _is_known(rows, name)]
    axis_names = [name for name in _AXES if _is_known(rows if name == "n_parameters" else layered, name)]
    if not metrics or not axis_names:
        raise InputError("no network of the {table} has an AUC or an explained variance", "table")
    figure = canvas(ax, (2.6 * len(axis_names) + 1, 2.5 * len(metrics) + 0.3))
    panels = figure.subplots(len(metrics), len(axis_names), sharex="col", squeeze=False)
    for row, metric in zip(panels, metrics, strict=True):
        for axes, axis in zip(row, axis_names, strict=True):
            shown = rows if axis == "n_parameters" else layered
            _draw_curves(axes, {name: _of_variant(shown, name) for name in variants}, axis, metric)
            if axes is not row[0] and (axis != "n_parameters" or len(rows) == len(layered)):
                axes.sharey(row[0])
                axes.tick_params(labelleft=False)
        row[0].set(ylabel=_METRICS[metric])
    for axes, axis in zip(panels[-1], axis_names, strict=True):
        axes.set(xlabel=_AXES[axis])
    curves = {curve.get_label(): curve for axes in panels.ravel() for curve in axes.containers}
    panels[0, -1].legend(handles=[curves[name] for name in variants if name in curves], **BESIDE)
    return whole(figure)


def families_over_parameters(table: ModelTable, metric: str = "auc", ax: Axes | None = None) -> Figure:
    """Each network over its number of parameters, and the best up to there, by family of networks (TCN with FCN, ELM)."""
    families = {name: one for name, one in table.by_family().items() if name != "FCN" or "TCN" not in table.by_family()}
    if not _is_known(table.rows, "n_parameters") or not _is_known(table.rows, metric):
        raise InputError(f"no network of the {{table}} has a number of parameters and a {metric}", "table")
    axes = panel(ax, (5, 3.2))
    for index, (_, one) in enumerate(families.items()):
        x, y = (_values(one, name) for name in ("n_parameters", metric))
        axes.plot(x, y, _MARKERS[index % len(_MARKERS)], color=SHADES[index % len(SHADES)], alpha=0.35, markersize=4)
    _draw_curves(axes, families, "n_parameters", metric)
    axes.set(xlabel=_AXES["n_parameters"], ylabel=_METRICS.get(metric, metric))
    axes.legend(**BESIDE)
    return whole(axes)


def metrics_over(table: ModelTable, axis: str = "depth", ax: Axes | None = None) -> Figure:
    """Six scores of every network over its depth, width, history_ms, n_parameters or n_train_windows, by variant.

    Networks whose memory has no end stand over the last two alone: their depth and width mean something else.
    """
    if axis in ("depth", "width", "history_ms"):
        table = ModelTable(tuple(row for row in table.rows if row.history_ms is not None))
    metrics = [name for name in _SHEET if _is_known(table.rows, name)]
    if not _is_known(table.rows, axis) or not metrics:
        raise InputError(f"no network of the {{table}} has a {axis} and a score", "table")
    figure = canvas(ax, (9.5, 5.2))
    panels = figure.subplots(2, 3, sharex=True).ravel()
    for axes, metric in zip(panels, metrics, strict=False):
        for index, (name, one) in enumerate(table.by_variant().items()):
            x, y = (_values(one, which) for which in (axis, metric))
            style = {"color": SHADES[index % len(SHADES)], "marker": _MARKERS[index % len(_MARKERS)]}
            axes.plot(x, y, linestyle="none", fillstyle="none", markersize=5, label=name, **style)
        axes.set(ylabel=_METRICS[metric])
        _fit_axis(axes, axis)
    for axes in panels[len(metrics) :]:
        axes.set_axis_off()
    for axes in panels[3:]:
        axes.set(xlabel=_AXES.get(axis, "windows trained with"))
    panels[min(2, len(metrics) - 1)].legend(**BESIDE)
    return whole(figure)


def sizes(table: ModelTable, ax: Axes | None = None) -> Figure:
    """Which networks there are: width over history, width over depth, depth over history, a marker per variant.

    Networks whose memory has no end have no history, and are left out. Raises InputError if there are no others.
    """
    kept = ModelTable(tuple(row for row in table.rows if row.history_ms is not None))
    if not kept.rows:
        raise InputError("no network of the {table} has a history", "table")
    figure = canvas(ax, (10, 3.2))
    panels = figure.subplots(1, 3)
    for axes, (x_name, y_name) in zip(panels, _PAIRS, strict=True):
        for index, (name, one) in enumerate(kept.by_variant().items()):
            x, y = ([getattr(row, which) for row in one.rows] for which in (x_name, y_name))
            style = {"color": SHADES[index % len(SHADES)], "marker": _MARKERS[index % len(_MARKERS)]}
            # networks of one size lie on one another: the larger ones of later variants stand around the others
            axes.plot(x, y, linestyle="none", fillstyle="none", markersize=5 + 3 * index, label=name, **style)
        axes.set(xlabel=_AXES[x_name], ylabel=_AXES[y_name])
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
        low, high = axes.dataLim.intervaly
        axes.update_datalim([(0, low - 0.5), (0, high + 0.5)], updatex=False)
        _fit_axis(axes, x_name)
    panels[-1].legend(**BESIDE)
    return whole(figure)


def _of_variant(rows: Iterable[ModelRow], name: str) -> ModelTable:
    return ModelTable(tuple(row for row in rows if row.biophysical_model_type == name))


def _draw_curves(axes: Axes, tables: Mapping[str, ModelTable], axis: str, metric: str) -> None:
    """The best so far of each table, with bars."""
    for index, (name, table) in enumerate(tables.items()):
        if not any(_is_known([row], axis) and _is_known([row], metric) for row in table.rows):
            continue
        curve = table.curve(axis, metric)
        shade, style = SHADES[index % len(SHADES)], LINE_STYLES[index % len(LINE_STYLES)]
        marker = _MARKERS[index % len(_MARKERS)]
        error = None if curve.error is None or np.isnan(curve.error).all() else np.nan_to_num(curve.error)
        how: dict[str, Any] = {"color": shade, "linestyle": style, "marker": marker, "markersize": 4, "capsize": 2}
        axes.errorbar(curve.complexity, curve.value, error, label=name, **how)
    _fit_axis(axes, axis)


def _fit_axis(axes: Axes, axis: str) -> None:
    """Sizes that span powers of ten on a logarithmic axis, numbers of layers at whole numbers; room for a single network."""
    is_logarithmic = axis in ("n_parameters", "n_train_windows")
    if is_logarithmic:
        axes.set_xscale("log")
        axes.tick_params(axis="x", which="minor", labelbottom=False)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    low, high = axes.dataLim.intervalx
    if np.isfinite([low, high]).all():  # else nothing is drawn
        middle = np.sqrt(low * high)
        # a factor of 12 holds a power of ten
        low, high = (min(low, middle / 3.5), max(high, middle * 3.5)) if is_logarithmic else (low - 0.5, high + 0.5)
        axes.update_datalim([(low, 0), (high, 0)], updatey=False)
    axes.margins(0.08)


def _values(table: ModelTable, name: str) -> np.ndarray:
    """Of each network; NaN where it is not known."""
    return np.array([np.nan if (value := getattr(row, name)) is None else value for row in table.rows], float)


def _is_known(rows: Iterable[ModelRow], name: str) -> bool:
    """Whether any of the networks has that value."""
    values = [getattr(row, name) for row in rows]
    return any(value is not None and value == value for value in values)
