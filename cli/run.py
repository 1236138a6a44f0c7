"""All of it for one task: train a rate network, search the scaling factor, evaluate the spiking network, draw figures.

Everything goes into one run folder: config.toml (settings, seed, versions), the model file, training.csv, search.csv,
summary.json and figures/. What is not given is as the task's recipe says (docs/training.md).

example: rate2spike run --task go-nogo --seed 1
"""

import argparse
import json
import re
import sys
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rate2spike.cli.arguments import Parser, add_scaling_factors, add_seed, chosen_factors
from rate2spike.errors import InputError


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.cli.training_flags import add_network_flags

    add_network_flags(parser, by_recipe=True)
    add_seed(parser)
    parser.add_argument("--output_dir", default="runs", help="run folders are made in here (default: runs)")
    parser.add_argument("--name", default=None, help="name of the run folder (default: task, time and seed)")
    parser.add_argument("--resume", action="store_true", help="go on with the run of that --name")
    add_scaling_factors(parser)
    parser.add_argument("--search-trials", type=int, default=None, help="trials per factor (default: 100)")
    parser.add_argument("--evaluation-trials", type=int, default=None, help="fresh trials at the best (default: 1000)")
    parser.flags_by_field["n_threads"] = "--threads"
    parser.add_argument(
        "--threads", type=int, default=None, help="threads of search and evaluation (default: all cores)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run all steps; returns the exit code."""
    folder, config, plan, is_finished = _to_resume(arguments) if arguments.resume else _new(arguments)
    if is_finished:
        print(f"the run in {folder.path} is finished; nothing was changed")
        _print_summary(_read_summary(folder), config.task.name, folder)
        return 0
    again = f"`rate2spike run --resume --output_dir {arguments.output_dir} --name {folder.path.name}` goes on"
    with folder.interruptible(again):
        path = _finished_model(folder) or _train(folder, config, arguments, again)
        result = _search(path, plan, config, arguments.threads)
        evaluation = _evaluate_and_draw(folder, path, result, plan, config, arguments.threads)
        summary = _summary(folder, path, result, evaluation)
        folder.write_summary(summary)
    _print_summary(summary, config.task.name, folder)
    return 0


def _train(folder, config, arguments, again: str) -> Path:
    """Train and save; the model file. Raises InputError, KeyboardInterrupt."""
    from rate2spike.cli.training import end_or_raise, save_historic, save_over, train_with_progress
    from rate2spike.rate.run_files import write_figures, write_tables

    result = train_with_progress(config, arguments.gpu, arguments.gpu_frac, folder.checkpoints, resume=True)
    write_tables(folder, result)
    write_figures(folder, result, config)
    if result.interrupted:
        raise KeyboardInterrupt(again)
    if result.diverged_at is not None:
        last_good = folder.path / "last_good.mat"
        save_over(result.model, last_good)
        end_or_raise(result, last_good, again)
    return save_historic(result.model, config, folder.path)


@dataclass(frozen=True)
class Plan:
    """What follows the training."""

    scaling_factors: tuple[float, ...]
    search_trials: int
    evaluation_trials: int


def _new(arguments):
    """A new run folder, the settings and the plan, written there; and that it is not finished. Raises InputError."""
    from rate2spike.cli.training_flags import base_for, config_of
    from rate2spike.io.run_folder import RunFolder
    from rate2spike.machine.tensorflow_device import import_quietly

    config = config_of(arguments, None if arguments.config else base_for(arguments))
    plan = _plan(arguments, {})
    name = arguments.name or f"{config.task.name}_{datetime.now():%Y_%m_%d_%H%M%S}_seed_{config.seed}"
    path = Path(arguments.output_dir) / name
    RunFolder.check_free(path, "models", "checkpoints")
    import_quietly()  # Ctrl-C meanwhile leaves nothing: the folder is made afterwards
    folder = RunFolder(path)
    _write_config(folder, config, plan)
    return folder, config, plan, False


def _to_resume(arguments):
    """The run folder to go on with, its settings and plan, and whether it is finished. Raises InputError."""
    from rate2spike.cli.resuming import check_same, recorded_run, say_where_it_stands
    from rate2spike.cli.training_flags import config_of
    from rate2spike.io.run_folder import RunFolder
    from rate2spike.rate.config import TrainConfig
    from rate2spike.rate.stopping import may_differ

    if arguments.name is None:
        raise InputError("--resume needs --name, the run folder to go on with")
    path = Path(arguments.output_dir) / arguments.name
    recorded = recorded_run(path, "run")
    base = TrainConfig.from_sections(recorded, str(path / "config.toml"))
    config, plan = config_of(arguments, base), _plan(arguments, recorded.get("search", {}))
    folder = RunFolder(path, resume=True)
    is_trained = _finished_model(folder) is not None
    if is_trained and config != base:
        raise InputError(f"the training of {path} has ended with other settings: give another --name")
    check_same(config.flat(), base.flat(), path, may_differ(base))
    if is_trained and _as_written(plan) == recorded.get("search") and _read_summary(folder):
        return folder, config, plan, True
    folder.summary.unlink(missing_ok=True)  # it is of another plan
    if not is_trained:
        say_where_it_stands(folder)
    _write_config(folder, config, plan)
    return folder, config, plan, False


def _write_config(folder, config, plan: Plan) -> None:
    folder.write_config("run", ["rate2spike", *sys.argv[1:]], {**config.sections(), "search": _as_written(plan)})


def _as_written(plan: Plan) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(plan).items()}


