"""A cell with dendrites, ready to be simulated: tree, membranes, synapses, and what counts as an output spike."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import POSITIVE, number, shown, true_or_false
from rate2spike.errors import InputError
from rate2spike.machine.thread_pool import executor_of
from rate2spike.readable import Readable
from rate2spike.spiking.detailed_cells.biophysics import CompartmentValues
from rate2spike.spiking.detailed_cells.cable import cable_of
from rate2spike.spiking.detailed_cells.cable_system import channels_of, start_of, synapses_of, tables_of
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.detailed_cells.given_inputs import events_given
from rate2spike.spiking.detailed_cells.lane_runs import System, Voltages, lanes_for, run_group
from rate2spike.spiking.detailed_cells.morphology import Morphology
from rate2spike.spiking.detailed_cells.recording import CellRecording
from rate2spike.spiking.detailed_cells.segments import Segments
from rate2spike.spiking.detailed_cells.synapses import Receptor, without_synapses_hit_at_0

_MOST_STEPS_OF_MS = 10_000


@dataclass(frozen=True)
class SpikeRule:
    """An output spike is a local maximum of the somatic voltage, on a grid of samples that are linear in between.

    Parameters
    ----------
    threshold_mv : float
        The maximum is above it.
    per_ms : int
        Samples per millisecond.
    """

    threshold_mv: float = -25.0
    per_ms: int = 8

    def grid(self, soma_mv: np.ndarray, steps_per_ms: int) -> np.ndarray:
        """The voltage at the samples, of one that is known at every step."""
        if self.per_ms == steps_per_ms:
            return soma_mv
        at_ms = np.arange(soma_mv.size // steps_per_ms * self.per_ms) / self.per_ms
        return np.interp(at_ms, np.arange(soma_mv.size) / steps_per_ms, soma_mv)

    def times_ms(self, grid_mv: np.ndarray) -> np.ndarray:
        """Times of the spikes of a voltage at the samples."""
        inner = grid_mv[1:-1]
        peaks = (inner > grid_mv[:-2]) & (inner > grid_mv[2:]) & (inner > self.threshold_mv)
        return (np.flatnonzero(peaks) + 1) / self.per_ms


@public()
@dataclass(frozen=True, eq=False, repr=False)
class CableCell(Readable):
    """A cell whose dendrites have an excitatory and an inhibitory synapse on every segment.

    Made by `l5_pyramidal` and `ball_and_stick`, or from a tree and membranes of one's own.

    Parameters
    ----------
    name : str
    morphology : Morphology
        Sections, the soma first.
    membrane : CompartmentValues
        Of every compartment.
    excitatory : tuple of Receptor
        AMPA, and NMDA if excitatory synapses have it.
    inhibitory : Receptor
    segments : Segments
        The dendritic compartments, in the order of the synapses.
    v_start_mv : float, default -76
        Everywhere at the beginning.
    nexus : int or None, default None
        Compartment at the apical nexus, whose voltage is recorded.
    spikes : SpikeRule
    """

    shown = ("name", "n_segments", "n_synapses")

    name: str
    morphology: Morphology
    membrane: CompartmentValues
    excitatory: tuple[Receptor, ...]
    inhibitory: Receptor
    segments: Segments
    v_start_mv: float = -76.0
    nexus: int | None = None
    spikes: SpikeRule = SpikeRule()

    @property
    def n_segments(self) -> int:
        """Dendritic segments."""
        return self.segments.n_segments

    @property
    def n_excitatory(self) -> int:
        """Excitatory synapses, which come first: one on every segment."""
        return self.n_segments

    @property
    def n_synapses(self) -> int:
        """Synapses."""
        return 2 * self.n_segments

    @property
    def n_side_by_side(self) -> int:
        """Simulations that take hardly longer together than one by itself."""
        return lanes_for(self.morphology.n_compartments)

    @public()
    def run(
        self,
        inputs: SynapticEvents | Iterable[SynapticEvents],
        *,
        dt_ms: float = 0.1,
        current_na: Any = None,
        with_dendrites: bool = False,
        with_fine_soma: bool = False,
        legacy_t0_bug: bool = False,
        n_threads: int | None = None,
    ) -> list[CellRecording]:
        """Simulate the cell for each input, several side by side.

        The same input gives the same recording whatever else is simulated with it, and on any number of threads. Events
        arrive at the beginning of their millisecond.

        Parameters
        ----------
        inputs : SynapticEvents, or several
            All of one duration.
        dt_ms : float, default 0.1
            Time step, ms; a whole number of them is a millisecond.
        current_na : (T,) or (n_inputs, T) array, or None, default None
            Current into the soma (nA), in every millisecond; None: none.
        with_dendrites : bool, default False
            Record the voltages of all dendritic segments, every ms.
        with_fine_soma : bool, default False
            Keep the somatic voltage on the grid of `spikes`, 8 samples per ms in the layer-5 cell.
        legacy_t0_bug : bool, default False
            As in the published simulations a synapse with an event at t = 0 is silent for the whole simulation. The events
            themselves stay as they are.
        n_threads : int or None, default None
            None: one per usable core.

        Returns
        -------
        list of CellRecording
            One per input: voltages (mV) at whole milliseconds, and the times (ms) of output spikes.

        Raises
        ------
        InputError
            For inputs of other synapses or of different durations, negative weights, steps that do not divide a millisecond,
            steps that are too long for the cell, and a current of another shape.

        Examples
        --------
        >>> from rate2spike.spiking.detailed_cells.ball_and_stick import ball_and_stick
        >>> from rate2spike.spiking.detailed_cells.events import SynapticEvents
        >>> strong = SynapticEvents(16, 50, time_ms=[10], synapse=[0], weight=[9])
        >>> ball_and_stick("AMPA_point").run(strong, dt_ms=0.025)
        [CellRecording(duration_ms=50, n_spikes=1, rate_hz=20)]
        """
        given = checked_inputs(inputs, self.n_synapses, self.name)
        steps_per_ms = steps_of_ms(dt_ms)
        if true_or_false(legacy_t0_bug, "{legacy_t0_bug}", "legacy_t0_bug"):
            given = [without_synapses_hit_at_0(one) for one in given]
        with_dendrites = true_or_false(with_dendrites, "{with_dendrites}", "with_dendrites")
        with_fine_soma = true_or_false(with_fine_soma, "{with_fine_soma}", "with_fine_soma")
        if not given:
            return []
        currents = checked_current(current_na, len(given), given[0].duration_ms)
        system = self.system(1 / steps_per_ms)
        run = partial(run_group, system, with_dendrites=with_dendrites)
        with executor_of(n_threads, None) as executor:
            futures = [
                executor.submit(run, given[group], None if currents is None else currents[group])
                for group in _groups(len(given), self.n_side_by_side)
            ]
            return [self._recording(one, steps_per_ms, with_fine_soma) for future in futures for one in future.result()]

    def system(self, dt_ms: float) -> System:
        """All that the kernel needs of the cell, with steps of dt_ms."""
        values, cable = self.membrane, cable_of(self.morphology, self.membrane)
        ih_shift_mv = float(values.ih_shift_mv[0])  # of the soma; the axon, whose Ih hardly counts, may have none
        nodes = cable.node_of_compartment
        of_segments = nodes[self.morphology.is_dendrite]
        return System(
            dt_ms=dt_ms,
            tree=cable.tree(dt_ms),
            tables=tables_of(self.excitatory, ih_shift_mv, dt_ms),
            channels=channels_of(cable, values, dt_ms),
            synapses=synapses_of(of_segments, self.excitatory, self.inhibitory, dt_ms),
            start=start_of(self.v_start_mv, ih_shift_mv),
            nodes_of_compartments=nodes,
            nodes_of_segments=of_segments,
            node_of_nexus=None if self.nexus is None else int(nodes[self.nexus]),
        )

    def _recording(self, kept: Voltages, steps_per_ms: int, with_fine_soma: bool) -> CellRecording:
        grid_mv = self.spikes.grid(kept.soma_mv, steps_per_ms)
        return CellRecording(
            v_soma_mv=kept.soma_mv[::steps_per_ms].astype(np.float32),
            spike_times_ms=self.spikes.times_ms(grid_mv),
            v_nexus_mv=kept.nexus_mv,
            v_dendrites_mv=kept.dendrites_mv,
            v_soma_fine_mv=grid_mv.astype(np.float32) if with_fine_soma else None,
            fine_per_ms=self.spikes.per_ms,
        )


def _shape_of(value: Any) -> str:
    """Of an array its shape, of anything else what it is."""
    is_numbers = isinstance(value, np.ndarray) and value.dtype.kind in "iuf"
    return f"shape {value.shape}" if is_numbers else shown(value)


def _groups(n: int, most: int) -> Iterator[slice]:
    """So many simulations in groups of nearly one size."""
    n_groups = -(-n // most)
    for k in range(n_groups):
        yield slice(k * n // n_groups, (k + 1) * n // n_groups)


def checked_inputs(inputs: Any, n_synapses: int, cell: str) -> Sequence[SynapticEvents]:
    """The events of each simulation. Raises InputError for those of other synapses or durations, and negative weights."""
    given = events_given(inputs, n_synapses, cell)
    for one in given:
        if one.weight is not None and one.weight.size and one.weight.min() < 0:
            raise InputError(
                f"weights of {{inputs}} must not be negative, as they are conductances; got {one.weight.min():g}",
                "inputs",
            )
        if one.duration_ms != given[0].duration_ms:
            raise InputError(
                f"{{inputs}} must be of one duration, got {given[0].duration_ms} and {one.duration_ms} ms", "inputs"
            )
    return given


def steps_of_ms(dt_ms: float) -> int:
    """Steps of a millisecond. Raises InputError if it is no whole number of them."""
    dt_ms = number(dt_ms, "{dt_ms}", "dt_ms", POSITIVE)
    steps = round(1 / dt_ms)
    if steps > _MOST_STEPS_OF_MS:
        raise InputError(f"{{dt_ms}} must be at least {1 / _MOST_STEPS_OF_MS:g}, got {dt_ms:g}", "dt_ms")
    if steps < 1 or abs(steps * dt_ms - 1) > 1e-6:  # which single precision keeps
        raise InputError(f"{{dt_ms}} must divide a millisecond, such as 0.1, 0.05 or 0.025, got {dt_ms:g}", "dt_ms")
    return steps


def checked_current(current_na: Any, n_inputs: int, duration_ms: int) -> np.ndarray | None:
    """(n_inputs, T), or None as given. Raises InputError for another shape, and for what is no number."""
    if current_na is None:
        return None
    try:
        array = np.asarray(current_na)
        if array.dtype.kind not in "iuf":
            raise TypeError
        found = np.broadcast_to(array.astype(float), (n_inputs, duration_ms))
    except (TypeError, ValueError):
        raise InputError(
            f"{{current_na}} must be numbers of shape ({duration_ms},) or ({n_inputs}, {duration_ms}), got "
            f"{_shape_of(current_na)}",
            "current_na",
        ) from None
    if not np.isfinite(found).all():
        raise InputError("{current_na} must be finite numbers", "current_na")
    return found
