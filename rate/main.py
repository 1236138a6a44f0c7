"""Train a rate network, with the historic flags and further ones, or evaluate trained networks (--mode eval).

Without --run_folder the model is written to <output_dir>/models/<task>/[NoDale/]P_rec_<p>_Taus_<min>_<max>/, with the
historic file name and variables. With it one folder holds everything: config.toml, model.mat, CSV tables, figures and
checkpoints; killed at any moment, the same command with --resume goes on. --config repeats an earlier run. --seeds 1-100
trains a population into one folder. --recipe takes the task's documented settings instead of the published ones.

--mode eval reports accuracy and loss of a model file, or of every one in a folder, on fresh trials, and saves a figure;
without --model it takes the folder that the given flags name.

example: python main.py --gpu 0 --gpu_frac 0.20 --n_trials 5000 --mode train --N 200 --P_inh 0.20 --som_N 0 \\
    --apply_dale True --gain 1.5 --task go-nogo --act sigmoid --loss_fn l2 --decay_taus 4 20 --output_dir ../
example: rate2spike train --task xor --recipe --seed 1 --run_folder runs/xor_1
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rate2spike.cli.arguments import Parser, add_seed
from rate2spike.cli.training import end_or_raise, historic_model_path, save_historic, train_with_progress
from rate2spike.cli.training_flags import add_network_flags, base_for, check_given, config_of
from rate2spike.errors import InputError
from rate2spike.io.atomic_file import make_folder
from rate2spike.rate.config import TrainConfig


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add_network_flags(parser)
    add = parser.add_argument
    add("--mode", default="train", help="train or eval (default: train)")
    add("--output_dir", default=None, help="the model goes to <output_dir>/models/...")
    add("--run_folder", default=None, metavar="DIR", help="one folder for everything that the run writes")
    add("--resume", action="store_true", help="go on with what --run_folder holds")
    add("--recipe", action="store_true", help="the task's documented settings are the defaults (docs/training.md)")
    add("--seeds", default=None, metavar="A-B", help="a population of networks: 1-100, or 1-5,8 (needs --run_folder)")
    add("--workers", type=int, default=None, help="networks trained at the same time (default: all cores)")
    add("--scheduler", default=None, metavar="ADDRESS", help="train a population on this Dask cluster: tcp://host:8786")
    add("--model", nargs="+", default=None, help="eval: model files or folders (default: as the flags name it)")
    add_seed(parser)


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
    if arguments.run_folder is not None:
        return _run_in_folder(arguments)
    if not arguments.recipe and arguments.config is None:
        require(arguments, "output_dir", "N", "task", "decay_taus")
    require(arguments, "output_dir")
    config = config_of(arguments, base_for(arguments) if arguments.recipe else None)
    output_dir = Path(arguments.output_dir)
    make_folder(historic_model_path(config, output_dir, datetime.now()).parent)
    result = train_with_progress(config, arguments.gpu, arguments.gpu_frac)
    path = save_historic(result.model, config, output_dir)
    print(f"model: {path}", flush=True)
    end_or_raise(result, path, f"--seed {config.seed} repeats this run from its start")
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
    for flag in ("workers", "scheduler"):
        if getattr(arguments, flag) is not None and arguments.seeds is None:
            raise InputError(f"--{flag} needs --seeds")
    if arguments.seeds is not None and arguments.seed is not None:
        raise InputError("give --seed for one network or --seeds for a population, not both")
    if arguments.run_folder is not None and arguments.output_dir is not None:
        raise InputError("give --output_dir (historic folders) or --run_folder (all in one), not both")


def _run_in_folder(arguments: argparse.Namespace) -> int:
    from rate2spike.cli.training import train_in_folder

    folder, config = folder_and_config(arguments)
    result = train_in_folder(folder, config, arguments.gpu, arguments.gpu_frac)
    # when resuming, how it ends may have changed
    folder.write_config("training", ["rate2spike", *sys.argv[1:]], config.sections())
    print(f"model: {folder.model}")
    end_or_raise(result, folder.model, "the same command with --resume goes on")
    return 0


def folder_and_config(arguments: argparse.Namespace):
    """The run folder, new or to be resumed, and the settings, written there. Raises InputError."""
    from rate2spike.cli.training_flags import read_toml
    from rate2spike.io.run_folder import RunFolder

    path = Path(arguments.run_folder)
    resumes = arguments.resume and (path / "config.toml").exists()
    if resumes:
        recorded = read_toml(path / "config.toml")
        RunFolder.check_kind(recorded, "training", path / "config.toml")
        config = config_of(arguments, TrainConfig.from_sections(recorded, str(path / "config.toml")))
    else:
        if not arguments.recipe and arguments.config is None:
            require(arguments, "task", "N", "decay_taus")
        config = config_of(arguments, base_for(arguments) if arguments.recipe else None)
    folder = RunFolder(path, resume=arguments.resume)
    if not resumes:
        folder.write_config("training", ["rate2spike", *sys.argv[1:]], config.sections())
    return folder, config


def require(arguments: argparse.Namespace, *names: str) -> None:
    """Raise InputError unless these flags are given."""
    missing = [f"--{name}" for name in names if getattr(arguments, name) is None]
    if missing:
        raise InputError(f"{', '.join(missing)} must be given in this mode")


def main(argv: Sequence[str] | None = None) -> int:
    """`python main.py ...`; returns the exit code."""
    from rate2spike.cli.main import guarded

    parser = Parser(prog="main.py", description=__doc__)
    add_arguments(parser)

    def command() -> int:
        with parser.own_flags():
            return run(parser.parse_args(argv))

    return guarded(command, parser.prog)


if __name__ == "__main__":
    sys.exit(main())
