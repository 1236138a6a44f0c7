"""Train a rate network with the historic flags, or evaluate trained ones (--mode eval).

The model is written to <output_dir>/models/<task>/[NoDale/]P_rec_<p>_Taus_<min>_<max>/, with the historic file name and
variables. --mode eval reports accuracy and loss of a model file, or of every one in a folder, on fresh trials, and saves
a figure; without --model it takes the folder that the given flags name.

example: python main.py --gpu 0 --gpu_frac 0.20 --n_trials 5000 --mode train --N 200 --P_inh 0.20 --som_N 0 \\
    --apply_dale True --gain 1.5 --task go-nogo --act sigmoid --loss_fn l2 --decay_taus 4 20 --output_dir ../
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from rate2spike.cli.arguments import Parser, add_seed, true_or_false
from rate2spike.errors import InputError
from rate2spike.io.atomic_file import make_folder
from rate2spike.matlab_compat.model_file import (
    TrainedModel,
    historic_path,
    holds_model,
    load_model,
    save_model,
    task_in_path,
)
from rate2spike.progress import Progress
from rate2spike.rate import tasks
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.weights import draw_weights
from rate2spike.seeding import Role, generator, resolve_seed

DEFAULT_UPDATES, DEFAULT_EVAL_TRIALS = 5000, 100
_EVAL_BATCH = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the historic flags and the new ones."""
    add_network_arguments(parser)
    parser.add_argument("--mode", default="train", help="train or eval (default: train)")
    parser.add_argument("--output_dir", default=None, help="the model goes to <output_dir>/models/...")
    parser.add_argument("--model", default=None, help="eval: model file or folder (default: as the flags name it)")
    add_seed(parser)


