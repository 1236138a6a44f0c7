"""--mode eval: rate networks of model files on fresh trials."""

import argparse
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

from rate2spike.checks import whole_number
from rate2spike.cli.arguments import task_options
from rate2spike.cli.columns import labelled, said_of
from rate2spike.cli.network_report import each_of_several
from rate2spike.cli.speaking import as_given, next_step, tell
from rate2spike.cli.training import historic_model_path
from rate2spike.cli.training_flags import require, settings_of
from rate2spike.errors import InputError
from rate2spike.io.atomic_file import make_folder
from rate2spike.machine.tensorflow_device import prepare_tensorflow
from rate2spike.matlab_compat.model_file import holds_model, load_model
from rate2spike.matlab_compat.model_paths import distinct_names, model_files
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.model_task import task_of_model
from rate2spike.rate.task import Task
from rate2spike.seeding import Role, generator, resolve_seed
from rate2spike.trained_model import TrainedModel

_DEFAULT_TRIALS, _BATCH = 100, 100


@dataclass(frozen=True)
class FreshTrials:
    """The trials of an evaluation."""

    n_trials: int
    loss: str
    seed: int


def run_eval(arguments: argparse.Namespace) -> int:
    """Evaluate the models named, or all of a folder; returns the exit code. Raises InputError."""
    given = _DEFAULT_TRIALS if arguments.n_updates is None else arguments.n_updates  # one flag for both
    n_trials = whole_number(given, "number of trials", "n_updates")
    # what describes training is not used, but a wrong value is still an error
    config = settings_of(arguments) if arguments.task else settings_of(_without_options(arguments))
    fresh = FreshTrials(n_trials, config.loss, resolve_seed(arguments.seed))
    options = task_options(arguments)
    paths = _paths(arguments, config)
    prepare = cache(lambda: prepare_tensorflow(arguments.gpu, arguments.gpu_frac))  # once, and only if it is needed

    def evaluate(path: Path, name: str) -> None:
        model = load_model(path)
        task = task_of_model(model, path, arguments.task, options)
        folder = Path(arguments.output_dir or path.parent)
        make_folder(folder)
        prepare()
        tell(arguments, *_evaluate_file(path, model, task, fresh, folder / f"{name}_rate_outputs"))

    if len(paths) == 1:
        evaluate(paths[0], paths[0].stem)
        next_step(arguments, "search", paths[0], *as_given(arguments), "--seed", 1)
        return 0
    with each_of_several(arguments.flag_of) as attempt:
        for path, name in zip(paths, distinct_names(paths), strict=True):
            attempt(path, partial(evaluate, path, name if arguments.output_dir else path.stem))
    next_step(arguments, "search", *(arguments.model or paths), *as_given(arguments), "--seed", 1)
    return 0


def _without_options(arguments: argparse.Namespace) -> argparse.Namespace:
    """Options of a task that only the model files name are checked when these are read."""
    return argparse.Namespace(**{**vars(arguments), "task_option": None})


def _paths(arguments: argparse.Namespace, config: TrainConfig) -> list[Path]:
    if arguments.model is not None:
        return model_files(*arguments.model)
    require(arguments, "output_dir", "n_units", "task", "tau_steps")
    target = historic_model_path(config, Path(arguments.output_dir), datetime.now()).parent
    if not target.is_dir():
        return [target]
    pattern = f"Task_*_N_{config.n_units}_*_Act_{config.activation}_*.mat"
    paths = sorted(path for path in target.glob(pattern) if not path.name.startswith(".") and holds_model(path))
    if not paths:
        raise InputError(f"folder {target} holds no model to evaluate")
    return paths


def _evaluate_file(
    path: Path, model: TrainedModel, task: Task, fresh: FreshTrials, figure_stem: Path
) -> tuple[dict[str, Any], str, str]:
    """What --json says, and two lines."""
    import numpy as np

    from rate2spike.io.figure_file import save_figure
    from rate2spike.rate.model import RateNetwork
    from rate2spike.rate.plots import rate_outputs
    from rate2spike.rate.rate_evaluation import evaluate_rate

    network = RateNetwork.from_model(model)
    rng = generator(fresh.seed, Role.EVALUATION)
    sizes = [min(_BATCH, fresh.n_trials - done) for done in range(0, fresh.n_trials, _BATCH)]
    parts = [evaluate_rate(network, task, size, fresh.loss, rng) for size in sizes]
    accuracy = np.average([part.accuracy for part in parts], weights=sizes)
    mean_loss = np.average([part.loss for part in parts], weights=sizes)
    outputs, labels = (np.concatenate([getattr(part, name) for part in parts]) for name in ("outputs", "labels"))
    figures = save_figure(rate_outputs(outputs, labels, task), figure_stem)
    values = {
        "model": str(path),
        "task": task.name,
        "accuracy": accuracy,
        "loss": mean_loss,
        "loss_function": fresh.loss,
        "n_trials": fresh.n_trials,
        "seed": fresh.seed,
        "figure": figures[0],
    }
    said = f"{task.name}, accuracy {accuracy:.3f}, {fresh.loss} loss {mean_loss:.3f} over {fresh.n_trials} trials"
    return (
        values,
        said_of(path.name, f"{said}, seed {fresh.seed}"),
        "  " + labelled("figure", figures[0]).replace("\n", "\n  "),
    )
