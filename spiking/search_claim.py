"""Claim of a model file by a λ search: so that several processes can share a folder, and an interrupted one resumes.

Two marks, both as published code and people expect: `opt_scaling_factor = NaN` in the model file (the historic mark), and
a sidecar `<model>.search.json` with the owner, the settings and the finished values. Whoever decides on a claim holds
the lock file `<model>.search.lock` for that moment; afterwards only the owner writes the sidecar.
"""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rate2spike.errors import InputError
from rate2spike.io.atomic_file import write_atomically
from rate2spike.spiking.lambda_grid_search import FactorResult

_LOCK_PATIENCE_S = 10.0


@dataclass(frozen=True)
class Settings:
    """What decides a search's numbers; finished values are only reused under equal settings."""

    task: str
    n_trials: int
    seed: int
    scaling_factors: tuple[float, ...]


@dataclass
class SearchClaim:
    """The sidecar of one model file."""

    path: Path
    owner: dict[str, Any] | None = None  # None: released
    settings: Settings | None = None
    finished: dict[float, FactorResult] = field(default_factory=dict)

    def save(self) -> None:
        """Write the sidecar atomically."""
        write_atomically(self.path, self._as_json())

    def owner_text(self) -> str:
        """The owner in words."""
        if not self.owner:
            return "nobody"
        return f"process {self.owner.get('pid')} on {self.owner.get('host')} since {self.owner.get('since')}"

    def _as_json(self) -> str:
        content = {
            "owner": self.owner,
            "settings": asdict(self.settings) if self.settings else None,
            "finished": [asdict(result) for result in self.finished.values()],
        }
        return json.dumps(content, indent=1)


def sidecar_path(model_path: Path) -> Path:
    """`<model>.search.json`."""
    return model_path.with_name(model_path.name + ".search.json")


def read_claim(model_path: Path) -> SearchClaim | None:
    """The claim on a model file, or None. An unreadable sidecar counts as the claim of an unknown owner."""
    path = sidecar_path(model_path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        settings = content["settings"]
        return SearchClaim(
            path,
            content["owner"],
            Settings(**settings | {"scaling_factors": tuple(settings["scaling_factors"])}) if settings else None,
            {item["scaling_factor"]: FactorResult(**item) for item in content["finished"]},
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError):
        return SearchClaim(path, {"pid": "unknown", "host": "an unknown host", "since": "an unknown time"})


@contextmanager
def deciding(model_path: Path) -> Iterator[None]:
    """Hold the lock under which claims are read and made. A lock left by a killed process is broken after a while."""
    lock = model_path.with_name(model_path.name + ".search.lock")
    deadline = time.monotonic() + _LOCK_PATIENCE_S
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            if time.monotonic() > deadline:  # a decision takes milliseconds: its process is gone
                lock.unlink(missing_ok=True)
            time.sleep(0.02)
        except OSError as error:
            raise InputError(f"cannot write beside {model_path}: {error.strerror or error}") from None
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


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


def _start_ticks(pid: int) -> int | None:
    """Start time of a process on Linux, in clock ticks since boot; None elsewhere."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    except (OSError, ValueError, IndexError):
        return None
