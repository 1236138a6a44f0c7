"""Draw fitted networks beside the neuron: composites with network, traces, ROC and learnt filters; accuracy against size.

Writes into the folder of the study: figures/<fit>/ for each network (overview, filters, traces, learning curves, ...) and
figures/networks/ for all together. Figures of --data have _<label> at the end of these names, those of --fits NAME are in
figures/NAME/. --tables adds networks of other studies: their best_results_test_<n>_models.csv.

example: rate2spike twin figures --run_folder l5
         rate2spike twin figures --run_folder l5 --tables l5_ampa/fits/best_results_test_3_models.csv
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rate2spike.cli.arguments import Parser, add_json
from rate2spike.cli.columns import labelled
from rate2spike.cli.run_place import RunPlace
from rate2spike.cli.speaking import note, tell
from rate2spike.cli.twin_evaluate import TEST, add_judged_by, judged_by, label_of
from rate2spike.cli.twin_explore import add_seed
from rate2spike.cli.twin_fit import COMMAND as FIT
from rate2spike.cli.twin_fit import add_fits
from rate2spike.cli.twin_study import (
    FIGURES,
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
    from rate2spike.spiking.twin_study.fitted import FittedTwin

_ALL = "networks"  # folder of the figures of all networks


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    add_study_folder(parser)
    add_fits(parser, "folder of the fits in that of the study")
    parser.add_argument(
        "--networks", nargs="+", default=None, metavar="FIT", help="draw these fits alone (default: all)"
    )
    parser.add_argument("--tables", nargs="+", default=[], metavar="FILE", help="tables of networks of other studies")
    add_judged_by(parser)
    add_seed(parser)
    add_damaged(parser)
    add_json(parser, "print one line with the files")


def run(arguments: argparse.Namespace) -> int:
    """Draw, and tell. Raises InputError."""
    from rate2spike.progress import following
    from rate2spike.seeding import resolve_seed
    from rate2spike.spiking.twin_evaluation.best_models import ModelTable
    from rate2spike.spiking.twin_evaluation.evaluation_options import EvaluationOptions

    seed, label = resolve_seed(arguments.seed), label_of(arguments)
    study = study_folder(arguments)
    options = settings(arguments, "evaluate", EvaluationOptions) | {"n_resamples": 0}
    further = [row for path in arguments.tables for row in ModelTable.read(path).rows]
    place = RunPlace(fits_folder(arguments, study), FIT, (), resume=True)
    data, valid = judged_by(arguments, place)
    from rate2spike.spiking.twin_study.drawing import draw_networks, draw_twin, pictures
    from rate2spike.spiking.twin_study.evaluating import score_study

    twins = _chosen(finished_fits(place.path), arguments.networks)
    with predictions_kept():
        scores = score_study(twins, data, valid, label=label, announce=note, **options)
    figures, ending = _place(study, arguments.fits), "" if label == TEST else f"_{label}"
    made = []
    with following(None, "drawing", 10 * len(twins)) as advance:
        for fitted, one in zip(twins, scores.scores, strict=True):
            made += pictures(draw_twin(fitted, one, data, figures / f"{fitted.name}{ending}", seed, advance))
        table = ModelTable((*scores.table().rows, *further))
        made += pictures(draw_networks(table, figures / f"{_ALL}{ending}", advance))
    folders = list(dict.fromkeys(path.parent for path in made))
    lines = [f"  {folder.name}: {sum(path.parent == folder for path in made)} figures" for folder in folders]
    tell(arguments, {"figures": [str(path) for path in made]}, *lines, labelled("written to", figures))
    return 0


def _place(study: Path, fits: str) -> Path:
    """Where figures go: networks of one name in several folders of fits have one each."""
    return study / FIGURES if fits == FITS else study / FIGURES / fits


def _chosen(twins: "list[FittedTwin]", names: list[str] | None) -> "list[FittedTwin]":
    """Those of these names, or all. Raises InputError."""
    there = [one.name for one in twins]
    for name in names or ():
        if name not in there:
            raise InputError(f"there is no fit {name} in {Path(twins[0].folder).parent}: there are {', '.join(there)}")
    return [one for one in twins if names is None or one.name in names]
