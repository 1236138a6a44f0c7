"""`train --seeds 1-100`: a population of networks, one table and one figure of what became of them."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rate2spike.checks import whole_number
from rate2spike.cli.columns import labelled
from rate2spike.cli.run_place import RunPlace
from rate2spike.cli.speaking import next_step, tell
from rate2spike.cli.training_flags import base_for, base_of_new, settings_of
from rate2spike.errors import InputError
from rate2spike.io.run_folder import RunFolder
from rate2spike.machine.worker_processes import check_may_start
from rate2spike.progress import Progress
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.outcomes import Outcome, Population
from rate2spike.rate.population import finished_networks, train_population
from rate2spike.seeding import resolve_seed
from rate2spike.work_units import dask_executor

Spell = Callable[[str], str | None]  # a field as the command calls it


def run_population(arguments: argparse.Namespace) -> int:
    """Train all seeds; returns the exit code."""
    seeds = seeds_in(arguments.seeds)
    if arguments.n_workers is not None:
        whole_number(arguments.n_workers, "number of workers", "n_workers")
    place = RunPlace(Path(arguments.run_folder), "population", (), arguments.resume)
    config = _config(arguments, place)
    with (
        dask_executor(arguments.scheduler) as executor,
        Progress(f"training {len(seeds)} networks", len(seeds)) as progress,
    ):
        if executor is None:
            check_may_start()
        run_folder = place.open()
        place.begin(run_folder, config.sections(), unit="")  # each network has checkpoints of its own
        progress.line(
            f"training {len(seeds)} networks on {config.task.name}: {config.n_units} units, seeds {arguments.seeds}"
        )

        def on_outcome(outcome: Outcome) -> None:
            progress.line(f"seed {outcome.seed}: {in_words(outcome, arguments.flag_of)}")
            progress.advance(f"seed {outcome.seed}")

        with run_folder.interruptible("finished networks are kept; the same command with --resume goes on"):
            outcomes = train_population(
                config,
                seeds,
                place.path,
                executor=executor,
                n_workers=arguments.n_workers,
                on_outcome=on_outcome,
                progress=False,
            )
        outcomes += finished_networks(place.path, config, leave_out=seeds)
        progress.finish(f"{sum(outcome.criteria_met for outcome in outcomes)} meet the criteria")
    _report(run_folder, outcomes, arguments)
    next_step(arguments, "search", place.path, "--seed", 1)
    return 0


def _config(arguments: argparse.Namespace, place: RunPlace) -> TrainConfig:
    """The settings of all networks, without a seed. Raises InputError."""
    if not arguments.resume:
        return replace(settings_of(arguments, base_of_new(arguments, "task", "n_units", "tau_steps")), seed=None)
    recorded = TrainConfig.from_sections(place.recorded(), str(place.path / "config.toml"))
    config = replace(settings_of(arguments, base_for(arguments) if arguments.recipe else recorded), seed=None)
    place.check_same(config.flat(), replace(recorded, seed=None).flat())
    return config


def _report(folder: RunFolder, outcomes: Population, arguments: argparse.Namespace) -> None:
    """Table, figure and a line. Raises InputError if a network failed."""
    from rate2spike.io.figure_file import save_figure

    rows = [outcome.row() for outcome in outcomes]
    table = folder.write_table("population", tuple(rows[0]), (tuple(row.values()) for row in rows))
    if any(outcome.accuracy is not None for outcome in outcomes):
        save_figure(outcomes.plot(), folder.figures / "population")
    n_met = sum(outcome.criteria_met for outcome in outcomes)
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    summary = {"run_folder": str(folder.path), "n_met": n_met, "n_networks": len(outcomes), "networks": rows}
    tell(arguments, summary, f"{n_met} of {len(outcomes)} networks meet the criteria", labelled("table", table))
    if failed:
        why = why_failed(failed[0], arguments.flag_of)
        raise InputError(f"{len(failed)} of {len(outcomes)} networks failed, seed {failed[0].seed}: {why}")


def seeds_in(text: str) -> list[int]:
    """`1-3,8` as [1, 2, 3, 8]. Raises InputError."""
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not _is_number(first) or (dash and not _is_number(last)) or (dash and int(last) < int(first)):
            raise InputError(f"--seeds must be numbers and ranges, such as 1-100 or 1-5,8; got {text!r}")
        if dash and int(last) - int(first) >= 100_000:
            raise InputError(f"--seeds {text} asks for more than 100000 networks")
        seeds += range(int(first), int(last or first) + 1)
    return list(dict.fromkeys(resolve_seed(seed) for seed in seeds))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def why_failed(outcome: Outcome, spell: Spell) -> str:
    """What a network failed with, fields as `spell` has them."""
    return outcome.error.worded(spell) if outcome.error else outcome.message


def in_words(outcome: Outcome, spell: Spell = str) -> str:
    """One line of a table."""
    if outcome.state not in ("finished", "diverged"):
        return f"{outcome.state} {why_failed(outcome, spell)}".strip()
    met = "criteria met" if outcome.criteria_met else "criteria NOT met"
    return f"{met} after {outcome.updates} updates, {outcome.training_s:.0f} s" + (
        f" ({outcome.message})" if outcome.message else ""
    )
