"""Labels of spikes by both published rules, targets of the soma, near spikes and the rate around them."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.recording import CellRecording
from rate2spike.spiking.twin_data.labels import near_spikes, soma_target, spike_labels, spike_rate_per_ms


@pytest.mark.parametrize(
    ("time_ms", "bins"),
    [(1000.0, 999), (1000.75, 1000), (0.125, 0), (0.0, 0), (999.5, 999), (1000.375, 999), (6000.0, 5999)],
)
def test_a_spike_lands_half_a_millisecond_before(time_ms, bins):
    """Row 18 of the table."""
    assert np.flatnonzero(spike_labels([time_ms], 6000)).tolist() == [bins]


@pytest.mark.parametrize(
    ("time_ms", "bins"), [(1000.0, 1000), (1000.75, 1000), (0.125, 0), (100.5, 100), (6000.0, 5999)]
)
def test_or_in_the_millisecond_that_holds_it(time_ms, bins):
    assert np.flatnonzero(spike_labels([time_ms], 6000, "floor")).tolist() == [bins]


def test_both_rules_agree_in_the_middle_of_a_bin():
    times = np.arange(50) + 0.5
    assert spike_labels(times, 50).all() and spike_labels(times, 50, "floor").all()


def test_spikes_of_one_bin_are_one():
    assert spike_labels([3.6, 4.2], 10).sum() == 1 and not spike_labels([], 10).any()


def test_the_target_of_the_soma_is_cut_and_shifted():
    target = soma_target(np.array([-80, -67.7, -55, 30], np.float32))
    np.testing.assert_allclose(target, [-12.3, 0, 12.7, 12.7], atol=1e-5)
    assert target.dtype == np.float32
    np.testing.assert_allclose(soma_target([-50.0, -70.0], most_mv=-62, zero_mv=-85), [23, 15])


def recording(times_ms, v_mv=-80.0, duration_ms=400):
    return CellRecording(np.full(duration_ms, v_mv, np.float32), np.array(times_ms, float))


def test_near_a_spike_are_its_bin_and_nine_more_and_high_voltages():
    assert np.flatnonzero(near_spikes(recording([100.7]))).tolist() == list(range(100, 110))
    assert not near_spikes(recording([], -67.0)).any() and near_spikes(recording([], -66.9)).all()
    assert np.flatnonzero(near_spikes(recording([395.0]))).tolist() == list(range(395, 400))


def test_a_spike_is_a_plateau_of_the_rate_whose_edges_are_smooth():
    rate = spike_rate_per_ms(recording([100.2]))
    assert rate.sum() == pytest.approx(1, abs=1e-5)
    assert rate[115:138] == pytest.approx(0.02, abs=1e-6)
    assert np.flatnonzero(rate > 0)[[0, -1]].tolist() == [90, 159]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: spike_labels([-0.1], 10), "spike_times_ms must be from 0 to 10 ms"),
        (lambda: spike_labels([np.nan], 10), "spike_times_ms must be from 0 to 10 ms"),
        (lambda: spike_labels([10.1], 10), "spike_times_ms must be from 0 to 10 ms"),
        (lambda: spike_labels([1], 10, "ceil"), "unknown rule 'ceil': choose from half_before, floor"),
        (lambda: soma_target([1.0], most_mv="x"), "most_mv must be a finite number, got 'x'"),
    ],
)
def test_what_is_refused_is_one_line(call, message):
    with pytest.raises(InputError, match=message):
        call()
