"""Intrinsic timescale: that of the rate behind doubly stochastic counts is found, and failures say why."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.analysis import plots_spike_trains as plots
from rate2spike.spiking.analysis.timescale import count_autocorrelation, fit_timescale, intrinsic_timescales

from helpers import poisson_record, record_of

LAG_S = np.arange(1, 16) * 0.05


def ou_rates_hz(tau_s, n_units, duration_s, rng, dt_s=0.001, mean_hz=40.0, sd_hz=13.0):
    """(N, n_steps) Ornstein-Uhlenbeck rates from their stationary distribution, cut at 0."""
    decay = np.exp(-dt_s / tau_s)
    noise = rng.normal(size=(n_units, round(duration_s / dt_s)))
    x = np.empty_like(noise)
    x[:, 0] = noise[:, 0]
    for t in range(1, x.shape[1]):
        x[:, t] = decay * x[:, t - 1] + np.sqrt(1 - decay**2) * noise[:, t]
    return np.maximum(mean_hz + sd_hz * x, 0)


@pytest.mark.parametrize("tau_s", [0.08, 0.2])
def test_tau_of_ou_modulated_poisson_units_is_found(tau_s):
    rng = np.random.default_rng(1)
    n_units = 20
    trials = [poisson_record(ou_rates_hz(tau_s, n_units, 1.5, rng), 1.5, rng) for _ in range(150)]
    result = intrinsic_timescales(trials)
    assert result.usable.all() and result.n_trials == 150
    assert result.population.tau_s == pytest.approx(tau_s, rel=0.2)
    assert np.nanmedian(result.tau_s) == pytest.approx(tau_s, rel=0.35)
    np.testing.assert_allclose(result.lag_s, LAG_S)
    # variance of the rate's part of a 50 ms count over all: the size of the autocorrelation, too
    x = 0.05 / tau_s
    of_rate = (13 * 0.05) ** 2
    expected = (
        of_rate * (2 * (np.cosh(x) - 1) / x**2 * np.exp(-x)) / (40 * 0.05 + of_rate * 2 * (x - 1 + np.exp(-x)) / x**2)
    )
    assert result.autocorrelation[:, 0].mean() == pytest.approx(expected, rel=0.1)


def test_ar1_counts_have_the_autocorrelation_of_the_process():
    rng = np.random.default_rng(2)
    phi = np.exp(-0.05 / 0.15)
    x = np.empty((4000, 20))
    x[:, 0] = rng.normal(size=4000)
    for t in range(1, 20):
        x[:, t] = phi * x[:, t - 1] + np.sqrt(1 - phi**2) * rng.normal(size=4000)
    correlation = count_autocorrelation(x, 15)
    np.testing.assert_allclose(correlation, np.exp(-LAG_S / 0.15), atol=0.02)
    assert fit_timescale(LAG_S, correlation, 1.0).tau_s == pytest.approx(0.15, rel=0.05)


def test_autocorrelation_is_the_mean_pearson_correlation_of_pairs_of_bins():
    counts = np.random.default_rng(3).poisson(2, (12, 8))
    counts[:, 3] = 2  # never varies: left out
    result = count_autocorrelation(counts, 6)
    for lag in range(1, 7):
        pairs = [(i, i + lag) for i in range(8 - lag) if 3 not in (i, i + lag)]
        expected = np.mean([np.corrcoef(counts[:, i], counts[:, j])[0, 1] for i, j in pairs])
        assert result[lag - 1] == pytest.approx(expected)
    assert np.isnan(count_autocorrelation(np.ones((5, 8)), 6)).all()
    with pytest.raises(InputError, match="counts hold NaN"):
        count_autocorrelation(np.full((5, 8), np.nan), 6)


def test_poisson_units_have_no_timescale():
    rng = np.random.default_rng(4)
    result = intrinsic_timescales([poisson_record(np.full(30, 30.0), 1.0, rng) for _ in range(60)])
    assert np.abs(result.autocorrelation.mean(0)).max() < 0.02
    assert sum(result.failures.values()) == np.isnan(result.tau_s).sum() > 5


def test_locked_changes_of_the_rate_do_not_count():
    rng = np.random.default_rng(5)
    ramp_hz = np.linspace(5, 80, 1000) * np.ones((20, 1))
    result = intrinsic_timescales([poisson_record(ramp_hz, 1.0, rng) for _ in range(60)])
    assert np.abs(result.autocorrelation.mean(0)).max() < 0.03


def test_an_exact_exponential_is_recovered():
    fit = fit_timescale(LAG_S, 0.4 * (np.exp(-LAG_S / 0.12) + 0.3), 1.0)
    assert (fit.tau_s, fit.amplitude, fit.offset) == pytest.approx((0.12, 0.4, 0.3), rel=1e-4)
    assert fit.failure is None and fit.first_lag_s == pytest.approx(0.05)


def test_the_fit_starts_at_the_peak():
    values = 0.4 * np.exp(-LAG_S / 0.12)
    values[:2] = [-0.3, 0.05]  # refractoriness
    fit = fit_timescale(LAG_S, values, 1.0)
    assert fit.tau_s == pytest.approx(0.12, rel=1e-4) and fit.first_lag_s == pytest.approx(0.15)
    assert fit.amplitude == pytest.approx(0.4, rel=1e-3)


@pytest.mark.parametrize(
    ("values", "failure"),
    [
        (np.full(15, np.nan), "too few spikes"),
        (LAG_S, "no decay begins"),
        (np.concatenate([np.arange(5), np.arange(10)[::-1]]).astype(float), "no decay begins"),
        (np.exp(-LAG_S / 0.9), "tau above 0.5 s"),
        (1 - LAG_S, "tau above 0.5 s"),
        (np.concatenate([[1.0], np.zeros(14)]), "less than a bin"),
    ],
)
def test_what_cannot_be_fitted_says_why(values, failure):
    fit = fit_timescale(LAG_S, values, 0.5)
    assert failure in fit.failure and np.isnan([fit.tau_s, fit.amplitude, fit.offset]).all()


def test_silent_and_slow_units_are_left_out():
    rng = np.random.default_rng(6)
    trials = [poisson_record(np.array([0.0, 0.5, 40.0]), 1.0, rng) for _ in range(20)]
    result = intrinsic_timescales(trials)
    assert result.failures["rate below 1 Hz"] == 2 and result.usable.tolist() == [False, False, True]
    silent = intrinsic_timescales([record_of(np.zeros((2, 1000)))] * 3)
    assert silent.population.failure == "no unit fires enough" and np.isnan(silent.tau_s).all()
    plots.timescales(silent).draw_without_rendering()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"window_s": (0, 0.2)}, "4 lags or more"),
        ({"max_lag_s": 1.0}, "4 lags or more"),
        ({"bin_s": 0.0505}, "whole number of steps"),
        ({"max_tau_s": 0}, "max_tau_s"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(InputError, match=message):
        intrinsic_timescales([record_of(np.zeros((2, 1000)))] * 3, **arguments)
    with pytest.raises(InputError, match="at least 3 trial"):
        intrinsic_timescales([record_of(np.zeros((2, 1000)))] * 2)


def test_figure():
    rng = np.random.default_rng(7)
    trials = [poisson_record(ou_rates_hz(0.1, 8, 1.0, rng), 1.0, rng) for _ in range(40)]
    result = intrinsic_timescales(trials)
    figure = plots.timescales(result)
    figure.draw_without_rendering()
    left, right = figure.axes
    assert (left.get_xlabel(), left.get_ylabel()) == ("lag (ms)", "autocorrelation")
    assert (right.get_xlabel(), right.get_ylabel()) == ("intrinsic timescale (ms)", "units")
    assert sum(bar.get_height() for bar in right.patches) == np.isfinite(result.tau_s).sum()
