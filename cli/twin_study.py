"""What the commands of a study of one neuron share: its folder, its configuration, and the data in it."""

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.cli.arguments import Parser
from rate2spike.cli.option_flags import given
from rate2spike.cli.speaking import note
from rate2spike.errors import InputError, nearest

if TYPE_CHECKING:
    from rate2spike.spiking.twin_study.fitted import FittedTwin

CONFIG = "study.toml"  # the configuration, in the folder of the study
DATA, FITS, FIGURES = "data", "fits", "figures"
_SECTIONS = ("simulate", "fit", "evaluate")
_OF_RUNS = ("run", "data", "versions")  # in the config.toml that a command writes


def add_config(parser: Parser) -> None:
    """--config."""
    parser.add_argument(
        "--config",
        default=None,
        metavar="FILE.toml",
        help="settings of the study, in the sections [simulate], [fit] and [evaluate]; flags override them "
        f"(default: {CONFIG} in the folder of the study, if it is there)",
    )


def add_study_folder(parser: Parser) -> None:
    """--run_folder, of a study that is there, and --config."""
    parser.add_argument("--run_folder", default=None, metavar="DIR", help="folder of the study")
    add_config(parser)


def add_damaged(parser: Parser) -> None:
    """--damaged."""
    from rate2spike.spiking.twin_study.sets import DAMAGED

    action = parser.add_argument(
        "--damaged",
        default=DAMAGED[0],
        help=f"what becomes of a file of data that cannot be read: {', '.join(DAMAGED)} (default: {DAMAGED[0]})",
    )
    parser.values_of[action.dest] = DAMAGED


def study_folder(arguments: argparse.Namespace) -> Path:
    """The folder of the study. Raises InputError."""
    if arguments.run_folder is None:
        raise InputError("give --run_folder, the folder that `rate2spike twin simulate` made")
    folder = Path(arguments.run_folder)
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}: `rate2spike twin simulate --run_folder {folder}` makes it")
    return folder


def fits_folder(arguments: argparse.Namespace, study: Path) -> Path:
    """The folder of the fits, in that of the study. Raises InputError."""
    name = arguments.fits
    if name in ("", ".", "..", DATA, FIGURES) or Path(name).name != name:
        raise InputError(
            f"--fits must be the name of a folder in {study}, other than {DATA} and {FIGURES}; got {name!r}"
        )
    return study / name


def finished_fits(folder: Path) -> "list[FittedTwin]":
    """All fitted networks in a folder, after a word on those that are not finished. Raises InputError if there is none."""
    from rate2spike.spiking.twin_study.fitted import fitted_in, unfinished_in

    found = fitted_in(folder)
    if begun := unfinished_in(folder):
        note(f"not finished, and left out: {', '.join(begun)}")
    if longer := [one.name for one in found if one.has_more_begun]:
        note(f"begun for more epochs, not finished, and taken as before: {', '.join(longer)}")
    return found


@contextmanager
def predictions_kept() -> Iterator[None]:
    """Ctrl-C says what is kept."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt("what is predicted is kept; the same command goes on") from None


def config_file(arguments: argparse.Namespace, only_given: bool = False) -> Path | None:
    """The configuration: that of --config, else, unless only_given, the one in the folder of the study."""
    if arguments.config is not None:
        return Path(arguments.config)
    there = Path(arguments.run_folder or "") / CONFIG
    return there if not only_given and arguments.run_folder is not None and there.is_file() else None


def section(path: Path | None, name: str, kind: type) -> dict[str, Any]:
    """The settings in a section of the configuration, {} without one. Raises InputError naming the file."""
    from rate2spike.io.toml_file import read_toml
    from rate2spike.options import from_mapping

    if path is None:
        return {}
    content = read_toml(path)
    for one in content:
        if one not in (*_SECTIONS, *_OF_RUNS):
            raise InputError(
                f"{path}: unknown section [{one}]{nearest(one, _SECTIONS)}; known are {', '.join(_SECTIONS)}"
            )
    values = content.get(name, {})
    if not isinstance(values, Mapping):
        raise InputError(f"{path}: {name} must be a section, [{name}]")
    record: Any = from_mapping(kind, values, str(path))
    return {setting: getattr(record, setting) for setting in values}


def settings(arguments: argparse.Namespace, name: str, kind: type, only_given: bool = False) -> dict[str, Any]:
    """The settings of a section and, over them, those of flags. Raises InputError."""
    return section(config_file(arguments, only_given), name, kind) | given(arguments, kind)
