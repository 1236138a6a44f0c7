"""What every kind of neuron does. A new one adds a line to KINDS; the first test finds those that are not listed."""

import json
import pickle
import pkgutil
from importlib import import_module

import numpy as np
import pytest

import rate2spike.spiking.simulator
from rate2spike.matlab_compat.model_file import load_model, save_model
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import NEURONS, NeuronParams, neuron_params

from helpers import small_model

# kind: input in mV that is too little to fire, inputs that make it fire ever faster, a constant that is its own
KINDS = {
    "lif": (-5.0, (5.0, 20.0, 100.0), {"bias_mv": -38.0}),
    "qif": (-5.0, (50.0, 500.0, 3000.0), {"v_peak_mv": 25.0}),
    "adlif": (-5.0, (5.0, 20.0, 100.0), {"adaptation_mv": 1.5}),
    "eif": (-5.0, (5.0, 20.0, 100.0), {"slope_mv": 1.5}),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def unconnected(params, n_units=4) -> SpikingNetwork:
    zeros = np.zeros((n_units, n_units))
    model = small_model(n_units=n_units, dale=False, dtype=np.float64, w_rec=zeros, w_in=np.ones((n_units, 1)))
    return SpikingNetwork.from_model(model, 1.0, params=params)


def run(network, drive_mv, n_columns=81, **options):
    return network.run(np.full((1, n_columns), drive_mv), seed=1, **options)


def test_every_kind_of_the_room_is_listed():
    room = rate2spike.spiking.simulator
    modules = [import_module(f"{room.__name__}.{item.name}") for item in pkgutil.iter_modules(room.__path__)]
    classes = {value for module in modules for value in vars(module).values() if isinstance(value, type)}
    records = {one for one in classes if issubclass(one, NeuronParams) and one is not NeuronParams}
    assert {one.kind for one in records} == set(KINDS) == set(NEURONS) and set(NEURONS.values()) == records


@every_kind
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_it_rests_below_its_threshold(kind, precision):
    """After the start voltages, which are random, no spike comes and the voltage does not move."""
    network = unconnected(neuron_params(kind, noise_sd_mv=0.0))
    record = run(network, KINDS[kind][0], 201, record=("spikes", "voltage"), precision=precision)
    half = record.n_steps // 2
    assert record.events[:, 1].max(initial=0) < half
    assert np.ptp(record.voltage_mv[:, half + 2000 :], axis=1).max() < 0.01


@every_kind
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_more_input_gives_more_spikes(kind, precision):
    network = unconnected(neuron_params(kind))
    rates = [run(network, drive, record=(), precision=precision).firing_rate_hz.mean() for drive in KINDS[kind][1]]
    assert 0 < rates[0] < rates[1] < rates[2] < 1 / 0.002  # the refractory period


@every_kind
def test_the_fast_path_fires_as_the_reference_does(kind):
    """A connected network with noise, its rates by path; the draws differ."""
    model = small_model(n_units=60, w_in=np.full((60, 1), KINDS[kind][1][0]), dtype=np.float64, seed=3)
    network = SpikingNetwork.from_model(model, 20.0, params=neuron_params(kind))
    fast, reference = (run(network, 1.0, 121, record=(), precision=p).firing_rate_hz for p in ("float32", "float64"))
    assert reference.mean() > 2 and fast.mean() == pytest.approx(reference.mean(), rel=0.05)
    assert np.corrcoef(fast, reference)[0, 1] > 0.99


@every_kind
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_each_unit_has_its_own_constants(kind, precision):
    """Units of an unconnected network without noise fire as a network of their kind does."""
    name, own = next(iter(KINDS[kind][2].items()))
    common = getattr(neuron_params(kind), name)
    drive = KINDS[kind][1][1]

    def counts(value):
        network = unconnected(neuron_params(kind, noise_sd_mv=0.0, **{name: value}))
        return run(network, drive, record=(), precision=precision).firing_rate_hz

    mixed = counts(np.array([common, own, common, own]))
    np.testing.assert_array_equal(mixed[[0, 2]], counts(common)[[0, 2]])
    np.testing.assert_array_equal(mixed[[1, 3]], counts(own)[[1, 3]])
    assert not np.array_equal(counts(common), counts(own))


@every_kind
def test_it_travels_to_other_processes_and_into_the_model_file(kind, tmp_path):
    params = neuron_params(kind, t_ref_s=np.linspace(0.001, 0.003, 12), **KINDS[kind][2])
    settings = params.as_settings()
    assert settings["kind"] == kind and pickle.loads(pickle.dumps(params)).as_settings() == settings
    save_model(small_model(settings={"neuron": json.dumps(settings)}), tmp_path / "m.mat")
    network = SpikingNetwork.from_model(load_model(tmp_path / "m.mat"), 5.0)
    assert type(network.params) is type(params) and network.params.as_settings() == settings
    again = pickle.loads(pickle.dumps(network))
    np.testing.assert_array_equal(*(run(one, 20.0, 11, record="output").output for one in (network, again)))
