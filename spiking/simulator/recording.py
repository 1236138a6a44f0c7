"""What a simulation records: the plan, the blocks that the kernels fill (time first), the record of them (units first)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from rate2spike.checks import each_name, is_number, shown
from rate2spike.errors import InputError, nearest
from rate2spike.machine.memory import check_memory
from rate2spike.spiking.simulator.mapped_network import MappedNetwork
from rate2spike.spiking.simulator.params import PUBLISHED_STEP_S
from rate2spike.spiking.simulator.spike_record import SpikeRecord

RECORDABLE = ("output", "voltage", "spikes", "rates", "ipsc")
TRACES = ("voltage", "rates", "ipsc")
_TYPICAL_RATE_HZ = 50.0  # for the estimate of what events take
_STREAMED_BLOCK_BYTES = 2**26
_EVENTS_PER_BLOCK = 2**20


@dataclass(frozen=True, eq=False)
class Traces:
    """(rows, N), or (0, N) if not recorded; output (n_outputs, rows)."""

    output: np.ndarray
    voltage: np.ndarray
    rates: np.ndarray
    ipsc: np.ndarray

    def part(self, first: int, end: int) -> "Traces":
        """Views of rows first..end-1."""
        return Traces(self.output[:, first:end], self.voltage[first:end], self.rates[first:end], self.ipsc[first:end])


@dataclass(eq=False)
class Block:
    """Consecutive steps of a trial, and where a kernel puts what it records of them."""

    first_step: int  # from 1
    n_steps: int
    first_row: int
    traces: Traces
    event_unit: np.ndarray
    event_step: np.ndarray  # from 0
    spike_count: np.ndarray  # (N,) of the whole trial so far
    whole: Traces | None  # of the trial, of which `traces` is a part; None if streamed
    n_events: int = 0

    @property
    def events(self) -> np.ndarray:
        """(n, 2) int32: unit and step, both from 0, in the order of time."""
        return np.stack([self.event_unit[: self.n_events], self.event_step[: self.n_events]], 1)


@dataclass(frozen=True)
class RecordingPlan:
    """Which quantities of a trial of n_steps are kept, every `stride`-th step of them."""

    quantities: frozenset[str]
    n_steps: int
    n_units: int
    n_outputs: int
    stride: int = 1
    streamed: bool = False

    @classmethod
    def of(
        cls,
        network: MappedNetwork,
        n_steps: int,
        record: str | Iterable[str],
        stride: int = 1,
        streamed: bool = False,
        itemsize: int = 4,
    ) -> "RecordingPlan":
        """The plan for a network; itemsize: bytes of a recorded number.

        Raises InputError for unknown quantities and for what does not fit into memory.
        """
        wanted = _quantities(record)
        if not is_number(stride) or stride % 1 != 0 or not 1 <= stride <= n_steps:
            raise InputError(
                f"stride must be a whole number from 1 to the {n_steps} steps simulated, got {shown(stride)}"
            )
        plan = cls(wanted, n_steps, network.n_units, network.n_outputs, int(stride), streamed)
        if not streamed:
            hint = "record less, every stride-th step (stride=), or to a file (to='FILE.h5')"
            check_memory(plan.n_bytes(itemsize), f"recording {n_steps} steps of {network.n_units} units", hint)
        return plan

    def n_bytes(self, itemsize: int = 4) -> float:
        """Estimate of what the results take; events at a typical rate."""
        values = float(len(self.quantities & set(TRACES))) * self.n_units + self.n_outputs * (
            "output" in self.quantities
        )
        events = 8.0 * self.n_units * self.n_steps * _TYPICAL_RATE_HZ * PUBLISHED_STEP_S * ("spikes" in self.quantities)
        return values * (self.n_steps // self.stride) * itemsize + events

    def blocks(self, kind: type) -> Iterator[Block]:
        """Empty blocks in order; the caller fills one before it asks for the next."""
        whole = None if self.streamed else self._traces(self.n_rows, kind)
        spike_count = np.zeros(self.n_units, np.int64)
        length = self._block_steps()
        # a unit can fire at every step: pulses and noise act in the refractory period too
        capacity = self.n_units * length if "spikes" in self.quantities else 0
        for start in range(0, self.n_steps, length):
            stop = min(start + length, self.n_steps)
            first, end = start // self.stride, stop // self.stride
            traces = whole.part(first, end) if whole else self._traces(end - first, kind)
            unit, step = np.empty(capacity, np.int32), np.empty(capacity, np.int32)
            yield Block(start + 1, stop - start, first, traces, unit, step, spike_count, whole)

    def _block_steps(self) -> int:
        steps = self.n_steps
        if self.streamed:
            per_step = max(self.n_bytes() / self.n_steps, 1.0)
            steps = int(_STREAMED_BLOCK_BYTES / per_step)
        if "spikes" in self.quantities:
            steps = min(steps, _EVENTS_PER_BLOCK // self.n_units)
        return min(max(steps // self.stride, 1) * self.stride, self.n_steps)

    def _traces(self, n_rows: int, kind: type) -> Traces:
        def trace(name: str) -> np.ndarray:
            return np.empty((n_rows if name in self.quantities else 0, self.n_units), kind)

        output: np.ndarray = np.empty((self.n_outputs, n_rows if "output" in self.quantities else 0), kind)
        return Traces(output, *(trace(name) for name in TRACES))

    @property
    def n_rows(self) -> int:
        """Recorded points in time."""
        return self.n_steps // self.stride


def _quantities(record: Any) -> frozenset[str]:
    if not isinstance(record, Iterable):
        raise InputError(
            f"{{record}} must name what to record, any of {', '.join(RECORDABLE)}; got {shown(record)}", "record"
        )
    wanted = frozenset(map(str, each_name(record)))
    unknown = sorted(wanted - set(RECORDABLE))
    if unknown:
        hint = nearest(unknown[0], RECORDABLE)
        raise InputError(f"cannot record {', '.join(unknown)}: choose from {', '.join(RECORDABLE)}{hint}")
    return wanted


def as_record(network: MappedNetwork, plan: RecordingPlan, blocks: Iterable[Block], seed: int | None) -> SpikeRecord:
    """The record of a trial simulated in memory; traces become (N, rows) views."""
    events = []
    for block in blocks:
        if "spikes" in plan.quantities:
            events.append(block.events)
    whole = block.whole
    assert whole is not None
    traces = {name: getattr(whole, name).T if name in plan.quantities else None for name in TRACES}
    return SpikeRecord(
        **header(network, plan, block.spike_count, seed),
        output=whole.output if "output" in plan.quantities else None,
        events=np.concatenate(events) if "spikes" in plan.quantities else None,
        voltage_mv=traces["voltage"],
        rates=traces["rates"],
        ipsc=traces["ipsc"],
    )


def header(network: MappedNetwork, plan: RecordingPlan, spike_count: np.ndarray, seed: int | None) -> dict:
    """All of a record but the recorded quantities."""
    return {
        "firing_rate_hz": spike_count / (plan.n_steps * network.dt_s),
        "dt_s": network.dt_s,
        "n_steps": plan.n_steps,
        "stride": plan.stride,
        "w": network.w,
        "w_out": network.w_out,
        "tau_d_s": network.tau_d_s,
        "tau_d_initial_s": network.tau_d_initial_s,
        "inhibitory": network.inhibitory,
        "som": network.som,
        "unit_types": network.unit_types,
        "scaling_factor": network.scaling_factor,
        "seed": seed,
        "neuron": network.params.kind,
        "common_tau_s": network.common_tau_s,
        "dendrites": None if network.dendrites is None else network.dendrites.kind,
    }
