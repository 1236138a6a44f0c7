"""What a simulation records: the plan, the blocks that the kernels fill (time first), the record of them (units first)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.records import SpikeRecord
from rate2spike.memory import check_memory

if TYPE_CHECKING:
    from rate2spike.spiking.network import SpikingNetwork

RECORDABLE = ("output", "voltage", "spikes", "rates", "ipsc")
TRACES = ("voltage", "rates", "ipsc")
_TYPICAL_RATE_HZ = 50.0  # for the estimate of what events take
STREAMED_BLOCK_BYTES = 2**26


@dataclass
class Block:
    """Consecutive steps of a trial. Traces are (rows, N), or (0, N) if not recorded; output (n_outputs, rows)."""

    first_step: int  # from 1
    n_steps: int
    first_row: int
    output: np.ndarray
    voltage: np.ndarray
    rates: np.ndarray
    ipsc: np.ndarray
    event_unit: np.ndarray
    event_step: np.ndarray  # from 0
    spike_count: np.ndarray  # (N,) of the whole trial so far
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
    block_steps: int | None = None  # None: the whole trial at once
    max_spikes_per_unit: int | None = None  # follows from the refractory period; None: one per step

    @classmethod
    def of(
        cls, network: "SpikingNetwork", n_steps: int, record: Iterable[str], stride: int = 1, streamed: bool = False
    ) -> "RecordingPlan":
        """The plan for a network. Raises InputError for unknown quantities and for what does not fit into memory."""
        wanted = frozenset([record] if isinstance(record, str) else record)
        unknown = wanted - set(RECORDABLE)
        if unknown:
            raise InputError(f"cannot record {', '.join(sorted(unknown))}: choose from {', '.join(RECORDABLE)}")
        if not isinstance(stride, int | np.integer) or not 1 <= stride <= n_steps:
            raise InputError(f"stride must be a whole number from 1 to the {n_steps} steps simulated, got {stride}")
        max_spikes = int(n_steps / max(np.min(network.params.t_ref_s) / network.dt_s, 1)) + 2
        plan = cls(wanted, n_steps, network.n_units, network.n_outputs, int(stride), max_spikes_per_unit=max_spikes)
        if not streamed:
            hint = "record less, every stride-th step (stride=), or to a file (to='FILE.h5')"
            check_memory(plan.n_bytes(), f"recording {n_steps} steps of {network.n_units} units", hint)
            return plan
        per_step = max(plan.n_bytes() / n_steps, 1.0)
        block = max(int(STREAMED_BLOCK_BYTES / per_step) // stride, 1) * stride
        return cls(**{**plan.__dict__, "block_steps": block})

    def n_bytes(self, itemsize: int = 4) -> float:
        """Estimate of what the results take; events at a typical rate."""
        values = float(len(self.quantities & set(TRACES))) * self.n_units + self.n_outputs * (
            "output" in self.quantities
        )
        events = 8.0 * self.n_units * self.n_steps * _TYPICAL_RATE_HZ * 5e-5 * ("spikes" in self.quantities)
        return values * (self.n_steps // self.stride) * itemsize + events

    def blocks(self, kind: type) -> Iterator[Block]:
        """Empty blocks in order; the caller fills one before it asks for the next."""
        spike_count = np.zeros(self.n_units, np.int64)
        length = min(self.block_steps or self.n_steps, self.n_steps)
        for start in range(0, self.n_steps, length):
            stop = min(start + length, self.n_steps)
            first_row, end_row = start // self.stride, stop // self.stride
            rows = end_row - first_row
            n_events = 0
            if "spikes" in self.quantities:
                n_events = self.n_units * min(stop - start, self.max_spikes_per_unit or self.n_steps) + 1

            def trace(name: str, rows: int = rows) -> np.ndarray:
                return np.empty((rows if name in self.quantities else 0, self.n_units), kind)

            yield Block(
                start + 1, stop - start, first_row,
                np.empty((self.n_outputs, rows if "output" in self.quantities else 0), kind),
                *(trace(name) for name in TRACES), np.empty(n_events, np.int32), np.empty(n_events, np.int32), spike_count,
            )  # fmt: skip

    @property
    def n_rows(self) -> int:
        """Recorded points in time."""
        return self.n_steps // self.stride


def as_record(network: "SpikingNetwork", plan: RecordingPlan, block: Block, seed: int | None) -> SpikeRecord:
    """The record of a trial simulated in one block; traces become (N, rows) views."""
    traces = {name: getattr(block, name).T if name in plan.quantities else None for name in TRACES}
    return SpikeRecord(
        **header(network, plan, block.spike_count, seed),
        output=block.output if "output" in plan.quantities else None,
        events=block.events if "spikes" in plan.quantities else None,
        voltage_mv=traces["voltage"], rates=traces["rates"], ipsc=traces["ipsc"],
    )  # fmt: skip


def header(network: "SpikingNetwork", plan: RecordingPlan, spike_count: np.ndarray, seed: int | None) -> dict:
    """All of a record but the recorded quantities."""
    return {
        "firing_rate_hz": spike_count / (plan.n_steps * network.dt_s), "dt_s": network.dt_s, "n_steps": plan.n_steps,
        "stride": plan.stride, "w": network.w, "w_out": network.w_out, "tau_d_s": network.tau_d_s,
        "tau_d_initial_s": network.tau_d_initial_s, "inhibitory": network.inhibitory, "som": network.som,
        "unit_types": network.unit_types, "scaling_factor": network.scaling_factor, "seed": seed,
        "neuron": network.params.kind,
    }  # fmt: skip
