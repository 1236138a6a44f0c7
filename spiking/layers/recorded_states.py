"""States of all spiking layers of a model."""

from typing import Any

import keras

from rate2spike.errors import InputError
from rate2spike.spiking.layers.cell import CellLayer


def record_states(model: keras.Model, inputs: Any) -> dict[int, Any]:
    """What every spiking layer and leaky readout did: index of the layer in model.layers -> record of arrays (T + 1, B, N).

    The first entry of an array is the initial state. inputs: as for model(inputs). Raises InputError.
    """
    layers = {index: layer for index, layer in enumerate(model.layers) if isinstance(layer, CellLayer)}
    if not layers:
        raise InputError(f"the model {model.name} has no layer of this package")
    into = keras.Model(model.inputs, [layer.input for layer in layers.values()])
    values = into(keras.tree.flatten(inputs))
    return {index: layer.states(value) for (index, layer), value in zip(layers.items(), values, strict=True)}
