"""Fit deep networks to the simulations of a neuron: convolutional ones (TCN, FCN), ELM neurons, linear rivals.

Works in the folder that `rate2spike twin simulate` made. Every fit has a folder of its own in fits/: twin.keras and twin.json
(the network), history.jsonl (losses of every epoch), checkpoints, snapshots. Fits that were interrupted, or that shall have
more epochs, networks or seeds, go on with --resume.

example: rate2spike twin fit --run_folder l5 --architectures fcn-1x128x43 tcn-3x64x100 elm-20 --n_seeds 3
         rate2spike twin fit --run_folder point --architectures linear-80
"""

import argparse
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.cli.arguments import Parser, add_json
from rate2spike.cli.columns import aligned, labelled
from rate2spike.cli.flag_groups import TRAINING
from rate2spike.cli.option_flags import add_option_flags
from rate2spike.cli.run_place import RunPlace, as_one_of_several
from rate2spike.cli.speaking import command, next_step, note, tell
from rate2spike.cli.twin_study import DATA, FITS, add_damaged, add_study_folder, fits_folder, settings, study_folder
from rate2spike.errors import InputError
from rate2spike.io.atomic_file import write_atomically

if TYPE_CHECKING:
    from rate2spike.spiking.twin_study.fitted import FittedTwin
    from rate2spike.spiking.twin_study.plan import FitPlan

COMMAND = "twin fit"
_OF_CELLS = {
    "batch_size": "8, of points 32",
    "window_ms": "400, of points 500, of balls with a stick 512",
    "optimizer": "nadam, of balls with a stick adamw",
    "epochs_per_stage": "10, of points and balls with a stick 1",
    "left_out_ms": "0, of balls with a stick 100",
}


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.twin_study.plan import FitPlan

    add_study_folder(parser)
    parser.add_argument("--resume", action="store_true", help="go on with the fits that are in the folder")
    add_fits(parser, "folder of the fits in that of the study; fits with other settings need another one")
    parser.add_argument("--data", default=None, metavar="DIR", help=f"folder of the data (default: {DATA} in it)")
    with parser.in_group(TRAINING):
        add_option_flags(parser, FitPlan, dash="_", bools_take_values=True, defaults=_OF_CELLS)
    add_damaged(parser)
    parser.add_argument("--n_workers", type=int, default=1, help="fits side by side, a process each (default: 1)")
    parser.add_argument(
        "--scheduler", default=None, metavar="ADDRESS", help="fit on this Dask cluster: tcp://host:8786"
    )
    parser.add_argument(
        "--shard", default=None, metavar="I/N", help="this job's share: every N-th fit from the I-th on"
    )
    parser.add_argument("--gpu", default="0", help="index of the GPU, if there is one (default: 0)")
    add_json(parser, "print one line with the fits")


def add_fits(parser: Parser, help: str) -> None:
    """--fits."""
    parser.add_argument("--fits", default=FITS, metavar="NAME", help=f"{help} (default: {FITS})")


def run(arguments: argparse.Namespace) -> int:
    """As one of several jobs, or the only one. Raises InputError."""
    return as_one_of_several(_run, arguments)


