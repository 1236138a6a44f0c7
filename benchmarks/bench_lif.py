"""LIF simulation: the fast path on one core against NumPy merely drawing the same noise; the reference path beside it."""

from pathlib import Path

import numpy as np

from rate2spike.matlab_compat.model_file import load_model
from rate2spike.spiking.network import SpikingNetwork

from timing import alternate, medians

N_UNITS, N_STEPS, REPEATS = 200, 20_000, 15
_DRAWS_PER_CALL = N_UNITS * 100


def network() -> SpikingNetwork:
    """The published Go-NoGo network in tests/data, at a factor that solves the task."""
    path = next((Path(__file__).parents[1] / "tests" / "data" / "models").glob("Task_go-nogo*.mat"))
    return SpikingNetwork.from_model(load_model(path), 25)


def run() -> dict[str, float]:
    """Medians in ns per unit and step, and the ratio to NumPy's generator."""
    net = network()
    u = np.zeros((1, 201))
    u[0, 50:75] = 1
    rng = np.random.default_rng(0)

    def numpy_normals():
        for _ in range(N_UNITS * N_STEPS // _DRAWS_PER_CALL):
            rng.standard_normal(_DRAWS_PER_CALL, dtype=np.float32)

    seconds = medians(alternate({
        "fast": lambda: net.run_fast(u, np.uint64(1)),
        "numpy_normals": numpy_normals,
        "reference": lambda: net.run(u, seed=1, record=("output",), precision="float64"),
    }, REPEATS))  # fmt: skip
    per_unit_step = {name: value / (N_UNITS * N_STEPS) * 1e9 for name, value in seconds.items()}
    return {
        "fast path, ns per unit and step": per_unit_step["fast"],
        "reference path, ns per unit and step": per_unit_step["reference"],
        "NumPy drawing the noise alone, ns per normal": per_unit_step["numpy_normals"],
        "fast path / NumPy drawing the noise alone": seconds["fast"] / seconds["numpy_normals"],
        "fast path, ms per 1-s trial": seconds["fast"] * 1e3,
    }
