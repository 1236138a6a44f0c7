"""Draw one NoGo and one Go trial of a Go-NoGo model as the published script does: outputs, and a raster of each.

A folder means its first .mat file, as in the published script.
"""

import argparse
from pathlib import Path

from rate2spike.cli.arguments import add_seed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("path", metavar="MODEL_OR_DIR", help="a searched model file, or a folder with one")
    parser.add_argument("--output_dir", default=".", help="folder for the figures (default: here)")
    add_seed(parser)


def run(arguments: argparse.Namespace) -> int:
    """Simulate, draw and say where the figures are."""
    from rate2spike.seeding import resolve_seed
    from rate2spike.spiking.eval_go_nogo import eval_go_nogo
    from rate2spike.spiking.search_files import model_files

    seed = resolve_seed(arguments.seed)
    model_path = model_files(arguments.path)[0]
    paths = eval_go_nogo(model_path, seed, Path(arguments.output_dir))
    print(f"{model_path}: seed {seed}")
    for path in paths:
        print(f"  {path}")
    return 0
