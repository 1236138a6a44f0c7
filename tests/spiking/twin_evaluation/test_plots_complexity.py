"""Figures of accuracy against size: curves rise, error bars belong to the row that is drawn, sizes are shown in pairs."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.twin_evaluation.best_models import ModelTable
from rate2spike.spiking.twin_evaluation.model_row import ModelRow
from rate2spike.spiking.twin_evaluation.plots_complexity import accuracy_over_complexity, metrics_over, sizes


def row(depth, auc, auc_sd=0.001, variant="NMDA", width=64, history_ms=100):
    return ModelRow(variant, depth, width, history_ms, "TCN", auc=auc, auc_sd=auc_sd)


def bars_of(container):
    """Depths, values, and the half lengths of their error bars."""
    line, _, (bars,) = container
    half = [np.ptp(segment[:, 1]) / 2 for segment in bars.get_segments()]
    return line.get_xdata(), line.get_ydata(), half


def test_curves_rise_and_error_bars_belong_to_the_rows_that_are_drawn():
    """Row 37: at depth 3, whose own network is worse, stand value and error of that of depth 2."""
    rows = [row(1, 0.90, 0.01), row(2, 0.95, 0.02), row(3, 0.80, 0.05), row(4, 0.99, 0.003), row(5, 0.98, 0.04)]
    axes = accuracy_over_complexity(ModelTable(tuple(rows))).axes[0]
    (container,) = axes.containers
    depth, value, half = bars_of(container)
    assert depth.tolist() == [1, 2, 4, 5] and value.tolist() == [0.90, 0.95, 0.99, 0.99]
    np.testing.assert_allclose(half, [0.01, 0.02, 0.003, 0.003], atol=1e-12)


def test_every_random_table_has_rising_curves_with_the_errors_of_their_rows():
    rng = np.random.default_rng(0)
    for _ in range(5):
        rows = [row(int(rng.integers(1, 9)), float(auc), float(0.01 * auc)) for auc in rng.uniform(0.9, 1, 30)]
        depth, value, half = bars_of(accuracy_over_complexity(ModelTable(tuple(rows))).axes[0].containers[0])
        assert (np.diff(value) >= 0).all() and (np.diff(depth) > 0).all()
        np.testing.assert_allclose(half, 0.01 * value, atol=1e-12)


def test_sizes_in_pairs():
    """5.3, last sentence: width over history, width over depth, depth over history."""
    rows = [row(1, 0.9, width=8, history_ms=50), row(7, 0.9, width=128, history_ms=153)]
    rows += [row(3, 0.9, variant="AMPA", width=32, history_ms=80), row(1, 0.9, width=20, history_ms=None)]
    figure = sizes(ModelTable(tuple(rows)))
    names = [(axes.get_xlabel(), axes.get_ylabel()) for axes in figure.axes]
    assert names == [
        ("history (ms)", "width (units)"),
        ("depth (layers)", "width (units)"),
        ("history (ms)", "depth (layers)"),
    ]
    pairs = [(50, 8), (153, 128)], [(1, 8), (7, 128)], [(50, 1), (153, 7)]
    for axes, expected in zip(figure.axes, pairs, strict=True):
        lines = {line.get_label(): sorted(zip(*line.get_data(), strict=True)) for line in axes.lines}
        assert lines["NMDA"] == expected and len(lines["AMPA"]) == 1
        assert len({line.get_marker() for line in axes.lines}) == 2


def test_networks_without_an_end_of_memory_have_no_history():
    with pytest.raises(InputError, match="no network of the table has a history"):
        sizes(ModelTable((row(1, 0.9, history_ms=None),)))


def test_a_single_network_stands_within_axes_that_have_ticks():
    one = ModelTable((ModelRow("point", 1, 1, 80, "FCN", n_parameters=8005, auc=0.9, soma_explained_percent=70.0),))
    figure = accuracy_over_complexity(one)
    figure.canvas.draw()
    for axes, value in zip(figure.axes, [1, 1, 80, 8005] * 2, strict=True):
        low, high = axes.get_xlim()
        assert low < 0.95 * value < 1.05 * value < high or (low <= value - 0.5 and high >= value + 0.5)
        assert any(low <= tick <= high for tick in axes.get_xticks())
    for axes in (*figure.axes[:3], *sizes(one).axes):
        assert all(tick == round(tick) for tick in axes.get_xticks())


def test_a_score_of_zero_is_drawn():
    one = ModelTable((ModelRow("point", 1, 1, 80, "FCN", auc=0.9, tp_at_0_25_percent=0.0),))
    drawn = {axes.get_ylabel(): axes.lines[0].get_ydata().tolist() for axes in metrics_over(one).axes if axes.lines}
    assert drawn["hits at 0.25 % false alarms"] == [0.0]


def test_elm_neurons_have_no_depth_among_layers():
    rows = [
        ModelRow("NMDA", 3, 64, 100, "TCN", auc=0.97, n_parameters=10**6),
        ModelRow("NMDA", 1, 50, None, "ELM", auc=0.98, n_parameters=10**4),
    ]
    drawn = {axis: metrics_over(ModelTable(rows), axis).axes[0].lines[0] for axis in ("depth", "n_parameters")}
    count = {axis: len(line.get_xdata()) for axis, line in drawn.items()}
    assert count == {"depth": 1, "n_parameters": 2}
    with pytest.raises(InputError, match="no network of the table has a width"):
        metrics_over(ModelTable(rows[1:]), "width")
