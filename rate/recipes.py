"""Training settings that make each task succeed and convert; measured in docs/recipes.md.

Batches are what makes the difference: with one trial per update, as published, all tasks train but fewer networks convert.
"""

from dataclasses import replace

from rate2spike.rate import tasks
from rate2spike.rate.config import TrainConfig

_RECIPES = {
    "go-nogo": TrainConfig(task="go-nogo", batch_size=8),
    "xor": TrainConfig(task="xor", batch_size=16),
    "mante": TrainConfig(task="mante", batch_size=8, min_updates=1500),
}


def recipe(task: str) -> TrainConfig:
    """The documented settings for a task. Raises InputError for an unknown one."""
    name = tasks.get(task).name
    return _RECIPES.get(name) or replace(TrainConfig(), task=name)
