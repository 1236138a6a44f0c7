"""Fast LIF kernel: float32, own noise generator, one call per trial; vectorised across units by LLVM.

Same equations as `lif_reference` with two deviations, both tested to be statistically neutral: arithmetic is float32,
and the refractory period is an integer counter of floor(t_ref / dt) + 1 steps.

Noise: each of the `LANES` lanes is one xorshift128 generator (Marsaglia 2003, J. Stat. Softw. 8(14)), seeded by SplitMix64
from one 64-bit key, so a trial's noise depends on its key alone. Half of the lanes give the radius of Box-Muller, half
the angle. Every integer operation is wrapped in its 32-bit type: Numba would otherwise promote it to 64 bits, which is
both another generator and half the speed. The lane count is a constant so that LLVM emits whole vectors.

The generator stands in this file because Numba's cache looks only at the file of the function it caches: with the
generator elsewhere, a change to it would silently keep the old machine code.
"""

import numpy as np
from llvmlite import ir
from numba import float32, int32, njit
from numba.extending import intrinsic

LANES = 512
HALF = LANES // 2
NOISE_BLOCK_STEPS = 32
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
LN2 = _f4(np.log(2.0))


@intrinsic
def _bits_of(_typing_context, _value):
    """The 32 bits of a float32 as int32."""
    return int32(float32), lambda _c, builder, _s, args: builder.bitcast(args[0], ir.IntType(32))


@intrinsic
def _float_of(_typing_context, _value):
    """The float32 with the given 32 bits."""
    return float32(int32), lambda _c, builder, _s, args: builder.bitcast(args[0], ir.FloatType())


@njit(cache=True, nogil=True, error_model="numpy")
def splitmix64(state):
    """Next SplitMix64 state and output (Steele, Lea & Flood 2014)."""
    state = _u8(state + _u8(0x9E3779B97F4A7C15))
    z = state
    z = _u8(_u8(z ^ _u8(z >> _u8(30))) * _u8(0xBF58476D1CE4E5B9))
    z = _u8(_u8(z ^ _u8(z >> _u8(27))) * _u8(0x94D049BB133111EB))
    return state, _u8(z ^ _u8(z >> _u8(31)))


