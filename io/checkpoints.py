"""Checkpoints of long work: arrays and settings in one .npz per checkpoint, the last two kept."""

import io
import json
import logging
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.atomic_file import make_folder, write_atomically

KEPT = 2  # the newest, and the one before for the case that it cannot be read
_SETTINGS = "settings_json"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """State after an update, counted from 0."""

    path: Path
    update: int
    arrays: dict[str, np.ndarray]
    settings: dict[str, Any]


def save_checkpoint(folder: Path, update: int, arrays: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> Path:
    """Write `update_<k>.npz` atomically and remove all but the last two. Raises InputError."""
    make_folder(folder)
    path = folder / f"update_{update:07d}.npz"
    buffer = io.BytesIO()
    content: dict[str, Any] = {**arrays, _SETTINGS: np.array(json.dumps(settings))}
    np.savez(buffer, **content)
    write_atomically(path, buffer.getvalue())
    files = checkpoint_files(folder)
    newest = files.index(path)
    # later ones are of an earlier attempt: they could not be read, or training would have gone on from them
    for other in [*files[newest + 1 :], *files[: max(newest + 1 - KEPT, 0)]]:
        other.unlink(missing_ok=True)
    return path


def load_latest(folder: Path) -> Checkpoint | None:
    """The newest checkpoint that can be read, None if there is none; a damaged one is passed over with a warning."""
    for path in reversed(checkpoint_files(folder)):
        try:
            checkpoint = _loaded(path)
            logging.getLogger("rate2spike").info("reuses checkpoint %s", path)
            return checkpoint
        except Exception as error:  # whatever a damaged file leads NumPy and zipfile to
            warnings.warn(f"checkpoint {path} is damaged ({error}): the one before is used", stacklevel=2)
    return None


def checkpoint_files(folder: Path) -> list[Path]:
    """All checkpoints, oldest first."""
    return sorted(path for path in folder.glob("update_*.npz") if re.fullmatch(r"update_\d{7,}", path.stem))


def latest_update(folder: Path) -> int | None:
    """Number of the newest checkpoint, readable or not, None if there is none."""
    files = checkpoint_files(folder)
    return _number(files[-1]) if files else None


def check_settings(
    checkpoint: Checkpoint,
    settings: Mapping[str, Any],
    may_differ: frozenset[str] = frozenset(),
    defaults: Mapping[str, Any] | None = None,
) -> None:
    """Raise InputError listing every setting in which the checkpoint differs.

    defaults: what holds for settings that a checkpoint of an earlier version does not name.
    """
    differences = differing_settings({**(defaults or {}), **checkpoint.settings}, settings, may_differ)
    if differences:
        raise InputError(f"checkpoint {checkpoint.path} is of other settings: {'; '.join(differences)}")


def differing_settings(
    recorded: Mapping[str, Any], settings: Mapping[str, Any], may_differ: frozenset[str] = frozenset()
) -> list[str]:
    """In words, every setting that is not as it was recorded, but for those that may differ."""
    # tuples as lists, as they come out of a file
    there, here = (json.loads(json.dumps(dict(values))) for values in (recorded, settings))
    return [
        f"{name} {there.get(name)!r} there, {here.get(name)!r} here"
        for name in sorted((there.keys() | here.keys()) - may_differ)
        if there.get(name) != here.get(name)
    ]


def _loaded(path: Path) -> Checkpoint:
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    settings = json.loads(str(arrays.pop(_SETTINGS)))
    return Checkpoint(path, _number(path), arrays, settings)


def _number(path: Path) -> int:
    return int(path.stem.removeprefix("update_"))
