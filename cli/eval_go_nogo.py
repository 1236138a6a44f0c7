"""Draw one NoGo and one Go trial of a Go-NoGo model as the published script does: outputs, and a raster of each.

A folder means its first model, as in the published script; several paths are drawn one after the other.
"""

import argparse
from functools import partial
from pathlib import Path

from rate2spike.cli.arguments import Parser, add_seed
from rate2spike.cli.network_report import each_of_several


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    parser.set_defaults(flag_of=parser.flag_of)
    parser.add_argument("paths", nargs="+", metavar="MODEL_OR_DIR", help="searched model files, or folders with some")
    parser.add_argument("--output_dir", default=".", help="folder for the figures (default: here)")
    add_seed(parser)


def run(arguments: argparse.Namespace) -> int:
    """Simulate, draw and say where the figures are. Raises InputError, of several models when all others are done."""
    from rate2spike.matlab_compat.model_paths import distinct_names, model_files
    from rate2spike.seeding import resolve_seed

    seed = resolve_seed(arguments.seed)
    files = list(dict.fromkeys(model_files(path)[0] for path in arguments.paths))
    if len(files) == 1:
        _draw(files[0], files[0].stem, seed, arguments.output_dir)
        return 0
    with each_of_several(arguments.flag_of) as attempt:
        for name, path in zip(distinct_names(files), files, strict=True):
            attempt(path, partial(_draw, path, name, seed, arguments.output_dir))
    return 0


def _draw(path: Path, name: str, seed: int, output_dir: str) -> None:
    from rate2spike.spiking.scoring.go_nogo_trials import eval_go_nogo

    figures = eval_go_nogo(path, seed, Path(output_dir), name)
    print(f"{path}: seed {seed}")
    for figure in figures:
        print(f"  {figure}", flush=True)
