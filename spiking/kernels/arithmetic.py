"""Arithmetic in float32 that the fast kernels share: bits of numbers, and functions that LLVM can make vectors of."""

from collections.abc import Callable, Sequence

import numpy as np
from llvmlite import ir
from numba import float32, int32
from numba.extending import intrinsic

from rate2spike.spiking.kernels.compiled import compiled

_f4, _i4 = np.float32, np.int32
# keeps what decays from becoming denormal, which takes processors many times longer; far below anything that matters
TINY = _f4(1e-30)


def chebyshev_fit(
    function: Callable[[np.ndarray], np.ndarray], powers: Sequence[int], half_width: float
) -> tuple[np.float32, ...]:
    """Coefficients of `function` in the given powers, near-minimax on [-half_width, half_width] (Chebyshev nodes)."""
    nodes = half_width * np.cos(np.pi * (np.arange(400) + 0.5) / 400)
    basis = nodes[:, None] ** np.asarray(powers)
    return tuple(_f4(c) for c in np.linalg.lstsq(basis, function(nodes), rcond=None)[0])


E0, E1, E2, E3, E4, E5, E6 = chebyshev_fit(np.exp2, range(7), 0.5)
# tanh y = y p(y^2) / q(y^2) for |y| <= TANH_END, where it is 1 - 1.7e-6: least squares at Chebyshev nodes, weighted by 1 / q
TANH_END = _f4(7.0)
P0, P1, P2, P3 = _f4(0.99999523), _f4(0.12295154), _f4(0.0022710012), _f4(3.9039883e-06)
Q1, Q2, Q3 = _f4(0.45626873), _f4(0.021043446), _f4(0.00014172464)


@intrinsic
def bits_of(_typing_context, _value):
    """The 32 bits of a float32 as int32."""
    return int32(float32), lambda _c, builder, _s, args: builder.bitcast(args[0], ir.IntType(32))


@intrinsic
def float_of(_typing_context, _value):
    """The float32 with the given 32 bits."""
    return float32(int32), lambda _c, builder, _s, args: builder.bitcast(args[0], ir.FloatType())


@compiled(fastmath=True)
def exp(x):
    """exp(x) for x in [-80, 80] to 1e-6: 2^n by the exponent's bits, 2^f by a polynomial; vectorises as np.exp does not."""
    y = max(x, _f4(-80.0)) * _f4(1.4426950408889634)
    n = np.floor(y + _f4(0.5))
    f = y - n
    p = ((((((E6 * f + E5) * f + E4) * f + E3) * f + E2) * f + E1) * f) + E0
    return p * float_of(_i4(_i4(_i4(n) + _i4(127)) << _i4(23)))


@compiled(fastmath=True)
def tanh(x):
    """tanh(x) to 1.2e-6, for any x; half the cost of one by `exp`."""
    y = max(min(x, TANH_END), -TANH_END)
    z = y * y
    return y * (((P3 * z + P2) * z + P1) * z + P0) / (((Q3 * z + Q2) * z + Q1) * z + _f4(1.0))
