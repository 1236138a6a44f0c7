"""Advisory lock files that name their owner, and whether an owner still lives."""

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rate2spike.errors import InputError

PATIENCE_S = 60.0
_STALE_AFTER_S = 600.0  # of an owner that cannot be asked: on another host, or on Windows
_UNREADABLE_FOR_S = 10.0  # a lock is created and filled at once: one that stays empty was left by a killed process
_POLL_S = 0.02


@contextmanager
def exclusive(lock: Path, purpose: str, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Hold the lock file for the duration of the block, waiting for another owner to finish.

    A lock left by a dead process is broken. Raises InputError, naming the owner, if the wait is longer than patience_s, and
    if the folder cannot be written. `purpose` completes "cannot ...".
    """
    deadline = time.monotonic() + patience_s
    while not _create(lock, purpose):
        if _is_stale(lock):
            _break(lock)
        elif time.monotonic() > deadline:
            raise InputError(f"cannot {purpose}: in use by {owner_text(_owner(lock))}; lock file {lock}")
        else:
            time.sleep(_POLL_S)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


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


def _create(lock: Path, purpose: str) -> bool:
    try:
        handle = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    except FileExistsError:
        return False
    except OSError as error:
        raise InputError(f"cannot {purpose}: {error.strerror or error} ({lock.parent})") from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(this_process(), file)
    return True


def _owner(lock: Path) -> dict[str, Any] | None:
    """The owner record, or None while it is unreadable."""
    try:
        owner = json.loads(lock.read_text(encoding="utf-8"))
        return owner if isinstance(owner, dict) else None
    except (OSError, ValueError):
        return None


def _is_stale(lock: Path) -> bool:
    owner = _owner(lock)
    if owner is not None and is_dead(owner):
        return True
    try:
        age_s = time.time() - lock.stat().st_mtime
    except OSError:
        return False  # it is gone: try to get it
    if owner is None:
        return age_s > _UNREADABLE_FOR_S
    return not is_alive_here(owner) and age_s > _STALE_AFTER_S


def _break(lock: Path) -> None:
    """Remove a stale lock and what its owner left half-written.

    Only one process at a time may do so: a second one might remove the lock that the first has just taken.
    """
    breaker = lock.with_name(lock.name + ".break")
    try:
        os.close(os.open(breaker, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        with contextlib.suppress(OSError):
            if time.time() - breaker.stat().st_mtime > _UNREADABLE_FOR_S:
                breaker.unlink()
        time.sleep(_POLL_S)
        return
    try:
        if _is_stale(lock):
            pid = (_owner(lock) or {}).get("pid")
            for left in lock.parent.glob(f".*.{pid}.*.tmp") if isinstance(pid, int) else ():
                left.unlink(missing_ok=True)
            lock.unlink(missing_ok=True)
    finally:
        breaker.unlink(missing_ok=True)


def _start_ticks(pid: int) -> int | None:
    """Start time of a process on Linux, in clock ticks since boot; None elsewhere."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    except (OSError, ValueError, IndexError):
        return None
