"""Say in words and one figure why a converted network fails: silent, saturated, gain mismatch, unstable, other dynamics.

Of several models each gets its words and its figure.

example: rate2spike diagnose MODEL.mat --scaling-factor 60 --output diagnosis.png
"""

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.cli.arguments import Parser, add_json, add_seed, add_task, check_task, task_options
from rate2spike.cli.columns import labelled, said_of, wrapped
from rate2spike.cli.network_flags import add_network_flags, network_options
from rate2spike.cli.network_report import add_paths, each_of_several, results_folder
from rate2spike.cli.speaking import as_given, next_step, tell, wants_json
from rate2spike.errors import InputError

if TYPE_CHECKING:
    from rate2spike.spiking.diagnosis.result import Diagnosis


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    add_paths(parser)
    add_task(parser)
    add_network_flags(parser)
    parser.add_argument("--n-trials", type=int, default=20, help="trials of either network (default: 20)")
    add_seed(parser)
    parser.add_argument(
        "--output",
        default=None,
        metavar="FIGURE",
        help="where to save it, as .png and .pdf (default: MODEL_diagnosis.png in this folder)",
    )
    parser.add_argument(
        "--output_dir",
        default=None,
        metavar="DIR",
        help="folder for the figures of several models "
        "(default: figures/ in the folder given, if it is one, else this folder)",
    )
    add_json(parser, "print one JSON object per model")


def run(arguments: argparse.Namespace) -> int:
    """Diagnose, print and draw. Raises InputError, of several models when all others are done."""
    from rate2spike.matlab_compat.model_paths import distinct_names, model_files

    check_task(arguments)
    files = model_files(*arguments.paths)
    folder = _figure_folder(arguments, files)
    if len(files) == 1:
        output = Path(arguments.output or folder / f"{files[0].stem}_diagnosis.png")
        _say_next(arguments, _diagnose(files[0], output, arguments))
        return 0
    with each_of_several(arguments.flag_of) as attempt:
        for name, path in zip(distinct_names(files), files, strict=True):
            attempt(path, partial(_diagnose, path, folder / f"{name}_diagnosis.png", arguments))
            if not wants_json(arguments):
                print()
    _say_next(arguments)
    return 0


def _say_next(arguments: argparse.Namespace, found: "Diagnosis | None" = None) -> None:
    """Tuning where it was found to be the way; else it may be the factor: a finer search, from coarse to fine."""
    from rate2spike.spiking.diagnosis.diagnose import TUNING

    task = as_given(arguments, "task", "task_option")
    if found is not None and TUNING in found.findings:
        next_step(arguments, "tune", *arguments.paths, *task, "--seed", 1)
        return
    next_step(arguments, "search", *arguments.paths, *task, "--force", "--strategy", "adaptive", "--seed", 1)


def _figure_folder(arguments: argparse.Namespace, files: list[Path]) -> Path:
    """Where figures go that --output does not name. Raises InputError for flags that do not fit."""
    output = arguments.output
    if output is None:
        several = results_folder(arguments.paths, arguments.output_dir) if len(files) > 1 else None
        if several is not None and arguments.output_dir is None:
            return several / "figures"
        return Path(arguments.output_dir or ".")
    if len(files) > 1:
        raise InputError(f"--output names one figure, and there are {len(files)} models: give --output_dir")
    if arguments.output_dir is not None:
        raise InputError("give --output (a file) or --output_dir (a folder), not both")
    if Path(output).suffix.lower() not in (".png", ".pdf"):
        raise InputError(f"--output must end in .png or .pdf (both are written), got {output}")
    return Path(output).parent


def _diagnose(path: Path, output: Path, arguments: argparse.Namespace) -> "Diagnosis":
    from rate2spike.io.figure_file import save_figure
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.rate.model_task import task_of_model
    from rate2spike.spiking.diagnosis.diagnose import diagnose
    from rate2spike.spiking.diagnosis.plots import diagnosis_figure

    model = load_model(path)
    task = task_of_model(model, path, arguments.task, task_options(arguments))
    found = diagnose(
        model,
        task,
        arguments.scaling_factor,
        arguments.n_trials,
        arguments.seed,
        options=network_options(arguments, model, path),
    )
    figures = save_figure(diagnosis_figure(found), str(output)[: -len(output.suffix)])
    rates_hz = {
        name: float(found.firing_rate_hz[found.unit_types == name].mean())
        for name in sorted({*found.unit_types.tolist()})
    }
    head = f"{found.task}, scaling factor {found.scaling_factor:g}, accuracy {found.accuracy:.2f} over {arguments.n_trials}"
    tell(
        arguments,
        _values(path, found, arguments.n_trials) | {"type_rates_hz": rates_hz, "figures": figures},
        said_of(path, f"{head} trials, seed {found.seed}"),
        *(wrapped(str(finding), "* ", "  ") for finding in found.findings),
        *(f"  {name}: {rate:.1f} Hz" for name, rate in rates_hz.items()),
        *(labelled("figure", figure) for figure in figures),
    )
    return found


def _values(path: Path, found: "Diagnosis", n_trials: int) -> dict[str, Any]:
    """What --json says besides rates and figures."""
    return {
        "model": str(path),
        "task": found.task,
        "scaling_factor": found.scaling_factor,
        "accuracy": found.accuracy,
        "n_trials": n_trials,
        "seed": found.seed,
        "findings": [str(finding) for finding in found.findings],
    }
