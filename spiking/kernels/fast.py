"""Fast kernel: float32, own noise generator, one trial at a time; vectorised across units by LLVM.

Same equations as `reference` with two deviations, both tested to be statistically neutral: arithmetic is float32,
and the refractory period is an integer counter of floor(t_ref / dt) + 1 steps.

The N units are padded to P, a multiple of PAD, with units that never move: whole vectors, no remainder loops. Voltages
are kept as u = v - v_peak, so that the threshold is 0 for every unit.

Noise: each of the `LANES` lanes is one xorshift128 generator (Marsaglia 2003, J. Stat. Softw. 8(14)), seeded by SplitMix64
from one 64-bit key, so a trial's noise depends on its key alone. Half of the lanes give the radius of Box-Muller, half
the angle. Every integer operation is wrapped in its 32-bit type: Numba would otherwise promote it to 64 bits, which is
both another generator and half the speed. The lane count is a constant so that LLVM emits whole vectors.

Generator, membranes and time step stand in one file because Numba's cache looks only at the file of the function it
caches: with them elsewhere, a change would silently keep the old machine code.
"""

from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import float32, int32, njit, types
from numba.extending import intrinsic, overload

from rate2spike.spiking.kernels.compiled import compiled

LIF, QIF, ALIF, EIF = range(4)
PAD = 8  # the narrowest vectors that LLVM uses for a remainder
LANES = 512
HALF = LANES // 2
SCAN_UNITS = 64  # looked at together for spikes
NOISE_BUFFER = 8 * LANES  # normals drawn at once: fits the first-level cache beside the state
FIRST_COUNTED_STEP = 10  # the arbitrary initial voltages make most units fire at step 1
V_SPIKE_MV, V_START_SPAN_MV = 30.0, 95.0  # recorded at the step of a spike; start: v_reset + U(0, 1) * span
# float32 holds 24 bits: u1 = (k + 0.5) / 2**24 lies in (0, 1), so the largest radius is sqrt(2 ln 2**25) = 5.9 SD.
_EXPONENT_OFFSET = 127 + 24

_f4, _i4, _u4, _u8 = np.float32, np.int32, np.uint32, np.uint64


def _chebyshev_fit(function, powers, half_width):
    """Coefficients of `function` in the given powers, near-minimax on [-half_width, half_width] (Chebyshev nodes)."""
    nodes = half_width * np.cos(np.pi * (np.arange(400) + 0.5) / 400)
    basis = nodes[:, None] ** np.asarray(powers)
    return tuple(_f4(c) for c in np.linalg.lstsq(basis, function(nodes), rcond=None)[0])


# Errors on the interval: log 1.5e-6, sine 6e-7, cosine 7e-6; far below what 24 random bits resolve.
L0, L1, L2, L3, L4, L5, L6 = _chebyshev_fit(lambda x: np.log(x + 1.5), range(7), 0.5)
S0, S1, S2, S3 = _chebyshev_fit(lambda x: np.sin(np.pi * x), (1, 3, 5, 7), 0.5)
C0, C1, C2, C3 = _chebyshev_fit(lambda x: np.cos(np.pi * x), (0, 2, 4, 6), 0.5)
E0, E1, E2, E3, E4, E5, E6 = _chebyshev_fit(np.exp2, range(7), 0.5)
LN2 = _f4(np.log(2.0))
# keeps what decays from becoming denormal, which takes processors many times longer; far below anything that matters
TINY = _f4(1e-30)


class Units(NamedTuple):
    """Constants of the units, (P,) float32 unless said. leak, noise_sd and decay_r may be one number for all."""

    leak: np.ndarray | np.float32  # dt / tau_m
    noise_sd: np.ndarray | np.float32  # mV per step
    v_peak: np.ndarray  # mV
    reset: np.ndarray  # v_reset - v_peak, mV
    refractory: np.ndarray  # int32, steps from a spike to the first step of integration
    decay_d: np.ndarray  # exp(-dt / tau_d)
    decay_r: np.ndarray | np.float32  # exp(-dt / tau_r), 0 for the single-exponential filter
    r_jump: np.ndarray  # 1 / (tau_r tau_d), or 1 / tau_d for the single-exponential filter
    is_single: np.ndarray  # bool
    single: np.ndarray  # int64, the units with the single-exponential filter
    form_a: np.ndarray  # see the membranes
    form_b: np.ndarray


