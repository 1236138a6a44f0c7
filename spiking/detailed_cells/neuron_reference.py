"""The same cell in NEURON: a second, independent simulation that ours is compared with."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import shown, true_or_false
from rate2spike.errors import InputError
from rate2spike.readable import Readable
from rate2spike.spiking.detailed_cells.cable_cell import CableCell, checked_current, checked_inputs, steps_of_ms
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.detailed_cells.lane_runs import check_stable
from rate2spike.spiking.detailed_cells.neuron_library import interpreter
from rate2spike.spiking.detailed_cells.neuron_sections import NeuronSections
from rate2spike.spiking.detailed_cells.recording import CellRecording
from rate2spike.spiking.detailed_cells.segments import Segments
from rate2spike.spiking.detailed_cells.synapses import without_synapses_hit_at_0

_ONE_AT_A_TIME = threading.RLock()  # NEURON is one simulator for the whole process


@public()
@dataclass(frozen=True, eq=False, repr=False)
class NeuronReference(Readable):
    """A cable cell as NEURON simulates it. It needs the extra `neuron` and, once, a C++ compiler and make.

    NEURON simulates all cells of a process together: ours is built for a run and deleted after it, and runs of several
    threads wait for each other. Use processes to simulate side by side.

    Parameters
    ----------
    cell : CableCell
        As `l5_pyramidal` and `ball_and_stick` make it.

    Raises
    ------
    InputError
        For what is no CableCell.

    References
    ----------
    .. [1] N. T. Carnevale & M. L. Hines (2006). The NEURON Book. Cambridge University Press.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.l5_pyramidal import l5_pyramidal
    >>> from rate2spike.spiking.detailed_cells.neuron_reference import NeuronReference
    >>> NeuronReference(l5_pyramidal())
    NeuronReference(name='L5PC NMDA', n_segments=639, n_synapses=1278)
    """

    shown = ("name", "n_segments", "n_synapses")

    cell: CableCell

    def __post_init__(self) -> None:
        if not isinstance(self.cell, CableCell):
            raise InputError(f"{{cell}} must be a CableCell, got {shown(self.cell)}", "cell")

    @property
    def name(self) -> str:
        """That of the cell."""
        return self.cell.name

    @property
    def segments(self) -> Segments:
        """Its dendritic segments, in the order of its synapses."""
        return self.cell.segments

    @property
    def n_segments(self) -> int:
        """Their number."""
        return self.cell.n_segments

    @property
    def n_excitatory(self) -> int:
        """Excitatory synapses, which come first."""
        return self.cell.n_excitatory

    @property
    def n_synapses(self) -> int:
        """Synapses."""
        return self.cell.n_synapses

    @public()
    def run(
        self,
        inputs: SynapticEvents | Iterable[SynapticEvents],
        *,
        dt_ms: float | None = 0.1,
        current_na: Any = None,
        with_dendrites: bool = False,
        with_fine_soma: bool = False,
        legacy_t0_bug: bool = False,
    ) -> list[CellRecording]:
        """Simulate the cell for each input, one after the other.

        Parameters
        ----------
        inputs : SynapticEvents, or several
            All of one duration.
        dt_ms : float or None, default 0.1
            Time step; a whole number of them is a millisecond. None: variable steps (CVode, absolute tolerance 1e-3), as in
            the published simulations.
        current_na : (T,) or (n_inputs, T) array, or None, default None
            Current into the soma, in every millisecond.
        with_dendrites : bool, default False
            Record the voltages of all dendritic segments.
        with_fine_soma : bool, default False
            Keep the somatic voltage on the grid on which spikes are looked for.
        legacy_t0_bug : bool, default False
            As in the published simulations a synapse with an event at t = 0 is silent for the whole simulation.

        Returns
        -------
        list of CellRecording

        Raises
        ------
        InputError
            For inputs of other synapses or of different durations, steps that do not divide a millisecond or are too long for
            the cell; without NEURON, or without what compiles its mechanisms.
        """
        given = checked_inputs(inputs, self.n_synapses, self.name)
        steps_per_ms = None if dt_ms is None else steps_of_ms(dt_ms)
        currents = checked_current(current_na, len(given), given[0].duration_ms) if given else None
        with_dendrites = true_or_false(with_dendrites, "{with_dendrites}", "with_dendrites")
        with_fine_soma = true_or_false(with_fine_soma, "{with_fine_soma}", "with_fine_soma")
        if true_or_false(legacy_t0_bug, "{legacy_t0_bug}", "legacy_t0_bug"):
            given = [without_synapses_hit_at_0(one) for one in given]
        if not given:
            return []
        with _ONE_AT_A_TIME, _built(self.cell, steps_per_ms) as simulator:
            return [
                simulator.recording(one, None if currents is None else currents[k], with_dendrites, with_fine_soma)
                for k, one in enumerate(given)
            ]


@contextmanager
def _built(cell: CableCell, steps_per_ms: int | None) -> Iterator["_Simulator"]:
    """The cell in NEURON for one run. NEURON's own settings are put back afterwards."""
    h = interpreter()
    before = {name: getattr(h, name) for name in ("dt", "celsius", "secondorder", "cai0_ca_ion", "cao0_ca_ion")}
    solver = h.CVode()
    was_variable = solver.active()
    sections = NeuronSections(h)
    try:
        sections.build(cell)
        yield _Simulator(h, cell, sections, solver, steps_per_ms)
    finally:
        sections.delete()
        solver.active(was_variable)
        for name, value in before.items():
            setattr(h, name, value)


