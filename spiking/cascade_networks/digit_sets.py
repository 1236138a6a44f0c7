"""The recordings of spoken digits that a configuration asks for, binned: those that are learnt, and those of the test."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.datasets.shd import SHDRecordings, shd_file
from rate2spike.io.datasets.synthetic_events import synthetic_folder
from rate2spike.spiking.cascade_networks.batches import batches
from rate2spike.spiking.cascade_networks.config import SHDConfig
from rate2spike.spiking.cascade_networks.digits import DigitFrames, digit_frames


@dataclass(frozen=True)
class Digits:
    """The recordings that are learnt, and those of the test."""

    training: DigitFrames
    test: DigitFrames

    @property
    def known_by(self) -> str:
        """What tells the recordings from others, wherever they lie."""
        digest = hashlib.sha256()
        for frames in (self.training, self.test):
            for array in (frames.starts, frames.cells, frames.counts, frames.labels):
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()[:16]


def digits(config: SHDConfig) -> Digits:
    """The recordings on disk, binned. Raises InputError."""
    root = synthetic_folder("shd", config.data_path) if config.synthetic else Path(config.data_path)
    training, test = (
        digit_frames(
            SHDRecordings(shd_file(root, split)), config.n_steps, config.window_s, config.legacy, cache=config.cache
        )
        for split in ("train", "test")
    )
    for frames in (training, test):
        if frames.labels.max() >= config.n_classes:
            raise InputError(f"classes of the digits must be 0 to {config.n_classes - 1}, got {frames.labels.max()}")
    # one at least
    batches(len(training), config.batch_size)
    batches(len(test), config.batch_size, drop_last=config.legacy)
    return Digits(training, test)
