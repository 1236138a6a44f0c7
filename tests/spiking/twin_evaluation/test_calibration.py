"""Calibration: probabilities that are right, wrong by a factor, and unrelated."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.twin_evaluation.calibration import calibration


def rates_and_spikes():
    rng = np.random.default_rng(0)
    rate = np.repeat(rng.uniform(0.001, 0.03, (200, 8)), 1016, axis=1)
    return rate, rng.random(rate.shape) < rate


def test_true_probabilities_explain_all_but_the_chance_of_drawing():
    rate, spikes = rates_and_spikes()
    found = calibration(spikes, rate)
    chance = (rate * (1 - rate)).mean() / 1016
    assert found.explained_variance_percent == pytest.approx(100 * (1 - chance / found.spikes.var()), abs=1)
    assert found.part_ms == 1016 and found.n_parts == 1600 and found.correlation > 0.9


def test_a_factor_is_seen_by_the_variance_alone():
    rate, spikes = rates_and_spikes()
    right, twice = calibration(spikes, rate), calibration(spikes, 2 * rate)
    assert twice.correlation == pytest.approx(right.correlation)
    assert twice.explained_variance_percent < 20 < 80 < right.explained_variance_percent


def test_what_is_left_over_does_not_count():
    found = calibration([0, 1, 0, 0, 1], [0.5, 0.5, 0, 0, 1], n_parts=2)
    assert found.spikes.tolist() == found.probability.tolist() == [[0.5, 0]]


def test_constant_probabilities_have_no_correlation():
    _, spikes = rates_and_spikes()
    assert np.isnan(calibration(spikes, np.full(spikes.shape, 0.3)).correlation)
    assert len(calibration(spikes, np.full(spikes.shape, 0.5)).plot().axes) == 1


def test_more_parts_than_bins_is_one_line():
    with pytest.raises(InputError, match="n_parts must be at most the length of a simulation, 2 ms"):
        calibration([0, 1], [0, 1], n_parts=3)
