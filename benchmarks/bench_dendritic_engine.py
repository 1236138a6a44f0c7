"""Spiking networks with dendrites on the fast path, against the same networks of points: at most 3 times their cost.

200 LIF units that fire at 7 Hz, 20 % or all of them connected, noise and output included. What a step costs does not depend
on what the compartments pass on, so that both have nearly the same spikes. The times are those of the thread on its
processor. `python benchmarks/bench_dendritic_engine.py`
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np

from rate2spike.dendritic_input import DendriticInput, drawn_compartments
from rate2spike.spiking.simulator.network import SpikingNetwork

from random_network import random_network, silent_input
from timing import alternate, machine, write_results

N_UNITS, N_STEPS, RATE_HZ, REPEATS = 200, 10_000, 7.0, 15
N_COMPARTMENTS = (2, 4, 8)
SHARES = (0.2, 1.0)  # of connections


def with_compartments(network: SpikingNetwork, n_compartments: int) -> SpikingNetwork:
    """The network with active dendrites of about the size of its recurrent input."""
    ends = drawn_compartments(network.n_units, n_compartments, np.random.default_rng(0))
    return replace(network, dendrites=DendriticInput("active", n_compartments, ends, 0.1, 0.1, 20.0))


def run(n_steps: int = N_STEPS, repeats: int = REPEATS) -> dict[str, float]:
    """Medians in ns per unit and step, and of the ratios of each round."""
    networks = {}
    for share in SHARES:
        points = random_network(N_UNITS, share, RATE_HZ)
        networks[share, 0] = points
        networks |= {(share, n): with_compartments(points, n) for n in N_COMPARTMENTS}
    u, key = silent_input(n_steps), np.uint64(1)
    seconds = alternate(
        {case: lambda one=one: one.run_fast(u, key) for case, one in networks.items()}, repeats, time.thread_time
    )
    found = {}
    for share, n in networks:
        percent, ns = round(100 * share), median(seconds[share, n]) / (N_UNITS * n_steps) * 1e9
        if n == 0:
            found[f"points, {percent} % connected, ns per unit and step"] = ns
        else:
            found[f"{n} compartments, {percent} % connected, ns per unit and step"] = ns
            ratios = [a / b for a, b in zip(seconds[share, n], seconds[share, 0], strict=True)]
            found[f"{n} compartments / points, {percent} % connected"] = median(ratios)
    return found


def main() -> None:
    """Print a table, and write it if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=None, help="file of results (JSON)")
    arguments = parser.parse_args()
    results, where = run(), machine()
    print(f"{where['processor']}, {where['cores']} cores, Python {where['python']}")
    for name, value in results.items():
        print(f"  {name:<56} {value:10.3f}")
    if arguments.output:
        write_results(arguments.output, results)


if __name__ == "__main__":
    main()
