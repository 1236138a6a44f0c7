"""Strengths of layers: variables of one number or an array, learnable or not."""

from typing import Any

import numpy as np

from rate2spike.checks import shown
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.dendrites.layer_options import flag, held


class Learnable:
    """Whether a variable of a layer is trained, together with the layer."""

    def __init__(self, variable: str):
        self._variable = variable

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, layer: Any, kind: type | None = None) -> Any:
        return self if layer is None else held(layer, self._name)

    def __set__(self, layer: Any, value: Any) -> None:
        vars(layer)[self._name] = flag(value, self._name)
        self.follow(layer)

    def follow(self, layer: Any) -> None:
        """Tell Keras."""
        getattr(layer, self._variable).trainable = layer.trainable and vars(layer)[self._name]


def add_strength(
    layer: keras.layers.Layer, name: str, value: Any, shape: tuple[int, ...], what: str
) -> tuple[np.ndarray, Any]:
    """A number, or an array that broadcasts to the shape, as an array and as a variable. Raises InputError."""
    start = _array(value, name)
    try:
        fits = np.broadcast_shapes(start.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise InputError(f"{{{name}}} must be a number or {what}, got the shape {start.shape}", name)
    # TensorFlow has to know of it as trained, or it would give no gradient once it is
    return start, layer.add_weight(name=name, shape=start.shape, initializer=lambda _, dtype: tf.constant(start, dtype))


def strength(variable: Any, dtype: tf.DType) -> tf.Tensor:
    """Its value, a constant unless it is trained."""
    value = tf.cast(tf.convert_to_tensor(variable), dtype)
    return value if variable.trainable else tf.stop_gradient(value)


def strength_config(variable: Any) -> Any:
    """Its values for a configuration: a number, or lists."""
    return variable.numpy().tolist()


def _array(value: Any, name: str) -> np.ndarray:
    try:
        array = np.array(np.nan) if np.iscomplexobj(np.asarray(value)) else np.asarray(value, np.float64)
    except (TypeError, ValueError, OverflowError):
        array = np.array(np.nan)
    if isinstance(value, bool) or not np.isfinite(array).all():
        raise InputError(f"{{{name}}} must be finite numbers, got {shown(value)}", name)
    return array
