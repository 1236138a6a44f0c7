"""Options of tasks as they come from flags, TOML and MATLAB: numbers, or their text, in the type of the default."""

from itertools import pairwise
from typing import Any

import numpy as np

from rate2spike.errors import InputError


def in_type_of(default: Any, value: Any, what: str) -> Any:
    """value, or its text, in the type of default. Raises InputError."""
    try:
        if isinstance(default, bool):
            return {"true": True, "1": True, "false": False, "0": False}[str(value).lower()]
        if isinstance(default, int):
            if float(value) % 1 != 0:
                raise ValueError
            return int(float(value))
        if isinstance(default, float):
            if not np.isfinite(float(value)):
                raise ValueError
            return float(value)
    except (KeyError, TypeError, ValueError):
        kind = {bool: "true or false", int: "a whole number", float: "a number"}[type(default)]
        raise InputError(f"task {what} must be {kind}, got {value!r}", "task_options") from None
    return value


def plain(value: Any) -> Any:
    """NumPy's scalars as Python's."""
    return value.item() if isinstance(value, np.generic) else value


def in_order(task: Any, *steps: int) -> None:
    """Raise InputError unless 0 <= steps[0] <= steps[1] ... <= n_steps: a check for the timing of a task.

    Options that end in _dur must be a step or more: a stimulus or a response without duration is none.
    """
    for name, value in task.options().items():
        if name.endswith("_dur") and value < 1:
            raise InputError(f"task {task.name}: {name} must be at least 1 step of 5 ms, got {value}", "task_options")
    times = (0, *steps, task.n_steps)
    if any(later < earlier for earlier, later in pairwise(times)):
        raise InputError(
            f"task {task.name}: its events must follow one another within n_steps = {task.n_steps}, "
            f"got steps {', '.join(map(str, steps))}",
            "task_options",
        )