class State(NamedTuple):
    """What a trial carries from step to step, (P,) float32 unless said; u, ipsc and adaptation in mV."""

    u: np.ndarray
    ipsc: np.ndarray
    h: np.ndarray
    r: np.ndarray
    hr: np.ndarray
    adaptation: np.ndarray
    current: np.ndarray  # what flows into a unit besides ipsc
    upstroke: np.ndarray  # of the exponential kind
    free_from: np.ndarray  # int32, first step at which a unit integrates
    noise: np.ndarray  # standard normals for some steps, a multiple of LANES
    x: np.ndarray  # (LANES,) uint32, as y, z, w: the generator
    y: np.ndarray
    z: np.ndarray
    w: np.ndarray
    coins: np.ndarray  # (n_stimuli,) uint64


class Weights(NamedTuple):
    """Jump of the target's h per spike of the source: dense, or by its nonzero elements."""

    sparse: bool
    dense: np.ndarray  # (N, P) [source, target] float32
    offsets: np.ndarray  # (N + 1,) int64
    targets: np.ndarray  # int32
    values: np.ndarray  # float32


class Feed(NamedTuple):
    """Where the input goes."""

    w_in: np.ndarray  # (n_inputs, P) float32
    constant: (
        np.ndarray
    )  # (P,) bias and whatever else always flows, mV; of leaky kinds minus v_peak, as their voltages are


class Stimuli(NamedTuple):
    """S stimulations; each acts on 0-based steps [first, end)."""

    first: np.ndarray  # (S,) int64
    end: np.ndarray  # (S,) int64
    mv: np.ndarray  # (S,) float32
    duty: np.ndarray  # (S,) probability of a pulse per step
    continuous: np.ndarray  # (S,) bool: a current instead of pulses
    offsets: np.ndarray  # (S + 1,) int64, into `units`
    units: np.ndarray  # int64


class Recording(NamedTuple):
    """Where results go; an empty array is not wanted. Traces hold every `stride`-th step, (rows, N)."""

    stride: int
    first_row: int  # rows of the trial before this block
    output: np.ndarray  # (n_outputs, rows)
    voltage: np.ndarray
    rates: np.ndarray
    ipsc: np.ndarray
    event_unit: np.ndarray  # int32, as event_step (0-based)
    event_step: np.ndarray
    spike_count: np.ndarray  # (N,) int64, from step 10 on


@intrinsic
def _bits_of(_typing_context, _value):
    """The 32 bits of a float32 as int32."""
    return int32(float32), lambda _c, builder, _s, args: builder.bitcast(args[0], ir.IntType(32))


@intrinsic
def _float_of(_typing_context, _value):
    """The float32 with the given 32 bits."""
    return float32(int32), lambda _c, builder, _s, args: builder.bitcast(args[0], ir.FloatType())


@compiled()
def splitmix64(state):
    """Next SplitMix64 state and output (Steele, Lea & Flood 2014)."""
    state = _u8(state + _u8(0x9E3779B97F4A7C15))
    z = state
    z = _u8(_u8(z ^ _u8(z >> _u8(30))) * _u8(0xBF58476D1CE4E5B9))
    z = _u8(_u8(z ^ _u8(z >> _u8(27))) * _u8(0x94D049BB133111EB))
    return state, _u8(z ^ _u8(z >> _u8(31)))


@compiled()
def seed_lanes(key, x, y, z, w):
    """Fill the four (LANES,) uint32 state words from a 64-bit key."""
    state = _u8(key)
    for k in range(LANES):
        state, a = splitmix64(state)
        state, b = splitmix64(state)
        x[k] = _u4(a)
        y[k] = _u4(a >> _u8(32))
        z[k] = _u4(b)
        w[k] = _u4(_u4(b >> _u8(32)) | _u4(1))  # xorshift must not start at all zeros


@compiled(fastmath=True)
def advance(x, y, z, w):
    """Advance all lanes once; the new words stand in w."""
    for k in range(LANES):
        t = _u4(x[k] ^ _u4(x[k] << _u4(11)))
        last = w[k]
        x[k] = y[k]
        y[k] = z[k]
        z[k] = last
        w[k] = _u4(_u4(last ^ _u4(last >> _u4(19))) ^ _u4(t ^ _u4(t >> _u4(8))))


