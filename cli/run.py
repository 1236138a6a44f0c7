"""All of it for one task: train a rate network, search the scaling factor, evaluate the spiking network, draw figures.

Everything goes into one run folder: config.toml (settings, seed, versions), the model file, training.csv, search.csv,
summary.json and figures/. What is not given is as the task's recipe says (docs/recipes.md).

example: rate2spike run --task go-nogo --seed 1
"""

import argparse
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from rate2spike.cli.arguments import add_scaling_factors, add_seed, chosen_factors
from rate2spike.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    from rate2spike.rate.main import add_network_arguments

    add_network_arguments(parser)
    add_seed(parser)
    parser.add_argument("--output_dir", default="runs", help="run folders are made in here (default: runs)")
    parser.add_argument("--name", default=None, help="name of the run folder (default: task, time and seed)")
    add_scaling_factors(parser)
    parser.add_argument("--search-trials", type=int, default=100, help="trials per factor (default: 100)")
    parser.add_argument("--evaluation-trials", type=int, default=1000, help="fresh trials at the best (default: 1000)")
    parser.add_argument(
        "--threads", type=int, default=None, help="threads of search and evaluation (default: all cores)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run all steps; returns the exit code."""
    from rate2spike.io.run_folder import RunFolder
    from rate2spike.rate.main import config_of, train_and_save
    from rate2spike.rate.recipes import recipe
    from rate2spike.spiking.lambda_grid_search import HISTORIC_FACTORS, checked_factors

    if arguments.task is None:
        raise InputError("--task must be given: go-nogo, xor or mante")
    config = config_of(arguments, recipe(arguments.task))
    factors = checked_factors(chosen_factors(arguments) or HISTORIC_FACTORS)
    _check_counts(arguments)
    name = arguments.name or f"{config.task}_{datetime.now():%Y_%m_%d_%H%M%S}_seed_{config.seed}"
    folder = RunFolder(Path(arguments.output_dir) / name)
    search = {"scaling_factors": list(factors), "search_trials": arguments.search_trials,
              "evaluation_trials": arguments.evaluation_trials}  # fmt: skip
    folder.write_config(["rate2spike", *sys.argv[1:]], {"training": config.as_dict(), "search": search})
    model, path, interrupted = train_and_save(config, folder.path, arguments.gpu)
    _write_training(folder, model)
    if interrupted:
        raise KeyboardInterrupt(
            f"the unfinished network is in {path}; --seed {config.seed} repeats this run from its start"
        )
    result = _search(path, arguments, factors, config.seed)
    evaluation = _evaluate_and_draw(folder, path, result, arguments, config.seed)
    _report(folder, path, model, result, evaluation)
    return 0


def _check_counts(arguments: argparse.Namespace) -> None:
    for flag, value in (
        ("--search-trials", arguments.search_trials),
        ("--evaluation-trials", arguments.evaluation_trials),
        ("--threads", arguments.threads),
    ):
        if value is not None and value < 1:
            raise InputError(f"{flag} must be at least 1, got {value}")


def _write_training(folder, model) -> None:
    from rate2spike.figures import save_figure
    from rate2spike.rate import tasks
    from rate2spike.rate.plots import loss_curve, rate_outputs, tau_distribution

    losses = model.losses[: model.last_update + 1]
    folder.write_table("training", ("update", "loss"), enumerate(losses))
    save_figure(loss_curve(model), folder.figures / "training_loss")
    save_figure(tau_distribution(model), folder.figures / "time_constants")
    names = tasks.get(model.task).label_names
    if model.eval_outputs is None:  # interrupted before it was evaluated
        return
    save_figure(rate_outputs(model.eval_outputs, model.eval_labels, names), folder.figures / "rate_outputs")


def _search(path, arguments, factors, seed):
    from rate2spike.progress import Progress
    from rate2spike.spiking.search_files import FileSearch, search_files

    options = FileSearch(
        scaling_factors=factors, n_trials=arguments.search_trials, seed=seed, n_threads=arguments.threads
    )
    with Progress("searching", len(factors)) as progress:

        def report(_file, result):
            progress.advance(f"factor {result.scaling_factor:g}: {result.accuracy:.3f}")
            progress.log(f"factor {result.scaling_factor:g}: accuracy {result.accuracy:.3f}")

        try:
            (outcome,) = search_files(path, options, on_factor=report)
        except KeyboardInterrupt:
            flags = f"--scaling-factors {' '.join(f'{s:g}' for s in factors)} --n-trials {arguments.search_trials}"
            raise KeyboardInterrupt(f"`rate2spike search {path} {flags} --seed {seed}` goes on from here") from None
    return outcome.result


def _evaluate_and_draw(folder, path, result, arguments, seed):
    from rate2spike.figures import save_figure
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.rate import tasks
    from rate2spike.spiking.demonstrate import demonstrate
    from rate2spike.spiking.evaluate import evaluate
    from rate2spike.spiking.network import SpikingNetwork
    from rate2spike.spiking.plots import accuracy_over_factor, condition_outputs, raster

    header = ("scaling_factor", "accuracy", "interval_low", "interval_high", "n_correct", "n_trials", "mean_rate_hz")
    rows = [
        (f.scaling_factor, f.accuracy, *f.interval, f.n_correct, f.n_trials, f.mean_rate_hz) for f in result.factors
    ]
    folder.write_table("search", header, rows)
    save_figure(accuracy_over_factor(result), folder.figures / "accuracy_over_scaling_factor")
    network = SpikingNetwork.from_model(load_model(path))
    task = tasks.get(result.task)
    evaluation = evaluate(network, task, arguments.evaluation_trials, seed, n_threads=arguments.threads)
    conditions, point_s = demonstrate(network, task, seed)
    outputs = {condition.name: condition.outputs for condition in conditions}
    save_figure(condition_outputs(outputs, point_s), folder.figures / "spiking_outputs")
    for condition in conditions:
        stem = condition.name.lower().replace(" ", "_").replace("+", "plus").replace("-", "minus")
        save_figure(raster(condition.example, f"{task.name}, {condition.name}"), folder.figures / f"raster_{stem}")
    return evaluation


def _report(folder, path, model, result, evaluation) -> None:
    low, high = evaluation.interval
    folder.write_summary({
        "model": str(path.relative_to(folder.path)), "seed": result.seed, "training_success": model.training_success,
        "updates": model.last_update + 1, "rate_accuracy": model.eval_accuracy, "rate_loss": model.eval_loss,
        "best": asdict(result.best), "evaluation": {
            "n_trials": evaluation.n_trials, "n_correct": evaluation.n_correct, "accuracy": evaluation.accuracy,
            "interval_95": [low, high], "mean_rate_hz": evaluation.mean_rate_hz,
        },
    })  # fmt: skip
    rows = (
        ("task", result.task),
        ("training", f"{'criteria met' if model.training_success else 'criteria NOT met'} "
                     f"after {model.last_update + 1} updates"),
        ("rate network", f"accuracy {model.eval_accuracy:.2f}, loss {model.eval_loss:.2f}"),
        ("scaling factor", f"{result.best_factor:g} (accuracy {result.best_accuracy:.3f} in the search)"),
        ("spiking network", f"accuracy {evaluation.accuracy:.3f} [{low:.3f}, {high:.3f}] over "
                            f"{evaluation.n_trials} fresh trials"),
        ("mean rate", f"{evaluation.mean_rate_hz:.1f} Hz"),
        ("seed", str(result.seed)),
        ("model", str(path)),
        ("figures", str(folder.figures)),
        ("settings", str(folder.path / "config.toml")),
    )  # fmt: skip
    print()
    for heading, text in rows:
        print(f"  {heading:<16} {text}")
