"""Parts of cascade units: leaky filters and the nonlinear stages of dendrites (Harkin, Shen et al. 2021).

A filter y[t+1] = ρ y[t] + x[t], ρ = exp(-dt/τ), has the gain 1/(1-ρ) for a constant input, as published; normalised, by a
factor 1-ρ on its input, the gain 1.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from rate2spike.checks import ANY, NOT_NEGATIVE, POSITIVE, number
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.plausible import Plausible, warn_if_implausible

PLAUSIBLE_TAU = Plausible(0.1, 10_000, "ms")


@dataclass(frozen=True)
class Stage:
    """A nonlinear stage: x + gain σ(slope (x - threshold)), or without the term x. Raises InputError.

    The slope multiplies; the sensitivity of the single cells in `rate2spike.cascade` divides.
    """

    name: str  # as its options begin
    gain: float
    threshold: float
    slope: float
    passes_input: bool = True

    def __post_init__(self) -> None:
        for part, allowed in (("gain", NOT_NEGATIVE), ("threshold", ANY), ("slope", POSITIVE)):
            field = f"{self.name}_{part}"
            object.__setattr__(self, part, number(getattr(self, part), f"{{{field}}}", field, allowed))

    def __call__(self, x: tf.Tensor, gain: tf.Tensor | float) -> tf.Tensor:
        """Its output for the linear state x; gain: this one's, or what training made of it."""
        sigmoid = gain * tf.sigmoid(self.slope * (x - self.threshold))
        return x + sigmoid if self.passes_input else sigmoid

    def options(self) -> dict[str, float]:
        """As the options of a layer."""
        return {f"{self.name}_{part}": getattr(self, part) for part in ("gain", "threshold", "slope")}


def checked_taus(taus_ms: Mapping[str, float]) -> dict[str, float]:
    """Time constants by name; warns of implausible ones. Raises InputError."""
    checked = {name: number(tau, f"{{{name}}}", name, POSITIVE) for name, tau in taus_ms.items()}
    for name, tau in checked.items():
        warn_if_implausible(f"{{{name}}}", tau, PLAUSIBLE_TAU, name)
    return checked


def discount(tau_ms: float, dt_ms: float) -> float:
    """ρ = exp(-dt/τ)."""
    return math.exp(-dt_ms / tau_ms)
