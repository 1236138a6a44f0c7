"""The gate of engines.py: whether the engines do the same thing. What differs is said in a line; nothing, if they agree."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engines_ours import STRONG_MV_PER_HZ, bias_mv, network_of, with_start
from engines_programs import BRIAN2, NEST, OURS, Network, Program, Spikes
from engines_rows import Row, row_of

UNITS, P_CONNECTED, N_STEPS, LONGER = 200, 0.1, 4000, 20_000
BIAS_MV = (-39.0, -36.0)  # above v_peak: all units fire without noise
UNITS_WITH_NOISE, STEPS_WITH_NOISE, RATE_HZ = 1000, 100_000, 5.0

LARGEST_SHIFT_STEPS = 1
LARGEST_RATE_DIFFERENCE = 0.02


@dataclass(frozen=True)
class Shifts:
    """How two engines' spikes of the same trial differ, the k-th of a unit with the k-th."""

    n_spikes: int
    n_moved: int  # by at least a step
    n_beyond: int  # by more than LARGEST_SHIFT_STEPS
    n_units_of_other_count: int

    @property
    def disagreement(self) -> str:
        """What is wrong, or nothing."""
        if not self.n_spikes:
            return "no spike to compare"
        if self.n_units_of_other_count:
            return f"{self.n_units_of_other_count} units fire another number of spikes"
        if self.n_beyond:
            return f"{self.n_beyond} of {self.n_spikes} spikes are more than {LARGEST_SHIFT_STEPS} step apart"
        return ""


def shifts(one: Spikes, other: Spikes, n_units: int, n_steps: int) -> Shifts:
    """Of the spikes in the first n_steps."""
    moved, other_counts = [np.zeros(0, int)], 0
    for a, b in zip(_trains(one, n_units, n_steps), _trains(other, n_units, n_steps), strict=True):
        # a spike at the last step may fall just behind it in the other train
        last = min(a.size, b.size)
        late = np.concatenate([a[last:], b[last:]])
        other_counts += bool((late < n_steps - LARGEST_SHIFT_STEPS).any())
        moved.append(np.abs(a[:last] - b[:last]))
    apart = np.concatenate(moved)
    return Shifts(apart.size, int((apart > 0).sum()), int((apart > LARGEST_SHIFT_STEPS).sum()), int(other_counts))


def _trains(spikes: Spikes, n_units: int, n_steps: int) -> list[np.ndarray]:
    """Steps of each unit's spikes, in order."""
    unit, step = (values[spikes[1] < n_steps] for values in spikes)
    order = np.lexsort((step, unit))
    return np.split(step[order], np.cumsum(np.bincount(unit, minlength=n_units))[:-1])


def rate_disagreement(n_spikes: int, n_ours: int) -> str:
    """What is wrong with a number of spikes beside ours, or nothing."""
    if not n_ours or not n_spikes:
        return "no spike to compare"
    ratio = n_spikes / n_ours
    return "" if abs(ratio - 1) <= LARGEST_RATE_DIFFERENCE else f"the mean rate is {ratio:.3f} of ours"


def gate(environments: Path) -> list[Row]:
    """Ends the program if an engine does something else."""
    return [*_gate_of_trains(environments), *_gate_of_rates(environments)]


def _gate_of_trains(environments: Path) -> Iterator[Row]:
    """Without noise, and with inputs above the threshold."""
    network = without_noise(network_of(UNITS, P_CONNECTED, LONGER))
    alone = replace(network, weight=np.zeros_like(network.weight))
    spikes = {}
    for engine in (OURS, BRIAN2, NEST):
        with Program(engine, network, environments) as program:
            spikes[engine] = program.spikes()
    with Program(OURS, alone, environments) as program:
        without_synapses = program.spikes()
    for name, one, other in (
        ("Brian2 and rate2spike", spikes[BRIAN2], spikes[OURS]),
        ("NEST and rate2spike", spikes[NEST], spikes[OURS]),
        ("NEST and Brian2", spikes[NEST], spikes[BRIAN2]),
        ("rate2spike with and without synapses", without_synapses, spikes[OURS]),
    ):
        for n_steps in (N_STEPS, LONGER):
            found = shifts(one, other, UNITS, n_steps)
            if n_steps == N_STEPS and one is not without_synapses:
                _pass(name, found.disagreement)
            span = f"first {n_steps * network.dt_ms / 1000:g} s"
            for quantity, value in (
                ("spikes", found.n_spikes),
                ("moved", found.n_moved),
                ("moved by more than a step", found.n_beyond),
                ("units with another number", found.n_units_of_other_count),
            ):
                yield row_of("gate", name, f"{quantity}, {span}", [value], n_units=UNITS, p_connected=P_CONNECTED)
    if not shifts(without_synapses, spikes[OURS], UNITS, N_STEPS).disagreement:
        raise SystemExit("the gate would not notice if there were no synapses")


def without_noise(network: Network) -> Network:
    """With constant inputs instead that make all units fire, each at its own rate."""
    bias = np.random.default_rng(1).uniform(*BIAS_MV, network.n_units)
    return with_start(replace(network, noise_mv=0.0, bias_mv=bias))


def _gate_of_rates(environments: Path) -> Iterator[Row]:
    """With noise: without it the units would be silent."""
    network = network_of(UNITS_WITH_NOISE, P_CONNECTED, STEPS_WITH_NOISE, STRONG_MV_PER_HZ)
    bias = bias_mv(RATE_HZ, STRONG_MV_PER_HZ, P_CONNECTED)
    network = with_start(replace(network, bias_mv=np.full(UNITS_WITH_NOISE, bias)))
    counts = {}
    for engine in (OURS, BRIAN2, NEST):
        with Program(engine, network, environments) as program:
            counts[engine] = program.run()["n_spikes"]
        _pass(engine.name, rate_disagreement(int(counts[engine]), int(counts[OURS])))
        about = dict(n_units=UNITS_WITH_NOISE, p_connected=P_CONNECTED, target_hz=RATE_HZ)
        yield row_of("gate", engine.name, "spikes with noise", [counts[engine]], **about)


def _pass(name: str, disagreement: str) -> None:
    if disagreement:
        raise SystemExit(f"gate not passed, nothing is timed: {name}: {disagreement}")
