"""The flags that describe a network and its training, in one table, and the settings that follow from them."""

import argparse
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rate2spike.cli.arguments import add_task, task_options, true_or_false
from rate2spike.errors import InputError
from rate2spike.machine.tensorflow_device import check_gpu
from rate2spike.rate import tasks
from rate2spike.rate.cell_types import CellTypes
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.recipes import FIELDS as RECIPE_FIELDS
from rate2spike.rate.recipes import recipe
from rate2spike.rate.weights import draw_weights
from rate2spike.seeding import Role, generator, resolve_seed


@dataclass(frozen=True)
class Flag:
    """A flag and the field of TrainConfig that it sets."""

    name: str
    field: str
    kind: Callable[[str], Any]
    help: str


_BY_RECIPE = " (default: as the task's recipe says)"
OFF = object()  # what a flag gives that switches a setting off


def _or_none(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    """The type of a flag that takes `none` too."""

    def parse(text: str) -> Any:
        return OFF if text.lower() == "none" else kind(text)

    parse.__name__ = kind.__name__
    return parse


_HISTORIC = (
    Flag("--n_trials", "n_updates", int, "most updates in training (default: 5000); trials in eval (100)"),
    Flag("--N", "n_units", int, "number of units"),
    Flag("--gain", "gain", float, "gain of the initial weights (default: 1.5)"),
    Flag("--P_inh", "p_inh", float, "proportion of inhibitory units (default: 0.2)"),
    Flag("--P_rec", "p_rec", float, "connection probability (default: 0.2)"),
    Flag("--som_N", "n_som", int, "number of SOM units (default: 0)"),
    Flag("--act", "activation", str, "sigmoid, clipped_relu or softplus (default: sigmoid)"),
    Flag("--loss_fn", "loss", str, "l1 or l2 (default: l2)"),
    Flag("--apply_dale", "apply_dale", true_or_false, "Dale's principle (default: True)"),
    Flag("--w_dist", "weight_distribution", str, "initial weights: gaus or gamma (default: gaus)"),
)
_NETWORK = (
    Flag("--balanced", "balanced", true_or_false, "scale initial inhibition so that it cancels excitation"),
    Flag("--sparse", "sparse", true_or_false, "connections absent at the start stay absent"),
    Flag("--dale_outputs", "dale_outputs", true_or_false, "output weights obey Dale's principle too"),
    Flag("--train_w_in", "train_w_in", true_or_false, "train the input weights (default: False)"),
    Flag("--train_b_out", "train_b_out", true_or_false, "train the output's bias (default: True)"),
    Flag("--train_taus", "train_taus", true_or_false, "train the time constants between MIN and MAX (default: True)"),
    Flag("--train_unit_bias", "train_unit_bias", true_or_false, "train a constant input of each unit (default: False)"),
    Flag("--unit_bias_sd", "unit_bias_sd", float, "SD of the units' constant inputs at the start (default: 0)"),
)
_TRAINING = (
    Flag("--batch_size", "batch_size", int, "trials per update (default: 1, as published)"),
    Flag("--learning_rate", "learning_rate", float, "of Adam (default: 0.01)"),
    Flag("--lr_schedule", "lr_schedule", str, "constant, cosine or exponential (default: constant)"),
    Flag("--lr_decay_updates", "lr_decay_updates", _or_none(int), "length of the schedule (default: --n_trials)"),
    Flag("--lr_final", "lr_final", float, "fraction of the learning rate at its end (default: 0.1)"),
    Flag("--clip_norm", "clip_norm", _or_none(float), "clip the norm of all gradients together (default: off)"),
    Flag("--l2_weights", "l2_weights", float, "penalty on squared recurrent weights (default: 0)"),
    Flag("--l2_rates", "l2_rates", float, "penalty on the mean squared rate (default: 0)"),
    Flag(
        "--min_updates",
        "min_updates",
        _or_none(int),
        "train at least so long (default: as the task says, Go-NoGo 1500)",
    ),
    Flag("--evaluate_every", "evaluate_every", int, "updates between evaluations (default: 100)"),
    Flag("--loss_threshold", "loss_threshold", _or_none(float), "of the criteria: evaluation loss below (default: 7)"),
    Flag(
        "--accuracy_threshold", "accuracy_threshold", _or_none(float), "of the criteria: accuracy above (default: 0.95)"
    ),
    Flag(
        "--patience", "patience", _or_none(int), "stop after so many evaluations without a lower loss (default: never)"
    ),
)
FLAGS = (*_HISTORIC, *_NETWORK, *_TRAINING)


def add_network_flags(parser: argparse.ArgumentParser, *, by_recipe: bool = False) -> None:
    """Declare them all. by_recipe: what is not given is as the task's recipe says, not as published."""
    add = parser.add_argument
    add("--gpu", default="0", help="which GPU to use, where there are some: 0, 0,1 or all (default: 0)")
    add("--gpu_frac", type=float, default=None, help="fraction of the GPU's memory to take (default: as needed)")
    add_task(parser, "")
    add(
        "--decay_taus",
        type=float,
        nargs="+",
        default=None,
        metavar="TAU",
        help="synaptic time constants in steps of 5 ms: min max (trained), or one for all (fixed)"
        + (_BY_RECIPE if by_recipe else ""),
    )
    add(
        "--unit_taus",
        default=None,
        metavar="FILE",
        help="text file of time constants, one per unit, within min and max",
    )
    add("--cell_types", default=None, metavar="FILE.toml", help="names, shares, signs and allowed connections of types")
    add("--config", default=None, metavar="FILE.toml", help="settings of an earlier run; other flags override them")
    for flag in FLAGS:
        optional_value: dict[str, Any] = {"nargs": "?", "const": True} if flag.kind is true_or_false else {}
        add(
            flag.name,
            dest=flag.name.lstrip("-"),
            type=flag.kind,
            default=None,
            help=_recipe_help(flag) if by_recipe else flag.help,
            **optional_value,
        )


def _recipe_help(flag: Flag) -> str:
    """The help of a flag where recipes give the defaults."""
    if flag.field in RECIPE_FIELDS:
        return re.sub(r" \(default: .*\)$", "", flag.help) + _BY_RECIPE
    if flag.field == "n_updates":
        return "most updates in training (default: 5000)"
    return flag.help + (" (default: 200)" if flag.field == "n_units" else "")


def config_of(arguments: argparse.Namespace, base: TrainConfig | None = None) -> TrainConfig:
    """Validated settings with a resolved seed; what no flag gives is as in --config, else as in `base`.

    Raises InputError.
    """
    config = settings_of(arguments, base)
    seed = config.seed if arguments.seed is None else arguments.seed
    config = replace(config, seed=resolve_seed(seed))
    # a cheap trial draw: whether the SOM units asked for exist is known only when the types are drawn
    draw_weights(config, generator(config.seed or 0, Role.INITIAL_WEIGHTS))
    return config


def settings_of(arguments: argparse.Namespace, base: TrainConfig | None = None) -> TrainConfig:
    """The same without a seed."""
    if not (arguments.gpu_frac is None or 0 <= arguments.gpu_frac <= 1):
        raise InputError(f"--gpu_frac must be from 0 to 1, got {arguments.gpu_frac}")
    check_gpu(arguments.gpu)
    base = base or TrainConfig()
    if arguments.config is not None:
        base = TrainConfig.from_sections(read_toml(Path(arguments.config)), arguments.config, base)
    given = {flag.field: getattr(arguments, flag.name.lstrip("-")) for flag in FLAGS}
    given["tau_steps"] = tuple(arguments.decay_taus) if arguments.decay_taus else None
    given["unit_tau_steps"] = None if arguments.unit_taus is None else _numbers_in(arguments.unit_taus)
    given["cell_types"] = None if arguments.cell_types is None else _cell_types(arguments.cell_types)
    changes: dict[str, Any] = {
        name: None if value is OFF else value for name, value in given.items() if value is not None
    }
    if arguments.task is not None:
        changes["task"] = arguments.task
    return replace(base, **changes, task_options=task_options(arguments))


def check_given(arguments: argparse.Namespace) -> None:
    """Raise InputError for a value that cannot be used, before anything is said of flags that are missing.

    What only makes sense beside a flag that is missing is left out.
    """
    left_out: set[str] = set()
    if arguments.config is None:
        left_out |= set() if arguments.task else {"task_option"}
        left_out |= set() if arguments.N else {"som_N", "unit_taus", "cell_types"}
        left_out |= set() if arguments.decay_taus else {"unit_taus"}
    settings_of(argparse.Namespace(**{**vars(arguments), **dict.fromkeys(left_out)}))
    resolve_seed(arguments.seed)


def base_for(arguments: argparse.Namespace) -> TrainConfig:
    """The recipe of the task that --task names. Raises InputError."""
    if arguments.task is None:
        check_given(arguments)
        raise InputError(f"--task must be given: {', '.join(tasks.TASKS)}, or your own")
    return recipe(arguments.task)


def read_toml(path: Path) -> Mapping[str, Any]:
    """A TOML file. Raises InputError naming it."""
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no TOML file: {error}") from None


def _cell_types(path: str) -> CellTypes:
    table = read_toml(Path(path))
    return CellTypes.from_table(table.get("cell_types", table), path)


def _numbers_in(path: str) -> tuple[float, ...]:
    try:
        return tuple(float(text) for text in Path(path).read_text(encoding="utf-8-sig").replace(",", " ").split())
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error} (--unit_taus)") from None
    except ValueError as error:
        raise InputError(f"{path} must hold numbers alone: {error} (--unit_taus)") from None


def require(arguments: argparse.Namespace, *names: str) -> None:
    """Raise InputError unless these flags are given."""
    missing = [f"--{name}" for name in names if getattr(arguments, name) is None]
    if missing:
        raise InputError(f"{', '.join(missing)} must be given in this mode")
