"""Weights of published networks, legacy HDF5 files of Keras, taken over by the names of layers."""

import os
from pathlib import Path
from typing import Any

from rate2spike import checks
from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.io.hdf5_file import open_hdf5
from rate2spike.machine.keras_on_tensorflow import keras
from rate2spike.spiking.neuron_as_net.network import TwinNetwork


@public()
def load_published_weights(network: TwinNetwork, path: str | os.PathLike) -> None:
    """Take the weights of a published network, a Keras HDF5 file, by the names of its layers.

    Parameters
    ----------
    network : TwinNetwork
        Of the same architecture; its weights are replaced.
    path : path
        A whole network (`..._model.h5`) or its weights (`..._weights.h5`).

    Raises
    ------
    InputError
        If the file cannot be read, or has not all layers of the network, in its sizes.

    Examples
    --------
    >>> from rate2spike.spiking.neuron_as_net.architecture import preset
    >>> from rate2spike.spiking.neuron_as_net.published_weights import load_published_weights
    >>> from rate2spike.spiking.neuron_as_net.network import TwinNetwork
    >>> network = TwinNetwork(preset("tcn-7x128x153"))
    >>> load_published_weights(network, "NMDA_model.h5")  # doctest: +SKIP
    """
    place = checks.path(path, "path")
    try:
        with open_hdf5(place) as file:
            there = {name: _arrays(group) for name, group in file.get("model_weights", file).items()}
    except (OSError, AttributeError) as error:
        raise InputError(f"cannot read {place}: {str(error).partition(chr(10))[0]}", "path") from None
    layers = [layer for layer in network.model.layers if layer.weights]
    taken = [_of_layer(place, layer, there.get(layer.name, {})) for layer in layers]
    for layer, weights in zip(layers, taken, strict=True):
        layer.set_weights(weights)


def _of_layer(place: Path, layer: keras.layers.Layer, found: dict[str, Any]) -> list[Any]:
    """The weights of a layer, in its order: that of files differs between versions of Keras, the names do not."""
    names = [variable.name for variable in layer.weights]
    if set(names) - found.keys():
        raise InputError(f"{place} has no {layer.name} with {', '.join(names)}", "path")
    shapes = [found[name].shape for name in names], [tuple(one.shape) for one in layer.weights]
    if shapes[0] != shapes[1]:
        raise InputError(f"{place}: {layer.name} has weights of {shapes[0]}, the network of {shapes[1]}", "path")
    return [found[name] for name in names]


def _arrays(group: Any) -> dict[str, Any]:
    """Every array below, by the last part of its name without what follows a colon."""
    found: dict[str, Any] = {}
    for name, item in group.items():
        found |= _arrays(item) if hasattr(item, "items") else {name.partition(":")[0]: item[()]}
    return found
