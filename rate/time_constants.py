"""Synaptic time constants as settings, in steps of 5 ms: what may be given, in Python and in a text file."""

from pathlib import Path
from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.plausible import Plausible, warn_if_implausible

PLAUSIBLE_TAU = Plausible(1, 200, "steps of 5 ms")  # up to 1 s; synapses decay within 5 to 300 ms


def tau_steps(values: Any) -> tuple[float, ...]:
    """(min, max), or one time constant. Raises InputError."""
    try:
        taus = tuple(float(t) for t in np.atleast_1d(values))
    except (TypeError, ValueError):
        raise InputError(f"time constants must be numbers, got {values!r}", "tau_steps") from None
    if len(taus) not in (1, 2):
        raise InputError(f"give one time constant or two (min max), got {len(taus)}", "tau_steps")
    if not all(1 <= t < float("inf") for t in taus):
        raise InputError(f"time constants must be at least 1 step of 5 ms, got {min(taus)}", "tau_steps")
    if len(taus) == 2 and taus[0] >= taus[1]:
        raise InputError(f"the smaller time constant must come first, got {taus[0]} {taus[1]}", "tau_steps")
    warn_if_implausible("synaptic time constant ({tau_steps})", taus, PLAUSIBLE_TAU, "tau_steps")
    return taus


def unit_tau_steps(values: Any) -> tuple[float, ...]:
    """One start value per unit. Raises InputError."""
    try:
        return tuple(float(tau) for tau in values)
    except (TypeError, ValueError):
        raise InputError(f"time constants of units must be numbers, got {values!r}", "unit_tau_steps") from None


def unit_taus_in(path: Path) -> tuple[float, ...]:
    """Start values in a text file, separated by blanks, commas or lines. Raises InputError."""
    try:
        return tuple(float(text) for text in path.read_text(encoding="utf-8-sig").replace(",", " ").split())
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}", "unit_tau_steps") from None
    except ValueError as error:
        raise InputError(f"{path} must hold numbers alone: {error}", "unit_tau_steps") from None
