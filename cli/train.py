r"""Train a rate network, with the historic flags and further ones, or evaluate trained networks (--mode eval).

Without --run_folder the model is written to <output_dir>/models/<task>/[NoDale/]P_rec_<p>_Taus_<min>_<max>/, with the
historic file name and variables. With it one folder holds everything: config.toml, model.mat, CSV tables, figures and
checkpoints; killed at any moment, the same command with --resume goes on. --config repeats an earlier run. --seeds 1-100
trains a population into one folder. --recipe takes the task's documented settings instead of the published ones.

--mode eval reports accuracy and loss of a model file, or of every one in a folder, on fresh trials, and saves a figure;
without --model it takes the folder that the given flags name.

example: python main.py --gpu 0 --gpu_frac 0.20 --n_trials 5000 --mode train --N 200 --P_inh 0.20 --som_N 0 \
    --apply_dale True --gain 1.5 --task go-nogo --act sigmoid --loss_fn l2 --decay_taus 4 20 --output_dir ../
example: rate2spike train --task xor --recipe --seed 1 --run_folder runs/xor_1
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from rate2spike.cli.arguments import Parser, add_json
from rate2spike.cli.columns import labelled, wrapped
from rate2spike.cli.run_place import RunPlace, add_run_folder
from rate2spike.cli.speaking import next_step, tell
from rate2spike.cli.training import (
    check_not_searched,
    end_or_raise,
    facts_of,
    finished_network,
    historic_model_path,
    save_historic,
    train_in_folder,
    train_with_progress,
    verdict,
)
from rate2spike.cli.training_flags import add_network_flags, base_for, base_of_new, check_given, config_of, require
from rate2spike.errors import InputError
from rate2spike.io.atomic_file import check_folder
from rate2spike.machine.tensorflow_device import import_quietly
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.stopping import may_differ
from rate2spike.trained_model import TrainedModel


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    parser.set_defaults(flag_of=parser.flag_of)
    add_network_flags(parser)
    add = parser.add_argument
    add("--mode", default="train", help="train or eval (default: train)")
    add("--output_dir", default=None, help="the model goes to <output_dir>/models/...")
    add_run_folder(parser)
    add("--recipe", action="store_true", help="the task's documented settings are the defaults (docs/training.md)")
    add("--seeds", default=None, metavar="A-B", help="a population of networks: 1-100, or 1-5,8 (needs --run_folder)")
    add("--n_workers", type=int, default=None, help="networks trained at the same time (default: all cores)")
    add("--scheduler", default=None, metavar="ADDRESS", help="train a population on this Dask cluster: tcp://host:8786")
    add_json(parser)
    add("--model", nargs="+", default=None, help="eval: model files or folders (default: as the flags name it)")


def run(arguments: argparse.Namespace) -> int:
    """Train or evaluate; returns the exit code."""
    mode = arguments.mode.lower()
    if mode not in ("train", "eval"):
        raise InputError(f"unknown mode {arguments.mode!r}: choose from train, eval (--mode)")
    if mode == "eval":
        from rate2spike.cli.rate_eval import run_eval

        return run_eval(arguments)
    _check_combination(arguments)
    if arguments.seeds is not None:
        from rate2spike.cli.population import run_population

        return run_population(arguments)
    return _train_historic(arguments) if arguments.run_folder is None else _train_in_folder(arguments)


def _train_historic(arguments: argparse.Namespace) -> int:
    """Train, and save below --output_dir with the historic name."""
    base = base_of_new(arguments, "output_dir", "n_units", "task", "tau_steps")
    require(arguments, "output_dir")
    config = config_of(arguments, base)
    output_dir = Path(arguments.output_dir)
    check_folder(historic_model_path(config, output_dir, datetime.now()).parent)
    result = train_with_progress(config, arguments.gpu, arguments.gpu_frac)
    path = save_historic(result.model, config, output_dir)
    tell(arguments, facts_of(result.model, path, config), labelled("model", path))
    end_or_raise(result, path, f"--seed {config.seed} repeats this run from its start")
    next_step(arguments, "search", path, "--seed", 1)
    return 0


def _check_combination(arguments: argparse.Namespace) -> None:
    """Raise InputError; wrong values come before missing flags."""
    if arguments.model is not None:
        raise InputError("--model is for --mode eval")
    if arguments.recipe and arguments.config is not None:
        raise InputError("give --recipe or --config, not both")
    check_given(arguments)
    for flag in ("resume", "seeds"):
        if getattr(arguments, flag) and arguments.run_folder is None:
            raise InputError(f"--{flag} needs --run_folder")
    for flag in ("n_workers", "scheduler"):
        if getattr(arguments, flag) is not None and arguments.seeds is None:
            raise InputError(f"--{flag} needs --seeds")
    if arguments.seeds is not None and arguments.seed is not None:
        raise InputError("give --seed for one network or --seeds for a population, not both")
    if arguments.run_folder is not None and arguments.output_dir is not None:
        raise InputError("give --output_dir (historic folders) or --run_folder (all in one), not both")


def _train_in_folder(arguments: argparse.Namespace) -> int:
    """Begin a run in its folder, go on with it, or say that it is finished."""
    place = RunPlace(Path(arguments.run_folder), "training", ("model.mat", "checkpoints"), arguments.resume)
    if arguments.resume:
        config = _config_to_resume(arguments, place)
        folder = place.open()
        model = finished_network(folder, config)
        if model is not None:
            said = wrapped(f"(the run is finished, {verdict(model)}; nothing was changed)")
            lines = f"{labelled('model', folder.model)} {said}"
            tell(arguments, facts_of(model, folder.model, config), lines)
            _say_next(arguments, model, folder.path, config)
            return 0
        check_not_searched(folder.model)
    else:
        config = config_of(arguments, base_of_new(arguments, "task", "n_units", "tau_steps"))
        place.check_free()
        import_quietly()  # Ctrl-C meanwhile leaves nothing: the folder is made afterwards
        folder = place.open()
    place.begin(folder, config.sections())
    again = "the same command with --resume goes on"
    with folder.interruptible(again):
        result = train_in_folder(folder, config, arguments.gpu, arguments.gpu_frac)
    tell(arguments, facts_of(result.model, folder.model, config), labelled("model", folder.model))
    end_or_raise(result, folder.model, again)
    _say_next(arguments, result.model, folder.path, config)
    return 0


def _say_next(arguments: argparse.Namespace, model: TrainedModel, folder: Path, config: TrainConfig) -> None:
    """The search, or, where the criteria are not met, more updates."""
    if model.training_success or config.patience is not None:
        next_step(arguments, "search", folder, "--seed", 1)
    else:
        next_step(arguments, "train", "--run_folder", folder, "--resume", "--n_trials", 2 * config.n_updates)


def _config_to_resume(arguments: argparse.Namespace, place: RunPlace) -> TrainConfig:
    recorded = TrainConfig.from_sections(place.recorded(), str(place.path / "config.toml"))
    base = replace(base_for(arguments), seed=recorded.seed) if arguments.recipe else recorded
    config = config_of(arguments, base)
    place.check_same(config.flat(), recorded.flat(), may_differ(recorded))
    return config


def main(argv: Sequence[str]) -> int:
    """What `python main.py` does with these arguments; returns the exit code."""
    from rate2spike.cli.main import main as command_line

    return command_line(["train", *argv], prog="main.py")
