"""Options of tasks as they come from flags, TOML and MATLAB: numbers, or their text, in the type of the default."""

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
