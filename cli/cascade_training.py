"""What the commands that train cascade networks share: settings, the run folder, and what is told at the end."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.cli.arguments import Parser, add_json
from rate2spike.cli.columns import aligned, labelled
from rate2spike.cli.flag_groups import TRAINING
from rate2spike.cli.option_flags import add_option_flags
from rate2spike.cli.run_place import RunPlace, add_run_folder
from rate2spike.cli.run_settings import settings_and_place
from rate2spike.cli.speaking import next_step, note, tell
from rate2spike.errors import InputError
from rate2spike.io.checkpoints import latest_update

if TYPE_CHECKING:
    from rate2spike.io.run_folder import RunFolder
    from rate2spike.spiking.cascade_networks.config import TaskConfig
    from rate2spike.spiking.cascade_networks.result import CascadeResult

Figures = dict[str, Any]  # name -> figure
# Given the run's folder: train there, and draw. TensorFlow is loaded only when it is called.
Work = Callable[[Path], tuple["CascadeResult", Figures]]
_TOLD = ("initial", "final", "final_sd", "final_min", "final_max")  # of every model


def add_training(parser: Parser, kind: type["TaskConfig"]) -> None:
    """Flags of the settings, the run folder, --gpu and --json."""
    with parser.in_group(TRAINING):
        add_option_flags(parser, kind, dash="_", bools_take_values=True)
    add_run_folder(parser, default=" (default: a new one in runs/)")
    parser.add_argument("--gpu", default="0", help="index of the GPU, if there is one (default: 0)")
    add_json(parser, "print summary.json, with the folder of the run, in one line")


def run_training(
    arguments: argparse.Namespace, kind: type["TaskConfig"], prepare: Callable[[Any], tuple[Work, str]]
) -> int:
    """Train, or go on; write tables, figures and summary.json, and tell. Raises InputError.

    prepare: gives what to do in the folder, and what tells the recordings from others, '' if there are none. It raises
    InputError before anything is written if it cannot be done.
    """
    from rate2spike.machine.tensorflow_device import check_gpu, prepare_tensorflow
    from rate2spike.spiking.cascade_networks.config import MAY_DIFFER

    config, place = settings_and_place(arguments, kind, f"cascade {kind.task}", MAY_DIFFER, _written)
    check_gpu(arguments.gpu)
    place.check_free()
    _check_not_beyond(place, config)
    if place.resume and _is_finished(place.path, config):
        note(f"the run in {place.path} is finished, with {config.n_epochs} epochs; nothing was changed")
        _tell(arguments, place.path, config)
        return 0
    work, known_by = prepare(config)
    _check_same_recordings(place, known_by)
    prepare_tensorflow(arguments.gpu)
    folder = place.open()
    folder.summary.unlink(missing_ok=True)  # of a resumed run it is of fewer epochs
    with folder.interruptible(
        f"`rate2spike cascade {config.task} --resume --run_folder {place.path}` goes on from the checkpoints"
    ):
        place.begin(folder, config.sections(), unit="")
        _note_where(place, config)
        result, figures = work(folder.path)
        _write_results(folder, config, result, figures)
    _tell(arguments, folder.path, config)
    return 0


def _check_not_beyond(place: RunPlace, config: "TaskConfig") -> None:
    """Raise InputError if a network of the run that is to go on has more epochs already."""
    done = max((latest_update(one) or 0 for one in (place.path / "checkpoints").glob("*")), default=0)
    if place.resume and done > config.n_epochs:
        raise InputError(
            f"{place.path} has {done} epochs already, more than {{n_epochs}} {config.n_epochs}", "n_epochs"
        )


def _check_same_recordings(place: RunPlace, known_by: str) -> None:
    """Raise InputError if the run that is to go on has learnt from other recordings."""
    from rate2spike.io.checkpoints import load_latest

    found = [load_latest(one) for one in sorted((place.path / "checkpoints").glob("*"))] if place.resume else []
    if any(one is not None and one.settings.get("recordings", "") != known_by for one in found):
        raise InputError(
            f"the run in {place.path} has learnt from other recordings than those of {{data_path}}", "data_path"
        )


def _note_where(place: RunPlace, config: "TaskConfig") -> None:
    if place.resume:
        n_begun = sum(1 for one in (place.path / "checkpoints").glob("*") if latest_update(one) is not None)
        n_all = len(config.models) * -(-config.n_seeds // config.seeds_at_once)
        note(f"{place.path}: goes on; of {n_all} groups of networks, {n_begun} have checkpoints")


def _write_results(folder: "RunFolder", config: "TaskConfig", result: "CascadeResult", figures: Figures) -> None:
    from rate2spike.io.figure_file import save_figure

    result.save_tables(folder.path)
    for name, figure in figures.items():
        save_figure(figure, folder.figures / name)
    folder.write_summary(
        {"task": config.task, "seeds": list(result.seeds), "epochs": result.n_epochs, "models": result.by_model()}
    )


def _tell(arguments: argparse.Namespace, folder: Path, config: "TaskConfig") -> None:
    """Accuracies of every model, and what can be done next."""
    summary = _summary(folder)
    models: dict[str, dict[str, Any]] = summary["models"]
    head = ("accuracy", "before", "after", "SD", "from", "to")
    rows = [head, *((label, *(f"{of_model[key]:.3f}" for key in _TOLD)) for label, of_model in models.items())]
    tell(arguments, {"run_folder": str(folder)} | summary, *aligned(rows), labelled("written to", folder))
    _note_silent(models, config)
    next_step(
        arguments, "cascade", config.task, "--run_folder", folder, "--resume", "--n_epochs", 2 * summary["epochs"]
    )


def _note_silent(models: dict[str, dict[str, Any]], config: "TaskConfig") -> None:
    """Say which networks have no gradient."""
    silent = [f"{of_model['silent']} of {label}" for label, of_model in models.items() if of_model["silent"]]
    if silent:
        way_out = "" if config.robust else "; with --robust fewer become so"
        note(
            f"no hidden unit spikes, so that nothing is learnt any more, in these networks of {config.n_seeds} each: "
            f"{'; '.join(silent)}{way_out}"
        )


def _summary(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def _is_finished(folder: Path, config: "TaskConfig") -> bool:
    """Whether the run that is to go on has as many epochs as are asked for, and all its results."""
    try:
        found = _summary(folder)
        told = [{*_TOLD, "silent"} <= of_model.keys() for of_model in found["models"].values()]
        return found["epochs"] == config.n_epochs and len(told) == len(config.models) and all(told)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _written(config: "TaskConfig") -> tuple[str, ...]:
    """What a new run must not find in its folder."""
    from rate2spike.spiking.cascade_networks.result import ACCURACY_NAMES, TABLE_NAMES

    kinds = ((TABLE_NAMES, "csv"), (ACCURACY_NAMES, "json"))
    tables = [f"{names[config.task]}_{seed}.{ending}" for names, ending in kinds for seed in config.seeds]
    return ("checkpoints", "networks", "figures", "summary.json", *tables)
