"""What is asked of values that users give: whole numbers, ranges, choices, names. Raises InputError naming the field.

`what` is the value in words, as the message begins; `field` its name in Python, if that is another one.
"""

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, SupportsFloat, cast

import numpy as np

from rate2spike.errors import InputError, nearest

MOST = 10**8  # of anything counted: more does not fit into memory


@dataclass(frozen=True)
class Range:
    """Numbers that are allowed. least and most are allowed themselves, above and below are not, infinite ones on demand."""

    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None
    infinite: bool = False

    def holds(self, value: float) -> bool:
        """Whether a number is one of them."""
        return (
            not math.isnan(value)
            and (self.infinite or not math.isinf(value))
            and (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    @property
    def words(self) -> str:
        """As a message goes on after `must be`."""
        if self == Range(above=0):
            return "a positive number"
        if self.least is not None and self.most is not None:
            return f"a number from {self.least:g} to {self.most:g}"
        ends = [
            f"{word} {end:g}"
            for word, end in (
                ("from", self.least),
                ("above", self.above),
                ("at most", self.most),
                ("below", self.below),
            )
            if end is not None
        ]
        return " ".join(["a number", " and ".join(ends)]) if ends else "a finite number"


ANY = Range()
POSITIVE = Range(above=0)
NOT_NEGATIVE = Range(least=0)
FRACTION = Range(least=0, most=1)


def whole_number(value: Any, what: str, field: str, least: int = 1, most: int = MOST) -> int:
    """The value as int. Raises InputError unless it is a whole number (2.0 is one, True is none) from `least` to `most`."""
    if not is_number(value) or not math.isfinite(_as_float(value)) or value % 1 != 0 or value < least:
        raise InputError(f"{what} must be a whole number from {least}, got {shown(value)}", field)
    if value > most:
        raise InputError(f"{what} must be at most {most}, got {shown(value)}", field)
    return int(value)


def number(value: Any, what: str, field: str, allowed: Range = ANY) -> float:
    """The value as float. Raises InputError unless it is a number within the range."""
    if not is_number(value) or not allowed.holds(_as_float(value)):
        raise InputError(f"{what} must be {allowed.words}, got {shown(value)}", field)
    return float(value)


def choice(value: Any, what: str, field: str, choices: Iterable[str]) -> str:
    """The one of the choices that the value is, in whatever case. Raises InputError, with the nearest of them."""
    known = tuple(choices)
    for one in known:
        if isinstance(value, str) and value.lower() == one.lower():
            return one
    raise InputError(
        f"unknown {what} {shown(value)}: choose from {', '.join(known)}{nearest(str(value), known)}", field
    )


def true_or_false(value: Any, what: str, field: str) -> bool:
    """The value as bool. Raises InputError for what is none, numbers included."""
    if not isinstance(value, bool | np.bool_):
        raise InputError(f"{what} must be true or false, got {shown(value)}", field)
    return bool(value)


def function_or_none(value: Any, field: str) -> Any:
    """The function that is to be called, or None. Raises InputError for anything else."""
    if value is not None and not callable(value):
        raise InputError(f"{{{field}}} must be a function, got {shown(value)}", field)
    return value


def path(value: Any, field: str) -> Path:
    """The path. Raises InputError unless it is text or a path."""
    if not isinstance(value, str | os.PathLike):
        raise InputError(f"{{{field}}} must be a path, got {shown(value)}", field)
    return Path(value)


def several(value: Any) -> list[Any]:
    """What is given, as a list: its parts, or itself if it has none, as a text, a number or an array of no axis."""
    if isinstance(value, str | bytes | os.PathLike):
        return [value]
    try:
        return list(value)
    except TypeError:
        return [value]


def as_array(value: Any, field: str, dtype: Any = None) -> np.ndarray:
    """The array. Raises InputError for lists whose parts are of different lengths, and what the dtype cannot hold."""
    try:
        return np.asarray(value, dtype)
    except (ValueError, TypeError, OverflowError):
        what = "an array of numbers" if dtype else "an array"
        raise InputError(f"{{{field}}} must be {what}, got {shown(value)}", field) from None


def each_name(names: str | Iterable[str]) -> tuple[str, ...]:
    """The names given. One string is one name: as an iterable it would be its letters."""
    return (names,) if isinstance(names, str) else tuple(names)


def names_given(value: Any, what: str, field: str) -> tuple[str, ...]:
    """The names of a user. Raises InputError for what is neither text nor several texts."""
    names = tuple(several(value))
    wrong = [name for name in names if not isinstance(name, str)]
    if wrong:
        raise InputError(f"{what} must be text, or several texts, got {shown(wrong[0])}", field)
    return names


def shown(value: Any) -> str:
    """A value in a message: numbers as they are read, texts in quotes, and nothing longer than a line."""
    text = f"{value}" if is_number(value) else " ".join(repr(value).split("\n"))
    return text if len(text) <= 60 else f"{text[:57]}..."


def _as_float(value: Any) -> float:
    """A number as float, infinite if it is larger than any."""
    try:
        return float(cast(SupportsFloat, value))
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def is_number(value: Any) -> bool:
    """Whether a value is a real number; True is none."""
    return isinstance(value, int | float | np.number) and not isinstance(value, bool | np.complexfloating)
