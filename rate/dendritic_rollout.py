"""The network with dendrites over time in TensorFlow: forward loop and hand-written reverse loop, as in `rollout`.

Forward, of a unit with compartments c (`rate2spike.dendritic_input`; with F(v) = v it is the loop of points):
    v_t = (1 - α) v_{t-1} + α W_c r_{t-1},    s_t = (1 - α) s_{t-1} + α I_{t-1} + η_t,    x_t = s_t + Σ_c F(v_t)
Reverse, with p_t = ∂L/∂s_t, q_t = ∂L/∂v_t, and h_t what reaches both through x_t:
    h_t = φ'(x_t) (∂L/∂r_t + Σ_c (α q_{t+1}) W_c),    p_t = h_t + (1 - α) p_{t+1},    q_t = F'(v_t) h_t + (1 - α) q_{t+1}
    ∂L/∂W = α Σ_t q_t r_{t-1}ᵀ in the compartment of each connection
    ∂L/∂α = Σ_t p_t (I_{t-1} - s_{t-1}) + Σ_t Σ_c q_t (W_c r_{t-1} - v_{t-1})
All compartments are multiplied at once, with a row of weights for each, 0 where a connection ends on another. Arrays are
(time, batch, units); of compartments (time, batch, C N), the units of one compartment after those of the other.
"""

from typing import Any, NamedTuple

import numpy as np

from rate2spike.dendritic_input import DendriticInput
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.rate.rollout import BLOCK_STEPS, Loop, activate, activation_slope, in_blocks, outer


class Dendrites(NamedTuple):
    """A DendriticInput as the loops need it."""

    given: DendriticInput
    ends_on: tf.Tensor  # (N, C, N) [source, compartment, target]: 1 where the connection ends


class Course(NamedTuple):
    """States of steps 1..S."""

    x: tf.Tensor  # (S, B, N) what the rates follow from
    s: tf.Tensor  # (S, B, N) of it, what does not pass through compartments
    v: tf.Tensor  # (S, B, C N) of the compartments


def dendrites_of(given: DendriticInput, dtype: Any) -> Dendrites:
    """The record for TensorFlow."""
    ends_on = given.compartment.T[:, None, :] == np.arange(given.n_compartments)[:, None]
    return Dendrites(given, tf.constant(ends_on, dtype))


