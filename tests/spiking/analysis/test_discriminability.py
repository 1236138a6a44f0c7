"""Cross-temporal discriminability: a code that stays is seen between all times, one that turns at equal times alone."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.analysis import plots_population as plots
from rate2spike.spiking.analysis.discriminability import cross_temporal_discriminability, discriminability_of_rates

from helpers import poisson_record, record_of

N_UNITS, DURATION_S = 60, 0.8
LABELS = ["left", "right"] * 20
TIME_S = np.arange(800) * 0.001


def simulated(code, rng):
    """Trials of units whose rates differ between the classes by code (N, n_steps) Hz, to either side of 60."""
    sign = {"left": -0.5, "right": 0.5}
    return [poisson_record(np.clip(60 + sign[label] * code, 0, None), DURATION_S, rng) for label in LABELS]


def static(rng):
    return 60 * rng.normal(size=(N_UNITS, 1)) * np.ones(800)


def rotating(rng):
    """Turns by a right angle every 0.2 s."""
    first, second = rng.normal(size=(2, N_UNITS, 1))
    angle = 2 * np.pi * TIME_S / 0.8
    return 60 * (np.cos(angle) * first + np.sin(angle) * second)


def test_a_static_code_generalises_over_time_and_a_rotating_one_does_not():
    rng = np.random.default_rng(1)
    stays = cross_temporal_discriminability(simulated(static(rng), rng), LABELS, seed=1, bin_s=0.02)
    turns = cross_temporal_discriminability(simulated(rotating(rng), rng), LABELS, seed=1, bin_s=0.02)
    assert stays.classes == ("left", "right") and stays.correlation.shape == (40, 40)
    assert stays.correlation.min() > 0.6
    assert turns.diagonal.min() > 0.6
    quarter = np.diagonal(turns.correlation, 10)  # 0.2 s apart: at a right angle
    assert np.abs(quarter).mean() < 0.3
    assert np.diagonal(turns.correlation, 20).max() < -0.6  # 0.4 s apart: opposite


def test_no_code_gives_no_correlation():
    rng = np.random.default_rng(2)
    result = cross_temporal_discriminability(simulated(np.zeros((N_UNITS, 800)), rng), LABELS, seed=1)
    assert abs(result.correlation.mean()) < 0.05 and abs(result.diagonal.mean()) < 0.1


def test_noise_free_rates_give_the_correlation_of_the_codes():
    rng = np.random.default_rng(3)
    code = rng.normal(size=(10, 6))
    rates = np.stack([code * (label == "right") + 3 for label in LABELS])
    result = discriminability_of_rates(rates, LABELS, seed=4, n_splits=2)
    np.testing.assert_allclose(result.correlation, np.corrcoef(code.T), atol=1e-12)


def test_halves_share_no_trial_and_the_seed_decides():
    rng = np.random.default_rng(4)
    rates = rng.normal(size=(8, 30, 5))
    labels = [0, 1] * 4
    one, same, other = (discriminability_of_rates(rates, labels, seed=seed, n_splits=3) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.correlation, same.correlation)
    assert (one.correlation != other.correlation).any() and one.seed == 1
    # the splits differ, and the result is their mean
    single = discriminability_of_rates(rates, labels, seed=1, n_splits=1)
    assert np.abs(single.correlation - one.correlation).max() > 0.01
    # one trial that alone carries a huge difference cannot correlate with itself
    rates[0] += 1e3 * rng.normal(size=(30, 1))
    assert discriminability_of_rates(rates, labels, seed=1, n_splits=50).diagonal.max() < 0.5


def test_times_without_any_spike_are_undefined():
    dense = np.zeros((5, 1000), bool)
    dense[:, 500:] = np.random.default_rng(5).random((5, 500)) < 0.2
    trials = [
        record_of(dense ^ (np.random.default_rng(k).random((5, 1000)) < 0.1) * (np.arange(1000) > 500))
        for k in range(6)
    ]
    result = cross_temporal_discriminability(trials, [0, 1] * 3, seed=1, bin_s=0.05)
    assert np.isnan(result.correlation[:8]).all() and np.isfinite(result.correlation[11:, 11:]).all()
    plots.discriminability_matrix(result).draw_without_rendering()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0] * 6, "two classes"),
        ([0, 1, 2] * 2, "two classes"),
        ([0, 1, 1, 1, 1, 1], "at least 2 trials each"),
        ([0, 1], "one label per trial"),
    ],
)
def test_bad_labels_are_refused(labels, message):
    rates = np.random.default_rng(6).normal(size=(6, 5, 4))
    with pytest.raises(InputError, match=message):
        discriminability_of_rates(rates, labels, seed=1)


@pytest.mark.parametrize(("arguments", "message"), [({"seed": -1}, "seed"), ({"seed": 1, "n_splits": 0}, "n_splits")])
def test_bad_settings_are_refused(arguments, message):
    rates = np.random.default_rng(7).normal(size=(6, 5, 4))
    with pytest.raises(InputError, match=message):
        discriminability_of_rates(rates, [0, 1] * 3, **arguments)
    with pytest.raises(InputError, match="at least 3 of them"):
        discriminability_of_rates(rates[:, :2], [0, 1] * 3, seed=1)
    with pytest.raises(InputError, match="NaN"):
        discriminability_of_rates(rates * np.nan, [0, 1] * 3, seed=1)
    with pytest.raises(InputError, match="gaussian_s"):
        cross_temporal_discriminability([record_of(np.zeros((3, 100)))] * 4, [0, 1] * 2, seed=1, gaussian_s=0)


def test_figure():
    rng = np.random.default_rng(8)
    result = cross_temporal_discriminability(simulated(static(rng), rng), LABELS, seed=1, bin_s=0.02)
    figure = plots.discriminability_matrix(result)
    figure.draw_without_rendering()
    matrix, bar = figure.axes
    assert (matrix.get_xlabel(), matrix.get_ylabel()) == ("time (s), one half of the trials", "time (s), other half")
    assert bar.get_ylabel() == "correlation over units"
    np.testing.assert_array_equal(matrix.images[0].get_array(), result.correlation.T)
    assert matrix.images[0].get_extent() == pytest.approx([0, 0.8, 0, 0.8])
