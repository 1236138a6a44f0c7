"""The fast path: prepare float32 arrays, allocate what is to be recorded, call the kernel."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rate2spike.io.records import SpikeRecord
from rate2spike.spiking.kernels.lif_fast import lif_fast
from rate2spike.spiking.params import STEPS_PER_COLUMN, Stimulation
from rate2spike.spiking.recording import Buffers, as_record

if TYPE_CHECKING:
    from rate2spike.spiking.network import SpikingNetwork

_f4 = np.float32


@dataclass(frozen=True)
class FastWeights:
    """A network's constants in the form of the fast kernel."""

    w_by_source: np.ndarray  # (N, N) [source, target]: jump of the target's synapse per spike
    w_out: np.ndarray  # (n_outputs, N)
    decay_d: np.ndarray  # (N,) exp(-dt / tau_d)
    inv_tau_d: np.ndarray  # (N,) 1/s
    decay_r: np.float32  # exp(-dt / tau_r)
    inv_tau_r: np.float32  # 1/s, 0 for the single-exponential filter
    refractory_steps: int

    @classmethod
    def of(cls, network: "SpikingNetwork") -> "FastWeights":
        """Computed in float64, then rounded once."""
        tau_d = network.tau_d_s.astype(np.float64)
        tau_r, dt = network.params.tau_r_s, network.dt_s
        jump = network.w.astype(np.float64) / tau_d[:, None] / (tau_r or 1.0)
        return cls(
            w_by_source=np.ascontiguousarray(jump.T, dtype=_f4),
            w_out=network.readout.astype(_f4),
            decay_d=np.exp(-dt / tau_d).astype(_f4),
            inv_tau_d=(1 / tau_d).astype(_f4),
            decay_r=_f4(np.exp(-dt / tau_r) if tau_r else 0.0),
            inv_tau_r=_f4(1 / tau_r if tau_r else 0.0),
            refractory_steps=int(np.floor(network.params.t_ref_s / dt + 1e-9)) + 1,
        )


def simulate_fast(
    network: "SpikingNetwork", u: np.ndarray, key: np.uint64, record: frozenset[str],
    stimulation: Stimulation | None, seed: int | None,
) -> SpikeRecord:  # fmt: skip
    """Run one trial on checked, subsampled input u (n_inputs, K)."""
    fast, params, dt = network.fast_weights, network.params, network.dt_s
    n_steps = STEPS_PER_COLUMN * (u.shape[1] - 1)
    buffers = Buffers.allocate(n_steps, network.n_units, network.n_outputs, record, _f4)
    drive = np.ascontiguousarray(network.drive(u).T, dtype=_f4)
    stim = stimulation_arguments(stimulation)
    lif_fast(
        fast.w_by_source, fast.w_out[0], fast.w_out[1:], drive, key, fast.decay_d, fast.inv_tau_d,
        _f4(dt), _f4(dt / params.tau_m_s), fast.decay_r, fast.inv_tau_r,
        _f4(params.v_reset_mv), _f4(params.v_peak_mv), _f4(params.bias_mv), _f4(params.noise_sd_mv),
        fast.refractory_steps, STEPS_PER_COLUMN, n_steps, *stim[:3], _f4(stim[3]), buffers.output[0], buffers.output[1:],
        buffers.spike_count, buffers.voltage, buffers.spikes, buffers.rates, buffers.ipsc,
    )  # fmt: skip
    return as_record(network, buffers, record, seed)


def stimulation_arguments(stimulation: Stimulation | None) -> tuple[int, int, np.ndarray, float]:
    """First step, end step, units and amplitude as the kernels take them; an empty window for None."""
    if stimulation is None:
        return 0, 0, np.zeros(0, np.int64), 0.0
    units = np.array(stimulation.units, dtype=np.int64)
    return stimulation.first_step, stimulation.end_step, units, stimulation.amplitude_mv
