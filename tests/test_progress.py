"""The last picture of a bar on a terminal: full, with the final numbers."""

import io
import re

from rate2spike.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True

    def last_frame(self):
        """The bar as it is left on the screen."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.getvalue()).replace("\r", "\n").strip().splitlines()[-1]


def test_work_that_ends_early_leaves_a_full_bar_and_the_final_numbers(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    terminal = Terminal()
    with Progress("training", 150, terminal) as progress:
        progress.advance("loss 6.04, accuracy 0.52", 102)
        progress.finish("loss 5.87, accuracy 1.00")
    frame = terminal.last_frame()
    assert "102/102" in frame and "loss 5.87, accuracy 1.00" in frame and "0.52" not in frame
    assert "━" * 40 in frame and "╺" not in frame


def test_the_second_piece_of_work_is_the_one_that_is_finished(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    terminal = Terminal()
    with Progress("searching", 5, terminal) as progress:
        for note in ("first", "second"):
            progress.restart(5, n_done=2)
            progress.advance("factor 20: 0.5")
            progress.finish(note)
    assert "3/3" in terminal.last_frame() and "second" in terminal.last_frame()


def test_a_log_has_no_bar():
    log = io.StringIO()
    with Progress("training", 3, log) as progress:
        progress.advance("loss 1")
        progress.line("update 1")
        progress.finish("loss 1")
    assert log.getvalue() == "update 1\n"
