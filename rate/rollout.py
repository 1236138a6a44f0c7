"""The network over time in TensorFlow: forward loop and hand-written reverse loop. Arrays here are (time, batch, units).

Forward (Kim et al. 2019, eq. 2, Euler step of one task step, α = 1/τ):
    x_t = (1 - α) x_{t-1} + α (W r_{t-1} + I_{t-1}) + η_t,    r_t = φ(x_t)
Reverse, with g_t = ∂L/∂x_t:
    g_t = φ'(x_t) (∂L/∂r_t + (α g_{t+1}) W) + (1 - α) g_{t+1}
    ∂L/∂W = α Σ_t g_t r_{t-1}ᵀ,    ∂L/∂α = Σ_t g_t (W r_{t-1} + I_{t-1} - x_{t-1})
Automatic differentiation of the loop would keep every intermediate and multiply for dW at every step; here dW is one
product over all steps. For batches the cost is memory traffic: what can be made block by block, in the cache, is.
"""

from typing import Any, NamedTuple

from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.rate.config import CEILING

BLOCK_STEPS = 25  # steps unrolled per turn of the loop: the turn itself costs as much as five small operations


def activate(x: tf.Tensor, activation: str) -> tf.Tensor:
    """Firing rate φ(x): `sigmoid`, or `clipped_relu` / `softplus`, both limited to 20."""
    if activation == "sigmoid":
        return tf.sigmoid(x)
    if activation == "clipped_relu":
        return tf.clip_by_value(x, 0.0, CEILING)
    if activation == "softplus":
        return tf.minimum(tf.nn.softplus(x), CEILING)
    raise ValueError(f"unknown activation {activation!r}")


def activation_slope(r: tf.Tensor, activation: str) -> tf.Tensor:
    """φ'(x) from r = φ(x)."""
    if activation == "sigmoid":
        return r * (1 - r)
    below = tf.cast(r < CEILING, r.dtype)
    if activation == "clipped_relu":
        return tf.cast(r > 0, r.dtype) * below
    return (1 - tf.exp(-r)) * below


