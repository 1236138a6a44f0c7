"""States of all spiking layers of a model."""

from typing import Any

from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras
from rate2spike.spiking.layers.cell_layer import CellLayer


@public()
def record_states(model: keras.Model, inputs: Any) -> dict[int, Any]:
    """Give the states of every spiking layer and leaky readout of a model at every time step.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional model with layers of this package; a network in a file is loaded by `load_network`.
    inputs : array, tensor, or list of them
        As for model(inputs): (batch, T, I) each.

    Returns
    -------
    dict
        Index of the layer in model.layers -> named tuple of arrays (T + 1, batch, N), one per state (`v`, `z`, ...); the
        first entry in time is the initial state. Potentials have no unit.

    Raises
    ------
    InputError
        For a model that has no such layer, or was never built.

    Examples
    --------
    >>> import keras, numpy as np, rate2spike as r2s
    >>> model = keras.Sequential([keras.Input((None, 4)), r2s.LIF(3, seed=1), r2s.LI(1, seed=2)])
    >>> states = r2s.record_states(model, np.ones((2, 5, 4), "f4"))
    >>> states[0]._fields, states[0].z.shape
    (('v', 'z'), (6, 2, 3))
    """
    if not isinstance(model, keras.Model):
        raise InputError(
            f"{{model}} must be a Keras model, as load_network gives it, got {type(model).__name__}", "model"
        )
    layers = {index: layer for index, layer in enumerate(model.layers) if isinstance(layer, CellLayer)}
    if not layers:
        raise InputError(f"the model {model.name} has no layer of this package")
    try:
        model_inputs = model.inputs
    except (AttributeError, ValueError):
        model_inputs = None
    if not model_inputs:
        raise InputError(f"the model {model.name} has no inputs yet: begin it with keras.Input, or call it once")
    # by name: of a list of one Keras would give the one
    into = keras.Model(model_inputs, {str(index): layer.input for index, layer in layers.items()})
    values = into(_fitting(keras.tree.flatten(inputs), model_inputs))
    return {index: layer.states(values[str(index)]) for index, layer in layers.items()}


def _fitting(inputs: list, model_inputs: list) -> list:
    """The inputs, if their number and shapes are those of the model's. Raises InputError."""
    got = ", ".join(str(tuple(x.shape)) if hasattr(x, "shape") else type(x).__name__ for x in inputs)
    expected = ", ".join(str(tuple(x.shape)) for x in model_inputs)
    if len(inputs) != len(model_inputs) or not all(map(_fits, inputs, model_inputs)):
        raise InputError(f"{{inputs}} must be arrays of the model's shapes {expected}, got {got}", "inputs")
    return inputs


def _fits(x: Any, model_input: Any) -> bool:
    shape, wanted = getattr(x, "shape", None), model_input.shape
    return (
        shape is not None
        and len(shape) == len(wanted)
        and all(known in (None, size) for size, known in zip(shape, wanted, strict=True))
    )
