"""Random networks for engines.py: sparse, with a constant input that makes them fire at a given mean rate."""

from dataclasses import replace
from functools import cache

import numpy as np

from rate2spike.spiking.simulator.params import PUBLISHED_STEP_S, LIFParams

from engines_ours import spiking_network, start_voltages
from engines_worker import Network
from random_network import mean_rate_hz

WEAK_MV_PER_HZ, STRONG_MV_PER_HZ = 0.02, 0.05  # SD over units of what synapses bring, per Hz of the mean rate
_TAU_D_MS = (20.0, 100.0)
_LOWEST_MV, _HIGHEST_MV = -46.0, 0.0
_SEARCHED_UNITS, _SEARCH_STEPS, _HALVINGS = 1000, 40_000, 12


def network_of(n_units: int, p_connected: float, n_steps: int, gain: float = WEAK_MV_PER_HZ, seed: int = 0) -> Network:
    """Published constants, and weights of both signs whose sum over a unit's sources has a SD of gain; bias of v_peak."""
    rng, params = np.random.default_rng(seed), LIFParams()
    counts = rng.binomial(n_units, p_connected, n_units)
    source = np.concatenate([rng.choice(n_units, count, replace=False) for count in counts])
    weight = rng.standard_normal(source.size).astype(np.float32) * np.float32(gain / np.sqrt(n_units * p_connected))
    its = Network(
        dt_ms=PUBLISHED_STEP_S * 1000,
        n_steps=n_steps,
        tau_m_ms=params.tau_m_s * 1000,
        tau_r_ms=params.tau_r_s * 1000,
        t_ref_ms=params.t_ref_s * 1000,
        v_reset_mv=params.v_reset_mv,
        v_peak_mv=params.v_peak_mv,
        noise_mv=params.noise_sd_mv,
        bias_mv=np.full(n_units, params.v_peak_mv),
        tau_d_ms=rng.uniform(*_TAU_D_MS, n_units),
        v_start_mv=np.zeros(n_units),
        source=source,
        target=np.repeat(np.arange(n_units), counts),
        weight=weight,
    )
    return with_start(its)


def with_start(its: Network) -> Network:
    """With the voltages that key 0 gives in this package."""
    return replace(its, v_start_mv=start_voltages(spiking_network(its), 0))


def at_rate(its: Network, rate_hz: float) -> Network:
    """With the constant input for that rate; found on a network of 1 000 units, for the weak synapses hardly matter."""
    return replace(its, bias_mv=np.full(its.n_units, bias_mv(rate_hz)))


@cache
def bias_mv(rate_hz: float, gain: float = WEAK_MV_PER_HZ, p_connected: float = 0.01) -> float:
    """Constant input for a mean rate."""
    its = network_of(_SEARCHED_UNITS, p_connected, _SEARCH_STEPS, gain)
    low, high = _LOWEST_MV, _HIGHEST_MV
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        tried = spiking_network(replace(its, bias_mv=np.full(its.n_units, middle)))
        low, high = (middle, high) if mean_rate_hz(tried, _SEARCH_STEPS) < rate_hz else (low, middle)
    return (low + high) / 2
