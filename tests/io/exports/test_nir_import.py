"""Reading NIR: our own graphs to the bit; other programs' graphs against what these programs, or their equations, compute."""

import warnings
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.io.exports.nir_cubalif import cubalif_graph
from rate2spike.io.exports.nir_export import nir_graph, write_nir
from rate2spike.matlab_compat.model_file import load_model, save_model
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.network_model import model_of
from rate2spike.spiking.simulator.nir_network import nir_network, read_nir
from rate2spike.spiking.simulator.params import LIFParams
from rate2spike.spiking.simulator.simulate_reference import InjectedDraws

from helpers import small_model

nir = pytest.importorskip("nir")
DATA = Path(__file__).parents[2] / "data" / "nir"
DT_S = 1e-4


def events_without_noise(network, u):
    """Spikes of the reference path from the reset voltage."""
    n, n_steps = network.n_units, network.steps_per_column * (u[:, :: network.downsample].shape[1] - 1)
    return network.run(u, draws=InjectedDraws(np.zeros(n), np.zeros(n * n_steps)), record=("spikes",)).events


def through_a_model_file(network, folder):
    save_model(model_of(network), folder / "model.mat")
    model = load_model(folder / "model.mat")
    return SpikingNetwork.from_model(model, downsample=network.downsample)


@pytest.mark.parametrize("make", [nir_graph, cubalif_graph])
@pytest.mark.filterwarnings("ignore:NIR cannot hold")
def test_our_own_graphs_simulate_the_same_to_the_bit(tmp_path, make):
    constants = {
        "tau_m_s": np.linspace(0.008, 0.02, 12),
        "v_peak_mv": np.linspace(-42, -38, 12),
        "tau_r_s": 0.0 if make is cubalif_graph else 0.002,
    }
    network = SpikingNetwork.from_model(
        small_model(n_inputs=2), 2.0, dt_s=1e-4, downsample=2, params=LIFParams(**constants)
    )
    network = replace(network, silent=np.arange(12) == 5)
    write_nir(make(nir_network(network)), tmp_path / "n.nir")
    u = np.random.default_rng(1).uniform(0, 12, (2, 33))
    read = read_nir(tmp_path / "n.nir")
    record = network.run(u, seed=3, precision="float64", record=("spikes", "output"))
    assert len(record.events) > 100
    for again in (read, through_a_model_file(read, tmp_path)):
        assert (
            again.types.tolist() == network.types.tolist() and again.inhibitory.tolist() == network.inhibitory.tolist()
        )
        other = again.run(u, seed=3, precision="float64", record=("spikes", "output"))
        np.testing.assert_array_equal(other.events, record.events)
        np.testing.assert_array_equal(other.output, record.output)


def test_a_cubalif_graph_as_norse_runs_it(tmp_path):
    known = np.load(DATA / "norse_cubalif.npz")
    with pytest.warns(UserWarning, match="the output, spikes in the graph, is smoothed") as warned:
        network = read_nir(DATA / "norse_cubalif.nir", DT_S)
    assert warned[0].filename == __file__
    step, unit = np.nonzero(known["spikes"].T)
    assert unit.size > 200
    for one in (network, through_a_model_file(network, tmp_path)):
        np.testing.assert_array_equal(events_without_noise(one, known["u"]), np.stack([unit, step], 1))
    # single precision moves single spikes
    assert abs(len(network.run(known["u"], seed=1).events) - unit.size) < 0.3 * unit.size


@pytest.mark.filterwarnings("ignore:the output, spikes in the graph")
def test_many_trials_give_the_numbers_of_one_where_inputs_pass_synapses():
    network = read_nir(DATA / "norse_cubalif.nir", DT_S)
    u = np.random.default_rng(1).uniform(0, 1, (4, 21))
    one = network.run_fast(u, np.uint64(7), record=("output",))
    outputs, rates_hz = network.run_trials([u, u], np.array([7, 7], np.uint64))
    for k in range(2):
        np.testing.assert_array_equal(outputs[k], one.output)
        np.testing.assert_array_equal(rates_hz[k], one.firing_rate_hz)