class _Simulator:
    """A cell in NEURON, and how its time goes on."""

    def __init__(self, h: Any, cell: CableCell, sections: NeuronSections, solver: Any, steps_per_ms: int | None):
        self._h, self._cell, self._sections, self._solver = h, cell, sections, solver
        self._steps_per_ms = steps_per_ms
        solver.active(steps_per_ms is None)
        h.secondorder = 0
        if steps_per_ms is not None:
            h.dt = 1 / steps_per_ms

    def recording(
        self, events: SynapticEvents, current_na: np.ndarray | None, with_dendrites: bool, with_fine_soma: bool
    ) -> CellRecording:
        h, cell, duration_ms = self._h, self._cell, events.duration_ms
        compartments = self._sections.compartments
        dendrites = np.empty((cell.n_segments, duration_ms), np.float16) if with_dendrites else None
        now = self._voltages_of_segments()
        t_ms, soma = h.Vector().record(h._ref_t), h.Vector().record(compartments[0]._ref_v)
        nexus = None if cell.nexus is None else h.Vector().record(compartments[cell.nexus]._ref_v)
        clamp = self._clamp(current_na)
        at_start = h.FInitializeHandler(_queueing(h, self._sections.receptors, events))
        h.finitialize(cell.v_start_mv)
        for ms in range(duration_ms):
            if dendrites is not None:
                dendrites[:, ms] = now()
            self._go_on_to(ms + 1)
        del clamp, at_start  # they had to be there until now
        return self._as_recording(t_ms, soma, nexus, dendrites, duration_ms, with_fine_soma)

    def _voltages_of_segments(self) -> Callable[[], np.ndarray]:
        """What reads them all at once."""
        dendritic = np.flatnonzero(self._cell.morphology.is_dendrite)
        pointers, values = self._h.PtrVector(dendritic.size), self._h.Vector(dendritic.size)
        for i, k in enumerate(dendritic):
            pointers.pset(i, self._sections.compartments[k]._ref_v)

        def read() -> np.ndarray:
            pointers.gather(values)
            return values.as_numpy()

        return read

    def _go_on_to(self, ms: int) -> None:
        if self._steps_per_ms is None:
            self._solver.solve(ms)
        else:
            for _ in range(self._steps_per_ms):
                self._h.fadvance()

    def _clamp(self, current_na: np.ndarray | None) -> Any:
        """A current into the soma that changes at whole milliseconds; what has to be kept while it flows."""
        if current_na is None:
            return None
        h = self._h
        clamp = h.IClamp(self._sections.compartments[0])
        clamp.delay, clamp.dur = 0, 1e9
        values, at_ms = h.Vector(current_na), h.Vector(np.arange(float(current_na.size)))
        values.play(clamp._ref_amp, at_ms)
        return clamp, values, at_ms

    def _as_recording(
        self, t_ms: Any, soma: Any, nexus: Any, dendrites: np.ndarray | None, duration_ms: int, with_fine_soma: bool
    ) -> CellRecording:
        spikes = self._cell.spikes
        times = np.array(t_ms)
        soma_mv = np.array(soma)
        if self._steps_per_ms is not None:
            check_stable(soma_mv, duration_ms, 1 / self._steps_per_ms)
        fine_mv = np.interp(np.arange(duration_ms * spikes.per_ms) / spikes.per_ms, times, soma_mv)
        every_ms = np.arange(duration_ms)
        return CellRecording(
            v_soma_mv=np.interp(every_ms, times, soma_mv).astype(np.float32),
            spike_times_ms=spikes.times_ms(fine_mv),
            v_nexus_mv=None if nexus is None else np.interp(every_ms, times, np.array(nexus)).astype(np.float32),
            v_dendrites_mv=dendrites,
            v_soma_fine_mv=fine_mv.astype(np.float32) if with_fine_soma else None,
            fine_per_ms=spikes.per_ms,
        )


def _queueing(h: Any, receptors: list[list[Any]], events: SynapticEvents) -> Callable[[], None]:
    """What puts the events into NEURON's queue, at the beginning of a simulation.

    The weight belongs to the connection there: one for each receptor and weight.
    """
    weights = np.ones(events.n_events) if events.weight is None else events.weight.astype(float)
    connections: dict[tuple[int, float], list[Any]] = {}
    queue = []
    for at_ms, synapse, weight in zip(events.time_ms.tolist(), events.synapse.tolist(), weights.tolist(), strict=True):
        if (synapse, weight) not in connections:
            connections[synapse, weight] = [_connection(h, receptor, weight) for receptor in receptors[synapse]]
        queue.append((at_ms, connections[synapse, weight]))

    def fill() -> None:
        for at_ms, several in queue:
            for one in several:
                one.event(at_ms)

    return fill


def _connection(h: Any, receptor: Any, weight: float) -> Any:
    connection = h.NetCon(None, receptor)
    connection.weight[0] = weight
    return connection
