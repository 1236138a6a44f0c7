"""Find the scaling factor of model files: of those named, and of every one in a folder, a run or a population.

Each scaling factor is scored on the same fresh trials; the first with the highest accuracy is appended to the model file
as opt_scaling_factor, with all_perfs and scaling_factors. Files that have one are skipped. Several processes may share
a folder: a file being searched is claimed. Ctrl-C releases the claim and keeps finished values beside the file; the same
command goes on from there.

A search that ends badly says so: the network does not convert (`rate2spike diagnose` says why), or the best factor lies at
the edge of the grid. Of several models there is a table, searches.csv. A --task that is given is kept in files that name
none.

A folder can be shared out: --n-workers processes here, --scheduler for the workers of a Dask cluster, --shard I/N for the
jobs of an array. All give the numbers of one process, and what a killed worker had finished is not computed again.

The networks can be made otherwise than by default (--neuron, --downsample, --lesion and so on). What decided the search is
kept in the file (r2s_search_network, r2s_search_options); evaluate, diagnose, simulate and export make the same network.

example: rate2spike search models/go-nogo --n-trials 100 --seed 1
         rate2spike search MODEL.mat --neuron eif --neuron-option slope_mv=2 --downsample 2
         rate2spike search models --strategy adaptive --n-workers 2 --seed 1
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.cli.arguments import Parser, add_json, add_scaling_factors, add_task, chosen_factors, task_options
from rate2spike.cli.columns import labelled, said_of, wrapped
from rate2spike.cli.flag_groups import EXECUTION, SEARCH
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
from rate2spike.cli.speaking import next_step, tell, wants_json
from rate2spike.errors import InputError

if TYPE_CHECKING:
    from rate2spike.spiking.search.files import SearchedFile
    from rate2spike.spiking.search.options import SearchExecution, SearchOptions
    from rate2spike.spiking.search.result import FactorResult

GO_ON = "what is finished is kept with its seed beside the model file; run the same command to go on"


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.search.options import SearchExecution, SearchOptions

    add_paths(parser)
    add_task(parser)
    parser.flags_by_field["task_options"] = "--task-option"
    add_scaling_factors(parser)
    with parser.in_group(SEARCH):
        add_option_flags(parser, SearchOptions)
    with parser.in_group(EXECUTION):
        add_option_flags(parser, SearchExecution)
    add_output_dir(parser, "the table")
    add_json(parser, "print one JSON object per model, and write the table only with --output_dir")


def run(arguments: argparse.Namespace) -> int:
    """Search and report; 0 even if files were skipped. Raises InputError if one failed."""
    from rate2spike.matlab_compat.model_paths import model_files
    from rate2spike.spiking.search.files import SearchState
    from rate2spike.spiking.search.options import SearchExecution
    from rate2spike.spiking.search.population import of_shard

    options = options_of(arguments)
    execution = SearchExecution(**given(arguments, SearchExecution))
    options.check()
    files = model_files(*arguments.paths)
    own = of_shard(files, execution.shard)
    if execution.is_shared_out:
        found = _search_shared_out(own, options, execution)
    else:
        found = search_with_progress(own, options, execution, arguments.flag_of)
    for item in found:
        said = item.worded(arguments.flag_of)
        tell(arguments, _values(item, said), said_of(item.path, said))
    is_one = is_one_network(arguments.paths, files)
    if is_one:
        _warn(remark for item in found for remark in item.remarks)
    else:
        _report_several(files, arguments)
    failed = [item for item in found if item.state is SearchState.FAILED]
    if failed:
        why = failed[0].worded(arguments.flag_of)
        raise InputError(f"{len(failed)} of {len(found)} models failed, {failed[0].path}: {why}")
    what = "diagnose" if is_one and any(item.remarks for item in found) else "evaluate"
    next_step(arguments, what, *arguments.paths, *(() if what == "diagnose" else ("--n-trials", 1000)), "--seed", 1)
    return 0


def labelled_note(path: Path, note: str) -> str:
    """`path: note` in 80 columns."""
    return wrapped(f"{path}: {note}", "", "  ")


def _values(item: "SearchedFile", note: str) -> dict[str, Any]:
    """What --json says of a file; of one that was searched before, what it holds."""
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.spiking.search.files import SearchState

    values: dict[str, Any] = {"model": str(item.path), "state": item.state.value, "note": note}
    if item.result is not None:
        return values | item.result.to_dict() | {"remarks": item.remarks}
    if item.state is SearchState.ALREADY_DONE:
        model = load_model(item.path)
        values |= {"best_factor": model.scaling_factor, "scaling_factors": model.scaling_factors}
        values |= {"accuracies": model.scaling_accuracies}
    return values


def options_of(arguments: argparse.Namespace) -> "SearchOptions":
    """What the flags say of a search. Raises InputError."""
    from rate2spike.spiking.search.options import SearchOptions

    values = {"task": arguments.task, "task_options": task_options(arguments), **given(arguments, SearchOptions)}
    factors = chosen_factors(arguments)
    return SearchOptions(**values if factors is None else {**values, "scaling_factors": factors})


def _warn(remarks: Iterable[str]) -> None:
    """As the other warnings of the command line; a result's are no Python warnings, which are shown but once."""
    for remark in remarks:
        print(f"rate2spike search: warning: {remark}", file=sys.stderr)


