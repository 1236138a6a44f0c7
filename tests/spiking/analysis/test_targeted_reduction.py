"""Targeted dimensionality reduction finds the axes that synthetic units encode their variables on."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.analysis import plots_population as plots
from rate2spike.spiking.analysis.targeted_reduction import targeted_reduction, targeted_reduction_of_rates

from helpers import poisson_record

N_UNITS, N_TIMES = 50, 40
EARLY = np.exp(-((np.arange(N_TIMES) - 12) ** 2) / 30)
LATE = np.exp(-((np.arange(N_TIMES) - 30) ** 2) / 30)


def variables(n_trials, rng):
    return {"evidence": rng.choice([-1.0, -0.5, 0.5, 1.0], n_trials), "context": rng.choice([-1.0, 1.0], n_trials)}


def synthetic(rng, n_trials=200, noise=0.5, overlap=0.0):
    """Rates in which evidence is encoded early on one axis, context late on another one, of units of SD about 1."""
    task = variables(n_trials, rng)
    basis = np.linalg.qr(rng.normal(size=(N_UNITS, 3)))[0].T
    axes = np.stack([basis[0], np.sqrt(1 - overlap**2) * basis[1] + overlap * basis[0]])
    # the condition-independent part makes units of equal SD, so that z-scoring does not turn the axes
    common = np.sign(basis[2])[:, None] * np.sin(np.arange(N_TIMES))
    rates = (
        task["evidence"][:, None, None] * axes[0][:, None] * EARLY
        + task["context"][:, None, None] * axes[1][:, None] * LATE
    )
    return rates + 10 * common + noise * rng.normal(size=rates.shape) + 20, task, axes


def test_axes_of_known_codes_are_found():
    rates, task, axes = synthetic(np.random.default_rng(1))
    result = targeted_reduction_of_rates(rates, task, n_components=3)
    assert result.variables == ("evidence", "context")
    np.testing.assert_allclose(result.axes @ result.axes.T, np.eye(2), atol=1e-12)
    assert (np.diag(result.axes @ axes.T) > 0.98).all()
    np.testing.assert_allclose(result.peak_index, [12, 30], atol=1)
    assert result.denoised_variance_ratio > 0.99 and len(result.conditions) == 8


def test_projections_are_in_order_of_the_variable():
    rates, task, _ = synthetic(np.random.default_rng(2))
    result = targeted_reduction_of_rates(rates, task, n_components=3)
    evidence, context = np.array(result.conditions).T
    at_peak = result.projections[:, [0, 1], result.peak_index]
    assert np.corrcoef(at_peak[:, 0], evidence)[0, 1] > 0.99 and np.corrcoef(at_peak[:, 1], context)[0, 1] > 0.99


def test_a_later_axis_is_made_orthogonal_to_an_earlier_one():
    rates, task, axes = synthetic(np.random.default_rng(3), overlap=0.6)
    result = targeted_reduction_of_rates(rates, task, n_components=3)
    vectors = result.regression_vectors / np.linalg.norm(result.regression_vectors, axis=1, keepdims=True)
    assert vectors[0] @ vectors[1] == pytest.approx(0.6, abs=0.1)
    assert result.axes[0] @ axes[0] > 0.98 and abs(result.axes[1] @ axes[0]) < 0.15
    first = targeted_reduction_of_rates(rates, dict(reversed(task.items())), n_components=3)
    assert first.axes[0] @ axes[1] > 0.98


def test_coefficients_are_those_of_each_unit_and_time():
    rates, task, _ = synthetic(np.random.default_rng(4), n_trials=30)
    result = targeted_reduction_of_rates(rates, task, n_components=3)
    unit, time = 7, 21
    z = (rates[:, unit] - rates[:, unit].mean()) / rates[:, unit].std()
    design = np.stack([task["evidence"], task["context"], np.ones(30)], 1)
    expected = np.linalg.solve(design.T @ design, design.T @ z[:, time])
    np.testing.assert_allclose(result.coefficients[:, unit, time], expected[:2])


def test_denoising_brings_the_axes_nearer():
    rates, task, axes = synthetic(np.random.default_rng(5), noise=3.0)
    few = targeted_reduction_of_rates(rates, task, n_components=3)
    all_of_them = targeted_reduction_of_rates(rates, task, n_components=N_UNITS)
    assert few.axes[0] @ axes[0] > all_of_them.axes[0] @ axes[0]
    assert all_of_them.denoised_variance_ratio == pytest.approx(1)


def test_axes_of_spiking_units_are_found():
    rng = np.random.default_rng(6)
    weights = rng.normal(size=(40, 2))
    task = variables(80, rng)
    on = np.arange(500) > 250
    trials = [
        poisson_record(np.clip(60 + 12 * (weights @ [evidence, context])[:, None] * on, 0, None), 0.5, rng)
        for evidence, context in zip(*task.values(), strict=True)
    ]
    result = targeted_reduction(trials, task, n_components=3, bin_s=0.05)
    assert result.axes[0] @ weights[:, 0] / np.linalg.norm(weights[:, 0]) > 0.9
    assert (result.time_s[result.peak_index] > 0.25).all()
    assert result.projections.shape == (8, 2, 10)


def test_silent_units_carry_nothing():
    rates, task, _ = synthetic(np.random.default_rng(7))
    rates[:, 5] = 0
    result = targeted_reduction_of_rates(rates, task, n_components=3)
    np.testing.assert_array_equal(result.axes[:, 5], 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, "at least one task variable"),
        ({"x": np.ones(20)}, "told apart"),
        ({"x": np.arange(20.0), "y": 2 * np.arange(20.0) + 1}, "told apart"),
        ({"x": np.arange(19.0)}, "one value per trial, 20"),
        ({"x": np.full(20, np.nan)}, "NaN"),
        ({"x": ["left"] * 20}, "must hold numbers"),
    ],
)
def test_bad_variables_are_refused(change, message):
    rates = np.random.default_rng(8).normal(size=(20, 5, 6))
    with pytest.raises(InputError, match=message):
        targeted_reduction_of_rates(rates, change, n_components=2)


@pytest.mark.parametrize(
    ("n_components", "message"),
    [
        (0, "must be a whole number from 1, got 0"),
        (6, "must be from 1 .* to 5"),
        ("a", "must be a whole number from 1, got 'a'"),
    ],
)
def test_numbers_of_components_that_there_are_not_are_refused(n_components, message):
    rates = np.random.default_rng(9).normal(size=(20, 5, 6))
    with pytest.raises(InputError, match=f"n_components {message}"):
        targeted_reduction_of_rates(rates, {"x": np.arange(20) % 2}, n_components=n_components)
    with pytest.raises(InputError, match="NaN"):
        targeted_reduction_of_rates(rates * np.nan, {"x": np.arange(20) % 2})


def test_figures():
    rates, task, _ = synthetic(np.random.default_rng(10))
    result = targeted_reduction_of_rates(rates, task, n_components=3, time_s=np.arange(N_TIMES) * 0.01)
    figure = plots.task_axes(result)
    figure.draw_without_rendering()
    assert [axes.get_ylabel() for axes in figure.axes] == ["evidence axis (SD)", "context axis (SD)"]
    assert figure.axes[-1].get_xlabel() == "time (s)"
    styles = {(line.get_color(), line.get_linestyle()) for line in figure.axes[0].lines[:8]}
    assert len(styles) == 8
    axes = plots.task_plane(result, "context", "evidence").axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("context axis (SD)", "evidence axis (SD)")
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), result.projections[0, 1])
    with pytest.raises(InputError, match="no task variable colour"):
        plots.task_plane(result, "context", "colour")
