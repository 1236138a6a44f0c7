"""Which task a model file is for. NumPy only."""

import json
import os
from collections.abc import Mapping
from typing import Any

from rate2spike.checks import shown
from rate2spike.errors import InputError
from rate2spike.matlab_compat.model_paths import task_in_path
from rate2spike.rate import tasks
from rate2spike.rate.task import Task
from rate2spike.trained_model import TrainedModel


def task_settings(task: Task) -> dict[str, str]:
    """What a model file says of its task, as `TrainedModel.settings`: name, options, and where a foreign one is found."""
    settings = {"task": task.name}
    if task.options():
        settings["task_options"] = json.dumps(task.options())
    if task.reference:
        settings["task_reference"] = task.reference
    return settings


def task_of_model(
    model: TrainedModel,
    path: str | os.PathLike | None,
    explicit: str | Task | None = None,
    options: Mapping[str, Any] | None = None,
) -> Task:
    """The task of a model file: given, recorded in it (with its options), or named by its path. Raises InputError.

    path: None for a model that has none.
    """
    checked_task_name(explicit)
    if explicit is None and model.task is None and path is None:
        raise InputError(f"the model names no task: give {{task}} ({', '.join(tasks.TASKS)})", "task")
    who = "the model" if path is None else str(path)
    task = tasks.resolve(
        explicit,
        model.task,
        None if path is None else task_in_path(path, tuple(tasks.TASKS)),
        who,
        recorded_options=model.task_options,
        recorded_reference=model.task_reference,
        options=options,
    )
    for what, of_task, of_model in (
        ("input", task.n_inputs, model.n_inputs),
        ("output", task.n_outputs, model.n_outputs),
    ):
        if of_task != of_model:
            raise InputError(f"{who}: task {task.name} has {of_task} {what}(s), the model {of_model}")
    return task


def path_of(model: Any) -> str | os.PathLike | None:
    """The path, where a model is given by its path."""
    return model if isinstance(model, str | os.PathLike) else None


def checked_task_name(task: Any) -> None:
    """Raise InputError for what is neither a task, nor a name, nor None."""
    if not (task is None or isinstance(task, str | Task)):
        raise InputError(f"{{task}} must be a Task, its name, or None for the model's own; got {shown(task)}", "task")
