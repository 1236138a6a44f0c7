"""NIR: the graph read back from the file computes what the reference path computes."""

import json
import re
import warnings
from dataclasses import replace

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.io.exports.nir_export import nir_graph, write_nir
from rate2spike.matlab_compat.model_file import load_model
from rate2spike.rate import tasks
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.nir_network import nir_network
from rate2spike.spiking.simulator.params import LIFParams, neuron_params
from rate2spike.spiking.simulator.simulate_reference import InjectedDraws

from helpers import small_model

nir = pytest.importorskip("nir")
QUIET = {"t_ref_s": 0.0, "noise_sd_mv": 0.0}  # what NIR can hold


def read_back(network, path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_nir(nir_graph(nir_network(network)), path)
    return nir.read(path)


def reference(network, u):
    """Reference path from the reset voltage, without noise."""
    n_steps = network.steps_per_column * (u[:, :: network.downsample].shape[1] - 1)
    draws = InjectedDraws(np.zeros(network.n_units), np.zeros(n_steps * network.n_units))
    return network.run(u, draws=draws, record=("output", "spikes"))


def interpret(graph, u, dt_s, exponential):
    """Output (n_outputs, steps) and dense spikes (N, steps) of a graph, from its nodes, edges and metadata alone.

    Every node's equation is integrated by forward Euler; with `exponential`, linear filters decay by exp(-dt / tau), as in
    the published simulator, which makes the two discretisations the same.
    """
    n = graph.nodes["membrane"].tau.size
    state = {
        name: np.zeros((2, node.tau.size if isinstance(node, nir.LI) else node.tau_mem.size))
        for name, node in graph.nodes.items()
        if isinstance(node, nir.LI | nir.CubaLI)
    }
    v = graph.nodes["membrane"].v_reset.copy()
    steps_per_column = round(graph.metadata["input_step_s"] / dt_s)
    n_steps = steps_per_column * (u.shape[1] - 1)
    spikes, output = np.zeros((n, n_steps), bool), np.zeros((graph.nodes["w_out"].weight.shape[0], n_steps))

    def decay(tau):
        return np.exp(-dt_s / tau) if exponential else 1 - dt_s / tau

    def follow(name, pulses):
        """Advance a filter by a step at the end of which the pulses (delta functions) come."""
        node, (current, value) = graph.nodes[name], state[name]
        if isinstance(node, nir.LI):
            value[:] = value * decay(node.tau) + node.r * pulses / node.tau
        else:
            value[:] = value * decay(node.tau_mem) + dt_s * node.r * current / node.tau_mem
            current[:] = current * decay(node.tau_syn) + node.w_in * pulses / node.tau_syn
        return value

    def value_of(name, fired):
        """What a node gives at this step."""
        node = graph.nodes[name]
        if isinstance(node, nir.Linear):
            return node.weight @ sum(value_of(source, fired) for source, target in graph.edges if target == name)
        if isinstance(node, nir.Input):
            return u[:, column]
        return fired if isinstance(node, nir.LIF) else state[name][1]

    membrane = graph.nodes["membrane"]
    into_membrane = [source for source, target in graph.edges if target == "membrane"]
    for i in range(1, n_steps + 1):
        column = (i + steps_per_column // 2) // steps_per_column
        current = sum(value_of(source, None) for source in into_membrane)
        v += dt_s / membrane.tau * (membrane.v_leak - v + membrane.r * current)
        fired = v > membrane.v_threshold
        v[fired] = membrane.v_reset[fired]
        for name in state:
            (source,) = (source for source, target in graph.edges if target == name)
            follow(name, value_of(source, fired.astype(float)))
        spikes[:, i - 1] = fired
        output[:, i - 1] = value_of("w_out", fired)
    return output, spikes


def events_in_order(spikes):
    step, unit = np.nonzero(spikes.T)
    return np.stack([unit, step], 1)


CONSTANTS = {
    "double exponential": {},
    "single exponential": {"tau_r_s": 0.0},
    "constants per unit": {
        "tau_m_s": np.linspace(0.008, 0.02, 12),
        "v_peak_mv": np.linspace(-42, -38, 12),
        "tau_r_s": np.linspace(0.001, 0.003, 12),
        "bias_mv": np.linspace(-41, -36, 12),
    },
}


@pytest.mark.parametrize("constants", CONSTANTS.values(), ids=CONSTANTS)
@pytest.mark.parametrize("downsample", [1, 2])
def test_same_discretisation_gives_the_same_spikes(tmp_path, constants, downsample):
    network = SpikingNetwork.from_model(
        small_model(n_inputs=2), 2.0, downsample=downsample, params=LIFParams(**QUIET | constants), dt_s=5e-5
    )
    network = replace(network, unit_bias=np.linspace(0, 4, 12))
    u = np.random.default_rng(1).uniform(0, 12, (2, 33))
    ours = reference(network, u)
    output, spikes = interpret(read_back(network, tmp_path / "n.nir"), u[:, ::downsample], network.dt_s, True)
    assert len(ours.events) > 100
    np.testing.assert_array_equal(events_in_order(spikes), ours.events)
    np.testing.assert_allclose(output, ours.output, rtol=0, atol=1e-9 * np.abs(ours.output).max())


@pytest.mark.parametrize("tau_r_s", [0.002, 0.0], ids=["double exponential", "single exponential"])
def test_trained_network_computes_the_same_from_the_file(tmp_path, go_nogo_path, tau_r_s):
    """The same spikes with our discretisation; with NIR's plain forward Euler what its step of 0.05 ms allows."""
    network = SpikingNetwork.from_model(load_model(go_nogo_path), 25.0, params=LIFParams(**QUIET, tau_r_s=tau_r_s))
    u = tasks.get("go-nogo").trial(np.random.default_rng(2)).stimulus[:, :121]
    assert u.max() == 1  # a Go trial
    ours = reference(network, u)
    graph = read_back(network, tmp_path / "n.nir")
    output, spikes = interpret(graph, u, network.dt_s, exponential=True)
    np.testing.assert_array_equal(events_in_order(spikes), ours.events)
    np.testing.assert_allclose(output, ours.output, rtol=0, atol=1e-9)
    output, spikes = interpret(graph, u, network.dt_s, exponential=False)
    assert spikes.sum() == pytest.approx(len(ours.events), rel=0.02)
    assert np.corrcoef(output[0], ours.output[0])[0, 1] > 0.998


def test_what_nir_cannot_hold_is_warned_of_and_kept_in_the_metadata(tmp_path):
    network = SpikingNetwork.from_model(small_model(), 5.0, params=LIFParams(t_ref_s=np.linspace(0.001, 0.003, 12)))
    expected = "NIR cannot hold the refractory period (1 to 3 ms) and the noise (SD 0.1 mV per step): only the metadata"
    with pytest.warns(UserWarning, match=re.escape(expected)):
        graph = nir_graph(nir_network(network))
    write_nir(graph, tmp_path / "n.nir")
    metadata = nir.read(tmp_path / "n.nir").metadata
    np.testing.assert_array_equal(metadata["t_ref_s"], np.linspace(0.001, 0.003, 12))
    np.testing.assert_array_equal(metadata["noise_sd_mv"], np.full(12, 0.1))
    assert json.loads(metadata["unit_types"]) == network.types.tolist()
    assert (metadata["time_unit"], metadata["voltage_unit"], metadata["scaling_factor"]) == ("s", "mV", 5.0)
    assert metadata["start_span_mv"] == 95


def test_silent_units_never_fire(tmp_path):
    network = SpikingNetwork.from_model(small_model(), 2.0, params=LIFParams(**QUIET))
    network = replace(network, silent=np.arange(12) < 4, unit_bias=np.full(12, 3.0))
    u = np.zeros((1, 21))
    _, spikes = interpret(read_back(network, tmp_path / "n.nir"), u, network.dt_s, exponential=True)
    assert not spikes[:4].any() and spikes[4:].any()
    np.testing.assert_array_equal(events_in_order(spikes), reference(network, u).events)


@pytest.mark.parametrize("kind", ["qif", "adlif", "eif"])
def test_other_neurons_are_refused(kind):
    network = SpikingNetwork.from_model(small_model(), 5.0, params=neuron_params(kind))
    with pytest.raises(InputError, match=f"NIR has no equation for {kind} neurons: only lif neurons can be exported"):
        nir_network(network)


def test_two_kinds_of_filter_are_refused():
    params = LIFParams(**QUIET, tau_r_s=np.where(np.arange(12) < 5, 0.0, 0.002))
    network = SpikingNetwork.from_model(small_model(), 5.0, params=params)
    with pytest.raises(InputError, match="tau_r_s is 0 for 5 of 12 units"):
        nir_graph(nir_network(network))