def dendritic_rollout(loop: Loop, dendrites: Dendrites) -> tf.Tensor:
    """Rates (S, B, N) of steps 1..S, differentiable in w_eff, w_in and alpha."""
    start, activation = loop.x_start, loop.activation

    @tf.custom_gradient
    def differentiable(w_eff: tf.Tensor, w_in: tf.Tensor, alpha: tf.Tensor) -> tuple[tf.Tensor, Any]:
        course = _course(loop._replace(w_eff=w_eff, w_in=w_in, alpha=alpha), dendrites)
        r = activate(course.x, activation)

        def gradient(dr: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            weights = _by_compartment(w_eff, alpha, dendrites)
            p, q = _backward(tf.transpose(weights), 1 - alpha, course.v, r, dr, activation, dendrites.given)
            of_all = outer(_before(r, activate(start, activation)), q)
            dw = tf.transpose(tf.reduce_sum(tf.reshape(of_all, dendrites.ends_on.shape) * dendrites.ends_on, 1))
            dw_in = outer(p, loop.u)
            leak_v = tf.reduce_sum(q * _before(course.v, tf.zeros_like(course.v[0])), [0, 1])
            leak = tf.reduce_sum(p * _before(course.s, start), [0, 1])
            leak += tf.reduce_sum(tf.reshape(leak_v, (-1, leak.shape[0])), 0)
            # as in `rollout`: sum_t q (W r) = sum_j W dW, row by row
            d_alpha = tf.reduce_sum(w_eff * dw, 1) + tf.reduce_sum(w_in * dw_in, 1) - leak
            return alpha[:, None] * dw, alpha[:, None] * dw_in, d_alpha

        return r, gradient

    return differentiable(loop.w_eff, loop.w_in, loop.alpha)


def dendritic_states(loop: Loop, dendrites: Dendrites, block_steps: int = BLOCK_STEPS) -> tf.Tensor:
    """States x (S, B, N) of steps 1..S. Not meant to be differentiated. block_steps: a divisor of BLOCK_STEPS."""
    return _course(loop, dendrites, block_steps).x


def _course(loop: Loop, dendrites: Dendrites, block_steps: int = BLOCK_STEPS) -> Course:
    u_blocks, noise_blocks = in_blocks(loop.u, block_steps), in_blocks(loop.noise, block_steps)
    n_blocks = noise_blocks.shape[0]
    keep = 1 - loop.alpha
    weights = _by_compartment(loop.w_eff, loop.alpha, dendrites)
    input_weights = tf.transpose(loop.w_in) * loop.alpha
    keep_v = tf.tile(keep, (dendrites.given.n_compartments,))

    def block(i: tf.Tensor, course: Course, histories: tuple) -> tuple[tf.Tensor, Course, tuple]:
        x, s, v = course
        drives = tf.tensordot(u_blocks[i], input_weights, [[2], [0]]) + noise_blocks[i]
        block_states = []
        for drive in tf.unstack(drives):
            v = keep_v * v + tf.matmul(activate(x, loop.activation), weights)
            s = keep * s + drive
            x = s + _to_soma(v, dendrites.given)
            block_states.append((x, s, v))
        return i + 1, Course(x, s, v), _written(histories, i, block_states)

    start = loop.x_start
    at_rest = tf.zeros_like(tf.tile(start, (1, dendrites.given.n_compartments)))
    histories = tuple(tf.TensorArray(start.dtype, size=n_blocks) for _ in Course._fields)
    first = (0, Course(start, start, at_rest), histories)
    done = tf.while_loop(lambda i, *_: i < n_blocks, block, first, parallel_iterations=1)
    return Course(*(_in_steps(history, loop.noise) for history in done[2]))


def _backward(
    weights: tf.Tensor,
    keep: tf.Tensor,
    v: tf.Tensor,
    r: tf.Tensor,
    dr: tf.Tensor,
    activation: str,
    given: DendriticInput,
) -> tuple[tf.Tensor, tf.Tensor]:
    """p (S, B, N) and q (S, B, C N) from the states of compartments, the rates and the loss's slopes with respect to them.

    weights (C N, N): from the compartments of the targets back to the sources.
    """
    v_blocks, r_blocks, dr_blocks = in_blocks(v), in_blocks(r), in_blocks(dr)
    n_blocks = r_blocks.shape[0]
    keep_v = tf.tile(keep, (given.n_compartments,))
    n_inner = weights.shape[0]

    def block(i: tf.Tensor, p: tf.Tensor, q: tf.Tensor, histories: tuple) -> tuple:
        slopes = activation_slope(r_blocks[i], activation)
        directs = dr_blocks[i] * slopes
        passed = tf.reshape(_current_slope(v_blocks[i], given), (BLOCK_STEPS, -1, given.n_compartments, r.shape[2]))
        block_gradients: list[tuple[tf.Tensor, tf.Tensor]] = []
        steps = zip(tf.unstack(directs), tf.unstack(slopes), tf.unstack(passed), strict=True)
        for direct, slope, share in reversed(list(steps)):
            h = direct + slope * tf.matmul(q, weights)
            p = h + keep * p
            q = tf.reshape(share * h[:, None], (-1, n_inner)) + keep_v * q
            block_gradients.insert(0, (p, q))
        return i - 1, p, q, _written(histories, i, block_gradients)

    histories = tuple(tf.TensorArray(r.dtype, size=n_blocks) for _ in ("p", "q"))
    start = (n_blocks - 1, tf.zeros_like(dr[0]), tf.zeros_like(v[0]), histories)
    done = tf.while_loop(lambda i, *_: i >= 0, block, start, parallel_iterations=1)
    p, q = (_in_steps(history, r) for history in done[3])
    return p, q


def _by_compartment(w_eff: tf.Tensor, alpha: tf.Tensor, dendrites: Dendrites) -> tf.Tensor:
    """(N, C N) α W [source, compartments of the targets]."""
    split = (tf.transpose(w_eff) * alpha)[:, None] * dendrites.ends_on
    return tf.reshape(split, (split.shape[0], -1))


def _to_soma(v: tf.Tensor, given: DendriticInput) -> tf.Tensor:
    """(B, N) Σ_c F(v), as `DendriticInput.current` has it."""
    active = 0.5 * given.gain * _half_tanh(v, given)
    passed = v + active if given.passes_voltage else active
    of_units = tf.reduce_sum(tf.reshape(passed, (-1, given.n_compartments, v.shape[1] // given.n_compartments)), 1)
    return of_units + given.n_compartments * given.gain * (0.5 - given.share_at_rest)


def _current_slope(v: tf.Tensor, given: DendriticInput) -> tf.Tensor:
    """F'(v)."""
    most = 0.25 * given.gain * given.slope
    at_half = 1 + most if given.passes_voltage else most
    return at_half - most * tf.square(_half_tanh(v, given))


def _half_tanh(v: tf.Tensor, given: DendriticInput) -> tf.Tensor:
    """2 σ(slope (v - threshold)) - 1: a tanh takes half the time of a σ."""
    return tf.tanh(0.5 * given.slope * v - 0.5 * given.slope * given.threshold)


def _before(states: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
    """(S, B, n) the state before each step."""
    return tf.concat([start[None], states[:-1]], 0)


def _written(histories: tuple, i: tf.Tensor, steps: list[tuple]) -> tuple:
    """The histories with a block of steps, of each of which there is a state per history."""
    stacked = [tf.stack(states) for states in zip(*steps, strict=True)]
    return tuple(history.write(i, states) for history, states in zip(histories, stacked, strict=True))


def _in_steps(history: tf.TensorArray, like: tf.Tensor) -> tf.Tensor:
    """(S, B, n) of blocks; like (S, B, any)."""
    blocks = history.stack()
    # S as a number: Keras leaves B open, and what is unstacked of a shape is known no more
    return tf.reshape(blocks, (like.shape[0], tf.shape(like)[1], blocks.shape[-1]))
