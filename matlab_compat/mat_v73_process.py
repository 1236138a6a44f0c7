"""MAT v7.3 files read and changed in a child process.

The HDF5 library can hang or crash on a damaged file, inside C code where no Python exception helps. In a child it costs
the child only. One child serves a whole session; where none can be started (Python embedded in another program) the work
is done in this process.
"""

import atexit
import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rate2spike.errors import InputError, MatFileError
from rate2spike.matlab_compat import mat_v73_describe, mat_v73_read, mat_v73_write
from rate2spike.matlab_compat.values import MAX_DEPTH

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "read": mat_v73_read.read,
    "describe": mat_v73_describe.describe,
    "variable_names": mat_v73_describe.variable_names,
    "write_changed_copy": mat_v73_write.write_changed_copy,
}
_LEAST_PATIENCE_S, _BYTES_PER_S = 10.0, 2e6  # far slower than any sound file is read or written
_START_PATIENCE_S = 60.0
_SPARE_BYTES = 2**29  # of a child, beyond twice what the values may take


def call(function: str, path: str | os.PathLike, *arguments: Any, n_bytes: int = 0, n_written: int = 0) -> Any:
    """One of FUNCTIONS with (path, *arguments), done by the child. `n_bytes`: most that it may have to hold.

    Raises what the function raises, and MatFileError if the child crashes, or takes longer than any sound file would.
    """
    with _lock:
        child = _running_child()
        if child is None:
            return FUNCTIONS[function](path, *arguments)
        patience_s = _LEAST_PATIENCE_S + (_size(path) + n_written) / _BYTES_PER_S
        try:
            result = child.ask((function, os.fspath(path), arguments, 2 * n_bytes + _SPARE_BYTES), patience_s)
        except (EOFError, OSError, pickle.UnpicklingError):
            child.stop()
            raise MatFileError(f"{path}: damaged MAT v7.3 file: the HDF5 library crashes on it or never ends") from None
        except BaseException:  # Ctrl-C: an answer may be under way, which nobody would read
            child.stop()
            raise
    if isinstance(result, Exception):
        raise result
    return result


class _Child:
    """The process and its pipes."""

    def __init__(self) -> None:
        self.owner_pid = os.getpid()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rate2spike.matlab_compat.mat_v73_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)},
        )

    def is_running(self) -> bool:
        """Whether it lives, and belongs to this process rather than to the one that forked it."""
        return self._process.poll() is None and self.owner_pid == os.getpid()

    def ask(self, request: Any, patience_s: float) -> Any:
        """The answer. Raises EOFError or OSError if the child dies; it is killed when patience ends."""
        assert self._process.stdin and self._process.stdout
        timer = threading.Timer(patience_s, self._process.kill)
        timer.daemon = True
        timer.start()
        try:
            pickle.dump(request, self._process.stdin, pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()
            return pickle.load(self._process.stdout)
        finally:
            timer.cancel()

    def stop(self) -> None:
        """End it at once."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.wait()


_lock = threading.Lock()
_child: _Child | None = None
_cannot_start = False


def _running_child() -> _Child | None:
    """The child, started if there is none; None if it cannot be."""
    global _child, _cannot_start
    if _child and _child.is_running():
        return _child
    if _cannot_start:
        return None
    try:
        _child = _Child()
        if _child.ask(("ready", "", (), 0), _START_PATIENCE_S) == "ready":
            return _child
    except (EOFError, OSError, pickle.UnpicklingError):
        pass
    _cannot_start = True
    return None


@atexit.register
def _stop() -> None:
    if _child and _child.is_running():
        _child.stop()


def _size(path: str | os.PathLike) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0


def _serve() -> None:
    """In the child: answer requests until the parent closes the pipe."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing else may be written into the pipe
    sys.setrecursionlimit(50 * MAX_DEPTH)  # pickle calls itself several times per nested cell or struct
    while True:
        try:
            function, path, arguments, may_take_bytes = pickle.load(requests)
        except EOFError:
            return
        try:
            _limit_memory(may_take_bytes)
            answer = "ready" if function == "ready" else FUNCTIONS[function](path, *arguments)
        except InputError as error:
            answer = error
        except MemoryError:
            answer = MatFileError(f"{path}: not enough memory to read or write it")
        except OSError as error:
            answer = InputError(f"cannot write {path}: {error.strerror or error}")
        pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()


def _limit_memory(n_bytes: int) -> None:
    """Let the HDF5 library fail to reserve what a damaged file asks for. Linux only; elsewhere it may."""
    if not n_bytes or not sys.platform.startswith("linux"):
        return
    import resource

    used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    wanted = used + n_bytes
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


if __name__ == "__main__":
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    _serve()
