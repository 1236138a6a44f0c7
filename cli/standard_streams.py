"""Standard output and error that take every character, and that exist."""

import codecs
import os
import sys

_SPELLINGS = str.maketrans({"±": "+-", "²": "^2", "λ": "lambda", "τ": "tau", "→": "->", "…": "...", "\u2013": "-"})


def prepare_standard_streams() -> None:
    """A character that a stream cannot encode is spelt in ASCII, and what goes to a closed stream is dropped.

    The caller decides both (PYTHONIOENCODING, LC_ALL, `>&-`), and neither may cost a result.
    """
    codecs.register_error("rate2spike", _in_ascii)
    _occupy_closed_descriptors()
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - until the process ends
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="rate2spike")


def _occupy_closed_descriptors() -> None:
    """Lest a file that is opened later gets the number of standard output, and what C code prints is written into it."""
    number = os.open(os.devnull, os.O_RDWR)  # the lowest that is free
    while number <= 2:
        os.set_inheritable(number, True)
        number = os.open(os.devnull, os.O_RDWR)
    os.close(number)


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """The usual ASCII spelling of our symbols; of anything else, such as a byte of a file name, its code."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_SPELLINGS)
    return text.encode("ascii", "backslashreplace").decode("ascii"), error.end
