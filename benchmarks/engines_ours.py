"""This package's program for engines.py: trials on the fast path, several of them on threads. See engines_worker.py."""

import argparse
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import LIFParams

from engines_worker import Network, Run, serve, timed
from random_network import silent_input


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
