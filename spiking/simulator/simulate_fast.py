"""The fast path: bring a network into the float32 form of the kernel, and run one trial in blocks."""

import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Any

import numba
import numpy as np

from rate2spike.dendritic_input import DendriticInput
from rate2spike.errors import InputError
from rate2spike.spiking.kernels import fast as kernel
from rate2spike.spiking.kernels import records
from rate2spike.spiking.kernels.dendrites import Dendrites, Points
from rate2spike.spiking.kernels.membranes import BLOCK_UNITS, KINDS
from rate2spike.spiking.kernels.noise import LANES
from rate2spike.spiking.simulator.mapped_network import MappedNetwork
from rate2spike.spiking.simulator.recording import Block, RecordingPlan
from rate2spike.spiking.simulator.stimulation import Stimulation

# by benchmarks/engine_growth.py --only sparse: with fewer connections a column is added faster by its elements
SPARSE_BELOW = 0.05
_FAR_BELOW_MV = -1e6  # where padding rests
_CACHE_LINE_BYTES = 64
_LINE_FLOATS = _CACHE_LINE_BYTES // 4
_NEVER = 2**31 - 1
_of_thread = threading.local()
_FLOAT_STATE = ("u", "ipsc", "v_dendrite", "h", "r", "hr", "adaptation", "current", "scratch", "above")
_OFTEN_COMMON = ("leak", "noise_sd", "decay_r")
_f4 = np.float32


