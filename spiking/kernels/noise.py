"""The noise of the fast path: standard normals from a 64-bit key, in float32, vectorised by LLVM.

Each of the `LANES` lanes is one xorshift128 generator (Marsaglia 2003, J. Stat. Softw. 8(14)), seeded by SplitMix64 from
one 64-bit key, so a trial's noise depends on its key alone. Half of the lanes give the radius of Box-Muller, half the
angle. Every integer operation is wrapped in its 32-bit type: Numba would otherwise promote it to 64 bits, which is both
another generator and half the speed. The lane count is a constant so that LLVM emits whole vectors.
"""

import numpy as np

from rate2spike.spiking.kernels.arithmetic import bits_of, chebyshev_fit, float_of
from rate2spike.spiking.kernels.compiled import compiled

LANES = 512
HALF = LANES // 2
# float32 holds 24 bits: u1 = (k + 0.5) / 2**24 lies in (0, 1), so the largest radius is sqrt(2 ln 2**25) = 5.9 SD.
_EXPONENT_OFFSET = 127 + 24

_f4, _i4, _u4, _u8 = np.float32, np.int32, np.uint32, np.uint64

SPLITMIX_STEP, SPLITMIX_FIRST, SPLITMIX_SECOND = (
    _u8(0x9E3779B97F4A7C15),
    _u8(0xBF58476D1CE4E5B9),
    _u8(0x94D049BB133111EB),
)
COINS = _u8(0xD6E8FEB86659FD93)  # makes another key of a trial's, for the generator of initial voltages and coins

# Errors on the interval: log 1.5e-6, sine 6e-7, cosine 7e-6; far below what 24 random bits resolve.
L0, L1, L2, L3, L4, L5, L6 = chebyshev_fit(lambda x: np.log(x + 1.5), range(7), 0.5)
S0, S1, S2, S3 = chebyshev_fit(lambda x: np.sin(np.pi * x), (1, 3, 5, 7), 0.5)
C0, C1, C2, C3 = chebyshev_fit(lambda x: np.cos(np.pi * x), (0, 2, 4, 6), 0.5)
LN2 = _f4(np.log(2.0))


@compiled()
def splitmix64(state):
    """Next SplitMix64 state and output (Steele, Lea & Flood 2014)."""
    state = _u8(state + SPLITMIX_STEP)
    z = state
    z = _u8(_u8(z ^ _u8(z >> _u8(30))) * SPLITMIX_FIRST)
    z = _u8(_u8(z ^ _u8(z >> _u8(27))) * SPLITMIX_SECOND)
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
        bits = bits_of(_f4(_i4(_u4(words[k] >> _u4(8)))) + _f4(0.5))
        e = _f4(_i4(_i4(bits >> _i4(23)) - _i4(_EXPONENT_OFFSET)))
        m = float_of(_i4(_i4(bits & _i4(0x7FFFFF)) | _i4(0x3F800000))) - _f4(1.5)
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
