"""λ search: which scaling factor makes the spiking network solve the task most often.

Touches no file (`files` does).
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.machine.thread_pool import executor_of
from rate2spike.rate.task import Task
from rate2spike.seeding import resolve_seed
from rate2spike.spiking.scoring.evaluate import checked_task
from rate2spike.spiking.scoring.network_options import options_with
from rate2spike.spiking.search.adaptive import adaptive_search
from rate2spike.spiking.search.options import HISTORIC_FACTORS, SearchOptions
from rate2spike.spiking.search.result import FactorResult, SearchResult
from rate2spike.spiking.search.shared_trials import SharedTrials
from rate2spike.spiking.simulator.params import NeuronParams
from rate2spike.trained_model import TrainedModel


def grid_search(
    model: TrainedModel,
    task: Task | str,
    scaling_factors: Iterable[float] = HISTORIC_FACTORS,
    n_trials: int = 100,
    seed: int | None = None,
    *,
    params: NeuronParams | None = None,
    n_threads: int | None = None,
    executor: Executor | None = None,
    finished: Mapping[float, FactorResult] | None = None,
    on_factor: Callable[[FactorResult], None] | None = None,
    **options: Any,
) -> SearchResult:
    """Score scaling factors on the same n_trials stimuli, drawn from `seed`, with fresh noise per factor.

    params: the neurons. `finished` results (grid) are taken over, not computed again; on_factor is called with each new one,
    in order. The result does not depend on threads or executor. options: further fields of `SearchOptions` by name, among
    them strategy: 'grid' (historic) gives every factor all trials, 'adaptive' takes the factors as a coarse grid, drops what
    is surely worse, looks at factors `resolution` apart around the best, and gives all trials to the last few alone;
    frozen_noise: the same noise in every trial; downsample, dt_s, initial_weights; device: 'cuda' runs LIF networks on an
    NVIDIA GPU, whose results agree with the CPU's statistically. Raises InputError.
    """
    record = SearchOptions(
        scaling_factors=scaling_factors,  # type: ignore[arg-type]  # the record makes a tuple of them
        n_trials=n_trials,
        seed=seed,
        **options_with(params),
        **options,
    )
    return search_factors(
        model, task, record, n_threads=n_threads, executor=executor, finished=finished, on_factor=on_factor
    )


@one_blas_thread()
def search_factors(
    model: TrainedModel,
    task: Task | str,
    options: SearchOptions,
    *,
    n_threads: int | None = None,
    executor: Executor | None = None,
    finished: Mapping[float, FactorResult] | None = None,
    on_factor: Callable[[FactorResult], None] | None = None,
) -> SearchResult:
    """`grid_search` as a record says. Raises InputError."""
    options.check_machine()
    seed, factors = resolve_seed(options.seed), options.scaling_factors
    task = checked_task(task, options.network(model, factors[0], seed))
    trials = SharedTrials(model, task, options, seed)
    finished = finished or {}
    with executor_of(n_threads, executor) as pool:
        if options.strategy == "adaptive":
            found = adaptive_search(
                lambda wanted, n: trials.run(pool, wanted, n), factors, options.n_trials, options.resolution, on_factor
            )
            return SearchResult(task.name, seed, options.n_trials, found.factors, options.strategy, found.chosen)
        new = trials.run(pool, [factor for factor in factors if factor not in finished], options.n_trials, on_factor)
    results = {**finished, **new}
    return SearchResult(task.name, seed, options.n_trials, tuple(results[factor] for factor in factors))


def with_search_result(model: TrainedModel, result: SearchResult) -> TrainedModel:
    """The model with its scaling factor set."""
    return replace(
        model,
        scaling_factor=result.best_factor,
        scaling_factors=result.scaling_factors,
        scaling_accuracies=result.accuracies,
    )
