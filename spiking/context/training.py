"""Training epoch by epoch, with a checkpoint after each: an interrupted and resumed run ends as an uninterrupted one.

No printing: who wants to see something gives callbacks.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.atomic_file import make_folder, write_atomically
from rate2spike.io.checkpoints import check_settings, load_latest, save_checkpoint
from rate2spike.machine.keras_on_tensorflow import keras
from rate2spike.spiking.context.config import MAY_DIFFER, ContextConfig
from rate2spike.spiking.context.data import TrialSource
from rate2spike.spiking.context.model import build
from rate2spike.spiking.context.readout import Scores
from rate2spike.spiking.context.steps import Steps, Tensors
from rate2spike.spiking.context.trials import Batch

OnBatch = Callable[[str, int, float], None]  # split, batches done, loss


@dataclass(frozen=True)
class Measured:
    """A split seen once."""

    loss: float  # mean over trials
    scores: Scores
    spike_probability: float  # per unit and valid step

    def as_record(self, prefix: str = "") -> dict[str, Any]:
        """Names and values, for a log."""
        values = {"loss": self.loss, **self.scores.as_record(), "spike_probability": self.spike_probability}
        return {prefix + name: value for name, value in values.items()}


@dataclass
class ContextTraining:
    """A network in training. `history`: one record per finished epoch, as in the log."""

    config: ContextConfig
    folder: Path
    n_inputs: int
    fingerprint: str  # of the recordings: a run goes on with the same ones only
    history: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.model = build(self.config, self.n_inputs)
        self.steps = Steps(self.model, self.config)

    @property
    def n_done(self) -> int:
        """Finished epochs."""
        return len(self.history)

    @property
    def best_epoch(self) -> int:
        """The first with the highest balanced accuracy in validation, counted from 1."""
        return max(self.history, key=lambda record: record["val_balanced_accuracy"])["epoch"]

    def resume(self) -> None:
        """Go on from the last checkpoint, if there is one. Raises InputError if it is of other settings."""
        checkpoint = load_latest(self.folder / "checkpoints")
        if checkpoint is None:
            return
        check_settings(checkpoint, self._settings(), MAY_DIFFER)
        self.history = json.loads(str(checkpoint.arrays["history"]))
        for name, variable in self._variables().items():
            variable.assign(checkpoint.arrays[name])

    def run_epoch(self, training: TrialSource, validation: TrialSource, on_batch: OnBatch) -> dict[str, Any]:
        """Train once through, validate, write checkpoint and log; returns the record of the epoch.

        Raises InputError if the loss is not finite; the last checkpoint stays.
        """
        epoch = self.n_done
        learning_rate = self.config.lr * self.config.lr_decay**epoch
        self.steps.optimizer.learning_rate.assign(learning_rate)
        trained = self._seen(self.steps.update, training.batches(epoch), "train", on_batch)
        validated = self.measure(validation, on_batch)
        if not all(np.isfinite(weights).all() for weights in self.model.get_weights()):
            raise InputError(self._advice("train", training.n_batches))
        record = {"epoch": epoch + 1, "lr": learning_rate, **trained.as_record(), **validated.as_record("val_")}
        self.history.append(record)
        self._save(record)
        return record

    def measure(self, source: TrialSource, on_batch: OnBatch) -> Measured:
        """Loss and scores of a split, without training."""
        return self._seen(self.steps.evaluate, source.batches(), source.split, on_batch)

    def _seen(self, step: Callable, batches: Iterable[Batch], split: str, on_batch: OnBatch) -> Measured:
        losses, weights, probabilities, scores = [], [], [], None
        for count, batch in enumerate(batches, 1):
            outcome = step(Tensors.of(batch))
            loss = float(outcome.loss)
            if not np.isfinite(loss):
                raise InputError(self._advice(split, count))
            losses.append(loss)
            weights.append(len(batch.targets))
            probabilities.append(float(outcome.spike_probability))
            logits = outcome.logits.numpy()
            found = Scores.of(logits, batch.targets[:, -logits.shape[1] :])
            scores = found if scores is None else scores + found
            on_batch(split, count, loss)
        assert scores is not None
        return Measured(
            float(np.average(losses, weights=weights)), scores, float(np.average(probabilities, weights=weights))
        )

    def _advice(self, split: str, count: int) -> str:
        last = (
            f"the network after epoch {self.n_done} is kept in {self.folder}: model.keras and checkpoints"
            if self.n_done
            else "no epoch was finished before"
        )
        return (
            f"the loss or the weights are not finite in epoch {self.n_done + 1}, {split} batch {count}; {last}. A smaller "
            "--lr or a --clip_norm may help"
        )

    def _save(self, record: dict[str, Any]) -> None:
        arrays = {name: variable.numpy() for name, variable in self._variables().items()}
        arrays["history"] = np.array(json.dumps(self.history))
        make_folder(self.folder)
        # the checkpoint last: killed before it, the epoch is done again and ends the same
        save_model(self.model, self.folder / "model.keras")
        if self.best_epoch == record["epoch"]:
            save_model(self.model, self.folder / "best.keras")
        write_atomically(self.folder / "log.jsonl", "".join(json.dumps(line) + "\n" for line in self.history))
        save_checkpoint(self.folder / "checkpoints", self.n_done, arrays, self._settings())

    def _settings(self) -> dict[str, Any]:
        return {**vars(self.config), "recordings": self.fingerprint}

    def _variables(self) -> dict[str, Any]:
        """All that an update changes, by names that a checkpoint may hold."""
        named = {f"weight_{k:03d}": variable for k, variable in enumerate(self.model.variables)}
        return named | {f"optimizer_{k:03d}": variable for k, variable in enumerate(self.steps.optimizer.variables)}


def save_model(model: keras.Model, path: Path) -> None:
    """Write a .keras file, whole or not at all."""

    def write(temporary: Path) -> None:
        named = temporary.with_suffix(".keras")  # Keras goes by the name
        model.save(named)
        named.replace(temporary)

    write_atomically(path, write)
