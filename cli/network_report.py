"""What `search` and `evaluate` print and write of several networks: one table, one figure."""

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rate2spike.cli.arguments import Parser
from rate2spike.cli.columns import aligned, wrapped
from rate2spike.errors import InputError
from rate2spike.matlab_compat.model_paths import kind_of_run, without_path

if TYPE_CHECKING:
    from rate2spike.spiking.search.network_table import NetworkRow

_MOST_REMARKS = 5  # printed


def add_paths(parser: Parser) -> None:
    """MODEL_OR_DIR ... ; and how errors about one of them name their fields."""
    parser.set_defaults(flag_of=parser.flag_of)
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="MODEL_OR_DIR",
        help="model files, and folders (runs, populations, folders of those): every model in them and below",
    )


def add_output_dir(parser: argparse.ArgumentParser, what: str) -> None:
    """--output_dir of commands that take several models."""
    parser.add_argument(
        "--output_dir",
        default=None,
        metavar="DIR",
        help=f"folder for {what} of several models (default: the folder given, if it is one)",
    )


def is_one_network(paths: Sequence[str], files: Sequence[Path]) -> bool:
    """Whether to speak of a single network, and not of a population."""
    return len(files) == 1 and not any(kind_of_run(Path(path)) == "population" for path in paths)


def results_folder(paths: Sequence[str], output_dir: str | None) -> Path | None:
    """Where results of several models go: as the user says, else the one folder given if it is writable, else nowhere."""
    if output_dir is not None:
        return Path(output_dir)
    if len(paths) > 1 or not Path(paths[0]).is_dir():
        return None
    if not os.access(paths[0], os.W_OK):
        warnings.warn(f"{paths[0]} is not writable: give --output_dir for tables and figures", stacklevel=2)
        return None
    return Path(paths[0])


@contextmanager
def each_of_several(spell: Callable[[str], str | None] = str) -> Iterator[Callable[[Path, Callable[[], object]], None]]:
    """`with each_of_several(spell) as attempt: attempt(path, work)`: what fails is reported and does not stop the rest.

    spell: the flag of a field.

    At the end raises InputError if something failed.
    """
    failures: list[str] = []
    n = 0

    def attempt(path: Path, work: Callable[[], object]) -> None:
        nonlocal n
        n += 1
        try:
            work()
        except InputError as error:
            text = f"{path}: {without_path(InputError(error.worded(spell)), path)}"
            print(text, file=sys.stderr, flush=True)
            failures.append(text)

    yield attempt
    if failures:
        raise InputError(f"{len(failures)} of {n} failed, {failures[0]}")


def write_table(folder: Path, stem: str, rows: Sequence["NetworkRow"], left_out: Sequence[str] = ()) -> Path:
    """`<stem>.csv`, a line per network, without the columns left out."""
    from rate2spike.io.run_folder import RunFolder
    from rate2spike.spiking.search.network_table import NetworkRow

    header = [field.name for field in fields(NetworkRow) if field.name not in left_out]
    values = ([getattr(row, column) for column in header] for row in rows)
    return RunFolder(folder, resume=True).write_table(stem, header, values)


def table_lines(rows: Sequence["NetworkRow"]) -> list[str]:
    """A line per network, one of mean ± SD, one of the share that converts, and what must be said of some of them."""
    from rate2spike.spiking.scoring.result import GOOD_ACCURACY, wilson_interval
    from rate2spike.spiking.search.network_table import n_converting

    header = (
        "network",
        "training",
        "updates",
        "rate accuracy",
        "loss",
        "factor",
        "in the search",
        "fresh trials",
        "Hz",
    )
    body = [
        (
            row.network,
            _training(row),
            _number(row.updates, "d"),
            _number(row.rate_accuracy, ".2f"),
            _number(row.rate_loss, ".2f"),
            _number(_factor(row), "g"),
            _with_interval(row.search_accuracy, row.search_low, row.search_high),
            _with_interval(row.accuracy, row.interval_low, row.interval_high),
            _number(row.mean_rate_hz, ".1f"),
        )
        for row in rows
    ]
    factors = [replace(row, scaling_factor=_factor(row)) for row in rows]
    means = (
        "mean ± SD",
        "",
        _mean(rows, "updates", ".0f"),
        _mean(rows, "rate_accuracy", ".2f"),
        _mean(rows, "rate_loss", ".2f"),
        _mean(factors, "scaling_factor", ".1f"),
        _mean(rows, "search_accuracy", ".3f"),
        _mean(rows, "accuracy", ".3f"),
        _mean(rows, "mean_rate_hz", ".1f"),
    )
    used = [k for k in range(len(header)) if any(row[k] not in ("", "-") for row in body)]
    lines = aligned([tuple(row[k] for k in used) for row in (header, *body, means)])
    converting, known = n_converting(rows)
    if known:
        low, high = wilson_interval(converting, known)
        share = f"{100 * converting / known:.0f} %, 95 % interval {100 * low:.0f} to {100 * high:.0f} %"
        least = f"at least {100 * GOOD_ACCURACY:g} % of the search's trials at the best factor"
        lines.append(wrapped(f"{converting} of {known} searched networks convert ({least}): {share}"))
    return lines


def remark_lines(rows: Sequence["NetworkRow"]) -> list[str]:
    """The warnings, one line per network that has some; of many the first few."""
    found = [f"{row.network}: {row.remarks}" for row in rows if row.remarks]
    more = len(found) - _MOST_REMARKS
    return found if more <= 0 else [*found[:_MOST_REMARKS], f"and {more} more: see the column remarks of the table"]


def _training(row: "NetworkRow") -> str:
    if row.problem and row.updates is None:
        return ""
    return {True: "criteria met", False: "NOT met", None: "not recorded"}[row.criteria_met]


def _factor(row: "NetworkRow") -> float | None:
    """Of the fresh trials, else of the search."""
    return row.best_factor if row.scaling_factor is None else row.scaling_factor


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _with_interval(value: float | None, low: float | None, high: float | None) -> str:
    return _number(value, ".3f") + ("" if low is None or high is None else f" [{low:.3f}, {high:.3f}]")


def _mean(rows: Sequence["NetworkRow"], column: str, form: str) -> str:
    from rate2spike.spiking.search.network_table import mean_sd

    found = mean_sd(rows, column)
    if found is None:
        return "-"
    mean, sd, n = found
    return f"{mean:{form}} ± {sd:{form}}" + ("" if n == len(rows) else f" (n = {n})")
