"""Training settings that make each task succeed and convert; measured in docs/training.md.

Batches are what makes the difference: with one trial per update, as published, all tasks train but fewer networks convert.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import shown, true_or_false
from rate2spike.errors import InputError
from rate2spike.rate import tasks
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.task import Task

_SETTINGS: dict[str, dict[str, Any]] = {
    "go-nogo": dict(batch_size=16, learning_rate=0.025, balanced=True, min_updates=250, evaluate_every=50),
    "xor": dict(batch_size=16, learning_rate=0.02, clip_norm=1.0, min_updates=1000),
    "mante": dict(batch_size=16, balanced=True, min_updates=600),
    "dms": dict(batch_size=16, learning_rate=0.02, clip_norm=1.0, tau_steps=(20.0, 100.0), min_updates=1000),
    "afc": dict(batch_size=8, learning_rate=0.02, min_updates=300),
    "sine": dict(batch_size=8, learning_rate=0.02, clip_norm=1.0),
}
_FALLBACK = dict(batch_size=16)
FIELDS = frozenset(field for settings in _SETTINGS.values() for field in settings)  # of TrainConfig, that recipes set
DEFAULTS = dict.fromkeys(
    sorted(FIELDS), "the recipe's"
)  # of functions that start from a recipe, as `help()` shows them


@public(hint="dataclasses.replace(recipe(task), n_units=100) changes settings")
def recipe(task: str | Task = "go-nogo") -> TrainConfig:
    """The settings that make a task train and convert, as measured in docs/training.md; `train` starts from them.

    Parameters
    ----------
    task : str or Task, default "go-nogo"
        A task or its name (`tasks.list()`). For one without a recipe the settings are the published ones with batches of 16.

    Returns
    -------
    TrainConfig
        The settings. `TrainConfig(task=...)` are the published ones instead.

    Raises
    ------
    InputError
        If there is no such task.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> r2s.recipe("go-nogo").batch_size, r2s.TrainConfig(task="go-nogo").batch_size
    (16, 1)
    """
    task = tasks.as_task(task)
    return TrainConfig(task=task, **_SETTINGS.get(task.name, _FALLBACK))


def settings_for(
    task: "str | Task | TrainConfig | None",
    config: TrainConfig | None,
    changes: Mapping[str, Any],
    *,
    from_recipe: bool,
) -> TrainConfig:
    """The settings of a call: those of a config, or else the task's recipe or the published ones, with changes.

    task: a task, its name, or a config in its place; None is that of `config`, or go-nogo. Raises InputError.
    """
    true_or_false(from_recipe, "recipe", "recipe")
    if isinstance(task, TrainConfig):
        if config is not None:
            raise InputError("give a TrainConfig once: as {task} or as {config}", "task", "config")
        task, config = None, task
    if config is None:
        task = "go-nogo" if task is None else task
        return replace(recipe(task) if from_recipe else TrainConfig(task=task), **changes)
    if not isinstance(config, TrainConfig):
        raise InputError(f"{{config}} must be a TrainConfig, got {shown(config)}", "config")
    return replace(config, **(changes if task is None else {**changes, "task": task}))
