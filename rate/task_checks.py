"""Whether a task can be worked with: sizes that make sense, and a first trial that can be drawn and judged."""

import numpy as np

from rate2spike.errors import InputError
from rate2spike.rate.task import FINE_STEPS_PER_STEP, Task


def check_sizes(task: Task) -> None:
    """Raise InputError unless the sizes of a task are whole numbers that make sense, and a first trial can be drawn."""
    who = task._who()
    name = getattr(task, "name", None)
    if not isinstance(name, str) or not name or name.startswith(".") or set(name) & set('/\\:*?"<>| '):
        raise InputError(
            f"{who}: its name must be text without blanks and slashes, since it becomes a folder; got {name!r}"
        )
    for field, least in (("n_inputs", 1), ("n_steps", 2), ("n_outputs", 1), ("window_start", 0), ("min_updates", 0)):
        value = getattr(task, field, None)
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
            raise InputError(f"{who}: {field} must be a whole number from {least}, got {value!r}")
    if task.rate_window_start >= task.n_steps - 1:
        raise InputError(
            f"{who}: nothing is scored: window_start {task.rate_window_start} leaves no output of {task.n_steps} steps"
        )
    for field in ("loss_threshold", "accuracy_threshold"):
        if not isinstance(getattr(task, field), int | float):
            raise InputError(f"{who}: {field} must be a number, got {getattr(task, field)!r}")
    if task.spiking_window_start >= FINE_STEPS_PER_STEP * task.n_steps:
        raise InputError(
            f"{who}: nothing is scored of the spiking network: its window begins at step "
            f"{task.spiking_window_start // FINE_STEPS_PER_STEP} of {task.n_steps}"
        )
    trial = task.draw(np.random.default_rng(0))
    trial.score_rate(trial.target[..., :-1])
    trial.score_spiking(np.repeat(trial.target, FINE_STEPS_PER_STEP, axis=-1))
