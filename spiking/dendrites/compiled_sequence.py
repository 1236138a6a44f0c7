"""Sequences outside of compiled functions: compiled once for a layer's settings, since single operations cost more there.

A setting that is changed later is followed: what was compiled is found by the settings of the layer and of its parts.
"""

from collections.abc import Callable
from functools import cache, partial
from types import FunctionType
from typing import Any

import numpy as np

from rate2spike.machine.keras_on_tensorflow import keras, tf

_MOST = 32  # that a layer keeps


class Compiled:
    """What was compiled of a layer, by its settings."""

    def __init__(self) -> None:
        self._functions: dict[tuple, Callable] = {}

    def run(self, layer: keras.layers.Layer, function: Callable, *arguments: Any) -> Any:
        """function(*arguments), which computes with tensors as the layer's settings say, and has no other side effects."""
        if tf.inside_function():
            return function(*arguments)
        key = (function.__name__, settings_of(layer))
        if key not in self._functions:
            if len(self._functions) == _MOST:
                self._functions.clear()
            # TensorFlow counts traces per function and warns of many; a partial makes it count this layer's alone
            self._functions[key] = tf.function(partial(function), autograph=False)
        return self._functions[key](*arguments)


def settings_of(layer: keras.layers.Layer) -> tuple:
    """All that the attributes of a layer and its parts hold, but for the values of variables."""
    parts = layer._flatten_layers()
    return tuple((part.trainable, _settings(vars(part), _of_every_layer())) for part in parts)


class _Itself:
    """An object as a key: equal to itself alone, and kept as long as the key is."""

    def __init__(self, value: Any):
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


def _settings(attributes: dict[str, Any], foreign: frozenset[str] = frozenset(), *, looks_into: bool = True) -> tuple:
    return tuple((name, _plain(value, looks_into)) for name, value in attributes.items() if name not in foreign)


def _plain(value: Any, looks_into: bool) -> Any:
    """Something that is equal and hashed alike as long as the value says the same. looks_into: into attributes of objects."""
    if isinstance(value, int | float | str | FunctionType | np.generic | None):
        return value
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    if isinstance(value, list | tuple):
        return tuple(_plain(one, looks_into) for one in value)
    if isinstance(value, keras.Variable):
        return value.trainable
    if isinstance(value, keras.layers.Layer) or getattr(value, "no_setting", False):
        return None  # a layer is itself one of the parts
    return _Itself(value), _settings(getattr(value, "__dict__", {}), looks_into=False) if looks_into else ()


@cache
def _of_every_layer() -> frozenset[str]:
    return frozenset(vars(keras.layers.Layer()))
