"""Spiking networks with dendrites: against closed forms, against points, and both paths against each other."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

import rate2spike as r2s
from rate2spike.dendritic_input import KINDS, DendriticInput, drawn_compartments
from rate2spike.errors import InputError
from rate2spike.seeding import Role, key64
from rate2spike.spiking.diagnosis.subject import rescaled
from rate2spike.spiking.kernels.arithmetic import tanh
from rate2spike.spiking.simulator import manipulations, recording
from rate2spike.spiking.simulator.many_trials import run_trials
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.network_model import model_of
from rate2spike.spiking.simulator.nir_network import nir_network
from rate2spike.spiking.simulator.params import NEURONS, LIFParams, neuron_params
from rate2spike.spiking.simulator.recording import RECORDABLE
from rate2spike.spiking.simulator.simulate_cuda import run_trials_cuda
from rate2spike.spiking.simulator.simulate_reference import InjectedDraws
from rate2spike.spiking.simulator.spike_record import SpikeRecord
from rate2spike.spiking.simulator.stimulation import Stimulation

from helpers import small_model

N, C = 30, 4
DRIVE_MV = {"lif": 5.0, "qif": 50.0, "adlif": 5.0, "eif": 5.0}
MIXED_RISE_S = np.where(np.arange(N) % 3 == 0, 0.0, 0.003)
U = np.ones((1, 41))
EXPECTED_ROUNDING = {"float64": dict(rtol=1e-9, atol=1e-9), "float32": dict(rtol=1e-4, atol=1e-4)}

precisions = pytest.mark.parametrize("precision", EXPECTED_ROUNDING)


def dendrites(kind="active", gain=4.0, threshold=1.0, slope=2.0, n_units=N, n_compartments=C) -> DendriticInput:
    ends = drawn_compartments(n_units, n_compartments, np.random.default_rng(0))
    return DendriticInput(kind, n_compartments, ends, gain, threshold, slope)


def network(of_dendrites, kind="lif", factor=20.0, n_units=N, **constants) -> SpikingNetwork:
    w_in = DRIVE_MV[kind] * np.linspace(0.5, 1.5, n_units)[:, None]
    model = small_model(n_units=n_units, w_in=w_in, dtype=np.float64, dendrites=of_dendrites)
    return SpikingNetwork.from_model(model, factor, params=neuron_params(kind, **constants))


# ---- closed forms


def quiet_network(w, of_dendrites, tau_d_steps, steps_per_column=100, **constants) -> SpikingNetwork:
    """Units that rest far below their threshold and have no noise."""
    n = len(w)
    model = small_model(
        n_units=n,
        dale=False,
        dtype=np.float64,
        w_rec=w,
        w_in=np.zeros((n, 1)),
        connection_mask=np.ones((n, n)),
        tau_limits_steps=(tau_d_steps,),
        dendrites=of_dendrites,
    )
    params = LIFParams(**dict(noise_sd_mv=0.0, bias_mv=-65.0, v_peak_mv=40.0) | constants)
    return SpikingNetwork.from_model(model, 1.0, params=params, dt_s=0.005 / steps_per_column)


@precisions
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tau_r_s", [0.002, 0.0])
def test_a_spike_leaves_the_trace_of_its_filter_on_its_compartment_and_the_soma_gets_f_of_it(precision, kind, tau_r_s):
    """Three sources fire once, at the same time, onto compartments 0, 0 and 2 of unit 3."""
    w, ends, fires_at = np.zeros((4, 4)), np.zeros((4, 4), int), 100
    w[3, :3], ends[3, :3] = (0.3, 0.2, -0.4), (0, 0, 2)
    ends_on = DendriticInput(kind, 3, ends, 5.0, 6.0, 0.5)
    net = quiet_network(w, ends_on, 4.0, steps_per_column=1000, tau_r_s=tau_r_s)
    pushed = Stimulation("exc", first_step=fires_at, end_step=fires_at + 1, units=(0, 1, 2), amplitude_mv=300, duty=1.0)
    record = net.run(np.zeros((1, 6)), seed=1, record=("spikes", "ipsc"), stimulation=pushed, precision=precision)
    assert record.events.tolist() == [[k, fires_at] for k in range(3)]

    def traces(filtered):  # (3, n) of the compartments
        return np.array([0.5, 0.0, -0.4])[:, None] * filtered

    tau_d, dt, steps = 0.02, net.dt_s, np.arange(record.n_steps - fires_at - 1)
    decay_d = np.exp(-dt / tau_d)
    if tau_r_s:  # Euler's step for h, as published, is exact in this sum of a geometric series
        decay_r = np.exp(-dt / tau_r_s)
        filtered = dt / (tau_r_s * tau_d) * (decay_d**steps - decay_r**steps) / (decay_d - decay_r)
        continuous = (np.exp(-dt * steps / tau_d) - np.exp(-dt * steps / tau_r_s)) / (tau_d - tau_r_s)
    else:
        filtered = continuous = decay_d**steps / tau_d
    expected = ends_on.current(traces(filtered)).sum(0)
    assert np.abs(expected).max() > 2
    np.testing.assert_allclose(record.ipsc[3, fires_at + 1 :], expected, **EXPECTED_ROUNDING[precision])
    np.testing.assert_allclose(expected, ends_on.current(traces(continuous)).sum(0), atol=0.01 * np.abs(expected).max())
    assert np.abs(record.ipsc[3, : fires_at + 1]).max() < 1e-5 and np.abs(record.ipsc[:3]).max() < 1e-5


@precisions
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weight", [0.05, -0.02, 0.3])
def test_a_constant_filtered_current_moves_the_soma_by_f_of_it(precision, kind, weight):
    """A slow synapse of a regular source: on the compartment v is W times its rate, the soma rests at bias + F(v)."""
    ends_on = DendriticInput(kind, 1, np.zeros((2, 2), int), 6.0, 4.0, 0.8)
    net = quiet_network(
        np.array([[0.0, 0.0], [weight, 0.0]]),
        ends_on,
        100.0,
        bias_mv=np.array([20.0, -65.0]),
        v_peak_mv=np.array([0.0, 40.0]),
    )
    record = net.run(np.zeros((1, 801)), seed=1, record=("spikes", "voltage"), precision=precision)
    late = record.n_steps * 3 // 4
    times = record.events[record.events[:, 1] >= late, 1]
    rate_hz = (times.size - 1) / (np.ptp(times) * net.dt_s)
    assert rate_hz > 50 and (record.events[:, 0] == 0).all()
    moved = record.voltage_mv[1, late:].mean() + 65.0
    tau_r, tau_d, dt = net.params.tau_r_s, 0.5, net.dt_s
    area = dt**2 / (tau_r * tau_d * np.expm1(-dt / tau_r) * np.expm1(-dt / tau_d))  # of a spike, in steps: nearly 1
    assert moved == pytest.approx(float(ends_on.current(np.array(weight * rate_hz * area))), rel=0.005)


@pytest.mark.parametrize("kind", NEURONS)
@pytest.mark.parametrize("tau_r_s", [0.002, 0.0, MIXED_RISE_S], ids=["rise", "none", "mixed"])
def test_compartments_that_pass_on_what_they_get_make_a_network_of_points(kind, tau_r_s):
    points, linear = (network(one, kind, tau_r_s=tau_r_s) for one in (None, dendrites(gain=0.0)))
    wanted, got = (one.run(U, seed=1, record=RECORDABLE, precision="float64") for one in (points, linear))
    np.testing.assert_array_equal(got.events, wanted.events)
    assert len(wanted.events) > 200
    for name in ("output", "voltage_mv", "rates", "ipsc"):
        np.testing.assert_allclose(getattr(got, name), getattr(wanted, name), rtol=1e-9, atol=1e-9, err_msg=name)


@precisions
def test_subunits_without_gain_cut_all_connections(precision):
    cut = manipulations.scale_connections(network(None), "all", "all", 0.0)
    np.testing.assert_array_equal(
        network(dendrites("subunit", gain=0.0)).run(U, seed=1, precision=precision).events,
        cut.run(U, seed=1, precision=precision).events,
    )


def test_which_number_a_compartment_has_does_not_matter():
    """The compartments of each unit, numbered anew."""
    rng, some = np.random.default_rng(5), dendrites()
    numbers = np.array([rng.permutation(C) for _ in range(N)])
    renumbered = replace(some, compartment=np.take_along_axis(numbers, some.compartment, 1).astype(np.uint8))
    one, other = (network(ends).run(U, seed=1, record=RECORDABLE, precision="float64") for ends in (some, renumbered))
    np.testing.assert_array_equal(one.events, other.events)
    np.testing.assert_allclose(one.ipsc, other.ipsc, rtol=1e-9, atol=1e-9)
    # float32 sums in another order: until the first spike that rounding moves
    one, other = (network(ends).run(U[:, :5], seed=1, record="voltage") for ends in (some, renumbered))
    np.testing.assert_allclose(one.voltage_mv, other.voltage_mv, atol=0.01)


def test_which_compartment_a_connection_ends_on_does_matter():
    some = dendrites()
    other = replace(some, compartment=(some.compartment + np.arange(N)) % C)
    one, other = (network(ends).run(U, seed=1, record=(), precision="float64") for ends in (some, other))
    assert not np.array_equal(one.firing_rate_hz, other.firing_rate_hz)


def test_the_tangent_of_the_fast_path():
    x = np.concatenate([np.linspace(-12, 12, 20001), [0.0, 1e4, -1e30]]).astype(np.float32)
    errors = np.array([tanh(value) for value in x]) - np.tanh(x.astype(np.float64))
    assert np.abs(errors).max() < 2e-6 and tanh(np.float32(0)) == 0


# ---- the two paths


@pytest.mark.parametrize("kind", NEURONS)
@pytest.mark.parametrize("of_dendrites", KINDS)
def test_the_fast_path_fires_as_the_reference_does(kind, of_dendrites):
    """A connected network with noise, its rates by path; the draws differ."""
    net = network(dendrites(of_dendrites, n_units=61), kind, n_units=61)
    u = np.ones((1, 161))
    fast, reference = (net.run(u, seed=1, record=(), precision=p).firing_rate_hz for p in ("float32", "float64"))
    points = network(None, kind, n_units=61).run(u, seed=1, record=()).firing_rate_hz
    assert reference.mean() > 2 and fast.mean() == pytest.approx(reference.mean(), rel=0.05)
    assert np.corrcoef(fast, reference)[0, 1] > 0.99
    assert np.abs(fast - reference).mean() < 0.5 * np.abs(fast - points).mean()


@pytest.mark.parametrize("kind", NEURONS)
@pytest.mark.parametrize("of_dendrites", KINDS)
def test_the_fast_path_equals_the_reference_without_noise(kind, of_dendrites):
    """Same start, no draws, no refractory period of whole steps: what differs is rounding."""
    net = network(dendrites(of_dendrites), kind, noise_sd_mv=0.0, tau_r_s=MIXED_RISE_S, t_ref_s=0.00201)
    fast = net.run(U, seed=3, record=("voltage", "ipsc", "spikes"))
    u_start = net.fast.start(key64(3, Role.SIMULATION), 0).u[:N]
    peak, reset = (net.params.per_unit(name, N) for name in ("v_peak_mv", "v_reset_mv"))
    draws = InjectedDraws((u_start + peak - reset) / 95, np.zeros(N * fast.n_steps))
    reference = net.run(U, draws=draws, record=("voltage", "ipsc", "spikes"))
    assert len(fast.events) == pytest.approx(len(reference.events), rel=0.02) and len(fast.events) > 100
    early = slice(0, 400)  # before rounding has moved a spike by a step
    np.testing.assert_allclose(fast.voltage_mv[:, early], reference.voltage_mv[:, early], atol=0.05)
    np.testing.assert_allclose(fast.ipsc[:, early], reference.ipsc[:, early], atol=0.05)
    assert np.abs(reference.ipsc[:, early]).max() > 5


@precisions
def test_same_seed_same_result_whatever_is_recorded_and_in_whatever_blocks(precision, monkeypatch, tmp_path):
    net = network(dendrites(), tau_r_s=MIXED_RISE_S)
    options = dict(seed=3, precision=precision)
    everything = net.run(U, **options, record=RECORDABLE)
    np.testing.assert_array_equal(everything.output, net.run(U, **options, record="output").output)
    network(None).run(U, **options)  # of the same size, in the same thread
    np.testing.assert_array_equal(everything.firing_rate_hz, net.run(U, **options, record=()).firing_rate_hz)
    monkeypatch.setattr(recording, "_STREAMED_BLOCK_BYTES", 100_000)  # several blocks
    net.run(U, **options, record=RECORDABLE, to=tmp_path / "trial.h5")
    streamed = SpikeRecord.load(tmp_path / "trial.h5")
    for name in ("voltage_mv", "rates", "ipsc", "output", "events"):
        np.testing.assert_array_equal(getattr(streamed, name), getattr(everything, name), err_msg=name)
    assert streamed.dendrites == everything.dendrites == "active"


def test_many_trials_on_any_number_of_threads_are_single_trials():
    net = network(dendrites("subunit"))
    inputs = np.stack([U * (1 + k) for k in range(6)], 2)
    one, two = (run_trials(net, inputs, seed=1, n_threads=n) for n in (1, 2))
    assert one == two
    outputs, _ = net.run_trials(list(np.moveaxis(inputs, 2, 0)), range(6))
    for key in range(6):
        np.testing.assert_array_equal(outputs[key], net.run_fast(inputs[:, :, key], np.uint64(key)).output)


# ---- what is done with a network


@precisions
def test_a_lesioned_unit_is_as_good_as_cut_off(precision):
    net = network(dendrites())
    record = manipulations.lesion(net, "I").run(U, seed=1, precision=precision)
    cut = manipulations.scale_connections(net, "I", "all", 0.0).run(U, seed=1, precision=precision)
    kept = np.isin(cut.events[:, 0], manipulations.units_in(net, "I"), invert=True)
    np.testing.assert_array_equal(cut.events[kept], record.events)
    assert kept.any() and not kept.all()


@pytest.mark.parametrize(
    "change",
    [
        lambda net: manipulations.scale_connections(net, "E", "I", 0.5),
        manipulations.remove_self_connections,
        lambda net: manipulations.lesion(net, [3]),
        lambda net: manipulations.shuffle_weights(net, 1),
        lambda net: manipulations.replace_weights(net, w=net.w / 2),
        lambda net: rescaled(net, 40.0),
    ],
)
def test_every_connection_keeps_its_compartment(change):
    net = network(dendrites())
    changed = change(net)
    assert changed.dendrites == net.dendrites
    assert not np.array_equal(changed.run(U, seed=1).output, net.run(U, seed=1).output)


def test_another_scaling_factor_divides_the_weights_and_nothing_else():
    """What compartments pass on is in mV, whatever the weights are."""
    again = rescaled(network(dendrites(), factor=20.0), 40.0)
    at_once = network(dendrites(), factor=40.0)
    assert again.dendrites == at_once.dendrites == dendrites()
    np.testing.assert_allclose(again.w, at_once.w, rtol=1e-12)


def test_what_it_says_of_itself():
    net = network(dendrites("subunit"))
    assert repr(net).endswith("n_outputs=1, dendrites='subunit')")
    assert "dendrites" not in repr(network(None))
    assert net.to_dict()["dendrites"]["n_compartments"] == C
    record = net.run(U, seed=1)
    assert "dendrites='subunit'" in repr(record) and network(None).run(U, seed=1).dendrites is None
    again = pickle.loads(pickle.dumps(net))
    assert again == net and again != network(dendrites())
    np.testing.assert_array_equal(again.run(U, seed=1).output, record.output)


def test_a_network_goes_back_into_a_model():
    net = manipulations.lesion(network(dendrites()), [2])
    model = model_of(net)
    assert model.dendrites == net.dendrites
    again = SpikingNetwork.from_model(model)
    np.testing.assert_array_equal(again.run(U, seed=1).output, net.run(U, seed=1).output)


def test_search_evaluation_and_diagnosis_run_the_network_with_its_dendrites(go_nogo_path):
    points = r2s.load_model(go_nogo_path)
    model = replace(points, dendrites=dendrites("subunit", n_units=200))
    options = dict(seed=1, n_trials=6)
    of_points, found = (r2s.grid_search(one, "go-nogo", (25, 35), **options, n_threads=1) for one in (points, model))
    assert (
        found.best.output_error != of_points.best.output_error and found.accuracies.max() < of_points.accuracies.max()
    )
    assert (
        found.accuracies.tolist()
        == r2s.grid_search(model, "go-nogo", (25, 35), **options, n_threads=2).accuracies.tolist()
    )
    net = SpikingNetwork.from_model(model, 25)
    evaluated = r2s.evaluate(model, "go-nogo", scaling_factor=25, **options)
    assert evaluated.accuracy == r2s.evaluate(net, "go-nogo", **options).accuracy
    assert evaluated.mean_rate_hz != r2s.evaluate(points, "go-nogo", scaling_factor=25, **options).mean_rate_hz
    diagnosed = r2s.diagnose(model, "go-nogo", 25, **options)
    given = r2s.diagnose(model, "go-nogo", network=net, **options)
    np.testing.assert_array_equal(diagnosed.outputs, given.outputs)
    assert not np.array_equal(diagnosed.outputs, r2s.diagnose(points, "go-nogo", 25, **options).outputs)


# ---- refusals


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("active", "dendrites must be a DendriticInput or None, got 'active'"),
        (dendrites(n_units=12), "compartment must be 30 x 30 whole numbers, one per connection; got 12 x 12 of int64"),
        (
            replace(dendrites(), compartment=np.zeros((N, N))),
            "whole numbers, one per connection; got 30 x 30 of float64",
        ),
        (replace(dendrites(), compartment=np.full((N, N), C)), "compartment must be from 0 to 3, got 4 to 4"),
        (replace(dendrites(), compartment=np.full((N, N), -1)), "compartment must be from 0 to 3, got -1 to -1"),
        (dendrites("plateau"), "unknown kind of dendrites 'plateau': choose from active, subunit"),
        (replace(dendrites(), n_compartments=0), "number of compartments must be a whole number from 1, got 0"),
        (dendrites(gain=np.nan), "the gain of dendrites must be a finite number, got nan"),
        (dendrites(slope="steep"), "the slope of dendrites must be a finite number, got 'steep'"),
    ],
)
def test_dendrites_that_do_not_fit(wrong, message):
    for make in (network, lambda one: replace(network(None), dendrites=one)):
        with pytest.raises(InputError, match=message) as error:
            make(wrong)
        assert len(str(error.value).splitlines()) == 1


def test_what_dendrites_cannot_do():
    net = network(dendrites())
    with pytest.raises(InputError, match="NIR has no equation for active dendrites"):
        nir_network(net)
    with pytest.raises(InputError, match="a network with dendrites runs on the CPU only"):
        run_trials_cuda(net, U[None], np.array([1], np.uint64))


def test_files_of_other_programs_say_what_was_simulated():
    pytest.importorskip("neo"), pytest.importorskip("pynwb")
    of_points, record = (network(one).run(U[:, :4], seed=1) for one in (None, dendrites("subunit")))
    assert r2s.exports.to_neo(record).annotations["dendrites"] == "subunit"
    assert r2s.exports.to_neo(record).description.endswith("30 lif units with subunit dendrites")
    assert "30 lif units with subunit dendrites" in r2s.exports.nwb_file(record).session_description
    assert "dendrites" not in r2s.exports.to_neo(of_points).annotations
    with pytest.raises(InputError, match="record 2 differs from the first in its dendrites"):
        r2s.exports.to_neo([record, of_points])
