"""What the programs of the three engines have in common: the network that they read, and how they are asked for runs.

A program (engines_ours.py, engines_brian2.py, engines_nest.py) is started with the file of a network. When it is ready it
prints a line, and for each line on its standard input it makes a run and prints another, all of them JSON. Nothing but
NumPy is imported here, for these programs live in environments of their own.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

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
