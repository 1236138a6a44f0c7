"""The folder of a run on a command line: a free one for a new run, or that of the run which `--resume` goes on with.

All commands with run folders open them here, in this order: `recorded` or `check_free`, `open`, `begin`.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rate2spike.cli.speaking import note
from rate2spike.errors import InputError
from rate2spike.io.atomic_file import check_folder
from rate2spike.io.checkpoints import differing_settings, latest_update
from rate2spike.io.run_folder import FolderTaken, RunFolder
from rate2spike.io.toml_file import read_toml


def add_run_folder(parser: argparse.ArgumentParser, *aliases: str, default: str = "") -> None:
    """--run_folder and --resume. aliases: other flags for the same, which work as it does."""
    help = "one folder for everything that the run writes" + default
    parser.add_argument("--run_folder", *aliases, dest="run_folder", default=None, metavar="DIR", help=help)
    parser.add_argument("--resume", action="store_true", help="go on with the run that --run_folder holds")


def as_one_of_several(run: Callable[[argparse.Namespace], int], arguments: argparse.Namespace) -> int:
    """Jobs of an array (--shard) have one command: whichever comes first makes the folder, all others go on in it."""
    try:
        return run(arguments)
    except FolderTaken:
        if arguments.shard is None:
            raise
    arguments.resume = True
    return run(arguments)


@dataclass(frozen=True)
class RunPlace:
    """Where a run is, or will be. Every method raises InputError."""

    path: Path
    kind: str  # as config.toml has it
    written: tuple[str, ...]  # what a new run must not find in its folder
    resume: bool

    def recorded(self) -> Mapping[str, Any]:
        """The config.toml of the run to go on with."""
        path = self.path / "config.toml"
        if not path.exists():
            raise InputError(
                f"nothing to resume in {self.path}: {_state(self.path)} (leave --resume out to begin a run there)"
            )
        content = read_toml(path)
        RunFolder.check_kind(content, self.kind, path)
        return content

    def check_same(
        self, settings: Mapping[str, Any], recorded: Mapping[str, Any], may_differ: frozenset[str] = frozenset()
    ) -> None:
        """See that a run goes on with its own settings, but for those that may differ; all others are listed."""
        differences = differing_settings(recorded, settings, may_differ)
        if differences:
            raise InputError(f"the run in {self.path} has other settings: {'; '.join(differences)}")

    def check_free(self) -> None:
        """See that a new run finds nothing of another one, and can make its folder."""
        if not self.resume:
            RunFolder.check_free(self.path, *self.written)
            check_folder(self.path)

    def open(self, shared: bool = False) -> RunFolder:
        """The folder, made if it is not there; shared: with other jobs."""
        self.check_free()
        return RunFolder(self.path, resume=self.resume, shared=shared)

    def begin(self, folder: RunFolder, sections: Mapping[str, Mapping[str, Any]], unit: str = "update") -> None:
        """Write config.toml; say on standard error from where a resumed run goes on. unit: of its checkpoints; '': none."""
        if self.resume and unit:
            done = latest_update(folder.checkpoints)
            where = "from the start: no checkpoint yet" if done is None else f"after {unit} {done}"
            note(f"{self.path}: goes on {where}")
        with folder.interruptible(""):  # Ctrl-C meanwhile leaves no folder without a run
            folder.write_config(self.kind, ["rate2spike", *sys.argv[1:]], sections)


def _state(folder: Path) -> str:
    if not folder.exists():
        return "it does not exist"
    return "it is empty" if folder.is_dir() and not any(folder.iterdir()) else "no config.toml"