@compiled(fastmath=True)
def advance_four_times(x, y, z, w):
    """As four times `advance`; the new words stand in x, y, z, w in this order, so that none has to be moved."""
    for k in range(LANES):
        t = _u4(x[k] ^ _u4(x[k] << _u4(11)))
        a = _u4(_u4(w[k] ^ _u4(w[k] >> _u4(19))) ^ _u4(t ^ _u4(t >> _u4(8))))
        t = _u4(y[k] ^ _u4(y[k] << _u4(11)))
        b = _u4(_u4(a ^ _u4(a >> _u4(19))) ^ _u4(t ^ _u4(t >> _u4(8))))
        t = _u4(z[k] ^ _u4(z[k] << _u4(11)))
        c = _u4(_u4(b ^ _u4(b >> _u4(19))) ^ _u4(t ^ _u4(t >> _u4(8))))
        t = _u4(w[k] ^ _u4(w[k] << _u4(11)))
        d = _u4(_u4(c ^ _u4(c >> _u4(19))) ^ _u4(t ^ _u4(t >> _u4(8))))
        x[k] = a
        y[k] = b
        z[k] = c
        w[k] = d


@compiled(fastmath=True)
def box_muller(words, out):
    """LANES standard normals from LANES uniform 32-bit words; out is a (LANES,) float32 view."""
    for k in range(HALF):
        # u1 = 2**e * m with m in [1, 2); ln u1 = e ln 2 + ln m
        bits = _bits_of(_f4(_i4(_u4(words[k] >> _u4(8)))) + _f4(0.5))
        e = _f4(_i4(_i4(bits >> _i4(23)) - _i4(_EXPONENT_OFFSET)))
        m = _float_of(_i4(_i4(bits & _i4(0x7FFFFF)) | _i4(0x3F800000))) - _f4(1.5)
        ln_u = e * LN2 + (((((((L6 * m + L5) * m + L4) * m + L3) * m + L2) * m + L1) * m) + L0)
        radius = np.sqrt(max(_f4(-2.0) * ln_u, _f4(0.0)))
        # half angle a * pi in [-pi/2, pi/2): cos 2a = 1 - 2 sin^2 a, sin 2a = 2 sin a cos a
        a = _f4(_i4(words[HALF + k])) * _f4(2.0**-32)
        q = a * a
        sine = (((S3 * q + S2) * q + S1) * q + S0) * a
        cosine = ((C3 * q + C2) * q + C1) * q + C0
        out[k] = radius * (_f4(1.0) - _f4(2.0) * sine * sine)
        out[HALF + k] = radius * _f4(2.0) * sine * cosine


@compiled(fastmath=True)
def fill_normals(x, y, z, w, out):
    """Fill out, float32 of a multiple of LANES, with standard normals; each LANES of them advance all lanes once."""
    start = 0
    while start + 4 * LANES <= out.size:
        advance_four_times(x, y, z, w)
        box_muller(x, out[start : start + LANES])
        box_muller(y, out[start + LANES : start + 2 * LANES])
        box_muller(z, out[start + 2 * LANES : start + 3 * LANES])
        box_muller(w, out[start + 3 * LANES : start + 4 * LANES])
        start += 4 * LANES
    while start < out.size:
        advance(x, y, z, w)
        box_muller(w, out[start : start + LANES])
        start += LANES


_fast = compiled(fastmath=True)
# a call costs two atomic counts per array: as much as the loop in it, so the membranes become part of the time step
_inlined = njit(nogil=True, fastmath=True, error_model="numpy", inline="always")


def of_unit(constant, k):
    """constant[k], or the constant itself where it is common to all units: the loops are bound by what they load."""
    return constant[k]


@overload(of_unit, inline="always")
def _of_unit(constant, k):
    if isinstance(constant, types.Array):
        return lambda constant, k: constant[k]
    return lambda constant, k: constant


@_inlined
def lif_membrane(u, ipsc, current, noise, free_from, step, leak, noise_sd):
    """Leaky integrate-and-fire: tau_m dv/dt = -v + I, in u = v - v_peak. Returns the number of units above."""
    n_above = _f4(0.0)  # in float: an integer count would widen to 64 bits, and a maximum does not vectorise
    for k in range(u.size):
        gate = _f4(1.0) if free_from[k] <= step else _f4(0.0)
        u_k = u[k] + gate * of_unit(leak, k) * (ipsc[k] + current[k] - u[k]) + of_unit(noise_sd, k) * noise[k]
        u[k] = u_k
        n_above += _f4(1.0) if u_k >= _f4(0.0) else _f4(0.0)
    return n_above


