"""The cells in NEURON: published responses, agreement with our own simulation, and what happens around a run."""

import shutil
import signal
import threading
from dataclasses import replace

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.ball_and_stick import ball_and_stick
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.detailed_cells.l5_pyramidal import l5_pyramidal
from rate2spike.spiking.detailed_cells.neuron_reference import NeuronReference
from rate2spike.spiking.detailed_cells.synapses import STICK_EXCITATORY
from rate2spike.spiking.twin_data.ball_and_stick_input import BallAndStickInput
from rate2spike.spiking.twin_data.simulate import simulate

pytest.importorskip("neuron")
if not (shutil.which("make") and any(map(shutil.which, ("c++", "g++", "clang++")))):
    pytest.skip("NEURON's mechanisms need a compiler and make", allow_module_level=True)

NOTHING = SynapticEvents(1278, 400, [], [])


def random_events(n_synapses: int, duration_ms: int, share: float, seed: int, weight: float = 0) -> SynapticEvents:
    rng = np.random.default_rng(seed)
    x = rng.random((n_synapses, duration_ms)) < share
    return SynapticEvents.from_dense(np.where(x, rng.random(x.shape) * weight, 0) if weight else x)


def typically_apart_mv(one: np.ndarray, other: np.ndarray) -> float:
    """Median of the differences: on the flank of a spike a little time is a large voltage."""
    return float(np.median(np.abs(one.astype(float) - other.astype(float))))


@pytest.fixture(scope="module")
def at_rest():
    return NeuronReference(l5_pyramidal()).run(NOTHING, with_dendrites=True, with_fine_soma=True)[0]


def test_the_pyramidal_cell_comes_to_rest_where_published(at_rest):
    assert at_rest.v_soma_mv[0] == -76
    assert at_rest.v_soma_mv[-1] == pytest.approx(-81.1, abs=0.1)
    assert at_rest.v_nexus_mv[-1] == pytest.approx(-75.8, abs=0.1)
    assert at_rest.v_dendrites_mv[500, -1] == pytest.approx(-72.1, abs=0.1)
    assert at_rest.n_spikes == 0
    np.testing.assert_array_equal(at_rest.v_soma_fine_mv[::8], at_rest.v_soma_mv)
    assert at_rest.v_soma_fine_mv.size == 8 * 400 and at_rest.v_dendrites_mv.shape == (639, 400)


@pytest.mark.slow
def test_currents_into_the_soma_have_the_published_effects():
    currents = np.zeros((4, 1600))
    currents[:, 600:] = np.array([-0.1, 0.5, 0.793, 1.0])[:, None]
    nothing = SynapticEvents(1278, 1600, [], [])
    down, *driven = NeuronReference(l5_pyramidal()).run([nothing] * 4, current_na=currents)
    assert down.v_soma_mv[-1] - down.v_soma_mv[590] == pytest.approx(-4.26, abs=0.1)
    assert [one.n_spikes for one in driven] == pytest.approx([5, 14, 17], abs=1)
    assert [one.spike_times_ms[0] - 600 for one in driven] == pytest.approx([41, 14.6, 10.0], abs=1)


@pytest.mark.slow
def test_single_events_are_as_large_at_the_soma_as_published():
    """Peak above the voltage at the event, at 500 ms, while the cell still drifts: so the published figures were taken."""
    events = [SynapticEvents(1278, 600, [500], [synapse]) for synapse in (262, 500)]
    large, small = NeuronReference(l5_pyramidal()).run(events, dt_ms=0.05)
    assert np.ptp(large.v_soma_mv[500:550]) == pytest.approx(0.29, abs=0.01)
    assert small.v_soma_mv[500:].max() - small.v_soma_mv[500] == pytest.approx(0.012, abs=0.002)


@pytest.mark.parametrize("ih_shift_mv", [-10, 10])
def test_our_own_simulation_of_the_pyramidal_cell_agrees(ih_shift_mv):
    cell = l5_pyramidal(sk_factor=0.1, ih_shift_mv=ih_shift_mv)
    x = random_events(1278, 200, 0.01, seed=3).to_dense()
    x[639:] &= np.random.default_rng(4).random((639, 200)) < 0.2
    events = SynapticEvents.from_dense(x)
    (theirs,) = NeuronReference(cell).run(events, with_dendrites=True)
    (ours,) = cell.run([events], with_dendrites=True)
    np.testing.assert_allclose(ours.spike_times_ms, theirs.spike_times_ms, atol=0.13)
    assert theirs.n_spikes > 0 and typically_apart_mv(ours.v_soma_mv, theirs.v_soma_mv) < 0.02
    assert typically_apart_mv(ours.v_nexus_mv, theirs.v_nexus_mv) < 0.05
    assert typically_apart_mv(ours.v_dendrites_mv, theirs.v_dendrites_mv) < 0.1


@pytest.mark.parametrize("excitatory", STICK_EXCITATORY)
def test_our_own_simulation_of_a_stick_agrees_with_weights_and_currents(excitatory):
    cell = ball_and_stick(excitatory=excitatory)
    events = random_events(16, 300, 0.05, seed=1, weight=4)
    current_na = np.where(np.arange(300) < 150, 0.05, -0.02)
    (theirs,) = NeuronReference(cell).run(events, dt_ms=0.025, current_na=current_na, with_dendrites=True)
    (ours,) = cell.run([events], dt_ms=0.025, current_na=current_na, with_dendrites=True)
    np.testing.assert_allclose(ours.spike_times_ms, theirs.spike_times_ms, atol=0.03)
    assert typically_apart_mv(ours.v_soma_mv, theirs.v_soma_mv) < 0.01
    assert typically_apart_mv(ours.v_dendrites_mv, theirs.v_dendrites_mv) < 0.1
    (variable,) = NeuronReference(cell).run(events, dt_ms=None, current_na=current_na, with_dendrites=True)
    np.testing.assert_allclose(variable.spike_times_ms, theirs.spike_times_ms, atol=1)
    assert typically_apart_mv(variable.v_soma_mv, theirs.v_soma_mv) < 0.5


