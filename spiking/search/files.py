"""λ search over model files: claim, skip what is finished, resume, append the three historic variables."""

import contextlib
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.lock_file import is_alive_here, is_dead, this_process
from rate2spike.machine.thread_pool import checked_threads
from rate2spike.matlab_compat.matfile import append, check_appendable, loadmat
from rate2spike.matlab_compat.model_file import CLAIM_VARIABLE, SETTING_PREFIX, load_model
from rate2spike.matlab_compat.model_paths import model_files, without_path
from rate2spike.rate import tasks
from rate2spike.rate.model_task import task_of_model, task_settings
from rate2spike.rate.task import Task
from rate2spike.seeding import resolve_seed
from rate2spike.spiking.scoring.evaluate import check_n_trials, checked_task
from rate2spike.spiking.search.claim import SearchClaim, Settings, deciding, read_claim, sidecar_path
from rate2spike.spiking.search.grid import (
    HISTORIC_FACTORS,
    FactorResult,
    SearchResult,
    check_device,
    check_strategy,
    checked_factors,
    grid_search,
)
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.trained_model import TrainedModel


class Outcome(Enum):
    """What became of a file."""

    SEARCHED = "searched"
    ALREADY_DONE = "already done"
    CLAIMED = "claimed"
    FAILED = "failed"


@dataclass(frozen=True)
class FileOutcome:
    """One file of a search; `note` is a line for the user."""

    path: Path
    outcome: Outcome
    note: str
    result: SearchResult | None = None

    @property
    def remarks(self) -> tuple[str, ...]:
        """Warnings about the search's end, if any; see `SearchResult.remarks`."""
        return self.result.remarks_naming(diagnose_command(self.path)) if self.result else ()

    @classmethod
    def failed(cls, path: Path, error: InputError) -> "FileOutcome":
        """What cannot be searched, and why."""
        return cls(path, Outcome.FAILED, without_path(error, path))


@dataclass(frozen=True)
class FileSearch:
    """Options of a search over files; see `grid_search` for the numbers among them."""

    task: str | Task | None = None
    task_options: Mapping[str, Any] | None = None
    scaling_factors: tuple[float, ...] = HISTORIC_FACTORS
    n_trials: int = 100
    seed: int | None = None
    initial_weights: bool = False  # the untrained recurrent weights
    strategy: str = "grid"
    resolution: float = 1.0  # of the adaptive strategy
    device: str = "cpu"
    n_threads: int | None = None
    force: bool = False  # search again what is finished
    reclaim: bool = False  # take over claims left by dead processes, or by ones that cannot be asked
    run: str | None = None  # name of a run over many workers: a worker takes over what another of the same run left


def search_files(
    paths: str | Path | Iterable[str | Path],
    options: FileSearch | None = None,
    *,
    on_file: Callable[[Path, Settings, int], None] | None = None,
    on_factor: Callable[[Path, FactorResult], None] | None = None,
) -> Iterator[FileOutcome]:
    """Search the model files that the paths mean (see `model_files`), yielding what became of each.

    Every file is validated before the first is touched. Of several, one that cannot be searched does not stop the others.
    on_file(path, settings, n_finished) announces a search, on_factor each new value. Ctrl-C releases the claim and keeps the
    finished values beside the file for the next call. Raises InputError; about a file only if there is but one.
    """
    options = options or FileSearch()
    check_search(options)
    files = model_files(*([paths] if isinstance(paths, str | Path) else paths))
    if len(files) == 1:
        yield search_file(files[0], validated_task(files[0], options), options, on_file, on_factor)
        return
    for file, task in [(file, _task_or_failure(file, options)) for file in files]:
        yield task if isinstance(task, FileOutcome) else _searched(file, task, options, on_file, on_factor)


def check_search(options: FileSearch) -> None:
    """Raise InputError for options that no file can be searched with."""
    checked_factors(options.scaling_factors)
    check_strategy(options.strategy, options.resolution)
    check_device(options.device)
    resolve_seed(options.seed)
    checked_threads(options.n_threads)
    check_n_trials(options.n_trials)
    if isinstance(options.task, str):
        tasks.get(options.task)


def diagnose_command(file: Path) -> str:
    """What to type in a terminal to learn why a network does not convert."""
    return f"rate2spike diagnose {shlex.quote(str(file))}"


def search_unit(file: Path, options: FileSearch) -> FileOutcome:
    """Search one file, in whatever process this runs; what cannot be done is an outcome, not an end of all work."""
    task = _task_or_failure(file, options)
    return task if isinstance(task, FileOutcome) else _searched(file, task, options)


def _task_or_failure(file: Path, options: FileSearch) -> Task | FileOutcome:
    try:
        return validated_task(file, options)
    except InputError as error:
        return FileOutcome.failed(file, error)


def _searched(file: Path, task: Task, options: FileSearch, on_file=None, on_factor=None) -> FileOutcome:
    try:
        return search_file(file, task, options, on_file, on_factor)
    except InputError as error:
        return FileOutcome.failed(file, error)


def validated_task(file: Path, options: FileSearch) -> Task:
    """The task of a model file that can be searched. Raises InputError."""
    model = load_model(file)
    check_appendable(file)
    task = task_of_model(model, file, options.task, options.task_options)
    return checked_task(task, SpikingNetwork.from_model(model, options.scaling_factors[0]), options.n_trials)


