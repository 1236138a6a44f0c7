"""Claim of a model file by a λ search: so that several processes can share a folder, and an interrupted one resumes.

Two marks, both as published code and people expect: `opt_scaling_factor = NaN` in the model file (the historic mark), and
a sidecar `<model>.search.json` with the owner, the settings and the finished values. Whoever decides on a claim holds
the lock file `<model>.search.lock` for that moment; afterwards only the owner writes the sidecar.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.atomic_file import write_atomically
from rate2spike.io.lock_file import exclusive, is_alive_here, is_dead, owner_text
from rate2spike.rate.task import Task
from rate2spike.seeding import resolve_seed
from rate2spike.spiking.search.options import SearchExecution, SearchOptions
from rate2spike.spiking.search.result import FactorResult
from rate2spike.spiking.simulator.params import present_kind
from rate2spike.trained_model import TrainedModel


@dataclass
class SearchClaim:
    """The sidecar of one model file."""

    path: Path
    owner: dict[str, Any] | None = None  # None: released
    settings: SearchOptions | None = None  # task and seed are resolved
    finished: dict[float, FactorResult] = field(default_factory=dict)
    is_begun: bool = False  # trials were run, of which an adaptive search keeps none

    def save(self) -> None:
        """Write the sidecar atomically."""
        write_atomically(self.path, self._as_json())

    def owner_text(self) -> str:
        """The owner in words."""
        return owner_text(self.owner) if self.owner else "nobody"

    def _as_json(self) -> str:
        content = {
            "owner": self.owner,
            "settings": self.settings.as_settings() if self.settings else None,
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
        if settings and "neuron" in settings:
            settings["neuron"] = present_kind(settings["neuron"])  # of an earlier version
        return SearchClaim(
            path,
            content["owner"],
            SearchOptions(**settings) if settings else None,
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


def why_held(old: SearchClaim | None, model: TrainedModel, execution: SearchExecution) -> str | None:
    """Why the file may not be claimed, if so; `{reclaim}` stands for the option that may help."""
    if old is None:
        marked = model.scaling_factor is not None and np.isnan(model.scaling_factor)
        if marked and not execution.reclaim:
            return "claimed by another program (opt_scaling_factor is NaN): {reclaim} takes it over"
        return None
    if old.owner is None or (execution.run and old.owner.get("run") == execution.run):
        return None
    if is_alive_here(old.owner):
        return f"being searched by {old.owner_text()}"
    if execution.reclaim:
        return None
    state = "left behind" if is_dead(old.owner) else "claimed"
    return f"{state} by {old.owner_text()}: {{reclaim}} takes it over"


def resumable(
    old: SearchClaim | None, task: Task, options: SearchOptions, *, force: bool
) -> tuple[SearchOptions, dict[float, FactorResult]]:
    """Options with task and seed resolved, and finished values to go on from; without a given seed an earlier one is kept.

    Finished values of other factors are kept too: they count again if a later search asks for them. Raises InputError if
    there are finished values of other settings, unless forced.
    """
    previous = old.settings if old else None
    seed = previous.seed if options.seed is None and previous else options.seed
    settings = replace(options, task=task.name, task_options=task.options(), seed=resolve_seed(seed))
    if old is None or not old.finished or previous is None:
        return settings, {}
    differences = previous.differences(settings)
    if differences and force:
        return settings, {}
    if differences:
        raise InputError(
            f"{old.path} holds finished values of a search with other settings ({'; '.join(differences)}): "
            "go on with those, or start anew ({force})",
            "force",
        )
    return settings, dict(old.finished)
