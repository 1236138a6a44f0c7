"""Initial weights and time constants of the layers, drawn with NumPy from the layer's seed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rate2spike.checks import shown
from rate2spike.errors import InputError
from rate2spike.plausible import Plausible, warn_if_implausible

SHARE_OF_INPUT, SHARE_OF_RECURRENCE = 0.8, 0.2  # of the variance of a unit's current
PLAUSIBLE_TAU = Plausible(1, 10_000, "ms")
TimeConstant = float | Sequence[float] | Mapping[str, Sequence[float]]


def fluctuation_sd(n_inputs: int, share: float, rate_hz: float, tau_ms: np.ndarray) -> np.ndarray:
    """SD of a unit's weights so that its potential fluctuates with variance `share` ("centred fluctuation" initialisation).

    σ = sqrt(share / (n_inputs ν ε)), ε = τ / 2 in seconds, ν the assumed rate of the inputs (after Rossbroich et al. 2022).
    """
    return np.sqrt(share / (n_inputs * rate_hz * np.asarray(tau_ms, np.float64) * 1e-3 / 2))


def fluctuation_normal(
    rng: np.random.Generator, n_inputs: int, share: float, rate_hz: float, tau_ms: np.ndarray
) -> np.ndarray:
    """Weights (n_inputs, N): column i from a normal distribution with SD `fluctuation_sd` of unit i."""
    sd = fluctuation_sd(n_inputs, share, rate_hz, tau_ms)
    return rng.normal(0.0, sd, (n_inputs, np.size(tau_ms)))


def checked_tau(tau_ms: TimeConstant, name: str) -> Any:
    """The time constant as it is saved: a number, a list of one number per unit, or {"uniform": [low, high]}.

    Raises InputError.
    """
    if isinstance(tau_ms, tuple):
        tau_ms = {"uniform": list(tau_ms)}
    if isinstance(tau_ms, Mapping):
        bounds = _numbers(tau_ms.get("uniform", ()))
        if bounds.shape != (2,) or not 0 < bounds[0] <= bounds[1] < np.inf:
            raise InputError(
                f"{{{name}}} as a range must be (low, high) with 0 < low <= high, got {shown(tau_ms)}", name
            )
        warn_if_implausible(name, bounds, PLAUSIBLE_TAU)
        return {"uniform": bounds.tolist()}
    values = _numbers(tau_ms)
    if values.ndim > 1 or not values.size or not ((values > 0) & (values < np.inf)).all():
        raise InputError(
            f"{{{name}}} must be a positive number of ms, one per unit, or a range (low, high); got {shown(tau_ms)}",
            name,
        )
    warn_if_implausible(name, values, PLAUSIBLE_TAU)
    return values.tolist()


def _numbers(values: Any) -> np.ndarray:
    """As an array; NaN, which no check lets pass, for what are no numbers."""
    try:
        return np.asarray(values, float)
    except (TypeError, ValueError):
        return np.array(np.nan)


def drawn_tau(rng: np.random.Generator, tau_ms: Any, n_units: int, name: str) -> np.ndarray:
    """(N,) time constants of what `checked_tau` gave. Raises InputError if they are not one per unit."""
    if isinstance(tau_ms, Mapping):
        low, high = tau_ms["uniform"]
        return rng.uniform(low, high, n_units)
    if np.ndim(tau_ms) and len(tau_ms) != n_units:
        raise InputError(
            f"{{{name}}} has {len(tau_ms)} values for {n_units} units; a range is a tuple (low, high)", name
        )
    return np.full(n_units, tau_ms, float)
