"""A leaky sum over time, v[t] = decay v[t-1] + gain x[t], as two products of small matrices: memory linear in time.

The steps are cut into blocks of about the square root of their number. Within a block v is a product with the powers of the
decay; the voltages at the ends of the blocks are a leaky sum themselves, and a product with powers of the block's decay. The
gradient is the same sum backward in time.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from rate2spike.machine.keras_on_tensorflow import tf


def leaky_sum(x: tf.Tensor, decay: Any, gain: float = 1.0, start: tf.Tensor | None = None) -> tf.Tensor:
    """v (T, ...) of x (T, ...), from v before the first step, start (...), or 0.

    decay: a number, or a scalar tensor, which then has a gradient, as have x and start. The dtype is that of x; 16 bits are
    computed in 32.
    """
    start = tf.zeros_like(x[0]) if start is None else start
    if x.dtype.size < 4:
        wide = leaky_sum(tf.cast(x, tf.float32), decay, gain, tf.cast(start, tf.float32))
        return tf.cast(wide, x.dtype)
    if tf.is_tensor(decay) or isinstance(decay, tf.Variable):
        return _of_trained_decay(x, start, tf.convert_to_tensor(decay), gain)

    @tf.custom_gradient
    def differentiable(x: tf.Tensor, start: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        return _summed(x, decay, gain, start), lambda dv: _slopes(dv, decay, gain)

    return differentiable(x, start)


def _of_trained_decay(x: tf.Tensor, start: tf.Tensor, decay: tf.Tensor, gain: float) -> tf.Tensor:
    @tf.custom_gradient
    def differentiable(x: tf.Tensor, start: tf.Tensor, decay: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        v = _summed(x, decay, gain, start)

        def gradient(dv: tf.Tensor) -> tuple[tf.Tensor, ...]:
            along_v = _summed(dv, decay, 1.0, tf.zeros_like(start), backward=True)
            before = tf.concat([start[None], v[:-1]], 0)
            d_decay = tf.cast(tf.reduce_sum(along_v * before), decay.dtype)
            return gain * along_v, tf.cast(decay, v.dtype) * along_v[0], d_decay

        return v, gradient

    return differentiable(x, start, decay)


def _slopes(dv: tf.Tensor, decay: float, gain: float) -> tuple[tf.Tensor, tf.Tensor]:
    """Slopes with respect to x and start."""
    dx = _summed(dv, decay, gain, tf.zeros_like(dv[0]), backward=True)
    return dx, (decay / gain) * dx[0]


class _Blocks(NamedTuple):
    """How T steps are cut up: numbers where T is known, else tensors."""

    n_steps: Any
    length: Any
    count: Any

    @property
    def n_missing(self) -> Any:
        return self.length * self.count - self.n_steps


def _summed(x: tf.Tensor, decay: Any, gain: float, start: tf.Tensor, *, backward: bool = False) -> tf.Tensor:
    """The sum; backward: v[t] = decay v[t+1] + gain x[t], from the start after the last step."""
    blocks = _blocks(x)
    shape = tf.shape(x)
    rows = tf.reshape(x, [blocks.n_steps, -1])
    if not isinstance(blocks.n_missing, int) or blocks.n_missing:
        # backward, too, the steps that are added are the ones that come last
        rows = tf.pad(rows, [[blocks.n_missing, 0] if backward else [0, blocks.n_missing], [0, 0]])
    # a Python number that is merely cast goes through float32
    decay = tf.cast(decay, tf.float64) if tf.is_tensor(decay) else tf.constant(decay, tf.float64)
    within = _lower_triangle(decay, blocks.length)
    between = _lower_triangle(decay ** tf.cast(blocks.length, tf.float64), blocks.count)
    fading = decay ** tf.range(1, blocks.length + 1, dtype=tf.float64)
    if backward:
        within, between, fading = tf.transpose(within), tf.transpose(between), tf.reverse(fading, [0])
    local = tf.matmul(
        tf.cast(gain * within, x.dtype), tf.reshape(rows, [blocks.count, blocks.length, tf.shape(rows)[1]])
    )
    first = tf.reshape(start, [1, -1])
    entering = tf.concat([local[1:, 0], first] if backward else [first, local[:-1, -1]], 0)
    entering = tf.matmul(tf.cast(between, x.dtype), entering)
    v = local + tf.cast(fading, x.dtype)[:, None] * entering[:, None]
    v = tf.reshape(v, tf.shape(rows))
    v = v[blocks.n_missing :] if backward else v[: blocks.n_steps]
    return tf.ensure_shape(tf.reshape(v, shape), x.shape)


def _blocks(x: tf.Tensor) -> _Blocks:
    if x.shape[0] is not None:
        n_steps = x.shape[0]
        length = 1
        while length * length < n_steps:
            length *= 2  # a power of two often divides the number of steps
        return _Blocks(n_steps, length, -(-n_steps // length))
    n_steps = tf.shape(x)[0]
    length = tf.cast(tf.math.ceil(tf.sqrt(tf.cast(n_steps, tf.float64))), tf.int32)
    return _Blocks(n_steps, length, -(-n_steps // length))


def _lower_triangle(decay: tf.Tensor, size: Any) -> tf.Tensor:
    """decay^(row - column) on and below the diagonal, else 0; a decay of 0 gives the identity."""
    steps = tf.range(size, dtype=tf.float64)
    lags = steps[:, None] - steps
    return tf.where(lags >= 0, decay ** tf.maximum(lags, 0.0), 0.0)
