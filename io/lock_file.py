"""Advisory lock files that name their owner, and whether an owner still lives.

The operating system's lock on the file is what counts: it ends with its process, so no lock is ever stale. The content only
says who has it. filelock (4.3) takes the same lock, but does not say who has it, leaves its file behind, fails where a file
system answers that it has no locks (ENOTSUP, ENOLCK; for ENOSYS it takes to files that a killed process leaves), refuses in
shared folders what another user left, and knows nothing of half-written files.
"""

import contextlib
import errno
import glob
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rate2spike.errors import InputError
from rate2spike.machine.warn_once import warn_once

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

PATIENCE_S = 60.0
_POLL_S = 0.01
_UNSUPPORTED = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK}


class InUse(InputError):
    """Another owner holds a lock file."""


@contextmanager
def exclusive(lock: Path, purpose: str, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Hold the lock file for the duration of the block, waiting for another owner to finish; it is removed afterwards.

    What a killed owner left half-written (`.<name>.<process>.*.tmp`) is removed. Raises InUse, naming the owner, if the wait
    is longer than patience_s, and InputError if the folder cannot be written. `purpose` completes "cannot ...". Where the
    file system has no locks there is a warning instead.
    """
    handle = _acquired(lock, purpose, patience_s)
    try:
        _sweep(lock, _owner(lock))
        with contextlib.suppress(OSError):  # another user's file: the lock counts, not the content
            os.ftruncate(handle, 0)
            os.write(handle, json.dumps(this_process()).encode())
        yield
    finally:
        _released(lock, handle)


def owner_text(owner: dict[str, Any] | None) -> str:
    """An owner in words."""
    owner = owner or {}
    return f"process {owner.get('pid', 'unknown')} on {owner.get('host', 'an unknown host')} since {owner.get('since', '?')}"


def this_process() -> dict[str, Any]:
    """Owner record of this process."""
    return {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started": _start_ticks(os.getpid()),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def is_dead(owner: dict[str, Any]) -> bool:
    """Whether the owner is known to be gone: a process of this host that no longer runs.

    On Windows (and for another host) this cannot be told, and the answer is False.
    """
    if owner.get("host") != socket.gethostname() or os.name == "nt":
        return False
    pid = owner.get("pid")
    if not isinstance(pid, int) or pid < 1:
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    started = owner.get("started")
    return started is not None and started != _start_ticks(pid)  # the number was given to another process


def is_alive_here(owner: dict[str, Any]) -> bool:
    """Whether the owner is known to run on this host."""
    return owner.get("host") == socket.gethostname() and os.name != "nt" and not is_dead(owner)


def means_no_locks(error: OSError) -> bool:
    """Whether a lock was refused because the file system has none."""
    return error.errno in _UNSUPPORTED


def warn_of_missing_locks() -> None:
    """Warn, once, that nothing keeps two programs from writing to one file."""
    text = "this file system has no locks: do not write to one file from two programs at once"
    warn_once("MISSING_LOCKS", text, stacklevel=6)


def _acquired(lock: Path, purpose: str, patience_s: float) -> int:
    """Descriptor of the locked file."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            handle = _opened(lock)
        except OSError as error:
            raise InputError(f"cannot {purpose}: {error.strerror or error} ({lock})") from None
        if _is_locked(handle) and _is_current(lock, handle):
            return handle
        os.close(handle)
        if time.monotonic() > deadline:
            raise InUse(f"cannot {purpose}: in use by {owner_text(_owner(lock))}; lock file {lock}")
        time.sleep(_POLL_S)


def _opened(lock: Path) -> int:
    try:
        return os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
    except PermissionError:
        if not lock.exists():
            raise
        return os.open(lock, os.O_RDONLY)  # left by another user; it can be locked all the same


def _is_locked(handle: int) -> bool:
    """Try to get the lock."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if means_no_locks(error):
            warn_of_missing_locks()
            return True
        return False
    return True


def _is_current(lock: Path, handle: int) -> bool:
    """Whether the locked file is still the one in the folder: its former owner may have removed it meanwhile."""
    try:
        return os.stat(lock).st_ino == os.fstat(handle).st_ino
    except OSError:
        return False


def _released(lock: Path, handle: int) -> None:
    if os.name == "nt":  # an open file cannot be removed there
        os.close(handle)
    with contextlib.suppress(OSError):
        lock.unlink()
    if os.name != "nt":
        os.close(handle)


def _owner(lock: Path) -> dict[str, Any] | None:
    """The owner record, or None if there is none."""
    try:
        owner = json.loads(lock.read_text(encoding="utf-8"))
        return owner if isinstance(owner, dict) else None
    except (OSError, ValueError):
        return None


def _sweep(lock: Path, killed_owner: dict[str, Any] | None) -> None:
    pid = (killed_owner or {}).get("pid")
    locked_name = lock.name.removesuffix(".lock")
    for left in lock.parent.glob(f"{glob.escape(locked_name)}.{pid}.*.tmp") if isinstance(pid, int) else ():
        left.unlink(missing_ok=True)


def _start_ticks(pid: int) -> int | None:
    """Start time of a process on Linux, in clock ticks since boot; None elsewhere."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    except (OSError, ValueError, IndexError):
        return None
