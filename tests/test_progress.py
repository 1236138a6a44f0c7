"""The last picture of a bar on a terminal: full, with the final numbers."""

import io
import re

import pytest

from rate2spike.errors import InputError
from rate2spike.progress import Progress, following


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
    assert "━" * 10 in frame and "╺" not in frame


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


def test_a_function_is_told_how_far_it_is():
    told = []
    with following(lambda *state: told.append(state), "training", 3) as advance:
        advance("loss 2")
        advance(n=2)
    assert told == [(1, 3, "loss 2"), (3, 3, "loss 2")]


def test_nothing_is_shown_where_nobody_watches(capsys):
    for progress in (None, False):
        with following(progress, "training", 2) as advance:
            advance("loss 2", 2)
    assert capsys.readouterr().err == ""


def test_a_log_has_a_line_at_the_end(capsys):
    with following(True, "training", 2) as advance:
        advance("loss 3")
        advance("loss 2")
    assert capsys.readouterr().err == "training: 2 of 2, loss 2\n"


def test_a_terminal_has_a_bar_with_rate(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "140")
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with following(None, "training", 100) as advance:
        for _ in range(50):
            advance("loss 3")
    assert "50/50" in terminal.last_frame() and "loss 3" in terminal.last_frame() and "/s" in terminal.getvalue()


def test_progress_must_be_something_that_can_follow():
    with pytest.raises(InputError, match="progress must be True, False, None"), following("yes", "x", 1):
        pass
