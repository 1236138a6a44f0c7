"""The largest output of a readout over time, one number per unit."""

from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.layers.cell import PACKAGE, precision


def largest_over_time(potentials: tf.Tensor) -> tf.Tensor:
    """(B, N) of (B, T, N): the largest over time, at least the 0 of the resting state before the first step.

    The gradient goes to the first of the largest alone; that of `reduce_max` is shared out among equal ones.
    """
    first = tf.argmax(potentials, 1, output_type=tf.int32)
    by_unit = tf.transpose(potentials, [0, 2, 1])
    return tf.nn.relu(tf.gather(by_unit, first, batch_dims=2))


@keras.saving.register_keras_serializable(PACKAGE)
@public()
class MaxOverTime(keras.layers.Layer):
    """Largest potential of a readout over time (batch, time, N) -> (batch, N), the resting potential 0 included.

    The gradient goes to the first step with the largest value alone, and to none where the potential stays below 0 (Harkin,
    Shen et al. 2021, as PyTorch's `max` has it).

    Parameters
    ----------
    name : str or None, default None
        Name of the layer in Keras.
    trainable : bool, default True
        Of Keras; there is nothing to train.
    dtype : str, policy or None, default None
        Dtype policy of Keras: float64 is followed, all others compute in float32.

    Raises
    ------
    InputError
        For an input that is not (batch, time, N).

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> r2s.MaxOverTime()(np.array([[[1.0], [3.0], [2.0]], [[-1.0], [-3.0], [-2.0]]], "f4")).numpy().tolist()
    [[3.0], [0.0]]
    """

    def __init__(self, name: str | None = None, trainable: bool = True, dtype: Any = None):
        super().__init__(name=name, dtype=precision(dtype), trainable=trainable)

    def __call__(self, inputs: Any, **kwargs: Any) -> Any:
        """See `call`. Raises InputError here, because Keras wraps what `call` raises in several lines."""
        shape = tuple(getattr(inputs, "shape", np.shape(inputs)))
        if len(shape) != 3 or shape[1] == 0:
            raise InputError(
                f"inputs of MaxOverTime are (batch, time, units) with one step at least, got shape {shape}"
            )
        return super().__call__(inputs, **kwargs)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, N)."""
        return largest_over_time(inputs)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """(batch, N)."""
        return input_shape[0], input_shape[2]