def search_file(file: Path, task: Task, options: FileSearch, on_file=None, on_factor=None) -> FileOutcome:
    """Claim, search and append one file; see `search_files`."""
    claim, model = None, None
    try:
        with deciding(file):
            model = load_model(file)  # again: another process may have finished it since it was validated
            if _is_done(model) and not options.force:
                return _already_done(file, model)
            old = read_claim(file)
            reason = _held(old, model, options)
            if reason:
                return FileOutcome(file, Outcome.CLAIMED, reason)
            owner = this_process() | ({"run": options.run} if options.run else {})
            claim = SearchClaim(sidecar_path(file), owner, *_resumable(file, old, task, options))
            claim.save()
        if not _is_done(model):
            append(file, {CLAIM_VARIABLE: np.nan})
        result = _run(file, model, task, options, claim, on_file, on_factor)
        _append_result(file, result, _task_to_keep(model, task, options))
        claim.path.unlink(missing_ok=True)
    except BaseException:
        if claim:
            release(file, claim)
        raise
    note = f"best scaling factor {result.best_factor:g}, accuracy {result.best_accuracy:.3f}"
    return FileOutcome(file, Outcome.SEARCHED, note, result)


def _task_to_keep(model: TrainedModel, task: Task, options: FileSearch) -> dict[str, str]:
    """The task that the user named, for a file that says none: so that nobody need name it again."""
    if "task" in model.settings or not (options.task or options.task_options):
        return {}
    return {SETTING_PREFIX + name: text for name, text in task_settings(task).items()}


def _append_result(file: Path, result: SearchResult, task_variables: Mapping[str, str]) -> None:
    append(
        file,
        {
            **task_variables,
            CLAIM_VARIABLE: result.best_factor,
            "all_perfs": result.accuracies[:, None],
            "scaling_factors": result.scaling_factors[None, :],
            "r2s_search_seed": result.seed,
            "r2s_search_n_trials": result.n_trials,
            "r2s_search_strategy": result.strategy,
            "r2s_search_trials_per_factor": np.array([[factor.n_trials for factor in result.factors]], float),
            "r2s_search_intervals": result.intervals,
            "r2s_search_output_errors": result.output_errors[None, :],
            "r2s_search_unit_types": ",".join(result.best.type_rates_hz),
            "r2s_search_type_rates_hz": np.array([list(factor.type_rates_hz.values()) for factor in result.factors]),
        },
    )


def release(file: Path, claim: SearchClaim) -> None:
    """After Ctrl-C or a failure: give the claim up, keep finished values, take back the NaN mark.

    Trouble in here must not hide why the search ended.
    """
    with contextlib.suppress(InputError, OSError):
        if claim.finished:
            claim.owner = None
            claim.save()
        else:
            claim.path.unlink(missing_ok=True)
        mark = loadmat(file, [CLAIM_VARIABLE]).get(CLAIM_VARIABLE)
        if isinstance(mark, np.ndarray) and mark.size == 1 and np.isnan(mark.item()):
            append(file, {}, remove=[CLAIM_VARIABLE])


def _is_done(model: TrainedModel) -> bool:
    return model.scaling_factor is not None and not np.isnan(model.scaling_factor)


def _already_done(file: Path, model: TrainedModel) -> FileOutcome:
    note = f"scaling factor {model.scaling_factor:g} is already in the file (--force searches again)"
    return FileOutcome(file, Outcome.ALREADY_DONE, note)


def _run(file, model, task, options, claim: SearchClaim, on_file, on_factor) -> SearchResult:
    settings = claim.settings
    assert settings is not None
    if on_file:
        on_file(file, settings, len(claim.finished.keys() & set(settings.scaling_factors)))

    def keep(result: FactorResult) -> None:
        if settings.strategy == "grid":  # the adaptive one stops factors at different numbers of trials
            claim.finished[result.scaling_factor] = result
            claim.save()
        if on_factor:
            on_factor(file, result)

    return grid_search(
        model,
        task,
        settings.scaling_factors,
        settings.n_trials,
        settings.seed,
        strategy=settings.strategy,
        resolution=settings.resolution,
        initial_weights=settings.initial_weights,
        device=settings.device,
        n_threads=options.n_threads,
        finished=dict(claim.finished),
        on_factor=keep,
    )


def _held(old: SearchClaim | None, model: TrainedModel, options: FileSearch) -> str | None:
    """Why the file may not be claimed, if so."""
    if old is None:
        marked = model.scaling_factor is not None and np.isnan(model.scaling_factor)
        if marked and not options.reclaim:
            return "claimed by another program (opt_scaling_factor is NaN): --reclaim takes it over"
        return None
    if old.owner is None or (options.run and old.owner.get("run") == options.run):
        return None
    if is_alive_here(old.owner):
        return f"being searched by {old.owner_text()}"
    if options.reclaim:
        return None
    state = "left behind" if is_dead(old.owner) else "claimed"
    return f"{state} by {old.owner_text()}: --reclaim takes it over"


def _resumable(
    file: Path, old: SearchClaim | None, task: Task, options: FileSearch
) -> tuple[Settings, dict[float, FactorResult]]:
    """Settings of the search and finished values to go on from; without a given seed an earlier one is kept.

    Finished values of other factors are kept too: they count again if a later search asks for them. Raises InputError if
    there are finished values of other settings.
    """
    factors = checked_factors(options.scaling_factors)
    previous = old.settings if old else None
    seed = options.seed
    if seed is None and previous:
        seed = previous.seed
    settings = Settings(
        task.name,
        options.n_trials,
        resolve_seed(seed),
        factors,
        options.initial_weights,
        task.options(),
        options.strategy,
        options.resolution,
        options.device,
    )
    if old is None or not old.finished or previous is None:
        return settings, {}
    differences = previous.differences(settings)
    if differences and options.force:
        return settings, {}
    if differences:
        raise InputError(
            f"{sidecar_path(file)} holds finished values of a search with other settings ({'; '.join(differences)}): "
            "go on with those, or start anew (--force)"
        )
    return settings, dict(old.finished)
