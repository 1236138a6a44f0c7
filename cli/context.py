"""Train and test a context-dependent classifier of spoken digits (SHD) or gestures (DVS128 Gesture), with spikes.

Writes a folder with config.toml, log.jsonl (one line per epoch), model.keras, best.keras, summary.json and figures/. The
recordings are yours: put the files below --data_path, or try made-up ones with --synthetic.

example: rate2spike context --dataset shd --synthetic --n_samples 1024 --epoch 8
"""

import argparse
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.cli.arguments import Parser, add_json
from rate2spike.cli.flag_groups import TRAINING
from rate2spike.cli.option_flags import add_option_flags, given
from rate2spike.cli.run_place import RunPlace, add_run_folder
from rate2spike.cli.speaking import next_step, tell
from rate2spike.errors import InputError

if TYPE_CHECKING:
    from rate2spike.spiking.context.config import ContextConfig
    from rate2spike.spiking.context.training import ContextTraining


# of the layers: not called here as there
OTHER_NAMES = {"units": "--hidden"}


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.context.config import ContextConfig

    parser.flags_by_field |= OTHER_NAMES
    with parser.in_group(TRAINING):
        add_option_flags(parser, ContextConfig, dash="_", bools_take_values=True)
    add_run_folder(parser, "--save_dir", default=" (default: a new one in runs/)")
    parser.add_argument("--log_json", default=None, help="write the log there too, as it grows")
    parser.add_argument("--gpu", default="0", help="index of the GPU, if there is one (default: 0)")
    add_json(parser, "print summary.json, with the folder of the run, in one line")


def run(arguments: argparse.Namespace) -> int:
    """Train, test, draw; returns the exit code."""
    from rate2spike.io.atomic_file import make_folder
    from rate2spike.machine.tensorflow_device import prepare_tensorflow
    from rate2spike.spiking.context.data import fingerprint, sources

    config, place = _config_and_place(arguments)
    if not arguments.gpu.isdecimal():
        raise InputError(f"--gpu must be the index of one GPU, got {arguments.gpu!r}")
    place.check_free()
    if place.resume and _has_epochs(place.path, config):
        said = f"the run in {place.path} is finished, with {config.n_epochs} epochs; nothing was changed"
        tell(arguments, {"run_folder": str(place.path), **_summary(place.path)}, said)
        _say_next(arguments, place.path, config)
        return 0
    splits = sources(config)
    if arguments.log_json:
        make_folder(Path(arguments.log_json).parent)
    prepare_tensorflow(arguments.gpu)
    from rate2spike.cli.context_report import lines_of, tested_and_drawn, warn_of_activity
    from rate2spike.spiking.context.training import ContextTraining

    known_by = fingerprint(splits["train"].recordings, splits["test"].recordings)
    training = ContextTraining(config, place.path, splits["train"].n_inputs, known_by)
    if place.resume:
        _resume(training)
    folder = place.open()
    folder.summary.unlink(missing_ok=True)  # of a resumed run it is of fewer epochs
    with folder.interruptible(f"`rate2spike context --resume --run_folder {place.path}` goes on"):
        place.begin(folder, config.sections(), unit="epoch")
        _train(training, splits, arguments.log_json)
        tested = tested_and_drawn(training, splits, folder)
    tell(arguments, {"run_folder": str(folder.path), **_summary(folder.path)}, *lines_of(tested, config, folder))
    warn_of_activity(tested.spike_probability, config.step_ms)
    _say_next(arguments, folder.path, config)
    return 0


def _say_next(arguments: argparse.Namespace, folder: Path, config: "ContextConfig") -> None:
    next_step(arguments, "context", "--run_folder", folder, "--resume", "--epoch", 2 * config.n_epochs)


def _summary(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def _has_epochs(folder: Path, config: "ContextConfig") -> bool:
    """Whether the run that is to go on is finished, with as many epochs as are asked for."""
    try:
        return _summary(folder)["epochs"] == config.n_epochs
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _resume(training: "ContextTraining") -> None:
    training.resume()
    n_wanted = training.config.n_epochs
    if training.n_done > n_wanted:
        raise InputError(
            f"{training.folder} has {training.n_done} epochs already, more than {{n_epochs}} {n_wanted}", "n_epochs"
        )


def _train(training: "ContextTraining", splits: dict[str, Any], log_json: str | None) -> None:
    """The epochs that are missing, with progress."""
    from rate2spike.progress import Progress

    config = training.config
    n_batches = splits["train"].n_batches + splits["validation"].n_batches
    with Progress(f"training {config.model_type}", config.n_epochs * n_batches) as progress:
        progress.restart(config.n_epochs * n_batches, training.n_done * n_batches)
        progress.line(
            f"{config.model_type} on {config.data_name}, {config.task_type} of {config.seq_len}: {config.n_units} units, "
            f"{config.actual_n_trials} trials per epoch, steps of {config.step_ms:g} ms, seed {config.seed}"
        )
        _copy_log(training, log_json)
        while training.n_done < config.n_epochs:
            record = training.run_epoch(
                splits["train"],
                splits["validation"],
                lambda split, _count, loss: progress.advance(f"epoch {training.n_done + 1}, {split} loss {loss:.3f}"),
            )
            progress.line(epoch_line(record))
            _copy_log(training, log_json)
        if training.history:
            last = training.history[-1]
            progress.finish(f"validation loss {last['val_loss']:.4f}, accuracy {last['val_accuracy']:.3f}")


def _copy_log(training: "ContextTraining", log_json: str | None) -> None:
    from rate2spike.io.atomic_file import write_atomically

    if log_json:
        write_atomically(log_json, "".join(json.dumps(line) + "\n" for line in training.history))


def epoch_line(record: dict[str, Any]) -> str:
    """What an epoch gave, in a line."""
    parts = [
        f"{name} loss {record[prefix + 'loss']:.4f}, accuracy {record[prefix + 'accuracy']:.3f}, precision "
        f"{record[prefix + 'precision']:.3f}, recall {record[prefix + 'recall']:.3f}"
        for name, prefix in (("training", ""), ("validation", "val_"))
    ]
    return f"epoch {record['epoch']}: {'; '.join(parts)}; spikes per unit and step {record['spike_probability']:.4f}"


def _config_and_place(arguments: argparse.Namespace) -> tuple["ContextConfig", RunPlace]:
    """Settings: the flags, over what the folder of a resumed run says, over the defaults. Raises InputError."""
    from rate2spike.options import from_mapping
    from rate2spike.spiking.context.config import MAY_DIFFER, ContextConfig, with_present_names

    if arguments.resume and arguments.run_folder is None:
        raise InputError("--resume needs --run_folder, the folder of the run to go on with")
    if not arguments.resume:
        config = ContextConfig(**given(arguments, ContextConfig))
        return config, _place(Path(arguments.run_folder or _new_folder(config)), resume=False)
    place = _place(Path(arguments.run_folder), resume=True)
    settings = with_present_names(place.recorded().get("context", {}))
    recorded = from_mapping(ContextConfig, settings, str(place.path / "config.toml"))
    config = replace(recorded, **given(arguments, ContextConfig))
    place.check_same(vars(config), vars(recorded), MAY_DIFFER)
    return config, place


def _place(path: Path, *, resume: bool) -> RunPlace:
    return RunPlace(path, "context", ("model.keras", "checkpoints"), resume)


def _new_folder(config: "ContextConfig") -> Path:
    task = f"{config.dataset}_{config.task_type}_{config.seq_len}_{config.model_type}"
    return Path("runs") / f"context_{task}_{datetime.now():%Y_%m_%d_%H%M%S}"
