"""How commands speak: results on standard output, in words or as JSON, and the next step; notes and the log on the other.

`-q` leaves out notes, hints and progress, by the level of the logger `rate2spike`; `-v` shows what the library logs.
"""

import argparse
import logging
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rate2spike.progress import LOGGER, is_silenced
from rate2spike.readable import as_json


@contextmanager
def spoken(arguments: argparse.Namespace) -> Iterator[None]:
    """While a command runs, the logger is as -q and -v say."""
    before, handler = LOGGER.level, None
    if getattr(arguments, "verbose", False):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("rate2spike: %(message)s"))
        LOGGER.addHandler(handler)
        LOGGER.setLevel(logging.DEBUG)
    elif getattr(arguments, "quiet", False):
        LOGGER.setLevel(logging.WARNING)
    try:
        yield
    finally:
        LOGGER.setLevel(before)
        if handler is not None:
            LOGGER.removeHandler(handler)


def wants_json(arguments: argparse.Namespace) -> bool:
    """Whether --json was given, where the command has it."""
    return bool(getattr(arguments, "json", False))


def tell(arguments: argparse.Namespace, values: Mapping[str, Any], *lines: str) -> None:
    """A result: with --json one object in one line, else in words."""
    print(as_json(values) if wants_json(arguments) else "\n".join(lines), flush=True)


def note(text: str) -> None:
    """Something worth knowing that is no result; -q leaves it out."""
    if not is_silenced():
        print(text, file=sys.stderr, flush=True)


def next_step(arguments: argparse.Namespace, *words: object) -> None:
    """`next: rate2spike WORDS`, to be pasted: the last line, not with --json and not of the historic scripts."""
    if getattr(arguments, "hints", False) and not wants_json(arguments) and not is_silenced():
        print(f"next: {command(*words)}", flush=True)


def as_given(arguments: argparse.Namespace, *names: str) -> list[str]:
    """Those of the flags --task, --task-option and --scaling-factor (by name) that were given, for the next command."""
    words: list[str] = []
    for name in names or ("task", "task_option", "scaling_factor"):
        value = getattr(arguments, name, None)
        if value is not None:
            values = value if isinstance(value, list) else [f"{value:g}" if isinstance(value, float) else value]
            words += [f"--{name.replace('_', '-')}", *map(str, values)]
    return words


def command(*words: object) -> str:
    """`rate2spike WORDS`, quoted for a shell."""
    return shlex.join(["rate2spike", *map(str, words)])