@_inlined
def qif_membrane(u, ipsc, current, noise, free_from, step, leak, noise_sd, v_peak):
    """Quadratic: tau_m dv/dt = v^2 + I, v in mV (Kim et al. 2019, Fig. S7). Returns the number of units above v_peak."""
    n_above = _f4(0.0)  # in float: an integer count would widen to 64 bits, and a maximum does not vectorise
    for k in range(u.size):
        gate = _f4(1.0) if free_from[k] <= step else _f4(0.0)
        v = u[k] + v_peak[k]
        u_k = u[k] + gate * of_unit(leak, k) * (v * v + ipsc[k] + current[k]) + of_unit(noise_sd, k) * noise[k]
        u[k] = u_k
        n_above += _f4(1.0) if u_k >= _f4(0.0) else _f4(0.0)
    return n_above


@_inlined
def alif_membrane(u, ipsc, current, noise, free_from, step, leak, noise_sd, form_a, adaptation):
    """Adaptive: tau_m dv/dt = -v + I - a, tau_a da/dt = -a, a += b at a spike. form_a: exp(-dt/tau_a), form_b: b.

    Returns the number of units above v_peak.
    """
    n_above = _f4(0.0)  # in float: an integer count would widen to 64 bits, and a maximum does not vectorise
    for k in range(u.size):
        gate = _f4(1.0) if free_from[k] <= step else _f4(0.0)
        u_k = (
            u[k]
            + gate * of_unit(leak, k) * (ipsc[k] + current[k] - adaptation[k] - u[k])
            + of_unit(noise_sd, k) * noise[k]
        )
        u[k] = u_k
        n_above += _f4(1.0) if u_k >= _f4(0.0) else _f4(0.0)
    for k in range(u.size):
        adaptation[k] = adaptation[k] * form_a[k] + TINY
    return n_above


@_inlined
def eif_membrane(u, ipsc, current, noise, free_from, step, leak, noise_sd, form_a, form_b, upstroke):
    """Exponential: tau_m dv/dt = -v + D exp((v - v_T)/D) + I (Fourcaud-Trocme 2003). Returns the number of units above.

    u = v - v_peak; the term is exp(form_a u + form_b), its exponent cut at 20 so that nothing overflows: there it
    moves v by more than v_peak in a single step anyway.
    """
    for k in range(u.size):
        upstroke[k] = _exp(min(form_a[k] * u[k] + form_b[k], _f4(20.0)))
    n_above = _f4(0.0)  # in float: an integer count would widen to 64 bits, and a maximum does not vectorise
    for k in range(u.size):
        gate = _f4(1.0) if free_from[k] <= step else _f4(0.0)
        u_k = (
            u[k]
            + gate * of_unit(leak, k) * (upstroke[k] + ipsc[k] + current[k] - u[k])
            + of_unit(noise_sd, k) * noise[k]
        )
        u[k] = u_k
        n_above += _f4(1.0) if u_k >= _f4(0.0) else _f4(0.0)
    return n_above


@_fast
def _exp(x):
    """exp(x) for x in [-80, 80] to 1e-6: 2^n by the exponent's bits, 2^f by a polynomial; vectorises as np.exp does not."""
    y = max(x, _f4(-80.0)) * _f4(1.4426950408889634)
    n = np.floor(y + _f4(0.5))
    f = y - n
    p = ((((((E6 * f + E5) * f + E4) * f + E3) * f + E2) * f + E1) * f) + E0
    return p * _float_of(_i4(_i4(_i4(n) + _i4(127)) << _i4(23)))


@compiled()
def start(key, state, u_start, free_from, v_reset, reset, silent):
    """Seed the generators from a 64-bit key and draw the initial voltages: v_reset + U(0, 1) 95 mV, in u = v - v_peak.

    u_start, free_from (P,): -v_peak and the first step of integration, in the padding far below 0 and never. v_reset (N,).
    silent: indices of units that rest at their reset for ever.
    """
    state.u[:] = u_start
    state.free_from[:] = free_from
    for array in (state.ipsc, state.h, state.r, state.hr, state.adaptation):
        array[:] = _f4(0.0)
    seed_lanes(key, state.x, state.y, state.z, state.w)
    coin = _u8(key ^ _u8(0xD6E8FEB86659FD93))
    for k in range(v_reset.size):
        coin, bits = splitmix64(coin)
        state.u[k] += v_reset[k] + _f4(V_START_SPAN_MV) * (_f4(_u4(bits >> _u8(40))) * _f4(2.0**-24))
    for k in silent:
        state.u[k] = reset[k]
    for s in range(state.coins.size):  # every stimulation has coins of its own
        state.coins[s] = _u8(coin + _u8(s) * _u8(0xA0761D6478BD642F))


