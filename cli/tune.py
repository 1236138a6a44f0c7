"""Change the weights of converted networks, within their biology, until they solve their tasks: for those that fail.

Steps, each measured on fresh trials, until the accuracy is surely reached: output weights are refitted, then recurrent and
output weights follow the gradient of the spiking network itself. Signs (Dale's principle), missing connections, cell types,
input weights and time constants stay, and no weight passes the largest one before.

The model file is written in place: MATLAB code runs it as any other, and the weights that were trained stay in it
(r2s_untuned_w, r2s_untuned_w_out). A network that converts is left as it is, so is one that was tuned before. After
Ctrl-C, or a kill, the same command goes on from the last step, which stands beside the file.

Of one model there is a table of steps and a figure beside the file, MODEL_tuning.png; of several a table, tunings.csv,
and figures. A folder can be shared out: --n-workers processes here, --scheduler for the workers of a Dask cluster,
--shard I/N for the jobs of an array. All give the numbers of one process.

example: rate2spike tune MODEL.mat --seed 1
         rate2spike tune MODEL.mat --scaling-factor 40 --accuracy 0.99
         rate2spike tune POPULATION --n-workers 2 --seed 1
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.cli.arguments import Parser, add_json, add_scaling_factors, add_task, chosen_factors, task_options
from rate2spike.cli.columns import aligned, labelled, said_of, wrapped
from rate2spike.cli.flag_groups import EXECUTION, TUNING
from rate2spike.cli.network_report import add_output_dir, add_paths, is_one_network, results_folder
from rate2spike.cli.option_flags import add_option_flags, given
from rate2spike.cli.speaking import as_given, next_step, tell, wants_json

if TYPE_CHECKING:
    from rate2spike.spiking.tuning.options import TuningExecution, TuningOptions
    from rate2spike.spiking.tuning.result import TuningResult
    from rate2spike.spiking.tuning.table import TunedFile

GO_ON = "finished steps are kept beside the model file; run the same command to go on"


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.tuning.options import TuningExecution, TuningOptions

    add_paths(parser)
    add_task(parser)
    parser.flags_by_field["task_options"] = "--task-option"
    add_scaling_factors(parser)
    with parser.in_group(TUNING):
        add_option_flags(parser, TuningOptions)
    with parser.in_group(EXECUTION):
        add_option_flags(parser, TuningExecution)
    add_output_dir(parser, "table and figures")
    add_json(parser, "print one JSON object per model, and write table and figures only with --output_dir")


def run(arguments: argparse.Namespace) -> int:
    """Tune and report; 0 even if the accuracy was not reached. Raises InputError if a file could not be tuned."""
    from rate2spike.matlab_compat.model_paths import model_files
    from rate2spike.spiking.search.population import of_shard
    from rate2spike.spiking.tuning.files import check_options, raise_failures
    from rate2spike.spiking.tuning.options import TuningExecution

    options = options_of(arguments)
    execution = TuningExecution(**given(arguments, TuningExecution))
    check_options(options)
    files = model_files(*arguments.paths)
    own = of_shard(files, execution.shard)
    is_one = is_one_network(arguments.paths, files)
    try:
        found = _tuned(own, options, execution, is_one=is_one)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(GO_ON) from None
    for item in found:
        said = item.worded(arguments.flag_of)
        steps = _step_lines(item.result) if item.result and is_one else []
        tell(arguments, _values(item, said), *steps, said_of(item.path, said))
    if is_one:
        _draw_one(found, arguments)
    else:
        _report_several(found, arguments)
    raise_failures(replace(item, message=item.worded(arguments.flag_of), fields=()) for item in found)
    next_step(
        arguments,
        "evaluate",
        *arguments.paths,
        *as_given(arguments, "task", "task_option"),
        "--n-trials",
        1000,
        "--seed",
        2,
    )
    return 0


def options_of(arguments: argparse.Namespace) -> "TuningOptions":
    """What the flags say of a tuning. Raises InputError."""
    from rate2spike.spiking.tuning.options import TuningOptions

    values = {"task": arguments.task, "task_options": task_options(arguments), **given(arguments, TuningOptions)}
    factors = chosen_factors(arguments)
    return TuningOptions(**values if factors is None else {**values, "scaling_factors": factors})


def _tuned(
    files: list[Path], options: "TuningOptions", execution: "TuningExecution", *, is_one: bool
) -> list["TunedFile"]:
    """What became of each file, with progress."""
    from rate2spike.matlab_compat.model_paths import natural_order
    from rate2spike.progress import Progress
    from rate2spike.spiking.tuning.files import tune_each
    from rate2spike.spiking.tuning.one_file import tune_file, validated_task
    from rate2spike.work_units import dask_executor

    if is_one and files:
        validated_task(files[0], options)
        if not execution.is_shared_out:
            return [tune_file(files[0], options, execution, progress=True)]
    found = []
    with dask_executor(execution.scheduler) as executor, Progress("tuning models", len(files)) as progress:
        for item in tune_each(files, options, execution, executor=executor):
            found.append(item)
            progress.log(f"{len(found)} of {len(files)} models: {item.path} {item.outcome.value}")
            progress.advance(item.path.name)
        progress.finish(f"{len(found)} models")
    return sorted(found, key=lambda item: natural_order(item.path))


def _values(item: "TunedFile", said: str) -> dict[str, Any]:
    """What --json says of a file."""
    steps = [] if item.result is None else [step.to_dict() | {"changed": step.changed} for step in item.result.steps]
    return {"model": str(item.path), **item.row(), "note": said, "steps": steps}


def _step_lines(result: "TuningResult") -> list[str]:
    """The table of steps: accuracy, what changed, seconds."""
    rows = [("step", "accuracy", "Hz", "changed", "seconds")]
    for step in result.steps:
        low, high = step.interval
        accuracy = f"{step.accuracy:.3f} [{low:.3f}, {high:.3f}]"
        rows.append((step.name, accuracy, f"{step.mean_rate_hz:.1f}", step.changed, f"{step.seconds:.1f}"))
    return aligned(rows)


def _draw_one(found: Sequence["TunedFile"], arguments: argparse.Namespace) -> None:
    """Figure and range of factors of a single network, unless it was left as it is."""
    if wants_json(arguments) and arguments.output_dir is None:
        return
    for item in found:
        if item.result is not None and len(item.result.steps) > 1:
            folder = item.path.parent if arguments.output_dir is None else Path(arguments.output_dir)
            figure = _save(item.result.plot(), folder / f"{item.path.stem}_tuning")
            if not wants_json(arguments):
                print("\n".join((*_range_lines(item.result), labelled("figure", figure))), flush=True)


def _range_lines(result: "TuningResult") -> list[str]:
    pairs = (("before", result.range_before), ("after", result.range_after))
    ranges = [f"{name} {'nowhere' if edges is None else f'from {edges[0]:g} to {edges[1]:g}'}" for name, edges in pairs]
    reached = f"scaling factors with at least {result.wanted_accuracy:g}: {', '.join(ranges)}"
    rates = f"mean rate {result.mean_rate_hz_before:.1f} Hz before, {result.mean_rate_hz:.1f} Hz after"
    return [wrapped(reached), wrapped(f"{rates}; seed {result.seed}")]


def _report_several(found: Sequence["TunedFile"], arguments: argparse.Namespace) -> None:
    """Table and figures of all models, and how many convert."""
    from rate2spike.matlab_compat.model_paths import distinct_names
    from rate2spike.spiking.tuning.table import TuningTable

    table = TuningTable(tuple(found))
    is_quiet = wants_json(arguments) and arguments.output_dir is None
    folder = None if is_quiet or not found else results_folder(arguments.paths, arguments.output_dir)
    written = []
    if folder is not None:
        written.append(labelled("table", _write_table(folder, found)))
        if any(item.accuracy is not None for item in found):
            written.append(labelled("figure", _save(table.plot(), folder / "figures" / "tunings")))
        for name, item in zip(distinct_names([item.path for item in found]), found, strict=True):
            if item.result is not None and item.result.model.is_tuned:
                _save(item.result.plot(), folder / "figures" / f"{name}_tuning")
    if not wants_json(arguments):
        converting = (
            f"{table.converting} of {table.n_networks} networks convert, {table.converting_before} of them untuned"
        )
        print("\n".join(["", *_table_lines(found), converting, *written]), flush=True)


def _table_lines(found: Sequence["TunedFile"]) -> list[str]:
    """A line per model."""
    from rate2spike.matlab_compat.model_paths import distinct_names

    rows: list[tuple[str, ...]] = [
        ("network", "outcome", "before", "after", "factor", "range", "Hz before", "Hz after", "seconds")
    ]
    for name, item in zip(distinct_names([item.path for item in found]), found, strict=True):
        reached = "-" if item.range_low is None else f"{item.range_low:g} to {item.range_high:g}"
        numbers = (item.accuracy_before, item.accuracy, item.scaling_factor)
        rates = (item.mean_rate_hz_before, item.mean_rate_hz, item.seconds)
        before, after, factor = (_number(value, form) for value, form in zip(numbers, (".3f", ".3f", "g"), strict=True))
        rows.append(
            (name, item.outcome.value, before, after, factor, reached, *(_number(value, ".1f") for value in rates))
        )
    return aligned(rows)


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _write_table(folder: Path, found: Sequence["TunedFile"]) -> Path:
    from rate2spike.io.run_folder import RunFolder
    from rate2spike.spiking.tuning.table import COLUMNS

    rows = ([item.row()[column] for column in COLUMNS] for item in found)
    return RunFolder(folder, resume=True).write_table("tunings", COLUMNS, rows)


def _save(figure: Any, stem: Path) -> Path:
    from rate2spike.io.figure_file import save_figure

    return save_figure(figure, stem)[0]
