"""What a spike of the step before does to a potential. Gradients pass through the spike."""

from collections.abc import Callable

from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.spiking.layers.choices import check_reset

_FORMS: dict[str, Callable[..., tf.Tensor]] = {
    "subtraction": lambda v, z, threshold: v - z * threshold,
    "zero": lambda v, z, _: v * (1 - z),
    "none": lambda v, *_: v,
}


def reset(v: tf.Tensor, z: tf.Tensor, threshold: tf.Tensor | float, kind: str = "subtraction") -> tf.Tensor:
    """v - z θ (subtraction), v (1 - z) (zero) or v (none). Raises InputError for an unknown kind."""
    return _FORMS[check_reset(kind)](v, z, threshold)
