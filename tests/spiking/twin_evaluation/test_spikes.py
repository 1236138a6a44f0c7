"""Cross-correlation, agreement with a tolerance, bits per spike: made-up spikes and closed forms."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.twin_evaluation.cross_correlation import cross_correlation
from rate2spike.spiking.twin_evaluation.spike_agreement import bits_per_spike, spike_agreement


def spikes(n_simulations=200, duration_ms=6000, every_ms=300, seed=0):
    rng = np.random.default_rng(seed)
    found = np.zeros((n_simulations, duration_ms), bool)
    for row in found:
        row[np.arange(100, duration_ms - 100, every_ms) + rng.integers(-40, 40, 20)[: len(row[100:-100:every_ms])]] = 1
    return found


def jittered(true, sd_ms, seed=1):
    row, time_ms = np.nonzero(true)
    moved = np.zeros_like(true)
    moved[row, time_ms + np.rint(np.random.default_rng(seed).normal(0, sd_ms, row.size)).astype(int)] = True
    return moved


def test_the_curve_is_that_of_sums_around_every_spike():
    true = spikes(5, 900)
    predicted = np.random.default_rng(3).random(true.shape) < 0.02
    expected = np.zeros(101)
    for row, time_ms in zip(*np.nonzero(true), strict=True):
        expected += np.pad(predicted[row], 50)[time_ms : time_ms + 101]
    found = cross_correlation(true, predicted)
    np.testing.assert_allclose(found.share, expected / expected.sum())
    assert found.lag_ms.tolist() == list(range(-50, 51)) and found.share.sum() == pytest.approx(1)
    assert found.n_pairs == expected.sum()


def test_beyond_the_ends_there_is_nothing():
    true = np.zeros(60, bool)
    true[[0, 59]] = True
    assert cross_correlation(true, true).share.nonzero()[0].tolist() == [50]
    assert cross_correlation(true, true, reach_ms=59).share.nonzero()[0].tolist() == [0, 59, 118]


def test_a_spike_that_comes_late_is_at_a_positive_lag():
    true = spikes(3)
    late = np.roll(true, 7, axis=1)
    assert cross_correlation(true, late).share.argmax() - 50 == 7


@pytest.mark.parametrize("sd_ms", [2.0, 5.0, 8.0])
def test_the_width_is_that_of_the_jitter_on_any_floor(sd_ms):
    true = spikes()
    predicted = jittered(true, sd_ms) | (np.random.default_rng(4).random(true.shape) < 0.002)
    found = cross_correlation(true, predicted)
    assert found.width_ms == pytest.approx(sd_ms, rel=0.08)
    assert found.within(50) == pytest.approx(1) and found.within_10_ms < 1


@pytest.mark.parametrize("tolerance_ms", [0, 1, 3, 500])
def test_agreement_is_what_a_search_spike_by_spike_finds(tolerance_ms):
    rng = np.random.default_rng(5)
    true, predicted = rng.random((4, 400)) < 0.02, rng.random((4, 400)) < 0.03
    found = spike_agreement(true, predicted, tolerance_ms)

    def share(own, other):
        pairs = zip(*np.nonzero(own), strict=True)
        return np.mean([(np.abs(np.flatnonzero(other[row]) - t) <= tolerance_ms).any() for row, t in pairs])

    assert found.precision == pytest.approx(share(predicted, true))
    assert found.recall == pytest.approx(share(true, predicted))
    assert (found.n_true, found.n_predicted) == (true.sum(), predicted.sum())
    if tolerance_ms:
        assert found.f1 == pytest.approx(2 / (1 / found.precision + 1 / found.recall))


def test_no_predicted_spike_has_no_precision():
    found = spike_agreement([0, 1, 0], [0, 0, 0])
    assert np.isnan(found.precision) and found.recall == 0 and np.isnan(found.f1)


def test_bits_per_spike_of_the_true_rate_are_the_mutual_information():
    rng = np.random.default_rng(6)
    rate = np.where(np.arange(400_000) % 2, 0.02, 0.001)
    drawn = rng.random(rate.size) < rate
    of_entropy = lambda p: -p * np.log2(p) - (1 - p) * np.log2(1 - p)  # noqa: E731 - a formula
    expected = (of_entropy(0.0105) - of_entropy(0.02) / 2 - of_entropy(0.001) / 2) / 0.0105
    assert bits_per_spike(drawn, rate) == pytest.approx(expected, rel=0.05)
    assert bits_per_spike(drawn, np.full(rate.size, drawn.mean())) == pytest.approx(0, abs=1e-9)
    assert bits_per_spike(drawn, 1 - rate) < 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cross_correlation([0, 0, 1], [0, 0, 0]), "none of 0 predicted spikes lies within 50 ms of one of 1"),
        (lambda: cross_correlation([0, 1], [0, 1, 0]), "predicted_spikes must have the shape of true_spikes"),
        (lambda: cross_correlation([0, 1], [0, 1], reach_ms=0), "reach_ms must be a whole number from 1, got 0"),
        (lambda: cross_correlation(np.zeros((1, 2, 3)), np.zeros((1, 2, 3))), r"must be \(n_simulations, T\)"),
        (lambda: spike_agreement([0, 1], [0, 1], -1), "tolerance_ms must be a whole number from 0, got -1"),
        (lambda: spike_agreement([0, 3], [0, 1]), "true_spikes must hold 0 and 1 alone, got 3"),
        (lambda: bits_per_spike([0, 0], [0.1, 0.1]), "bits per spike are undefined: there are no spikes"),
        (lambda: bits_per_spike([0, 1], [0.1, 2]), "scores must be probabilities"),
    ],
)
def test_what_is_refused_is_one_line(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
