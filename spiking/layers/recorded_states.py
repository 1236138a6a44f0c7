"""States of all spiking layers of a model."""

from typing import Any

from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras
from rate2spike.spiking.layers.cell_layer import CellLayer


def record_states(model: keras.Model, inputs: Any) -> dict[int, Any]:
    """What every spiking layer and leaky readout did: index of the layer in model.layers -> record of arrays (T + 1, B, N).

    The first entry of an array is the initial state. inputs: as for model(inputs). Raises InputError.
    """
    layers = {index: layer for index, layer in enumerate(model.layers) if isinstance(layer, CellLayer)}
    if not layers:
        raise InputError(f"the model {model.name} has no layer of this package")
    # by name: of a list of one Keras would give the one
    into = keras.Model(model.inputs, {str(index): layer.input for index, layer in layers.items()})
    values = into(keras.tree.flatten(inputs))
    return {index: layer.states(values[str(index)]) for index, layer in layers.items()}
