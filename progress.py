"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

import sys
from typing import Any, TextIO


class Progress:
    """`with Progress("training", total) as progress: progress.advance("loss 3.2")`.

    On a terminal a bar shows the latest text; in a log, only what is given to `line` is printed.
    """

    def __init__(self, title: str, total: int, stream: TextIO | None = None):
        self._title, self._total = title, total
        self._stream = stream or sys.stderr
        self._bar: Any = None  # a rich progress bar, on a terminal
        self._task: Any = None

    def __enter__(self) -> "Progress":
        if self._stream.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bar

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[text]}"),
            )
            self._bar = Bar(*columns, console=Console(file=self._stream))
            self._bar.start()
            self._task = self._bar.add_task(self._title, total=self._total, text="")
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, text: str, n: int = 1) -> None:
        """Count n more units done."""
        if self._bar is not None:
            self._bar.update(self._task, advance=n, text=text)

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
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            print(text, file=self._stream, flush=True)
