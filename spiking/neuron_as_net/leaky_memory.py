"""The loop over time of the ELM neuron as a differentiable function: kernels on a CPU, a loop of TensorFlow on a GPU."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.spiking.kernels.leaky_memory import TANH_SLOPE, leaky_sum_slopes, leaky_sums, remember, remember_slopes
from rate2spike.spiking.neuron_as_net.side_by_side import run_side_by_side
from rate2spike.spiking.neuron_as_net.sparse_first_layer import has_gpu


class MemoryWeights(NamedTuple):
    """keep, gain, bias (d,), from_memory (d, H), to_memory (H, d)."""

    keep: tf.Tensor
    gain: tf.Tensor
    from_memory: tf.Tensor
    to_memory: tf.Tensor
    bias: tf.Tensor


def leaky_sum_of_batch(x: tf.Tensor, decay: float) -> tf.Tensor:
    """s (B, T, J) with s[:, t] = decay s[:, t - 1] + x[:, t], differentiable in x."""
    if has_gpu():
        by_time = tf.scan(lambda before, now: decay * before + now, tf.transpose(x, [1, 0, 2]))
        return tf.transpose(by_time, [1, 0, 2])

    def run(kernel: Callable) -> Callable:
        def called(given: np.ndarray) -> np.ndarray:
            result = np.empty_like(given)
            run_side_by_side(kernel, given.shape[0], given.size, result, given, np.float32(decay))
            return result

        return called

    @tf.custom_gradient
    def differentiable(x: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        def gradient(d_sums: tf.Tensor) -> tf.Tensor:
            return tf.ensure_shape(tf.numpy_function(run(leaky_sum_slopes), [d_sums], tf.float32), x.shape)

        return tf.ensure_shape(tf.numpy_function(run(leaky_sums), [x], tf.float32), x.shape), gradient

    return differentiable(x)


def memory_over_time(u: tf.Tensor, weights: MemoryWeights) -> tf.Tensor:
    """The memory (B, T, d), differentiable in u (B, T, H) and in all weights."""
    return memory_by_tensorflow(u, weights) if has_gpu() else memory_by_kernel(u, weights)


def memory_by_kernel(u: tf.Tensor, weights: MemoryWeights) -> tf.Tensor:
    """The same by the compiled loop."""

    @tf.custom_gradient
    def differentiable(u: tf.Tensor, *given: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        here = MemoryWeights(*given)
        memory, hidden, proposal = tf.numpy_function(_forward, [u, *here], [tf.float32] * 3)
        of_memory = [*u.shape[:2], here.keep.shape[0]]
        memory, proposal = tf.ensure_shape(memory, of_memory), tf.ensure_shape(proposal, of_memory)
        hidden = tf.ensure_shape(hidden, u.shape)

        def gradient(d_memory: tf.Tensor) -> tuple[tf.Tensor, ...]:
            back = (here.keep, here.gain, tf.transpose(here.to_memory), tf.transpose(here.from_memory))
            d_u, total = tf.numpy_function(_backward, [d_memory, hidden, proposal, *back], [tf.float32] * 2)
            d_u, total = tf.ensure_shape(d_u, u.shape), tf.ensure_shape(total, of_memory)
            return _all_slopes(here, d_u, total, memory, hidden, proposal)

        return memory, gradient

    return differentiable(u, *weights)


def memory_by_tensorflow(u: tf.Tensor, weights: MemoryWeights) -> tf.Tensor:
    """The same by a loop of TensorFlow, step after step."""

    def step(memory: tf.Tensor, now: tf.Tensor) -> tf.Tensor:
        kept = weights.keep * memory
        hidden = tf.nn.relu(now + kept @ weights.from_memory)
        return kept + weights.gain * tf.tanh(TANH_SLOPE * (hidden @ weights.to_memory + weights.bias))

    start = tf.zeros_like(u[:, 0, :1]) * weights.keep
    return tf.transpose(tf.scan(step, tf.transpose(u, [1, 0, 2]), start), [1, 0, 2])


def _all_slopes(
    here: MemoryWeights, d_u: tf.Tensor, total: tf.Tensor, memory: tf.Tensor, hidden: tf.Tensor, proposal: tf.Tensor
) -> tuple[tf.Tensor, ...]:
    """Slopes with respect to u and to the weights, from those that the loop found."""
    before = tf.pad(memory[:, :-1], [[0, 0], [1, 0], [0, 0]])
    d_sum = total * here.gain * (1 - proposal * proposal) * TANH_SLOPE
    d_kept = total + tf.einsum("bth,dh->btd", d_u, here.from_memory)
    return (
        d_u,
        tf.reduce_sum(d_kept * before, [0, 1]),
        tf.reduce_sum(total * proposal, [0, 1]),
        tf.einsum("btd,bth->dh", here.keep * before, d_u),
        tf.einsum("bth,btd->hd", hidden, d_sum),
        tf.reduce_sum(d_sum, [0, 1]),
    )


def _forward(u: np.ndarray, *weights: np.ndarray) -> tuple[np.ndarray, ...]:
    keep, gain, from_memory, to_memory, bias = weights
    memory = np.empty((*u.shape[:2], keep.size), np.float32)
    hidden, proposal = np.empty_like(u), np.empty_like(memory)
    arrays = (memory, hidden, proposal, u, keep, gain, from_memory, to_memory, bias)
    run_side_by_side(remember, u.shape[0], 2 * u.size * keep.size, *arrays)
    return memory, hidden, proposal


def _backward(d_memory: np.ndarray, hidden: np.ndarray, *rest: np.ndarray) -> tuple[np.ndarray, ...]:
    d_u, total = np.empty_like(hidden), np.empty_like(d_memory)
    n_operations = 2 * hidden.size * d_memory.shape[2]
    run_side_by_side(remember_slopes, hidden.shape[0], n_operations, d_u, total, d_memory, hidden, *rest)
    return d_u, total
