"""Random networks of a given size, connection probability and mean rate, for measuring the engine.

What a step costs depends on these three and not on the values of the weights. So the weights are small, and the rate is set
by the units' constant input alone.
"""

import numpy as np

from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import STEPS_PER_COLUMN, LIFParams

_GAIN_MV_PER_HZ = 0.02  # SD over units of the recurrent input, per Hz of the mean rate
_TAU_D_S = (0.02, 0.1)  # as of the published model: 4 to 20 task steps of 5 ms
_LOWEST_MV, _HIGHEST_MV = -46.0, 0.0  # constant inputs: nearly silent, several hundred Hz
_SEARCH_STEPS = 20_000
_HALVINGS = 12


def random_network(n_units: int, p_connected: float, rate_hz: float, seed: int = 0) -> SpikingNetwork:
    """One output, one input; LIF units whose mean rate is about rate_hz without input."""
    rng = np.random.default_rng(seed)
    present = rng.random((n_units, n_units)) < p_connected
    w = rng.standard_normal((n_units, n_units)) * present * _GAIN_MV_PER_HZ / np.sqrt(n_units * p_connected)
    tau_d_s = rng.uniform(*_TAU_D_S, n_units)
    w_in, w_out = rng.standard_normal((n_units, 1)), rng.standard_normal((1, n_units)) / 100
    nobody = np.zeros(n_units, bool)

    def with_bias(bias_mv: float) -> SpikingNetwork:
        return SpikingNetwork(
            w=w.astype(np.float32),
            w_in=w_in.astype(np.float32),
            w_out=w_out.astype(np.float32),
            tau_d_s=tau_d_s,
            tau_d_initial_s=tau_d_s,
            inhibitory=nobody,
            som=nobody,
            scaling_factor=1.0,
            params=LIFParams(bias_mv=bias_mv),
        )

    low, high = _LOWEST_MV, _HIGHEST_MV
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if mean_rate_hz(with_bias(middle)) < rate_hz else (low, middle)
    return with_bias((low + high) / 2)


def silent_input(n_steps: int) -> np.ndarray:
    """Input of zeros that makes a trial last n_steps."""
    return np.zeros((1, n_steps // STEPS_PER_COLUMN + 1))


def mean_rate_hz(network: SpikingNetwork, n_steps: int = _SEARCH_STEPS) -> float:
    """Mean rate of one trial without input."""
    return float(network.run_fast(silent_input(n_steps), np.uint64(1), record=()).firing_rate_hz.mean())
