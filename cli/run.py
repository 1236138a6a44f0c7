"""All of it for one task: train a rate network, search the scaling factor, evaluate the spiking network, draw figures.

Everything goes into one run folder: config.toml (settings, seed, versions), the model file, training.csv, search.csv,
summary.json and figures/. What is not given is as the task's recipe says (docs/training.md).

example: rate2spike run --task go-nogo --seed 1
"""

import argparse
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.cli.arguments import Parser, add_json, add_scaling_factors, chosen_factors
from rate2spike.cli.flag_groups import COMMON
from rate2spike.cli.option_flags import add_option_flags, given
from rate2spike.cli.run_place import RunPlace, add_run_folder
from rate2spike.cli.speaking import note
from rate2spike.errors import InputError
from rate2spike.options import check_options, from_mapping, option

if TYPE_CHECKING:
    from rate2spike.io.run_folder import RunFolder
    from rate2spike.rate.config import TrainConfig
    from rate2spike.spiking.scoring.result import Evaluation
    from rate2spike.spiking.search.result import FactorResult, SearchResult

FOLDERS = "runs"  # where a run folder is made if nothing is said


@dataclass(frozen=True)
class Plan:
    """What follows the training."""

    scaling_factors: tuple[float, ...]
    search_trials: int = option(100, "trials per factor", what="number of trials")
    evaluation_trials: int = option(1000, "fresh trials at the best", what="number of trials")

    def __post_init__(self) -> None:
        check_options(self)

    def as_written(self) -> dict[str, Any]:
        """As config.toml has it."""
        return {**asdict(self), "scaling_factors": list(self.scaling_factors)}


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.cli.training_flags import add_network_flags

    add_network_flags(parser, by_recipe=True)
    add_run_folder(parser, default=f" (default: {FOLDERS}/ and task, time and seed)")
    parser.add_argument("--output_dir", default=None, help=f"the folder in which --name is (default: {FOLDERS})")
    parser.add_argument("--name", default=None, help="name of the run folder, in place of --run_folder")
    add_scaling_factors(parser)
    with parser.in_group(COMMON):
        add_option_flags(parser, Plan)
    add_json(parser, "print summary.json, with the folder of the run, in one line")
    parser.add_argument(
        "--n_threads", type=int, default=None, help="threads of search and evaluation (default: all cores)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run all steps; returns the exit code."""
    from rate2spike.cli.run_report import read_summary, report, summary_of

    folder, config, plan = _resumed(arguments) if arguments.resume else _begun(arguments)
    if plan is None:
        note(f"the run in {folder.path} is finished; nothing was changed")
        report(arguments, read_summary(folder.summary), config.task.name, folder)
        return 0
    again = f"`rate2spike run --resume --run_folder {folder.path}` goes on"
    with folder.interruptible(again):
        path = _finished_model(folder.path) or _train(folder, config, arguments, again)
        result = _search(path, plan, config, arguments.n_threads)
        evaluation = _evaluate_and_draw(folder, path, result, plan, config, arguments.n_threads)
        summary = summary_of(folder, path, result, evaluation)
        folder.write_summary(summary)
    report(arguments, summary, config.task.name, folder)
    return 0


def _begun(arguments: argparse.Namespace) -> tuple["RunFolder", "TrainConfig", Plan | None]:
    """A new run folder with its settings and plan, written there. Raises InputError."""
    from rate2spike.cli.training_flags import base_for, config_of
    from rate2spike.machine.tensorflow_device import import_quietly

    config = config_of(arguments, None if arguments.config else base_for(arguments))
    plan = _plan(arguments, {}, "")
    path = _path(arguments) or Path(arguments.output_dir or FOLDERS) / (
        f"{config.task.name}_{datetime.now():%Y_%m_%d_%H%M%S}_seed_{config.seed}"
    )
    place = _place(path, resume=False)
    place.check_free()
    import_quietly()  # Ctrl-C meanwhile leaves nothing: the folder is made afterwards
    folder = place.open()
    place.begin(folder, {**config.sections(), "search": plan.as_written()})
    return folder, config, plan


def _resumed(arguments: argparse.Namespace) -> tuple["RunFolder", "TrainConfig", Plan | None]:
    """The run folder to go on with, its settings and its plan, None if nothing is left to do. Raises InputError."""
    from rate2spike.cli.run_report import read_summary
    from rate2spike.cli.training_flags import config_of
    from rate2spike.rate.config import TrainConfig
    from rate2spike.rate.stopping import may_differ

    path = _path(arguments)
    if path is None:
        raise InputError("--resume needs --run_folder, the run to go on with")
    place = _place(path, resume=True)
    recorded, source = place.recorded(), str(path / "config.toml")
    base = TrainConfig.from_sections(recorded, source)
    config, plan = config_of(arguments, base), _plan(arguments, recorded.get("search", {}), source)
    is_trained = _finished_model(path) is not None
    if is_trained and config != base:
        raise InputError(f"the training of {path} has ended with other settings: give another --run_folder")
    place.check_same(config.flat(), base.flat(), may_differ(base))
    folder = place.open()
    if is_trained and plan.as_written() == recorded.get("search") and read_summary(folder.summary):
        return folder, config, None
    folder.summary.unlink(missing_ok=True)  # it is of another plan
    sections = {**config.sections(), "search": plan.as_written()}
    place.begin(folder, sections, unit="" if is_trained else "update")
    return folder, config, plan


def _place(path: Path, *, resume: bool) -> RunPlace:
    return RunPlace(path, "run", ("models", "checkpoints"), resume)


def _path(arguments: argparse.Namespace) -> Path | None:
    """The run folder as the flags name it, None if they do not. Raises InputError."""
    if arguments.run_folder is not None:
        if arguments.name is not None or arguments.output_dir is not None:
            raise InputError("give --run_folder, or --name and --output_dir, not both")
        return Path(arguments.run_folder)
    return None if arguments.name is None else Path(arguments.output_dir or FOLDERS) / arguments.name


def _plan(arguments: argparse.Namespace, recorded: Mapping[str, Any], source: str) -> Plan:
    """From the flags, else as recorded in `source`, else the defaults. Raises InputError."""
    from rate2spike.machine.thread_pool import checked_threads
    from rate2spike.spiking.scoring.options import check_n_trials
    from rate2spike.spiking.search.options import HISTORIC_FACTORS, checked_factors

    base = from_mapping(Plan, {"scaling_factors": HISTORIC_FACTORS, **recorded}, source)
    factors = checked_factors(chosen_factors(arguments) or base.scaling_factors)
    plan = replace(base, **given(arguments, Plan), scaling_factors=factors)
    check_n_trials(plan.search_trials, "search_trials")
    check_n_trials(plan.evaluation_trials, "evaluation_trials")
    checked_threads(arguments.n_threads)
    return plan


def _finished_model(folder: Path) -> Path | None:
    """The model of a resumed run whose training had ended."""
    from rate2spike.io.folder_entries import folder_entries
    from rate2spike.matlab_compat.model_file import holds_model

    models = [path for path in folder_entries(folder, "models/**/*.mat") if holds_model(path)]
    return models[0] if models else None


def _train(folder: "RunFolder", config: "TrainConfig", arguments: argparse.Namespace, again: str) -> Path:
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


def _search(path: Path, plan: Plan, config: "TrainConfig", n_threads: int | None) -> "SearchResult":
    from rate2spike.progress import Progress
    from rate2spike.spiking.search.files import search_each
    from rate2spike.spiking.search.options import SearchExecution, SearchOptions

    options = SearchOptions(
        task=config.task, scaling_factors=plan.scaling_factors, n_trials=plan.search_trials, seed=config.seed
    )
    execution = SearchExecution(n_threads=n_threads, force=True)
    with Progress("searching", len(plan.scaling_factors)) as progress:

        def report(_file: Path, result: "FactorResult") -> None:
            progress.advance(f"factor {result.scaling_factor:g}: {result.accuracy:.3f}")
            progress.log(f"factor {result.scaling_factor:g}: accuracy {result.accuracy:.3f}")

        (outcome,) = search_each(path, options, execution, on_factor=report)
        if outcome.result is None:  # another process is at it
            raise InputError(f"{path}: {outcome.note}")
        progress.finish(outcome.note)
    return outcome.result


def _evaluate_and_draw(
    folder: "RunFolder", path: Path, result: "SearchResult", plan: Plan, config: "TrainConfig", n_threads: int | None
) -> "Evaluation":
    from rate2spike.cli.run_report import draw_spiking, write_search
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.spiking.scoring.evaluate import evaluate
    from rate2spike.spiking.simulator.network import SpikingNetwork

    write_search(folder, result)
    network = SpikingNetwork.from_model(load_model(path))
    evaluation = evaluate(network, config.task, plan.evaluation_trials, config.seed, n_threads=n_threads)
    draw_spiking(folder, network, config.task, config.seed or 0)
    return evaluation
