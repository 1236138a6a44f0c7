"""Numbers that are probably in another unit: one warning with the value, the unit and the plausible range.

The ranges stand beside the fields or arguments that have them.
"""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from rate2spike.errors import InputWarning

_NO_CALLERS = ("rate2spike", "keras", "contextlib", "dataclasses")  # packages whose lines no user wrote


class Plausible(NamedTuple):
    """Ends of the range, both included. least: a magnitude below it, but not 0, is implausible too (mV given in V)."""

    low: float
    high: float
    unit: str
    least: float = 0.0


def warn_if_implausible(name: str, values: Any, plausible: Plausible, *fields: str) -> None:
    """Warn, at the caller's line, of numbers outside the range; values: one number or an array of them.

    name, fields: what they are called, as the message of an `InputError` has it.
    """
    numbers = np.ravel(np.asarray(values, np.float64))
    low, high, unit, least = plausible
    doubtful = numbers[(numbers < low) | (numbers > high) | ((numbers != 0) & (np.abs(numbers) < least))]
    if not doubtful.size:
        return
    count = f" for {doubtful.size} of {numbers.size}" if numbers.size > 1 else ""
    if least and low == 0:
        known = f"0, or {least:g} to {high:g} {unit}"
    else:
        known = f"{low:g} to {high:g} {unit}" + (f", of {least:g} or more in size if not 0" if least else "")
    message = f"{name} is {doubtful[0]:g} {unit}{count}; plausible is {known}. Is it in another unit?"
    warnings.warn(InputWarning(message, *fields), stacklevel=_level_of_caller())


@contextmanager
def not_typed_here() -> Iterator[None]:
    """No such warning in this block: its numbers come from a file, or were warned of already."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*; plausible is")
        yield


def warn_caller(text: str, *fields: str) -> None:
    """Warn of anything, at the line of the first caller outside of this package. fields: what it is about."""
    warnings.warn(InputWarning(text, *fields) if fields else text, stacklevel=_level_of_caller())


def _level_of_caller() -> int:
    """Stack level, seen from the function that asks, of the first line outside of this package.

    Constructors, decorators and conveniences lie between.
    """
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] in _NO_CALLERS:
        level, frame = level + 1, frame.f_back
    return level
