"""λ search over model files: claim, skip what is finished, resume, append the three historic variables."""

import contextlib
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.lock_file import this_process
from rate2spike.matlab_compat.matfile import append, check_appendable, loadmat, variable_names
from rate2spike.matlab_compat.model_file import CLAIM_VARIABLE, SETTING_PREFIX, load_model
from rate2spike.matlab_compat.model_paths import model_files, without_path
from rate2spike.rate.model_task import task_of_model
from rate2spike.rate.task import Task
from rate2spike.readable import Readable
from rate2spike.spiking.scoring.given_network import checked_task
from rate2spike.spiking.search.claim import SearchClaim, deciding, read_claim, resumable, sidecar_path, why_held
from rate2spike.spiking.search.grid import search_factors
from rate2spike.spiking.search.kept import MAY_LACK, search_settings, task_texts
from rate2spike.spiking.search.options import SearchExecution, SearchOptions
from rate2spike.spiking.search.result import FactorResult, SearchResult
from rate2spike.spiking.search.tunable import tune_command
from rate2spike.trained_model import TrainedModel

OnFile = Callable[[Path, SearchOptions, int], None]
OnFactor = Callable[[Path, FactorResult], None]


class SearchState(Enum):
    """What became of a file."""

    SEARCHED = "searched"
    ALREADY_DONE = "already done"
    CLAIMED = "claimed"
    FAILED = "failed"


@dataclass(frozen=True, eq=False, repr=False)
class SearchedFile(Readable):
    """One file of a search, and what became of it.

    Attributes
    ----------
    path : Path
        The model file.
    state : SearchState
        SEARCHED, ALREADY_DONE, CLAIMED (by another process) or FAILED.
    note : str
        A line for the user; `message` is the same with `fields`, the settings that it is about, as {name}.
    result : SearchResult or None
        Where it was searched.
    remarks : tuple of str
        Warnings about the search's end.
    """

    path: Path
    state: SearchState
    message: str
    result: SearchResult | None = None
    fields: tuple[str, ...] = ()

    def summary(self) -> dict[str, Any]:
        """What `repr` shows."""
        return {"path": str(self.path), "state": self.state.value, "note": self.note}

    @property
    def note(self) -> str:
        """The line with fields by their names in Python."""
        return self.worded()

    def worded(self, spell: Callable[[str], str | None] = str) -> str:
        """The line with fields as `spell` has them, see `InputError.worded`."""
        return InputError(self.message, *self.fields).worded(spell)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Warnings about the search's end, if any; see `SearchResult.remarks`."""
        return self.result.remarks_naming(diagnose_command(self.path), tune_command(self.path)) if self.result else ()

    @classmethod
    def failed(cls, path: Path, error: InputError) -> "SearchedFile":
        """What cannot be searched, and why."""
        plain = InputError(str(error.args[0]))
        return cls(path, SearchState.FAILED, without_path(plain, path), fields=error.fields)


def search_each(
    paths: str | Path | Iterable[str | Path],
    options: SearchOptions | None = None,
    execution: SearchExecution | None = None,
    *,
    on_file: OnFile | None = None,
    on_factor: OnFactor | None = None,
) -> Iterator[SearchedFile]:
    """Search the model files that the paths mean (see `model_files`) in this process, yielding what became of each.

    Every file is validated before the first is touched. Of several, one that cannot be searched does not stop the others.
    on_file(path, options, n_finished) announces a search, on_factor each new value. Ctrl-C releases the claim and keeps the
    finished values beside the file for the next call. Raises InputError; about a file only if there is but one.
    """
    options, execution = options or SearchOptions(), execution or SearchExecution()
    options.check()
    files = model_files(*([paths] if isinstance(paths, str | Path) else paths))
    if len(files) == 1:
        yield search_file(files[0], validated_task(files[0], options), options, execution, on_file, on_factor)
        return
    for file, task in [(file, _task_or_failure(file, options)) for file in files]:
        if isinstance(task, SearchedFile):
            yield task
        else:
            yield _searched(file, task, options, execution, on_file, on_factor)


def diagnose_command(file: Path) -> str:
    """What to type in a terminal to learn why a network does not convert."""
    return f"rate2spike diagnose {shlex.quote(str(file))}"


def search_unit(file: Path, options: SearchOptions, execution: SearchExecution) -> SearchedFile:
    """Search one file, in whatever process this runs; what cannot be done is an outcome, not an end of all work."""
    task = _task_or_failure(file, options)
    return task if isinstance(task, SearchedFile) else _searched(file, task, options, execution)


def _task_or_failure(file: Path, options: SearchOptions) -> Task | SearchedFile:
    try:
        return validated_task(file, options)
    except InputError as error:
        return SearchedFile.failed(file, error)