def _read_summary(folder) -> dict[str, Any]:
    """What summary.json holds; nothing if the run has not come so far."""
    try:
        return json.loads(folder.summary.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _plan(arguments, recorded) -> Plan:
    """From the flags, else as recorded, else the defaults. Raises InputError."""
    from rate2spike.machine.thread_pool import checked_threads
    from rate2spike.spiking.scoring.evaluate import check_n_trials
    from rate2spike.spiking.search.grid import HISTORIC_FACTORS, checked_factors

    def chosen(name: str, default):
        given = getattr(arguments, name)
        return recorded.get(name, default) if given is None else given

    factors = chosen_factors(arguments) or tuple(recorded.get("scaling_factors", HISTORIC_FACTORS))
    plan = Plan(checked_factors(factors), chosen("search_trials", 100), chosen("evaluation_trials", 1000))
    check_n_trials(plan.search_trials, "--search-trials")
    check_n_trials(plan.evaluation_trials, "--evaluation-trials")
    checked_threads(arguments.threads)
    return plan


def _finished_model(folder) -> Path | None:
    """The model of a resumed run whose training had ended."""
    from rate2spike.io.folder_entries import folder_entries
    from rate2spike.matlab_compat.model_file import holds_model

    models = [path for path in folder_entries(folder.path, "models/**/*.mat") if holds_model(path)]
    return models[0] if models else None


def _search(path, plan, config, n_threads):
    from rate2spike.progress import Progress
    from rate2spike.spiking.search.files import FileSearch, search_files

    options = FileSearch(
        task=config.task,
        scaling_factors=plan.scaling_factors,
        n_trials=plan.search_trials,
        seed=config.seed,
        n_threads=n_threads,
        force=True,
    )
    with Progress("searching", len(plan.scaling_factors)) as progress:

        def report(_file, result):
            progress.advance(f"factor {result.scaling_factor:g}: {result.accuracy:.3f}")
            progress.log(f"factor {result.scaling_factor:g}: accuracy {result.accuracy:.3f}")

        (outcome,) = search_files(path, options, on_factor=report)
        if outcome.result is None:  # another process is at it
            raise InputError(f"{path}: {outcome.note}")
        progress.finish(outcome.note)
    return outcome.result


def _evaluate_and_draw(folder, path, result, plan, config, n_threads):
    from rate2spike.io.figure_file import save_figure
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.spiking.scoring.demonstrate import demonstrate
    from rate2spike.spiking.scoring.evaluate import evaluate
    from rate2spike.spiking.scoring.plots import condition_outputs, raster
    from rate2spike.spiking.search.plots import accuracy_over_factor
    from rate2spike.spiking.simulator.network import SpikingNetwork

    header = (
        "scaling_factor",
        "accuracy",
        "interval_low",
        "interval_high",
        "n_correct",
        "n_trials",
        "mean_rate_hz",
        "output_error",
    )
    rows = [
        (f.scaling_factor, f.accuracy, *f.interval, f.n_correct, f.n_trials, f.mean_rate_hz, f.output_error)
        for f in result.factors
    ]
    folder.write_table("search", header, rows)
    save_figure(accuracy_over_factor(result), folder.figures / "accuracy_over_scaling_factor")
    network = SpikingNetwork.from_model(load_model(path))
    task = config.task
    evaluation = evaluate(network, task, plan.evaluation_trials, config.seed, n_threads=n_threads)
    conditions, point_s = demonstrate(network, task, config.seed)
    outputs = {condition.name: condition.outputs for condition in conditions}
    save_figure(condition_outputs(outputs, point_s), folder.figures / "spiking_outputs")
    for condition in conditions:
        stem = re.sub(r"[^\w]+", "_", condition.name.lower().replace("+", "plus").replace("-", "minus"))
        save_figure(raster(condition.example, f"{task.name}, {condition.name}"), folder.figures / f"raster_{stem}")
    return evaluation


def _summary(folder, path, result, evaluation) -> dict[str, Any]:
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.spiking.search.files import diagnose_command

    model = load_model(path)
    remarks = result.remarks_naming(diagnose_command(path))
    return {
        "model": str(path.relative_to(folder.path)),
        "seed": result.seed,
        "training_success": model.training_success,
        "updates": model.n_updates_done,
        "rate_accuracy": model.eval_accuracy,
        "rate_loss": model.eval_loss,
        "best": asdict(result.best),
        "remarks": remarks,
        "evaluation": {
            "n_trials": evaluation.n_trials,
            "n_correct": evaluation.n_correct,
            "accuracy": evaluation.accuracy,
            "interval_95": list(evaluation.interval),
            "mean_rate_hz": evaluation.mean_rate_hz,
        },
    }


def _print_summary(summary: dict[str, Any], task: str, folder) -> None:
    best, evaluation = summary["best"], summary["evaluation"]
    low, high = evaluation["interval_95"]
    rows = (
        ("task", task),
        (
            "training",
            f"{'criteria met' if summary['training_success'] else 'criteria NOT met'} "
            f"after {summary['updates']} updates",
        ),
        ("rate network", f"accuracy {summary['rate_accuracy']:.2f}, loss {summary['rate_loss']:.2f}"),
        (
            "scaling factor",
            f"{best['scaling_factor']:g} (accuracy {best['n_correct'] / best['n_trials']:.3f} in the search)",
        ),
        (
            "spiking network",
            f"accuracy {evaluation['accuracy']:.3f} [{low:.3f}, {high:.3f}] over {evaluation['n_trials']} fresh trials",
        ),
        ("mean rate", f"{evaluation['mean_rate_hz']:.1f} Hz"),
        ("seed", str(summary["seed"])),
        ("model", str(folder.path / summary["model"])),
        ("figures", str(folder.figures)),
        ("settings", str(folder.path / "config.toml")),
    )
    print()
    for heading, text in (*rows, *(("warning", remark) for remark in summary.get("remarks", ()))):
        print(f"  {heading:<16} {text}")
