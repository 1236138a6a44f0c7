"""How much input a cell receives: per millisecond, by groups of synapses, and in windows beside its output."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from rate2spike.checks import whole_number
from rate2spike.errors import InputError
from rate2spike.readable import Readable
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_figures.cell_synapses import CellSynapses, checked_input

SMOOTHING_MS = 18  # of published population inputs
COUNT_WINDOWS_MS = (100, 200, 1000)


@dataclass(frozen=True, eq=False, repr=False)
class WindowCounts(Readable):
    """Input and output in windows of one length, of which each overlaps the next by half.

    Attributes
    ----------
    window_ms : int
        Length of a window.
    excitatory, inhibitory : (n,) array
        Events, of events with weights their sum.
    output : (n,) int array
        Spikes of the cell.
    weighted : bool
        Whether events have weights.
    """

    shown = ("window_ms", "n_windows", "weighted")

    window_ms: int
    excitatory: np.ndarray = field(repr=False)
    inhibitory: np.ndarray = field(repr=False)
    output: np.ndarray = field(repr=False)
    weighted: bool = False

    @property
    def n_windows(self) -> int:
        """Number of windows n, of all simulations."""
        return self.output.size


def boxcar(values: np.ndarray, n_taps: int, axis: int = -1) -> np.ndarray:
    """Mean of each value and the n_taps - 1 before it; at the start of as many as there are. Float64."""
    x = np.moveaxis(np.asarray(values, float), axis, -1)
    total = np.zeros_like(x)
    for lag in range(min(n_taps, x.shape[-1])):
        total[..., lag:] += x[..., : x.shape[-1] - lag]
    n_values = np.minimum(np.arange(1, x.shape[-1] + 1), n_taps)
    return np.moveaxis(total / n_values, -1, axis)


def input_per_ms(events: SynapticEvents, rows: np.ndarray) -> np.ndarray:
    """(duration_ms,) events of some synapses in each millisecond, of events with weights their sum."""
    chosen = np.zeros(events.n_synapses, bool)
    chosen[rows] = True
    here = chosen[events.synapse]
    weights = None if events.weight is None else events.weight[here]
    return np.bincount(events.time_ms[here], weights, events.duration_ms).astype(float)


def group_inputs(simulation: CellSimulation, synapses: CellSynapses) -> dict[str, np.ndarray]:
    """Smoothed input per ms (duration_ms,) of every group of synapses, by name: 'basal excitatory', 'basal inhibitory'..."""
    checked_input(simulation.events.n_synapses, synapses, "simulation")
    inputs = {}
    for name, group in synapses.groups.items():
        part = f"{name} " if len(synapses.groups) > 1 else ""
        for kind, rows in zip(("excitatory", "inhibitory"), group, strict=True):
            if rows.size:
                inputs[part + kind] = boxcar(input_per_ms(simulation.events, rows), SMOOTHING_MS)
    return inputs


def window_counts(
    simulations: Iterable[CellSimulation], synapses: CellSynapses, windows_ms: Sequence[int] = COUNT_WINDOWS_MS
) -> dict[int, WindowCounts]:
    """Counts in windows of every length, in one pass over the simulations. What is longer than these has no windows.

    Raises InputError for input of other synapses, and if there are no simulations.
    """
    lengths = [whole_number(one, "length of a window", "windows_ms", least=2) for one in windows_ms]
    columns: dict[int, list[list[np.ndarray]]] = {length: [[], [], []] for length in lengths}
    weighted = False
    for one in simulations:
        checked_input(one.events.n_synapses, synapses, "simulations")
        weighted |= one.events.weight is not None
        for which, values in enumerate(_three_series(one, synapses)):
            for length in lengths:
                columns[length][which].append(_sums(values, length))
    if not any(parts[0] for parts in columns.values()):
        raise InputError("there are no {simulations} to count in", "simulations")
    joined = {length: [np.concatenate(part) for part in parts] for length, parts in columns.items()}
    return {
        length: WindowCounts(length, excitatory, inhibitory, output.astype(int), weighted)
        for length, (excitatory, inhibitory, output) in joined.items()
    }


def unit_of(events: SynapticEvents) -> str:
    """What input is counted in."""
    return "events" if events.weight is None else "weight"


def _three_series(simulation: CellSimulation, synapses: CellSynapses) -> list[np.ndarray]:
    """(duration_ms,) each: excitatory, inhibitory, spikes of the cell."""
    rows = np.arange(synapses.n_synapses)
    bins = np.minimum(simulation.recording.spike_times_ms.astype(int), simulation.duration_ms - 1)
    return [
        input_per_ms(simulation.events, rows[: synapses.n_excitatory]),
        input_per_ms(simulation.events, rows[synapses.n_excitatory :]),
        np.bincount(bins, minlength=simulation.duration_ms).astype(float),
    ]


def _sums(values: np.ndarray, length: int) -> np.ndarray:
    """Sums in windows that begin every half of their length."""
    starts = np.arange(0, values.size - length + 1, length // 2)
    total = np.concatenate([[0.0], np.cumsum(values)])
    return total[starts + length] - total[starts]
