"""How the features of a synapse belong to compartments: two layouts, as published. Any leading axes, (B,) or (T, B).

| layer | features | compartment of a feature |
|---|---|---|
| soma_shape [n], after a dense synapse | (F,), F = n n_input | feature = soma n_input + compartment: fastest |
| soma_shape [C, ...], after a convolution | (n_input C, ...) | channel = compartment C + channel of the soma: slowest |
"""

import math
from typing import Any

from rate2spike.checks import shown, whole_number
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import tf


def checked_soma_shape(value: Any, name: str = "soma_shape") -> tuple[int, ...]:
    """Whole numbers from 1. Raises InputError for none."""
    try:
        entries = tuple(value)
    except TypeError:  # also of an array without axes, which says that it is iterable
        raise InputError(f"{{{name}}} must be a sequence of whole numbers, got {shown(value)}", name) from None
    shape = tuple(whole_number(one, f"an entry of {{{name}}}", name) for one in entries)
    if not shape:
        raise InputError(f"{{{name}}} must have one axis at least, got none", name)
    return shape


def feature_shape(soma_shape: tuple[int, ...], n_input: int) -> tuple[int, ...]:
    """Shape of the features of one sample."""
    return (soma_shape[0] * n_input, *soma_shape[1:])


def check_features(shape: Any, soma_shape: tuple[int, ...], n_input: int, layer: str) -> None:
    """Raise InputError for inputs of a shape (..., *features) that does not fit."""
    expected = feature_shape(soma_shape, n_input)
    found = tuple(shape)[-len(expected) :]
    if len(shape) <= len(expected) or not tf.TensorShape(found).is_compatible_with(expected):
        raise InputError(
            f"layer {layer} takes features of shape {expected}, for {math.prod(soma_shape)} somas with {n_input} input "
            f"compartments each, after the batch axis; got inputs of shape {tuple(shape)}"
        )


def to_compartments(x: tf.Tensor, soma_shape: tuple[int, ...], n_input: int) -> tf.Tensor:
    """Features (..., *features) as (..., *soma_shape, n_input)."""
    n_leading, rank = x.shape.rank - len(soma_shape), len(soma_shape)
    leading = _leading(x, n_leading)
    if rank == 1:
        return tf.reshape(x, [*leading, *soma_shape, n_input])
    x = tf.reshape(x, [*leading, n_input, *soma_shape])
    return tf.transpose(x, [*range(n_leading), *range(n_leading + 1, n_leading + 1 + rank), n_leading])


def to_features(x: tf.Tensor, soma_shape: tuple[int, ...], n_input: int) -> tf.Tensor:
    """The inverse: (..., *soma_shape, n_input) as features."""
    rank = len(soma_shape)
    n_leading = x.shape.rank - rank - 1
    if rank > 1:
        x = tf.transpose(x, [*range(n_leading), n_leading + rank, *range(n_leading, n_leading + rank)])
    return tf.reshape(x, [*_leading(x, n_leading), *feature_shape(soma_shape, n_input)])


def _leading(x: tf.Tensor, n: int) -> list[Any]:
    """The first axes: numbers where they are known."""
    return [tf.shape(x)[k] if x.shape[k] is None else x.shape[k] for k in range(n)]
