"""Counts of events on disk, so that recordings are read once. Optional: they follow from the recordings without it."""

import hashlib
import logging
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np

from rate2spike.checks import path as checked_path
from rate2spike.errors import InputError
from rate2spike.io.atomic_file import make_folder, write_atomically
from rate2spike.plausible import warn_caller

LOGGER = logging.getLogger("rate2spike")
_FORMAT = 1  # another one, whenever what is kept changes
_NAMES = ("starts", "cells", "counts", "n_dropped")
# what a file raises that is not there, or damaged anywhere
_UNREADABLE = (OSError, ValueError, KeyError, EOFError, RuntimeError, TypeError, zipfile.BadZipFile)


def cache_file(recordings: Path, folder: bool | str | os.PathLike, edges_s: np.ndarray, n_steps: int) -> Path:
    """Where the counts are kept: named by what is in the file of the recordings, and by the bins. Raises InputError.

    folder True: that of the recordings.
    """
    place = recordings.parent if folder is True else checked_path(folder, "cache")
    try:
        with open(recordings, "rb") as file:
            digest = hashlib.file_digest(file, "sha256")
    except OSError as error:
        raise InputError(f"cannot read {recordings}: {error.strerror or error}") from None
    digest.update(np.array([_FORMAT, n_steps, *edges_s], "<f8").tobytes())
    return place / f"{recordings.stem}_{n_steps}_bins_{digest.hexdigest()[:16]}.npz"


def kept(path: Path, n_recordings: int, make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The arrays as they were kept, or made and kept; a file that is damaged is written again.

    A folder that cannot be written costs a warning: nothing is lost but time.
    """
    try:
        arrays = _loaded(path, n_recordings)
        LOGGER.info("counts of events are those of %s", path)
        return arrays
    except _UNREADABLE:
        arrays = make()
    try:
        make_folder(path.parent)
        write_atomically(path, lambda temporary: _save(temporary, arrays))
    except InputError as error:
        warn_caller(f"counts of events are not kept for the next time: {error}")
    return arrays


def _save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    with open(path, "wb") as file:  # given a path, NumPy would add an ending to it
        np.savez(file, **cast(dict[str, Any], {name: arrays[name] for name in _NAMES}))


def _loaded(path: Path, n_recordings: int) -> dict[str, np.ndarray]:
    # opened here: NumPy leaves a damaged file open
    with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
        if file.zip.testzip() is not None:
            raise ValueError("a checksum is wrong")
        arrays = {name: file[name] for name in _NAMES}
    starts, size = arrays["starts"], arrays["cells"].size
    if starts.size != n_recordings + 1 or starts[-1] != size or arrays["counts"].size != size:
        raise ValueError("the arrays do not fit together")
    return arrays
