"""Spiking Heidelberg Digits: spoken digits as spikes of 700 cochlear channels (Cramer et al., IEEE TNNLS 33, 2022).

The files are the user's, from zenkelab.org, unzipped; nothing is ever downloaded. Layout of each:

    spikes/times     variable-length rows of float16, s, not decreasing
    spikes/units     variable-length rows of uint16, channel 0 to 699
    labels           (n,) int, 0 to 9 English digits, 10 to 19 German ones
    extra/speaker    (n,) int who speaks (may be missing)
    extra/keys       (20,) names of the classes (may be missing)
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from rate2spike.calls import public
from rate2spike.checks import choice
from rate2spike.checks import path as checked_path
from rate2spike.errors import InputError
from rate2spike.io.datasets.event_stream import SPLITS, EventStream, ReadableRecordings, Sensor
from rate2spike.io.hdf5_file import open_hdf5

SENSOR = Sensor(width=700, height=1, n_polarities=1)
N_CLASSES = 20
CLASS_NAMES = tuple(
    "zero one two three four five six seven eight nine null eins zwei drei vier fuenf sechs sieben acht neun".split()
)
SUBFOLDERS = (".", "SHD", "SDHContext", "SDHContext/SHD")  # SDHContext is how the published code spells it
_NEEDED = ("spikes/times", "spikes/units", "labels")


@public()
class SHDRecordings(ReadableRecordings):
    """Recordings of one file, which stays open until `close`; pickled for a worker process it opens there again.

    Parameters
    ----------
    path : path
        shd_train.h5 or shd_test.h5.

    Raises
    ------
    InputError
        For a file that is no such one.
    """

    name = "shd"
    sensor = SENSOR

    def __init__(self, path: str | os.PathLike):
        self.path = checked_path(path, "path")
        self._file: h5py.File | None = None
        self._opened_by = -1
        try:
            file = self._open()
            with _reading(f"{self.path} as an SHD file"):
                self.labels = _labels(file, self.path)  # (n,) int64
                self.subjects = _subjects(file, self.labels.size, self.path)  # (n,) int64
                self.class_names = _class_names(file)
        except BaseException:
            self.close()
            raise

    def events(self, index: int) -> EventStream:
        """Events of one recording: x is the channel, y 0, the polarity 1. Raises InputError for a damaged row."""
        times_s, units = self.times_and_units(index)
        # whole us by truncation, as published
        t_us = (times_s * 1e6).astype(np.int64)
        x = units.astype(np.int64)
        return EventStream.in_order(t_us, x, np.zeros_like(x), np.ones_like(x))

    def times_and_units(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Events of one recording as they are stored: (k,) float64, s, and (k,) channels. Raises InputError likewise."""
        file = self._open()
        index = self.checked_index(index)
        with _reading(f"recording {index} of {self.path}"):
            times_s, units = file["spikes/times"][index], file["spikes/units"][index]
        _check_row(times_s, units, f"recording {index} of {self.path}")
        # in float16 a million overflows
        return times_s.astype(np.float64), units

    def close(self) -> None:
        """Close the file; asking for events opens it again."""
        # a copy that a fork inherited is the parent's to close
        if self._file is not None and self._opened_by == os.getpid():
            self._file.close()
        self._file = None

    def __len__(self) -> int:
        return self.labels.size

    def __enter__(self) -> "SHDRecordings":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getstate__(self) -> dict:
        return self.__dict__ | {"_file": None, "_opened_by": -1}

    def _open(self) -> h5py.File:
        """The open file of this process: HDF5 handles do not survive a fork."""
        if self._file is None or self._opened_by != os.getpid():
            try:
                self._file = open_hdf5(self.path)
            except OSError as error:
                raise InputError(f"cannot read {self.path} as HDF5: {error}") from None
            self._opened_by = os.getpid()
        return self._file


def shd_file(data_path: str | os.PathLike, split: str) -> Path:
    """shd_train.h5 or shd_test.h5 (split 'train' or 'test') in or below data_path. Raises InputError if missing."""
    name = f"shd_{choice(split, 'split', 'split', SPLITS)}.h5"
    folders = [Path(data_path) / sub for sub in SUBFOLDERS]
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise InputError(
        f"{name} is in none of {', '.join(map(str, folders))}: "
        f"get {name}.zip from https://zenkelab.org/datasets (Spiking Heidelberg Digits) and unzip it there; {{synthetic}} "
        "makes recordings up",
        "synthetic",
    )


def _labels(file: h5py.File, path: Path) -> np.ndarray:
    missing = [name for name in _NEEDED if not isinstance(file.get(name), h5py.Dataset)]
    if missing:
        raise InputError(f"{path} is no SHD file: it lacks {', '.join(missing)}")
    sizes = {name: file[name].shape for name in _NEEDED}
    if len(set(sizes.values())) > 1 or len(sizes["labels"]) != 1 or sizes["labels"] == (0,):
        raise InputError(f"{path} is no SHD file: expected n rows in each of {', '.join(_NEEDED)}, got {sizes}")
    for name in _NEEDED[:2]:
        if h5py.check_vlen_dtype(file[name].dtype) is None:
            raise InputError(f"{path} is no SHD file: {name} holds no rows of variable length")
    labels = file["labels"][()]
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= N_CLASSES:
        raise InputError(f"{path}: labels must be whole numbers from 0 to {N_CLASSES - 1}, got {_range(labels)}")
    return labels.astype(np.int64)


def _subjects(file: h5py.File, n: int, path: Path) -> np.ndarray:
    if not isinstance(file.get("extra/speaker"), h5py.Dataset):
        return np.zeros(n, np.int64)
    speakers = file["extra/speaker"][()]
    if speakers.shape != (n,) or speakers.dtype.kind not in "iu":
        raise InputError(f"{path}: extra/speaker must hold {n} whole numbers, got {speakers.dtype} {speakers.shape}")
    return speakers.astype(np.int64)


def _class_names(file: h5py.File) -> tuple[str, ...]:
    keys = file.get("extra/keys")
    if not isinstance(keys, h5py.Dataset) or keys.shape != (N_CLASSES,) or keys.dtype.kind not in "SO":
        return CLASS_NAMES
    return tuple(key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key) for key in keys[()])


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Turn what h5py raises for a damaged file into one line."""
    try:
        yield
    except InputError:
        raise
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"cannot read {what}: {error}") from None


def _check_row(times_s: np.ndarray, units: np.ndarray, where: str) -> None:
    if times_s.shape != units.shape:
        raise InputError(f"{where}: {times_s.size} times but {units.size} units")
    if times_s.dtype.kind not in "fiu" or units.dtype.kind not in "iu":
        raise InputError(f"{where}: times of type {times_s.dtype} and units of type {units.dtype}, expected numbers")
    if not np.isfinite(times_s).all() or (times_s.size and times_s.min() < 0):
        raise InputError(f"{where}: times must be finite seconds from 0 on, got {_range(times_s)}")
    if units.size and (units.min() < 0 or units.max() >= SENSOR.width):
        raise InputError(f"{where}: units must be 0 to {SENSOR.width - 1}, got {_range(units)}")


def _range(values: np.ndarray) -> str:
    return f"{values.min()} to {values.max()}"
