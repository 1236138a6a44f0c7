"""Progress of long work: a bar on a terminal or in a notebook, plain lines elsewhere.

Commands use `Progress`; functions that users call take `progress` and follow it by `following`.
"""

import logging
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any, TextIO

from rate2spike.errors import InputError

OnProgress = Callable[[int, int, str], None]  # units done, of how many, latest text
Advance = Callable[..., None]  # (text="", n=1): n more units are done
LOGGER = logging.getLogger("rate2spike")  # what the package tells of its work; a user adds a handler to see it
LOGGER.addHandler(logging.NullHandler())
_BETWEEN_LINES_S = 10.0  # in a log


def is_silenced() -> bool:
    """Whether the level of the logger `rate2spike` says that only warnings are wanted."""
    return LOGGER.level > logging.INFO


class Progress:
    """`with Progress("training", total) as progress: progress.advance("loss 3.2")`.

    On a terminal a bar shows the latest text; in a log, only what is given to `line` is printed. Nothing is shown while the
    logger `rate2spike` lets only warnings pass (`logging.getLogger("rate2spike").setLevel("WARNING")`).
    """

    def __init__(self, title: str, total: int, stream: TextIO | None = None):
        self._title, self._total = title, total
        self._stream = stream or sys.stderr
        self._bar: Any = None  # a rich progress bar, on a terminal
        self._task: Any = None

    def __enter__(self) -> "Progress":
        if self._stream.isatty() and not is_silenced():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar
            from rich.table import Column

            def whole(letters: int) -> Column:
                """Of numbers, which are never cut: the bar and the text give way."""
                return Column(no_wrap=True, min_width=letters)

            digits = len(str(self._total))
            columns = (
                TextColumn("{task.description}", table_column=Column(no_wrap=True)),
                BarColumn(10),
                MofNCompleteColumn(table_column=whole(2 * digits + 1)),
                TimeElapsedColumn(table_column=whole(7)),
                TextColumn("{task.fields[rate]}", table_column=Column(no_wrap=True)),
                TimeRemainingColumn(table_column=whole(7)),
                TextColumn("{task.fields[text]}", table_column=Column(no_wrap=True, overflow="ellipsis")),
            )
            self._bar = Bar(*columns, console=Console(file=self._stream))
            self._bar.start()
            self._task = self._bar.add_task(self._title, total=self._total, text="", rate="")
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, text: str, n: int = 1) -> None:
        """Count n more units done."""
        if self._bar is not None:
            self._bar.update(self._task, advance=n, text=text, rate=_rate(self._bar.tasks[0].speed))

    def finish(self, text: str) -> None:
        """All is done, perhaps in fewer units than were thought: a full bar, and the final numbers."""
        if self._bar is not None:
            done = self._bar.tasks[0].completed
            self._bar.update(self._task, total=done, completed=done, text=text)

    def restart(self, total: int, n_done: int = 0) -> None:
        """Begin anew, for the next of several pieces of work."""
        if self._bar is not None:
            self._bar.reset(self._task, total=total, completed=n_done)

    def log(self, text: str) -> None:
        """Print a line in a log; a terminal has the bar instead."""
        if self._bar is None:
            self.line(text)

    def line(self, text: str) -> None:
        """Print a line, above the bar if there is one."""
        if self._bar is not None:
            console = self._bar.console
            lines = textwrap.fill(text, console.width, break_long_words=False, break_on_hyphens=False)
            console.print(lines, markup=False, highlight=False, soft_wrap=True)
        elif not is_silenced():
            print(text, file=self._stream, flush=True)


@contextmanager
def following(progress: bool | OnProgress | None, title: str, total: int) -> Iterator[Advance]:
    """`with following(progress, "training", 5000) as advance: advance("loss 3.2")`.

    progress: None shows a bar where somebody watches, on a terminal or in a notebook; True shows one there and lines in a
    log; False shows nothing, nor does a silenced logger; a function is called as progress(n_done, n_total, text). Raises
    InputError for anything else.
    """
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        raise InputError(f"{{progress}} must be True, False, None or a function, got {progress!r}", "progress")
    if callable(progress):
        yield _counted(progress, total)
    elif progress is False or is_silenced() or (progress is None and not is_watched()):
        yield lambda _text="", _n=1: None
    elif _in_notebook():
        yield _counted(_notebook_bar(title), total)
    elif sys.stderr.isatty():
        with Progress(title, total) as bar:
            latest = [""]

            def advance(text: str = "", n: int = 1) -> None:
                latest[0] = text or latest[0]
                bar.advance(latest[0], n)

            yield advance
            bar.finish(latest[0])
    else:
        yield _counted(_log_lines(title), total)


def is_watched() -> bool:
    """Whether standard error is a terminal, or this is a notebook."""
    return _in_notebook() or sys.stderr.isatty()


def _counted(tell: OnProgress, total: int) -> Advance:
    done, latest = 0, ""

    def advance(text: str = "", n: int = 1) -> None:
        nonlocal done, latest
        done, latest = done + n, text or latest
        tell(done, total, latest)

    return advance


def _log_lines(title: str) -> OnProgress:
    """A line now and then, and one at the end."""
    last = time.monotonic()

    def tell(done: int, total: int, text: str) -> None:
        nonlocal last
        if done >= total or time.monotonic() - last >= _BETWEEN_LINES_S:
            last = time.monotonic()
            print(f"{title}: {done} of {total}{', ' + text if text else ''}", file=sys.stderr, flush=True)

    return tell


def _notebook_bar(title: str) -> OnProgress:
    from IPython.display import HTML, display  # it is there, since it runs us

    shown = display(HTML(""), display_id=True)
    start = last = time.monotonic()

    def tell(done: int, total: int, text: str) -> None:
        nonlocal last
        now = time.monotonic()
        if done >= total or now - last > 0.1:
            last = now
            rest_s = (now - start) / done * (total - done)
            shown.update(
                HTML(
                    f"{escape(title)} <progress value={done} max={total}></progress> {done}/{total}, "
                    f"{_rate(done / max(now - start, 1e-9))}, {rest_s:.0f} s left {escape(text)}"
                )
            )

    return tell


def _rate(per_s: float | None) -> str:
    """`12/s`, or `5 s each` for slow work."""
    if not per_s:
        return ""
    return f"{per_s:.3g}/s" if per_s >= 1 else f"{1 / per_s:.3g} s each"


def _in_notebook() -> bool:
    """Whether a Jupyter kernel runs us: IPython's shell on a terminal is none."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return type(get_ipython()).__name__ == "ZMQInteractiveShell"
