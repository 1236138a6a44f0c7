"""The layer 5 pyramidal cell of our own solver: its published responses, and that simulations do not see each other."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.detailed_cells.l5_pyramidal import l5_pyramidal
from rate2spike.spiking.detailed_cells.synapses import without_synapses_hit_at_0

CELL = l5_pyramidal()
NOTHING = SynapticEvents(1278, 2000, [], [])


def random_events(seed, duration_ms=300, rate=0.012):
    x = np.random.default_rng(seed).random((1278, duration_ms)) < rate
    x[639:] &= np.random.default_rng(seed + 100).random((639, duration_ms)) < 0.7
    return SynapticEvents.from_dense(x)


@pytest.fixture(scope="module")
def steps_of_current():
    amplitudes = np.array([0, -0.1, 0.3, 0.5, 0.793, 1.0])
    current = amplitudes[:, None] * (np.arange(2000) >= 1000)
    return CELL.run([NOTHING] * 6, current_na=current)


def test_rest(steps_of_current):
    at_rest = steps_of_current[0]
    assert at_rest.v_soma_mv[999] == pytest.approx(-81.1, abs=0.1)
    assert at_rest.v_nexus_mv[999] == pytest.approx(-75.8, abs=0.1)
    assert at_rest.v_soma_mv[0] == -76 and at_rest.n_spikes == 0


def test_a_current_that_hyperpolarizes(steps_of_current):
    v = steps_of_current[1].v_soma_mv
    assert v[1999] - v[999] == pytest.approx(-4.26, abs=0.1)


def test_spikes_of_steps_of_current(steps_of_current):
    """Counts, and the first after 41, 14.6 and 10 ms."""
    assert [one.n_spikes for one in steps_of_current[2:]] == [0, 5, 14, 17]
    first = [one.spike_times_ms[0] - 1000 for one in steps_of_current[3:]]
    np.testing.assert_allclose(first, [41.5, 14.7, 10.1], atol=0.6)


def test_unitary_potentials():
    """AMPA and NMDA on single segments: peaks there and at the soma."""
    segments = [100, 262, 300, 450, 500]
    events = [SynapticEvents(1278, 400, [300], [segment]) for segment in segments]
    *found, nothing = CELL.run([*events, SynapticEvents(1278, 400, [], [])], with_dendrites=True)
    at_soma = [(one.v_soma_mv - nothing.v_soma_mv).max() for one in found]
    np.testing.assert_allclose(at_soma[:3], [0.260, 0.292, 0.172], atol=0.01)
    local = [
        (one.v_dendrites_mv[s].astype(float) - nothing.v_dendrites_mv[s]).max()
        for one, s in zip(found, segments, strict=True)
    ]
    np.testing.assert_allclose(local, [3.91, 0.292, 3.60, 7.04, 6.44], rtol=0.05, atol=0.1)
    assert nothing.v_dendrites_mv.shape == (639, 400) and nothing.v_dendrites_mv.dtype == np.float16


def test_inhibition_is_outward_and_the_second_half_of_the_synapses():
    events = [SynapticEvents(1278, 200, [150], [639 + 262]), SynapticEvents(1278, 200, [], [])]
    current = np.full(200, 0.3)
    inhibited, nothing = CELL.run(events, current_na=current)
    change = inhibited.v_soma_mv - nothing.v_soma_mv
    assert change.min() < -0.1 and (change[:151] == 0).all() and change.max() < 1e-3


def test_a_recording_does_not_depend_on_what_runs_beside_it():
    inputs = [random_events(seed) for seed in range(10)]
    together = CELL.run(inputs, n_threads=2)
    alone = CELL.run([inputs[9], inputs[3]], n_threads=1)
    assert alone[0] == together[9] and alone[1] == together[3] != together[4]


def test_an_event_at_0_counts_unless_the_published_defect_is_wanted():
    events = SynapticEvents(1278, 60, [0, 30], [262, 262])
    nothing = SynapticEvents(1278, 60, [], [])
    with_it, without_it, none = CELL.run([events, without_synapses_hit_at_0(events), nothing])
    assert (with_it.v_soma_mv - none.v_soma_mv)[5:15].max() > 0.1
    (published,) = CELL.run(events, legacy_t0_bug=True)
    assert without_it == none == published and events.n_events == 2


def test_the_published_defect_silences_synapses_hit_at_0_and_no_others():
    events = SynapticEvents(1278, 60, [0, 20, 30], [262, 300, 262])
    (published,) = CELL.run(events, legacy_t0_bug=True)
    (other_alone,) = CELL.run(SynapticEvents(1278, 60, [20], [300]))
    assert published == other_alone


def test_weights_scale_conductances():
    weighted = SynapticEvents(1278, 60, [20], [262], [2.0])
    twice = SynapticEvents(1278, 60, [20, 20], [262, 262])
    one, other = CELL.run([weighted, twice])
    np.testing.assert_array_equal(one.v_soma_mv, other.v_soma_mv)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inputs": [SynapticEvents(5, 10, [], [])]}, "inputs must be for the 1278 synapses of L5PC NMDA, got 5"),
        ({"inputs": [NOTHING, SynapticEvents(1278, 9, [], [])]}, "inputs must be of one duration, got 2000 and 9 ms"),
        ({"inputs": 3}, "inputs must be SynapticEvents, one or several, got 3"),
        ({"dt_ms": 0.3}, "dt_ms must divide a millisecond, such as 0.1, 0.05 or 0.025, got 0.3"),
        ({"current_na": [1.0, 2.0]}, r"current_na must be numbers of shape \(2000,\) or \(1, 2000\)"),
        ({"with_dendrites": 2}, "with_dendrites must be true or false"),
        ({"current_na": np.ones((2, 2000))}, r"or \(1, 2000\), got shape \(2, 2000\)"),
        ({"current_na": np.ones(2000) * 1j}, "current_na must be numbers"),
        ({"current_na": [[1.0], [1.0, 2.0]]}, "current_na must be numbers"),
        ({"current_na": np.full(2000, np.nan)}, "current_na must be finite numbers"),
        ({"dt_ms": 1e-9}, "dt_ms must be at least 0.0001, got 1e-09"),
        ({"inputs": [SynapticEvents(1278, 9, [1], [0], [-2.0])]}, "weights of inputs must not be negative, .* got -2"),
        ({"legacy_t0_bug": "yes"}, "legacy_t0_bug must be true or false"),
        ({"dt": 0.1}, "dt"),
        ({"n_threads": 0}, "n_threads"),
    ],
)
def test_what_does_not_fit_is_one_line(options, message):
    with pytest.raises(InputError, match=message) as caught:
        CELL.run(**({"inputs": [NOTHING]} | options))
    assert "\n" not in str(caught.value)


def test_a_step_in_single_precision_is_that_step():
    events = random_events(3)
    assert CELL.run(events, dt_ms=np.float32(0.1)) == CELL.run(events)


def test_a_step_that_is_too_long_is_said():
    with pytest.raises(InputError, match="dt_ms 1 is too long a step") as caught:
        CELL.run([SynapticEvents(1278, 50, [], [])], dt_ms=1.0, current_na=np.full(50, 1e6))
    assert "\n" not in str(caught.value)


def test_no_inputs_give_no_recordings():
    assert CELL.run([]) == []
