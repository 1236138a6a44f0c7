"""Trials of the user's recordings: found on disk, split, composed from the seed, and handed out in batches.

What a trial consists of follows from (seed, split, index, epoch) alone: not from what was asked for before, nor from the
number of workers.
"""

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.datasets.dvs_gesture import DVSGestureRecordings, dvs_folder
from rate2spike.io.datasets.event_frames import frames, input_width
from rate2spike.io.datasets.event_stream import Recordings
from rate2spike.io.datasets.recordings_split import by_class, split_recordings
from rate2spike.io.datasets.shd import SHDRecordings, shd_file
from rate2spike.io.datasets.synthetic_events import synthetic_folder
from rate2spike.readable import Readable
from rate2spike.seeding import Role, generator
from rate2spike.spiking.context.config import ContextConfig
from rate2spike.spiking.context.trial_cache import TrialCache
from rate2spike.spiking.context.trials import Batch, ContextTrial, batch_of, plan_trial, trial_of

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False, repr=False)
class TrialSource(Readable):
    """The trials of one split: `sources(config)` gives those of all three."""

    shown = ("split", "data", "n_trials", "n_batches", "n_inputs")

    config: ContextConfig
    split: str
    recordings: Recordings
    members: list[np.ndarray]  # per class: indices of its recordings
    n_trials: int
    cache: TrialCache | None = None
    _packed: dict[int, tuple[np.ndarray, int]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def data(self) -> str:
        """What is shown, in words."""
        return self.config.data_name

    @property
    def n_inputs(self) -> int:
        """Width I of the frames."""
        return input_width(self.recordings.sensor, self.config.frame_settings)

    def trial(self, index: int, epoch: int = 0) -> ContextTrial:
        """Trial `index`; the same in every epoch unless they are to be drawn anew (training only). Raises IndexError."""
        if not 0 <= index < self.n_trials:
            raise IndexError(f"trial {index} of {self.n_trials}")
        epoch = epoch if self.config.resample_each_epoch and self.split == "train" else 0
        if self.cache is None:
            return self._made(index, epoch)
        return self.cache.get(self.split, index, epoch, lambda: self._made(index, epoch))

    def batches(self, epoch: int = 0) -> Iterator[Batch]:
        """All trials once, the last batch may be smaller; in training in an order of its own for every epoch."""
        order = np.arange(self.n_trials)
        if self.split == "train":
            order = generator(self.config.seed, Role.EVENTS, 1, epoch).permutation(order)
        parts = [order[k : k + self.config.batch_size] for k in range(0, len(order), self.config.batch_size)]
        yield from _ahead(self, parts, epoch, self.config.n_threads)

    @property
    def n_batches(self) -> int:
        """Of an epoch."""
        return -(-self.n_trials // self.config.batch_size)

    def _made(self, index: int, epoch: int) -> ContextTrial:
        config = self.config
        rng = generator(config.seed, Role.EVENTS, 2, SPLITS.index(self.split), epoch, index)
        plan = plan_trial(rng, index, config.data.n_classes, config.seq_len, config.task_type)
        chosen = [int(rng.choice(self.members[item])) for item in plan.items]
        return trial_of(plan, [self._frames(k) for k in chosen], config.data.n_classes, rng)

    def _frames(self, index: int) -> np.ndarray:
        """Frames of a recording, made once and kept as bits: every one is shown many times."""
        if index not in self._packed:
            try:
                made = frames(self.recordings.events(index), self.recordings.sensor, self.config.frame_settings)
            except InputError as error:
                raise InputError(f"{self.recordings.name}, recording {index} of {self.split}: {error}") from None
            self._packed[index] = np.packbits(made.astype(bool), axis=1), made.shape[1]
        bits, width = self._packed[index]
        return np.unpackbits(bits, axis=1, count=width)


def sources(config: ContextConfig) -> dict[str, TrialSource]:
    """Training, validation and test. Raises InputError if the recordings are not there, or cannot serve the task."""
    training, test = recordings(config, "train"), recordings(config, "test")
    cache = TrialCache.of(config, fingerprint(training, test)) if config.cache else None
    for_training, for_validation = split_recordings(training.labels, training.subjects, config.split_by, config.seed)
    n_classes = config.data.n_classes
    return {
        split: TrialSource(config, split, source, by_class(source.labels, indices, n_classes, split), n_trials, cache)
        for split, source, indices, n_trials in (
            ("train", training, for_training, config.actual_n_trials),
            ("validation", training, for_validation, config.n_validation_trials),
            ("test", test, np.arange(len(test)), config.actual_n_trials),
        )
    }


def recordings(config: ContextConfig, split: str) -> Recordings:
    """The recordings of 'train' or 'test' on disk. Raises InputError."""
    root = Path(config.data_path)
    if config.synthetic:
        root = synthetic_recordings(config)
    if config.dataset == "shd":
        return SHDRecordings(shd_file(root, split))
    return DVSGestureRecordings(dvs_folder(root), split)


def synthetic_recordings(config: ContextConfig) -> Path:
    """Folder of made-up recordings below data_path, written if it is not there."""
    return synthetic_folder(config.dataset, config.data_path)


def fingerprint(*sets: Recordings) -> str:
    """What tells recordings from others, wherever they lie: labels, subjects, and the first recording of every class."""
    digest = hashlib.sha256()
    for recordings in sets:
        arrays = [np.asarray(recordings.labels, np.int64), np.asarray(recordings.subjects, np.int64)]
        for index in np.unique(recordings.labels, return_index=True)[1]:
            events = recordings.events(int(index))
            arrays += [np.asarray(values, np.int64) for values in (events.t_us, events.x, events.y, events.polarity)]
        for array in arrays:
            digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def _ahead(source: TrialSource, parts: Sequence[np.ndarray], epoch: int, n_workers: int) -> Iterator[Batch]:
    """The batches in order, made ahead by threads; by none if n_workers is 0."""

    def batch(part: np.ndarray) -> Batch:
        return batch_of([source.trial(int(index), epoch) for index in part])

    if n_workers == 0:
        yield from map(batch, parts)
        return
    waiting: deque[Future[Batch]] = deque()
    pool = ThreadPoolExecutor(n_workers)
    try:
        for part in parts:
            waiting.append(pool.submit(batch, part))
            if len(waiting) > n_workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
