"""Training and validation of a context-dependent classifier, epoch by epoch.

No printing: who wants to see something gives callbacks.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rate2spike.options import defaults_of
from rate2spike.progress import OnProgress, following
from rate2spike.readable import Readable
from rate2spike.spiking.context.answers import AnsweredTrial
from rate2spike.spiking.context.config import MAY_DIFFER, OLD_NAMES, ContextConfig
from rate2spike.spiking.context.data import TrialSource
from rate2spike.spiking.context.history import TrainingHistory
from rate2spike.spiking.context.model import build
from rate2spike.spiking.context.readout import Scores, block_means
from rate2spike.spiking.context.trials import Batch, batch_of
from rate2spike.spiking.context.updates import BatchResult, Tensors, Updates
from rate2spike.spiking.training.epochs import ResumableEpochs

OnBatch = Callable[[str, int, float], None]  # split, batches done, loss


@dataclass(frozen=True, eq=False, repr=False)
class Measured(Readable):
    """A split seen once."""

    shown = ("loss", "accuracy", "balanced_accuracy", "spike_probability")

    loss: float  # mean over trials
    scores: Scores
    spike_probability: float  # per unit and valid step

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return self.scores.accuracy

    @property
    def balanced_accuracy(self) -> float:
        """0.5 for any constant answer."""
        return self.scores.balanced_accuracy

    def as_record(self, prefix: str = "") -> dict[str, Any]:
        """Names and values, for a log."""
        values = {"loss": self.loss, **self.scores.as_record(), "spike_probability": self.spike_probability}
        return {prefix + name: value for name, value in values.items()}


@dataclass(eq=False, repr=False)
class ContextTraining(Readable):
    """A network in training."""

    config: ContextConfig
    folder: Path
    n_inputs: int
    fingerprint: str  # of the recordings: a run goes on with the same ones only

    def __post_init__(self) -> None:
        if isinstance(self.folder, str):
            self.folder = Path(self.folder)
        self.model = build(self.config, self.n_inputs)
        self.updates = Updates(self.model, self.config)
        self.epochs = ResumableEpochs(
            self.model,
            self.updates.optimizer,
            self.folder,
            {**vars(self.config), "recordings": self.fingerprint},
            best_by="val_balanced_accuracy",
            may_differ=MAY_DIFFER,
            defaults=defaults_of(ContextConfig),
            old_names=OLD_NAMES,
        )

    def summary(self) -> dict[str, Any]:
        """What is trained, where, and how far it is."""
        named = {"model": self.config.model_type, "data": self.config.data_name, "folder": str(self.folder)}
        return named | self.history.summary()

    @property
    def history(self) -> TrainingHistory:
        """One record per finished epoch, as in the log."""
        return TrainingHistory(tuple(self.epochs.history))

    @property
    def n_done(self) -> int:
        """Finished epochs."""
        return self.epochs.n_done

    @property
    def best_epoch(self) -> int:
        """The first with the highest balanced accuracy in validation, counted from 1."""
        return self.epochs.best_epoch

    def resume(self) -> None:
        """Go on from the last checkpoint, if there is one. Raises InputError if it is of other settings."""
        self.epochs.resume()

    def to_the_end(
        self, splits: Mapping[str, TrialSource], progress: bool | OnProgress | None = None
    ) -> TrainingHistory:
        """Run the epochs that `n_epochs` asks for and that are missing; after each the folder has all that it needs to go on.

        splits: of `sources(config)`. progress: None shows a bar where somebody watches, True also lines in a log, False
        nothing; a function is called as progress(n_done, n_total, text), in batches. Raises InputError as `run_epoch`.
        """
        training, validation = splits["train"], splits["validation"]
        n_missing = max(self.config.n_epochs - self.n_done, 0)
        total = n_missing * (training.n_batches + validation.n_batches)
        with following(progress, f"training {self.config.model_type}", total) as advance:
            for _ in range(n_missing):
                self.run_epoch(
                    training,
                    validation,
                    lambda split, _count, loss: advance(f"epoch {self.n_done + 1}, {split} loss {loss:.3f}"),
                )
        return self.history

    def run_epoch(
        self, training: TrialSource, validation: TrialSource, on_batch: OnBatch | None = None
    ) -> dict[str, Any]:
        """Train once through, validate, write checkpoint and log; returns the record of the epoch.

        Raises InputError if the loss is not finite; the last checkpoint stays.
        """

        def epoch(k: int) -> dict[str, Any]:
            trained = self._seen(self.updates.update, training.batches(k), "train", on_batch)
            validated = self.measure(validation, on_batch)
            return trained.as_record() | validated.as_record("val_")

        return self.epochs.run_epoch(self.config.learning_rate * self.config.learning_rate_decay**self.n_done, epoch)

    def measure(self, source: TrialSource, on_batch: OnBatch | None = None) -> Measured:
        """Loss and scores of a split, without training."""
        return self._seen(self.updates.evaluate, source.batches(), source.split, on_batch)

    def answer(self, source: TrialSource, index: int) -> AnsweredTrial:
        """What the network makes of a trial; `.plot()` draws it. Raises IndexError."""
        trial = source.trial(index)
        batch = Tensors.of(batch_of([trial]))
        readout, spikes = self.model([batch.frames, batch.context])
        logits = block_means(readout[:, :, 0], batch.block_index, self.config.seq_len, self.config.legacy)
        return AnsweredTrial(
            trial,
            spikes[0].numpy(),
            readout[0, :, 0].numpy(),
            logits[0].numpy(),
            self.config.step_ms,
            tuple(source.recordings.class_names),
        )

    def _seen(
        self, step: Callable[[Tensors], BatchResult], batches: Iterable[Batch], split: str, on_batch: OnBatch | None
    ) -> Measured:
        losses, weights, probabilities, scores = [], [], [], None
        for count, batch in enumerate(batches, 1):
            outcome = step(Tensors.of(batch))
            loss = float(outcome.loss)
            if not np.isfinite(loss):
                raise self.epochs.not_finite(f"{split} batch {count}")
            losses.append(loss)
            weights.append(len(batch.targets))
            probabilities.append(float(outcome.spike_probability))
            logits = outcome.logits.numpy()
            found = Scores.of(logits, batch.targets[:, -logits.shape[1] :])
            scores = found if scores is None else scores + found
            if on_batch:
                on_batch(split, count, loss)
        assert scores is not None
        return Measured(
            float(np.average(losses, weights=weights)), scores, float(np.average(probabilities, weights=weights))
        )
