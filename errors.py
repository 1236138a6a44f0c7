"""Errors whose message is one line for the user: what was wrong, what was expected, which file or setting."""

import difflib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager


def nearest(name: str, choices: Iterable[str]) -> str:
    """`; did you mean X?` if one of the choices resembles the name, else nothing."""
    lowered = {choice.lower(): choice for choice in choices}
    found = difflib.get_close_matches(str(name).lower(), lowered, n=1, cutoff=0.7)
    return f"; did you mean {lowered[found[0]]}?" if found else ""


class Worded(Exception):
    """A message about settings.

    fields: the settings that it is about, by their names in Python. The message holds them as `{n_trials}`; one that it does
    not hold is added in parentheses. The command line names its flags in their place, see `worded`.
    """

    def __init__(self, message: str, *fields: str):
        super().__init__(message)
        self.fields = fields

    def __str__(self) -> str:
        return self.worded()

    def worded(self, spell: Callable[[str], str | None] = str) -> str:
        """The message with each field as `spell` has it: None leaves out what would stand in parentheses."""
        message, added = str(self.args[0]), []
        for field in self.fields:
            spelled = spell(field)
            if f"{{{field}}}" in message:
                message = message.replace(f"{{{field}}}", spelled or field)
            elif spelled:
                added.append(spelled)
        return f"{message} ({', '.join(added)})" if added else message


class InputError(Worded, ValueError):
    """A value, setting or file that cannot be used; commands print the message and exit with code 2."""


class InputWarning(Worded, UserWarning):
    """A value that can be used and is probably not meant; commands print the message."""


@contextmanager
def about(field: str) -> Iterator[None]:
    """Errors in this block that name no field are about this one."""
    try:
        yield
    except InputError as error:
        if error.fields:
            raise
        raise type(error)(str(error.args[0]), field) from None


class MatFileError(InputError):
    """A MAT file that cannot be read or written."""


class ModelFileError(InputError):
    """A MAT file that is readable but holds no usable model."""
