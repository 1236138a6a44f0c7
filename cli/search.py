"""Find the scaling factor of a model file, or of every .mat file in a folder.

Each scaling factor is scored on the same fresh trials; the first with the highest accuracy is appended to the model file
as opt_scaling_factor, with all_perfs and scaling_factors. Files that have one are skipped. Several processes may share
a folder: a file being searched is claimed. Ctrl-C releases the claim and keeps finished values beside the file; the same
command goes on from there.

example: rate2spike search models/go-nogo --n-trials 100 --seed 1
"""

import argparse

from rate2spike.cli.arguments import add_scaling_factors, add_seed, add_task, chosen_factors


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("path", metavar="MODEL_OR_DIR", help="a model file, or a folder of them")
    add_task(parser)
    add_scaling_factors(parser)
    parser.add_argument("--n-trials", type=int, default=100, help="trials per factor (default: 100)")
    add_seed(parser)
    parser.add_argument("--initial-weights", action="store_true", help="use the untrained recurrent weights")
    parser.add_argument("--threads", type=int, default=None, help="threads (default: all cores)")
    parser.add_argument("--force", action="store_true", help="search again what is finished")
    parser.add_argument("--reclaim", action="store_true", help="take over claims left by processes that died")


def run(arguments: argparse.Namespace) -> int:
    """Search and report; 0 even if files were skipped."""
    from rate2spike.cli.arguments import task_options
    from rate2spike.spiking.lambda_grid_search import HISTORIC_FACTORS
    from rate2spike.spiking.search_files import FileSearch

    factors = chosen_factors(arguments) or HISTORIC_FACTORS
    options = FileSearch(
        task=arguments.task, task_options=task_options(arguments), scaling_factors=factors,
        n_trials=arguments.n_trials, seed=arguments.seed,
        initial_weights=arguments.initial_weights, n_threads=arguments.threads, force=arguments.force,
        reclaim=arguments.reclaim,
    )  # fmt: skip
    for item in search_with_progress(arguments.path, options):
        print(f"{item.path}: {item.note}")
    return 0


def search_with_progress(path, options):
    """Search as `search_files` does, showing progress; returns what became of each file."""
    from rate2spike.progress import Progress
    from rate2spike.spiking.search_files import search_files

    factors = options.scaling_factors
    with Progress("searching", len(factors)) as progress:

        def announce(file, settings, n_finished):
            resumed = f", {n_finished} of {len(factors)} factors already finished" if n_finished else ""
            progress.line(f"{file}: task {settings.task}, {settings.n_trials} trials, seed {settings.seed}{resumed}")
            progress.restart(len(factors), n_finished)

        def report(_file, result):
            low, high = result.interval
            progress.line(
                f"  factor {result.scaling_factor:g}: accuracy {result.accuracy:.3f} [{low:.3f}, {high:.3f}], "
                f"{result.mean_rate_hz:.1f} Hz"
            )
            progress.advance(f"factor {result.scaling_factor:g}: {result.accuracy:.3f}")

        try:
            outcomes = []
            for item in search_files(path, options, on_file=announce, on_factor=report):
                outcomes.append(item)
                progress.line(f"{item.path}: {item.outcome.value}")
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                "finished values are kept beside the model file; run the same command to go on"
            ) from None
    return outcomes
