"""What a search over a population of models costs beyond its kernels: K models x 12 factors x 100 trials on one thread.

    python benchmarks/bench_population.py [--models 100] [--profile]

Every call of the fast kernel is timed inside the very job: overhead = (wall time - time in the kernel) / time in the kernel,
for exactly the same steps on the same minute of the machine. A call's own price (Numba unpacks some 50 arrays) counts as the
kernel's; it is measured apart, with trials of one step. --profile: where the rest goes, by Python function.
"""

import argparse
import cProfile
import pstats
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest import mock

import numpy as np

from rate2spike.matlab_compat.model_file import TrainedModel, load_model
from rate2spike.spiking import simulate_fast
from rate2spike.spiking.lambda_grid_search import HISTORIC_FACTORS, grid_search

from bench_lif import model_path, network, one_pulse
from timing import median_of_runs

N_MODELS, N_TRIALS = 2, 100
PERTURBATION = 0.01  # relative SD of the weights: another network to the computer, the same to the task
_CALLS_TIMED = 2000


class KernelClock:
    """Stands in for the fast kernel and adds up the time in it."""

    def __init__(self, simulate) -> None:
        self._simulate = simulate
        self.seconds, self.n_calls = 0.0, 0

    def __call__(self, *arguments):
        """As the kernel."""
        start = time.perf_counter()
        result = self._simulate(*arguments)
        self.seconds += time.perf_counter() - start
        self.n_calls += 1
        return result


@contextmanager
def kernel_clock() -> Iterator[KernelClock]:
    """Time all calls of the fast kernel in the block, which must use one thread."""
    clock = KernelClock(simulate_fast.kernel.simulate)
    with mock.patch.object(simulate_fast.kernel, "simulate", clock):
        yield clock


def population(n_models: int) -> list[TrainedModel]:
    """Copies of the published model with perturbed weights."""
    model, rng = load_model(model_path()), np.random.default_rng(0)

    def perturbed() -> TrainedModel:
        factors = 1 + PERTURBATION * rng.standard_normal(model.w_rec.shape)
        return replace(model, w_rec=model.w_rec * factors.astype(model.w_rec.dtype))

    return [perturbed() for _ in range(n_models)]


def search_all(models: list[TrainedModel], n_trials: int = N_TRIALS) -> None:
    """The job."""
    for seed, model in enumerate(models):
        grid_search(model, "go-nogo", n_trials=n_trials, seed=seed, n_threads=1)


def call_s() -> float:
    """Seconds of a kernel call that simulates one step."""
    net = network()
    column = replace(net, steps_per_column=1)
    u = one_pulse()[:, :2]

    def calls() -> None:
        for k in range(_CALLS_TIMED):
            column.run_fast(u, np.uint64(k))

    calls()
    with kernel_clock() as clock:
        calls()
    return clock.seconds / clock.n_calls


def run(n_models: int = N_MODELS) -> dict[str, float]:
    """Overheads in %."""
    models = population(n_models)
    network().run_fast(one_pulse(), np.uint64(1))
    with kernel_clock() as clock:
        start = time.perf_counter()
        search_all(models)
        wall = time.perf_counter() - start
    n_trials = n_models * len(HISTORIC_FACTORS) * N_TRIALS
    assert clock.n_calls == n_trials
    return {
        f"{n_models} x {len(HISTORIC_FACTORS)} x {N_TRIALS} trials, one thread, s": wall,
        "in the kernel, s": clock.seconds,
        "overhead beyond the kernel, %": (wall / clock.seconds - 1) * 100,
        "overhead per trial, us": (wall - clock.seconds) / n_trials * 1e6,
        "a kernel call of one step, % of a trial": call_s() / (clock.seconds / n_trials) * 100,
    }


def profile(n_models: int) -> None:
    """Print the job's functions by the time spent in each; a profiler makes Python functions look slower than they are."""
    models = population(n_models)
    network().run_fast(one_pulse(), np.uint64(1))
    ...
