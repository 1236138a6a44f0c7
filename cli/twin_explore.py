"""Look at the simulations of a study: tree and dendritic voltages, input and output, traces, spike counts.

Writes figures/data_<set>/ in the folder of the study, each figure as .png and .pdf. Of a data set without dendritic voltages
(`twin simulate --with_dendrites True` keeps them) the figures of these are left out.

example: rate2spike twin explore --run_folder l5
         rate2spike twin explore --run_folder l5 --set test
"""

import argparse
from pathlib import Path

from rate2spike.cli.arguments import Parser, add_json
from rate2spike.cli.columns import labelled
from rate2spike.cli.speaking import next_step, tell
from rate2spike.cli.twin_study import DATA, FIGURES, add_damaged, study_folder
from rate2spike.errors import InputError


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.twin_data.config import SETS

    parser.add_argument("--run_folder", default=None, metavar="DIR", help="folder of the study")
    parser.add_argument("--data", default=None, metavar="DIR", help=f"folder of the data (default: {DATA} in it)")
    action = parser.add_argument("--set", default=SETS[0], help=f"which: {', '.join(SETS)} (default: {SETS[0]})")
    parser.values_of[action.dest] = SETS
    add_seed(parser)
    add_damaged(parser)
    add_json(parser, "print one line with the files")


def add_seed(parser: Parser) -> None:
    """--seed."""
    parser.add_argument("--seed", type=int, default=0, help="seed that chooses what is shown (default: 0)")


def run(arguments: argparse.Namespace) -> int:
    """Draw, and tell. Raises InputError."""
    from rate2spike.checks import choice
    from rate2spike.progress import following
    from rate2spike.seeding import resolve_seed
    from rate2spike.spiking.twin_data.config import SETS
    from rate2spike.spiking.twin_study.drawing import draw_data, pictures
    from rate2spike.spiking.twin_study.sets import open_sets

    name = choice(arguments.set, "{set}", "set", SETS)
    seed = resolve_seed(arguments.seed)
    study = study_folder(arguments)
    dataset = open_sets(Path(arguments.data or study / DATA), name, damaged=arguments.damaged)[name]
    folder = study / FIGURES / f"data_{name}"
    with following(None, "drawing", 12) as advance:
        made = pictures(draw_data(dataset, folder, seed, advance))
    if not made:
        raise InputError(f"nothing can be drawn of {dataset}")
    tell(
        arguments,
        {"figures": [str(path) for path in made]},
        *(f"  {path.stem}" for path in made),
        labelled("written to", folder),
    )
    next_step(arguments, "twin", "fit", "--run_folder", study)
    return 0