def _report_several(files: list[Path], arguments: argparse.Namespace) -> None:
    """The table of all models, whoever has searched them: several processes may share a folder."""
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.matlab_compat.model_paths import distinct_names
    from rate2spike.spiking.search.network_table import FRESH_TRIALS, NetworkRow, network_row

    is_quiet = wants_json(arguments) and arguments.output_dir is None
    folder = None if is_quiet else results_folder(arguments.paths, arguments.output_dir)
    rows = []
    for name, file in zip(distinct_names(files), files, strict=True):
        try:
            rows.append(network_row(name, file, load_model(file)))
        except InputError as error:
            rows.append(NetworkRow(name, str(file), problem=str(error)))
    table = write_table(folder, "searches", rows, FRESH_TRIALS) if folder else None
    if not wants_json(arguments):
        print("\n".join(["", *table_lines(rows), *([labelled("table", table)] if table else [])]), flush=True)
    _warn(remark_lines(rows))


def _search_shared_out(
    files: list[Path], options: "SearchOptions", execution: "SearchExecution"
) -> list["SearchedFile"]:
    """By processes or a cluster."""
    from rate2spike.matlab_compat.model_paths import natural_order
    from rate2spike.progress import Progress
    from rate2spike.spiking.search.population import search_population
    from rate2spike.work_units import dask_executor

    found = []
    with dask_executor(execution.scheduler) as executor, Progress("searching models", len(files)) as progress:
        try:
            for item in search_population(files, options, replace(execution, shard=None), executor=executor):
                found.append(item)
                progress.log(f"{len(found)} of {len(files)} models: {item.path} {item.state.value}")
                progress.advance(item.path.name)
            progress.finish(f"{len(found)} models")
        except KeyboardInterrupt:
            raise KeyboardInterrupt(GO_ON) from None
    return sorted(found, key=lambda item: natural_order(item.path))


def search_with_progress(
    paths: str | Path | Iterable[str | Path],
    options: "SearchOptions",
    execution: "SearchExecution",
    spell: Callable[[str], str | None] = str,
) -> list["SearchedFile"]:
    """Search as `search_each` does, showing progress; returns what became of each file. spell: names of fields in notes."""
    from rate2spike.progress import Progress
    from rate2spike.spiking.search.adaptive import N_FINE
    from rate2spike.spiking.search.files import search_each

    factors = options.scaling_factors if options.strategy == "grid" else (*options.scaling_factors, *range(N_FINE))
    with Progress("searching", len(factors)) as progress:

        def announce(file: Path, settings: "SearchOptions", n_finished: int) -> None:
            resumed = f", {n_finished} of {len(factors)} factors already finished" if n_finished else ""
            progress.line(f"{file}: task {settings.task}, {settings.n_trials} trials, seed {settings.seed}{resumed}")
            progress.restart(len(factors), n_finished)

        def report(_file: Path, result: "FactorResult") -> None:
            low, high = result.interval
            progress.line(
                f"  factor {result.scaling_factor:g}: accuracy {result.accuracy:.3f} [{low:.3f}, {high:.3f}], "
                f"{result.mean_rate_hz:.1f} Hz, output error {result.output_error:.2f}"
            )
            progress.advance(f"factor {result.scaling_factor:g}: {result.accuracy:.3f}")

        try:
            found = []
            for item in search_each(paths, options, execution, on_file=announce, on_factor=report):
                found.append(item)
                progress.line(f"{item.path}: {item.state.value}")
                progress.finish(item.worded(spell))
        except KeyboardInterrupt:
            raise KeyboardInterrupt(GO_ON) from None
    return found
