"""Say in words and one figure why a converted network fails: silent, saturated, gain mismatch, unstable, other dynamics.

example: rate2spike diagnose MODEL.mat --scaling-factor 60 --output diagnosis.png
"""

import argparse
from pathlib import Path

from rate2spike.cli.arguments import add_seed, add_task
from rate2spike.cli.network_flags import add_neuron_flags, neuron_of
from rate2spike.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("model", metavar="MODEL", help="a model file")
    add_task(parser)
    parser.add_argument("--scaling-factor", type=float, default=None, help="default: the one found by a search")
    parser.add_argument("--n-trials", type=int, default=20, help="default: 20")
    add_neuron_flags(parser)
    add_seed(parser)
    parser.add_argument("--output", default=None, metavar="FIGURE", help="where to save it, as .png and .pdf "
                        "(default: MODEL_diagnosis.png in this folder)")  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Diagnose, print and draw."""
    from rate2spike.cli.arguments import task_options
    from rate2spike.figures import save_figure
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.rate.model_task import task_of_model
    from rate2spike.spiking.diagnose import diagnose
    from rate2spike.spiking.plots_diagnosis import diagnosis_figure

    path = Path(arguments.model)
    model = load_model(path)
    output = Path(arguments.output or f"{path.stem}_diagnosis.png")
    if output.suffix.lower() not in (".png", ".pdf"):
        raise InputError(f"--output must end in .png or .pdf (both are written), got {output}")
    task = task_of_model(model, path, arguments.task, task_options(arguments))
    found = diagnose(
        model, task, arguments.scaling_factor, arguments.n_trials, arguments.seed, params=neuron_of(arguments, model)
    )
    print(f"{path.name}: {found.task}, scaling factor {found.scaling_factor:g}, accuracy {found.accuracy:.2f} over "
          f"{arguments.n_trials} trials, seed {found.seed}")  # fmt: skip
    for finding in found.findings:
        print(f"* {finding}")
    for name in sorted(set(found.unit_types.tolist())):
        print(f"  {name}: {found.firing_rate_hz[found.unit_types == name].mean():.1f} Hz")
    print("figures:", *save_figure(diagnosis_figure(found), str(output)[: -len(output.suffix)]))
    return 0
