"""Networks of spiking layers from .keras files."""

import os
from pathlib import Path

from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras

# Keras finds a class only when it has been imported
from rate2spike.spiking.layers.alif import ALIF
from rate2spike.spiking.layers.clif import CLIF
from rate2spike.spiking.layers.li import LI
from rate2spike.spiking.layers.lif import LIF
from rate2spike.spiking.layers.regularizers import SpikeRateRegularizer

LAYERS = (ALIF, CLIF, LI, LIF, SpikeRateRegularizer)


def load_network(path: str | os.PathLike) -> keras.Model:
    """The model that `model.save(path)` or `rate2spike context` wrote, with equal predictions. Raises InputError."""
    if not Path(path).is_file():
        raise InputError(f"no file {path}")
    try:
        return keras.models.load_model(path, compile=False)
    except Exception as error:  # whatever a damaged or foreign file leads Keras, zipfile and h5py to
        raise InputError(
            f"{path} is no .keras file of a network that this package can load: {_first_line(error)}"
        ) from None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
