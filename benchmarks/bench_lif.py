"""LIF simulation: the fast path on one core against NumPy merely drawing the same noise; the reference path beside it.

Also N = 1000 at the published sparsity, and two threads against one. `python benchmarks/run_all.py --only lif`
"""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np

from rate2spike.matlab_compat.model_file import load_model
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import PUBLISHED_STEP_S

from random_network import random_network, silent_input
from timing import alternate, medians

N_UNITS, N_STEPS, REPEATS = 200, 20_000, 15
DURATION_S = N_STEPS * PUBLISHED_STEP_S
MANY_UNITS, P_CONNECTED, RATE_HZ = 1000, 0.2, 7.0
TRIALS_PER_TURN = 16
_DRAWS_PER_CALL = N_UNITS * 100


def model_path() -> Path:
    """The published Go-NoGo network in tests/data."""
    return next((Path(__file__).parents[1] / "tests" / "data" / "models").glob("Task_go-nogo*.mat"))


def network() -> SpikingNetwork:
    """It as a spiking network, at a factor that solves the task."""
    return SpikingNetwork.from_model(load_model(model_path()), 25)


def one_pulse() -> np.ndarray:
    """Input of a Go trial of 1 s."""
    u = np.zeros((1, N_STEPS // 100 + 1))
    u[0, 50:75] = 1
    return u


def run() -> dict[str, float]:
    """Medians in ns per unit and step, and ratios."""
    return _one_trial() | _threads()


def _one_trial() -> dict[str, float]:
    net, u = network(), one_pulse()
    large = random_network(MANY_UNITS, P_CONNECTED, RATE_HZ)
    rng = np.random.default_rng(0)

    def numpy_normals():
        for _ in range(N_UNITS * N_STEPS // _DRAWS_PER_CALL):
            rng.standard_normal(_DRAWS_PER_CALL, dtype=np.float32)

    seconds = medians(
        alternate(
            {
                "fast": lambda: net.run_fast(u, np.uint64(1)),
                "numpy_normals": numpy_normals,
                "reference": lambda: net.run(u, seed=1, record=("output",), precision="float64"),
                "large": lambda: large.run_fast(silent_input(N_STEPS), np.uint64(1)),
            },
            REPEATS,
        )
    )
    per_unit_step = {name: value / (N_UNITS * N_STEPS) * 1e9 for name, value in seconds.items()}
    per_unit_step["large"] *= N_UNITS / MANY_UNITS
    return {
        "fast path, ns per unit and step": per_unit_step["fast"],
        f"fast path at N={MANY_UNITS}, ns per unit and step": per_unit_step["large"],
        "reference path, ns per unit and step": per_unit_step["reference"],
        "NumPy drawing the noise alone, ns per normal": per_unit_step["numpy_normals"],
        "fast path / NumPy drawing the noise alone": seconds["fast"] / seconds["numpy_normals"],
        "fast path, ms per 1-s trial": seconds["fast"] * 1e3,
    }


def _threads() -> dict[str, float]:
    """Trials per second of two threads over those of one, and of two processes: what the machine's cores give at best."""

    def on_threads(n_threads: int):
        def trials():
            with ThreadPoolExecutor(n_threads) as pool:
                list(pool.map(_trial, range(TRIALS_PER_TURN)))

        return trials

    with ProcessPoolExecutor(2, get_context("spawn")) as processes:

        def on_processes():
            list(processes.map(_trials, (TRIALS_PER_TURN // 2,) * 2))

        on_processes()
        seconds = alternate({"one": on_threads(1), "two": on_threads(2), "processes": on_processes}, REPEATS)

    def gain(name: str) -> float:
        return median(one / other for one, other in zip(seconds["one"], seconds[name], strict=True))

    return {
        "two threads / one, trials per second": gain("two"),
        "two processes / one thread, trials per second": gain("processes"),
    }


@cache
def _network() -> SpikingNetwork:
    return network()


def _trial(key: int) -> None:
    _network().run_fast(one_pulse(), np.uint64(key))


def _trials(n: int) -> None:
    for key in range(n):
        _trial(key)
