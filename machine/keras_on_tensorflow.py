"""Keras on TensorFlow. All modules here take both from this one, which chooses the backend before Keras is first imported.

Neither KERAS_BACKEND nor ~/.keras/keras.json, which may name another, matters to what is computed.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rate2spike.errors import InputError
from rate2spike.machine import matplotlib_anywhere  # noqa: F401 - Keras imports matplotlib
from rate2spike.machine.tensorflow_chatter import quiet_start


def _choose_backend() -> None:
    """TensorFlow. Raises InputError if Keras runs on another already."""
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"
    elif (backend := sys.modules["keras"].config.backend()) != "tensorflow":
        raise InputError(
            f"Keras runs on {backend} in this process, and rate2spike needs it on TensorFlow: set the environment variable "
            "KERAS_BACKEND=tensorflow before Python starts"
        )


def _settings_file() -> str:
    return os.path.join(os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras"), "keras.json")


_choose_backend()

with quiet_start():
    try:
        import keras
    except ImportError:
        raise
    except Exception as error:  # Keras checks the user's file of settings while it is imported
        raise InputError(
            f"Keras does not start: {str(error) or type(error).__name__} (see its file {_settings_file()})"
        ) from None

    import tensorflow as tf

    tf.config.list_physical_devices()  # where it says what it thinks of the GPU


@contextmanager
def float32_by_default() -> Iterator[None]:
    """What Keras makes meanwhile without being given a dtype, such as an optimiser's learning rate, is float32."""
    before = keras.config.floatx()
    keras.config.set_floatx("float32")
    try:
        yield
    finally:
        keras.config.set_floatx(before)
