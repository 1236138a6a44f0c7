"""Train and test a context-dependent classifier of spoken digits (SHD) or gestures (DVS128 Gesture), with spikes.

Writes a folder with config.toml, log.jsonl (one line per epoch), model.keras, best.keras, summary.json and figures/. The
recordings are yours: put the files below --data_path, or try made-up ones with --synthetic.

example: rate2spike context --dataset shd --synthetic --n_samples 1024 --epoch 8
"""

import argparse
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.cli.arguments import Parser, true_or_false
from rate2spike.errors import InputError

if TYPE_CHECKING:
    from rate2spike.io.run_folder import RunFolder
    from rate2spike.spiking.context.config import ContextConfig
    from rate2spike.spiking.context.training import ContextTraining

# flag -> (type, help); defaults are those of ContextConfig
HISTORIC: dict[str, tuple[Any, str]] = {
    "seed": (int, "of every random draw"),
    "nb_worker": (int, "threads that prepare trials; 0: none beside the training"),
    "data_path": (str, "folder of the recordings, and of the cache"),
    "batch_size": (int, "trials per update"),
    "dataset": (str, "dvsgesture or shd"),
    "seq_len": (int, "items per trial; published: 1 and 5"),
    "task_type": (str, "recognition (is this item the one?) or memory (has it been shown by now?)"),
    "model_type": (str, "clif (multiplicative), add_clif (additive), lif, or lsnn (adaptive thresholds)"),
    "apical_rec": (true_or_false, "recurrent weights to the apical compartments (clif, add_clif)"),
    "apical_tau": (str, "short (shd 40 steps, dvsgesture 20), long (200), or distributed (20 to 200, drawn per unit)"),
    "lr": (float, "learning rate of Adam"),
    "lr_decay": (float, "factor of the learning rate after every epoch"),
    "l2_decay": (float, "weight decay as part of the gradient, biases too"),
    "epoch": (int, "number of epochs"),
    "target_spike_prob": (float, "spikes per unit and step above which activity is punished"),
    "spike_reg_l2": (float, "weight of that punishment"),
}
MORE: dict[str, tuple[Any, str]] = {
    "n_samples": (int, "trials per epoch and of the test (default: shd 4096, dvsgesture 2048)"),
    "hidden": (int, "number of spiking units"),
    "interaction": (str, "of clif: relu_mult, tanh_mult, add, relu_add or tanh_add (default: relu_mult)"),
    "reset": (str, "subtraction, zero or none"),
    "surrogate": (str, "triangle, super, gaussian or sigmoid"),
    "grad_scale": (float, "scale of the surrogate gradient"),
    "threshold": (float, "of the units"),
    "tau_soma": (float, "membrane time constant in ms (default: 20 steps, that is 40 ms for shd, 100 for dvsgesture)"),
    "clip_norm": (float, "largest global norm of the gradient (default: none)"),
    "split_by": (str, "validation on other recordings, or on other people (subject)"),
}
SWITCHES = {
    "resample_each_epoch": "draw new training trials for every epoch",
    "cache": "keep finished trials on disk below --data_path",
    "recompute": "keep fewer states for the backward pass: less memory, more time, same numbers",
    "legacy": "read-out means, spike penalty, time crop and validation weight as published, defects included",
    "synthetic": "made-up recordings, written below --data_path",
}


# of the layers and the optimizer: not called here as there
OTHER_NAMES = {"units": "--hidden", "surrogate_scale": "--grad_scale", "learning_rate": "--lr"}


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.context.config import ContextConfig

    parser.flags_by_field |= OTHER_NAMES
    defaults = vars(ContextConfig())
    for name, (kind, text) in (HISTORIC | MORE).items():
        known = "" if defaults[name] is None else f" (default: {defaults[name]})"
        parser.add_argument(f"--{name}", type=kind, default=None, help=text + known)
    for name, text in SWITCHES.items():
        parser.add_argument(f"--{name}", action="store_true", default=None, help=text)
    parser.add_argument("--save_dir", default=None, help="folder of this run (default: a new one in runs/)")
    parser.add_argument("--resume", action="store_true", help="go on with the run of that --save_dir")
    parser.add_argument("--log_json", default=None, help="write the log there too, as it grows")
    parser.add_argument("--gpu", default="0", help="index of the GPU, if there is one (default: 0)")


