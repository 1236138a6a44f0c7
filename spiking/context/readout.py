"""From the readout of every step to answers, loss and scores. Arrays are (batch, time) and (batch, items)."""

from dataclasses import dataclass

import numpy as np

from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.readable import Readable


def block_means(readout: tf.Tensor, block_index: tf.Tensor, n_items: int, legacy: bool = False) -> tf.Tensor:
    """Mean readout (B, L) during every item; padding has index L and is left out.

    legacy: as published, the mean together with one 0, Σ y / (n + 1).
    """
    member = tf.one_hot(block_index, n_items, dtype=readout.dtype)  # (B, T, L); nothing where the index is L
    counts = tf.reduce_sum(member, 1)
    sums = tf.einsum("bt,btl->bl", readout, member)
    return sums / (counts + 1) if legacy else tf.math.divide_no_nan(sums, counts)


def positive_weight(task_type: str, n_items: int) -> float:
    """Weight of the answer 1 in the loss: expected number of 0 answers for each."""
    if task_type == "memory":
        return (3 * n_items - 1) / (n_items + 1)
    return float(max(1, n_items - 1))


def cross_entropy(logits: tf.Tensor, targets: tf.Tensor, weight: float) -> tf.Tensor:
    """Mean of w t softplus(-r) + (1 - t) softplus(r)."""
    t = tf.cast(targets, logits.dtype)
    return tf.reduce_mean(weight * t * tf.nn.softplus(-logits) + (1 - t) * tf.nn.softplus(logits))


@dataclass(frozen=True, eq=False, repr=False)
class Scores(Readable):
    """Counts of answers, to be added up over batches; an answer is 1 where the logit is above 0."""

    shown = ("accuracy", "balanced_accuracy", "precision", "recall", "f1", "n_answers")

    true_positive: np.ndarray  # (L,) counts at every position
    true_negative: np.ndarray
    false_positive: np.ndarray
    false_negative: np.ndarray

    @classmethod
    def of(cls, logits: np.ndarray, targets: np.ndarray) -> "Scores":
        """Of logits and targets (B, L)."""
        said, is_one = logits > 0, targets > 0
        pairs = (said & is_one, ~said & ~is_one, said & ~is_one, ~said & is_one)
        return cls(*(pair.sum(0) for pair in pairs))

    def __add__(self, other: "Scores") -> "Scores":
        return Scores(*(mine + theirs for mine, theirs in zip(self._counts(), other._counts(), strict=True)))

    @property
    def n_answers(self) -> int:
        """How many there are."""
        return int(sum(count.sum() for count in self._counts()))

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        right = self.true_positive.sum() + self.true_negative.sum()
        return float(right / self.n_answers)

    @property
    def accuracy_per_position(self) -> list[float]:
        """Share of right answers at every item."""
        return ((self.true_positive + self.true_negative) / sum(self._counts())).tolist()

    @property
    def precision(self) -> float:
        """Share of right ones among the answers 1; 0 without any."""
        return _share(self.true_positive, self.false_positive)

    @property
    def recall(self) -> float:
        """Share found of the targets 1; 0 without any."""
        return _share(self.true_positive, self.false_negative)

    @property
    def balanced_accuracy(self) -> float:
        """Mean of the shares found of the targets 1 and of the targets 0: 0.5 for any constant answer.

        Without targets of one kind, the share of the other.
        """
        kinds = ((self.true_positive, self.false_negative), (self.true_negative, self.false_positive))
        return float(np.mean([_share(*kind) for kind in kinds if sum(count.sum() for count in kind)]))

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def as_record(self) -> dict[str, float | list[float]]:
        """All of them by name."""
        names = ("accuracy", "balanced_accuracy", "precision", "recall", "f1", "accuracy_per_position")
        return {name: getattr(self, name) for name in names}

    def _counts(self) -> tuple[np.ndarray, ...]:
        return self.true_positive, self.true_negative, self.false_positive, self.false_negative


def _share(part: np.ndarray, rest: np.ndarray) -> float:
    whole = part.sum() + rest.sum()
    return float(part.sum() / whole) if whole else 0.0
