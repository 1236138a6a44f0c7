"""Simulations of a cable cell side by side: groups of lanes, each group in a thread; voltages kept at every millisecond."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.kernels import cable as kernel

_LANES, _LANES_OF_FEW_COMPARTMENTS = 8, 32  # steps of few compartments take the time of their calls
_FEW_COMPARTMENTS = 100
_CHUNK_MS = 200
_V_LIMIT_MV = 1000.0


@dataclass(frozen=True, eq=False)
class System:
    """All that the kernel needs of a cell at one time step, and where a simulation begins."""

    dt_ms: float
    tree: kernel.Tree
    tables: kernel.Tables
    channels: kernel.Channels
    synapses: kernel.Synapses
    start: "Start"
    nodes_of_compartments: np.ndarray  # (n_compartments,) int32, the soma first
    nodes_of_segments: np.ndarray  # (s,) int32
    node_of_nexus: int | None

    @property
    def steps_per_ms(self) -> int:
        """Steps of a millisecond."""
        return round(1 / self.dt_ms)


@dataclass(frozen=True, eq=False)
class Start:
    """States at the beginning, of every lane."""

    v_mv: float
    ih: float
    active_gates: np.ndarray  # (N_GATES,)
    initiation_gates: np.ndarray  # (N_INITIATION_GATES,)
    sk: float
    ca_mm: float


@dataclass(frozen=True, eq=False)
class Voltages:
    """What is kept of a lane: the soma at every step; nexus and dendrites at every millisecond."""

    soma_mv: np.ndarray  # (n_steps,) float64
    nexus_mv: np.ndarray | None  # (T,) float32
    dendrites_mv: np.ndarray | None  # (s, T) float16


def lanes_for(n_compartments: int) -> int:
    """How many simulations of a cell of this size are a group at most. The numbers do not depend on it."""
    return _LANES_OF_FEW_COMPARTMENTS if n_compartments <= _FEW_COMPARTMENTS else _LANES


def run_group(
    system: System, inputs: Sequence[SynapticEvents], current_na: np.ndarray | None, with_dendrites: bool
) -> list[Voltages]:
    """Simulations of one duration. current_na (n_inputs, T) flows into the soma. Raises InputError."""
    duration_ms, n = inputs[0].duration_ms, len(inputs)
    per_ms = system.steps_per_ms
    n_steps = duration_ms * per_ms
    current = np.zeros((n_steps, n)) if current_na is None else np.repeat(current_na.T, per_ms, axis=0)
    events = _events_of(system, inputs)
    state = _state_at_start(system, n, events)
    soma = np.empty((n_steps, n))
    nexus = np.empty((n, duration_ms), np.float32) if system.node_of_nexus is not None else None
    shape = (n, system.nodes_of_segments.size, duration_ms)
    dendrites = np.empty(shape, np.float16) if with_dendrites else None
    every_ms = np.empty((_CHUNK_MS, *state.v.shape))
    for first_ms in range(0, duration_ms, _CHUNK_MS):
        last_ms = min(first_ms + _CHUNK_MS, duration_ms)
        steps = slice(first_ms * per_ms, last_ms * per_ms)
        kernel.run_steps(
            steps.start,
            steps.stop - steps.start,
            system.tree,
            system.tables,
            system.channels,
            system.synapses,
            events,
            current[steps],
            int(system.nodes_of_compartments[0]),
            state,
            soma[steps],
            every_ms,
            per_ms,
        )
        check_stable(state.v, last_ms, system.dt_ms)
        rows = every_ms[: last_ms - first_ms]
        if nexus is not None:
            nexus[:, first_ms:last_ms] = rows[:, system.node_of_nexus].T
        if dendrites is not None:
            dendrites[..., first_ms:last_ms] = rows[:, system.nodes_of_segments].transpose(2, 1, 0)
    return [
        Voltages(soma[:, k].copy(), None if nexus is None else nexus[k], None if dendrites is None else dendrites[k])
        for k in range(n)
    ]


def check_stable(v_mv: np.ndarray, at_ms: int, dt_ms: float) -> None:
    """Raise InputError if voltages are what no cell has."""
    if not np.abs(v_mv).max() < _V_LIMIT_MV:  # NaN is not below, either
        raise InputError(
            f"{{dt_ms}} {dt_ms:g} is too long a step, or the input too strong: voltages left +-{_V_LIMIT_MV:g} mV within "
            f"{at_ms} ms",
            "dt_ms",
        )


def _state_at_start(system: System, lanes: int, events: kernel.Events) -> kernel.CellState:
    channels, start = system.channels, system.start
    n_active = channels.active.size
    ca_mm = np.full((n_active, lanes), start.ca_mm)
    nodes = (system.tree.parent.size, lanes)
    state = kernel.CellState(
        v=np.full(nodes, start.v_mv),
        g=np.zeros(nodes),
        j=np.zeros(nodes),
        block=np.zeros(nodes),
        block_slope=np.zeros(nodes),
        passive_ih=np.full((channels.passive.size, lanes), start.ih),
        active_ih=np.full((n_active, lanes), start.ih),
        gates=np.tile(start.active_gates, (n_active, lanes, 1)),
        initiation=np.tile(start.initiation_gates, (channels.initiation.size, lanes, 1)),
        sk=np.full((n_active, lanes), start.sk),
        ca_mm=ca_mm,
        ca_bits=ca_mm.view(np.int64),
        i_ca=np.zeros((n_active, lanes)),
        synapses=np.zeros((kernel.N_STATES, system.synapses.node.size, lanes)),
        next_event=events.first[:-1].copy(),
    )
    kernel.advance_channels(system.tables, channels, np.ones(n_active), state)
    return state


def _events_of(system: System, inputs: Sequence[SynapticEvents]) -> kernel.Events:
    first = np.concatenate([[0], np.cumsum([one.n_events for one in inputs])])
    weights = [np.ones(one.n_events, np.float32) if one.weight is None else one.weight for one in inputs]
    step = np.concatenate([one.time_ms for one in inputs]) * np.int32(system.steps_per_ms)
    synapse = np.concatenate([one.synapse for one in inputs])
    return kernel.Events(first, step, synapse, np.concatenate(weights))
