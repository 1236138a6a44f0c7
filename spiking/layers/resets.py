"""What a spike of the step before does to a potential. Gradients pass through the spike."""

from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.spiking.layers.choices import check_reset


def _subtraction(v, z, threshold):
    return v - z * threshold


def _zero(v, z, threshold):
    return v * (1 - z)


def _none(v, z, threshold):
    return v


_FORMS = {"subtraction": _subtraction, "zero": _zero, "none": _none}


def reset(v: tf.Tensor, z: tf.Tensor, threshold, kind: str = "subtraction") -> tf.Tensor:
    """v - z θ (subtraction), v (1 - z) (zero) or v (none). Raises InputError for an unknown kind."""
    check_reset(kind)
    return _FORMS[kind](v, z, threshold)
