"""Tuning of one model file in place: its lock, what was done before, its state beside it, and what is written into it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.lock_file import InUse, exclusive
from rate2spike.matlab_compat.matfile import append, check_appendable, variable_names
from rate2spike.matlab_compat.model_file import SETTING_PREFIX, load_model, model_variables
from rate2spike.matlab_compat.model_paths import without_path
from rate2spike.progress import OnProgress
from rate2spike.rate.model_task import task_of_model
from rate2spike.rate.task import Task
from rate2spike.readable import same
from rate2spike.spiking.search.claim import deciding, read_claim, why_held
from rate2spike.spiking.search.options import SearchExecution
from rate2spike.spiking.search.tunable import check_tunable
from rate2spike.spiking.tuning.kept_state import resumed, save_state, state_path, tuning_settings
from rate2spike.spiking.tuning.options import TuningExecution, TuningOptions
from rate2spike.spiking.tuning.result import TuningOutcome, TuningResult
from rate2spike.spiking.tuning.table import FileOutcome, TunedFile
from rate2spike.spiking.tuning.tune import tuned
from rate2spike.trained_model import TrainedModel

_OF_TUNING = tuple(SETTING_PREFIX + name for name in ("tune_", "untuned_", "search_"))


def tune_file(
    file: Path, options: TuningOptions, execution: TuningExecution, progress: bool | OnProgress | None = False
) -> TunedFile:
    """Tune one file. A state beside it is gone on from; it stays there when the work is cut off. Raises InputError."""
    validated_task(file, options)
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(_alone_at(file))
        except InUse as error:
            return TunedFile(file, FileOutcome.CLAIMED, without_path(error, file))
        model = load_model(file)  # again: another process may have finished it since it was validated
        done = _what_is_done(file, model, execution)
        return done or _tune(file, model, options, execution, progress)


def validated_task(file: Path, options: TuningOptions) -> Task:
    """The task of a model file that can be tuned. Raises InputError."""
    model = load_model(file)
    check_appendable(file)
    check_tunable(model)
    return task_of_model(model, file, options.task, options.task_options)


def tune_unit(file: Path, options: TuningOptions, execution: TuningExecution) -> TunedFile:
    """The same in whatever process this runs; what cannot be done is an outcome, not an end of all work."""
    try:
        return tune_file(file, options, execution)
    except InputError as error:
        return TunedFile.failed(file, error)


@contextlib.contextmanager
def _alone_at(file: Path) -> Iterator[None]:
    with exclusive(file.with_name(file.name + ".tune.lock"), "tune it", patience_s=0):
        yield


def _what_is_done(file: Path, model: TrainedModel, execution: TuningExecution) -> TunedFile | None:
    """Why there is nothing to do, if so."""
    if _is_claimed(file):
        return TunedFile(file, FileOutcome.CLAIMED, "a search that has not finished has claimed it")
    if not model.is_tuned or execution.force:
        return None
    before, after = model.stored("tune_accuracy_before"), model.stored("tune_accuracy")
    known = "" if before is None or after is None else f", from accuracy {before:.3f} to {after:.3f}"
    return TunedFile.of_tuned_model(file, model, f"is tuned already{known} ({{force}} tunes it again)", "force")


def _tune(
    file: Path,
    model: TrainedModel,
    options: TuningOptions,
    execution: TuningExecution,
    progress: bool | OnProgress | None,
) -> TunedFile:
    task, sidecar = task_of_model(model, file, options.task, options.task_options), state_path(file)
    settings = tuning_settings(model, task, options)
    options, state = resumed(sidecar, options, settings, force=execution.force)
    settings["seed"] = options.seed
    result = tuned(
        model,
        task,
        options,
        n_threads=execution.n_threads,
        progress=progress,
        state=state,
        on_state=lambda state: save_state(sidecar, settings, state),
    )
    if _is_to_be_written(model, result):
        with deciding(file):
            if _is_claimed(file):
                raise InputError(
                    f"{file}: a search has claimed it meanwhile; the steps are kept: tune again when it is done"
                )
            _write(file, model, result)
    sidecar.unlink(missing_ok=True)
    return TunedFile.of_result(file, result)


def _is_claimed(file: Path) -> bool:
    """Whether a search works on the file, or has left it unfinished."""
    return why_held(read_claim(file), load_model(file), SearchExecution()) is not None


def _is_to_be_written(model: TrainedModel, result: TuningResult) -> bool:
    """Not over a network that has a scaling factor, where nothing better was found."""
    if model.is_tuned or result.outcome is TuningOutcome.TUNED:
        return True
    is_searched = model.scaling_factor is not None and np.isfinite(model.scaling_factor)
    return not is_searched or (result.model.is_tuned and result.after.n_correct > result.before.n_correct)


def _write(file: Path, model: TrainedModel, result: TuningResult) -> None:
    """Append what differs, atomically; all other variables stay as they are."""
    held, ours = model_variables(model), model_variables(result.model)
    changed = {name: value for name, value in ours.items() if name not in held or not same(held[name], value)}
    former = [name for name in variable_names(file) if name.startswith(_OF_TUNING) and name not in ours]
    append(file, changed, remove=former)
