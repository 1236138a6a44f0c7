"""What `--resume` finds in a run folder, and whether that may go on."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rate2spike.cli.training_flags import read_toml
from rate2spike.errors import InputError
from rate2spike.io.checkpoints import checkpoint_files, differing_settings
from rate2spike.io.run_folder import RunFolder


def recorded_run(folder: Path, kind: str) -> Mapping[str, Any]:
    """The config.toml of the run to go on with. Raises InputError if there is none, or it is of another kind."""
    path = folder / "config.toml"
    if not path.exists():
        found = "it does not exist" if not folder.exists() else "it is empty" if _is_empty(folder) else "no config.toml"
        raise InputError(f"nothing to resume in {folder}: {found} (leave --resume out to begin a run there)")
    content = read_toml(path)
    RunFolder.check_kind(content, kind, path)
    return content


def check_same(
    settings: Mapping[str, Any], recorded: Mapping[str, Any], folder: Path, may_differ: frozenset[str] = frozenset()
) -> None:
    """Raise InputError listing every setting in which the run in `folder` differs, but for those that may."""
    differences = differing_settings(recorded, settings, may_differ)
    if differences:
        raise InputError(f"the run in {folder} has other settings: {'; '.join(differences)}")


def say_where_it_stands(folder: RunFolder, unit: str = "update") -> None:
    """A line on standard error: from where the run goes on."""
    files = checkpoint_files(folder.checkpoints)
    done = (
        f"after {unit} {int(files[-1].stem.removeprefix('update_'))}" if files else "from the start: no checkpoint yet"
    )
    print(f"{folder.path}: goes on {done}", file=sys.stderr, flush=True)


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())
