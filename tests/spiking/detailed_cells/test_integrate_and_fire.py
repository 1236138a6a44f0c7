"""The integrate-and-fire cell: closed forms, and the published convolution with subtraction at every spike."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
from rate2spike.spiking.kernels.integrate_and_fire import run_membrane

CELL = IntegrateAndFire()
TAPS = np.exp(-np.arange(141) / 20)


def run(time_ms, synapse, duration_ms=400):
    return CELL.run(SynapticEvents(100, duration_ms, time_ms, synapse))[0]


def published(jumps_mv):
    """Convolve with all taps; after each spike take away what would follow."""
    v = np.convolve(jumps_mv, TAPS)[: jumps_mv.size]
    spikes = []
    for t in range(v.size - 1):
        if v[t] > 20:
            spikes.append(t)
            after = v[t + 1 : t + 142]
            after -= after[0] * TAPS[: after.size]
    return v, spikes


@pytest.mark.parametrize(("synapse", "jump_mv"), [(0, 2), (79, 2), (80, -2), (99, -2)])
def test_one_event_jumps_decays_and_ends(synapse, jump_mv):
    recording = run([50], [synapse])
    expected = np.full(400, -75.0)
    expected[50:191] += jump_mv * TAPS
    np.testing.assert_allclose(recording.v_soma_mv, expected, atol=1e-5)
    assert recording.v_soma_mv[70] == pytest.approx(-75 + jump_mv / np.e, abs=1e-5)
    assert recording.v_soma_mv.dtype == np.float32 and recording.n_spikes == 0


def test_twelve_events_at_once_make_a_spike_and_the_next_sample_is_rest():
    recording = run([50] * 12, range(12))
    assert recording.spike_times_ms.tolist() == [50.5]
    assert recording.v_soma_mv[50] == np.float32(-54.9)
    assert (recording.v_soma_mv[51:191] == -75).all()
    # what undoes a spike starts, and is forgotten, one sample after what caused it
    assert recording.v_soma_mv[191] == pytest.approx(-75 - 24 * np.exp(-141 / 20))


def test_ten_events_at_once_stay_below():
    recording = run([50] * 10, range(10))  # exactly at threshold
    assert recording.n_spikes == 0 and recording.v_soma_mv[50] == -55


def test_what_arrives_right_after_a_spike_is_lost():
    recording = run([50] * 12 + [51] * 30 + [52], [*range(12), *range(30), 0])
    assert recording.spike_times_ms.tolist() == [50.5]
    assert recording.v_soma_mv[51] == -75 and recording.v_soma_mv[52] == pytest.approx(-73)


def test_there_is_no_spike_in_the_last_millisecond():
    recording = run([399] * 12, range(12))
    assert recording.n_spikes == 0 and recording.v_soma_mv[399] == np.float32(-54.9)


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_recursion_equals_the_published_convolution_with_subtractions(rate):
    rng = np.random.default_rng(3)
    jumps_mv = 2.0 * (rng.poisson(rate, 6000) - rng.poisson(0.6 * rate, 6000)) + 10 * (rng.random(6000) < 0.01)
    v, is_spike = run_membrane(jumps_mv, np.exp(-1 / 20), 141, 20.0)
    expected, spikes = published(jumps_mv)
    assert len(spikes) > 5
    np.testing.assert_array_equal(np.flatnonzero(is_spike), spikes)
    np.testing.assert_allclose(v, expected, atol=1e-11)


def test_weights_multiply_the_jumps():
    weighted = CELL.run(SynapticEvents(100, 100, [5, 5], [3, 90], [2.5, 1.0]))[0]
    assert weighted.v_soma_mv[5] == pytest.approx(-75 + 2 * (2.5 - 1))


def test_several_simulations_are_the_single_ones():
    rng = np.random.default_rng(0)
    inputs = [SynapticEvents.from_dense(rng.random((100, 500)) < 0.004) for _ in range(3)]
    assert CELL.run(inputs) == [CELL.run(one)[0] for one in inputs]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: CELL.run(SynapticEvents(99, 10, [], [])), "inputs must be for the 100 synapses of .*, got 99"),
        (lambda: CELL.run(5), "inputs must be SynapticEvents, one or several, got 5"),
        (lambda: CELL.run([np.zeros(3)]), "inputs must be SynapticEvents, one or several, got array"),
        (lambda: CELL.run([], with_dendrites=True), "with_dendrites: integrate_and_fire is a point in steps of 1 ms"),
        (lambda: IntegrateAndFire(tau_ms=0), "membrane time constant must be a positive number, got 0"),
        (lambda: IntegrateAndFire(threshold_mv=-80), "threshold_mv must be above rest_mv, got -80 and -75"),
    ],
)
def test_what_is_refused_is_one_line(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
