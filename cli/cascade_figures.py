"""What the commands of the cascade figures share: the folder, and in it figure, table and traces, all of them or none.

A demonstration is a record with `plot()`, `table()` (columns of equal length), `traces()` (what MATLAB gets, by name) and
`summary()` (what is told). Of one whose parts are figures of their own, `parts()` draws these by name.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rate2spike.cli.arguments import Parser, add_json
from rate2spike.cli.columns import labelled
from rate2spike.cli.facts import facts
from rate2spike.cli.flag_groups import CELL
from rate2spike.cli.option_flags import add_option_flags
from rate2spike.cli.speaking import next_step, tell

if TYPE_CHECKING:
    from rate2spike.figures import AnyFigure


class Demonstration(Protocol):
    """What a figure shows."""

    def plot(self) -> "AnyFigure":
        """The figure."""

    def table(self) -> dict[str, Any]:
        """Columns of equal length, by name."""

    def traces(self) -> dict[str, Any]:
        """What MATLAB gets, by name: arrays, numbers, texts, and mappings of them."""

    def summary(self) -> dict[str, Any]:
        """The numbers that matter, by name."""


def add_output(parser: Parser, name: str) -> None:
    """--output_dir and --json. name: of the figure."""
    parser.add_argument(
        "--output_dir", default=f"cascade_{name}", metavar="DIR", help=f"folder to write (default: cascade_{name})"
    )
    add_json(parser)


def add_cell_flags(parser: Parser, kind: type, **how: Any) -> None:
    """A flag for every setting of the cell. how: see `add_option_flags`."""
    with parser.in_group(CELL):
        add_option_flags(parser, kind, **how)


def check_output(arguments: argparse.Namespace) -> None:
    """Check, before anything is computed, that the folder can be written. Raises InputError."""
    from rate2spike.errors import about
    from rate2spike.io.atomic_file import check_folder

    with about("output_dir"):
        check_folder(arguments.output_dir)


def write_all(arguments: argparse.Namespace, name: str, demonstration: Demonstration) -> None:
    """Write DIR/NAME.png, .pdf, .csv and .mat, then tell what was found and what can be done next. Raises InputError."""
    figures = {name: demonstration.plot()}
    if hasattr(demonstration, "parts"):
        figures |= {f"{name}_{part}": figure for part, figure in demonstration.parts().items()}
    files = _written(Path(arguments.output_dir), name, figures, demonstration)
    found = demonstration.summary()
    values = {"figure": name, **found, "files": [str(path) for path in files]}
    tell(arguments, values, *facts(found), *(labelled("written", path) for path in files))
    next_step(arguments, "inspect", next(path for path in files if path.suffix == ".mat"))


def _written(folder: Path, name: str, figures: Mapping[str, "AnyFigure"], demonstration: Demonstration) -> list[Path]:
    """The files, written. Figures first: they are what settings of a user can make fail."""
    from rate2spike.io.figure_file import save_figure
    from rate2spike.io.run_folder import RunFolder
    from rate2spike.matlab_compat.matfile import savemat

    columns, traces = demonstration.table(), demonstration.traces()
    rows = list(zip(*columns.values(), strict=True))
    place = RunFolder(folder, resume=True)
    drawn = [path for stem, figure in figures.items() for path in save_figure(figure, folder / stem)]
    table = place.write_table(name, list(columns), rows)
    mat_file = folder / f"{name}.mat"
    savemat(mat_file, traces)
    return [*drawn, table, mat_file]
