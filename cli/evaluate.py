"""Accuracy of spiking networks on fresh trials, other ones than the search used; with other neurons or a changed circuit.

Of several models, or of a population, there is a table with training, search and fresh trials of each network, their mean
± SD and the share that converts: printed, as evaluation.csv, and as figures/evaluation.png and .pdf.

example: rate2spike evaluate MODEL.mat --n-trials 1000 --seed 2
         rate2spike evaluate POPULATION --n-trials 200 --seed 2
         rate2spike evaluate MODEL.mat --neuron qif --scaling-factor 40 --scale I-E=0.7 --lesion 10-20
"""

import argparse
import json
import sys
import warnings
from pathlib import Path

from rate2spike.cli.arguments import Parser, add_seed, add_task, check_task
from rate2spike.cli.network_flags import add_manipulation_flags, add_neuron_flags, manipulated, neuron_of, step_s_of
from rate2spike.cli.network_report import (
    add_output_dir,
    add_paths,
    is_one_network,
    remark_lines,
    results_folder,
    table_lines,
    write_table,
)
from rate2spike.errors import InputError


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    add_paths(parser)
    add_task(parser)
    parser.add_argument("--scaling-factor", type=float, default=None, help="default: the one found by a search")
    parser.add_argument("--n-trials", type=int, default=100, help="default: 100")
    add_neuron_flags(parser)
    add_manipulation_flags(parser)
    parser.add_argument("--frozen-noise", action="store_true", help="the same noise in every trial")
    add_seed(parser)
    parser.flags_by_field["n_threads"] = "--threads"
    parser.add_argument("--threads", type=int, default=None, help="threads (default: all cores)")
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object per model, and write files only with --output_dir"
    )
    add_output_dir(parser, "table and figure")


def run(arguments: argparse.Namespace) -> int:
    """Evaluate and print. Raises InputError, of several models when all others are done."""
    from rate2spike.machine.thread_pool import checked_threads
    from rate2spike.matlab_compat.model_paths import model_files
    from rate2spike.seeding import resolve_seed
    from rate2spike.spiking.scoring.evaluate import activity_remark, check_n_trials
    from rate2spike.spiking.simulator.params import neuron_params

    check_task(arguments)
    files = model_files(*arguments.paths)
    seed = resolve_seed(arguments.seed)
    if is_one_network(arguments.paths, files):
        _, network, result = _evaluated(files[0], arguments, seed)
        remark = activity_remark(network, result.mean_rate_hz)
        if remark:
            warnings.warn(remark, stacklevel=2)
        print(_as_json(files[0], result, network.params.kind) if arguments.json else _in_words(files[0], result))
        return 0
    # what would be wrong for all of them is said once, and at once
    check_n_trials(arguments.n_trials)
    checked_threads(arguments.threads)
    if arguments.neuron is not None:
        neuron_params(arguments.neuron)
    folder = (
        None
        if arguments.json and arguments.output_dir is None
        else results_folder(arguments.paths, arguments.output_dir)
    )
    rows = _evaluate_several(files, arguments, seed)
    if not arguments.json:
        print(f"{len(rows)} model{'s' if len(rows) > 1 else ''}, {arguments.n_trials} fresh trials each, seed {seed}")
        print("\n".join(table_lines(rows)), flush=True)
    if folder and any(row.accuracy is not None for row in rows):  # a typo leaves an earlier table alone
        _write(folder, rows, quiet=arguments.json)
    elif not folder and not arguments.json:
        print("(--output_dir DIR keeps the table and a figure)", flush=True)
    for line in remark_lines(rows):
        print(f"rate2spike evaluate: warning: {line}", file=sys.stderr)
    failed = [row for row in rows if row.problem]
    if failed:
        raise InputError(f"{len(failed)} of {len(rows)} models failed, {failed[0].model}: {failed[0].problem}")
    return 0


def _evaluated(path: Path, arguments: argparse.Namespace, seed: int):
    """The model of a file, the spiking network made of it, and its Evaluation. Raises InputError."""
    from rate2spike.cli.arguments import task_options
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.rate.model_task import task_of_model
    from rate2spike.spiking.scoring.evaluate import score_fresh
    from rate2spike.spiking.simulator.network import SpikingNetwork

    model = load_model(path)
    task = task_of_model(model, path, arguments.task, task_options(arguments))
    network = SpikingNetwork.from_model(
        model, arguments.scaling_factor, dt_s=step_s_of(arguments), params=neuron_of(arguments, model)
    )
    network = manipulated(network, arguments, seed)
    result = score_fresh(
        network, task, arguments.n_trials, seed, n_threads=arguments.threads, frozen_noise=arguments.frozen_noise
    )
    return model, network, result


def _evaluate_several(files: list[Path], arguments: argparse.Namespace, seed: int) -> list:
    """A row per model; of one that cannot be evaluated, what is known without."""
    from rate2spike.matlab_compat.model_paths import distinct_names, without_path
    from rate2spike.progress import Progress
    from rate2spike.spiking.scoring.evaluate import activity_remark
    from rate2spike.spiking.search.network_table import network_row

    rows = []
    with Progress(f"evaluating {len(files)} networks", len(files)) as progress:
        for name, path in zip(distinct_names(files), files, strict=True):
            try:
                model, network, result = _evaluated(path, arguments, seed)
            except InputError as error:
                problem = without_path(error, path)
                progress.line(f"{path}: {problem}")
                rows.append(_row_without(name, path, problem))
            else:
                activity = activity_remark(network, result.mean_rate_hz)
                rows.append(network_row(name, path, model, result, activity=activity))
                progress.log(f"{name}: accuracy {result.accuracy:.3f}")
                if arguments.json:
                    print(_as_json(path, result, network.params.kind), flush=True)
            progress.advance(name)
    return rows


def _row_without(name: str, path: Path, problem: str):
    """Without fresh trials; with training and search if the file can be read at all."""
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.spiking.search.network_table import NetworkRow, network_row

    try:
        return network_row(name, path, load_model(path), problem=problem)
    except InputError:
        return NetworkRow(name, str(path), problem=problem)


def _write(folder: Path, rows: list, *, quiet: bool) -> None:
    from rate2spike.io.figure_file import save_figure
    from rate2spike.spiking.search.plots_population import networks_figure

    table = write_table(folder, "evaluation", rows)
    figures = save_figure(networks_figure(rows), folder / "figures" / "evaluation")
    if not quiet:
        print(f"table: {table}\nfigure: {figures[0]}", flush=True)


def _as_json(path: Path, result, neuron: str) -> str:
    return json.dumps(
        {
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
    )


def _in_words(path: Path, result) -> str:
    low, high = result.interval
    return (
        f"{path.name}: {result.task}, scaling factor {result.scaling_factor:g}, seed {result.seed}\n"
        f"accuracy {result.accuracy:.3f} (95 % interval {low:.3f} to {high:.3f}) over {result.n_trials} fresh trials, "
        f"mean rate {result.mean_rate_hz:.1f} Hz "
        f"({', '.join(f'{name} {rate:.1f}' for name, rate in result.type_rates_hz.items())})"
    )
