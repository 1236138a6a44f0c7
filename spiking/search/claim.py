"""Claim of a model file by a λ search: so that several processes can share a folder, and an interrupted one resumes.

Two marks, both as published code and people expect: `opt_scaling_factor = NaN` in the model file (the historic mark), and
a sidecar `<model>.search.json` with the owner, the settings and the finished values. Whoever decides on a claim holds
the lock file `<model>.search.lock` for that moment; afterwards only the owner writes the sidecar.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from rate2spike.io.atomic_file import write_atomically
from rate2spike.io.lock_file import exclusive, owner_text
from rate2spike.spiking.search.result import FactorResult


@dataclass(frozen=True)
class Settings:
    """What decides a search's numbers; finished values are only reused under equal settings."""

    task: str
    n_trials: int
    seed: int
    scaling_factors: tuple[float, ...]
    initial_weights: bool = False
    task_options: dict[str, Any] = field(default_factory=dict)
    strategy: str = "grid"
    resolution: float = 1.0  # of the adaptive strategy
    device: str = "cpu"

    def differences(self, other: "Settings") -> list[str]:
        """In words, what does not agree of that which decides a factor's numbers."""
        names = [field.name for field in fields(self) if field.name not in ("scaling_factors", "resolution")]
        pairs = [(name, getattr(self, name), getattr(other, name)) for name in names]
        return [f"{name} {there!r} there, {here!r} here" for name, there, here in pairs if there != here]


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
        return owner_text(self.owner) if self.owner else "nobody"

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
    """Hold the lock under which claims are read and made."""
    with exclusive(model_path.with_name(model_path.name + ".search.lock"), f"write beside {model_path}"):
        yield
