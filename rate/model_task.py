"""Which task a model file is for. NumPy only."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
    model: TrainedModel, path: Path, explicit: str | Task | None = None, options: Mapping[str, Any] | None = None
) -> Task:
    """The task of a model file: given, recorded in it (with its options), or named by its path. Raises InputError."""
    task = tasks.resolve(
        explicit,
        model.task,
        task_in_path(path, tuple(tasks.TASKS)),
        str(path),
        recorded_options=model.task_options,
        recorded_reference=model.task_reference,
        options=options,
    )
    for what, of_task, of_model in (
        ("input", task.n_inputs, model.n_inputs),
        ("output", task.n_outputs, model.n_outputs),
    ):
        if of_task != of_model:
            raise InputError(f"{path}: task {task.name} has {of_task} {what}(s), the model {of_model}")
    return task
