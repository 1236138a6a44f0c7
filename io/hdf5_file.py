"""HDF5 files opened with the lock that the library wants, or without one where the file system has none.

h5py's own way (`locking="best-effort"`) goes on without a lock and without a word.
"""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import h5py

from rate2spike.io.lock_file import means_no_locks, warn_of_missing_locks

Opened = TypeVar("Opened")


def open_hdf5(path: str | os.PathLike, mode: str = "r", **options: Any) -> h5py.File:
    """h5py.File(path, mode, **options); where the file system has no locks, without one and with a warning.

    Raises OSError, as h5py does.
    """
    return locked_if_possible(
        lambda: h5py.File(path, mode, **options), lambda: h5py.File(path, mode, locking=False, **options)
    )


def created_hdf5(path: str | os.PathLike) -> h5py.File:
    """A new file, in the form that has checksums of its own structures, and without times, so that equal data is equal.

    Without a lock, too: for temporary files that nobody else knows.
    """
    creation, access = h5py.h5p.create(h5py.h5p.FILE_CREATE), h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    creation.set_obj_track_times(False)
    access.set_libver_bounds(h5py.h5f.LIBVER_V110, h5py.h5f.LIBVER_V110)
    access.set_file_locking(False, True)
    return h5py.File(h5py.h5f.create(os.fsencode(path), h5py.h5f.ACC_TRUNC, creation, access))


def locked_if_possible(locked: Callable[[], Opened], unlocked: Callable[[], Opened]) -> Opened:
    """locked(), or, where that fails because the file system has no locks, unlocked(), with a warning.

    For libraries that open HDF5 files themselves: given a Python file object instead of a path, h5py locks nothing.
    """
    try:
        return locked()
    except OSError as error:
        if not means_no_locks(error):
            raise
    warn_of_missing_locks()
    return unlocked()
