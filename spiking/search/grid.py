"""λ search: which scaling factor makes the spiking network solve the task most often.

Touches no file (`files` does).
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from os import PathLike
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import shown
from rate2spike.errors import InputError
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.machine.thread_pool import executor_of
from rate2spike.matlab_compat.model_file import as_model
from rate2spike.progress import OnProgress, following
from rate2spike.rate.model_task import path_of, task_of_model, task_settings
from rate2spike.rate.task import Task
from rate2spike.seeding import resolve_seed
from rate2spike.spiking.scoring.given_network import checked_task
from rate2spike.spiking.scoring.network_options import options_with
from rate2spike.spiking.search.adaptive import N_FINE, adaptive_search
from rate2spike.spiking.search.kept import option_texts
from rate2spike.spiking.search.options import HISTORIC_FACTORS, SearchOptions
from rate2spike.spiking.search.result import FactorResult, SearchResult
from rate2spike.spiking.search.shared_trials import NetworkAt, SharedTrials
from rate2spike.spiking.simulator.params import NeuronParams
from rate2spike.trained_model import TrainedModel

OnFactor = Callable[[FactorResult], None]


@public(settings=SearchOptions)
def grid_search(
    model: TrainedModel | str | PathLike,
    task: Task | str | None = None,
    scaling_factors: Iterable[float] = HISTORIC_FACTORS,
    n_trials: int = 100,
    seed: int | None = None,
    *,
    params: NeuronParams | None = None,
    n_threads: int | None = None,
    executor: Executor | None = None,
    progress: bool | OnProgress | None = None,
    finished: Mapping[float, FactorResult] | None = None,
    on_factor: OnFactor | None = None,
    **settings: Any,
) -> SearchResult:
    """Which scaling factor makes the spiking network solve the task most often.

    Every factor is scored on the same stimuli, drawn from the seed, with fresh noise. Kim, Li & Sejnowski (PNAS 2019),
    Methods: 1/λ on a grid, here 20:5:75 by default. The result does not depend on threads or executor.

    Parameters
    ----------
    model : TrainedModel, or path of a model file
        The rate network.
    task : Task or str, optional
        A task or its name, such as 'go-nogo'. Default: the model's own.
    scaling_factors : float or iterable of float, default (20, 25, ..., 75)
        Factors to try; for the strategy 'adaptive' a coarse grid, between which it looks on.
    n_trials : int, default 100
        Trials per factor.
    seed : int, optional
        Of every random draw. Default: drawn, and kept in the result.
    task_options : dict, optional
        Options of the task by name, such as {'stim_dur': 50}. Default: those of the model's own task.
    params : NeuronParams, optional
        The neurons, such as `QIFParams()`; `neuron` and `neuron_options` say the same by names. Default: LIF.
    n_threads : int, optional
        Threads. Default: one per core that this process may use.
    executor : concurrent.futures.Executor, optional
        Who runs the trials, in the place of threads here: processes, or a Dask cluster.
    progress : bool or callable, optional
        True or False; or a function that is called as progress(n_done, n_total, text). Default: a bar where somebody watches.
    finished : dict of float to FactorResult, optional
        Results of a grid that are taken over and not computed again.
    on_factor : callable, optional
        Called with the FactorResult of every new factor, in order.

    Returns
    -------
    SearchResult
        One FactorResult per factor; `best_factor`, `best_accuracy`, `remarks`, `plot()`, `to_dataframe()`.

    Raises
    ------
    InputError
        For a task that does not fit the model, and for values that cannot be used.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> search = r2s.grid_search("go_nogo.mat", "go-nogo", (25, 60), n_trials=10, seed=1)
    >>> search.best_factor
    25.0
    """
    path, model = path_of(model), as_model(model)
    options = SearchOptions(
        scaling_factors=scaling_factors,  # type: ignore[arg-type]  # made a tuple there
        n_trials=n_trials,
        seed=seed,
        **options_with(params, settings),
    )
    if "neuron_options" in settings:
        options.warn_of_units(model)
    if not (finished is None or isinstance(finished, Mapping)):
        raise InputError(f"{{finished}} must be results by factor, got {shown(finished)}", "finished")
    if not (on_factor is None or callable(on_factor)):
        raise InputError(f"{{on_factor}} must be a function, got {shown(on_factor)}", "on_factor")
    return search_factors(
        model,
        task_of_model(model, path, task, options.task_options),
        options,
        n_threads=n_threads,
        executor=executor,
        progress=progress,
        finished=finished,
        on_factor=on_factor,
    )


@one_blas_thread()
def search_factors(
    model: TrainedModel,
    task: Task,
    options: SearchOptions,
    *,
    n_threads: int | None = None,
    executor: Executor | None = None,
    progress: bool | OnProgress | None = False,
    finished: Mapping[float, FactorResult] | None = None,
    on_factor: OnFactor | None = None,
    network_at: NetworkAt | None = None,
) -> SearchResult:
    """`grid_search` as a record says. network_at: gives the network at a factor, if not as options say. Raises InputError."""
    options.check_machine()
    options = replace(options, seed=resolve_seed(options.seed))
    trials = SharedTrials(model, task, options, network_at)
    checked_task(task, trials.network(options.scaling_factors[0]))
    finished = finished or {}
    new = [factor for factor in options.scaling_factors if factor not in finished]
    total = len(new) if options.strategy == "grid" else len(options.scaling_factors) + N_FINE
    with executor_of(n_threads, executor) as pool, following(progress, "searching", total) as advance:

        def tell(result: FactorResult) -> None:
            advance(f"factor {result.scaling_factor:g}: accuracy {result.accuracy:.3f}")
            if on_factor:
                on_factor(result)

        if options.strategy == "grid":
            results = {**finished, **trials.run(pool, new, options.n_trials, tell)}
            factors, chosen = tuple(results[factor] for factor in options.scaling_factors), None
        else:
            found = adaptive_search(
                lambda wanted, n: trials.run(pool, wanted, n),
                options.scaling_factors,
                options.n_trials,
                options.resolution,
                tell,
            )
            factors, chosen = found.factors, found.chosen
    assert options.seed is not None
    result = SearchResult(task.name, options.seed, options.n_trials, factors, options.strategy, chosen)
    return replace(result, settings={**task_settings(task), **option_texts(options, result)})
