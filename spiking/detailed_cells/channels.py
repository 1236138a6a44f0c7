"""Kinetics of the eleven ion channels, of the calcium pool, and of the calcium battery (Hay et al. 2011; Shai et al. 2015).

A channel's current is g times its gates, each to a power, times (V - E). A gate x follows dx/dt = (inf - x) / tau. Rates of
the form k x / (1 - exp(-x / y)) are 0 / 0 at one voltage; there the limit k y stands.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Curve = Callable[[np.ndarray], np.ndarray]

FASTER = 2.3**1.3  # from 21 to 34 degrees; the temperature setting below does not change it
CELSIUS = 6.3  # the published simulations leave it where the simulator has it; only the calcium battery sees it
GAS_J_PER_MOL_K, FARADAY_C_PER_MOL = 8.314, 96485.0
CALCIUM_OUTSIDE_MM, CALCIUM_START_MM, CALCIUM_REST_MM, SHELL_UM = 2.0, 5e-5, 1e-4, 0.1
REVERSAL_MV = {"k": -85.0, "na": 50.0, "h": -45.0}  # that of calcium moves


@dataclass(frozen=True, eq=False)
class Gate:
    """One gate of a channel: its power in the current, its steady state, and its time constant.

    Both are functions of the voltage in mV, those of SK_E2 of the calcium concentration in mM.
    """

    name: str
    power: int
    inf: Curve
    tau_ms: Curve


@dataclass(frozen=True)
class Channel:
    """A channel with the ion whose battery drives it: k, na, ca or h."""

    name: str
    ion: str
    gates: tuple[Gate, ...]


def channels(ih_shift_mv: float = 0.0) -> tuple[Channel, ...]:
    """The eleven channels; the gate of Ih may be shifted along V. SK_E2, the last, opens with calcium, not with V."""
    return (
        Channel("NaTa_t", "na", _transient_sodium(0.0)),
        Channel("NaTs2_t", "na", _transient_sodium(6.0)),
        Channel("Nap_Et2", "na", _PERSISTENT_SODIUM),
        Channel("K_Tst", "k", _TRANSIENT_POTASSIUM),
        Channel("K_Pst", "k", _PERSISTENT_POTASSIUM),
        Channel("SKv3_1", "k", _KV3),
        Channel("Im", "k", _M_CURRENT),
        Channel("Ih", "h", _h_current(ih_shift_mv)),
        Channel("Ca_HVA", "ca", _HIGH_VOLTAGE_CALCIUM),
        Channel("Ca_LVAst", "ca", _LOW_VOLTAGE_CALCIUM),
        Channel("SK_E2", "k", (Gate("z", 1, _sk_open, np.ones_like),)),
    )


def linoid(x: np.ndarray, k: float, y: float) -> np.ndarray:
    """k x / (1 - exp(-x / y)), with its limit k y at x = 0."""
    z = np.clip(np.asarray(x, float) / y, -700, 700)  # beyond, exp leaves what a float holds
    at_zero = z == 0
    return np.where(at_zero, k * y, k * y * z / -np.expm1(-np.where(at_zero, 1, z)))


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-np.clip(x, -700, 700)))


def calcium_reversal_mv(calcium_mm: np.ndarray, celsius: float = CELSIUS) -> np.ndarray:
    """Nernst potential of calcium (mV) of its concentration inside (mM)."""
    thermal_mv = 1000 * GAS_J_PER_MOL_K * (273.15 + celsius) / (2 * FARADAY_C_PER_MOL)
    return thermal_mv * np.log(CALCIUM_OUTSIDE_MM / np.asarray(calcium_mm))


def _of_rates(name: str, power: int, opening: Curve, closing: Curve, faster: float = 1.0) -> Gate:
    """A gate of two rates (1/ms)."""

    def inf(v: np.ndarray) -> np.ndarray:
        a = opening(v)
        return a / (a + closing(v))

    return Gate(name, power, inf, lambda v: 1 / ((opening(v) + closing(v)) * faster))


def _transient_sodium(shift_mv: float) -> tuple[Gate, Gate]:
    return (
        _of_rates(
            "m",
            3,
            lambda v: linoid(v - shift_mv + 38, 0.182, 6),
            lambda v: linoid(-(v - shift_mv + 38), 0.124, 6),
            FASTER,
        ),
        _of_rates(
            "h",
            1,
            lambda v: linoid(-(v - shift_mv + 66), 0.015, 6),
            lambda v: linoid(v - shift_mv + 66, 0.015, 6),
            FASTER,
        ),
    )


def _h_current(shift_mv: float) -> tuple[Gate]:
    return (
        _of_rates(
            "m",
            1,
            lambda v: linoid(-(v - shift_mv + 154.9), 0.00643, 11.9),
            lambda v: 0.193 * np.exp((v - shift_mv) / 33.1),
        ),
    )


def _slow_potassium_tau_ms(v: np.ndarray) -> np.ndarray:
    """The m gate of K_Pst, highest at -60 mV."""
    below, above = np.minimum(v, -60.0) + 10, np.maximum(v, -60.0) + 10
    rising, falling = 1.25 + 175.03 * np.exp(0.026 * below), 1.25 + 13 * np.exp(-0.026 * above)
    return np.where(np.asarray(v) < -60, rising, falling) / FASTER


def _sk_open(calcium_mm: np.ndarray) -> np.ndarray:
    calcium_mm = np.where(calcium_mm < 1e-7, calcium_mm + 1e-7, calcium_mm)
    return 1 / (1 + (0.00043 / calcium_mm) ** 4.8)


_PERSISTENT_SODIUM = (
    Gate(
        "m",
        3,
        lambda v: sigmoid((v + 52.6) / 4.6),
        lambda v: 6 / ((linoid(v + 38, 0.182, 6) + linoid(-(v + 38), 0.124, 6)) * FASTER),
    ),
    Gate(
        "h",
        1,
        lambda v: sigmoid(-(v + 48.8) / 10),
        lambda v: 1 / ((linoid(-(v + 17), 2.88e-6, 4.63) + linoid(v + 64.4, 6.94e-6, 2.63)) * FASTER),
    ),
)
_TRANSIENT_POTASSIUM = (
    Gate("m", 4, lambda v: sigmoid((v + 10) / 19), lambda v: (0.34 + 0.92 * np.exp(-(((v + 81) / 59) ** 2))) / FASTER),
    Gate("h", 1, lambda v: sigmoid(-(v + 76) / 10), lambda v: (8 + 49 * np.exp(-(((v + 83) / 23) ** 2))) / FASTER),
)
_PERSISTENT_POTASSIUM = (
    Gate("m", 2, lambda v: sigmoid((v + 11) / 12), _slow_potassium_tau_ms),
    Gate(
        "h",
        1,
        lambda v: sigmoid(-(v + 64) / 11),
        lambda v: (360 + (1010 + 24 * (v + 65)) * np.exp(-(((v + 85) / 48) ** 2))) / FASTER,
    ),
)
_KV3 = (Gate("m", 1, lambda v: sigmoid((v - 18.7) / 9.7), lambda v: 4 * sigmoid((v + 46.56) / 44.14)),)
_M_CURRENT = (
    _of_rates("m", 1, lambda v: 0.0033 * np.exp(0.1 * (v + 35)), lambda v: 0.0033 * np.exp(-0.1 * (v + 35)), FASTER),
)
_HIGH_VOLTAGE_CALCIUM = (
    _of_rates("m", 2, lambda v: linoid(v + 27, 0.055, 3.8), lambda v: 0.94 * np.exp((-75 - v) / 17)),
    _of_rates("h", 1, lambda v: 0.000457 * np.exp((-13 - v) / 50), lambda v: 0.0065 * sigmoid((v + 15) / 28)),
)
_LOW_VOLTAGE_CALCIUM = (
    Gate("m", 2, lambda v: sigmoid((v + 40) / 6), lambda v: (5 + 20 * sigmoid(-(v + 35) / 5)) / FASTER),
    Gate("h", 1, lambda v: sigmoid(-(v + 90) / 6.4), lambda v: (20 + 50 * sigmoid(-(v + 50) / 7)) / FASTER),
)
