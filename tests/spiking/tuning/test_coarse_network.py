"""The coarse network: closed forms of its units, and its rates against the simulator's at 0.05 ms."""

import numpy as np
import pytest

import rate2spike as r2s
from rate2spike.spiking.kernels.surrogate_gradient import forward
from rate2spike.spiking.tuning.coarse_network import COARSE_STEP_S, STEPS_PER_COLUMN, coarse_units, constant_current_mv

from helpers import small_model
from tuning_toys import toy_model

N_STEPS = 1000


def run(network, drive_mv, n_steps=N_STEPS, noise=None, v_start=-65.0):
    """(distance, filtered trains, outputs) of a coarse network under constant drive, besides its constant current."""
    units, n = coarse_units(network), network.n_units
    drive = np.zeros((1, n_steps // STEPS_PER_COLUMN, n), np.float32) + (drive_mv + constant_current_mv(network))
    distance, filtered = np.empty((2, n_steps, n), np.float32)
    outputs = np.empty((n_steps, network.n_outputs), np.float32)
    state = (np.full(n, v_start, np.float32), np.zeros(n, np.int32), *np.zeros((4, n), np.float32))
    normals = np.zeros((n_steps, n)) if noise is None else noise
    forward(
        0, drive.astype(np.float32), normals.astype(np.float32), units, np.ascontiguousarray(network.w.T, np.float32),
        np.ascontiguousarray(network.readout, np.float32), STEPS_PER_COLUMN, state, distance, filtered, outputs,
        np.zeros(n, np.float32),
    )  # fmt: skip
    return distance, filtered, outputs


def unconnected(n_units=6, **changes):
    return r2s.SpikingNetwork.from_model(small_model(n_units=n_units, w_rec=np.zeros((n_units, n_units)), **changes), 1)


def test_filtered_train_of_a_spike_keeps_its_area_and_both_decays():
    network = unconnected()
    units = coarse_units(network)
    tau_d, tau_r = network.tau_d_s.astype(float), network.params.per_unit("tau_r_s", 6)
    np.testing.assert_allclose(units.decay_d, np.exp(-0.001 / tau_d), rtol=1e-6)
    np.testing.assert_allclose(units.decay_r, np.exp(-0.001 / tau_r), rtol=1e-6)
    area = units.gain.astype(float) / (1 - units.decay_r) / (1 - units.decay_d) * COARSE_STEP_S
    np.testing.assert_allclose(area, 1, rtol=1e-5)
    distance, filtered, _ = run(network, 100.0)
    n_spikes = (distance >= 0).sum(0)
    assert (n_spikes > 5).all()
    # all but the trains' last spikes are in the sum
    np.testing.assert_allclose(filtered.sum(0) * COARSE_STEP_S, n_spikes, atol=0.15 * n_spikes.max())
    np.testing.assert_allclose(filtered[500:].mean(0), (distance[500:] >= 0).mean(0) / COARSE_STEP_S, rtol=0.06)


def test_membrane_follows_its_exponential_to_the_constant_current():
    network = unconnected()
    tau_m = network.params.per_unit("tau_m_s", 6)
    end = constant_current_mv(network) - 10
    distance, _, _ = run(network, -10.0, v_start=-65.0)
    times = COARSE_STEP_S * np.arange(1, N_STEPS + 1)[:, None]
    expected = end + (-65 - end) * np.exp(-times / tau_m)
    np.testing.assert_allclose(distance + network.params.per_unit("v_peak_mv", 6), expected, atol=2e-3)


@pytest.mark.parametrize("drive_mv", [5.0, 20.0, 100.0, 1000.0])
def test_rate_under_constant_drive_is_that_of_the_closed_form_within_a_step(drive_mv):
    network = unconnected()
    params = network.params
    tau_m, t_ref = params.per_unit("tau_m_s", 6), params.per_unit("t_ref_s", 6)
    v_end = constant_current_mv(network) + drive_mv
    v_reset, v_peak = params.per_unit("v_reset_mv", 6), params.per_unit("v_peak_mv", 6)
    interval_s = t_ref + tau_m * np.log((v_end - v_reset) / (v_end - v_peak))
    distance, _, _ = run(network, drive_mv)
    for unit in range(6):
        intervals = np.diff(np.flatnonzero(distance[:, unit] >= 0)) * COARSE_STEP_S
        assert len(set(intervals)) == 1  # no noise
        assert interval_s[unit] <= intervals[0] + 1e-9 and intervals[0] <= interval_s[unit] + COARSE_STEP_S + 1e-9


def test_voltages_without_spikes_spread_as_far_as_at_the_networks_step():
    network = unconnected(40)
    noise = np.random.default_rng(0).normal(size=(20_000, 40))
    distance, _, _ = run(network, -40.0, 20_000, noise)
    tau_m = network.params.per_unit("tau_m_s", 40)
    per_step = network.params.noise_per_step_mv(40, network.dt_s)
    expected = per_step / np.sqrt(1 - (1 - network.dt_s / tau_m) ** 2)
    np.testing.assert_allclose(distance[200:].std(0).mean(), expected.mean(), rtol=0.01)


@pytest.mark.parametrize("name", ["go-nogo", "xor"])
def test_rates_and_outputs_of_trained_networks_are_the_simulators(name, go_nogo_path, xor_path):
    network = r2s.SpikingNetwork.from_model(go_nogo_path if name == "go-nogo" else xor_path, 25)
    n_steps, rng = 1000, np.random.default_rng(1)
    stimulus = np.zeros((network.n_inputs, n_steps // STEPS_PER_COLUMN + 1))
    rates_hz, rates_2_hz = [], []
    for k in range(8):
        noise = rng.normal(size=(n_steps, network.n_units))
        distance, _, _ = run(network, 0.0, n_steps, noise, v_start=rng.uniform(-65, -40, network.n_units))
        rates_hz.append((distance >= 0).sum(0))
        rates_2_hz.append(network.run(stimulus, seed=k).firing_rate_hz)
    rate_hz, rate_2_hz = np.mean(rates_hz, 0), np.mean(rates_2_hz, 0)
    assert rate_hz.mean() == pytest.approx(rate_2_hz.mean(), rel=0.1)
    assert np.corrcoef(rate_hz, rate_2_hz)[0, 1] > 0.9  # the simulator with itself: 0.94


def test_constant_current_has_each_units_bias():
    model = toy_model()
    network = r2s.SpikingNetwork.from_model(model, 25)
    bias = np.arange(20.0, dtype=np.float32)[:, None]
    with_bias = r2s.SpikingNetwork.from_model(toy_model(unit_bias=bias), 25)
    np.testing.assert_allclose(constant_current_mv(with_bias) - constant_current_mv(network), bias[:, 0])
