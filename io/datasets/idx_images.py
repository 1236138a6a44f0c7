"""MNIST and FashionMNIST: images of 28 x 28 pixels in ten classes, in idx files, packed by gzip or not.

The files are the user's (LeCun et al., Proc. IEEE 86, 1998; Xiao et al., arXiv:1708.07747); nothing is ever downloaded. Both
collections have the same names, and `train` and `t10k` in the place of SPLIT:

    SPLIT-images-idx3-ubyte   magic number 2051, n, 28, 28 (four bytes each, big-endian), then n images, a byte per pixel
    SPLIT-labels-idx1-ubyte   magic number 2049, n, then n labels from 0 to 9, a byte each

Some copies are called SPLIT-images.idx3-ubyte; .gz at the end is optional.
"""

import gzip
import os
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rate2spike.checks import choice
from rate2spike.errors import InputError
from rate2spike.readable import Readable

N_CLASSES = 10
SIDE = 28  # pixels
SPLITS = ("train", "test")
SUBFOLDERS = (".", "raw", "MNIST/raw", "FashionMNIST/raw", "MNIST", "FashionMNIST")  # where torchvision puts them, too
_PREFIXES = {"train": "train", "test": "t10k"}
_KINDS = {"images": (2051, 3), "labels": (2049, 1)}  # magic number, number of dimensions


@dataclass(frozen=True, eq=False, repr=False)
class LabelledImages(Readable):
    """Images (n, 28, 28), uint8 from 0 (background) to 255, and the class of each (n,), int64 from 0 to 9."""

    shown = ("n_images", "n_classes", "source")

    images: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    source: str = ""  # where they are from

    n_classes = N_CLASSES

    @property
    def n_images(self) -> int:
        """How many there are."""
        return len(self.labels)

    def rows(self) -> np.ndarray:
        """(n, 784) float32, from 0 to 1: an image in a row."""
        return self.images.reshape(len(self.images), -1).astype(np.float32) / 255

    def chosen(self, indices: np.ndarray) -> "LabelledImages":
        """Some of them, in that order."""
        return LabelledImages(self.images[indices], self.labels[indices], self.source)


def read_idx_images(data_path: str | os.PathLike, split: str) -> LabelledImages:
    """All images of a split, 'train' or 'test', in or below data_path. Raises InputError, with the file."""
    prefix = _PREFIXES[choice(split, "split", "split", SPLITS)]
    images_file, labels_file = (_found(Path(data_path), prefix, kind) for kind in _KINDS)
    images, labels = _content(images_file, "images"), _content(labels_file, "labels")
    if images.shape[1:] != (SIDE, SIDE):
        raise InputError(f"{images_file}: expected images of {SIDE} x {SIDE} pixels, got {_by(images.shape[1:])}")
    if len(images) != len(labels):
        raise InputError(
            f"{labels_file} has {len(labels)} labels, expected {len(images)}, one per image of {images_file}"
        )
    if labels.max() >= N_CLASSES:
        raise InputError(f"{labels_file}: expected labels from 0 to {N_CLASSES - 1}, got {labels.max()}")
    return LabelledImages(images, labels.astype(np.int64), str(images_file.parent))


def _found(data_path: Path, prefix: str, kind: str) -> Path:
    """The file of a kind, in the first folder that has one. Raises InputError."""
    n_dimensions = _KINDS[kind][1]
    names = [f"{prefix}-{kind}{mark}idx{n_dimensions}-ubyte" for mark in "-."]
    for folder in SUBFOLDERS:
        for name in (name + ending for name in names for ending in ("", ".gz")):
            if (data_path / folder / name).is_file():
                return data_path / folder / name
    raise InputError(
        f"{names[0]}[.gz] is neither in {data_path} nor in its {', '.join(SUBFOLDERS[1:])}: {{data_path}} must be the "
        "folder of the four idx files of MNIST or FashionMNIST; without it images are made",
        "data_path",
    )


def _content(path: Path, kind: str) -> np.ndarray:
    """The array of a file. Raises InputError unless it is of its kind and whole."""
    magic, n_dimensions = _KINDS[kind]
    data = _bytes(path)
    head = np.frombuffer(data[: 4 * (1 + n_dimensions)], ">u4") if len(data) >= 4 * (1 + n_dimensions) else None
    if head is None or head[0] != magic:
        found = f"magic number {head[0]}" if head is not None else f"{len(data)} bytes"
        raise InputError(f"{path} is no idx file of {kind}: expected magic number {magic}, got {found}")
    shape, values = tuple(map(int, head[1:])), data[4 * (1 + n_dimensions) :]
    n_expected = int(np.prod(shape, dtype=object))
    if not n_expected:
        raise InputError(f"{path} holds no {kind}: its head says {_by(shape)}")
    if len(values) != n_expected:
        state = "truncated" if len(values) < n_expected else "too long"
        raise InputError(f"{path} is {state}: its head says {_by(shape)} = {n_expected} bytes, {len(values)} follow")
    return np.frombuffer(values, np.uint8).reshape(shape)


def _bytes(path: Path) -> bytes:
    """What is in a file, unpacked. Raises InputError."""
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
