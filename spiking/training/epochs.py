"""Training epoch by epoch, with a checkpoint after each: an interrupted and resumed run ends as an uninterrupted one.

Keras' BackupAndRestore keeps the model alone: neither the log of the epochs nor the settings that it is of, and it is of
`fit`, which knows one loss per batch.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.atomic_file import make_folder, write_atomically
from rate2spike.io.checkpoints import check_settings, load_latest, save_checkpoint
from rate2spike.machine.keras_on_tensorflow import keras


@dataclass
class ResumableEpochs:
    """Epochs of a network in training. `history`: one record per finished epoch, as in the log.

    The folder gets, after each epoch, model.keras, best.keras, log.jsonl and a checkpoint of all that an update changes.
    """

    model: keras.Model
    optimizer: keras.optimizers.Optimizer  # built
    folder: Path
    settings: Mapping[str, Any]  # what decides the numbers, as a checkpoint holds it
    best_by: str  # entry of a record, the highest is of the best network
    may_differ: frozenset[str] = frozenset()  # settings that may be otherwise when a run goes on
    defaults: Mapping[str, Any] = field(
        default_factory=dict
    )  # of settings that a checkpoint of an earlier version lacks
    old_names: Mapping[str, str] = field(default_factory=dict)  # of settings, in checkpoints of an earlier version
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def n_done(self) -> int:
        """Finished epochs."""
        return len(self.history)

    @property
    def best_epoch(self) -> int:
        """The first of the best ones, counted from 1."""
        return max(self.history, key=lambda record: record[self.best_by])["epoch"]

    def resume(self) -> None:
        """Go on from the last checkpoint, if there is one. Raises InputError if it is of other settings."""
        checkpoint = load_latest(self.folder / "checkpoints")
        if checkpoint is None:
            return
        recorded = {self.old_names.get(name, name): value for name, value in checkpoint.settings.items()}
        check_settings(replace(checkpoint, settings=recorded), self.settings, self.may_differ, self.defaults)
        self.history = json.loads(str(checkpoint.arrays["history"]))
        for name, variable in self._variables().items():
            variable.assign(checkpoint.arrays[name])

    def run_epoch(self, learning_rate: float, epoch: Callable[[int], Mapping[str, Any]]) -> dict[str, Any]:
        """The next epoch: `epoch(k)`, k from 0, trains and validates, and gives what the record is to hold of it.

        Returns the record. Raises InputError if a weight is not finite afterwards; the last checkpoint stays.
        """
        self.optimizer.learning_rate.assign(learning_rate)
        found = epoch(self.n_done)
        if not all(np.isfinite(weights).all() for weights in self.model.get_weights()):
            raise self.not_finite("at its end")
        record = {"epoch": self.n_done + 1, "lr": learning_rate, **found}
        self.history.append(record)
        self._save(record)
        return record

    def not_finite(self, where: str) -> InputError:
        """What to raise when the loss of a batch or a weight is not finite; `where` in the epoch."""
        last = (
            f"the network after epoch {self.n_done} is kept in {self.folder}: model.keras and checkpoints"
            if self.n_done
            else "no epoch was finished before"
        )
        return InputError(
            f"the loss or the weights are not finite in epoch {self.n_done + 1}, {where}; {last}. A smaller "
            "{learning_rate} or a {clip_norm} may help",
            "learning_rate",
            "clip_norm",
        )

    def _save(self, record: Mapping[str, Any]) -> None:
        arrays = {name: variable.numpy() for name, variable in self._variables().items()}
        arrays["history"] = np.array(json.dumps(self.history))
        make_folder(self.folder)
        # the checkpoint last: killed before it, the epoch is done again and ends the same
        save_model(self.model, self.folder / "model.keras")
        if self.best_epoch == record["epoch"]:
            save_model(self.model, self.folder / "best.keras")
        write_atomically(self.folder / "log.jsonl", "".join(json.dumps(line) + "\n" for line in self.history))
        save_checkpoint(self.folder / "checkpoints", self.n_done, arrays, self.settings)

    def _variables(self) -> dict[str, Any]:
        """All that an update changes, by names that a checkpoint may hold."""
        named = {f"weight_{k:03d}": variable for k, variable in enumerate(self.model.variables)}
        return named | {f"optimizer_{k:03d}": variable for k, variable in enumerate(self.optimizer.variables)}


def save_model(model: keras.Model, path: Path) -> None:
    """Write a .keras file, whole or not at all."""

    def write(temporary: Path) -> None:
        named = temporary.with_suffix(".keras")  # Keras goes by the name
        model.save(named)
        named.replace(temporary)

    write_atomically(path, write)