@pytest.mark.parametrize(
    ("kind", "weight", "peaks_mv"),
    [("NMDA_cable", 9, (-66.1, -76.5, -80.6, -82.0, -82.1)), ("AMPA_point", 6, (-68.5,) * 5)],
)
def test_events_along_a_stick_have_the_published_effects(kind, weight, peaks_mv):
    times_ms = [102, 204, 307, 409, 512]
    events = SynapticEvents(128, 620, times_ms, [3, 16, 32, 48, 60], [weight] * 5)
    cell = ball_and_stick(kind, n_segments=64, excitatory="NMDA_human")
    (recording,) = NeuronReference(cell).run(events, dt_ms=0.025)
    assert recording.v_soma_mv[50] == pytest.approx(-82.7, abs=0.1)
    found = [recording.v_soma_mv[at : at + 100].max() for at in times_ms]
    assert found == pytest.approx(peaks_mv, abs=0.3)


def test_an_event_at_0_has_an_effect_unless_it_is_to_be_as_published():
    cell = NeuronReference(ball_and_stick("AMPA_point"))
    events = SynapticEvents(16, 60, [0, 30, 30], [2, 2, 3], [1, 1, 1])
    (sound,) = cell.run(events)
    (legacy,) = cell.run(events, legacy_t0_bug=True)
    (without,) = cell.run(SynapticEvents(16, 60, [30], [3], [1]))
    assert sound.v_soma_mv[3] > legacy.v_soma_mv[3] + 0.2
    np.testing.assert_array_equal(legacy.v_soma_mv, without.v_soma_mv)


def test_several_events_of_one_time_add_up():
    cell = NeuronReference(ball_and_stick())
    (twice,) = cell.run(SynapticEvents(16, 50, [10, 10], [0, 0], [1, 0.5]), dt_ms=0.025)
    (once,) = cell.run(SynapticEvents(16, 50, [10], [0], [1.5]), dt_ms=0.025)
    np.testing.assert_allclose(twice.v_soma_mv, once.v_soma_mv, atol=1e-4)


def test_a_run_leaves_nothing_in_neuron_and_runs_do_not_disturb_each_other():
    h = pytest.importorskip("neuron").h
    small, large = NeuronReference(ball_and_stick()), NeuronReference(ball_and_stick(n_segments=64))
    events = random_events(16, 100, 0.05, seed=2, weight=3)
    h.celsius = 20.0
    (alone,) = small.run(events, dt_ms=0.025)
    assert h.celsius == 20 and not list(h.allsec())
    large.run(SynapticEvents(128, 10, [0], [0]), dt_ms=None)
    found = []
    threads = [threading.Thread(target=lambda: found.extend(small.run(events, dt_ms=0.025))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [alone, alone] == small.run([events, events], dt_ms=0.025)


def test_nothing_is_left_of_a_cell_that_cannot_be_built():
    stick = ball_and_stick()
    area_less = replace(stick, morphology=replace(stick.morphology, sections=(*stick.morphology.sections, None)))
    with pytest.raises(AttributeError):
        NeuronReference(area_less).run(SynapticEvents(16, 10, [], []))
    assert not list(pytest.importorskip("neuron").h.allsec())


def test_a_data_set_may_be_neurons(tmp_path):
    cell, how = ball_and_stick("AMPA_point"), BallAndStickInput()
    kept = dict(n_simulations=1, seed=3, run_options={"dt_ms": 0.025}, progress=False)
    theirs = simulate(NeuronReference(cell), how, tmp_path / "theirs", **kept)[0]
    ours = simulate(cell, how, tmp_path / "ours", **kept)[0]
    assert theirs.events == ours.events and theirs.recording.n_spikes == ours.recording.n_spikes
    assert typically_apart_mv(theirs.recording.v_soma_mv, ours.recording.v_soma_mv) < 0.1


def test_a_run_can_be_interrupted():
    def interrupt(number, frame):
        raise KeyboardInterrupt

    cell = NeuronReference(ball_and_stick())
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            cell.run(SynapticEvents(16, 10**6, [], []), dt_ms=0.025)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert not list(pytest.importorskip("neuron").h.allsec())
    assert cell.run(SynapticEvents(16, 10, [], []))[0].duration_ms == 10


def test_what_is_refused_is_one_line():
    cell = NeuronReference(ball_and_stick())
    events = SynapticEvents(16, 10, [], [])
    for call, message in (
        (lambda: NeuronReference("stick"), "cell must be a CableCell, got 'stick'"),
        (lambda: cell.run(NOTHING), "inputs must be for the 16 synapses of ball and stick NMDA_cable, got 1278"),
        (lambda: cell.run(events, dt_ms=0.3), "dt_ms must divide a millisecond"),
        (
            lambda: cell.run(events, dt_ms=1.0, current_na=[1e6] * 10),
            "dt_ms 1 is too long a step, or the input too strong",
        ),
        (lambda: cell.run(events, current_na=[1, 2, 3]), "current_na must be numbers of shape"),
        (lambda: cell.run(events, legacy_t0_bug="yes"), "legacy_t0_bug must be true or false"),
        (lambda: cell.run(events, step=1), "unknown setting 'step'"),
    ):
        with pytest.raises(InputError, match=message) as caught:
            call()
        assert "\n" not in str(caught.value)
    assert cell.run([]) == []