@_fast
def stimulus_current(current, feed, u, column, step, stimuli):
    """Input of a step: the task's column, what flows always, and the continuous currents that flow now."""
    w_in, constant = feed.w_in, feed.constant
    for k in range(current.size):
        current[k] = constant[k]
    for i in range(w_in.shape[0]):
        for k in range(current.size):
            current[k] += u[column, i] * w_in[i, k]
    for s in range(stimuli.first.size):
        if stimuli.continuous[s] and stimuli.first[s] < step <= stimuli.end[s]:
            for i in range(stimuli.offsets[s], stimuli.offsets[s + 1]):
                current[stimuli.units[i]] += stimuli.mv[s]


@_fast
def simulate(
    kind,
    first_step,
    n_steps,
    steps_per_column,
    dt,
    n_units,
    units,
    state,
    weights,
    readout,
    feed,
    u_in,
    stimuli,
    recording,
):
    """Advance one trial by n_steps, beginning with 1-based `first_step`, in place. Returns the number of spike events.

    kind: one of LIF, QIF, ALIF, EIF. readout (n_outputs, P); u_in (columns, n_inputs): input per task step.
    """
    wants_output, wants_rates = recording.output.shape[1] > 0, recording.rates.shape[0] > 0
    wants_voltage, wants_ipsc = recording.voltage.shape[0] > 0, recording.ipsc.shape[0] > 0
    wants_events, stride = recording.event_unit.size > 0, recording.stride
    # as locals: taking an array out of a record costs two atomic counts, at every step
    u, ipsc, h, r, hr, free_from = state.u, state.ipsc, state.h, state.r, state.hr, state.free_from
    adaptation, normals = state.adaptation, state.noise
    leak, noise_sd, v_peak, form_a, form_b = units.leak, units.noise_sd, units.v_peak, units.form_a, units.form_b
    decay_d, decay_r, r_jump, single = units.decay_d, units.decay_r, units.r_jump, units.single
    dense, targets, values, offsets = weights.dense, weights.targets, weights.values, weights.offsets
    is_single, reset, refractory = units.is_single, units.reset, units.refractory
    stim_first, stim_end, stim_mv, stim_units = stimuli.first, stimuli.end, stimuli.mv, stimuli.units
    continuous, duty, stim_offsets = stimuli.continuous, stimuli.duty, stimuli.offsets
    outputs, voltage, rates, ipsc_trace = recording.output, recording.voltage, recording.rates, recording.ipsc
    event_unit, event_step, spike_count = recording.event_unit, recording.event_step, recording.spike_count
    x, y, z, w, coins, first_readout = state.x, state.y, state.z, state.w, state.coins, readout[0]
    n_stimuli = stim_first.size
    padded = u.size
    current, upstroke = state.current, state.upstroke
    # counters instead of divisions, which would cost as much as a loop over the units
    column, n_events = (first_step + steps_per_column // 2) // steps_per_column, 0
    column_end = (column + 1) * steps_per_column - steps_per_column // 2  # first step of the next column
    noise_steps = normals.size // padded  # per filling
    block_step = (first_step - 1) % noise_steps
    row, next_recorded = -1, first_step - 1 + stride - (first_step - 1) % stride
    changed = True
    for step in range(first_step, first_step + n_steps):
        if step == column_end:
            column, column_end, changed = column + 1, column_end + steps_per_column, True
        for s in range(n_stimuli):
            changed = changed or step == stim_first[s] + 1 or step == stim_end[s] + 1
        if changed:
            stimulus_current(current, feed, u_in, column, step, stimuli)
            changed = False
        if block_step == 0:
            fill_normals(x, y, z, w, normals)
        noise = normals[block_step * padded : (block_step + 1) * padded]
        block_step = block_step + 1 if block_step + 1 < noise_steps else 0
        recorded = step == next_recorded
        if recorded:
            row, next_recorded = row + 1, next_recorded + stride
            if wants_ipsc:
                for k in range(n_units):
                    ipsc_trace[row, k] = ipsc[k]

        now = _i4(step)
        if kind == LIF:
            n_above = lif_membrane(u, ipsc, current, noise, free_from, now, leak, noise_sd)
        elif kind == QIF:
            n_above = qif_membrane(u, ipsc, current, noise, free_from, now, leak, noise_sd, v_peak)
        elif kind == ALIF:
            n_above = alif_membrane(u, ipsc, current, noise, free_from, now, leak, noise_sd, form_a, adaptation)
        else:
            n_above = eif_membrane(u, ipsc, current, noise, free_from, now, leak, noise_sd, form_a, form_b, upstroke)

        for s in range(n_stimuli):
            if not continuous[s] and stim_first[s] < step <= stim_end[s]:
                coins[s], bits = splitmix64(coins[s])
                if (bits >> _u8(11)) * 2.0**-53 < duty[s]:
                    for i in range(stim_offsets[s], stim_offsets[s + 1]):
                        u[stim_units[i]] += stim_mv[s]
                    n_above = _f4(1.0)  # let the scan below decide

        # synaptic filters; the jumps of this step's spikes follow below
        for k in range(padded):
            ipsc[k] = ipsc[k] * decay_d[k] + h[k] * dt
            h[k] = h[k] * of_unit(decay_r, k) + TINY
        output = _f4(0.0)
        if wants_output:
            for k in range(padded):
                r_k = r[k] * decay_d[k] + hr[k] * dt
                r[k] = r_k
                hr[k] = hr[k] * of_unit(decay_r, k) + TINY
                output += first_readout[k] * r_k
        elif wants_rates:
            for k in range(padded):
                r[k] = r[k] * decay_d[k] + hr[k] * dt
                hr[k] = hr[k] * of_unit(decay_r, k) + TINY

        if wants_voltage and recorded:
            for k in range(n_units):
                voltage[row, k] = u[k] + v_peak[k]
        if n_above > _f4(0.0):
            for first in range(0, n_units, SCAN_UNITS):
                end = min(first + SCAN_UNITS, n_units)
                n_here = _f4(0.0)  # most stretches hold no spike, which vectors see at once
                for k in range(first, end):
                    n_here += _f4(1.0) if u[k] >= _f4(0.0) else _f4(0.0)
                if n_here == _f4(0.0):
                    continue
                for k in range(first, end):
                    if u[k] < _f4(0.0):
                        continue
                    u[k] = reset[k]
                    free_from[k] = now + refractory[k]
                    if kind == ALIF:
                        adaptation[k] += form_b[k]
                    if step >= FIRST_COUNTED_STEP:
                        spike_count[k] += 1
                    if wants_voltage and recorded:
                        voltage[row, k] = V_SPIKE_MV
                    if wants_events:
                        event_unit[n_events] = k
                        event_step[n_events] = step - 1
                        n_events += 1
                    if is_single[k]:
                        r[k] += r_jump[k]
                        output += first_readout[k] * r_jump[k]
                    else:
                        hr[k] += r_jump[k]
                    if weights.sparse:
                        for i in range(offsets[k], offsets[k + 1]):
                            h[targets[i]] += values[i]
                    else:
                        for target in range(padded):
                            h[target] += dense[k, target]
            for i in range(single.size):  # no rise: what has arrived acts at once
                ipsc[single[i]] += h[single[i]]
                h[single[i]] = _f4(0.0)
        if wants_rates and recorded:
            for k in range(n_units):
                rates[row, k] = r[k]
        if wants_output and recorded:
            outputs[0, row] = output
            for other in range(1, readout.shape[0]):
                output = _f4(0.0)
                for k in range(padded):
                    output += readout[other, k] * r[k]
                outputs[other, row] = output
    return n_events


@_fast
def simulate_trials(
    kind,
    n_steps,
    steps_per_column,
    dt,
    units,
    state,
    weights,
    readout,
    feed,
    inputs,
    stimuli,
    keys,
    u_start,
    free_from,
    v_reset,
    silent,
    outputs,
    spike_counts,
):
    """Whole trials one after the other, outputs and spike counts alone: one call for many saves what a call costs.

    inputs (n, columns, n_inputs), keys (n,) uint64; outputs (n, n_outputs, n_steps), spike_counts (n, N) are filled.
    """
    n_units = v_reset.size
    no_trace, no_events = np.empty((0, n_units), _f4), np.empty(0, np.int32)
    for k in range(keys.size):
        start(keys[k], state, u_start, free_from, v_reset, units.reset, silent)
        recording = Recording(1, 0, outputs[k], no_trace, no_trace, no_trace, no_events, no_events, spike_counts[k])
        simulate(
            kind,
            1,
            n_steps,
            steps_per_column,
            dt,
            n_units,
            units,
            state,
            weights,
            readout,
            feed,
            inputs[k],
            stimuli,
            recording,
        )
