"""The neurons of the fast path: what a step of 1-based number `now` makes of the voltages, kind by kind.

A kind has a record of the constants that it alone has, which selects its equations (Numba compiles the time step for each
kind by itself, so that kinds cost each other nothing), and its `slope`: tau_m dv/dt without noise. Some have more:
`prepare`, before the slopes of a step; `relax`, after them; `fire`, at a spike. The same kinds in float64 are in
`reference`, their constants for users in simulator/params.py.

Voltages are u = v - v_peak, and the current that always flows is relative to v_peak too where a kind is `LEAKY`: then
-u + current is what -v + current was.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Self

import numpy as np
from numba import njit, types
from numba.extending import overload

from rate2spike.spiking.kernels.arithmetic import TINY, exp

BLOCK_UNITS = 512  # of which a step tells together whether any is at its peak

_f4 = np.float32
Constant = Callable[[str], np.ndarray]  # (N,) float64 of a field of the kind's record in simulator/params.py
# a call costs two atomic counts per array: as much as the loop in it, so the membranes become part of the time step
inlined = njit(nogil=True, fastmath=True, error_model="numpy", inline="always")


class LIF(NamedTuple):
    """Leaky integrate-and-fire: tau_m dv/dt = -v + I."""

    LEAKY = True

    @classmethod
    def of(cls, _constant: Constant, _dt_s: float) -> Self:
        """None of its own."""
        return cls()


def lif_slope(own, k, u, ipsc, current, adaptation, scratch):
    return ipsc[k] + current[k] - u[k]


class QIF(NamedTuple):
    """Quadratic: tau_m dv/dt = v^2 + I, v in mV (Kim et al. 2019, Fig. S7)."""

    v_peak: np.ndarray
    LEAKY = False

    @classmethod
    def of(cls, constant: Constant, _dt_s: float) -> Self:
        """From its constants."""
        return cls(constant("v_peak_mv"))


def qif_slope(own, k, u, ipsc, current, adaptation, scratch):
    v = u[k] + own.v_peak[k]
    return v * v + ipsc[k] + current[k]


class AdLIF(NamedTuple):
    """Adaptive: tau_m dv/dt = -v + I - a, tau_a da/dt = -a, a += b at a spike."""

    decay: np.ndarray  # exp(-dt / tau_a)
    jump: np.ndarray  # b, mV
    LEAKY = True

    @classmethod
    def of(cls, constant: Constant, dt_s: float) -> Self:
        """From its constants."""
        return cls(np.exp(-dt_s / constant("tau_a_s")), constant("adaptation_mv"))


def adlif_slope(own, k, u, ipsc, current, adaptation, scratch):
    return ipsc[k] + current[k] - adaptation[k] - u[k]


def adlif_relax(own, adaptation):
    for k in range(adaptation.size):
        adaptation[k] = adaptation[k] * own.decay[k] + TINY


def adlif_fire(own, k, adaptation):
    adaptation[k] += own.jump[k]


class EIF(NamedTuple):
    """Exponential: tau_m dv/dt = -v + D exp((v - v_T)/D) + I (Fourcaud-Trocme 2003).

    The term is exp(rise u + offset), its exponent cut at 20 so that nothing overflows: there it moves v by more than v_peak
    in a single step anyway.
    """

    rise: np.ndarray  # 1 / D, 1/mV
    offset: np.ndarray  # (v_peak - v_T) / D + log D
    LEAKY = True

    @classmethod
    def of(cls, constant: Constant, _dt_s: float) -> Self:
        """From its constants."""
        slope = constant("slope_mv")
        return cls(1 / slope, (constant("v_peak_mv") - constant("v_threshold_mv")) / slope + np.log(slope))


def eif_prepare(own, u, scratch):
    for k in range(u.size):
        scratch[k] = exp(min(own.rise[k] * u[k] + own.offset[k], _f4(20.0)))


def eif_slope(own, k, u, ipsc, current, adaptation, scratch):
    return scratch[k] + ipsc[k] + current[k] - u[k]


KINDS: dict[str, Any] = {"lif": LIF, "qif": QIF, "adlif": AdLIF, "eif": EIF}
_SLOPE = {LIF: lif_slope, QIF: qif_slope, AdLIF: adlif_slope, EIF: eif_slope}
_PREPARE = {EIF: eif_prepare}
_RELAX = {AdLIF: adlif_relax}
_FIRE = {AdLIF: adlif_fire}


def slope(own, k, u, ipsc, current, adaptation, scratch):
    """tau_m dv/dt of unit k, mV."""


def prepare(own, u, scratch):
    """What a kind computes for all units before their slopes, (P,) `scratch`."""


def relax(own, adaptation):
    """What a step makes of the second variable."""


def fire(own, k, adaptation):
    """What a spike of unit k makes of the second variable."""


@overload(slope, inline="always")
def _slope(own, k, u, ipsc, current, adaptation, scratch):
    return _SLOPE[own.instance_class]


@overload(prepare, inline="always")
def _prepare(own, u, scratch):
    return _PREPARE.get(own.instance_class, lambda own, u, scratch: None)


@overload(relax, inline="always")
def _relax(own, adaptation):
    return _RELAX.get(own.instance_class, lambda own, adaptation: None)


@overload(fire, inline="always")
def _fire(own, k, adaptation):
    return _FIRE.get(own.instance_class, lambda own, k, adaptation: None)


def of_unit(constant, k):
    """constant[k], or the constant itself where it is common to all units: the loops are bound by what they load."""
    return constant[k]


@overload(of_unit, inline="always")
def _of_unit(constant, k):
    if isinstance(constant, types.Array):
        return lambda constant, k: constant[k]
    return lambda constant, k: constant


@inlined
def step_of_voltages(own, u, ipsc, current, noise, free_from, now, leak, noise_sd, adaptation, scratch, above):
    """Advance all voltages by a step, in place; units in their refractory period feel noise alone.

    Returns how many of them are at their peak or above; how many of each block goes into `above`.
    """
    prepare(own, u, scratch)
    n_above = _f4(0.0)  # in float: an integer count would widen to 64 bits, and a maximum does not vectorise
    for block in range(above.size):
        first, n_here = block * BLOCK_UNITS, _f4(0.0)
        for i in range(
            min(BLOCK_UNITS, u.size - first)
        ):  # from 0: LLVM makes no vectors of a range that begins elsewhere
            k = first + i
            gate = _f4(1.0) if free_from[k] <= now else _f4(0.0)
            leaked = gate * of_unit(leak, k)
            u_k = u[k] + leaked * slope(own, k, u, ipsc, current, adaptation, scratch) + of_unit(noise_sd, k) * noise[k]
            u[k] = u_k
            n_here += _f4(1.0) if u_k >= _f4(0.0) else _f4(0.0)
        above[block] = n_here
        n_above += n_here
    relax(own, adaptation)
    return n_above
