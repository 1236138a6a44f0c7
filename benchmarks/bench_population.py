"""What a search over a population of models costs beyond its kernels: K models x 12 factors x 100 trials on one thread.

    python benchmarks/bench_population.py [--models 100] [--profile] [--output bench]

Every call of the fast kernel is timed inside the very job: overhead = (time of the job - time in the kernel) / time in the
kernel, for exactly the same steps in the same minute of the machine. By the processor's clock and by the wall's: the second
also holds what waits. A call's own price (Numba unpacks its arrays) counts as the kernel's. --profile: where the rest goes,
by Python function.
"""

import argparse
import cProfile
import pstats
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np

from rate2spike.matlab_compat.model_file import load_model
from rate2spike.spiking.search.grid import grid_search
from rate2spike.spiking.search.options import HISTORIC_FACTORS
from rate2spike.spiking.simulator import simulate_fast
from rate2spike.trained_model import TrainedModel

from bench_lif import model_path, network, one_pulse
from timing import write_results

N_MODELS, N_TRIALS = 2, 100
PERTURBATION = 0.01  # relative SD of the weights: another network to the computer, the same to the task


class KernelClock:
    """Stands in for the fast kernel and adds up the time in it: of the wall, and of this thread on its processor."""

    def __init__(self, simulate) -> None:
        self._simulate = simulate
        self.wall_s, self.processor_s, self.n_calls = 0.0, 0.0, 0

    def __call__(self, *arguments):
        """As the kernel."""
        start, processor_start = time.perf_counter(), time.thread_time()
        result = self._simulate(*arguments)
        self.processor_s += time.thread_time() - processor_start
        self.wall_s += time.perf_counter() - start
        self.n_calls += 1
        return result


@contextmanager
def kernel_clock() -> Iterator[KernelClock]:
    """Time all calls of the fast kernel in the block, which must use one thread."""
    clock = KernelClock(simulate_fast.kernel.simulate_trials)
    with mock.patch.object(simulate_fast.kernel, "simulate_trials", clock):
        yield clock


def population(n_models: int) -> list[TrainedModel]:
    """Copies of the published model with perturbed weights."""
    model, rng = load_model(model_path()), np.random.default_rng(0)

    def perturbed() -> TrainedModel:
        factors = 1 + PERTURBATION * rng.standard_normal(model.w_rec.shape)
        return replace(model, w_rec=model.w_rec * factors.astype(model.w_rec.dtype))

    return [perturbed() for _ in range(n_models)]


def search_all(models: list[TrainedModel], executor: Executor | None = None) -> None:
    """The job."""
    for seed, model in enumerate(models):
        grid_search(model, "go-nogo", n_trials=N_TRIALS, seed=seed, n_threads=1, executor=executor)


def run(n_models: int = N_MODELS) -> dict[str, float]:
    """Overheads in %."""
    models = population(n_models)
    network().run_trials([one_pulse()], [np.uint64(1)])
    with kernel_clock() as clock:
        start, processor_start = time.perf_counter(), time.process_time()
        search_all(models)
        processor, wall = time.process_time() - processor_start, time.perf_counter() - start
    n_trials = n_models * len(HISTORIC_FACTORS) * N_TRIALS
    return {
        f"{n_models} x {len(HISTORIC_FACTORS)} x {N_TRIALS} trials, one thread, s": wall,
        f"overhead over the kernel, {n_models} models, wall, %": (wall / clock.wall_s - 1) * 100,
        f"overhead over the kernel, {n_models} models, processor, %": (processor / clock.processor_s - 1) * 100,
        "its overhead per trial, processor, us": (processor - clock.processor_s) / n_trials * 1e6,
        "its kernel time per trial, processor, us": clock.processor_s / n_trials * 1e6,
    }


class Inline(Executor):
    """Does work where it is handed in: the profiler sees one thread only."""

    def submit(self, function, /, *arguments, **options):
        """See Executor."""
        future: Future = Future()
        future.set_result(function(*arguments, **options))
        return future


def print_profile(n_models: int) -> None:
    """The job's functions by their own time; a profiler makes calls of Python functions look slower than they are."""
    models = population(n_models)
    network().run_trials([one_pulse()], [np.uint64(1)])
    with kernel_clock(), cProfile.Profile() as profiler:
        search_all(models, executor=Inline())
    pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats(20)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=N_MODELS, help=f"(default: {N_MODELS})")
    parser.add_argument("--profile", action="store_true", help="print where the time goes instead")
    parser.add_argument("--output", type=Path, help="folder for population.json")
    arguments = parser.parse_args()
    if arguments.profile:
        print_profile(arguments.models)
        return
    results = run(arguments.models)
    for name, value in results.items():
        print(f"  {name:<48} {value:10.3f}")
    if arguments.output:
        write_results(arguments.output / "population.json", results)


if __name__ == "__main__":
    main()
