"""Matplotlib, imported whatever MPLBACKEND says; to be imported before what imports it too (Keras, NeuroGym).

Matplotlib refuses to start for a backend that is not installed (a terminal in Jupyter names one), and a figure that is saved
to a file needs none.
"""

import contextlib
import os
import sys

from rate2spike.errors import InputError


def _import_matplotlib() -> None:
    backend = os.environ.pop("MPLBACKEND", None)
    try:
        import matplotlib
    except (ValueError, OSError) as error:  # a matplotlibrc that is no text, a folder that cannot be read
        raise InputError(
            f"matplotlib does not start: {error} (see MATPLOTLIBRC, MPLCONFIGDIR and the file matplotlibrc)"
        ) from None
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
    if backend:
        with contextlib.suppress(ValueError):  # for what the caller may draw with pyplot
            matplotlib.rcParams["backend"] = backend


if "matplotlib" not in sys.modules:
    _import_matplotlib()
