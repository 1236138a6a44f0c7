"""Layers of dendritic neurons: forward and backward pass against PyTorch in the same run; the closed form of compartments.

    python benchmarks/bench_dendrites.py                # on one core, as the rival
    python benchmarks/bench_dendrites.py --threads 2    # on two, both

A layer with 4 compartments per neuron (segregated, or a tree of three and one), 512 somas, a batch of 64, 128 steps, float32;
called as it is ("eager") and in a compiled function. The rival is a plain loop in PyTorch (`dendrites_in_pytorch.py`) in a
process of its own; contestants take turns. Spikes and gradients must agree before anything is timed.
PyTorch is needed for the rival alone (`pip install torch`); without it, our own times are printed.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np

from timing import machine, write_results

REPEATS = 9


@dataclass(frozen=True)
class Contest:
    """A layer and its size."""

    name: str
    coupling: float | None  # None: segregated
    n_steps: int = 128
    n_batch: int = 64
    n_soma: int = 512
    tau_dend: float = 2.0
    tau_soma: float = 20.0
    forward_strength: float = 1.0

    @property
    def n_input(self) -> int:
        """Of 4 compartments."""
        return 4 if self.coupling is None else 3

    def drawn(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs with which a neuron fires now and then, and the slopes of a loss."""
        rng = np.random.default_rng(0)
        mean = 2.0 if self.coupling is None else 8.0
        shape = (self.n_steps, self.n_batch, self.n_soma)
        inputs = rng.normal(mean, 1.0, (*shape[:2], self.n_soma * self.n_input)).astype(np.float32)
        return inputs, rng.normal(size=shape).astype(np.float32)


CONTESTS = (Contest("4 segregated compartments", None), Contest("tree of 3 and 1 compartments", 0.3))


class Ours:
    """The layer of the kit."""

    def __init__(self, contest: Contest, inputs: np.ndarray, slopes: np.ndarray):
        import rate2spike as r2s
        from rate2spike.machine.keras_on_tensorflow import tf

        d = r2s.dendrites
        compartment, soma = d.PassiveDendCompartment(contest.tau_dend), d.LIFSoma(contest.tau_soma)
        if contest.coupling is None:
            dend = d.SegregatedDend(compartment, d.SegregatedDendWiring(4))
        else:
            dend = d.VDiffDend(compartment, d.Kto1DendWiring(3, 1), contest.coupling, True)
        self.layer = d.VDiffForwardDendNeuron(dend, soma, [contest.n_soma], contest.forward_strength, True, "m")
        self.trained = [self.layer.forward_strength] + (
            [dend.coupling_strength] if contest.coupling is not None else []
        )
        self.tf, self.inputs, self.slopes = tf, tf.constant(inputs), tf.constant(slopes)
        self.compiled = tf.function(self.eager, autograph=False)

    def eager(self) -> tuple[Any, list[Any]]:
        """Spikes, and gradients in the inputs and the trained numbers."""
        self.layer.reset()
        with self.tf.GradientTape() as tape:
            tape.watch(self.inputs)
            spikes = self.layer(self.inputs)
        return spikes, tape.gradient(spikes, [self.inputs, *self.trained], self.slopes)


def check_agreement(ours: tuple, other: tuple) -> None:
    """Spikes are the same but for a few at the threshold, whose rounding errors differ; so are gradients."""
    assert np.mean(ours[0].numpy() != other[0]) < 1e-4 and 0.01 < np.mean(other[0]) < 0.9
    for own, theirs in zip(ours[1], other[1], strict=True):
        own = np.asarray(own)
        assert np.linalg.norm(own - theirs) < 0.02 * np.linalg.norm(theirs), (own, theirs)


def timed(contest: Contest, process: Executor | None, n_threads: int, repeats: int = REPEATS) -> dict[str, float]:
    """Rows of results."""
    inputs, slopes = contest.drawn()
    ours = Ours(contest, inputs, slopes)
    contestants: dict[str, Callable[[], float]] = {
        "eager": lambda: _seconds(ours.eager),
        "compiled": lambda: _seconds(ours.compiled),
    }
    if process:
        import dendrites_in_pytorch as rival

        said = rival.Statement(
            *(contest.tau_dend, contest.tau_soma, contest.forward_strength, contest.coupling),
            *(inputs, contest.n_soma, slopes),
        )
        theirs = process.submit(rival.take, said, n_threads).result()
        check_agreement(ours.eager(), theirs)
        check_agreement(ours.compiled(), theirs)
        contestants["PyTorch"] = lambda: process.submit(rival.seconds).result()
    found = {name: [] for name in contestants}
    for _ in range(repeats):
        for name, run in contestants.items():
            run()  # a contestant is not charged for what the one before it left
            found[name].append(run())
    seconds = {name: median(values) for name, values in found.items()}
    layer = contest.name
    results = {f"dendrites, {layer}, {name}: forward + backward, s": value for name, value in seconds.items()}
    if process:
        for name in ("eager", "compiled"):
            results[f"dendrites, {layer}: PyTorch / {name}"] = seconds["PyTorch"] / seconds[name]
    return results


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def closed_form(repeats: int = REPEATS) -> dict[str, float]:
    """128 steps of [64, 512] compartments at once: milliseconds, and MiB beside the input, at the first call."""
    import rate2spike as r2s
    from rate2spike.machine.keras_on_tensorflow import tf

    compartment = r2s.dendrites.PassiveDendCompartment(2.0, step_mode="m")
    compartment(tf.ones([2, 2, 2]))  # what the first call of all loads
    compartment.reset()
    x = tf.random.stateless_normal([128, 64, 512], [1, 2])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    compartment(x)
    extra = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    seconds = median(_seconds(lambda: compartment(x)) for _ in range(repeats))
    return {
        "dendrites, closed form of 128 steps, ms": 1000 * seconds,
        "dendrites, closed form of 128 steps, MiB": extra,
    }


def compare(n_threads: int = 1, contests: tuple[Contest, ...] = CONTESTS, repeats: int = REPEATS) -> dict[str, float]:
    """The closed form first, while the process is small, then all contests."""
    from rate2spike.machine.keras_on_tensorflow import tf

    if tf.config.threading.get_intra_op_parallelism_threads() != n_threads:
        tf.config.threading.set_intra_op_parallelism_threads(n_threads)
        tf.config.threading.set_inter_op_parallelism_threads(n_threads)
    results = closed_form(repeats)
    with ExitStack() as stack:
        process = None
        if find_spec("torch"):
            process = stack.enter_context(ProcessPoolExecutor(1, mp_context=get_context("spawn")))
        else:
            print("PyTorch is not installed: no rival", file=sys.stderr)
        for contest in contests:
            results |= timed(contest, process, n_threads, repeats)
    return results


def run() -> dict[str, float]:
    """In a process of its own: TensorFlow's threads are set once per process."""
    command = [sys.executable, os.path.abspath(__file__), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1, help="of both contestants (default: 1)")
    parser.add_argument("--json", action="store_true", help="one line for other programs")
    parser.add_argument("--output", type=Path, default=None, help="file of results (JSON)")
    arguments = parser.parse_args()
    load = os.getloadavg()
    results = compare(arguments.threads)
    print(f"load before {load[0]:.1f}, after {os.getloadavg()[0]:.1f}", file=sys.stderr)
    if arguments.output:
        write_results(arguments.output, results)
    if arguments.json:
        print(json.dumps(results))
        return
    where = machine()
    print(f"{where['processor']}, {where['cores']} cores, Python {where['python']}")
    for name, value in results.items():
        print(f"  {name:<76} {value:10.3f}")


if __name__ == "__main__":
    main()
