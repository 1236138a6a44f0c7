"""SpikingNetwork: mapping, seeds, recording, refusals."""

import pickle

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import LIFParams
from rate2spike.spiking.simulator.recording import RECORDABLE
from rate2spike.spiking.simulator.simulate_reference import InjectedDraws
from rate2spike.spiking.simulator.stimulation import Stimulation

from helpers import small_model

U = np.ones((1, 11)) * 20


@pytest.fixture(scope="module")
def network() -> SpikingNetwork:
    return SpikingNetwork.from_model(small_model(n_som=2), 5.0)


def test_weights_are_those_of_the_rate_network_over_the_factor():
    model = small_model(n_som=2)
    np.testing.assert_allclose(SpikingNetwork.from_model(model, 4.0).w, model.effective_w() / 4)
    initial = SpikingNetwork.from_model(model, 4.0, initial_weights=True)
    np.testing.assert_allclose(initial.w, model.effective_w(initial=True) / 4)
    np.testing.assert_allclose(initial.readout, model.w_out / 4)
    assert SpikingNetwork.from_model(small_model(scaling_factor=30.0)).scaling_factor == 30


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_same_seed_same_result_whatever_is_recorded(network, precision):
    everything = network.run(U, seed=3, record=RECORDABLE, precision=precision)
    nothing = network.run(U, seed=3, record=(), precision=precision)
    only_output = network.run(U, seed=3, record="output", precision=precision)
    np.testing.assert_array_equal(everything.output, only_output.output)
    np.testing.assert_array_equal(everything.firing_rate_hz, nothing.firing_rate_hz)
    assert nothing.output is None and only_output.spikes is None
    assert not np.array_equal(everything.output, network.run(U, seed=4, precision=precision).output)
    drawn = network.run(U, precision=precision)
    np.testing.assert_array_equal(drawn.output, network.run(U, seed=drawn.seed, precision=precision).output)


def test_recorded_quantities_fit_together(network):
    record = network.run(U, seed=1, record=RECORDABLE)
    n, steps = network.n_units, 1000
    for name in ("spikes", "voltage_mv", "rates", "ipsc"):
        assert getattr(record, name).shape == (n, steps)
    np.testing.assert_array_equal(record.spikes, record.voltage_mv == 30)
    np.testing.assert_allclose(record.firing_rate_hz, record.spikes[:, 9:].sum(1) / record.duration_s)
    np.testing.assert_allclose(record.output, network.readout @ record.rates, rtol=1e-4, atol=1e-4)
    assert not record.ipsc[:, 0].any()
    assert record.duration_s == pytest.approx(0.05)


@pytest.mark.parametrize("downsample", [1, 2, 5])
def test_downsampling_takes_every_dth_column_and_a_longer_step(downsample):
    network = SpikingNetwork.from_model(small_model(), 5.0, downsample=downsample)
    record = network.run(U, seed=1)
    assert record.n_steps == 100 * (len(range(0, 11, downsample)) - 1)
    assert record.dt_s == pytest.approx(5e-5 * downsample)


def test_input_arrives_half_a_column_early():
    """Column round(i / 100), halves up: column 1 acts from step 50 (1-based) on."""
    model = small_model(n_units=3, dale=False, dtype=np.float64)
    zeros = np.zeros((3, 3))
    model = small_model(n_units=3, dale=False, dtype=np.float64, w_rec=zeros, w_in=np.ones((3, 1)))
    params = LIFParams(noise_sd_mv=0.0, t_ref_s=0.0)
    network = SpikingNetwork.from_model(model, 1.0, params=params)
    u = np.zeros((1, 3))
    u[0, 1] = -1000
    for draws, kind in ((InjectedDraws(np.zeros(3), np.zeros(3 * 200)), "float64"), (None, "float32")):
        v = network.run(u, seed=1, draws=draws, record=("voltage",), precision=kind).voltage_mv[0]
        assert np.argmax(np.diff(v) < -1) + 1 == 49  # 0-based step 49 is step 50


