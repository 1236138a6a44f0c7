"""What a spike of the step before does to a potential. Gradients pass through the spike."""

import tensorflow as tf

from rate2spike.errors import InputError


def _subtraction(v, z, threshold):
    return v - z * threshold


def _zero(v, z, threshold):
    return v * (1 - z)


def _none(v, z, threshold):
    return v


RESETS = {"subtraction": _subtraction, "zero": _zero, "none": _none}


def check_reset(kind: str) -> None:
    """Raise InputError for an unknown kind."""
    if kind not in RESETS:
        raise InputError(f"unknown reset {kind!r}: choose from {', '.join(RESETS)} (--reset)")


def reset(v: tf.Tensor, z: tf.Tensor, threshold, kind: str = "subtraction") -> tf.Tensor:
    """v - z θ (subtraction), v (1 - z) (zero) or v (none). Raises InputError for an unknown kind."""
    check_reset(kind)
    return RESETS[kind](v, z, threshold)
