"""Networks of spiking layers from .keras files."""

import os
from pathlib import Path

from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras

# Keras finds a class only when it has been imported
from rate2spike.spiking.layers.alif import ALIF
from rate2spike.spiking.layers.clif import CLIF
from rate2spike.spiking.layers.li import LI
from rate2spike.spiking.layers.lif import LIF
from rate2spike.spiking.layers.max_over_time import MaxOverTime
from rate2spike.spiking.layers.one_compartment import CascadeReadout, OneCompartment
from rate2spike.spiking.layers.parallel_subunits import ParallelSubunits
from rate2spike.spiking.layers.regularizers import SpikeRateRegularizer
from rate2spike.spiking.layers.two_compartment import TwoCompartment

CASCADES = (OneCompartment, TwoCompartment, ParallelSubunits, CascadeReadout, MaxOverTime)
LAYERS = (ALIF, CLIF, LI, LIF, *CASCADES, SpikeRateRegularizer)


@public()
def load_network(path: str | os.PathLike) -> keras.Model:
    """Load a network of spiking layers from a .keras file; its predictions are those it had when it was saved.

    Parameters
    ----------
    path : str or path
        What `model.save(path)` or `rate2spike context` wrote.

    Returns
    -------
    keras.Model
        The model, not compiled.

    Raises
    ------
    InputError
        For a file that is not there, or holds no such network.

    Examples
    --------
    >>> import os, tempfile
    >>> import keras, rate2spike as r2s
    >>> path = os.path.join(tempfile.mkdtemp(), "network.keras")
    >>> keras.Sequential([keras.Input((None, 4)), r2s.LIF(3, seed=1)]).save(path)
    >>> r2s.load_network(path).output_shape
    (None, None, 3)
    """
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"{{path}} must be the name of a .keras file, got {type(path).__name__}", "path")
    if Path(path).is_dir():
        raise InputError(f"{path} is a folder: name a .keras file in it, such as {Path(path) / 'best.keras'}")
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