def _searched(
    file: Path,
    task: Task,
    options: SearchOptions,
    execution: SearchExecution,
    on_file: OnFile | None = None,
    on_factor: OnFactor | None = None,
) -> SearchedFile:
    try:
        return search_file(file, task, options, execution, on_file, on_factor)
    except InputError as error:
        return SearchedFile.failed(file, error)


def validated_task(file: Path, options: SearchOptions) -> Task:
    """The task of a model file that can be searched. Raises InputError."""
    model = load_model(file)
    check_appendable(file)
    task = task_of_model(model, file, options.task, options.task_options)
    network = options.network(model, options.scaling_factors[0])
    options.warn_of_units(model)
    return checked_task(task, network)


def search_file(
    file: Path,
    task: Task,
    options: SearchOptions,
    execution: SearchExecution,
    on_file: OnFile | None = None,
    on_factor: OnFactor | None = None,
) -> SearchedFile:
    """Claim, search and append one file; see `search_each`."""
    claim, model = None, None
    try:
        with deciding(file):
            model = load_model(file)  # again: another process may have finished it since it was validated
            if _is_done(model) and not execution.force:
                message = f"scaling factor {model.scaling_factor:g} is already in the file ({{force}} searches again)"
                return SearchedFile(file, SearchState.ALREADY_DONE, message, fields=("force",))
            old = read_claim(file)
            reason = why_held(old, model, execution)
            if reason:
                return SearchedFile(file, SearchState.CLAIMED, reason, fields=("reclaim",) * ("{reclaim}" in reason))
            owner = this_process() | ({"run": execution.run} if execution.run else {})
            claim = SearchClaim(sidecar_path(file), owner, *resumable(old, task, options, force=execution.force))
            claim.save()
        if not _is_done(model):
            append(file, {CLAIM_VARIABLE: np.nan})
        result = _run(file, model, task, claim, execution.n_threads, on_file, on_factor)
        _append_result(file, model, result, options)
        claim.path.unlink(missing_ok=True)
    except BaseException:
        if claim:
            release(file, claim)
        raise
    note = f"best scaling factor {result.best_factor:g}, accuracy {result.best_accuracy:.3f}"
    return SearchedFile(file, SearchState.SEARCHED, note, result)


def _run(
    file: Path,
    model: TrainedModel,
    task: Task,
    claim: SearchClaim,
    n_threads: int | None,
    on_file: OnFile | None,
    on_factor: OnFactor | None,
) -> SearchResult:
    settings = claim.settings
    assert settings is not None
    if on_file:
        on_file(file, settings, len(claim.finished.keys() & set(settings.scaling_factors)))

    def keep(result: FactorResult) -> None:
        claim.is_begun = True
        if settings.strategy == "grid":  # the adaptive one stops factors at different numbers of trials
            claim.finished[result.scaling_factor] = result
            claim.save()
        if on_factor:
            on_factor(file, result)

    finished = dict(claim.finished)
    return search_factors(model, task, settings, n_threads=n_threads, finished=finished, on_factor=keep)


def _append_result(file: Path, model: TrainedModel, result: SearchResult, options: SearchOptions) -> None:
    """What a search leaves; and the task that the user named, for a file that says none: nobody need name it again."""
    is_named = bool(options.task or options.task_options) and "task" not in model.settings
    settings = {**(task_texts(result) if is_named else {}), **search_settings(result)}
    earlier = [SETTING_PREFIX + name for name in MAY_LACK if name not in settings]
    append(
        file,
        {
            CLAIM_VARIABLE: result.best_factor,
            "all_perfs": result.accuracies[:, None],
            "scaling_factors": result.scaling_factors[None, :],
            **{SETTING_PREFIX + name: value for name, value in settings.items()},
        },
        remove=[name for name in earlier if name in variable_names(file)],
    )


def release(file: Path, claim: SearchClaim) -> None:
    """After Ctrl-C or a failure: give the claim up, keep finished values and the seed, take back the NaN mark.

    Trouble in here must not hide why the search ended.
    """
    with contextlib.suppress(InputError, OSError):
        if claim.finished or claim.is_begun:
            claim.owner = None
            claim.save()
        else:
            claim.path.unlink(missing_ok=True)
        mark = loadmat(file, [CLAIM_VARIABLE]).get(CLAIM_VARIABLE)
        if isinstance(mark, np.ndarray) and mark.size == 1 and np.isnan(mark.item()):
            append(file, {}, remove=[CLAIM_VARIABLE])


def _is_done(model: TrainedModel) -> bool:
    return model.scaling_factor is not None and not np.isnan(model.scaling_factor)
