"""Our solver of detailed cells against NEURON at the same fixed step, on one core in one run: speed, and agreement of spikes.

    python benchmarks/bench_detailed_cells.py                        # speed: needs `pip install 'rate2spike[neuron]'`
    python benchmarks/bench_detailed_cells.py --agreement 20         # spikes of as many simulations of 6 s, L5 cell with NMDA
    python benchmarks/bench_detailed_cells.py --variable 10          # the same against NEURON's variable steps: a minute each
    python benchmarks/bench_detailed_cells.py --scaling              # how our time grows with duration and with segments

Both get the same events. Times are those of the processor. The yardstick of agreement is NEURON at 0.1 ms against NEURON at
0.025 ms: how many spikes of the first are within 1 ms of one of the second; of --variable, NEURON at 0.05 ms against
NEURON's variable steps, within 2 ms. --scaling takes the published rates per synapse.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from rate2spike.spiking.detailed_cells.ball_and_stick import ball_and_stick
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.detailed_cells.l5_pyramidal import l5_pyramidal
from rate2spike.spiking.twin_data.ball_and_stick_input import BallAndStickInput
from rate2spike.spiking.twin_data.l5_variants import L5_VARIANTS

from timing import machine, write_results

WITHIN_MS, WITHIN_MS_OF_VARIABLE = 1.0, 2.0
_REPEATS = 3
_LENGTHS_S, _N_SEGMENTS = (1.5, 3, 6), (8, 64, 256, 512)


@dataclass(frozen=True)
class Subject:
    """A cell, its input, its step, and how many simulations of ours and of NEURON's are timed."""

    name: str
    cell: Any
    random_input: Any
    dt_ms: float
    n_ours: int
    n_neuron: int

    def inputs(self, n: int) -> list[SynapticEvents]:
        """The same for everybody."""
        return [self.random_input.draw(self.cell, 1, k).events for k in range(n)]


def subjects() -> tuple[Subject, ...]:
    """The layer 5 cell and both balls with a stick; full groups of lanes."""
    return (
        Subject("L5 cell, 0.1 ms", l5_pyramidal(), L5_VARIANTS["NMDA"].input, 0.1, 8, 1),
        Subject("NMDA cable, 0.025 ms", ball_and_stick("NMDA_cable"), BallAndStickInput(), 0.025, 32, 1),
        Subject("AMPA point, 0.025 ms", ball_and_stick("AMPA_point"), BallAndStickInput(), 0.025, 32, 1),
    )


def speed(subject: Subject, repeats: int = _REPEATS) -> dict[str, float]:
    """Processor seconds of one simulation of ours and of NEURON's, in turns, and their ratio."""
    inputs = subject.inputs(subject.n_ours)
    runs = {"ours": lambda: subject.cell.run(inputs, dt_ms=subject.dt_ms, n_threads=1)}
    counts = {"ours": subject.n_ours, "NEURON": subject.n_neuron}
    if find_spec("neuron"):
        from rate2spike.spiking.detailed_cells.neuron_reference import NeuronReference

        reference = NeuronReference(subject.cell)
        runs["NEURON"] = lambda: reference.run(inputs[: subject.n_neuron], dt_ms=subject.dt_ms)
    subject.cell.run([SynapticEvents(subject.cell.n_synapses, 10, [], [])], dt_ms=subject.dt_ms)  # compiles
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            start = time.process_time()
            run()
            seconds[name].append((time.process_time() - start) / counts[name])
    what = subject.name
    found = {f"{what}, {name}, s per simulation": median(values) for name, values in seconds.items()}
    if "NEURON" in seconds:
        found[f"{what}, NEURON / ours"] = median(
            other / own for own, other in zip(seconds["ours"], seconds["NEURON"], strict=True)
        )
    return found


def scaling(repeats: int = _REPEATS) -> dict[str, float]:
    """Processor seconds of ours by the length of a simulation, and by the number of segments; full groups of lanes."""
    l5, given = l5_pyramidal(), L5_VARIANTS["NMDA"].input
    by_length, by_segments = {}, {}
    for seconds in _LENGTHS_S:
        inputs = [
            replace(given, duration_ms=int(1000 * seconds)).draw(l5, 1, k).events for k in range(l5.n_side_by_side)
        ]
        by_length[seconds] = _own_seconds(l5, inputs, 0.1, repeats)
    for n in _N_SEGMENTS:
        stick, two_seconds = ball_and_stick(n_segments=n), BallAndStickInput(duration_ms=2000)
        inputs = [two_seconds.draw(stick, 1, k).events for k in range(stick.n_side_by_side)]
        by_segments[n] = _own_seconds(stick, inputs, 0.025, repeats) / 2
    (*_, half, whole), (*_, few, many) = _LENGTHS_S, _N_SEGMENTS
    found = {f"L5 cell, simulations of {length} s, s per simulation": value for length, value in by_length.items()}
    found[f"L5 cell, simulations of {whole} s / of {half} s"] = by_length[whole] / by_length[half]
    found |= {f"NMDA cable, {n} segments, s per simulated second": value for n, value in by_segments.items()}
    found[f"NMDA cable, {many} segments / {few} segments"] = by_segments[many] / by_segments[few]
    return found


