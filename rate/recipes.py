"""Training settings that make each task succeed and convert; measured in docs/training.md.

Batches are what makes the difference: with one trial per update, as published, all tasks train but fewer networks convert.
"""

from typing import Any

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


def recipe(task: str | Task) -> TrainConfig:
    """The documented settings for a task; for a user's own, batches of 16. Raises InputError for an unknown one."""
    task = task if isinstance(task, Task) else tasks.get(task)
    return TrainConfig(task=task, **_SETTINGS.get(task.name, _FALLBACK))
