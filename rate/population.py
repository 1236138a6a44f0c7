"""Many networks of the same settings, one per seed: independent units of work for any executor.

Every unit has a folder of its own, `<folder>/seed_<k>`, with checkpoints while it is trained and `outcome.json` when it
is done, so that a population resumes after anything.
"""

import json
import os
import time
import tomllib
from collections.abc import Callable, Container, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rate2spike.errors import InputError
from rate2spike.io.atomic_file import write_atomically
from rate2spike.io.run_folder import RunFolder
from rate2spike.machine.resource_limits import usable_cores
from rate2spike.matlab_compat.model_update import update_model
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.run_files import write_tables
from rate2spike.work_units import WorkerDied, run_units

_OUTCOME = "outcome.json"


@dataclass(frozen=True)
class Outcome:
    """What became of one network."""

    seed: int
    state: str  # finished, diverged, interrupted or failed
    criteria_met: bool = False
    updates: int = 0
    loss: float | None = None
    accuracy: float | None = None
    training_s: float = 0.0  # of the last process that worked on it
    model: str = ""
    message: str = ""
    error: InputError | None = field(default=None, compare=False)  # what it failed with; in no file

    def row(self) -> dict[str, Any]:
        """What files and tables hold of it."""
        return {name: value for name, value in vars(self).items() if name != "error"}


def train_population(
    config: TrainConfig,
    seeds: Iterable[int],
    folder: str | os.PathLike,
    *,
    executor: Executor | None = None,
    n_workers: int | None = None,
    on_outcome: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Train one network per seed; those that `folder` holds already are taken over, unfinished ones go on.

    executor: any concurrent.futures one, a Dask client's for instance, whose workers see `folder`; without one, n_workers
    processes on this machine (default: one per usable core). A worker that dies costs its unit, which is tried again. Returns
    the outcomes in the order of the seeds. Raises InputError.
    """
    folder = Path(folder)
    seeds = list(seeds)
    outcomes = {seed: outcome for seed in seeds if (outcome := _finished(folder, seed, config))}
    pending = [seed for seed in seeds if seed not in outcomes]
    n_workers = min(n_workers or usable_cores(), max(len(pending), 1))
    n_threads = None if executor else max(usable_cores() // n_workers, 1)
    for outcome in outcomes.values():
        if on_outcome:
            on_outcome(outcome)
    units = {seed: (config, seed, unit_folder(folder, seed), n_threads) for seed in pending}
    # a fresh process per unit gives TensorFlow's memory back
    for seed, result in run_units(train_unit, units, executor=executor, n_workers=n_workers, fresh_processes=True):
        outcome = Outcome(seed, "failed", message=result.message) if isinstance(result, WorkerDied) else result
        outcomes[seed] = outcome
        if on_outcome:
            on_outcome(outcome)
    return [outcomes[seed] for seed in seeds]


def train_unit(config: TrainConfig, seed: int, folder: Path, n_threads: int | None) -> Outcome:
    """Train one network in its folder, in whatever process this runs."""
    from rate2spike.machine.tensorflow_device import prepare_tensorflow

    prepare_tensorflow(n_threads=n_threads)
    from rate2spike.rate.train import Checkpointing, train_interruptibly

    config = replace(config, seed=seed)
    run = RunFolder(folder, resume=True)
    start = time.perf_counter()
    try:
        run.write_config("training", [], config.sections())
        result = train_interruptibly(config, checkpoints=Checkpointing(run.checkpoints, resume=True))
    except InputError as error:
        return Outcome(seed, "failed", message=str(error), error=error)
    model = result.model
    if result.interrupted:
        return Outcome(seed, "interrupted", updates=model.n_updates_done)
    update_model(model, run.model)
    write_tables(run, result)
    diverged = result.diverged_at is not None
    outcome = Outcome(
        seed,
        "diverged" if diverged else "finished",
        bool(model.training_success),
        model.n_updates_done,
        model.eval_loss,
        model.eval_accuracy,
        round(time.perf_counter() - start, 1),
        str(run.model),
        f"diverged at update {result.diverged_at}" if diverged else "",
    )
    write_atomically(folder / _OUTCOME, json.dumps(outcome.row(), indent=1) + "\n")
    return outcome


def unit_folder(folder: Path, seed: int) -> Path:
    """Where the network of a seed is."""
    return folder / f"seed_{seed}"


def finished_networks(folder: Path, config: TrainConfig, *, leave_out: Container[int]) -> list[Outcome]:
    """The outcomes of all other seeds whose networks are done, by seed. Raises InputError if one is of other settings."""
    names = (path.parent.name.removeprefix("seed_") for path in folder.glob(f"seed_*/{_OUTCOME}"))
    seeds = sorted(int(name) for name in names if name.isdecimal() and int(name) not in leave_out)
    return [outcome for seed in seeds if (outcome := _finished(folder, seed, config))]


def _finished(folder: Path, seed: int, config: TrainConfig) -> Outcome | None:
    """The outcome of a seed, if its network is done. Raises InputError if it is of other settings."""
    unit = unit_folder(folder, seed)
    path = unit / "config.toml"
    try:
        content: Mapping[str, Any] = json.loads((unit / _OUTCOME).read_text(encoding="utf-8"))
        outcome = Outcome(**content)
        recorded = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return None
    if TrainConfig.from_sections(recorded, str(path)).flat() != replace(config, seed=seed).flat():
        raise InputError(f"{unit} holds a network of other settings: choose another folder")
    return outcome
