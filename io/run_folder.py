"""A run folder: resolved configuration, seed, versions, metrics and figures, so that a result can be traced and repeated."""

import csv
import io
import json
import platform
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rate2spike.errors import InputError
from rate2spike.io.atomic_file import make_folder, write_atomically
from rate2spike.io.toml_file import to_toml
from rate2spike.version import __version__

_TRACED_PACKAGES = ("tensorflow", "keras", "numpy", "scipy", "numba", "matplotlib", "h5py")


class FolderTaken(InputError):
    """The folder holds a run already."""


class RunFolder:
    """One folder per run. Every file is written atomically, when it is known."""

    def __init__(self, path: str | Path, *, resume: bool = False, shared: bool = False):
        """Create the folder. Raises InputError if it is not writable, or holds a run already and `resume` is not given.

        shared: with other jobs, which may need what this one made and has no use for: nothing is ever removed.
        """
        self.path = Path(path)
        self._is_shared = shared
        if not resume:
            self.check_free(self.path)
        self._is_new = not self.path.exists()
        self._found = set(self.path.glob("*"))
        make_folder(self.path)

    @staticmethod
    def check_free(path: Path, *written: str) -> None:
        """Raise InputError if the folder holds a run, or something else under a name that this run would write to."""
        if (path / "config.toml").exists():
            raise FolderTaken(f"{path} holds a run already: choose another folder, or go on with {{resume}}", "resume")
        for name in written:
            if (path / name).exists():
                raise InputError(f"{path} holds {name} already, of no run recorded there: choose another folder")

    @contextmanager
    def interruptible(self, how_to_go_on: str) -> Iterator[None]:
        """Ctrl-C in the block says how to go on, unless it says so already.

        If it comes before there is any result, the folder is left as it was found: the same command works again. So it is
        when input turns out to be wrong.
        """
        try:
            yield
        except KeyboardInterrupt as interrupt:
            raise KeyboardInterrupt(*([] if self._left_as_found() else [str(interrupt) or how_to_go_on])) from None
        except (InputError, MemoryError):
            self._left_as_found()
            raise

    def _left_as_found(self) -> bool:
        """Remove what is new, if there is no result in it. Returns whether there was none."""
        if self._is_shared:
            return False
        new = [path for path in self.path.glob("*") if path not in self._found]
        files = [file for path in new for file in (path.rglob("*") if path.is_dir() else [path])]
        if any(file.is_file() and file.suffix != ".toml" and not file.name.startswith(".") for file in files):
            return False
        for path in [*new, *([self.path] if self._is_new else [])]:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        return True

    @staticmethod
    def check_kind(recorded: Mapping[str, Any], kind: str, source: Path) -> None:
        """Raise InputError unless the config.toml that was read is of a run of that kind."""
        found = recorded.get("run", {}).get("kind") if isinstance(recorded.get("run"), Mapping) else None
        if found != kind:
            raise InputError(
                f"{source} is of another kind of run ({found or 'unknown'}, not {kind}): choose another folder"
            )

    @property
    def model(self) -> Path:
        """The model file, where its name need not be the historic one."""
        return self.path / "model.mat"

    @property
    def checkpoints(self) -> Path:
        """Where checkpoints go."""
        return self.path / "checkpoints"

    @property
    def figures(self) -> Path:
        """Where figures go."""
        return self.path / "figures"

    @property
    def summary(self) -> Path:
        """Written last: a run that has it is finished."""
        return self.path / "summary.json"

    def write_config(self, kind: str, command: Sequence[str], sections: Mapping[str, Mapping[str, Any]]) -> None:
        """config.toml: what kind of run it is, the command, every resolved setting by section, and versions."""
        sections = {"run": {"kind": kind, "command": list(command)}, **sections, "versions": versions()}
        write_atomically(self.path / "config.toml", to_toml(sections))

    def write_table(self, name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path:
        """`<name>.csv`."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
        path = self.path / f"{name}.csv"
        write_atomically(path, text.getvalue())
        return path

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """summary.json: the few numbers a reader wants first."""
        write_atomically(self.summary, json.dumps(summary, indent=1) + "\n")


def versions() -> dict[str, str]:
    """Versions of Python, this package and what it computes with, and the platform."""
    found = {"python": sys.version.split()[0], "rate2spike": __version__, "platform": platform.platform()}
    for package in _TRACED_PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
