"""The reference path: float64, historic order, random draws supplied or generated in blocks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.records import SpikeRecord
from rate2spike.spiking.kernels.lif_reference import lif_reference
from rate2spike.spiking.params import STEPS_PER_COLUMN, Stimulation
from rate2spike.spiking.recording import Buffers, as_record
from rate2spike.spiking.simulate_fast import stimulation_arguments

if TYPE_CHECKING:
    from rate2spike.spiking.network import SpikingNetwork

_BLOCK_STEPS = 1000  # bounds the memory that generated draws take
V_START_SPAN_MV = 95.0


class Draws(Protocol):
    """Where a simulation's random numbers come from, asked for in the order of use."""

    def start(self, n_units: int) -> np.ndarray:
        """(n_units,) uniforms for the initial voltages."""

    def block(self, n_steps: int, n_units: int, stimulated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n_steps, n_units) normals, and (n_steps,) uniforms drawn where `stimulated`."""


@dataclass
class GeneratedDraws:
    """Draws from a NumPy generator."""

    rng: np.random.Generator

    def start(self, n_units: int) -> np.ndarray:
        """See Draws."""
        return self.rng.random(n_units)

    def block(self, n_steps: int, n_units: int, stimulated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See Draws."""
        return self.rng.standard_normal((n_steps, n_units)), self.rng.random(n_steps)


@dataclass
class InjectedDraws:
    """Draws given by the caller in the order of use.

    uniforms: N for the initial voltages, then one per stimulated step; normals: N per step, flat or (steps, N). Surplus
    ones are ignored, missing ones raise InputError.
    """

    uniforms: np.ndarray
    normals: np.ndarray

    def __post_init__(self) -> None:
        if np.iscomplexobj(self.uniforms) or np.iscomplexobj(self.normals):
            raise TypeError("draws must be real")
        self.uniforms = np.ravel(np.asarray(self.uniforms, dtype=np.float64))
        self.normals = np.ravel(np.asarray(self.normals, dtype=np.float64))
        self._uniforms_used = self._normals_used = 0

    def require(self, n_uniforms: int, n_normals: int) -> None:
        """Raise InputError unless there are that many draws."""
        for name, values, needed in (
            ("UZ (uniforms)", self.uniforms, n_uniforms),
            ("NZ (normals)", self.normals, n_normals),
        ):
            if values.size < needed:
                raise InputError(f"{name} holds {values.size} draws, the simulation uses {needed}")
            if not np.isfinite(values[:needed]).all():
                raise InputError(f"{name} holds NaN or infinite values")

    def start(self, n_units: int) -> np.ndarray:
        """See Draws."""
        self._uniforms_used = n_units
        self._normals_used = 0
        return self.uniforms[:n_units]

    def block(self, n_steps: int, n_units: int, stimulated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See Draws."""
        normals = self.normals[self._normals_used : self._normals_used + n_steps * n_units]
        self._normals_used += normals.size
        coins = np.ones(n_steps)
        n_coins = int(stimulated.sum())
        coins[stimulated] = self.uniforms[self._uniforms_used : self._uniforms_used + n_coins]
        self._uniforms_used += n_coins
        return normals.reshape(n_steps, n_units), coins


def simulate_reference(
    network: "SpikingNetwork", u: np.ndarray, draws: Draws, record: frozenset[str],
    stimulation: Stimulation | None, seed: int | None,
) -> SpikeRecord:  # fmt: skip
    """Run one trial on checked, subsampled input u (n_inputs, K)."""
    n, params, dt = network.n_units, network.params, network.dt_s
    n_steps = STEPS_PER_COLUMN * (u.shape[1] - 1)
    stim_first, stim_end, stim_units, stim_mv = stimulation_arguments(stimulation)
    stim_end = min(stim_end, n_steps)
    if isinstance(draws, InjectedDraws):
        draws.require(n + max(stim_end - stim_first, 0), n * n_steps)
    buffers = Buffers.allocate(n_steps, n, network.n_outputs, record, np.float64)
    w, w_out, tau_d = (a.astype(np.float64) for a in (network.w, network.readout, network.tau_d_s))
    drive = np.ascontiguousarray(network.drive(u).T)
    v = params.v_reset_mv + draws.start(n) * V_START_SPAN_MV
    ipsc, h, r, hr, t_last = (np.zeros(n) for _ in range(5))
    for start in range(0, n_steps, _BLOCK_STEPS):
        steps = np.arange(start, min(start + _BLOCK_STEPS, n_steps))
        normals, coins = draws.block(steps.size, n, (steps >= stim_first) & (steps < stim_end))
        lif_reference(
            w, w_out, drive, v, ipsc, h, r, hr, t_last, tau_d, dt, params.t_ref_s, params.tau_m_s, params.tau_r_s,
            params.v_reset_mv, params.v_peak_mv, params.bias_mv, params.noise_sd_mv,
            start + 1, normals, coins, stim_first, stim_end, stim_units, stim_mv, STEPS_PER_COLUMN,
            buffers.output, buffers.spike_count, buffers.voltage, buffers.spikes, buffers.rates, buffers.ipsc,
        )  # fmt: skip
    return as_record(network, buffers, record, seed)
