"""Ctrl-C, and a terminal that is closed, end a command in one line and with exit code 130 (129), whatever was going on.

Until something is at stake, an interrupt in the middle of an import ends the process at once: large libraries do not
stand being cut off there (some swallow the exception, some print pages). Afterwards it is a KeyboardInterrupt, so that
work is saved and claims are released. This module comes before all others, and imports as little as can be.
"""

import os
import signal
import sys

from rate2spike.machine.output_streams import occupy_closed_descriptors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

RUN_AGAIN = "run the same command again"


class _Watched:
    """The command that is this process; there is none in a process where we are a library."""

    def __init__(self, prog: str):
        self.prog = prog
        self.stderr = os.dup(2)  # while TensorFlow starts, number 2 is turned away
        self.at_stake = False
        self.signal: int | None = None  # the one that came
        self.is_said = False  # the line is printed


_watched: _Watched | None = None


def as_process(command: "Callable[[], int]", prog: str) -> int:
    """Run a command that is all that this process does; returns its exit code, ends the process if it was interrupted."""
    global _watched
    if _watched is not None:
        return command()
    occupy_closed_descriptors()
    _watched = _Watched(prog)
    sys.unraisablehook = _again_if_swallowed(sys.unraisablehook)
    _handle_with(_on_signal)
    try:
        code = command()
    except KeyboardInterrupt:
        code = say_interrupted()
    if _watched.signal is not None:
        _end(code)  # without the farewell messages of libraries that were cut off
    _handle_with(signal.SIG_IGN)  # all is done: what remains is the interpreter's own end
    return code


def something_is_at_stake() -> None:
    """From here on an interrupt must be given the chance to save or clean up."""
    if _watched is not None:
        _watched.at_stake = True


def was_interrupted() -> bool:
    """Whether an interrupt came: what goes wrong afterwards is its doing."""
    return _watched is not None and _watched.signal is not None


def say_interrupted(hint: str = RUN_AGAIN, prog: str | None = None) -> int:
    """Print the one line; returns the exit code."""
    prog = prog or (_watched.prog if _watched else "rate2spike")
    line = f"{prog}: interrupted: {hint}\n"
    if _watched is None:
        print(line, end="", file=sys.stderr)
        return 128 + signal.SIGINT
    _watched.is_said = True
    behind_the_echo = "\n" if os.isatty(_watched.stderr) else ""  # of ^C
    try:
        os.write(_watched.stderr, (behind_the_echo + line).encode(errors="replace"))
    except OSError:  # nobody listens any more
        pass
    return 128 + (_watched.signal or signal.SIGINT)


def _handle_with(handler: "Callable | int") -> None:
    for name in ("SIGINT", "SIGHUP"):  # Windows has no SIGHUP
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # as it is behind `nohup` and `&`
            signal.signal(number, handler)


def _on_signal(number: int, frame: "FrameType | None") -> None:
    assert _watched is not None
    _watched.signal = number
    if number != signal.SIGINT:  # a terminal that is closed sends two at once: the second must not cut off the saving
        signal.signal(number, signal.SIG_IGN)
    if _watched.is_said:
        _end(128 + number)
    if not _watched.at_stake and _is_importing(frame):
        _end(say_interrupted())
    if "logging" in sys.modules:  # TensorFlow complains of every object that was left unfinished
        sys.modules["logging"].disable(sys.modules["logging"].CRITICAL)
    raise KeyboardInterrupt


def _is_importing(frame: "FrameType | None") -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _end(code: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):  # closed, full
            pass
    if "multiprocessing.util" in sys.modules:  # semaphores that were left would be complained of, by another process
        sys.modules["multiprocessing.util"]._run_finalizers(0)
    os._exit(code)


def _again_if_swallowed(usual: "Callable") -> "Callable":
    """A hook for exceptions in destructors and callbacks, where nobody can catch them: the interrupt comes again."""

    def hook(unraisable: "sys.UnraisableHookArgs") -> None:
        if isinstance(unraisable.exc_value, KeyboardInterrupt):
            import threading

            again = threading.Timer(0.05, signal.raise_signal, [signal.SIGINT])  # here it would be swallowed again
            again.daemon = True
            again.start()
        elif not was_interrupted():
            usual(unraisable)

    return hook
