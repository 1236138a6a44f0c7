"""How well fitted networks imitate the neuron: spikes, voltages and every other output, with intervals.

The threshold of predicted spikes is chosen on the validation data, the scores are those of the test data. Writes
evaluation_test.json and predictions_test.npz into the folder of each fit, and beside these folders a table of all networks
and the best of each size (best_results_test_<n>_models.csv, as published). What is predicted already is kept.

example: rate2spike twin evaluate --run_folder l5
         rate2spike twin evaluate --run_folder l5 --data unusual/data/test --label unusual
"""

import argparse
import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.cli.arguments import Parser, add_json
from rate2spike.cli.columns import aligned, labelled
from rate2spike.cli.flag_groups import TRIALS
from rate2spike.cli.option_flags import add_option_flags
from rate2spike.cli.run_place import RunPlace
from rate2spike.cli.speaking import next_step, note, tell
from rate2spike.cli.twin_fit import COMMAND as FIT
from rate2spike.cli.twin_fit import add_fits, recorded_data
from rate2spike.cli.twin_study import (
    FITS,
    add_damaged,
    add_study_folder,
    finished_fits,
    fits_folder,
    predictions_kept,
    settings,
    study_folder,
)
from rate2spike.errors import InputError

if TYPE_CHECKING:
    from rate2spike.spiking.twin_data.shards import CellDataset
    from rate2spike.spiking.twin_study.evaluating import StudyScores

TEST, _VALID = "test", "valid"
_OF_CELLS = {
    "discard_ms": "500, of points 0, of balls with a stick 16",
    "spike_ranges": "0-18 1-24 0-24 0-30 0-90, of points 0-90, of balls with a stick 0-1000",
}


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.twin_evaluation.evaluation_options import EvaluationOptions

    add_study_folder(parser)
    add_fits(parser, "folder of the fits in that of the study")
    add_judged_by(parser)
    parser.add_argument(
        "--export_best", default=None, metavar="DIR", help="write the best networks there, as published"
    )
    with parser.in_group(TRIALS):
        add_option_flags(parser, EvaluationOptions, dash="_", bools_take_values=True, defaults=_OF_CELLS)
    add_damaged(parser)
    parser.add_argument(
        "--shard", default=None, metavar="I/N", help="this job's share: every N-th network from the I-th on"
    )
    add_json(parser, "print one line with the scores of all networks")


def add_judged_by(parser: Parser) -> None:
    """--data and --label."""
    parser.add_argument("--data", default=None, metavar="DIR", help="other data of that cell: a folder with shards")
    parser.add_argument("--label", default=None, metavar="NAME", help="with --data: what these data are called")


def run(arguments: argparse.Namespace) -> int:
    """Evaluate all fits, write, and tell. Raises InputError."""
    from rate2spike.spiking.twin_data.simulate import share_of
    from rate2spike.spiking.twin_evaluation.evaluation_options import EvaluationOptions

    study = study_folder(arguments)
    options = settings(arguments, "evaluate", EvaluationOptions)
    label = label_of(arguments)
    share_of(1, arguments.shard)
    if arguments.shard is not None and arguments.export_best:
        raise InputError("--export_best needs all networks: leave --shard out")
    place = RunPlace(fits_folder(arguments, study), FIT, (), resume=True)
    sets = judged_by(arguments, place)
    from rate2spike.spiking.twin_study.best_export import export_best
    from rate2spike.spiking.twin_study.evaluating import evaluate_study

    twins = finished_fits(place.path)
    mine = [twins[k] for k in share_of(len(twins), arguments.shard)]
    if not mine:
        note("no network is of this share")
        return 0
    with predictions_kept():
        scores = evaluate_study(mine, sets[0], sets[1], label=label, announce=note, **options)
    if arguments.shard is not None:
        _tell(arguments, scores, place.path)
        note("a share of the networks: the same command without --shard, after all jobs, writes the tables of all")
        return 0
    _write(scores, place.path)
    exported = export_best(scores, arguments.export_best) if arguments.export_best else []
    _tell(arguments, scores, place.path)
    for folder in exported:
        note(f"exported: {folder}")
    next_step(
        arguments,
        "twin",
        "figures",
        "--run_folder",
        study,
        *([] if arguments.fits == FITS else ["--fits", arguments.fits]),
        *([] if label == TEST else ["--data", arguments.data, "--label", label]),
    )
    return 0


def label_of(arguments: argparse.Namespace) -> str:
    """The name of the data. Raises InputError."""
    if (arguments.data is None) != (arguments.label is None):
        raise InputError("--data and --label go together: data, and what they are called in files and tables")
    label = arguments.label or TEST
    if not label.replace("-", "_").isidentifier() or label == _VALID:
        raise InputError(f"--label must be one word, as a name in a program, and not {_VALID}; got {label!r}")
    return label


def judged_by(arguments: argparse.Namespace, place: RunPlace) -> tuple["CellDataset", "CellDataset"]:
    """The data that networks are judged by, and those that choose thresholds. Raises InputError."""
    from rate2spike.spiking.twin_data.shards import CellDataset
    from rate2spike.spiking.twin_study.sets import open_sets

    if not place.path.is_dir():
        raise InputError(f"there are no fits in {place.path}: `rate2spike twin fit` makes them")
    data = recorded_data(place)
    if arguments.data is None:
        sets = open_sets(data, TEST, _VALID, damaged=arguments.damaged)
        return sets[TEST], sets[_VALID]
    valid = open_sets(data, _VALID, damaged=arguments.damaged)[_VALID]
    others = CellDataset.open(arguments.data, arguments.damaged)
    if others.configuration["cell"] != valid.configuration["cell"]:
        note(f"{arguments.data} is of another cell ({others.cell}) than the fits ({valid.cell})")
    return others, valid


def _write(scores: "StudyScores", folder: Path) -> None:
    from rate2spike.io.atomic_file import write_atomically
    from rate2spike.spiking.twin_evaluation.best_models import SPLITS

    rows = scores.flat_rows()
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(folder / f"evaluation_{scores.label}.csv", text.getvalue())
    if scores.label in SPLITS:
        for old in folder.glob(f"best_results_{scores.label}_*_models.csv"):
            old.unlink()  # of fewer networks
        scores.table().best().write(folder, scores.label)


def _tell(arguments: argparse.Namespace, scores: "StudyScores", folder: Path) -> None:
    from rate2spike.readable import brief

    head = ("network", "parameters", "AUC", "interval", "hits", "soma explained %", "RMSE (mV)", "complexity")
    rows = [head]
    for row, one in zip(scores.flat_rows(), scores.scores, strict=True):
        interval = one.evaluation.auc_interval
        rows.append(
            (
                row["name"],
                str(row["parameters"]),
                f"{row['auc']:.4f}",
                "" if interval is None else f"{interval[0]:.4f} to {interval[1]:.4f}",
                f"{row[one.evaluation.operating_key]:.3f}",
                brief(row.get("raw_soma_explained_variance_percent", "")),
                brief(row.get("raw_soma_RMSE", "")),
                f"{row['complexity_index']:.3f}",
            )
        )
    values: dict[str, Any] = {"run_folder": str(folder), "label": scores.label, "networks": scores.flat_rows()}
    fpr = scores.scores[0].evaluation.options.operating_fpr
    said = f"hits: true positives at {fpr:.1%} false ones; complexity: functional complexity index"
    tell(arguments, values, *aligned(rows), said, labelled("written to", folder))
