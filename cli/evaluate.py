"""Accuracy of spiking networks on fresh trials, other ones than the search used; with other neurons or a changed circuit.

Of several models, or of a population, there is a table with training, search and fresh trials of each network, their mean
± SD and the share that converts: printed, as evaluation.csv, and as figures/evaluation.png and .pdf.

example: rate2spike evaluate MODEL.mat --n-trials 1000 --seed 2
         rate2spike evaluate POPULATION --n-trials 200 --seed 2
         rate2spike evaluate MODEL.mat --neuron qif --scaling-factor 40 --scale I-E=0.7 --lesion 10-20
"""

import argparse
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.cli.arguments import Parser, add_json, add_task, check_task, task_options
from rate2spike.cli.columns import labelled, wrapped
from rate2spike.cli.flag_groups import EXECUTION, TRIALS
from rate2spike.cli.network_flags import add_network_flags, network_options
from rate2spike.cli.network_report import (
    add_output_dir,
    add_paths,
    is_one_network,
    remark_lines,
    results_folder,
    table_lines,
    write_table,
)
from rate2spike.cli.option_flags import add_option_flags, given
from rate2spike.cli.speaking import as_given, next_step, note, tell
from rate2spike.errors import InputError

if TYPE_CHECKING:
    from rate2spike.spiking.scoring.options import EvaluationOptions
    from rate2spike.spiking.scoring.result import Evaluation
    from rate2spike.spiking.search.network_table import NetworkRow
    from rate2spike.spiking.simulator.network import SpikingNetwork
    from rate2spike.trained_model import TrainedModel


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.scoring.options import EvaluationOptions, Execution

    add_paths(parser)
    add_task(parser)
    add_network_flags(parser)
    with parser.in_group(TRIALS):
        add_option_flags(parser, EvaluationOptions)
    with parser.in_group(EXECUTION):
        add_option_flags(parser, Execution)
    add_json(parser, "print one JSON object per model, and write files only with --output_dir")
    add_output_dir(parser, "table and figure")


def run(arguments: argparse.Namespace) -> int:
    """Evaluate and print. Raises InputError, of several models when all others are done."""
    from rate2spike.matlab_compat.model_paths import model_files
    from rate2spike.seeding import resolve_seed
    from rate2spike.spiking.scoring.evaluate import activity_remark
    from rate2spike.spiking.scoring.network_options import NetworkOptions
    from rate2spike.spiking.scoring.options import EvaluationOptions, Execution
    from rate2spike.spiking.scoring.result import GOOD_ACCURACY

    check_task(arguments)
    files = model_files(*arguments.paths)
    options = EvaluationOptions(**given(arguments, EvaluationOptions))
    options = replace(options, seed=resolve_seed(options.seed))
    # what would be wrong for all of them is said once, and at once
    Execution(**given(arguments, Execution))
    NetworkOptions(**given(arguments, NetworkOptions))
    if is_one_network(arguments.paths, files):
        _, network, result = _evaluated(files[0], arguments, options)
        remark = activity_remark(network, result.mean_rate_hz)
        if remark:
            warnings.warn(remark, stacklevel=2)
        tell(arguments, _values(files[0], result, network.params.kind), _in_words(files[0], result))
        good = result.accuracy >= GOOD_ACCURACY
        more = (
            ("inspect", files[0], "--spectrum") if good else ("diagnose", files[0], *as_given(arguments), "--seed", 1)
        )
        next_step(arguments, *more)
        return 0
    _report_several(_evaluate_several(files, arguments, options), arguments, options)
    next_step(arguments, "diagnose", *arguments.paths, *as_given(arguments), "--seed", 1)
    return 0


def _report_several(rows: list["NetworkRow"], arguments: argparse.Namespace, options: "EvaluationOptions") -> None:
    """Table, figure and remarks. Raises InputError if a model failed."""
    is_quiet = arguments.json and arguments.output_dir is None
    folder = None if is_quiet else results_folder(arguments.paths, arguments.output_dir)
    if not arguments.json:
        models = f"{len(rows)} model{'s' if len(rows) > 1 else ''}"
        print(f"{models}, {options.n_trials} fresh trials each, seed {options.seed}")
        print("\n".join(table_lines(rows)), flush=True)
    if folder and any(row.accuracy is not None for row in rows):  # a typo leaves an earlier table alone
        _write(folder, rows, quiet=arguments.json)
    elif not folder and not arguments.json:
        note("(--output_dir DIR keeps the table and a figure)")
    for line in remark_lines(rows):
        print(f"rate2spike evaluate: warning: {line}", file=sys.stderr)
    failed = [row for row in rows if row.problem]
    if failed:
        raise InputError(f"{len(failed)} of {len(rows)} models failed, {failed[0].model}: {failed[0].problem}")