def _own_seconds(cell: Any, inputs: Sequence[SynapticEvents], dt_ms: float, repeats: int) -> float:
    """Median of one simulation, all of them together on one core."""
    cell.run([SynapticEvents(cell.n_synapses, 10, [], [])], dt_ms=dt_ms)  # compiles
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        cell.run(inputs, dt_ms=dt_ms, n_threads=1)
        seconds.append((time.process_time() - start) / len(inputs))
    return median(seconds)


def matched(own: np.ndarray, other: np.ndarray, within_ms: float = WITHIN_MS) -> int:
    """Spikes of `other` that have one of `own` within so many ms; none of `own` counts twice. Both are sorted."""
    n, k = 0, 0
    for spike in other:
        while k < own.size and own[k] < spike - within_ms:
            k += 1
        if k < own.size and own[k] <= spike + within_ms:
            n, k = n + 1, k + 1
    return n


def agreement(n: int) -> dict[str, float]:
    """Of n simulations of the layer 5 cell: ours with NEURON's at 0.1 ms, and NEURON's with its own at 0.025 ms."""
    from rate2spike.spiking.detailed_cells.neuron_reference import NeuronReference

    cell = l5_pyramidal()
    inputs = [L5_VARIANTS["NMDA"].input.draw(cell, 1, k).events for k in range(n)]
    ours, reference = cell.run(inputs), NeuronReference(cell)
    coarse, fine = ([reference.run(one, dt_ms=dt)[0] for one in inputs] for dt in (0.1, 0.025))
    found = {"spikes of ours": _count(ours), "spikes of NEURON, 0.1 ms": _count(coarse)}
    found["spikes of NEURON, 0.025 ms"] = _count(fine)
    found["NEURON's spikes that ours has within 1 ms, %"] = _share(ours, coarse)
    found["spikes of NEURON at 0.025 ms that NEURON at 0.1 ms has within 1 ms, %"] = _share(coarse, fine)
    worst = max(np.abs(a.v_soma_mv - b.v_soma_mv).max() for a, b in zip(ours, coarse, strict=True))
    return found | {"largest difference of the somatic voltage, mV": float(worst)}


def variable_steps(n: int) -> dict[str, float]:
    """Of n simulations of the layer 5 cell: ours and NEURON's at 0.05 ms, with NEURON's of variable steps."""
    from rate2spike.spiking.detailed_cells.neuron_reference import NeuronReference

    cell = l5_pyramidal()
    inputs = [L5_VARIANTS["NMDA"].input.draw(cell, 1, k).events for k in range(n)]
    ours, reference = cell.run(inputs, dt_ms=0.05), NeuronReference(cell)
    fixed, variable = ([reference.run(one, dt_ms=dt)[0] for one in inputs] for dt in (0.05, None))
    found = {"spikes of ours, 0.05 ms": _count(ours), "spikes of NEURON, 0.05 ms": _count(fixed)}
    found["spikes of NEURON, variable steps"] = _count(variable)
    for name, own in (("ours", ours), ("NEURON", fixed)):
        share = _share(own, variable, WITHIN_MS_OF_VARIABLE)
        found[f"spikes of variable steps that {name} at 0.05 ms has within 2 ms, %"] = share
    return found


def _count(recordings: Sequence[Any]) -> int:
    return sum(one.n_spikes for one in recordings)


def _share(own: Sequence[Any], other: Sequence[Any], within_ms: float = WITHIN_MS) -> float:
    found = sum(matched(a.spike_times_ms, b.spike_times_ms, within_ms) for a, b in zip(own, other, strict=True))
    return 100 * found / max(_count(other), 1)


def run() -> dict[str, float]:
    """Speed of all subjects."""
    return {name: value for subject in subjects() for name, value in speed(subject).items()}


def main() -> None:
    """Print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agreement", type=int, default=0, metavar="N", help="compare N simulations in place of speed")
    parser.add_argument("--variable", type=int, default=0, metavar="N", help="the same against NEURON's variable steps")
    parser.add_argument("--scaling", action="store_true", help="measure how our time grows in place of speed")
    parser.add_argument("--output", type=Path, default=None, help="file of results (JSON)")
    arguments = parser.parse_args()
    if arguments.agreement:
        results = agreement(arguments.agreement)
    elif arguments.variable:
        results = variable_steps(arguments.variable)
    else:
        results = scaling() if arguments.scaling else run()
    if arguments.output:
        write_results(arguments.output, results)
    where = machine()
    print(f"{where['processor']}, {where['cores']} cores, Python {where['python']}")
    for name, value in results.items():
        print(f"  {name:<72} {value:10.3f}")


if __name__ == "__main__":
    main()
