"""Errors whose message is one line for the user: what was wrong, what was expected, which file or flag."""

import difflib
from collections.abc import Iterable


def nearest(name: str, choices: Iterable[str]) -> str:
    """`; did you mean X?` if one of the choices resembles the name, else nothing."""
    lowered = {choice.lower(): choice for choice in choices}
    found = difflib.get_close_matches(str(name).lower(), lowered, n=1, cutoff=0.7)
    return f"; did you mean {lowered[found[0]]}?" if found else ""


class InputError(ValueError):
    """A value, flag or file that cannot be used; commands print the message and exit with code 2."""


class MatFileError(InputError):
    """A MAT file that cannot be read or written."""


class ModelFileError(InputError):
    """A MAT file that is readable but holds no usable model."""
