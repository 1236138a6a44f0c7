"""λ search over model files: claim, skip what is finished, resume, append the three historic variables."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np

from rate2spike.errors import InputError
from rate2spike.matlab_compat.matfile import append
from rate2spike.matlab_compat.model_file import CLAIM_VARIABLE, TrainedModel, load_model, task_in_path
from rate2spike.rate import tasks
from rate2spike.rate.tasks import Task
from rate2spike.seeding import resolve_seed
from rate2spike.spiking.evaluate import checked_task, checked_threads
from rate2spike.spiking.lambda_grid_search import (
    HISTORIC_FACTORS,
    FactorResult,
    SearchResult,
    checked_factors,
    grid_search,
)
from rate2spike.spiking.network import SpikingNetwork
from rate2spike.spiking.search_claim import (
    SearchClaim,
    Settings,
    is_alive_here,
    is_dead,
    read_claim,
    sidecar_path,
    take_over,
    this_process,
)


class Outcome(Enum):
    """What became of a file."""

    SEARCHED = "searched"
    ALREADY_DONE = "already done"
    CLAIMED = "claimed"


@dataclass(frozen=True)
class FileOutcome:
    """One file of a search; `note` is a line for the user."""

    path: Path
    outcome: Outcome
    note: str
    result: SearchResult | None = None


@dataclass(frozen=True)
class FileSearch:
    """Options of a search over files; see `grid_search` for the numbers among them."""

    task: str | None = None
    scaling_factors: tuple[float, ...] = HISTORIC_FACTORS
    n_trials: int = 100
    seed: int | None = None
    n_threads: int | None = None
    force: bool = False  # search again what is finished
    reclaim: bool = False  # take over claims left by dead processes, or by ones that cannot be asked


def search_files(
    path: str | Path, options: FileSearch | None = None, *,
    on_file: Callable[[Path, Settings, int], None] | None = None,
    on_factor: Callable[[Path, FactorResult], None] | None = None,
) -> Iterator[FileOutcome]:  # fmt: skip
    """Search one model file, or every .mat file of a folder, yielding what became of each.

    Every file is validated before the first is touched. on_file(path, settings, n_finished) announces a search,
    on_factor each new value. Ctrl-C releases the claim and keeps the finished values beside the file for the next call.
    Raises InputError.
    """
    options = options or FileSearch()
    checked_factors(options.scaling_factors)
    resolve_seed(options.seed)
    checked_threads(options.n_threads)
    jobs = [(file, _validated_task(file, options)) for file in model_files(path)]
    for file, task in jobs:
        yield _search_file(file, task, options, on_file, on_factor)


def model_files(path: str | Path) -> list[Path]:
    """The file itself, or the .mat files of a folder, sorted by name. Raises InputError if there is none."""
    path = Path(path)
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.glob("*.mat") if not file.name.startswith("."))
    if not files:
        raise InputError(f"folder {path} holds no .mat file")
    return files


def resolve_task(explicit: str | None, model: TrainedModel, path: Path) -> Task:
    """The task of a model file: given, recorded in it, or named by its path. Raises InputError."""
    return tasks.resolve(explicit, model.task, task_in_path(path, tuple(tasks.TASKS)), str(path))


def _validated_task(file: Path, options: FileSearch) -> Task:
    model = load_model(file)
    task = resolve_task(options.task, model, file)
    return checked_task(task, SpikingNetwork.from_model(model, options.scaling_factors[0]), options.n_trials)


def _search_file(file, task, options, on_file, on_factor) -> FileOutcome:
    model = load_model(file)  # again: another process may have finished it since it was validated
    if _is_done(model) and not options.force:
        return _already_done(file, model)
    claim = _claim(file, model, task, options)
    if isinstance(claim, str):
        return FileOutcome(file, Outcome.CLAIMED, claim)
    model = load_model(file)  # and again, now that nobody else may write it
    if _is_done(model) and not options.force:
        claim.path.unlink(missing_ok=True)
        return _already_done(file, model)
    with _released_if_interrupted(file, claim, model):
        if not _is_done(model):
            append(file, {CLAIM_VARIABLE: np.nan})
        result = _run(file, model, task, options, claim, on_file, on_factor)
        append(file, {
            CLAIM_VARIABLE: result.best_factor,
            "all_perfs": result.accuracies[:, None],
            "scaling_factors": result.scaling_factors[None, :],
            "r2s_search_seed": result.seed,
            "r2s_search_n_trials": result.n_trials,
        })  # fmt: skip
    claim.path.unlink(missing_ok=True)
    note = f"best scaling factor {result.best_factor:g}, accuracy {result.best_accuracy:.3f}"
    return FileOutcome(file, Outcome.SEARCHED, note, result)


def _is_done(model: TrainedModel) -> bool:
    return model.scaling_factor is not None and not np.isnan(model.scaling_factor)


def _already_done(file: Path, model: TrainedModel) -> FileOutcome:
    note = f"scaling factor {model.scaling_factor:g} is already in the file (--force searches again)"
    return FileOutcome(file, Outcome.ALREADY_DONE, note)


def _run(file, model, task, options, claim: SearchClaim, on_file, on_factor) -> SearchResult:
    settings = claim.settings
    assert settings is not None
    if on_file:
        on_file(file, settings, len(claim.finished))

    def keep(result: FactorResult) -> None:
        claim.finished[result.scaling_factor] = result
        claim.save()
        if on_factor:
            on_factor(file, result)

    return grid_search(
        model, task, settings.scaling_factors, settings.n_trials, settings.seed, n_threads=options.n_threads,
        finished=dict(claim.finished), on_factor=keep,
    )  # fmt: skip


def _claim(file: Path, model: TrainedModel, task: Task, options: FileSearch) -> SearchClaim | str:
    """A claim owned by this process, or the reason why there is none."""
    old = read_claim(file)
    reason = _held(old, model, options)
    if reason:
        return reason
    if old and not take_over(file):
        return "claimed by another process just now"
    claim = SearchClaim(sidecar_path(file), this_process(), *_resumable(old, task, options))
    return claim if claim.create() else "claimed by another process just now"


def _held(old: SearchClaim | None, model: TrainedModel, options: FileSearch) -> str | None:
    """Why the file may not be claimed, if so."""
    if old is None:
        marked = model.scaling_factor is not None and np.isnan(model.scaling_factor)
        if marked and not (options.reclaim or options.force):
            return "claimed by another program (opt_scaling_factor is NaN): --reclaim takes it over"
        return None
    if old.owner is None:
        return None
    if is_alive_here(old.owner):
        return f"being searched by {old.owner_text()}"
    if options.reclaim:
        return None
    state = "left behind" if is_dead(old.owner) else "claimed"
    return f"{state} by {old.owner_text()}: --reclaim takes it over"


def _resumable(old: SearchClaim | None, task: Task, options: FileSearch) -> tuple[Settings, dict[float, FactorResult]]:
    """Settings of the search and finished values to go on from; without a given seed an earlier one is kept."""
    factors = checked_factors(options.scaling_factors)
    previous = old.settings if old else None
    seed = options.seed
    if seed is None and previous:
        seed = previous.seed
    settings = Settings(task.name, options.n_trials, resolve_seed(seed), factors)
    same_numbers = previous and (previous.task, previous.n_trials, previous.seed) == _settings_key(settings)
    finished = {f: r for f, r in old.finished.items() if f in factors} if old and same_numbers else {}
    return settings, finished


def _settings_key(settings: Settings) -> tuple[str, int, int]:
    """What must agree for a finished value to be reused."""
    return settings.task, settings.n_trials, settings.seed


@contextmanager
def _released_if_interrupted(file: Path, claim: SearchClaim, model: TrainedModel) -> Iterator[None]:
    """On any failure: give the claim up, keep the finished values, and put the file's own mark back as it was."""
    try:
        yield
    except BaseException:
        claim.owner = None
        claim.save()
        if not _is_done(model):
            append(file, {}, remove=[CLAIM_VARIABLE])
        raise
