"""λ search over model files as users call it: here, by processes, or by whatever executor; each file keeps what is found."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from rate2spike.calls import public
from rate2spike.machine.thread_pool import checked_executor
from rate2spike.matlab_compat.model_paths import each_path, model_files, natural_order
from rate2spike.progress import OnProgress, following
from rate2spike.rate.model_task import checked_task_name
from rate2spike.rate.task import Task
from rate2spike.spiking.scoring.network_options import options_with
from rate2spike.spiking.search.adaptive import N_FINE
from rate2spike.spiking.search.files import SearchedFile, search_each
from rate2spike.spiking.search.options import HISTORIC_FACTORS, SearchExecution, SearchOptions
from rate2spike.spiking.search.population import of_shard, search_population
from rate2spike.spiking.search.result import FactorResult
from rate2spike.spiking.simulator.params import NeuronParams


@public(settings=SearchOptions)
def search_files(
    paths: str | PathLike | Iterable[str | PathLike],
    task: Task | str | None = None,
    scaling_factors: Iterable[float] = HISTORIC_FACTORS,
    n_trials: int = 100,
    seed: int | None = None,
    *,
    params: NeuronParams | None = None,
    n_threads: int | None = None,
    n_workers: int | None = None,
    executor: Executor | None = None,
    shard: str | None = None,
    force: bool = False,
    reclaim: bool = False,
    progress: bool | OnProgress | None = None,
    **settings: Any,
) -> list[SearchedFile]:
    """`grid_search` of model files, each of which is given what was found, in the historic variables that MATLAB reads.

    A file that has a scaling factor is left alone. Several processes may share a folder: a file that is being searched is
    claimed. Ctrl-C releases the claim and keeps finished factors beside the file; the same call goes on from there. Of
    several files, one that cannot be searched does not stop the others. The numbers are those of `grid_search`, however it
    is executed.

    Parameters
    ----------
    paths : str, path, or several
        Model files, and folders (runs, populations, folders of those): every model in them and below.
    task : Task or str, optional
        A task or its name. Default: that of each file.
    scaling_factors : float or iterable of float, default (20, 25, ..., 75)
        Factors to try.
    n_trials : int, default 100
        Trials per factor.
    seed : int, optional
        Of every random draw. Default: drawn for each file, and kept in it.
    task_options : dict, optional
        Options of the task by name, such as {'stim_dur': 50}. Default: those of the model's own task.
    params : NeuronParams, optional
        The neurons, such as `QIFParams()`. Default: LIF.
    n_threads : int, optional
        Threads of a search in this process. Default: one per core that this process may use.
    n_workers : int, optional
        Processes that search one model each. Default: none, this process searches.
    executor : concurrent.futures.Executor, optional
        Who searches the models, in the place of processes here; its workers see the files under the same paths.
    shard : str, optional
        'I/N' searches the I-th of N parts of the files, for the jobs of an array.
    force : bool, default False
        Search again what is finished.
    reclaim : bool, default False
        Take over claims left by processes that died.
    progress : bool or callable, optional
        True or False; or a function that is called as progress(n_done, n_total, text). Default: a bar where somebody watches.

    Returns
    -------
    list of SearchedFile
        What became of each file, in natural order: `state`, `note`, `result`, `remarks`.

    Raises
    ------
    InputError
        For values that cannot be used; about a file only if there is but one.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> [found] = r2s.search_files("go_nogo.mat", "go-nogo", (25, 60), n_trials=10, seed=1)
    >>> found.state.value, found.result.best_factor
    ('searched', 25.0)
    >>> r2s.search_files("go_nogo.mat")[0].state.value
    'already done'
    """
    checked_task_name(task)
    options = SearchOptions(
        task=task,
        scaling_factors=scaling_factors,  # type: ignore[arg-type]  # made a tuple there
        n_trials=n_trials,
        seed=seed,
        **options_with(params, settings),
    )
    execution = SearchExecution(n_threads=n_threads, n_workers=n_workers, shard=shard, force=force, reclaim=reclaim)
    options.check()
    files = of_shard(model_files(*each_path(paths)), shard)
    if executor is None and n_workers is None:
        return list(_searched_here(files, options, execution, progress))
    found = []
    with following(progress, "searching models", len(files)) as advance:
        given = None if executor is None else checked_executor(executor)
        for item in search_population(files, options, replace(execution, shard=None), executor=given):
            found.append(item)
            advance(f"{item.path.name}: {item.state.value}")
    return sorted(found, key=lambda item: natural_order(item.path))


def _searched_here(
    files: list[Path], options: SearchOptions, execution: SearchExecution, progress: bool | OnProgress | None
) -> Iterator[SearchedFile]:
    """One after the other; what counts are factors, skipped ones too."""
    per_file = len(options.scaling_factors) + (N_FINE if options.strategy == "adaptive" else 0)
    with following(progress, "searching", per_file * len(files)) as advance:
        n_told = 0

        def tell(file: Path, result: FactorResult) -> None:
            nonlocal n_told
            n_told += 1
            advance(f"{file.name}, factor {result.scaling_factor:g}: accuracy {result.accuracy:.3f}")

        for item in search_each(files, options, execution, on_factor=tell):
            advance(f"{item.path.name}: {item.note}", per_file - n_told)
            n_told = 0
            yield item