def run(arguments: argparse.Namespace) -> int:
    """Train, test, draw; returns the exit code."""
    from rate2spike.io.atomic_file import make_folder
    from rate2spike.io.run_folder import RunFolder
    from rate2spike.machine.tensorflow_device import prepare_tensorflow
    from rate2spike.spiking.context.data import fingerprint, sources

    config, folder = _config_and_folder(arguments)
    if not arguments.gpu.isdecimal():
        raise InputError(f"--gpu must be the index of one GPU, got {arguments.gpu!r}")
    if not arguments.resume:
        RunFolder.check_free(folder, "model.keras", "checkpoints")
    elif _has_epochs(folder, config):
        print(f"the run in {folder} is finished, with {config.epoch} epochs; nothing was changed")
        return 0
    splits = sources(config)
    if arguments.log_json:
        make_folder(Path(arguments.log_json).parent)
    prepare_tensorflow(arguments.gpu)
    from rate2spike.cli.context_report import report, tested_and_drawn
    from rate2spike.spiking.context.training import ContextTraining

    run_folder = RunFolder(folder, resume=arguments.resume)
    known_by = fingerprint(splits["train"].recordings, splits["test"].recordings)
    training = ContextTraining(config, folder, splits["train"].n_inputs, known_by)
    if arguments.resume:
        _resume(training, run_folder)
        run_folder.summary.unlink(missing_ok=True)  # it is of fewer epochs
    with run_folder.interruptible(f"`rate2spike context --resume --save_dir {folder}` goes on"):
        run_folder.write_config("context", ["rate2spike", *sys.argv[1:]], config.sections())
        _train(training, splits, arguments.log_json)
        tested = tested_and_drawn(training, splits, run_folder)
    report(tested, config, run_folder)
    return 0


def _has_epochs(folder: Path, config: "ContextConfig") -> bool:
    """Whether the run that is to go on is finished, with as many epochs as are asked for."""
    try:
        return json.loads((folder / "summary.json").read_text(encoding="utf-8"))["epochs"] == config.epoch
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _resume(training: "ContextTraining", folder: "RunFolder") -> None:
    from rate2spike.cli.resuming import say_where_it_stands

    say_where_it_stands(folder, "epoch")
    training.resume()
    if training.n_done > training.config.epoch:
        raise InputError(
            f"{training.folder} has {training.n_done} epochs already, more than --epoch {training.config.epoch}"
        )


def _train(training: "ContextTraining", splits: dict, log_json: str | None) -> None:
    """The epochs that are missing, with progress."""
    from rate2spike.progress import Progress

    config = training.config
    n_batches = splits["train"].n_batches + splits["validation"].n_batches
    with Progress(f"training {config.model_type}", config.epoch * n_batches) as progress:
        progress.restart(config.epoch * n_batches, training.n_done * n_batches)
        progress.line(
            f"{config.model_type} on {config.data_name}, {config.task_type} of {config.seq_len}: {config.hidden} units, "
            f"{config.n_trials} trials per epoch, steps of {config.step_ms:g} ms, seed {config.seed}"
        )
        _copy_log(training, log_json)
        while training.n_done < config.epoch:
            record = training.run_epoch(
                splits["train"],
                splits["validation"],
                lambda split, count, loss: progress.advance(f"epoch {training.n_done + 1}, {split} loss {loss:.3f}"),
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


def _config_and_folder(arguments: argparse.Namespace) -> tuple["ContextConfig", Path]:
    """Settings: the flags, over what the folder of a resumed run says, over the defaults. Raises InputError."""
    from rate2spike.cli.resuming import check_same, recorded_run
    from rate2spike.spiking.context.config import MAY_DIFFER, ContextConfig

    given = {name: getattr(arguments, name) for name in (*HISTORIC, *MORE, *SWITCHES)}
    given = {name: value for name, value in given.items() if value is not None}
    if arguments.resume and arguments.save_dir is None:
        raise InputError("--resume needs --save_dir, the folder of the run to go on with")
    if arguments.resume:
        folder = Path(arguments.save_dir)
        recorded = dict(recorded_run(folder, "context").get("context", {}))
        before = ContextConfig.from_section(recorded, str(folder / "config.toml"))
        config = ContextConfig(**{**recorded, **given})
        check_same(vars(config), vars(before), folder, MAY_DIFFER)
        return config, folder
    config = ContextConfig(**given)
    task = f"{config.dataset}_{config.task_type}_{config.seq_len}_{config.model_type}"
    name = f"context_{task}_{datetime.now():%Y_%m_%d_%H%M%S}"
    return config, Path(arguments.save_dir or Path("runs") / name)
