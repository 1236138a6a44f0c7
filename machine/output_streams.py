"""Standard output and error of a command, whatever the caller has made of them: neither may cost a result.

Closed (`>&-`): what is printed is dropped. No longer read (`2>&1 | head -1`), or full: what cannot be written any more is
dropped. Of an encoding that lacks a character (PYTHONIOENCODING, LC_ALL): it is spelt in ASCII. Imports what Python
has loaded already.
"""

import codecs
import errno
import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NOBODY_READS = frozenset({errno.EPIPE, errno.EIO})  # a pipe whose reader has ended, a terminal that was closed
_SPELT = "rate2spike"  # name of the error handler
_SPELLINGS = str.maketrans({"±": "+-", "²": "^2", "λ": "lambda", "τ": "tau", "→": "->", "…": "...", "\u2013": "-"})


class LastingFile(io.FileIO):
    """A file descriptor to which writing never fails; `error` is why it failed."""

    error: OSError | None = None

    def write(self, data: "Any") -> int:
        """Write, or drop, the data."""
        if self.error is None:
            try:
                return super().write(data)
            except OSError as error:
                self.error = error
        return memoryview(data).nbytes

    @property
    def fault(self) -> OSError | None:
        """Why it failed, such as a full disk; that a reader has seen enough is no fault."""
        return None if self.error is None or self.error.errno in _NOBODY_READS else self.error


def occupy_closed_descriptors() -> None:
    """Open those of 0 to 2 that are closed: else the next file opened would get the number, and what is printed."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
            os.set_inheritable(descriptor, True)


def make_streams_last() -> LastingFile:
    """Replace sys.stdout and sys.stderr, whose descriptors are open; returns what is below sys.stdout."""
    below_stdout, below_stderr = (LastingFile(descriptor, "w", closefd=False) for descriptor in (1, 2))
    sys.stdout = _text_stream(below_stdout, sys.stdout)
    sys.stderr = _text_stream(below_stderr, sys.stderr)
    return below_stdout


def spell_in_ascii() -> None:
    """Have sys.stdout and sys.stderr spell what they cannot encode; streams that are no files are left alone."""
    codecs.register_error(_SPELT, _in_ascii)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_SPELT)


def _text_stream(file: LastingFile, like: "Any") -> io.TextIOWrapper:
    if like is None:  # it was closed
        return io.TextIOWrapper(io.BufferedWriter(file), encoding="utf-8")
    return io.TextIOWrapper(
        file if like.write_through else io.BufferedWriter(file),  # the former as `python -u` has it
        encoding=like.encoding,
        line_buffering=like.line_buffering,
        write_through=like.write_through,
    )


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """The usual ASCII spelling of our symbols; of anything else, such as a byte of a file name, its code."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_SPELLINGS)
    return text.encode("ascii", "backslashreplace").decode("ascii"), error.end
