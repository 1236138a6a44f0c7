"""NIR's CubaLIF form: simulators that integrate by forward Euler compute what the reference path computes.

tests/io/exports/test_norse.py has one of them; here the node's equations alone.
"""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.io.exports.nir_cubalif import cubalif_graph, cubalif_input
from rate2spike.io.exports.nir_export import write_nir
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.nir_network import nir_network
from rate2spike.spiking.simulator.params import LIFParams
from rate2spike.spiking.simulator.simulate_reference import InjectedDraws

from helpers import small_model

nir = pytest.importorskip("nir")
QUIET = {"t_ref_s": 0.0, "noise_sd_mv": 0.0, "tau_r_s": 0.0}


def spikes_of(graph, u):
    """(N, steps) spikes of the graph by forward Euler, a spike being 1 during the next step."""
    units, dt_s = graph.nodes["units"], graph.metadata["dt_s"]
    inputs = cubalif_input(u, dt_s, graph.metadata["input_step_s"])
    current, v, fired = (np.zeros(units.tau_mem.size) for _ in range(3))
    spikes = np.zeros((v.size, len(inputs)), bool)
    for k, x in enumerate(inputs):
        arriving = graph.nodes["w_in"].weight @ x + graph.nodes["w"].weight @ fired
        current += dt_s / units.tau_syn * (-current + units.w_in * arriving)
        v += dt_s / units.tau_mem * (units.v_leak - v + units.r * current)
        fired = (v > units.v_threshold).astype(float)
        v[fired > 0] = units.v_reset[fired > 0]
        spikes[:, k] = fired
    return spikes


@pytest.mark.parametrize(
    "constants",
    [
        {},
        {
            "tau_m_s": np.linspace(0.008, 0.02, 12),
            "v_peak_mv": np.linspace(-42, -38, 12),
            "v_reset_mv": np.linspace(-70, -60, 12),
            "bias_mv": np.linspace(-41, -36, 12),
        },
    ],
    ids=["common", "per unit"],
)
@pytest.mark.parametrize("downsample", [1, 2])
def test_the_graph_fires_the_spikes_of_the_network(tmp_path, constants, downsample):
    network = SpikingNetwork.from_model(
        small_model(n_inputs=2), 2.0, downsample=downsample, params=LIFParams(**QUIET | constants), dt_s=1e-4
    )
    network = replace(network, unit_bias=np.linspace(0, 4, 12), silent=np.arange(12) == 5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_nir(cubalif_graph(nir_network(network)), tmp_path / "n.nir")
    u = np.random.default_rng(1).uniform(0, 12, (2, 33))
    n_steps = network.steps_per_column * (u[:, ::downsample].shape[1] - 1)
    ours = network.run(u, draws=InjectedDraws(np.zeros(12), np.zeros(12 * n_steps)), record=("spikes",))
    step, unit = np.nonzero(spikes_of(nir.read(tmp_path / "n.nir"), u[:, ::downsample]).T)
    assert len(ours.events) > 100 and not (unit == 5).any()
    np.testing.assert_array_equal(np.stack([unit, step], 1), ours.events)


def test_double_exponential_synapses_are_refused():
    network = nir_network(SpikingNetwork.from_model(small_model(), 5.0, params=LIFParams(tau_r_s=0.003)))
    with pytest.raises(InputError, match="exact only for single-exponential synapses, here they rise within 3 ms"):
        cubalif_graph(network)