def _run(arguments: argparse.Namespace) -> int:
    """Fit, or go on, and tell. Raises InputError."""
    from rate2spike.machine.tensorflow_device import check_gpu, prepare_tensorflow
    from rate2spike.spiking.twin_data.simulate import share_of
    from rate2spike.work_units import dask_executor

    check_gpu(arguments.gpu)
    share_of(1, arguments.shard)
    study = study_folder(arguments)
    place = RunPlace(fits_folder(arguments, study), COMMAND, (), resume=arguments.resume)
    prepare_tensorflow(arguments.gpu)
    from rate2spike.spiking.twin_study.fitting import fit_networks

    plan, data = _plan_and_data(arguments, place, study)
    place.check_free()
    with dask_executor(arguments.scheduler) as executor:
        folder = place.open(shared=arguments.shard is not None)
        again = command("twin", "fit", "--resume", "--run_folder", study, *_if_not_default(arguments.fits))
        with folder.interruptible(f"`{again}` goes on"), _config_kept_if_refused(place):
            place.begin(folder, plan.sections() | {"data": {"folder": _as_recorded(data, study, place)}}, unit="")
            found = fit_networks(
                data,
                plan,
                folder.path,
                shard=arguments.shard,
                n_workers=arguments.n_workers,
                executor=executor,
                damaged=arguments.damaged,
                announce=note,
            )
    _tell(arguments, folder.path, found)
    next_step(arguments, "twin", "evaluate", "--run_folder", study, *_if_not_default(arguments.fits))
    return 0


@contextmanager
def _config_kept_if_refused(place: RunPlace) -> Iterator[None]:
    """Fits that do not go on leave the settings of those that are there as they were."""
    path = place.path / "config.toml"
    before = path.read_bytes() if place.resume else None
    try:
        yield
    except InputError:
        if before is not None:
            write_atomically(path, before)
        raise


def recorded_data(place: RunPlace) -> Path:
    """The folder of the data of fits that are there. Raises InputError."""
    recorded = place.recorded().get("data", {})
    if "folder" not in recorded:
        raise InputError(f"{place.path / 'config.toml'} does not say where the data are")
    return Path(os.path.normpath(place.path / str(recorded["folder"])))


def _as_recorded(data: Path, study: Path, place: RunPlace) -> str:
    """Data in the folder of the study are found from that of the fits, so that the whole may be moved or copied."""
    inside = data.resolve().is_relative_to(study.resolve())
    return os.path.relpath(data.resolve(), place.path.resolve()) if inside else str(data.absolute())


def _plan_and_data(arguments: argparse.Namespace, place: RunPlace, study: Path) -> tuple["FitPlan", Path]:
    from rate2spike.options import from_mapping
    from rate2spike.spiking.twin_study.cell_kinds import kind_of
    from rate2spike.spiking.twin_study.plan import MAY_DIFFER, FitPlan, resolved
    from rate2spike.spiking.twin_study.sets import open_sets

    asked = settings(arguments, "fit", FitPlan, only_given=place.resume)
    if not place.resume:
        data = Path(arguments.data) if arguments.data else study / DATA
        return resolved(kind_of(open_sets(data, "train")["train"]), asked), data
    recorded = from_mapping(FitPlan, place.recorded().get("fit", {}), str(place.path / "config.toml"))
    plan = replace(recorded, **asked)
    place.check_same(vars(plan), vars(recorded), MAY_DIFFER)
    plan = replace(plan, architectures=tuple(dict.fromkeys((*recorded.architectures, *plan.architectures))))
    return plan, Path(arguments.data) if arguments.data else recorded_data(place)


def _tell(arguments: argparse.Namespace, folder: Path, found: Sequence["FittedTwin"]) -> None:
    rows = [("network", "parameters", "updates", "minutes", "validation loss of spikes")]
    rows += [
        (one.name, f"{one.n_parameters}", f"{one.n_updates}", f"{one.minutes:.1f}", f"{one.validation_loss:.4g}")
        for one in found
    ]
    values: dict[str, Any] = {
        "run_folder": str(folder),
        "fits": {
            one.name: {
                "overview": one.overview,
                "parameters": one.n_parameters,
                "updates": one.n_updates,
                "minutes": one.minutes,
                "validation_loss": one.validation_loss,
            }
            for one in found
        },
    }
    if arguments.shard is not None:
        note("a share of all fits: the other jobs, of the same command, add theirs to the same folder")
    tell(arguments, values, *aligned(rows), labelled("written to", folder))


def _if_not_default(fits: str) -> list[str]:
    return [] if fits == FITS else ["--fits", fits]
