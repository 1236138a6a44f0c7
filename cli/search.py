"""Find the scaling factor of model files: of those named, and of every one in a folder, a run or a population.

Each scaling factor is scored on the same fresh trials; the first with the highest accuracy is appended to the model file
as opt_scaling_factor, with all_perfs and scaling_factors. Files that have one are skipped. Several processes may share
a folder: a file being searched is claimed. Ctrl-C releases the claim and keeps finished values beside the file; the same
command goes on from there.

A search that ends badly says so: the network does not convert (`rate2spike diagnose` says why), or the best factor lies at
the edge of the grid. Of several models there is a table, searches.csv. A --task that is given is kept in files that name
none.

A folder can be shared out: --workers processes here, --scheduler for the workers of a Dask cluster, --shard I/N for the
jobs of an array. All give the numbers of one process, and what a killed worker had finished is not computed again.

example: rate2spike search models/go-nogo --n-trials 100 --seed 1
         rate2spike search models --strategy adaptive --workers 2 --seed 1
"""

import argparse
import sys

from rate2spike.cli.arguments import Parser, add_scaling_factors, add_seed, add_task, chosen_factors
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

GO_ON = "finished values are kept beside the model file; run the same command to go on"


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    add_paths(parser)
    add_task(parser)
    add_scaling_factors(parser)
    parser.add_argument(
        "--strategy",
        default="grid",
        help="grid (default): all factors get all trials; adaptive: from coarse to fine, for a quarter of the trials "
        "of the fine grid",
    )
    parser.add_argument("--resolution", type=float, default=1.0, help="fine step of the adaptive strategy (default: 1)")
    parser.add_argument("--n-trials", type=int, default=100, help="trials per factor (default: 100)")
    add_seed(parser)
    parser.add_argument("--initial-weights", action="store_true", help="use the untrained recurrent weights")
    parser.flags_by_field["n_threads"] = "--threads"
    parser.add_argument("--threads", type=int, default=None, help="threads (default: all cores)")
    parser.add_argument("--workers", type=int, default=None, help="processes that search one model each")
    parser.add_argument("--scheduler", default=None, metavar="TCP", help="address of a Dask cluster that searches")
    parser.add_argument(
        "--shard", default=None, metavar="I/N", help="search the I-th of N parts of the folder's models"
    )
    add_output_dir(parser, "the table")
    parser.add_argument("--device", default="cpu", help="cpu (default), or cuda: an NVIDIA GPU")
    parser.add_argument("--force", action="store_true", help="search again what is finished")
    parser.add_argument("--reclaim", action="store_true", help="take over claims left by processes that died")


def run(arguments: argparse.Namespace) -> int:
    """Search and report; 0 even if files were skipped. Raises InputError if one failed."""
    from rate2spike.cli.arguments import task_options
    from rate2spike.spiking.search.files import FileSearch, Outcome, check_search, model_files
    from rate2spike.spiking.search.grid import HISTORIC_FACTORS
    from rate2spike.spiking.search.population import of_shard

    factors = chosen_factors(arguments) or HISTORIC_FACTORS
    options = FileSearch(
        task=arguments.task,
        task_options=task_options(arguments),
        scaling_factors=factors,
        n_trials=arguments.n_trials,
        seed=arguments.seed,
        strategy=arguments.strategy,
        resolution=arguments.resolution,
        device=arguments.device,
        initial_weights=arguments.initial_weights,
        n_threads=arguments.threads,
        force=arguments.force,
        reclaim=arguments.reclaim,
    )
    check_search(options)
    shared_out = arguments.workers is not None or arguments.scheduler is not None
    if shared_out and arguments.threads is not None:
        raise InputError("--threads is for a search in one process: a worker uses one thread (--workers, --scheduler)")
    files = model_files(*arguments.paths)
    if shared_out:
        outcomes = _search_shared_out(files, options, arguments)
    else:
        outcomes = search_with_progress(of_shard(files, arguments.shard), options)
    for item in outcomes:
        print(f"{item.path}: {item.note}", flush=True)
    if is_one_network(arguments.paths, files):
        _warn(remark for item in outcomes for remark in item.remarks)
    else:
        _report_several(files, results_folder(arguments.paths, arguments.output_dir))
    failed = [item for item in outcomes if item.outcome is Outcome.FAILED]
    if failed:
        raise InputError(f"{len(failed)} of {len(outcomes)} models failed, {failed[0].path}: {failed[0].note}")
    return 0


