"""Buffers that the kernels fill, time first, and the SpikeRecord made of them, units first."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rate2spike.io.records import SpikeRecord

if TYPE_CHECKING:
    from rate2spike.spiking.network import SpikingNetwork


@dataclass(frozen=True)
class Buffers:
    """(n_steps, N) arrays, or (0, N) for what is not recorded; output (n_outputs, n_steps) and spike counts always are."""

    output: np.ndarray
    spike_count: np.ndarray
    voltage: np.ndarray
    spikes: np.ndarray
    rates: np.ndarray
    ipsc: np.ndarray

    @classmethod
    def allocate(cls, n_steps: int, n_units: int, n_outputs: int, record: frozenset[str], kind: type) -> "Buffers":
        """Buffers for the quantities in `record`."""

        def trace(name, dtype):
            return np.zeros((n_steps if name in record else 0, n_units), dtype)

        return cls(
            output=np.empty((n_outputs, n_steps), kind),
            spike_count=np.zeros(n_units, np.int64),
            voltage=trace("voltage", kind),
            spikes=trace("spikes", np.bool_),
            rates=trace("rates", kind),
            ipsc=trace("ipsc", kind),
        )


def as_record(network: "SpikingNetwork", buffers: Buffers, record: frozenset[str], seed: int | None) -> SpikeRecord:
    """The record of one trial; traces become (N, n_steps) views."""
    n_steps = buffers.output.shape[1]
    duration_s = n_steps * network.dt_s

    def trace(name):
        return getattr(buffers, name).T if name in record else None

    return SpikeRecord(
        firing_rate_hz=buffers.spike_count / duration_s,
        output=buffers.output if "output" in record else None,
        spikes=trace("spikes"),
        voltage_mv=trace("voltage"),
        rates=trace("rates"),
        ipsc=trace("ipsc"),
        dt_s=network.dt_s,
        n_steps=n_steps,
        w=network.w,
        w_out=network.w_out,
        tau_d_s=network.tau_d_s,
        tau_d_initial_s=network.tau_d_initial_s,
        inhibitory=network.inhibitory,
        som=network.som,
        unit_types=network.unit_types,
        scaling_factor=network.scaling_factor,
        seed=seed,
    )