@njit(cache=True, nogil=True, error_model="numpy")
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


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def advance(x, y, z, w):
    """Advance all lanes once; the new words stand in w."""
    for k in range(LANES):
        t = _u4(x[k] ^ _u4(x[k] << _u4(11)))
        last = w[k]
        x[k] = y[k]
        y[k] = z[k]
        z[k] = last
        w[k] = _u4(_u4(last ^ _u4(last >> _u4(19))) ^ _u4(t ^ _u4(t >> _u4(8))))


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
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


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
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


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
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


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def lif_fast(
    w_by_source, w_out, more_w_out, drive, key, decay_d, inv_tau_d, dt, dt_over_tau_m, decay_r, inv_tau_r,
    v_reset, v_peak, bias, noise_sd, refractory_steps, steps_per_column, n_steps,
    stim_first, stim_end, stim_units, stim_mv,
    output, more_output, spike_count, voltage, spikes, rates, ipsc_trace,
):  # fmt: skip
    """Simulate one trial in place.

    w_by_source (N, N) [source, target]: jump of h (or of ipsc if inv_tau_r is 0) per spike. drive (columns, N): input
    current per task step, mV. key: 64 bits from which all of the trial's draws come. decay_d, inv_tau_d (N,):
    exp(-dt/tau_d) and 1/tau_d (1/s).
    w_out (N,) reads out the first output, more_w_out (n_outputs - 1, N) the others.
    Outputs: output (n_steps,), more_output (n_outputs - 1, n_steps), spike_count (N,) from step 10 on; voltage, spikes,
    rates, ipsc_trace (n_steps, N) or (0, N) when not wanted. Stimulation acts on 0-based steps [stim_first, stim_end).
    """
    n = w_out.size
    double_exponential = inv_tau_r > _f4(0.0)
    x, y, z, w = np.empty(LANES, _u4), np.empty(LANES, _u4), np.empty(LANES, _u4), np.empty(LANES, _u4)
    seed_lanes(key, x, y, z, w)
    coin_state = _u8(key ^ _u8(0xD6E8FEB86659FD93))
    n_fills = (NOISE_BLOCK_STEPS * n + LANES - 1) // LANES
    noise_block = np.empty(n_fills * LANES, _f4)
    v = np.empty(n, _f4)
    for k in range(n):
        coin_state, bits = splitmix64(coin_state)
        v[k] = v_reset + _f4(V_START_SPAN_MV) * (_f4(_u4(bits >> _u8(40))) * _f4(2.0**-24))
    current, ipsc, h = np.empty(n, _f4), np.zeros(n, _f4), np.zeros(n, _f4)
    r, hr = np.zeros(n, _f4), np.zeros(n, _f4)
    last_spike = np.zeros(n, _i4)  # the simulation starts as if every unit had fired at step 0
    column = -1
    for step in range(1, n_steps + 1):
        if (step + steps_per_column // 2) // steps_per_column != column:
            column = (step + steps_per_column // 2) // steps_per_column
            for k in range(n):
                current[k] = drive[column, k] + bias
        block_step = (step - 1) % NOISE_BLOCK_STEPS
        if block_step == 0:
            fill_normals(x, y, z, w, noise_block)
        noise = noise_block[block_step * n : (block_step + 1) * n]
        if ipsc_trace.shape[0] > 0:
            ipsc_trace[step - 1, :] = ipsc

        # v += [not refractory] dt/tau_m (I - v) + noise
        newest_free = _i4(step - refractory_steps)
        n_above = _f4(0.0)  # counted in float: an integer count would widen to 64 bits
        for k in range(n):
            gate = dt_over_tau_m if last_spike[k] <= newest_free else _f4(0.0)
            v_k = v[k] + gate * (ipsc[k] + current[k] - v[k]) + noise_sd * noise[k]
            v[k] = v_k
            n_above += _f4(1.0) if v_k >= v_peak else _f4(0.0)

        if stim_first < step <= stim_end:
            coin_state, bits = splitmix64(coin_state)
            if _u8(bits >> _u8(63)) == _u8(0):
                for k in stim_units:
                    v[k] += stim_mv
                n_above = _f4(1.0)  # let the scan below decide

        # synaptic filters; the jumps of this step's spikes follow below
        if double_exponential:
            for k in range(n):
                ipsc[k] = ipsc[k] * decay_d[k] + h[k] * dt
                h[k] = h[k] * decay_r
            readout = _f4(0.0)
            for k in range(n):
                r_k = r[k] * decay_d[k] + hr[k] * dt
                r[k] = r_k
                hr[k] = hr[k] * decay_r
                readout += w_out[k] * r_k
        else:
            readout = _f4(0.0)
            for k in range(n):
                ipsc[k] = ipsc[k] * decay_d[k]
                r_k = r[k] * decay_d[k]
                r[k] = r_k
                readout += w_out[k] * r_k

        if voltage.shape[0] > 0:
            voltage[step - 1, :] = v
        if n_above > _f4(0.0):
            for k in range(n):
                if v[k] >= v_peak:
                    if voltage.shape[0] > 0:
                        voltage[step - 1, k] = V_SPIKE_MV
                    if spikes.shape[0] > 0:
                        spikes[step - 1, k] = True
                    v[k] = v_reset
                    last_spike[k] = step
                    if step >= FIRST_COUNTED_STEP:
                        spike_count[k] += 1
                    if double_exponential:
                        hr[k] += inv_tau_r * inv_tau_d[k]
                        for target in range(n):
                            h[target] += w_by_source[k, target]
                    else:
                        r[k] += inv_tau_d[k]
                        readout += w_out[k] * inv_tau_d[k]
                        for target in range(n):
                            ipsc[target] += w_by_source[k, target]
        if rates.shape[0] > 0:
            rates[step - 1, :] = r
        output[step - 1] = readout
        for other in range(more_w_out.shape[0]):
            readout = _f4(0.0)
            for k in range(n):
                readout += more_w_out[other, k] * r[k]
            more_output[other, step - 1] = readout
