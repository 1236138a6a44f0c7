"""Networks of cascade units: seconds per epoch of 10 seeds, against PyTorch in the same run.

    python benchmarks/bench_cascade_networks.py          # all models; an update of two networks for spoken digits
    python benchmarks/bench_cascade_networks.py --full   # the whole memorisation: 10 seeds, 600 epochs, five models

Ours trains groups of networks side by side, a thread for each, as `memorize` and `recognize_digits` do. The rival is one
PyTorch statement of the same networks (`cascade_in_pytorch.py`), from the same weights and on the same trials: one network
after the other, and also networks side by side in one tensor; in two processes of one thread, or in one of two threads
where that is faster in a first round. Losses must agree before anything is timed.
PyTorch is needed for the rival alone (`pip install torch`); without it, our own times are printed.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np

from timing import alternate, machine, medians, write_results

REPEATS = 5
N_COMPARED, TOLERANCE = 2, 1e-3  # epochs; rounding errors that move a spike across the threshold grow from then on
N_GROUPS = 2  # as many as cores
EVENTS_OF_A_RECORDING, SILENT_STEPS = 8000, 30
FULL_LIMIT_S = 600


@dataclass(frozen=True)
class Contest:
    """A model, the seeds of its networks, and what these learn: inputs (S, T, B, I), labels (S, B)."""

    model: str
    config: Any
    inputs: np.ndarray
    labels: np.ndarray
    n_epochs: int = 1  # timed together

    @property
    def groups(self) -> list[slice]:
        """Networks that share a thread, or a process."""
        n = len(self.labels) // N_GROUPS
        return [slice(k * n, (k + 1) * n) for k in range(N_GROUPS)]


def memorizing(model: str, n_epochs: int = 2, **settings: Any) -> Contest:
    """The published task."""
    from rate2spike.spiking.cascade_networks.config import MemorizeConfig
    from rate2spike.spiking.cascade_networks.patterns import draw_patterns

    config = MemorizeConfig(models=(model,), **settings)
    drawn = [draw_patterns(config, seed) for seed in config.seeds]
    spikes = np.stack([one.spikes.transpose(1, 0, 2) for one in drawn])
    return Contest(model, config, spikes, np.stack([one.labels for one in drawn]), n_epochs)


def recognizing(model: str, **settings: Any) -> Contest:
    """An update of the spoken digits, of made-up counts: as many events as a recording has, in its first seven tenths."""
    from rate2spike.spiking.cascade_networks.config import SHDConfig

    config = SHDConfig(models=(model,), n_seeds=N_GROUPS, **settings)
    rng = np.random.default_rng(0)
    steps = config.n_steps - SILENT_STEPS
    mean = EVENTS_OF_A_RECORDING / (steps * config.n_inputs)
    counts = np.zeros((config.n_seeds, config.n_steps, config.batch_size, config.n_inputs), np.float32)
    counts[:, :steps] = rng.poisson(mean, counts[:, :steps].shape)
    return Contest(model, config, counts, rng.integers(0, config.n_classes, (config.n_seeds, config.batch_size)))


class Ours:
    """The training of `memorize` and `recognize_digits`, without checkpoints."""

    def __init__(self, contest: Contest, pool: Executor):
        from rate2spike.machine.keras_on_tensorflow import tf
        from rate2spike.machine.tensorflow_device import set_threads
        from rate2spike.spiking.cascade_networks.ensemble import Ensemble
        from rate2spike.spiking.cascade_networks.ensemble_training import Updates
        from rate2spike.spiking.cascade_networks.networks import network
        from rate2spike.spiking.cascade_networks.variants import MEMORIZE, VARIANTS
        from rate2spike.spiking.training.optimizer import adam, adamax

        set_threads(tf)
        self.pool, config = pool, contest.config
        networks = [network(VARIANTS[contest.model], config, seed) for seed in config.seeds]
        self.weights = [[one.numpy() for one in network.trainable_variables] for network in networks]
        self.groups = []
        for group in contest.groups:
            ensemble = Ensemble(networks[group])
            optimizer = (adam if config.task == MEMORIZE else adamax)(ensemble.variables, config.learning_rate)
            inputs = tf.constant(contest.inputs[group])
            self.groups.append((Updates(ensemble, optimizer), inputs, tf.constant(contest.labels[group], tf.int32)))

    def train(self, n_epochs: int) -> np.ndarray:
        """Losses (n_epochs, S), each before the update."""
        parts = self.pool.map(lambda group: [group[0].update(*group[1:]).losses for _ in range(n_epochs)], self.groups)
        return np.concatenate([np.stack(part) for part in parts], 1)


class PyTorch:
    """The rival in two processes, each of which has half of the networks."""

    def __init__(self, contest: Contest, weights: list[list[np.ndarray]], processes: list[Executor]):
        from rate2spike.spiking.cascade_networks.variants import VARIANTS

        import cascade_in_pytorch

        self.rival, self.processes = cascade_in_pytorch, processes
        variant, config = VARIANTS[contest.model], contest.config
        gain = variant.options.get("backprop_gain", 0.0)
        for process, group in zip(processes, contest.groups, strict=True):
            said = cascade_in_pytorch.Statement(
                *(variant.layer, gain, config.task, config.learning_rate, weights[group]),
                *(contest.inputs[group].astype(np.uint8), contest.labels[group]),
            )
            process.submit(cascade_in_pytorch.take, said).result()

    def train(self, together: bool, n_threads: int, n_epochs: int) -> np.ndarray:
        """Losses (n_epochs, S); with two threads one half after the other, as if it were one process."""
        tasks = (lambda p=p: p.submit(self.rival.train, together, n_threads, n_epochs) for p in self.processes)
        if n_threads > 1:
            return np.concatenate([task().result() for task in tasks], 1)
        return np.concatenate([future.result() for future in [task() for task in tasks]], 1)


PLAIN, BATCHED = "PyTorch", "batched PyTorch"
WAYS = {1: "2 processes", 2: "2 threads"}  # by threads of a process


def timed(contest: Contest, pool: Executor, processes: list[Executor], repeats: int = REPEATS) -> dict[str, float]:
    """Median seconds per epoch of all seeds: of ours and, if there are processes, of the rival's faster ways."""
    ours = Ours(contest, pool)
    contestants: dict[str, Callable[[], object]] = {"ours": lambda: ours.train(contest.n_epochs)}
    if processes:
        rival = PyTorch(contest, ours.weights, processes)
        _check_agreement(contest.model, ours.train(N_COMPARED), rival)
        for together in (False, True) if len(ours.weights) > N_GROUPS else (False,):
            way = _faster_way(contest, rival, together)
            contestants[BATCHED if together else PLAIN] = lambda t=together, way=way: rival.train(
                t, way, contest.n_epochs
            )
    return {name: s / contest.n_epochs for name, s in medians(alternate(contestants, repeats)).items()}