def test_networks_travel_to_other_processes(network):
    again = pickle.loads(pickle.dumps(network))
    np.testing.assert_array_equal(again.run(U, seed=1).output, network.run(U, seed=1).output)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda n: n.run(np.ones((2, 11))), r"u must have 1 row\(s\).*got shape \(2, 11\)"),
        (lambda n: n.run(np.ones(11)), "u must have 1 row"),
        (lambda n: n.run(np.ones((1, 1))), "at least 2 columns"),
        (lambda n: n.run(np.full((1, 11), np.nan)), "u holds NaN"),
        (lambda n: n.run(U, record=("membrane",)), "cannot record membrane: choose from output"),
        (lambda n: n.run(U, precision="float16"), "unknown precision 'float16'"),
        (lambda n: n.run(U, seed=-1), "seed must be a whole number"),
        (lambda n: n.run(U, seed=1.5), "seed must be a whole number"),
        (
            lambda n: n.run(U, stimulation=Stimulation("exc", 0, 5, (12,))),
            r"stimulated unit 13 \(from 1; 12 from 0\).*12 units",
        ),
        (lambda n: n.run(U, draws=InjectedDraws(np.zeros(3), np.zeros(99999))), r"UZ \(uniforms\) holds 3 draws"),
        (lambda n: n.run(U, draws=InjectedDraws(np.zeros(12), np.zeros(9))), r"NZ \(normals\) holds 9 draws.*12000"),
        (lambda n: Stimulation("zap", 0, 5, ()), "'exc' or 'inh', got 'zap'"),
        (lambda n: Stimulation("exc", 5, 2, ()), "window"),
        (lambda n: Stimulation.from_matlab("exc", [1, 2], [0]), "count from 1, got 0"),
        (lambda n: Stimulation.from_matlab("exc", [1], [1]), "two whole numbers"),
        (lambda n: Stimulation.from_matlab("exc", [100, 50], [1]), "on <= off, got 100, 50"),
        (
            lambda n: n.run(U, precision="float32", draws=InjectedDraws(np.zeros(12), np.zeros(12000))),
            "float32 uses its own",
        ),
        (lambda n: Stimulation.from_matlab("exc", [1, 2], [1.5]), "whole numbers"),
        (lambda n: LIFParams(tau_m_s=0.0), "tau_m_s must be above 0"),
        (lambda n: LIFParams(noise_sd_mv=-1.0), "noise_sd_mv must be at least 0"),
    ],
)
def test_refusals(network, call, message):
    with pytest.raises(InputError, match=message):
        call(network)


def test_a_unit_named_twice_moves_once_and_a_late_window_is_no_error(network):
    assert Stimulation("exc", 0, 5, (3, 1, 3)).units == (1, 3)
    late = Stimulation.from_matlab("exc", [1, 1e300], [1])
    network.run(U, seed=1, stimulation=late)
    network.run(U, seed=1, stimulation=late, precision="float64")


@pytest.mark.parametrize("factor", [0, -5, np.inf, np.nan])
def test_scaling_factor_must_be_positive(factor):
    with pytest.raises(InputError, match="scaling factor must be positive"):
        SpikingNetwork.from_model(small_model(), factor)


@pytest.mark.parametrize("factor", [None, np.nan])
def test_scaling_factor_must_be_known(factor):
    with pytest.raises(InputError, match="no scaling factor yet"):
        SpikingNetwork.from_model(small_model(scaling_factor=factor))


def test_surplus_draws_are_ignored(network):
    rng = np.random.default_rng(0)
    uniforms, normals = rng.random(12), rng.standard_normal(12 * 1000)
    exact = network.run(U, draws=InjectedDraws(uniforms, normals))
    more = network.run(U, draws=InjectedDraws(np.append(uniforms, 9), np.append(normals, [9, np.nan])))
    np.testing.assert_array_equal(exact.output, more.output)
