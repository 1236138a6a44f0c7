"""When training ends by itself. No TensorFlow: whether a run is finished is asked before anything else is loaded."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rate2spike.rate.config import TrainConfig
from rate2spike.readable import Readable

# a resumed run may stop by another rule; all else must be as it was
STOPPING_SETTINGS = frozenset({"n_updates", "min_updates", "patience", "loss_threshold", "accuracy_threshold"})


@dataclass(frozen=True, repr=False)
class EvaluationRow(Readable):
    """One line of a training history; updates are counted from 0."""

    update: int
    loss: float
    accuracy: float
    learning_rate: float


def may_differ(config: TrainConfig) -> frozenset[str]:
    """The settings that may change when a run goes on."""
    schedule_ends_with_run = config.lr_schedule != "constant" and config.lr_decay_updates is None
    return STOPPING_SETTINGS - {"n_updates"} if schedule_ends_with_run else STOPPING_SETTINGS


def stops_early(config: TrainConfig, rows: Sequence[EvaluationRow]) -> bool:
    """Whether the last of these evaluations ends training: criteria met, or no patience left."""
    last = rows[-1]
    met = config.succeeds(last.update, last.loss, last.accuracy) and config.may_stop(last.update)
    return met or _patience_is_over(config, rows)


def has_ended(config: TrainConfig, rows: Sequence[EvaluationRow], last_update: int) -> bool:
    """Whether nothing is left to do after this update."""
    if not rows or rows[-1].update != last_update:  # interrupted before it was judged
        return False
    if last_update == config.n_updates - 1:
        return True
    return is_evaluated_after(config, last_update) and stops_early(config, rows)


def is_evaluated_after(config: TrainConfig, update: int) -> bool:
    """Whether an evaluation follows this update, as in the published code."""
    return (update - 1) % config.evaluate_every == 0


def _patience_is_over(config: TrainConfig, rows: Sequence[EvaluationRow]) -> bool:
    losses = [row.loss for row in rows]
    return config.patience is not None and len(losses) - 1 - int(np.argmin(losses)) >= config.patience