def padded_steps(n_steps: int) -> int:
    """Smallest multiple of BLOCK_STEPS that holds n_steps."""
    return -(-n_steps // BLOCK_STEPS) * BLOCK_STEPS


class Loop(NamedTuple):
    """What the loop over S steps needs. S must be a multiple of BLOCK_STEPS (`padded_steps`)."""

    w_eff: tf.Tensor  # (N, N) [target, source]
    w_in: tf.Tensor  # (N, n_inputs)
    u: tf.Tensor  # (S, B, n_inputs) inputs of steps 1..S
    noise: tf.Tensor  # (S, B, N) η of the same steps
    alpha: tf.Tensor  # (N,)
    x_start: tf.Tensor  # (B, N)
    activation: str


def rollout(loop: Loop) -> tf.Tensor:
    """Rates (S, B, N) of steps 1..S, differentiable in w_eff, w_in and alpha."""
    x_start, activation = loop.x_start, loop.activation

    @tf.custom_gradient
    def differentiable(w_eff: tf.Tensor, w_in: tf.Tensor, alpha: tf.Tensor) -> tuple[tf.Tensor, Any]:
        x = states(loop._replace(w_eff=w_eff, w_in=w_in, alpha=alpha))
        r = activate(x, activation)

        def gradient(dr: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            g = _backward(w_eff, alpha, r, dr, activation)
            dw = outer(g[1:], r[:-1]) + outer(g[:1], activate(x_start, activation)[None])
            dw_in = outer(g, loop.u)
            leak = tf.reduce_sum(g[1:] * x[:-1], [0, 1]) + tf.reduce_sum(g[0] * x_start, 0)
            # the recurrent and external parts need no further pass over time: sum_t g (W r) = sum_j W dW, row by row
            d_alpha = tf.reduce_sum(w_eff * dw, 1) + tf.reduce_sum(w_in * dw_in, 1) - leak
            return alpha[:, None] * dw, alpha[:, None] * dw_in, d_alpha

        return r, gradient

    return differentiable(loop.w_eff, loop.w_in, loop.alpha)


def states(loop: Loop, block_steps: int = BLOCK_STEPS) -> tf.Tensor:
    """States x (S, B, N) of steps 1..S. Not meant to be differentiated.

    block_steps: a divisor of BLOCK_STEPS; less unrolling compiles sooner and runs slower, with the same result.
    """
    u_blocks, noise_blocks = in_blocks(loop.u, block_steps), in_blocks(loop.noise, block_steps)
    n_blocks = noise_blocks.shape[0]
    keep = 1 - loop.alpha
    weights = tf.transpose(loop.w_eff) * loop.alpha  # [source, target]
    input_weights = tf.transpose(loop.w_in) * loop.alpha
    history = tf.TensorArray(loop.x_start.dtype, size=n_blocks)

    def block(i: tf.Tensor, x: tf.Tensor, history: tf.TensorArray) -> tuple[tf.Tensor, tf.Tensor, tf.TensorArray]:
        drives = tf.tensordot(u_blocks[i], input_weights, [[2], [0]]) + noise_blocks[i]
        block_states = []
        for drive in tf.unstack(drives):
            x = keep * x + tf.matmul(activate(x, loop.activation), weights) + drive
            block_states.append(x)
        return i + 1, x, history.write(i, tf.stack(block_states))

    # the blocks depend on one another, so more than one iteration in flight only costs bookkeeping
    done = tf.while_loop(lambda i, *_: i < n_blocks, block, (0, loop.x_start, history), parallel_iterations=1)
    return tf.reshape(done[2].stack(), tf.shape(loop.noise))


def _backward(w_eff: tf.Tensor, alpha: tf.Tensor, r: tf.Tensor, dr: tf.Tensor, activation: str) -> tf.Tensor:
    """g (S, B, N) from the rates and the loss's slopes with respect to them."""
    r_blocks, dr_blocks = in_blocks(r), in_blocks(dr)
    n_blocks = r_blocks.shape[0]
    keep = 1 - alpha
    weights = w_eff * alpha[:, None]  # [target, source]: g @ weights runs from targets back to sources
    gradients = tf.TensorArray(r.dtype, size=n_blocks)

    def block(i: tf.Tensor, g: tf.Tensor, gradients: tf.TensorArray) -> tuple[tf.Tensor, tf.Tensor, tf.TensorArray]:
        slopes = activation_slope(r_blocks[i], activation)
        directs = dr_blocks[i] * slopes
        block_gradients: list[tf.Tensor] = []
        pairs = zip(tf.unstack(directs), tf.unstack(slopes), strict=True)
        for direct, slope in reversed(list(pairs)):
            g = direct + keep * g + slope * tf.matmul(g, weights)
            block_gradients.insert(0, g)
        return i - 1, g, gradients.write(i, tf.stack(block_gradients))

    start = (n_blocks - 1, tf.zeros_like(dr[0]), gradients)
    done = tf.while_loop(lambda i, *_: i >= 0, block, start, parallel_iterations=1)
    return tf.reshape(done[2].stack(), tf.shape(r))


def in_blocks(series: tf.Tensor, block_steps: int = BLOCK_STEPS) -> tf.Tensor:
    """(S, B, n) as (S / block_steps, block_steps, B, n)."""
    lengths = [-1 if length is None else length for length in series.shape[1:]]
    return tf.reshape(series, (series.shape[0] // block_steps, block_steps, *lengths))


def outer(g: tf.Tensor, r: tf.Tensor) -> tf.Tensor:
    """Sum over steps and trials of g rᵀ."""
    return tf.matmul(tf.reshape(g, (-1, g.shape[-1])), tf.reshape(r, (-1, r.shape[-1])), transpose_a=True)
