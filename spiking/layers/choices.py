"""Names of the forms that layers offer, and their checks. No TensorFlow here: a command asks before it loads it."""

import math

from rate2spike.errors import InputError

SMALLEST = 1.2e-38  # positive number of float32
SURROGATES = ("triangle", "super", "gaussian", "sigmoid")
RESETS = ("subtraction", "zero", "none")
INTERACTIONS = ("relu_mult", "tanh_mult", "add", "relu_add", "tanh_add")


def check_surrogate(kind: str, scale: float) -> None:
    """Raise InputError for an unknown kind or a scale that is not positive."""
    _check("surrogate", kind, SURROGATES)
    if not SMALLEST <= scale < math.inf:
        raise InputError(f"the surrogate's scale must be a positive number, got {scale} (--grad_scale)")


def check_reset(kind: str) -> None:
    """Raise InputError for an unknown kind."""
    _check("reset", kind, RESETS)


def check_interaction(kind: str) -> None:
    """Raise InputError for an unknown form."""
    _check("interaction", kind, INTERACTIONS)


def _check(what: str, name: str, choices: tuple[str, ...]) -> None:
    if name not in choices:
        raise InputError(f"unknown {what} {name!r}: choose from {', '.join(choices)} (--{what})")
