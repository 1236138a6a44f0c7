"""Draw one NoGo and one Go trial of a Go-NoGo model as the published script does: outputs, and a raster of each.

A folder means its first model, as in the published script; several paths are drawn one after the other.

example: rate2spike eval-go-nogo models/go-nogo --seed 1
"""

import argparse
from functools import partial
from pathlib import Path

from rate2spike.cli.arguments import Parser, add_json, add_seed
from rate2spike.cli.network_report import each_of_several
from rate2spike.cli.speaking import next_step, tell


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    parser.set_defaults(flag_of=parser.flag_of)
    parser.add_argument("paths", nargs="+", metavar="MODEL_OR_DIR", help="searched model files, or folders with some")
    parser.add_argument("--output_dir", default=".", help="folder for the figures (default: here)")
    add_seed(parser)
    add_json(parser, "print one JSON object per model")


def run(arguments: argparse.Namespace) -> int:
    """Simulate, draw and say where the figures are. Raises InputError, of several models when all others are done."""
    from rate2spike.matlab_compat.model_paths import distinct_names, model_files
    from rate2spike.seeding import resolve_seed

    seed = resolve_seed(arguments.seed)
    files = list(dict.fromkeys(model_files(path)[0] for path in arguments.paths))
    if len(files) == 1:
        _draw(files[0], files[0].stem, seed, arguments)
        next_step(arguments, "evaluate", files[0], "--task", "go-nogo", "--n-trials", 1000, "--seed", 1)
        return 0
    with each_of_several(arguments.flag_of) as attempt:
        for name, path in zip(distinct_names(files), files, strict=True):
            attempt(path, partial(_draw, path, name, seed, arguments))
    next_step(arguments, "evaluate", *files, "--task", "go-nogo", "--n-trials", 1000, "--seed", 1)
    return 0


def _draw(path: Path, name: str, seed: int, arguments: argparse.Namespace) -> None:
    from rate2spike.spiking.scoring.go_nogo_trials import eval_go_nogo

    figures = eval_go_nogo(path, seed, Path(arguments.output_dir), name)
    values = {"model": str(path), "seed": seed, "figures": figures}
    tell(arguments, values, f"{path}: seed {seed}", *(f"  {figure}" for figure in figures))
