"""The first convolution of a network on input that is nearly all zero, given as events.

Per event a run of additions (`spiking/kernels/event_convolution.py`), forward and for the gradient of the filters: of 1 278
synapses at 11 Hz that is a twelfth of what the dense convolution takes. On a GPU, which is better at dense products, events
are written into a dense array. Sums are never divided, so that the result does not depend on the number of threads. A
function that calls this on a CPU cannot be compiled by XLA.
"""

from collections.abc import Callable
from functools import cache

import numpy as np

from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.spiking.kernels.event_convolution import add_events, add_kernel_slopes
from rate2spike.spiking.neuron_as_net.side_by_side import run_side_by_side

Columns = tuple[tf.Tensor, ...]  # item, time, synapse, weight of every event


def convolved_events(columns: Columns, kernel: tf.Tensor, n_items: int, n_steps: int) -> tf.Tensor:
    """The causal convolution (B, T, N) of events sorted by synapse with a kernel (K, S, N), which has the gradient."""
    if has_gpu():
        return _dense(columns, kernel, n_items, n_steps)

    @tf.custom_gradient
    def differentiable(kernel: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        shape = (n_items, n_steps, kernel.shape[2])
        y = tf.numpy_function(lambda *given: _forward(shape, *given), (kernel, *columns), tf.float32)

        def gradient(dy: tf.Tensor) -> tf.Tensor:
            slopes = tf.numpy_function(
                lambda *given: _backward(tuple(kernel.shape), *given), (dy, *columns), tf.float32
            )
            return tf.ensure_shape(slopes, kernel.shape)

        return tf.ensure_shape(y, shape), gradient

    return differentiable(tf.convert_to_tensor(kernel))


@cache
def has_gpu() -> bool:
    """Whether TensorFlow computes on a GPU here."""
    return bool(tf.config.list_logical_devices("GPU"))


def dense_input(columns: Columns, n_items: int, n_steps: int, n_synapses: int) -> tf.Tensor:
    """The events as an array (B, T, S)."""
    item, time, synapse, weight = columns
    return tf.scatter_nd(tf.stack([item, time, synapse], 1), weight, [n_items, n_steps, n_synapses])


def _dense(columns: Columns, kernel: tf.Tensor, n_items: int, n_steps: int) -> tf.Tensor:
    n_taps, n_synapses, _ = kernel.shape
    x = dense_input(columns, n_items, n_steps, n_synapses)
    return tf.nn.conv1d(tf.pad(x, [[0, 0], [n_taps - 1, 0], [0, 0]]), kernel, 1, "VALID")


def _forward(shape: tuple[int, ...], kernel: np.ndarray, *columns: np.ndarray) -> np.ndarray:
    y = np.zeros(shape, np.float32)
    run_side_by_side(add_events, shape[0], columns[0].size * kernel.shape[0] * shape[2], y, kernel, *columns)
    return y


def _backward(shape: tuple[int, ...], dy: np.ndarray, *columns: np.ndarray) -> np.ndarray:
    d_kernel = np.zeros(shape, np.float32)
    run_side_by_side(add_kernel_slopes, shape[1], columns[0].size * shape[0] * shape[2], d_kernel, dy, *columns)
    return d_kernel