def _faster_way(contest: Contest, rival: PyTorch, together: bool) -> int:
    ways = {n_threads: lambda n=n_threads: rival.train(together, n, contest.n_epochs) for n_threads in WAYS}
    tried = {n_threads: seconds[0] / contest.n_epochs for n_threads, seconds in alternate(ways, 1).items()}
    told = ", ".join(f"{seconds:.2f} s in {WAYS[n_threads]}" for n_threads, seconds in tried.items())
    print(f"{contest.config.task} {contest.model}, {BATCHED if together else PLAIN}: {told}", file=sys.stderr)
    return min(tried, key=tried.__getitem__)


def _check_agreement(model: str, own: np.ndarray, rival: PyTorch) -> None:
    for together in (False, True):
        other = rival.train(together, 1, N_COMPARED)
        assert np.allclose(own[0], other[0], rtol=1e-5, atol=0), (model, own[0], other[0])
        assert np.allclose(own, other, rtol=TOLERANCE, atol=0), (model, np.abs(other / own - 1))


def compared(seconds: dict[str, float], what: str, turn: str) -> dict[str, float]:
    """Rows of results."""
    own = seconds["ours"]
    results = {f"{what}, seconds per {turn}": own}
    if PLAIN in seconds:
        results[f"{what}, PyTorch, seconds per {turn}"] = seconds[PLAIN]
        results[f"{what}, PyTorch / ours"] = seconds[PLAIN] / own
    if BATCHED in seconds:
        results[f"{what}, batched PyTorch / ours"] = seconds[BATCHED] / own
    return results


def contests() -> list[tuple[str, str, Callable[[], Contest]]]:
    """What is timed: name, what a turn is, and how it is made."""
    from rate2spike.spiking.cascade_networks.variants import VARIANTS

    return [
        *((f"memorize {m}", "epoch", lambda m=m: memorizing(m, n_seeds=10)) for m in VARIANTS),
        *((f"digits {m}", "update", lambda m=m: recognizing(m)) for m in ("bap", "prc")),
    ]


def compare(
    chosen: list[tuple[str, str, Callable[[], Contest]]] | None = None, repeats: int = REPEATS
) -> dict[str, float]:
    """All contests."""
    results = {}
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(N_GROUPS))
        processes = []
        if find_spec("torch"):
            spawn = get_context("spawn")
            processes = [stack.enter_context(ProcessPoolExecutor(1, mp_context=spawn)) for _ in range(N_GROUPS)]
        else:
            print("PyTorch is not installed: no rival", file=sys.stderr)
        for name, turn, contest in contests() if chosen is None else chosen:
            results |= compared(timed(contest(), pool, processes, repeats), name, turn)
    return results


def full() -> dict[str, float]:
    """The whole memorisation as published, once."""
    import rate2spike as r2s

    start, processor = time.perf_counter(), time.process_time()
    result = r2s.memorize(n_seeds=10, n_epochs=600)
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    print(f"accuracies {result.final_accuracies}", file=sys.stderr)
    print(f"{seconds:.0f} s, at most {FULL_LIMIT_S} s are asked; {processor:.0f} s of processors", file=sys.stderr)
    return {
        "memorize, 10 seeds, 600 epochs, 5 models, s": seconds,
        "memorize, 10 seeds, 600 epochs, 5 models, processor s": processor,
    }


def run() -> dict[str, float]:
    """In a process of its own: TensorFlow's threads are set once per process. Without the whole memorisation."""
    command = [sys.executable, os.path.abspath(__file__), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="the whole memorisation instead")
    parser.add_argument("--only", default="", help="contests whose name holds this")
    parser.add_argument("--json", action="store_true", help="one line for other programs")
    parser.add_argument("--output", type=Path, default=None, help="file of results (JSON)")
    arguments = parser.parse_args()
    load = os.getloadavg()
    results = full() if arguments.full else compare([one for one in contests() if arguments.only in one[0]])
    print(f"load before {load[0]:.1f}, after {os.getloadavg()[0]:.1f}", file=sys.stderr)
    if arguments.output:
        write_results(arguments.output, results)
    if arguments.json:
        print(json.dumps(results))
        return
    where = machine()
    print(f"{where['processor']}, {where['cores']} cores, Python {where['python']}")
    for name, value in results.items():
        print(f"  {name:<64} {value:10.3f}")


if __name__ == "__main__":
    main()
