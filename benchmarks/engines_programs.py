"""The programs of the three engines: what they are asked from here, and what they answer there.

A program (engines_ours.py, engines_brian2.py, engines_nest.py) is started with the file of a network. When it is ready it
prints a line, and for each line on its standard input it makes a run and prints another, all of them JSON. Nothing but
NumPy is imported here, for these programs live in environments of their own.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np

HERE = Path(__file__).parent
# 2.9 does not import with NumPy 2.4, and later ones need Python 3.12
REQUIREMENTS = {"brian2": ("brian2==2.9.0", "numpy<2.4"), "nest": ("nest-simulator==3.10.0",)}
Spikes = tuple[np.ndarray, np.ndarray]  # of each spike its unit and its step from 0 on


@dataclass(frozen=True)
class Network:
    """LIF units with double-exponential synapses, and a trial of it: plain numbers and arrays, in ms and mV."""

    dt_ms: float
    n_steps: int
    tau_m_ms: float
    tau_r_ms: float
    t_ref_ms: float
    v_reset_mv: float
    v_peak_mv: float
    noise_mv: float  # SD per step
    bias_mv: np.ndarray  # (N,)
    tau_d_ms: np.ndarray  # (N,) of the target
    v_start_mv: np.ndarray  # (N,)
    source: np.ndarray  # (n_synapses,)
    target: np.ndarray
    weight: np.ndarray  # mV s: the area of what a spike brings

    @property
    def n_units(self) -> int:
        """N."""
        return self.bias_mv.size

    def save(self, path: Path) -> None:
        """As .npz."""
        np.savez(path, **asdict(self))

    @classmethod
    def read(cls, path: Path) -> "Network":
        """What `save` has written."""
        with np.load(path) as file:
            return cls(**{one.name: file[one.name][()] for one in fields(cls)})


@dataclass(frozen=True)
class Run:
    """What a run took, of the loop over the steps alone, and its spikes."""

    wall_s: float
    cpu_s: float
    spikes: Spikes
    peak_mb: float = 0.0  # 0: of this process


def timed(run: Callable[[], object], cpu_clock: Callable[[], float]) -> tuple[float, float]:
    """Seconds by the clock on the wall and by the processor's."""
    wall, cpu = time.perf_counter(), cpu_clock()
    run()
    return time.perf_counter() - wall, cpu_clock() - cpu


def serve(make: Callable[[Network, argparse.Namespace], Callable[[int], Run]]) -> None:
    """The program. make(network, options) gives what makes run number k, from the same start with other noise."""
    parser = argparse.ArgumentParser()
    parser.add_argument("network", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--trials", type=int, default=1)
    parser.add_argument("--precision", default="float64")
    options = parser.parse_args()
    network = Network.read(options.network)
    answers, sys.stdout = sys.stdout, sys.stderr  # engines like to print
    start = time.perf_counter()
    run = make(network, options)
    _say(answers, build_s=time.perf_counter() - start)
    for k, line in enumerate(sys.stdin):
        done = run(k)
        if to := json.loads(line)["spikes_to"]:
            np.savez(to, unit=done.spikes[0], step=done.spikes[1])
        n_spikes, memory = int(done.spikes[0].size), done.peak_mb or own_peak_mb()
        _say(answers, wall_s=done.wall_s, cpu_s=done.cpu_s, n_spikes=n_spikes, peak_mb=memory)


def own_peak_mb() -> float:
    """Largest resident memory of this process so far; getrusage would count what it was forked from."""
    return peak_mb_of(Path("/proc/self/status").read_text())


def peak_mb_of(status: str) -> float:
    """From the text of /proc/PID/status."""
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _say(answers, **values: float) -> None:
    print(json.dumps(values), file=answers, flush=True)


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
        try:
            self.build_s = max(self._answer(copy)["build_s"] for copy in self._copies)
        except RuntimeError:
            self.close()
            raise

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
