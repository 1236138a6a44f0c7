"""One update of networks that imitate the layer 5 cell: input as events against dense convolutions, on one core.

    python benchmarks/bench_twin_networks.py

A batch is 8 windows of 400 ms, with events at the published rate (1.1 % of all places). An update is forward pass,
gradient, penalties and Nadam. Times are those of the processor. `batches` are drawn from eight simulations of 6 s in memory.
`dense` is the same network, loss and rule on a dense array,
`TensorFlow's loop` the ELM neuron with its steps as operations of TensorFlow.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.machine.tensorflow_device import set_threads
from rate2spike.seeding import Role
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.neuron_as_net import leaky_memory
from rate2spike.spiking.neuron_as_net.architecture import preset
from rate2spike.spiking.neuron_as_net.compiled_updates import CompiledUpdates
from rate2spike.spiking.neuron_as_net.elm import ElmArchitecture
from rate2spike.spiking.neuron_as_net.event_batch import batch_of_windows
from rate2spike.spiking.neuron_as_net.fit_options import FitOptions
from rate2spike.spiking.neuron_as_net.network import TwinNetwork
from rate2spike.spiking.neuron_as_net.optimizer import optimizer_of
from rate2spike.spiking.neuron_as_net.window_source import DataFile, Prepared, PreparedFiles
from rate2spike.spiking.neuron_as_net.windows import WindowBatch, WindowBatches, WindowOptions

from timing import machine, write_results

N_SYNAPSES, BATCH, WINDOW_MS, SHARE = 1278, 8, 400, 0.011
_REPEATS = 7


def some_batch(network: TwinNetwork) -> WindowBatch:
    """Random events, and targets of noise."""
    rng = np.random.default_rng(0)
    events = [SynapticEvents.from_dense(rng.random((N_SYNAPSES, WINDOW_MS)) < SHARE) for _ in range(BATCH)]
    heads = network.architecture.heads
    targets = {h.name: rng.random((BATCH, WINDOW_MS, h.n_outputs)).astype(np.float32) for h in heads}
    mask = np.ones((BATCH, WINDOW_MS), np.float32)
    return WindowBatch(batch_of_windows(events, [0] * BATCH, WINDOW_MS), targets, mask, np.zeros(BATCH, int))


def updates_of(network: TwinNetwork) -> CompiledUpdates:
    """With the published rule and losses."""
    made = CompiledUpdates(network, optimizer_of(FitOptions(), network.model), BATCH, WINDOW_MS)
    made.set_weights({"spikes": 1.0, "somatic": 0.02, "dendritic": 5e-6})
    return made


class DenseTwin:
    """A network whose first layer takes a dense array: what TwinNetwork is to `CompiledUpdates`."""

    def __init__(self, network: TwinNetwork, dense: np.ndarray):
        self.architecture, self.model, self._dense = network.architecture, network.model, tf.constant(dense)

    def outputs(self, _columns: Any, _n_items: int, _n_steps: int, training: bool = False) -> dict[str, tf.Tensor]:
        """The model's, whatever the events."""
        return self.model(self._dense, training=training)


def seconds(run: Callable[[], Any]) -> float:
    """Of the processor; the first call, which compiles, does not count."""
    run()
    found = []
    for _ in range(_REPEATS):
        start = time.process_time()
        run()
        found.append(time.process_time() - start)
    return median(found)


def of_convolutions(name: str) -> dict[str, float]:
    """Events and dense input of one architecture."""
    network = TwinNetwork(preset(name))
    batch = some_batch(network)
    dense: Any = DenseTwin(network, batch.events.to_dense(N_SYNAPSES))
    found = {"events": updates_of(network), "dense": updates_of(dense)}
    times = {kind: seconds(lambda one=one: one.update(batch)["loss"].numpy()) for kind, one in found.items()}
    return {f"{name}, {kind}, s per update": value for kind, value in times.items()}


def of_elm(n_memory: int) -> dict[str, float]:
    """Our kernels, and TensorFlow's loop."""
    found = {}
    loops = {"kernels": leaky_memory.memory_by_kernel, "TensorFlow's loop": leaky_memory.memory_by_tensorflow}
    for kind, loop in loops.items():
        leaky_memory.memory_by_kernel = loop
        network = TwinNetwork(ElmArchitecture(n_memory=n_memory))
        one, batch = updates_of(network), some_batch(network)
        found[f"ELM of {n_memory}, {kind}, s per update"] = seconds(
            lambda one=one, b=batch: one.update(b)["loss"].numpy()
        )
    leaky_memory.memory_by_kernel = loops["kernels"]
    return found


def of_batches(n_batches: int = 300) -> dict[str, float]:
    """Random windows of simulations that are in memory."""
    rng, duration_ms = np.random.default_rng(0), 6000
    heads = preset("fcn-1x128x43").heads
    targets = {h.name: rng.random((duration_ms, h.n_outputs)).astype(np.float32) for h in heads}
    several = [
        Prepared(SynapticEvents.from_dense(rng.random((N_SYNAPSES, duration_ms)) < SHARE), targets) for _ in range(8)
    ]
    source: Any = PreparedFiles([DataFile("in memory", 8, lambda: (), "")], lambda one: one, 1, N_SYNAPSES)
    source._kept[0] = several  # as after the first batch
    options = WindowOptions(batch_size=BATCH, window_ms=WINDOW_MS)
    batches = WindowBatches(source, options, 0, 1, 0, Role.TRAINING, duration_ms, n_batches)
    return {"batches of 8 windows from memory, per s": n_batches / seconds(lambda: sum(1 for _ in batches.epoch(0)))}


def run() -> dict[str, float]:
    """All."""
    set_threads(tf)
    found = of_batches()
    for name in ("fcn-1x128x43", "tcn-3x64x100", "tcn-7x128x153"):
        found |= of_convolutions(name)
    for n_memory in (20, 100):
        found |= of_elm(n_memory)
    return found


def main() -> None:
    """Print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=None, help="file of results (JSON)")
    arguments = parser.parse_args()
    results = run()
    if arguments.output:
        write_results(arguments.output, results)
    where = machine()
    print(f"{where['processor']}, {where['cores']} cores, Python {where['python']}")
    for name, value in results.items():
        print(f"  {name:<48} {value:8.4f}")


if __name__ == "__main__":
    main()
