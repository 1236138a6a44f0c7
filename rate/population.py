"""Many networks of the same settings, one per seed: independent units of work for any executor.

Every unit has a folder of its own, `<folder>/seed_<k>`, with checkpoints while it is trained and `outcome.json` when it
is done, so that a population resumes after anything.
"""

import json
import os
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import function_or_none, path, shown, whole_number
from rate2spike.deprecated import old_keywords
from rate2spike.errors import InputError
from rate2spike.io.atomic_file import write_atomically
from rate2spike.io.run_folder import RunFolder
from rate2spike.machine.resource_limits import usable_cores
from rate2spike.matlab_compat.model_update import update_model
from rate2spike.progress import OnProgress, following
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.outcomes import Outcome, Population
from rate2spike.rate.recipes import settings_for
from rate2spike.rate.run_files import write_tables
from rate2spike.rate.task import Task
from rate2spike.seeding import SEED_LIMIT
from rate2spike.work_units import WorkerDied, run_units

_OUTCOME = "outcome.json"


@old_keywords(config="task")
@public(
    hint='settings go into the task: train_population(dataclasses.replace(recipe("xor"), n_units=100), seeds, folder)'
)
def train_population(
    task: str | Task | TrainConfig,
    seeds: Iterable[int],
    folder: str | os.PathLike,
    *,
    recipe: bool = True,
    executor: Executor | None = None,
    n_workers: int | None = None,
    on_outcome: Callable[[Outcome], None] | None = None,
    progress: bool | OnProgress | None = None,
) -> Population:
    """Train one network per seed; those that `folder` holds already are taken over, unfinished ones go on.

    Parameters
    ----------
    task : str, Task or TrainConfig
        What to train on. A TrainConfig says all settings (`dataclasses.replace(r2s.recipe("xor"), n_units=100)`); its seed
        does not count.
    seeds : iterable of int
        One network each: `range(1, 101)`.
    folder : str or path
        Each network has its folder there, `seed_<k>`, with checkpoints, model.mat and tables.
    recipe : bool, default True
        Of a task: start from its recipe; False: from the published settings.
    executor : concurrent.futures.Executor, optional
        Any, a Dask client's for instance, whose workers see `folder`. Without one, processes on this machine.
    n_workers : int, optional
        How many processes; default: one per core that may be used.
    on_outcome : callable, optional
        Called as on_outcome(outcome) for each network when it is done.
    progress : bool or callable, optional
        None: a bar on a terminal or in a notebook; True: there and as lines in a log; False: nothing; a function is called
        as progress(n_done, n_networks, text).

    Returns
    -------
    Population
        A list of Outcome in the order of the seeds, with `plot()` and `to_dataframe()`. A worker that dies costs its unit,
        which is tried again.

    Raises
    ------
    InputError
        If a setting cannot be used, `folder` holds networks of other settings, or processes cannot be started.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> networks = r2s.train_population("xor", range(1, 5), "population")  # doctest: +SKIP
    >>> networks.to_dataframe()  # doctest: +SKIP
    """
    config = settings_for(task, None, {}, from_recipe=recipe)
    folder, seeds = path(folder, "folder"), _seeds(seeds)
    function_or_none(on_outcome, "on_outcome")
    if not (executor is None or hasattr(executor, "submit")):
        raise InputError(f"{{executor}} must be a concurrent.futures executor, got {shown(executor)}", "executor")
    outcomes = {seed: outcome for seed in seeds if (outcome := _finished(folder, seed, config))}
    pending = [seed for seed in seeds if seed not in outcomes]
    if n_workers is not None:
        n_workers = whole_number(n_workers, "number of workers", "n_workers")
    n_workers = min(n_workers or usable_cores(), max(len(pending), 1))
    n_threads = None if executor else max(usable_cores() // n_workers, 1)
    units = {seed: (config, seed, unit_folder(folder, seed), n_threads) for seed in pending}
    with following(progress, f"training {len(seeds)} networks", len(seeds)) as advance:

        def tell(outcome: Outcome) -> None:
            advance(f"seed {outcome.seed}: {outcome.state}")
            if on_outcome:
                on_outcome(outcome)

        for outcome in outcomes.values():
            tell(outcome)
        # a fresh process per unit gives TensorFlow's memory back
        for seed, result in run_units(train_unit, units, executor=executor, n_workers=n_workers, fresh_processes=True):
            outcomes[seed] = (
                Outcome(seed, "failed", message=result.message) if isinstance(result, WorkerDied) else result
            )
            tell(outcomes[seed])
    return Population(outcomes[seed] for seed in seeds)


def _seeds(seeds: Any) -> list[int]:
    if isinstance(seeds, str) or not isinstance(seeds, Iterable):
        raise InputError(
            f"{{seeds}} must be several whole numbers, range(1, 11) for instance, got {shown(seeds)}", "seeds"
        )
    checked = [whole_number(seed, "a seed", "seeds", least=0, most=SEED_LIMIT - 1) for seed in seeds]
    if not checked:
        raise InputError("give at least one seed", "seeds")
    twice = [seed for seed, count in Counter(checked).items() if count > 1]
    if twice:  # its one network would count twice
        raise InputError(f"seed {twice[0]} is given twice: each network needs its own", "seeds")
    return checked


def train_unit(config: TrainConfig, seed: int, folder: Path, n_threads: int | None) -> Outcome:
    """Train one network in its folder, in whatever process this runs."""
    from rate2spike.machine.tensorflow_device import prepare_tensorflow

    prepare_tensorflow(n_threads=n_threads)
    from rate2spike.rate.train import train_interruptibly
    from rate2spike.rate.training_run import Checkpointing

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
