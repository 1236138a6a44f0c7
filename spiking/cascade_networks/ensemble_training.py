"""The training of an ensemble: updates, epochs, checkpoints, and what is done when a number is no longer finite."""

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

import numpy as np

from rate2spike.io.checkpoints import check_settings, load_latest, save_checkpoint
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.cascade_networks.config import MAY_DIFFER
from rate2spike.spiking.cascade_networks.ensemble import Ensemble, losses_and_hits

LOGGED = ("losses", "accuracies", "spikes")
TESTED = ("training_initial", "initial")  # accuracies before the first epoch


class Seen(NamedTuple):
    """What the S networks made of a batch, or of an epoch: each (S,)."""

    losses: Any
    accuracies: Any
    spikes: Any  # per hidden unit and trial

    @classmethod
    def mean(cls, several: list["Seen"], sizes: list[int] | None = None) -> "Seen":
        """Of batches; sizes: of these, if they differ."""
        return cls(*(np.average(values, 0, sizes) for values in zip(*several, strict=True)))


class NotFiniteError(Exception):
    """A loss or a gradient of the networks `which` (S,) is not finite; the update was not made."""

    def __init__(self, which: np.ndarray):
        super().__init__(which)
        self.which = which


class Updates:
    """`update(inputs, labels)` and `evaluate(inputs, labels)` of an ensemble, compiled; both give `Seen`.

    inputs (S, T, B, I), labels (S, B); of any length and batch size. An update that is not finite, in one network or
    another, changes nothing and raises NotFiniteError; once `stop` is set, both raise CancelledError.
    """

    def __init__(self, ensemble: Ensemble, optimizer: keras.optimizers.Optimizer, stop: Event | None = None):
        self.ensemble, self.optimizer, self.stop = ensemble, optimizer, stop or Event()
        n_networks, n_inputs = ensemble.n_networks, ensemble.n_inputs
        # The number of trials stays open. With known shapes TensorFlow adds up in temporary variables, whose names are the
        # same for all ensembles: two threads now and then meet one that is there already (AlreadyExistsError).
        signature = [
            tf.TensorSpec([n_networks, None, None, n_inputs], tf.float32),
            tf.TensorSpec([n_networks, None], tf.int32),
        ]
        # concrete functions: TensorFlow takes those of several ensembles for one that is traced again and again, and warns
        self._compiled_update = tf.function(self._update, autograph=False).get_concrete_function(*signature)
        self._compiled_evaluation = tf.function(self._evaluate, autograph=False).get_concrete_function(*signature)

    def update(self, inputs: Any, labels: Any) -> Seen:
        """What the networks make of the batch before the update. Raises NotFiniteError and CancelledError."""
        seen = self._call(self._compiled_update, inputs, labels)
        finite = np.isfinite(seen.losses)
        if not finite.all():
            raise NotFiniteError(~finite)
        return seen

    def evaluate(self, inputs: Any, labels: Any) -> Seen:
        """What the networks make of the batch. Raises CancelledError."""
        return self._call(self._compiled_evaluation, inputs, labels)

    def _call(self, compiled: Callable[..., Seen], inputs: Any, labels: Any) -> Seen:
        if self.stop.is_set():
            raise CancelledError
        return Seen(*(value.numpy() for value in compiled(inputs, labels)))

    def _evaluate(self, inputs: tf.Tensor, labels: tf.Tensor) -> Seen:
        logits, spikes = self.ensemble.logits(inputs)
        return Seen(*losses_and_hits(logits, labels), spikes)

    def _update(self, inputs: tf.Tensor, labels: tf.Tensor) -> Seen:
        variables = self.ensemble.variables
        with tf.GradientTape() as tape:
            seen = self._evaluate(inputs, labels)
            total = tf.reduce_sum(seen.losses)
        slopes = tape.gradient(total, variables)
        finite = [_finite_networks(value) for value in (seen.losses[:, None], *slopes)]
        all_finite = tf.reduce_all(tf.stack(finite), 0)  # (S,)

        def apply() -> tf.Tensor:
            self.optimizer.apply(slopes, variables)
            return tf.constant(True)

        tf.cond(tf.reduce_all(all_finite), apply, lambda: tf.constant(False))
        return seen._replace(losses=tf.where(all_finite, seen.losses, float("nan")))


def _finite_networks(values: tf.Tensor) -> tf.Tensor:
    """(S,) whether all of a network's values (S, ...) are finite."""
    return tf.reduce_all(tf.math.is_finite(tf.reshape(values, [values.shape[0], -1])), 1)


@dataclass(eq=False)
class EnsembleTraining:
    """Networks of one model in training, with checkpoints in a folder."""

    updates: Updates
    folder: Path
    settings: Mapping[str, Any]  # what decides the numbers
    n_done: int = 0  # epochs
    log: dict[str, list[np.ndarray]] = field(default_factory=lambda: {name: [] for name in LOGGED})
    before: dict[str, np.ndarray] = field(default_factory=dict)  # TESTED -> (S,)

    def resume(self) -> None:
        """Go on from the last checkpoint, if there is one. Raises InputError if it is of other settings."""
        checkpoint = load_latest(self.folder)
        if checkpoint is None:
            return
        check_settings(checkpoint, self.settings, MAY_DIFFER)
        for k, variable in enumerate(self._variables()):
            variable.assign(checkpoint.arrays[f"variable_{k:03d}"])
        self.log = {name: list(checkpoint.arrays[name]) for name in LOGGED}
        self.before = {name: checkpoint.arrays[name] for name in TESTED}
        self.n_done = checkpoint.update

    def run(
        self, n_epochs: int, epoch: Callable[[int], Seen], checkpoint_every: int, on_epoch: Callable[[Seen], None]
    ) -> None:
        """The epochs that are missing; `epoch(k)` trains once through and gives what was seen before its updates.

        What the updates raise ends it. The last whole epoch is saved if the first update of the next one is not finite, and
        once the updates are told to stop.
        """
        while self.n_done < n_epochs:
            if self.updates.stop.is_set():
                if self.n_done % checkpoint_every:
                    self.save()
                raise CancelledError
            n_updates = int(self.updates.optimizer.iterations)
            try:
                seen = epoch(self.n_done)
            except NotFiniteError:
                if int(self.updates.optimizer.iterations) == n_updates:  # none of this epoch
                    self.save()
                raise
            for name, values in seen._asdict().items():
                self.log[name].append(np.asarray(values, np.float64))
            self.n_done += 1
            if self.n_done % checkpoint_every == 0 or self.n_done == n_epochs:
                self.save()
            on_epoch(seen)

    def save(self) -> None:
        """Write a checkpoint."""
        arrays = {f"variable_{k:03d}": variable.numpy() for k, variable in enumerate(self._variables())}
        n_networks = self.updates.ensemble.n_networks
        logged = {name: np.reshape(values, (len(values), n_networks)) for name, values in self.log.items()}
        save_checkpoint(self.folder, self.n_done, arrays | logged | self.before, self.settings)

    def _variables(self) -> list[Any]:
        return [*self.updates.ensemble.variables, *self.updates.optimizer.variables]
