"""Many networks trained: all models and seeds of a configuration, groups of seeds side by side, groups in threads."""

from collections.abc import Callable
from concurrent.futures import Future, as_completed, wait
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock
from typing import Any, Protocol

import numpy as np

from rate2spike.checks import path as checked_path
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.machine.tensorflow_device import set_threads
from rate2spike.machine.thread_pool import executor_of
from rate2spike.progress import Advance, OnProgress, following
from rate2spike.spiking.cascade_networks.config import TaskConfig
from rate2spike.spiking.cascade_networks.ensemble import Ensemble
from rate2spike.spiking.cascade_networks.ensemble_training import (
    LOGGED,
    TESTED,
    EnsembleTraining,
    NotFiniteError,
    Seen,
    Updates,
)
from rate2spike.spiking.cascade_networks.networks import network
from rate2spike.spiking.cascade_networks.result import CascadeResult
from rate2spike.spiking.cascade_networks.variants import VARIANTS
from rate2spike.spiking.training.epochs import save_model

Seeds = tuple[int, ...]


class Trials(Protocol):
    """What the networks of some seeds learn from, and are tested on."""

    def epoch(self, updates: Updates, k: int) -> Seen:
        """Epoch k, counted from 0: updates on all that there is to learn."""

    def accuracies(self, updates: Updates) -> tuple[np.ndarray, np.ndarray]:
        """Of the networks as they are, (S,): on what they learn from, and on the test."""


@dataclass(frozen=True)
class Task:
    """A task as networks are trained on it."""

    config: TaskConfig
    title: str  # of the progress bar
    optimizer: Callable[[list[tf.Variable], float], keras.optimizers.Optimizer]
    trials: Callable[[Seeds], Trials]
    known_by: str = ""  # tells what is learnt from other such data, where it is the user's

    @property
    def groups(self) -> list[Seeds]:
        """The seeds, those side by side together."""
        seeds, n = self.config.seeds, self.config.seeds_at_once
        return [seeds[k : k + n] for k in range(0, len(seeds), n)]


def trained(task: Task, folder: str | Path | None, progress: bool | OnProgress | None) -> CascadeResult:
    """Train, or go on in the folder, which gets checkpoints and networks; None: a temporary one. Raises InputError."""
    if folder is not None:
        return _trained(task, checked_path(folder, "folder"), progress)
    with TemporaryDirectory() as temporary:
        return _trained(task, Path(temporary), progress)


def _trained(task: Task, folder: Path, progress: bool | OnProgress | None) -> CascadeResult:
    set_threads(tf)
    config, stop = task.config, Event()
    units = [(name, seeds) for name in config.models for seeds in task.groups]
    with (
        following(progress, task.title, len(units) * config.n_epochs) as advance,
        executor_of(config.n_threads, None) as pool,
    ):
        tell = _one_at_a_time(advance)
        futures = {pool.submit(_Group(task, folder, *unit, stop).train, tell): unit for unit in units}
        found = _results(futures, stop)
    joined = [[found[name, seeds] for seeds in task.groups] for name in config.models]
    return _joined(config, joined)


def _results(futures: dict[Future, Any], stop: Event) -> dict[Any, dict[str, np.ndarray]]:
    """What all gave. When one fails, or at Ctrl-C, the others end after their epoch: what they have is saved."""
    try:
        return {futures[future]: future.result() for future in as_completed(futures)}
    except BaseException:
        stop.set()
        for future in futures:
            future.cancel()
        wait(futures)
        raise


def _one_at_a_time(advance: Advance) -> Advance:
    """The same for several threads."""
    lock = Lock()

    def told(text: str = "", n: int = 1) -> None:
        with lock:
            advance(text, n)

    return told


@dataclass(frozen=True)
class _Group:
    """Networks of a model that are trained side by side."""

    task: Task
    folder: Path
    name: str  # of the model
    seeds: Seeds
    stop: Event

    def train(self, tell: Advance) -> dict[str, np.ndarray]:
        """Losses, accuracies and spikes (S, E), accuracies before and after (S,). Raises InputError."""
        config, variant = self.task.config, VARIANTS[self.name]
        trials = self.task.trials(self.seeds)
        ensemble = Ensemble([network(variant, config, seed) for seed in self.seeds])
        updates = Updates(ensemble, self.task.optimizer(ensemble.variables, config.learning_rate), self.stop)
        training = EnsembleTraining(
            updates, self.folder / "checkpoints" / f"{self.name}_{self.seeds[0]}", self._settings()
        )
        training.resume()
        if training.n_done > config.n_epochs:
            raise InputError(
                f"{training.folder} has {training.n_done} epochs already, more than {{n_epochs}} {config.n_epochs}",
                "n_epochs",
            )
        if not training.before:
            training.before = dict(zip(TESTED, trials.accuracies(updates), strict=True))
        tell(variant.label, training.n_done)
        try:
            training.run(
                config.n_epochs,
                lambda k: trials.epoch(updates, k),
                config.checkpoint_every,
                lambda seen: tell(f"{variant.label}: accuracy {np.mean(seen.accuracies):.3f}"),
            )
        except NotFiniteError as error:
            self._save(ensemble)
            raise self._not_finite(error, training.n_done) from None
        self._save(ensemble)
        after = dict(zip(("training_final", "final"), trials.accuracies(updates), strict=True))
        return {key: np.array(training.log[key]).T for key in LOGGED} | training.before | after

    def _settings(self) -> dict[str, Any]:
        """What decides the numbers."""
        config = self.task.config
        left_out = {"models", "seed", "n_seeds"}  # of the other networks: a run may be split, or go on with more
        known = {"model": self.name, "seeds": list(self.seeds), "recordings": self.task.known_by}
        return known | {name: value for name, value in vars(config).items() if name not in left_out}

    def _save(self, ensemble: Ensemble) -> None:
        place = self.folder / "networks"
        place.mkdir(parents=True, exist_ok=True)
        for one, seed in zip(ensemble.hand_out(), self.seeds, strict=True):
            save_model(one, place / f"{self.name}_{seed}.keras")

    def _not_finite(self, error: NotFiniteError, n_done: int) -> InputError:
        wrong = ", ".join(str(seed) for seed, is_wrong in zip(self.seeds, error.which, strict=True) if is_wrong)
        return InputError(
            f"{VARIANTS[self.name].label}, seed {wrong}: the loss or a gradient is not finite in epoch {n_done + 1}; the "
            f"networks as they were before that update are in {self.folder / 'networks'}. A new run with a smaller "
            "{learning_rate} may help",
            "learning_rate",
        )


def _joined(config: TaskConfig, of_models: list[list[dict[str, np.ndarray]]]) -> CascadeResult:
    def of_all(key: str) -> np.ndarray:
        return np.stack([np.concatenate([group[key] for group in groups]) for groups in of_models])

    names = (*LOGGED, *TESTED, "training_final", "final")
    return CascadeResult(config.task, config.models, config.seeds, **{key: of_all(key) for key in names})
