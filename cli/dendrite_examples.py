"""What the commands of the dendrite examples share: settings, the run folder, and what is told at the end."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rate2spike.cli.arguments import Parser, add_json
from rate2spike.cli.columns import labelled
from rate2spike.cli.facts import facts
from rate2spike.cli.flag_groups import TRAINING
from rate2spike.cli.option_flags import add_option_flags
from rate2spike.cli.run_place import RunPlace, add_run_folder
from rate2spike.cli.run_settings import settings_and_place
from rate2spike.cli.speaking import next_step, note, tell
from rate2spike.errors import InputError
from rate2spike.io.checkpoints import latest_update

if TYPE_CHECKING:
    from rate2spike.figures import AnyFigure
    from rate2spike.io.run_folder import RunFolder
    from rate2spike.spiking.dendrite_examples.config import ExampleConfig

_OWN = ("example", "settings")  # of summary.json, beside the results


class Result(Protocol):
    """What an example found."""

    def summary(self) -> dict[str, Any]:
        """The numbers that matter, by name."""

    def table(self) -> dict[str, Any]:
        """Columns of equal length, by name."""

    def plot(self) -> "AnyFigure":
        """The figure."""


# Given the settings and the run's folder: learn there. TensorFlow is loaded only when it is called.
Learn = Callable[[Any, Path], Result]


def add_example(parser: Parser, kind: type["ExampleConfig"]) -> None:
    """Flags of the settings, the run folder, --gpu and --json."""
    with parser.in_group(TRAINING):
        add_option_flags(parser, kind, dash="_", bools_take_values=True)
    add_run_folder(parser, default=" (default: a new one in runs/)")
    parser.add_argument("--gpu", default="0", help="index of the GPU, if there is one (default: 0)")
    add_json(parser, "print summary.json, with the folder of the run, in one line")


def run_example(
    arguments: argparse.Namespace,
    kind: type["ExampleConfig"],
    learn: Learn,
    known_by: Callable[[Any], str] = lambda _config: "",
) -> int:
    """Learn, or go on; write table, figure and summary.json, and tell. Raises InputError.

    known_by: tells what is learnt from other such data. It raises InputError, before anything is written, if that cannot be
    read.
    """
    from rate2spike.machine.tensorflow_device import check_gpu, prepare_tensorflow
    from rate2spike.spiking.dendrite_examples.config import may_differ

    command = f"dendrites {kind.example}"
    config, place = settings_and_place(arguments, kind, command, may_differ(kind), _written)
    check_gpu(arguments.gpu)
    place.check_free()
    _check_may_go_on(place, config)
    if place.resume and _is_finished(place.path, config):
        note(f"the run in {place.path} is finished, with {_length(config)}; nothing was changed")
        _tell(arguments, place.path, config)
        return 0
    _check_same_data(place, known_by(config))
    prepare_tensorflow(arguments.gpu)
    folder = place.open()
    folder.summary.unlink(missing_ok=True)  # of a resumed run it is of less
    with folder.interruptible(
        f"`rate2spike {command} --resume --run_folder {place.path}` goes on from the checkpoints"
    ):
        place.begin(folder, config.sections(), unit="")
        if place.resume:
            note(f"{place.path}: goes on; {_n_begun(place)} networks have checkpoints")
        _write_results(folder, config, learn(config, folder.path))
    _tell(arguments, folder.path, config)
    return 0


def known_by_path(config: Any) -> str:
    """What tells the images of data_path from others. Raises InputError."""
    from rate2spike.spiking.dendrite_examples.images import known_by

    return known_by(config.data_path)


def _check_may_go_on(place: RunPlace, config: "ExampleConfig") -> None:
    """Raise InputError if something of the run that is to go on is further already."""
    from rate2spike.spiking.dendrite_examples.config import check_not_beyond

    for one in _checkpoints(place):
        check_not_beyond(config, latest_update(one) or 0, place.path)


def _check_same_data(place: RunPlace, known_by: str) -> None:
    """Raise InputError if the run that is to go on has learnt from other data."""
    from rate2spike.io.checkpoints import load_latest

    found = [load_latest(one) for one in _checkpoints(place)]
    if any(one is not None and one.settings.get("data", "") != known_by for one in found):
        raise InputError(
            f"the run in {place.path} has learnt from other images than those of {{data_path}}", "data_path"
        )


def _checkpoints(place: RunPlace) -> list[Path]:
    return sorted((place.path / "checkpoints").glob("*/")) if place.resume else []


def _n_begun(place: RunPlace) -> int:
    return sum(latest_update(one) is not None for one in _checkpoints(place))


def _write_results(folder: "RunFolder", config: "ExampleConfig", result: Result) -> None:
    from rate2spike.io.figure_file import save_figure
    from rate2spike.readable import as_json

    columns, figure, found = result.table(), result.plot(), json.loads(as_json(result.summary()))
    save_figure(figure, folder.path / config.example)
    folder.write_table(config.example, list(columns), zip(*columns.values(), strict=True))
    settings = json.loads(as_json(next(iter(config.sections().values()))))
    folder.write_summary({"example": config.example, **found, "settings": settings})


def _tell(arguments: argparse.Namespace, folder: Path, config: "ExampleConfig") -> None:
    """What was found, and what can be done next."""
    summary = _summary(folder)
    found = {name: value for name, value in summary.items() if name not in _OWN}
    tell(arguments, {"run_folder": str(folder)} | summary, *facts(found), labelled("written to", folder))
    more = "--run_folder", folder, "--resume", f"--{config.length}", 2 * config.n_rounds
    next_step(arguments, "dendrites", config.example, *more)


def _summary(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def _is_finished(folder: Path, config: "ExampleConfig") -> bool:
    """Whether the run that is to go on has all results that are asked for."""
    from rate2spike.readable import as_json

    try:
        recorded = _summary(folder)["settings"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    asked = json.loads(as_json(next(iter(config.sections().values()))))
    changes_nothing = ("checkpoint_every", "data_path")
    return isinstance(recorded, dict) and all(
        recorded.get(name) == value for name, value in asked.items() if name not in changes_nothing
    )


def _length(config: "ExampleConfig") -> str:
    return f"{config.n_rounds} {config.length.removeprefix('n_')}"


def _written(config: "ExampleConfig") -> tuple[str, ...]:
    """What a new run must not find in its folder."""
    return ("checkpoints", "summary.json", *(f"{config.example}.{ending}" for ending in ("png", "pdf", "csv")))
