"""Standard output and error of a command that goes on when nobody reads them any more.

`rate2spike train ... 2>&1 | head -1` must not lose the network: what cannot be written any more is dropped.
"""

import errno
import io
import sys
from typing import Any

_NOBODY_READS = frozenset({errno.EPIPE, errno.EIO})  # a pipe whose reader has ended, a terminal that was closed


class LastingFile(io.FileIO):
    """A file descriptor to which writing never fails; `error` is why it failed."""

    error: OSError | None = None

    def write(self, data):
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


def make_streams_last() -> LastingFile:
    """Replace sys.stdout and sys.stderr, whose descriptors are open; returns what is below sys.stdout."""
    below_stdout, below_stderr = (LastingFile(descriptor, "w", closefd=False) for descriptor in (1, 2))
    sys.stdout = _text_stream(below_stdout, sys.stdout)
    sys.stderr = _text_stream(below_stderr, sys.stderr)
    return below_stdout


def _text_stream(file: LastingFile, like: Any) -> io.TextIOWrapper:
    if like is None:  # it was closed
        return io.TextIOWrapper(io.BufferedWriter(file), encoding="utf-8", errors="backslashreplace")
    return io.TextIOWrapper(
        file if like.write_through else io.BufferedWriter(file),  # the former as `python -u` has it
        encoding=like.encoding, errors=like.errors, line_buffering=like.line_buffering,
        write_through=like.write_through,
    )  # fmt: skip
