"""Text in 80 columns: nothing is broken inside a number and its unit, a flag or a path.

Results are put into 80 columns where somebody reads them, on a terminal; a file or another program gets a statement in one
line, to be searched, whatever COLUMNS says (some shells and test runners set it for all their children).
"""

import re
import sys
import textwrap
from collections.abc import Sequence

WIDTH = 80
_ENDLESS = 10_000
_KEPT_BLANK = "\u00a0"  # textwrap breaks at no such blank
_UNIT = r"(?<=\d) (?=(?:ms|s|mV|Hz|GiB|%|steps?|±|\d{3})(?:\W|$))"
_SD = r"(?<=±) (?=\d)"
_BRACKETED = re.compile(r"\[[-\d., ]+\]")  # an interval


def width_of_results() -> int:
    """80 on a terminal; in a file nothing is wrapped."""
    return WIDTH if sys.stdout.isatty() else _ENDLESS


def wrapped(text: str, indent: str = "", further: str | None = None, width: int | None = None) -> str:
    """Lines of at most `width` letters, but for a word that is longer. indent: of the first line; further: of the others.

    width: None is that of results.
    """
    kept = re.sub(f"{_UNIT}|{_SD}", _KEPT_BLANK, " ".join(re.split(r"[ \t\n]+", text.strip(" \t\n"))))
    kept = _BRACKETED.sub(lambda match: match[0].replace(" ", _KEPT_BLANK), kept)
    lines = textwrap.wrap(
        kept,
        width or width_of_results(),
        initial_indent=indent,
        subsequent_indent=indent if further is None else further,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace(_KEPT_BLANK, " ")


def unbroken(path: object) -> str:
    """A path in a text that `wrapped` breaks, but not at the path's own blanks."""
    return str(path).replace(" ", _KEPT_BLANK)


def labelled(label: str, path: object) -> str:
    """`label: path`, or the path on its own line where that would be too long."""
    line = f"{label}: {path}"
    return line if len(line) <= width_of_results() else f"{label}:\n  {path}"


def said_of(path: object, text: str) -> str:
    """`path: text`, or the text below the path where that would be too long."""
    line = f"{path}: {text}"
    return line if len(line) <= width_of_results() else f"{path}:\n{wrapped(text, '  ')}"


def fact(name: str, text: str, column: int = 18, width: int | None = None) -> str:
    """A line of a list of facts: the name, and the text from a column on."""
    head = f"  {name}".ljust(column)
    if " " not in text and len(head) + len(text) > (width or width_of_results()):
        return f"{head.rstrip()}\n  {text}"  # a path that stands alone is the least broken by a terminal
    return wrapped(text, head if head.endswith(" ") else head + " ", " " * column, width)


def aligned(rows: Sequence[Sequence[str]], width: int | None = None) -> list[str]:
    """Rows of equally many texts as lines with columns; those that do not fit follow below, after the first one anew."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    blocks: list[list[int]] = [[0]]
    for k in range(1, len(widths)):
        if len(blocks[-1]) > 1 and 2 + sum(widths[i] + 2 for i in blocks[-1]) + widths[k] > (
            width or width_of_results()
        ):
            blocks.append([0])
        blocks[-1].append(k)
    lines: list[str] = []
    for block in blocks:
        lines += [""] if lines else []
        lines += ["  " + "  ".join(f"{row[k]:<{widths[k]}}" for k in block).rstrip() for row in rows]
    return lines
