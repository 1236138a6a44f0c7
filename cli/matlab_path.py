"""Where the .m functions are. The first line is the folder, the second what to type in MATLAB or GNU Octave.

So that they find this Python, its place is noted in the folder, if that can be written.

example: rate2spike matlab-path
"""

import argparse
import contextlib
import sys
from importlib.resources import files

from rate2spike.cli.arguments import add_json
from rate2spike.cli.speaking import tell

PYTHON_NOTE = "python_path.txt"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Only --json."""
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print both lines."""
    from pathlib import Path

    from rate2spike.errors import InputError
    from rate2spike.io.atomic_file import write_atomically

    folder = Path(str(files("rate2spike.matlab_compat") / "m"))
    with contextlib.suppress(InputError):
        write_atomically(folder / PYTHON_NOTE, sys.executable)
    line = "addpath('{}')".format(str(folder).replace("'", "''"))
    tell(arguments, {"folder": str(folder), "addpath": line}, str(folder), line)
    return 0