def _evaluated(
    path: Path, arguments: argparse.Namespace, options: "EvaluationOptions"
) -> tuple["TrainedModel", "SpikingNetwork", "Evaluation"]:
    """The model of a file, the spiking network made of it, and its Evaluation. Raises InputError."""
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.rate.model_task import task_of_model
    from rate2spike.spiking.scoring.evaluate import score_fresh

    model = load_model(path)
    task = task_of_model(model, path, arguments.task, task_options(arguments))
    made_with = network_options(arguments, model, path)
    network = made_with.network(model, arguments.scaling_factor, options.seed or 0)
    return model, network, score_fresh(network, task, options, n_threads=arguments.n_threads)


def _evaluate_several(
    files: list[Path], arguments: argparse.Namespace, options: "EvaluationOptions"
) -> list["NetworkRow"]:
    """A row per model; of one that cannot be evaluated, what is known without."""
    from rate2spike.matlab_compat.model_paths import distinct_names, without_path
    from rate2spike.progress import Progress
    from rate2spike.spiking.scoring.evaluate import activity_remark
    from rate2spike.spiking.search.network_table import network_row

    rows = []
    with Progress(f"evaluating {len(files)} networks", len(files)) as progress:
        for name, path in zip(distinct_names(files), files, strict=True):
            try:
                model, network, result = _evaluated(path, arguments, options)
            except InputError as error:
                problem = without_path(InputError(error.worded(arguments.flag_of)), path)
                progress.line(f"{path}: {problem}")
                rows.append(_row_without(name, path, problem))
            else:
                activity = activity_remark(network, result.mean_rate_hz)
                rows.append(network_row(name, path, model, result, activity=activity))
                progress.log(f"{name}: accuracy {result.accuracy:.3f}")
                if arguments.json:
                    tell(arguments, _values(path, result, network.params.kind))
            progress.advance(name)
    return rows


def _row_without(name: str, path: Path, problem: str) -> "NetworkRow":
    """Without fresh trials; with training and search if the file can be read at all."""
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.spiking.search.network_table import NetworkRow, network_row

    try:
        return network_row(name, path, load_model(path), problem=problem)
    except InputError:
        return NetworkRow(name, str(path), problem=problem)


def _write(folder: Path, rows: list["NetworkRow"], *, quiet: bool) -> None:
    from rate2spike.io.figure_file import save_figure
    from rate2spike.spiking.search.plots_population import networks_figure

    table = write_table(folder, "evaluation", rows)
    figures = save_figure(networks_figure(rows), folder / "figures" / "evaluation")
    if not quiet:
        print(f"{labelled('table', table)}\n{labelled('figure', figures[0])}", flush=True)


def _values(path: Path, result: "Evaluation", neuron: str) -> dict[str, Any]:
    """What --json says."""
    return {
        "model": str(path),
        "task": result.task,
        "scaling_factor": result.scaling_factor,
        "seed": result.seed,
        "n_trials": result.n_trials,
        "n_correct": result.n_correct,
        "accuracy": result.accuracy,
        "interval_95": list(result.interval),
        "mean_rate_hz": result.mean_rate_hz,
        "type_rates_hz": result.type_rates_hz,
        "neuron": neuron,
    }


def _in_words(path: Path, result: "Evaluation") -> str:
    low, high = result.interval
    rates = ", ".join(f"{name} {rate:.1f}" for name, rate in result.type_rates_hz.items())
    return "\n".join(
        (
            wrapped(f"{path.name}: {result.task}, scaling factor {result.scaling_factor:g}, seed {result.seed}"),
            f"accuracy {result.accuracy:.3f} (95 % interval {low:.3f} to {high:.3f}) over {result.n_trials} fresh trials",
            wrapped(f"mean rate {result.mean_rate_hz:.1f} Hz ({rates})"),
        )
    )
