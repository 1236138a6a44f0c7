"""The reference path: float64, historic order, random draws supplied or generated in blocks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rate2spike.calls import CallError, public
from rate2spike.errors import InputError
from rate2spike.readable import Readable
from rate2spike.spiking.kernels import reference as kernel
from rate2spike.spiking.kernels.records import V_START_SPAN_MV, Recording
from rate2spike.spiking.kernels.reference_dendrites import Dendrites, Points
from rate2spike.spiking.simulator.mapped_network import MappedNetwork, as_numbers
from rate2spike.spiking.simulator.recording import Block, RecordingPlan
from rate2spike.spiking.simulator.simulate_fast import packed_stimuli
from rate2spike.spiking.simulator.stimulation import Stimulation

_BLOCK_STEPS = 1000  # bounds the memory that generated draws take


class Draws(Protocol):
    """Where a simulation's random numbers come from, asked for in the order of use."""

    def start(self, n_units: int) -> np.ndarray:
        """(n_units,) uniforms for the initial voltages."""

    def block(self, n_steps: int, n_units: int, stimulated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n_steps, n_units) normals, and (n_steps, S) uniforms drawn where `stimulated`, (n_steps, S) bool."""


@dataclass
class GeneratedDraws:
    """Draws from a NumPy generator; coins from one of their own, so that results do not depend on the blocks."""

    rng: np.random.Generator

    def __post_init__(self) -> None:
        (self._coins,) = self.rng.spawn(1)

    def start(self, n_units: int) -> np.ndarray:
        """See Draws."""
        return self.rng.random(n_units)

    def block(self, n_steps: int, n_units: int, stimulated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See Draws."""
        return self.rng.standard_normal((n_steps, n_units)), self._coins.random(stimulated.shape)


@public()
@dataclass(eq=False, repr=False)
class InjectedDraws(Readable):
    """Draws given by the caller in the order of use. Surplus ones are ignored, missing ones raise InputError.

    Parameters
    ----------
    uniforms : array
        N for the initial voltages, then one per stimulated step (and window, where several overlap).
    normals : array
        N per step, flat or (steps, N).
    """

    uniforms: np.ndarray
    normals: np.ndarray

    def __post_init__(self) -> None:
        if np.iscomplexobj(self.uniforms) or np.iscomplexobj(self.normals):
            raise CallError("draws must be real")
        self.uniforms = np.ravel(as_numbers(self.uniforms, "uniforms", "(n,)"))
        self.normals = np.ravel(as_numbers(self.normals, "normals", "(n,)"))
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
        coins = np.ones(stimulated.shape)
        n_coins = int(stimulated.sum())
        coins[stimulated] = self.uniforms[self._uniforms_used : self._uniforms_used + n_coins]
        self._uniforms_used += n_coins
        return normals.reshape(n_steps, n_units), coins


def simulate_reference(
    network: MappedNetwork,
    u: np.ndarray,
    draws: Draws,
    plan: RecordingPlan,
    stimuli: tuple[tuple[Stimulation, np.ndarray], ...],
) -> Iterator[Block]:
    """Run one trial on checked, subsampled input u (n_inputs, K), block by block."""
    n, params = network.n_units, network.params
    pulses = [one for one, _ in stimuli if not one.continuous]
    if isinstance(draws, InjectedDraws):
        n_coins = sum(max(min(one.steps[1], plan.n_steps) - one.steps[0], 0) for one in pulses)
        draws.require(n + n_coins, n * plan.n_steps)
    w, readout = network.w.astype(np.float64), network.readout.astype(np.float64)
    fed, steps_per_column = network.fed(u)
    drive = np.ascontiguousarray(network.drive(fed).T)
    units = _units(network)
    v = params.per_unit("v_reset_mv", n) + draws.start(n) * V_START_SPAN_MV
    if network.silent is not None:
        v[network.silent] = units.v_reset[network.silent]
    state = kernel.State(
        v,
        ipsc=np.zeros(n),
        synapses=_synapses(network),
        r=np.zeros(n),
        hr=np.zeros(n),
        t_last=np.zeros(n),
        adaptation=np.zeros(n),
    )
    packed = packed_stimuli(stimuli, np.float64)
    for block in plan.blocks(np.float64):
        traces = block.traces
        for start in range(block.first_step, block.first_step + block.n_steps, _BLOCK_STEPS):
            steps = np.arange(start, min(start + _BLOCK_STEPS, block.first_step + block.n_steps)) - 1
            acts = (
                np.array([one.active(steps) & (not one.continuous) for one, _ in stimuli], bool)
                .reshape(-1, steps.size)
                .T
            )
            normals, coins = draws.block(steps.size, n, acts)
            recording = Recording(
                plan.stride,
                block.first_row,
                traces.output,
                traces.voltage,
                traces.rates,
                traces.ipsc,
                block.event_unit[block.n_events :],
                block.event_step[block.n_events :],
                block.spike_count,
            )
            block.n_events += kernel.simulate(
                start,
                normals,
                coins,
                steps_per_column,
                network.dt_s,
                units,
                state,
                w,
                readout,
                drive,
                packed,
                recording,
            )
        yield block


def _units(network: MappedNetwork) -> kernel.Units:
    n, params = network.n_units, network.params
    names = ("tau_m_s", "t_ref_s", "tau_r_s", "v_reset_mv", "v_peak_mv", "bias_mv")
    values = {name.rsplit("_", 1)[0]: params.per_unit(name, n) for name in names}
    noise_sd = params.noise_per_step_mv(n, network.dt_s)
    if network.silent is not None:
        values["t_ref"][network.silent], noise_sd[network.silent] = np.inf, 0.0
    kind = kernel.KINDS[params.kind]
    own = kind._make(params.per_unit(name, n) for name in kind._fields)
    return kernel.Units(network.tau_d_s.astype(np.float64), noise_sd=noise_sd, own=own, **values)


def _synapses(network: MappedNetwork) -> Points | Dendrites:
    """What recurrent spikes act on, at rest."""
    n, dendrites = network.n_units, network.dendrites
    if dendrites is None:
        return Points(h=np.zeros(n), jump=np.zeros(n))
    shape = (dendrites.n_compartments, n)
    return Dendrites(
        v=np.zeros(shape),
        h=np.zeros(shape),
        jump=np.zeros(shape),
        compartment=np.ascontiguousarray(dendrites.compartment, np.int64),
        linear=float(dendrites.passes_voltage),
        gain=float(dendrites.gain),
        threshold=float(dendrites.threshold),
        slope=float(dendrites.slope),
    )
