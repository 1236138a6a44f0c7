"""Activations of hidden layers, by the names that an architecture has for them."""

from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.layers.cell import PACKAGE

_SLOPE = 0.25  # of the published 'lrelu', below 0
_GELU_SLOPE = 0.15  # of the twins of ball-and-stick cells

ACTIVATIONS = ("relu", "linear", "lrelu", "tanh", "leaky_gelu")


@keras.saving.register_keras_serializable(PACKAGE)
def lrelu(x: tf.Tensor) -> tf.Tensor:
    """x above 0, a quarter of it below."""
    return keras.ops.leaky_relu(x, negative_slope=_SLOPE)


@keras.saving.register_keras_serializable(PACKAGE)
def leaky_gelu(x: tf.Tensor) -> tf.Tensor:
    """Mean of GELU and of a leaky ReLU of twice the slope."""
    return 0.5 * (keras.ops.gelu(x, approximate=False) + keras.ops.leaky_relu(x, negative_slope=2 * _GELU_SLOPE))


def activation_layer(name: str, layer_name: str) -> keras.layers.Layer:
    """A layer that applies it."""
    function = {"lrelu": lrelu, "leaky_gelu": leaky_gelu}.get(name, name)
    return keras.layers.Activation(function, name=layer_name)
