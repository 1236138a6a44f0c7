"""The flags of a network and its training (`rate2spike.rate.config.TrainConfig`), and the settings that follow from them."""

import argparse
from dataclasses import replace
from pathlib import Path

from rate2spike.cli.arguments import Parser, add_task, task_options
from rate2spike.cli.option_flags import add_option_flags, given
from rate2spike.errors import InputError
from rate2spike.io.toml_file import read_toml
from rate2spike.machine.tensorflow_device import check_gpu
from rate2spike.rate import tasks
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.recipes import FIELDS as RECIPE_FIELDS
from rate2spike.rate.recipes import recipe
from rate2spike.rate.weights import draw_weights
from rate2spike.seeding import Role, generator, resolve_seed

# the defaults of commands where they are not those of the record
OF_RECIPE = dict.fromkeys(RECIPE_FIELDS, "as the task's recipe says")
OF_TRAIN = {"n_units": "", "tau_steps": "", "n_updates": "5000; in eval, where they are fresh trials, 100"}


def add_network_flags(parser: Parser, *, by_recipe: bool = False) -> None:
    """Declare them all. by_recipe: what is not given is as the task's recipe says, not as published."""
    add = parser.add_argument
    add("--gpu", default="0", help="which GPU to use, where there are some: 0, 0,1 or all (default: 0)")
    add("--gpu_frac", type=float, default=None, help="fraction of the GPU's memory to take (default: as needed)")
    add("--config", default=None, metavar="FILE.toml", help="settings of an earlier run; other flags override them")
    add_task(parser, "")
    defaults = OF_RECIPE if by_recipe else OF_TRAIN
    add_option_flags(parser, TrainConfig, dash="_", defaults=defaults, bools_take_values=True)


def config_of(arguments: argparse.Namespace, base: TrainConfig | None = None) -> TrainConfig:
    """Validated settings with a resolved seed; what no flag gives is as in --config, else as in `base`.

    Raises InputError.
    """
    config = settings_of(arguments, base)
    config = replace(config, seed=resolve_seed(config.seed))
    # a cheap trial draw: whether the SOM units asked for exist is known only when the types are drawn
    draw_weights(config, generator(config.seed or 0, Role.INITIAL_WEIGHTS))
    return config


def settings_of(arguments: argparse.Namespace, base: TrainConfig | None = None) -> TrainConfig:
    """The same with the seed as it is given, None if it is not."""
    if not (arguments.gpu_frac is None or 0 <= arguments.gpu_frac <= 1):
        raise InputError(f"--gpu_frac must be from 0 to 1, got {arguments.gpu_frac}")
    check_gpu(arguments.gpu)
    base = base or TrainConfig()
    if arguments.config is not None:
        base = _from_file(arguments.config, base)
    changes = given(arguments, TrainConfig)
    if arguments.task is not None:
        changes["task"] = arguments.task
    return replace(base, **changes, task_options=task_options(arguments))


def _from_file(path: str, base: TrainConfig) -> TrainConfig:
    """Settings of an earlier training. Raises InputError, for a file of another kind of run too."""
    content = read_toml(Path(path))
    if "run" in content and "training" not in content:
        raise InputError(f"{path} is of a run without training: it has no [training]", "config")
    return TrainConfig.from_sections(content, path, base)


def check_given(arguments: argparse.Namespace) -> None:
    """Raise InputError for a value that cannot be used, before anything is said of flags that are missing.

    What only makes sense beside a flag that is missing is left out.
    """
    left_out: set[str] = set()
    if arguments.config is None:
        left_out |= set() if arguments.task else {"task_option"}
        left_out |= set() if arguments.n_units else {"n_som", "unit_tau_steps", "cell_types"}
        left_out |= set() if arguments.tau_steps else {"unit_tau_steps"}
    settings_of(argparse.Namespace(**{**vars(arguments), **dict.fromkeys(left_out)}))


def base_for(arguments: argparse.Namespace) -> TrainConfig:
    """The recipe of the task that --task names. Raises InputError."""
    if arguments.task is None:
        check_given(arguments)
        raise InputError(f"--task must be given: {', '.join(tasks.TASKS)}, or your own")
    return recipe(arguments.task)


def base_of_new(arguments: argparse.Namespace, *required: str) -> TrainConfig | None:
    """What a new run begins with: the recipe if that is asked for, else nothing, if --config or these fields are given.

    Raises InputError.
    """
    if arguments.recipe:
        return base_for(arguments)
    if arguments.config is None:
        require(arguments, *required)
    return None


def require(arguments: argparse.Namespace, *fields: str) -> None:
    """Raise InputError unless these are given, by the names of what they set."""
    missing = [field for field in fields if getattr(arguments, field) is None]
    if missing:
        hint = "; --recipe has settings for the task" if "tau_steps" in missing and arguments.mode == "train" else ""
        raise InputError(f"{', '.join(f'{{{field}}}' for field in missing)} must be given in this mode{hint}", *missing)