def _warn(remarks) -> None:
    """As the other warnings of the command line; a result's are no Python warnings, which are shown but once."""
    for remark in remarks:
        print(f"rate2spike search: warning: {remark}", file=sys.stderr)


def _report_several(files, folder) -> None:
    """The table of all models, whoever has searched them: several processes may share a folder."""
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.matlab_compat.model_paths import distinct_names
    from rate2spike.spiking.search.network_table import FRESH_TRIALS, NetworkRow, network_row

    rows = []
    for name, file in zip(distinct_names(files), files, strict=True):
        try:
            rows.append(network_row(name, file, load_model(file)))
        except InputError as error:
            rows.append(NetworkRow(name, str(file), problem=str(error)))
    print("\n".join(["", *table_lines(rows)]))
    if folder:
        print(f"table: {write_table(folder, 'searches', rows, FRESH_TRIALS)}", flush=True)
    _warn(remark_lines(rows))


def _search_shared_out(files, options, arguments):
    """By processes or a cluster."""
    from rate2spike.matlab_compat.model_paths import natural_order
    from rate2spike.progress import Progress
    from rate2spike.spiking.search.population import of_shard, search_population
    from rate2spike.work_units import dask_executor

    n_files = len(of_shard(files, arguments.shard))
    outcomes = []
    with dask_executor(arguments.scheduler) as executor, Progress("searching models", n_files) as progress:
        try:
            for item in search_population(
                files,
                options,
                executor=executor,
                n_workers=1 if arguments.workers is None else arguments.workers,
                shard=arguments.shard,
            ):
                outcomes.append(item)
                progress.log(f"{len(outcomes)} of {n_files} models: {item.path} {item.outcome.value}")
                progress.advance(item.path.name)
            progress.finish(f"{len(outcomes)} models")
        except KeyboardInterrupt:
            raise KeyboardInterrupt(GO_ON) from None
    return sorted(outcomes, key=lambda item: natural_order(item.path))


def search_with_progress(paths, options):
    """Search as `search_files` does, showing progress; returns what became of each file."""
    from rate2spike.progress import Progress
    from rate2spike.spiking.search.adaptive import N_FINE
    from rate2spike.spiking.search.files import search_files

    factors = options.scaling_factors if options.strategy == "grid" else (*options.scaling_factors, *range(N_FINE))
    with Progress("searching", len(factors)) as progress:

        def announce(file, settings, n_finished):
            resumed = f", {n_finished} of {len(factors)} factors already finished" if n_finished else ""
            progress.line(f"{file}: task {settings.task}, {settings.n_trials} trials, seed {settings.seed}{resumed}")
            progress.restart(len(factors), n_finished)

        def report(_file, result):
            low, high = result.interval
            progress.line(
                f"  factor {result.scaling_factor:g}: accuracy {result.accuracy:.3f} [{low:.3f}, {high:.3f}], "
                f"{result.mean_rate_hz:.1f} Hz, output error {result.output_error:.2f}"
            )
            progress.advance(f"factor {result.scaling_factor:g}: {result.accuracy:.3f}")

        try:
            outcomes = []
            for item in search_files(paths, options, on_file=announce, on_factor=report):
                outcomes.append(item)
                progress.line(f"{item.path}: {item.outcome.value}")
                progress.finish(item.note)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(GO_ON) from None
    return outcomes
