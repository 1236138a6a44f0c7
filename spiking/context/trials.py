"""Trials: a sequence of recordings of different classes, a context that names one class, and what is to be answered.

recognition: which item is of the named class? memory: has it been shown by now? The context lasts for the whole trial as
Poisson spikes, so what is to be remembered is that it has been shown, not the context.
"""

from dataclasses import dataclass

import numpy as np

from rate2spike.readable import Readable
from rate2spike.spiking.context.config import CUED_PROBABILITY, OTHER_PROBABILITY


@dataclass(frozen=True, eq=False, repr=False)
class TrialPlan(Readable):
    """What a trial consists of."""

    context: int  # the class that is named
    items: tuple[int, ...]  # L classes, all different
    targets: tuple[int, ...]  # L answers, 0 or 1


@dataclass(frozen=True, eq=False, repr=False)
class ContextTrial(Readable):
    """Input and answers. `ContextTraining.answer` gives one with what a network made of it, to be drawn."""

    shown = ("named", "n_items", "n_steps", "n_inputs", "n_classes")

    frames: np.ndarray  # (T, I) float32
    context: np.ndarray  # (T, C) float32
    targets: np.ndarray  # (L,) int64
    block_index: np.ndarray  # (T,) int64, the item that is on
    named: int  # the class that the context names

    @property
    def n_items(self) -> int:
        """L."""
        return len(self.targets)

    @property
    def n_steps(self) -> int:
        """T."""
        return len(self.frames)

    @property
    def n_inputs(self) -> int:
        """I."""
        return self.frames.shape[1]

    @property
    def n_classes(self) -> int:
        """C."""
        return self.context.shape[1]


def plan_trial(rng: np.random.Generator, index: int, n_classes: int, seq_len: int, task_type: str) -> TrialPlan:
    """Trial `index` of a split. One class is left out of the sequence. n_classes > seq_len."""
    classes = rng.permutation(n_classes)
    left_out, items = int(classes[0]), tuple(int(k) for k in classes[1 : seq_len + 1])
    if task_type == "memory":
        context = items[rng.integers(seq_len)] if rng.random() < 0.5 else left_out
    elif seq_len == 1:
        context = items[0] if index % 2 else left_out
    else:
        context = items[index % seq_len]
    hits = [int(item == context) for item in items]
    if task_type == "memory":
        hits = np.maximum.accumulate(hits).tolist()
    return TrialPlan(context, items, tuple(hits))


def context_spikes(uniform: np.ndarray, context: int) -> np.ndarray:
    """Spikes (T, C), float32, of uniform numbers in [0, 1): probability 0.2 per step for the class named, else 0.01."""
    probability = np.where(np.arange(uniform.shape[1]) == context, CUED_PROBABILITY, OTHER_PROBABILITY)
    return (uniform < probability).astype(np.float32)


def trial_of(plan: TrialPlan, items: list[np.ndarray], n_classes: int, rng: np.random.Generator) -> ContextTrial:
    """The trial with these frames (T_k, I) of its items, one after the other without a gap."""
    lengths = [len(frames) for frames in items]
    n_steps = sum(lengths)
    return ContextTrial(
        frames=np.concatenate(items).astype(np.float32),
        context=context_spikes(rng.random((n_steps, n_classes)), plan.context),
        targets=np.array(plan.targets, np.int64),
        block_index=np.repeat(np.arange(len(items)), lengths),
        named=plan.context,
    )


@dataclass(frozen=True, eq=False, repr=False)
class Batch(Readable):
    """Trials side by side, padded at the end: frames and context with 0, the block index with L."""

    frames: np.ndarray  # (B, T, I) float32
    context: np.ndarray  # (B, T, C) float32
    targets: np.ndarray  # (B, L) int64
    block_index: np.ndarray  # (B, T) int64


def batch_of(trials: list[ContextTrial]) -> Batch:
    """Trials as one batch."""
    n_steps, n_items = max(len(trial.frames) for trial in trials), len(trials[0].targets)

    def padded(name: str, fill: int = 0) -> np.ndarray:
        first = getattr(trials[0], name)
        out = np.full((len(trials), n_steps, *first.shape[1:]), fill, first.dtype)
        for row, trial in zip(out, trials, strict=True):
            values = getattr(trial, name)
            row[: len(values)] = values
        return out

    return Batch(
        padded("frames"),
        padded("context"),
        np.array([trial.targets for trial in trials]),
        padded("block_index", n_items),
    )
