"""Atomic writes: a reader sees the old file or the new one, never half of either.

The standard library has the pieces (`tempfile`, `os.replace`); flushing, permissions, links and one-line errors are ours.
"""

import contextlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from rate2spike.errors import InputError
from rate2spike.machine.interruption import something_is_at_stake

LOGGER = logging.getLogger("rate2spike")
# Asking for it sets it, for all threads: once, before there are any.
_UMASK = os.umask(0)
os.umask(_UMASK)


def write_atomically(path: str | os.PathLike, content: bytes | str | Callable[[Path], None]) -> None:
    """Write `content` to a temporary file beside `path`, flush it to disk, then rename it over `path`.

    `content` may be bytes, text (UTF-8), or a function that writes the temporary file it is given. A link is followed,
    and an existing file keeps its permission bits. Raises InputError if the folder cannot be written.
    """
    something_is_at_stake()
    target = Path(os.path.realpath(path))
    if target.exists() and not os.access(target, os.W_OK):
        raise InputError(f"cannot write {path}: the file is read-only")
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.{os.getpid()}.", suffix=".tmp")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            if not callable(content):
                file.write(content.encode() if isinstance(content, str) else content)
                _flush(file)
        if callable(content):
            content(temporary)
            with open(temporary, "rb+") as file:
                _flush(file)
        if target.exists():
            shutil.copymode(target, temporary)
        else:
            _give_default_mode(temporary)
        os.replace(temporary, target)
        LOGGER.info("wrote %s", path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            raise InputError(f"cannot write {path}: {error.strerror or error}") from None
        raise


def make_folder(path: str | os.PathLike) -> Path:
    """Create a folder (and its parents) and check that files can be made in it. Raises InputError."""
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"output folder {folder} is not writable: {error.strerror or error}") from None
    return folder


def check_folder(path: str | os.PathLike) -> None:
    """Check that a folder, and files in it, can be made, and leave nothing of it. Raises InputError."""
    folder = Path(path)
    new = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        make_folder(folder)
    finally:
        for one in new:
            with contextlib.suppress(OSError):  # somebody was quicker to use it, or it could not be made
                one.rmdir()


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _give_default_mode(path: Path) -> None:
    """mkstemp makes files private; give a new file the mode that open() would have given it."""
    path.chmod(0o666 & ~_UMASK)
