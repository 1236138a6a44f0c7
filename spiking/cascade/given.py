"""Constants that a user gives to a simulation: a record of the right kind, or None."""

from typing import Any, TypeVar

from rate2spike.checks import shown
from rate2spike.errors import InputError

Params = TypeVar("Params")


def params_given(params: Any, kind: type[Params]) -> Params:
    """The record; None: the defaults. Raises InputError for anything else."""
    if params is None:
        return kind()
    if not isinstance(params, kind):
        raise InputError(f"{{params}} must be {kind.__name__}(...), got {shown(params)}", "params")
    return params
