"""Settings that are ranges or lists of numbers: what is asked of them."""

from collections.abc import Callable
from typing import Any

from rate2spike.checks import ANY, Range, number, several, shown, whole_number
from rate2spike.errors import InputError


def numbers_of(what: str, field: str, count: int, allowed: Range = ANY) -> Callable[[Any], tuple[float, ...]]:
    """A check: so many numbers."""

    def checked(value: Any) -> tuple[float, ...]:
        given = several(value)
        if len(given) != count:
            raise InputError(f"{what} must be {count} numbers, got {shown(value)}", field)
        return tuple(number(one, what, field, allowed) for one in given)

    return checked


def range_of(what: str, field: str, allowed: Range = ANY) -> Callable[[Any], tuple[float, float]]:
    """A check: two numbers, the second not below the first."""
    two = numbers_of(what, field, 2, allowed)

    def checked(value: Any) -> tuple[float, float]:
        low, high = two(value)
        if high < low:
            raise InputError(f"{what} must be a range, its end not below its start, got {low:g} and {high:g}", field)
        return low, high

    return checked


def durations_of(what: str, field: str) -> Callable[[Any], tuple[int, ...]]:
    """A check: whole milliseconds, one of which will be drawn."""

    def checked(value: Any) -> tuple[int, ...]:
        given = several(value)
        if not given:
            raise InputError(f"{what} must be one or several whole numbers, got none", field)
        return tuple(whole_number(one, what, field, 1, 10**6) for one in given)

    return checked