def by_euler(graph, u):
    """Spikes (N, steps) of a flat graph as simulators compute them: a spike reaches what follows at the next step."""
    nodes, n_steps = graph.nodes, round(0.005 / DT_S) * (u.shape[1] - 1)
    names = sorted(name for name, node in nodes.items() if isinstance(node, nir.LIF | nir.CubaLIF))
    fired = {name: np.zeros(nodes[name].v_threshold.size) for name in names}
    v = dict.fromkeys(nodes, 0.0) | {name: nodes[name].v_reset for name in names}  # where ours start
    synapse = dict.fromkeys(nodes, 0.0)
    spikes = []

    def value(name, column):
        node = nodes[name]
        if isinstance(node, nir.Input):
            return u[:, column]
        return fired[name] if name in fired else settled(name, column)

    def settled(name, column):
        node = nodes[name]
        x = sum(value(source, column) for source, target in graph.edges if target == name)
        if isinstance(node, nir.Linear | nir.Affine):
            return node.weight @ x + (node.bias if isinstance(node, nir.Affine) else 0)
        if isinstance(node, nir.Scale):
            return node.scale * x
        if isinstance(node, nir.LI):
            v[name] = v[name] + DT_S / node.tau * (node.v_leak - v[name] + node.r * x)
            return v[name]
        if isinstance(node, nir.Flatten):
            return x
        if isinstance(node, nir.CubaLIF):
            x = synapse[name] = synapse[name] + DT_S / node.tau_syn * (node.w_in * x - synapse[name])
        tau = node.tau_mem if isinstance(node, nir.CubaLIF) else node.tau
        v[name] = v[name] + DT_S / tau * (node.v_leak - v[name] + node.r * x)
        return v[name]

    for k in range(1, n_steps + 1):
        new = {name: settled(name, (k + 25) // 50) > nodes[name].v_threshold for name in names}
        for name, one in new.items():
            fired[name] = one.astype(float)
            v[name] = np.where(one, nodes[name].v_reset, v[name])
        spikes.append(np.concatenate([new[name] for name in names]))
    return np.array(spikes).T


def lif(n, **changes):
    values = dict(tau=np.full(n, 0.01), r=np.full(n, 1.0), v_leak=np.zeros(n), v_threshold=np.full(n, 0.5))
    return nir.LIF(**values | changes)


def ends(n_inputs, n_outputs):
    return {"in": nir.Input(np.array([n_inputs])), "out": nir.Output(np.array([n_outputs]))}


def delta_synapses(rng):
    """Spikes jump on the membranes, as snnTorch's RLeaky and Lava's LIF do; a bias, and a reset of its own."""
    nodes = ends(2, 6) | {
        "a": nir.Affine(rng.normal(1, 0.5, (6, 2)), np.full(6, 0.3)),
        "b": lif(6, v_reset=np.full(6, -0.2)),
        "c": nir.Linear(rng.normal(0, 20, (6, 6))),
    }
    return nodes, [("in", "a"), ("a", "b"), ("b", "c"), ("c", "b"), ("b", "out")]


def layers(rng):
    """Two layers with a Scale node, the second with synapses; constants per unit."""
    cuba = nir.CubaLIF(
        tau_syn=np.full(3, 0.02),
        tau_mem=np.linspace(0.01, 0.02, 3),
        r=np.ones(3),
        v_leak=np.full(3, 0.1),
        v_threshold=np.full(3, 0.4),
        w_in=np.full(3, 2.0),
    )
    nodes = ends(2, 3) | {
        "a": nir.Linear(rng.normal(1, 0.5, (6, 2))),
        "b": lif(6),
        "c": nir.Linear(rng.uniform(0, 5, (3, 6))),
        "d": nir.Scale(np.array([1.0, 2.0, 3.0])),
        "e": cuba,
    }
    return nodes, [("in", "a"), ("a", "b"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "out")]


def filters_between(rng):
    """Synapses as LI nodes of their own, and a readout of LI nodes."""
    li = dict(tau=np.full(6, 0.03), r=np.full(6, 1.0), v_leak=np.zeros(6))
    nodes = ends(2, 1) | {
        "a": nir.Linear(rng.normal(1, 0.5, (6, 2))),
        "b": lif(6),
        "c": nir.Linear(rng.normal(0, 20, (6, 6))),
        "d": nir.LI(**li),
        "e": nir.LI(**li),
        "f": nir.Linear(np.ones((1, 6))),
    }
    return nodes, [("in", "a"), ("a", "b"), ("b", "c"), ("c", "d"), ("d", "b"), ("b", "e"), ("e", "f"), ("f", "out")]


@pytest.mark.parametrize("make", [delta_synapses, layers, filters_between])
@pytest.mark.filterwarnings("ignore:the output, spikes in the graph")
def test_graphs_of_others_fire_as_their_equations_say(tmp_path, make):
    rng = np.random.default_rng(3)
    graph = nir.NIRGraph(*make(rng))
    nir.write(tmp_path / "n.nir", graph)
    network = read_nir(tmp_path / "n.nir", DT_S)
    u = rng.uniform(0, 1, (2, 21))
    step, unit = np.nonzero(by_euler(graph, u).T)
    assert unit.size > 60
    for one in (network, through_a_model_file(network, tmp_path)):
        np.testing.assert_array_equal(events_without_noise(one, u), np.stack([unit, step], 1))


def test_spikes_pass_to_an_output_of_spikes_as_they_are(tmp_path):
    nodes, edges = delta_synapses(np.random.default_rng(3))
    write_nir(nir.NIRGraph(nodes, edges), tmp_path / "n.nir")
    record = read_nir(tmp_path / "n.nir").run(
        np.ones((2, 11)), seed=1, precision="float64", record=("spikes", "output")
    )
    dense = np.zeros((6, record.n_steps))
    dense[tuple(record.events.T)] = 1
    np.testing.assert_allclose(record.output, dense, atol=1e-9)


@pytest.mark.filterwarnings("ignore:constant currents act from the start")
def test_names_and_subgraphs_mean_nothing(tmp_path):
    """The same network as a subgraph, and flat with constants in one number and an older file's lack of v_reset."""
    nodes, edges = delta_synapses(np.random.default_rng(3))
    inner = ends(6, 6) | {"lif": lif(6), "w_rec": nodes["c"]}
    rnn = nir.NIRGraph(inner, [("in", "lif"), ("lif", "w_rec"), ("w_rec", "lif"), ("lif", "out")])
    outer = ends(2, 6) | {"0.fc": nodes["a"], "1": rnn, "2": nir.Flatten({"input": np.array([6])}, 0, -1)}
    nodes["b"] = nir.LIF(*(np.array([value]) for value in (0.01, 1.0, 0.0, 0.5)))
    write_nir(nir.NIRGraph(nodes, edges, type_check=False), tmp_path / "flat.nir")
    with h5py.File(tmp_path / "flat.nir", "r+") as file:
        del file["node/nodes/b/v_reset"]
    nested = nir.NIRGraph(outer, [("in", "0.fc"), ("0.fc", "1"), ("1", "2"), ("2", "out")], type_check=False)
    write_nir(nested, tmp_path / "nested.nir")
    one, other = (read_nir(tmp_path / f"{name}.nir") for name in ("flat", "nested"))
    np.testing.assert_array_equal(one.w, other.w)
    np.testing.assert_array_equal(one.w_in, other.w_in)
    assert one.params.as_settings() == other.params.as_settings()


@pytest.mark.parametrize(("name", "n_units", "n_outputs"), [("snntorch_rsynaptic", 23, 3), ("snntorch_rleaky", 23, 3)])
@pytest.mark.filterwarnings("ignore:constant currents act from the start")
def test_graphs_that_snntorch_exports(name, n_units, n_outputs):
    network = read_nir(DATA / f"{name}.nir", DT_S)
    assert (network.n_units, network.w_in.shape[1], network.n_outputs) == (n_units, 4, n_outputs)
    record = network.run(np.ones((4, 21)) * 30, seed=1, record=("spikes", "output"))
    assert len(record.events) > 20 and np.isfinite(record.output).all()


def single(node):
    return ends(2, 2) | {"x": node, "n": lif(2)}, [("in", "x"), ("x", "n"), ("n", "out")]


def two_synapses():
    li = [nir.LI(tau=np.full(2, tau), r=np.ones(2), v_leak=np.zeros(2)) for tau in (0.01, 0.02)]
    nodes = ends(2, 2) | {"n": lif(2), "a": li[0], "b": li[1]}
    return nodes, [("in", "n"), ("n", "a"), ("a", "n"), ("n", "b"), ("b", "n"), ("n", "out")]


def loop():
    nodes = ends(2, 2) | {"a": nir.Linear(np.eye(2)), "b": nir.Linear(np.eye(2)), "n": lif(2)}
    return nodes, [("in", "a"), ("a", "b"), ("b", "a"), ("b", "n"), ("n", "out")]


BAD = [
    (lambda: single(nir.Conv2d((4, 4), np.ones((1, 2, 3, 3)), 1, 0, 1, 1, np.zeros(1))), "node 'x' is a Conv2d"),
    (lambda: single(nir.Delay(np.ones(2))), "node 'x' is a Delay"),
    (lambda: single(nir.Linear(np.full((2, 2), np.nan))), "the weights of node 'x' must be a matrix of finite numbers"),
    (
        lambda: (ends(2, 2) | {"x": nir.IF(np.ones(2), np.ones(2))}, [("in", "x"), ("x", "out")]),
        "no LIF or CubaLIF node",
    ),
    (
        lambda: (ends(2, 2) | {"n": lif(2, v_reset=np.ones(2))}, [("in", "n"), ("n", "out")]),
        "v_reset must be below v_thre",
    ),
    (
        lambda: (ends(2, 2) | {"n": lif(2, tau=np.zeros(2))}, [("in", "n"), ("n", "out")]),
        "time constants must be above 0",
    ),
    (
        lambda: (ends(2, 2) | {"n": lif(2)}, [("in", "n"), ("in", "out"), ("n", "out")]),
        "reaches the output without a neuron",
    ),
    (lambda: ({"n": lif(2), "out": nir.Output(np.array([2]))}, [("n", "out")]), "it has no input"),
    (two_synapses, "spikes reach some units through several synapses"),
    (loop, "part of a loop without a neuron"),
]


@pytest.mark.parametrize(("make", "message"), BAD, ids=[message for _, message in BAD])
def test_what_no_spiking_network_holds_is_refused(tmp_path, make, message):
    write_nir(nir.NIRGraph(*make(), type_check=False), tmp_path / "n.nir")
    with pytest.raises(InputError, match=rf"n\.nir: .*{message}"):
        read_nir(tmp_path / "n.nir")


def test_metadata_of_another_network_are_refused(tmp_path):
    network = SpikingNetwork.from_model(small_model(), 2.0, params=LIFParams(t_ref_s=0.0, noise_sd_mv=0.0))
    graph = nir_graph(nir_network(network))
    graph.metadata["unit_types"] = '["excitatory"]'
    write_nir(graph, tmp_path / "n.nir")
    with pytest.raises(InputError, match=r"n\.nir: its arrays do not fit together, or do not fit its 12 units"):
        read_nir(tmp_path / "n.nir")


def test_an_edited_graph_of_ours_is_read_by_its_nodes(tmp_path):
    network = SpikingNetwork.from_model(small_model(), 2.0, params=LIFParams(tau_r_s=0.0, t_ref_s=0.0, noise_sd_mv=0.0))
    graph = cubalif_graph(nir_network(network))
    graph.nodes["units"].tau_mem[:] = 0.02
    write_nir(graph, tmp_path / "n.nir")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = read_nir(tmp_path / "n.nir")
    assert read.params.tau_m_s == 0.02 and read.w_in.shape == (12, 4) and read.dt_s == network.dt_s
