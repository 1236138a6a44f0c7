"""Counts in bins, smoothing and means per condition."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.analysis.binning import (
    SOURCES,
    condition_means,
    smoothed,
    spike_counts,
    trial_rates,
    window_counts,
)

from helpers import record_of


@pytest.fixture
def record():
    dense = np.zeros((2, 1000), bool)
    dense[0, [0, 99, 100, 999]] = True  # on both sides of the edges of bins
    dense[1, 550] = True
    return record_of(dense)


def test_counts_agree_with_reshaping_the_dense_spikes(record):
    rng = np.random.default_rng(1)
    random = record_of(rng.random((5, 1000)) < 0.1)
    for bin_s, window_s in ((0.1, None), (0.007, None), (0.05, (0.2, 0.83))):
        start, stop = (0, 1000) if window_s is None else (200, 830)
        per_bin = round(bin_s * 1000)
        n_bins = (stop - start) // per_bin
        expected = random.spikes[:, start : start + n_bins * per_bin].reshape(5, n_bins, per_bin).sum(2)
        np.testing.assert_array_equal(spike_counts(random, bin_s, window_s)[0], expected)
    assert spike_counts(record, 0.1)[0, 0].tolist() == [2, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert window_counts([record, record], (0.1, 1.0)).tolist() == [[2, 1], [2, 1]]


@pytest.mark.parametrize(
    ("bin_s", "message"),
    [
        (0.0015, "whole number of steps"),
        (0, "above 0"),
        (np.nan, "bin_s must be a finite number, got nan"),
        ("a", "bin_s must be a finite number, got 'a'"),
        (2, "longer than"),
        (1e-4, "whole number of steps"),
    ],
)
def test_bins_that_do_not_fit_are_refused(record, bin_s, message):
    with pytest.raises(InputError, match=message):
        spike_counts(record, bin_s)


def test_smoothing_keeps_constants_at_the_ends_and_has_the_width_given():
    np.testing.assert_allclose(smoothed(np.full((2, 50), 7.0), 0.02, 0.005), 7)
    pulse = np.zeros(401)
    pulse[200] = 1
    shape = smoothed(pulse, 0.02, 0.001)
    time_s = (np.arange(401) - 200) * 0.001
    assert np.sqrt((shape * time_s**2).sum() / shape.sum()) == pytest.approx(0.02, rel=0.01)
    with pytest.raises(InputError, match="sigma_s"):
        smoothed(pulse, 0, 0.001)


def test_rates_of_a_window_are_those_of_the_whole_trial_there(record):
    whole, part = trial_rates(record), trial_rates(record, window_s=(0.4, 0.7))
    inside = (whole.time_s >= 0.4) & (whole.time_s < 0.7)
    np.testing.assert_array_equal(part.rate_hz, whole.rate_hz[:, :, inside])
    np.testing.assert_array_equal(part.time_s, whole.time_s[inside])
    assert part.time_s.size == 60
    with pytest.raises(InputError, match="no middle of a bin"):
        trial_rates(record, bin_s=0.1, window_s=(0.4, 0.42))


def test_recorded_rates_are_averaged_in_bins(record):
    traces = np.arange(200.0).reshape(2, 100)
    with_rates = record_of(record.spikes, rates=traces, stride=10)
    result = trial_rates(with_rates, bin_s=0.05, source="rates")
    np.testing.assert_allclose(result.rate_hz[0], traces.reshape(2, 20, 5).mean(2))
    assert result.sigma_s is None
    for bad, message in (
        (record, "holds no rates"),
        (record_of(record.spikes, rates=traces * np.nan, stride=10), "NaN"),
    ):
        with pytest.raises(InputError, match=message):
            trial_rates(bad, bin_s=0.05, source="rates")
    with pytest.raises(InputError, match=f"choose from {', '.join(SOURCES)}"):
        trial_rates(record, source="voltage")


def test_condition_means():
    np.testing.assert_array_equal(condition_means(np.array([1.0, 2.0, 5.0]), np.array([1, 0, 1]), 2), [2, 3])
