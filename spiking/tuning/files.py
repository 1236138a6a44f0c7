"""Tuning of model files as users call it: here, by processes, or by whatever executor; each file keeps what is found."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.machine.resource_limits import usable_cores
from rate2spike.machine.thread_pool import checked_executor
from rate2spike.matlab_compat.model_paths import each_path, model_files, natural_order
from rate2spike.progress import OnProgress, following
from rate2spike.rate import tasks
from rate2spike.rate.model_task import checked_task_name
from rate2spike.rate.task import Task
from rate2spike.spiking.search.options import HISTORIC_FACTORS
from rate2spike.spiking.search.population import of_shard
from rate2spike.spiking.tuning.one_file import tune_file, tune_unit, validated_task
from rate2spike.spiking.tuning.options import TuningExecution, TuningOptions
from rate2spike.spiking.tuning.table import FileOutcome, TunedFile, TuningTable
from rate2spike.work_units import WorkerDied, run_units


@public(settings=TuningOptions)
def tune_files(
    paths: str | PathLike | Iterable[str | PathLike],
    task: Task | str | None = None,
    scaling_factor: float | None = None,
    n_trials: int = 500,
    seed: int | None = None,
    *,
    scaling_factors: Iterable[float] = HISTORIC_FACTORS,
    n_threads: int | None = None,
    n_workers: int | None = None,
    executor: Executor | None = None,
    shard: str | None = None,
    force: bool = False,
    progress: bool | OnProgress | None = None,
    **settings: Any,
) -> TuningTable:
    """`tune` of model files, in place: each is given the weights of the tuned network, and keeps those that were trained.

    Historic MATLAB code runs the tuned file as any other. A file whose network converts is left as it is, byte for byte if
    it has a scaling factor; so is one that was tuned before. Several processes may share a folder. What was done when the
    work is cut off (Ctrl-C, a kill) stands beside the file, `<model>.tune.npz`, and the same call goes on from there to the
    same numbers. Of several files, one that cannot be tuned does not stop the others.

    Parameters
    ----------
    paths : str, path, or several
        Model files, and folders (runs, populations, folders of those): every model in them and below.
    task : Task or str, optional
        A task or its name. Default: that of each file.
    scaling_factor : float, optional
        Default: that of each file, else the best of a search.
    n_trials : int, default 500
        Fresh trials before and after.
    seed : int, optional
        Of every random draw. Default: drawn for each file, and kept in it.
    task_options : dict, optional
        Options of the task by name. Default: those of the model's own task.
    scaling_factors : float or iterable of float, default (20, 25, ..., 75)
        Of the searches before and after.
    n_threads : int, optional
        Threads of a tuning in this process. Default: one per core that this process may use.
    n_workers : int, optional
        Processes that tune one model each. Default: none, this process tunes.
    executor : concurrent.futures.Executor, optional
        Who tunes the models, in the place of processes here; its workers see the files under the same paths.
    shard : str, optional
        'I/N' tunes the I-th of N parts of the files, for the jobs of an array.
    force : bool, default False
        Tune again what is tuned, from its untuned weights; and start anew beside a state of other settings.
    progress : bool or callable, optional
        True or False; or a function that is called as progress(n_done, n_total, text). Default: a bar where somebody watches.

    Returns
    -------
    TuningTable
        What became of each file, in natural order: `outcome`, `accuracy_before`, `accuracy`, `note`, `result`; `plot()`,
        `to_dataframe()`.

    Raises
    ------
    InputError
        For values that cannot be used; about a file only if there is but one.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> [found] = r2s.tune_files("go_nogo.mat", "go-nogo", 25, n_trials=100, seed=1, scaling_factors=(20, 25, 30))
    >>> found.outcome.value, r2s.load_model("go_nogo.mat").scaling_factor
    ('converts already', 25.0)
    """
    checked_task_name(task)
    options = TuningOptions(
        task=task,
        scaling_factor=scaling_factor,
        scaling_factors=scaling_factors,  # type: ignore[arg-type]  # made a tuple there
        n_trials=n_trials,
        seed=seed,
        **settings,
    )
    execution = TuningExecution(n_threads=n_threads, n_workers=n_workers, shard=shard, force=force)
    check_options(options)
    files = of_shard(model_files(*each_path(paths)), shard)
    given = None if executor is None else checked_executor(executor)
    if len(files) == 1:
        validated_task(files[0], options)
        if not (given or n_workers):
            return TuningTable((tune_file(files[0], options, execution, progress),))
    with following(progress, "tuning models", len(files)) as advance:
        found = []
        for item in tune_each(files, options, execution, executor=given):
            found.append(item)
            advance(f"{item.path.name}: {item.outcome.value}")
    return TuningTable(tuple(sorted(found, key=lambda item: natural_order(item.path))))


def check_options(options: TuningOptions) -> None:
    """Raise InputError for what no file can be tuned with."""
    if isinstance(options.task, str):
        tasks.get(options.task)


def tune_each(
    files: list[Path], options: TuningOptions, execution: TuningExecution, *, executor: Executor | None = None
) -> Iterator[TunedFile]:
    """Tune files, yielding what became of each as they come; here, or by the executor or the workers that are asked for."""
    own = replace(execution, shard=None)
    if executor is None and not execution.is_shared_out:
        yield from (tune_unit(file, options, own) for file in files)
        return
    own = replace(own, n_threads=1, n_workers=None, scheduler=None)  # of a worker
    units = {file: (file.resolve(), options, own) for file in files}
    n_workers = execution.n_workers or min(usable_cores(), max(len(files), 1))
    for file, outcome in run_units(tune_unit, units, executor=executor, n_workers=n_workers):
        if isinstance(outcome, WorkerDied):
            outcome = TunedFile(file, FileOutcome.FAILED, outcome.message)
        yield replace(outcome, path=file)


def raise_failures(found: Iterable[TunedFile]) -> None:
    """Raise InputError if a file could not be tuned."""
    rows = list(found)
    failed = [item for item in rows if item.outcome is FileOutcome.FAILED]
    if failed:
        raise InputError(f"{len(failed)} of {len(rows)} models failed, {failed[0].path}: {failed[0].note}")
