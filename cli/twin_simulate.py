"""Simulate a neuron in detail under random input: data sets for a deep network that shall imitate it.

The neuron is a layer 5 pyramidal cell, a ball with a stick, or a point. Writes a folder with data/train, data/valid and
data/test (compressed shards), config.toml and summary.json. A run that was interrupted, or that shall have more simulations,
goes on with --resume.

example: rate2spike twin simulate --cell NMDA_cable --n_train 64 --n_valid 16 --n_test 16
         rate2spike twin simulate --cell L5PC_NMDA --n_train 1000 --with_dendrites True
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.cli.arguments import Parser, add_json
from rate2spike.cli.columns import labelled
from rate2spike.cli.facts import facts
from rate2spike.cli.flag_groups import WORK
from rate2spike.cli.option_flags import add_option_flags
from rate2spike.cli.run_place import add_run_folder, as_one_of_several
from rate2spike.cli.run_settings import settings_and_place
from rate2spike.cli.speaking import next_step, note, tell
from rate2spike.cli.twin_study import CONFIG, DATA, add_config, config_file, section

if TYPE_CHECKING:
    from rate2spike.spiking.twin_data.shards import CellDataset

COMMAND = "twin simulate"


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.twin_data.config import SimulationConfig

    with parser.in_group(WORK):
        add_option_flags(parser, SimulationConfig, dash="_", bools_take_values=True)
    add_run_folder(parser, default=" (default: a new one in runs/)")
    add_config(parser)
    parser.add_argument("--n_threads", type=int, default=None, help="threads (default: one per core)")
    parser.add_argument(
        "--scheduler", default=None, metavar="ADDRESS", help="simulate on this Dask cluster: tcp://host:8786"
    )
    parser.add_argument(
        "--shard", default=None, metavar="I/N", help="this job's share: every N-th file from the I-th on"
    )
    add_json(parser, "print summary.json, with the folder of the run, in one line")


def run(arguments: argparse.Namespace) -> int:
    """As one of several jobs, or the only one. Raises InputError."""
    return as_one_of_several(_run, arguments)


def _run(arguments: argparse.Namespace) -> int:
    """Simulate, or go on; write summary.json, and tell. Raises InputError."""
    from rate2spike.io.atomic_file import write_atomically
    from rate2spike.machine.thread_pool import checked_threads
    from rate2spike.spiking.twin_data.config import MAY_DIFFER, SimulationConfig, simulate_sets
    from rate2spike.spiking.twin_data.simulate import share_of
    from rate2spike.spiking.twin_evaluation.evaluation_options import EvaluationOptions
    from rate2spike.spiking.twin_study.plan import FitPlan
    from rate2spike.work_units import dask_executor

    source = config_file(arguments, only_given=True)
    for name, kind in (("fit", FitPlan), ("evaluate", EvaluationOptions)):
        section(source, name, kind)  # what later steps could not use is said before hours of simulations
    config, place = settings_and_place(
        arguments,
        SimulationConfig,
        COMMAND,
        MAY_DIFFER,
        lambda _: (DATA, "summary.json"),
        section(source, "simulate", SimulationConfig),
    )
    place.check_free()
    share_of(1, arguments.shard)
    checked_threads(arguments.n_threads)
    with dask_executor(arguments.scheduler) as executor:
        folder = place.open(shared=arguments.shard is not None)
        with folder.interruptible(f"`rate2spike {COMMAND} --resume --run_folder {place.path}` goes on"):
            place.begin(folder, config.sections(), unit="")
            if source is not None:
                write_atomically(folder.path / CONFIG, source.read_bytes())
            try:
                found = simulate_sets(
                    config, folder.path / DATA, shard=arguments.shard, n_threads=arguments.n_threads, executor=executor
                )
            except KeyboardInterrupt:  # how a call goes on is not how a command does
                raise KeyboardInterrupt from None
    summary = {"cell": config.cell} | {name: _in_numbers(dataset) for name, dataset in found.items()}
    folder.write_summary(summary)
    _tell(arguments, folder.path, summary)
    return 0


def _in_numbers(dataset: "CellDataset") -> dict[str, Any]:
    """Of a set: what there is on disk."""
    rates = [one.recording.rate_hz for one in dataset]
    n_bytes = sum(shard.path.stat().st_size for shard in dataset.shards)
    return {
        "simulations": len(rates),
        "rate_hz": sum(rates) / len(rates),
        "silent": sum(rate == 0 for rate in rates),
        "mb_per_simulation": n_bytes / len(rates) / 1e6,
    }


def _tell(arguments: argparse.Namespace, folder: Path, summary: Mapping[str, Any]) -> None:
    if arguments.shard is not None:
        note("a share of all simulations: the other jobs, of the same command, add theirs to the same folder")
    tell(arguments, {"run_folder": str(folder), **summary}, *facts(summary), labelled("written to", folder))
    if {"train", "valid"} <= summary.keys():
        next_step(arguments, "twin", "fit", "--run_folder", folder)
    elif "test" in summary:
        next_step(arguments, "twin", "explore", "--run_folder", folder, "--set", "test")
