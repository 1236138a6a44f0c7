"""The images that examples learn from: made in place, or those of a folder of the user."""

import zlib

import numpy as np

from rate2spike.io.datasets.idx_images import LabelledImages, read_idx_images
from rate2spike.io.datasets.synthetic_images import synthetic_images

N_MADE = 4000  # for training
N_TEST = 1000  # of a test, of those of a folder the first


def images(data_path: str | None, seed: int, split: str, n: int | None = None) -> LabelledImages:
    """Images of a split, 'train' or 'test'; n: the first ones, or all that there are. Raises InputError."""
    if data_path is None:
        return synthetic_images(n or N_MADE, seed, split)
    found = read_idx_images(data_path, split)
    return found if n is None else found.chosen(np.arange(min(n, found.n_images)))


def known_by(data_path: str | None) -> str:
    """What tells the images of a folder from others; '' of those that are made. Raises InputError."""
    if data_path is None:
        return ""
    sums = [
        zlib.crc32(one.images.tobytes()) for one in (read_idx_images(data_path, split) for split in ("train", "test"))
    ]
    return " ".join(f"{one:08x}" for one in sums)