@dataclass(frozen=True, eq=False)
class FastNetwork:
    """A network's constants in the form of the fast kernel; P is N padded."""

    units: records.Units
    weights: records.Weights
    readout: np.ndarray  # (n_outputs, P)
    v_reset: np.ndarray  # (N,)
    u_start: np.ndarray  # (P,) what the initial voltages are added to, -v_peak
    feed: records.Feed
    free_from: np.ndarray  # (P,) int32, first step of integration: after the refractory period, or never
    silent: np.ndarray  # int64, units that never fire
    n_compartments: int  # 0: units are points

    @classmethod
    def of(cls, network: MappedNetwork, sparse: bool | None = None) -> "FastNetwork":
        """Computed in float64, then rounded once. sparse: how to add columns; None: the faster. Raises InputError."""
        if numba.config.DISABLE_JIT:
            raise InputError(
                "NUMBA_DISABLE_JIT is set, and the fast path exists only compiled: unset it, or take precision='float64', "
                "which is slow then (half a minute per trial)"
            )
        n, params = network.n_units, network.params
        pad = kernel.PAD if network.dendrites is None else kernel.PAD_WITH_DENDRITES
        padded = -(-n // pad) * pad
        tau_r = params.per_unit("tau_r_s", n)
        area = np.where(tau_r > 0, tau_r, 1.0) * network.tau_d_s.astype(np.float64)
        return cls(
            units=_units(network, padded),
            weights=_weights(network.w, area, network.dendrites, padded, sparse),
            readout=_padded(network.readout.astype(_f4), padded),
            v_reset=params.per_unit("v_reset_mv", n).astype(_f4),
            u_start=_padded(-params.per_unit("v_peak_mv", n).astype(_f4), padded, _FAR_BELOW_MV),
            feed=records.Feed(
                _padded(network.input_weights.T.astype(_f4), padded),
                _padded(_constant_input(network).astype(_f4), padded),
            ),
            free_from=_padded(_refractory_steps(network), padded, _NEVER),
            silent=np.flatnonzero(np.zeros(0) if network.silent is None else network.silent),
            n_compartments=0 if network.dendrites is None else network.dendrites.n_compartments,
        )

    def _state(self) -> records.State:
        return _state(self.u_start.size, self.n_compartments)

    def start(self, key: np.uint64, n_stimuli: int) -> records.State:
        """State of a trial before its first step; good until the next start in this thread."""
        state = self._state()._replace(coins=np.zeros(n_stimuli, np.uint64))
        kernel.start(key, state, self.u_start, self.free_from, self.v_reset, self.units.reset, self.silent)
        return state

    def run_trials(
        self, network: MappedNetwork, inputs: Sequence[np.ndarray], keys: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Outputs (n, n_outputs, n_steps) and spike counts (n, N) of n trials on checked, subsampled inputs."""
        n_steps = network.steps_per_column * (inputs[0].shape[1] - 1)
        fed = [network.fed(u) for u in inputs]
        outputs = np.empty((len(inputs), network.n_outputs, n_steps), _f4)
        counts = np.zeros((len(inputs), network.n_units), np.int64)
        kernel.simulate_trials(
            n_steps,
            fed[0][1],
            _f4(network.dt_s),
            self.units,
            self._state(),
            self.weights,
            self.readout,
            self.feed,
            np.array([u.T for u, _ in fed], _f4),
            packed_stimuli(()),
            keys,
            self.u_start,
            self.free_from,
            self.v_reset,
            self.silent,
            outputs,
            counts,
        )
        return outputs, counts


def simulate_fast(
    network: MappedNetwork,
    fast: FastNetwork,
    u: np.ndarray,
    key: np.uint64,
    plan: RecordingPlan,
    stimuli: tuple[tuple[Stimulation, np.ndarray], ...],
) -> Iterator[Block]:
    """Run one trial on checked, subsampled input u (n_inputs, K), block by block."""
    fed, steps_per_column = network.fed(u)
    inputs = np.ascontiguousarray(fed.T, dtype=_f4)
    state = fast.start(key, len(stimuli))
    packed = packed_stimuli(stimuli)
    for block in plan.blocks(_f4):
        traces = block.traces
        recording = records.Recording(
            plan.stride,
            block.first_row,
            traces.output,
            traces.voltage,
            traces.rates,
            traces.ipsc,
            block.event_unit,
            block.event_step,
            block.spike_count,
        )
        block.n_events = kernel.simulate(
            block.first_step,
            block.n_steps,
            steps_per_column,
            _f4(network.dt_s),
            network.n_units,
            fast.units,
            state,
            fast.weights,
            fast.readout,
            fast.feed,
            inputs,
            packed,
            recording,
        )
        yield block


def _state(padded: int, n_compartments: int) -> records.State:
    """The state of this thread for that size, as the trial before has left it: making one costs a hundred steps."""
    states = _of_thread.__dict__.setdefault("states", {})
    size = padded, n_compartments
    if size not in states:
        states[size] = _new_state(*size)
    return states[size]


def _new_state(padded: int, n_compartments: int) -> records.State:
    """All of it in one piece of memory."""
    starts, sizes = _state_layout(padded, n_compartments)
    memory = _aligned((starts[-1] + sizes[-1],), _f4)
    arrays = [memory[start : start + size] for start, size in zip(starts, sizes, strict=True)]
    n = len(_FLOAT_STATE)
    of_floats, by_compartment = dict(zip(_FLOAT_STATE, arrays, strict=False)), (n_compartments, padded)
    of_floats["v_dendrite"] = of_floats["v_dendrite"].reshape(by_compartment)
    of_floats["h_dendrite"] = of_floats["h"][: n_compartments * padded].reshape(by_compartment)
    return records.State(
        **of_floats,
        free_from=arrays[n].view(np.int32),
        noise=arrays[n + 1],
        **{word: array.view(np.uint32) for word, array in zip("xyzw", arrays[n + 2 :], strict=True)},
        coins=np.zeros(0, np.uint64),
    )


@cache
def _state_layout(padded: int, n_compartments: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Starts and sizes of the arrays of a state, in 4-byte numbers, every one on a line of its own."""
    n_noise = max(kernel.NOISE_BUFFER, -(-padded // LANES) * LANES)
    others = {
        "v_dendrite": padded * n_compartments,
        "h": padded * max(n_compartments, 1),
        "above": -(-padded // BLOCK_UNITS),
    }
    of_units = tuple(others.get(name, padded) for name in (*_FLOAT_STATE, "free_from"))
    sizes = of_units + (n_noise,) + (LANES,) * 4
    lines = [-(-size // _LINE_FLOATS) * _LINE_FLOATS for size in sizes]
    return tuple(accumulate(lines[:-1], initial=0)), sizes


def _units(network: MappedNetwork, padded: int) -> records.Units:
    n, params, dt = network.n_units, network.params, network.dt_s

    def of(name: str) -> np.ndarray:
        return params.per_unit(name, n)

    tau_d, tau_r = network.tau_d_s.astype(np.float64), of("tau_r_s")
    single = tau_r == 0
    awake = np.ones(n) if network.silent is None else ~network.silent
    rise = np.where(single, 1.0, tau_r)
    constants = {
        "leak": awake * dt / of("tau_m_s"),
        "noise_sd": awake * params.noise_per_step_mv(n, dt),
        "v_peak": of("v_peak_mv"),
        "reset": of("v_reset_mv") - of("v_peak_mv"),
        "decay_d": np.exp(-dt / tau_d),
        "decay_r": np.where(single, 0.0, np.exp(-dt / rise)),
        "r_jump": 1 / (rise * tau_d),
    }
    own = KINDS[params.kind].of(of, dt)
    arrays: dict[str, Any] = {name: _padded(values.astype(_f4), padded) for name, values in constants.items()}
    if all(np.ptp(constants[name]) == 0 for name in _OFTEN_COMMON):
        arrays |= {name: _f4(constants[name][0]) for name in _OFTEN_COMMON}
    return records.Units(
        **arrays,
        refractory=_padded(_refractory_steps(network), padded),
        is_single=single,
        single=np.flatnonzero(single),
        own=own._make(_padded(values.astype(_f4), padded) for values in own),
        dendrites=_dendrites(network.dendrites),
    )


def _dendrites(dendrites: DendriticInput | None) -> Points | Dendrites:
    """F as the kernel computes it: σ(x) = (1 + tanh(x / 2)) / 2."""
    if dendrites is None:
        return Points()
    half_gain, offset = dendrites.gain / 2, -dendrites.slope * dendrites.threshold / 2
    return Dendrites(
        linear=_f4(dendrites.passes_voltage),
        half_gain=_f4(half_gain),
        rise=_f4(dendrites.slope / 2),
        offset=_f4(offset),
        at_rest=_f4(-dendrites.n_compartments * half_gain * np.tanh(offset)),
    )


def _refractory_steps(network: MappedNetwork) -> np.ndarray:
    """(N,) int32 steps from a spike to the first step of integration: 41 for 2 ms, also for 2.0000000001 ms."""
    steps = np.floor(network.params.per_unit("t_ref_s", network.n_units) / network.dt_s + 1e-9) + 1
    return np.minimum(steps, 2**30).astype(np.int32)


def _weights(
    w: np.ndarray, area: np.ndarray, dendrites: DendriticInput | None, padded: int, sparse: bool | None
) -> records.Weights:
    """w (N, N) [target, source]; area (N,), tau_r tau_d. On dendrites by elements: a column is C times as long."""
    if dendrites is not None:
        sparse = True
    elif sparse is None:
        sparse = bool(np.count_nonzero(w) / w.size < SPARSE_BELOW)
    dense = np.zeros((0, padded), _f4)
    target, source = np.nonzero(w) if sparse else (np.zeros(0, int), np.zeros(0, int))
    if sparse:  # of the elements alone: of 10 000 units, all of them in float64 take 800 MB
        by_source = np.argsort(source, kind="stable")
        target, source = target[by_source], source[by_source]
    else:
        dense = _padded((w.T.astype(np.float64) / area).astype(_f4), padded)
    places = target if dendrites is None else target + padded * dendrites.compartment[target, source].astype(np.int64)
    return records.Weights(
        sparse=bool(sparse),
        dense=dense,
        offsets=np.concatenate([[0], np.cumsum(np.bincount(source, minlength=len(w)))]).astype(np.int64),
        targets=places.astype(np.int32),
        values=(w[target, source].astype(np.float64) / area[target]).astype(_f4),
    )


def _constant_input(network: MappedNetwork) -> np.ndarray:
    """(N,) what flows without input; for the leaky kinds relative to v_peak, as their voltages are."""
    n, params = network.n_units, network.params
    constant = params.per_unit("bias_mv", n)
    if KINDS[params.kind].LEAKY:
        constant -= params.per_unit("v_peak_mv", n)
    return constant if network.unit_bias is None else constant + network.unit_bias.astype(np.float64)


def packed_stimuli(stimuli: tuple[tuple[Stimulation, np.ndarray], ...], kind: type = _f4) -> records.Stimuli:
    """The stimulations as the kernels take them."""
    return _packed(stimuli, kind) if stimuli else _no_stimuli(kind)


@cache
def _no_stimuli(kind: type) -> records.Stimuli:
    return _packed((), kind)


def _packed(stimuli: tuple[tuple[Stimulation, np.ndarray], ...], kind: type) -> records.Stimuli:
    ones = [one for one, _ in stimuli]
    units = [units for _, units in stimuli]
    return records.Stimuli(
        first=np.array([one.steps[0] for one in ones], np.int64),
        end=np.array([one.steps[1] for one in ones], np.int64),
        mv=np.array([one.signed_mv for one in ones], kind),
        duty=np.array([one.duty for one in ones], np.float64),
        continuous=np.array([one.continuous for one in ones], np.bool_),
        offsets=np.cumsum([0, *(u.size for u in units)]).astype(np.int64),
        units=np.concatenate([np.zeros(0, np.int64), *units]),
    )


def _padded(values: np.ndarray, padded: int, fill: float = 0.0) -> np.ndarray:
    """The last axis lengthened to `padded`."""
    out = _aligned((*values.shape[:-1], padded), values.dtype, fill)
    out[..., : values.shape[-1]] = values
    return out


def _aligned(shape: tuple[int, ...], kind: type | np.dtype, fill: float = 0.0) -> np.ndarray:
    """np.full whose rows of whole vectors do not straddle cache lines, which every load and store would pay for."""
    n_bytes = math.prod(shape) * np.dtype(kind).itemsize
    buffer = np.empty(n_bytes + _CACHE_LINE_BYTES, np.uint8)
    first = -buffer.ctypes.data % _CACHE_LINE_BYTES
    array = buffer[first : first + n_bytes].view(kind).reshape(shape)
    array[...] = fill
    return array