def add_network_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags that describe network and training."""
    add = parser.add_argument
    add("--gpu", default="0", help="which GPU to use, where there are some (default: 0)")
    add("--gpu_frac", type=float, default=0.4, help="accepted for compatibility; GPU memory is taken as needed")
    add("--n_trials", type=int, default=None, help="most updates in training (default: 5000); trials in eval (100)")
    add("--N", type=int, default=None, help="number of units")
    add("--gain", type=float, default=None, help="gain of the initial weights (default: 1.5)")
    add("--P_inh", type=float, default=None, help="proportion of inhibitory units (default: 0.2)")
    add("--P_rec", type=float, default=None, help="connection probability (default: 0.2)")
    add("--som_N", type=int, default=None, help="number of SOM units (default: 0)")
    add("--task", default=None, help=f"{', '.join(tasks.TASKS)}")
    add("--act", default=None, help="sigmoid, clipped_relu or softplus (default: sigmoid)")
    add("--loss_fn", default=None, help="l1 or l2 (default: l2)")
    add("--apply_dale", type=true_or_false, default=None, help="Dale's principle, True or False (default: True)")
    add("--decay_taus", type=float, nargs="+", default=None, metavar="TAU",
        help="synaptic time constants in steps of 5 ms: min max (trained), or one for all (fixed)")  # fmt: skip
    add("--w_dist", default=None, help="initial weights: gaus or gamma (default: gaus)")
    add("--batch_size", type=int, default=None, help="trials per update (default: 1, as published)")
    add("--min_updates", type=int, default=None, help="go on so long even if the criteria are met before (default: 0)")
    add("--learning_rate", type=float, default=None, help="of Adam (default: 0.01)")


def run(arguments: argparse.Namespace) -> int:
    """Train or evaluate; returns the exit code."""
    mode = arguments.mode.lower()
    if not 0 <= arguments.gpu_frac <= 1:
        raise InputError(f"--gpu_frac must be from 0 to 1, got {arguments.gpu_frac}")
    if mode not in ("train", "eval"):
        raise InputError(f"unknown mode {arguments.mode!r}: choose from train, eval (--mode)")
    if mode == "eval":
        return _run_eval(arguments)
    _require(arguments, "output_dir", "N", "task", "decay_taus")
    config = config_of(arguments, TrainConfig())
    path, interrupted = train_and_save(config, Path(arguments.output_dir), arguments.gpu)[1:]
    print(f"model: {path}")
    if interrupted:
        raise KeyboardInterrupt(
            f"the unfinished network is in {path}; --seed {config.seed} repeats this run from its start"
        )
    return 0


def config_of(arguments: argparse.Namespace, defaults: TrainConfig) -> TrainConfig:
    """Validated settings with a resolved seed; whatever is not given is as in `defaults`. Raises InputError."""
    config = replace(_given(arguments, defaults), seed=resolve_seed(arguments.seed))
    # a cheap trial draw: whether the SOM units asked for exist is known only when the types are drawn
    draw_weights(config, tasks.get(config.task).n_inputs, generator(config.seed or 0, Role.INITIAL_WEIGHTS))
    return config


def _given(arguments: argparse.Namespace, defaults: TrainConfig) -> TrainConfig:
    given = {
        "task": arguments.task, "n_units": arguments.N, "p_inh": arguments.P_inh, "p_rec": arguments.P_rec,
        "n_som": arguments.som_N, "gain": arguments.gain, "weight_distribution": arguments.w_dist,
        "apply_dale": arguments.apply_dale, "activation": arguments.act, "loss": arguments.loss_fn,
        "tau_steps": tuple(arguments.decay_taus) if arguments.decay_taus else None, "n_updates": arguments.n_trials,
        "min_updates": arguments.min_updates, "batch_size": arguments.batch_size, "learning_rate": arguments.learning_rate,
    }  # fmt: skip
    return replace(defaults, **{name: value for name, value in given.items() if value is not None})


def train_and_save(config: TrainConfig, output_dir: Path, gpu: str) -> tuple[TrainedModel, Path, bool]:
    """Train with progress and write the model; returns it, its path, and whether Ctrl-C ended the training."""
    folder = make_folder(model_path(config, output_dir, datetime.now()).parent)
    from rate2spike.rate.device import prepare_tensorflow

    prepare_tensorflow(gpu)
    from rate2spike.rate.train import train_interruptibly

    with Progress(f"training {config.task}", config.n_updates) as progress:
        progress.line(f"training {config.task}: {config.n_units} units, batch {config.batch_size}, seed {config.seed}")
        accuracy_text = ""

        def on_update(_update, loss):
            progress.advance(f"loss {loss:.2f}{accuracy_text}")

        def on_evaluation(update, evaluation):
            nonlocal accuracy_text
            accuracy_text = f", accuracy {evaluation.accuracy:.2f}"
            progress.log(f"update {update}: loss {evaluation.loss:.2f}, accuracy {evaluation.accuracy:.2f}")

        try:
            result = train_interruptibly(config, on_update, on_evaluation)
        except InputError:  # it diverged: leave no empty folders behind
            _remove_empty(folder, output_dir)
            raise
        model = result.model
        verdict = "criteria met" if model.training_success else "criteria NOT met"
        judged = "" if model.eval_loss is None else f": loss {model.eval_loss:.2f}, accuracy {model.eval_accuracy:.2f}"
        progress.line(f"{verdict} at update {model.last_update}{judged}")
    path = _free_path(lambda when: model_path(config, output_dir, when))
    assert path.parent == folder
    save_model(model, path)
    return model, path, result.interrupted


def model_path(config: TrainConfig, output_dir: Path, when: datetime) -> Path:
    """Historic folder and file name."""
    return historic_path(
        output_dir,
        config.task,
        config.n_units,
        config.tau_steps,
        config.activation,
        config.p_rec,
        config.apply_dale,
        when,
    )


def _remove_empty(folder: Path, top: Path) -> None:
    """Remove folder and its parents below `top`, as far as they are empty."""
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _free_path(path_at: Callable[[datetime], Path]) -> Path:
    """The path for now, or for the next second at which no file stands: two runs may end in the same second."""
    when = datetime.now()
    while path_at(when).exists():
        when += timedelta(seconds=1)
    return path_at(when)


def _require(arguments: argparse.Namespace, *names: str) -> None:
    missing = [f"--{name}" for name in names if getattr(arguments, name) is None]
    if missing:
        raise InputError(f"{', '.join(missing)} must be given in this mode")


def _run_eval(arguments: argparse.Namespace) -> int:
    n_trials = DEFAULT_EVAL_TRIALS if arguments.n_trials is None else arguments.n_trials
    if n_trials < 1:
        raise InputError(f"number of trials must be at least 1, got {n_trials} (--n_trials)")
    config = _given(
        arguments, TrainConfig()
    )  # what describes training is not used, but a wrong value is still an error
    loss = config.loss
    seed = resolve_seed(arguments.seed)
    jobs = [(path, load_model(path)) for path in _eval_paths(arguments, config)]
    known = tuple(tasks.TASKS)
    chosen = [tasks.resolve(arguments.task, m.task, task_in_path(p, known), str(p)) for p, m in jobs]
    for (path, model), task in zip(jobs, chosen, strict=True):
        if model.n_inputs != task.n_inputs:
            raise InputError(f"{path}: task {task.name} has {task.n_inputs} input(s), the model {model.n_inputs}")
        make_folder(arguments.output_dir or path.parent)
    from rate2spike.rate.device import prepare_tensorflow

    prepare_tensorflow(arguments.gpu)
    for (path, model), task in zip(jobs, chosen, strict=True):
        _evaluate_file(path, model, task, n_trials, loss, seed, arguments.output_dir)
    return 0


def _eval_paths(arguments: argparse.Namespace, config: TrainConfig) -> list[Path]:
    if arguments.model is not None:
        target = Path(arguments.model)
    else:
        _require(arguments, "output_dir", "N", "task", "decay_taus")
        target = model_path(config, Path(arguments.output_dir), datetime.now()).parent
    if not target.is_dir():
        return [target]
    pattern = "*.mat" if arguments.model else f"Task_*_N_{config.n_units}_*_Act_{config.activation}_*.mat"
    paths = sorted(path for path in target.glob(pattern) if not path.name.startswith(".") and holds_model(path))
    if not paths:
        raise InputError(f"folder {target} holds no model to evaluate")
    return paths


def _evaluate_file(path, model, task, n_trials, loss, seed, output_dir) -> None:
    import numpy as np

    from rate2spike.figures import save_figure
    from rate2spike.rate.model import RateNetwork
    from rate2spike.rate.plots import rate_outputs
    from rate2spike.rate.train import evaluate_rate

    network = RateNetwork.from_model(model)
    rng = generator(seed, Role.EVALUATION)
    sizes = [min(_EVAL_BATCH, n_trials - done) for done in range(0, n_trials, _EVAL_BATCH)]
    parts = [evaluate_rate(network, task, size, loss, rng) for size in sizes]
    accuracy = np.average([part.accuracy for part in parts], weights=sizes)
    mean_loss = np.average([part.loss for part in parts], weights=sizes)
    figure = rate_outputs(
        np.concatenate([part.outputs for part in parts]),
        np.concatenate([part.labels for part in parts]),
        task.label_names,
    )
    folder = Path(output_dir) if output_dir else path.parent
    figures = save_figure(figure, folder / f"{path.stem}_rate_outputs")
    print(f"{path.name}: {task.name}, accuracy {accuracy:.3f}, {loss} loss {mean_loss:.3f} over {n_trials} trials, "
          f"seed {seed}\n  figure: {figures[0]}")  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """`python main.py ...`; returns the exit code."""
    from rate2spike.cli.main import guarded

    parser = Parser(prog="main.py", description=__doc__)
    add_arguments(parser)
    return guarded(lambda: run(parser.parse_args(argv)), parser.prog)


if __name__ == "__main__":
    sys.exit(main())
