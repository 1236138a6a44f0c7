"""This package's side of engines.py: the random networks, and the program that runs them on the fast path.

The networks are sparse, with a constant input that makes them fire at a given mean rate.
"""

import argparse
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

import numpy as np

from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import PUBLISHED_STEP_S, LIFParams

from engines_programs import Network, Run, serve, timed
from random_network import mean_rate_hz, silent_input

WEAK_MV_PER_HZ, STRONG_MV_PER_HZ = 0.02, 0.05  # SD over units of what synapses bring, per Hz of the mean rate
_TAU_D_MS = (20.0, 100.0)
_LOWEST_MV, _HIGHEST_MV = -46.0, 0.0
_SEARCHED_UNITS, _SEARCH_STEPS, _HALVINGS = 1000, 10_000, 12


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


def spiking_network(its: Network) -> SpikingNetwork:
    """It as this package has it; its initial voltages are those of a key, see `start_voltages`."""
    n = its.n_units
    w = np.zeros((n, n), np.float32)
    w[its.target, its.source] = its.weight
    tau_d_s, nobody = its.tau_d_ms / 1000, np.zeros(n, bool)
    params = LIFParams(
        tau_m_s=its.tau_m_ms / 1000,
        tau_r_s=its.tau_r_ms / 1000,
        t_ref_s=its.t_ref_ms / 1000,
        v_reset_mv=its.v_reset_mv,
        v_peak_mv=its.v_peak_mv,
        bias_mv=its.bias_mv,
        noise_sd_mv=its.noise_mv,
    )
    return SpikingNetwork(
        w=w,
        w_in=np.zeros((n, 1), np.float32),
        w_out=np.zeros((1, n), np.float32),
        tau_d_s=tau_d_s,
        tau_d_initial_s=tau_d_s,
        inhibitory=nobody,
        som=nobody,
        scaling_factor=1.0,
        params=params,
    )


def start_voltages(network: SpikingNetwork, key: int) -> np.ndarray:
    """(N,) mV, which the other engines then start with too."""
    start = network.fast.start(np.uint64(key), 0)
    return start.u[: network.n_units].astype(np.float64) + network.params.v_peak_mv


def make(its: Network, options: argparse.Namespace) -> Callable[[int], Run]:
    """The runs: key k, of which key 0 has the network's own initial voltages."""
    network, u = spiking_network(its), silent_input(its.n_steps)
    network.fast  # noqa: B018, part of building
    network.run_fast(silent_input(200), np.uint64(0), record=("spikes",))  # loads the compiled code

    def trial(key: int) -> np.ndarray:
        events = network.run_fast(u, np.uint64(key), record=("spikes",)).events
        assert events is not None
        return events

    def run(k: int) -> Run:
        keys = range(k * options.trials, (k + 1) * options.trials)
        trial(keys[0])  # a trial takes a millisecond, and would be charged for the caches that others have filled
        events: list[np.ndarray] = []
        if options.threads == 1:
            seconds = timed(lambda: events.extend(map(trial, keys)), time.thread_time)
        else:
            with ThreadPoolExecutor(options.threads) as pool:
                seconds = timed(lambda: events.extend(pool.map(trial, keys)), time.process_time)
        every = np.concatenate(events)
        return Run(*seconds, (every[:, 0], every[:, 1]))

    return run


if __name__ == "__main__":
    serve(make)
