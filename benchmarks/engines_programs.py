"""The programs of the three engines and the environments that they run in; see engines_worker.py for how they are asked."""

import json
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from engines_worker import Network, Spikes

HERE = Path(__file__).parent
# 2.9 does not import with NumPy 2.4, and later ones need Python 3.12
REQUIREMENTS = {"brian2": ("brian2==2.9.0", "numpy<2.4"), "nest": ("nest-simulator==3.10.0",)}


@dataclass(frozen=True)
class Engine:
    """One of the contestants."""

    name: str  # as on the page
    script: str
    environment: str | None  # None: the one that runs this
    precision: str = "float64"


OURS = Engine("rate2spike", "engines_ours.py", None, "float32")
BRIAN2 = Engine("Brian2", "engines_brian2.py", "brian2")
BRIAN2_FLOAT32 = Engine("Brian2, float32", "engines_brian2.py", "brian2", "float32")
NEST = Engine("NEST", "engines_nest.py", "nest")


def make_environments(folder: Path) -> None:
    """One per rival, from the package index; those that are there are kept."""
    for name, packages in REQUIREMENTS.items():
        if not (folder / name / "installed").exists():
            venv.create(folder / name, with_pip=True)
            subprocess.run([_python(folder, name), "-m", "pip", "install", "--quiet", *packages], check=True)
            (folder / name / "installed").touch()


def _python(folder: Path, environment: str | None) -> str:
    return sys.executable if environment is None else str(folder.absolute() / environment / "bin" / "python")


class Program:
    """A running program of an engine, with a network in it."""

    def __init__(
        self, engine: Engine, network: Network, environments: Path, threads: int = 1, trials: int = 1, at_once: int = 1
    ):
        """threads: within the program. at_once: so many copies of it run beside each other, each with its share of trials."""
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name) / "network.npz"
        network.save(path)
        command = [_python(environments, engine.environment), str(HERE / engine.script), str(path)]
        command += ["--threads", str(threads), "--trials", str(trials // at_once), "--precision", engine.precision]
        self._errors = (Path(self._folder.name) / "errors").open("w+")
        self._copies = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True)
            for _ in range(at_once)
        ]
        self.build_s = max(self._answer(copy)["build_s"] for copy in self._copies)

    def run(self, spikes_to: Path | None = None) -> dict[str, float]:
        """wall_s, cpu_s, n_spikes, peak_mb: of copies the longest time, and the sum of the rest."""
        for copy in self._copies:
            assert copy.stdin is not None
            print(json.dumps({"spikes_to": spikes_to and str(spikes_to)}), file=copy.stdin, flush=True)
        answers = [self._answer(copy) for copy in self._copies]
        total = {name: sum(answer[name] for answer in answers) for name in answers[0]}
        return total | {"wall_s": max(answer["wall_s"] for answer in answers)}

    def spikes(self) -> Spikes:
        """Of a run of its own."""
        path = Path(self._folder.name) / "spikes.npz"
        self.run(path)
        with np.load(path) as file:
            return file["unit"], file["step"]

    def _answer(self, copy: subprocess.Popen) -> dict[str, Any]:
        assert copy.stdout is not None
        for line in copy.stdout:
            if line.startswith("{"):  # NEST greets with some lines
                return json.loads(line)
        self._errors.seek(0)
        raise RuntimeError(f"{copy.args} ended: {self._errors.read()[-2000:]}")

    def close(self) -> None:
        """End it."""
        for copy in self._copies:
            copy.communicate()
        self._errors.close()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        """For `with`."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.close()
