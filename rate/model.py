"""The rate network in TensorFlow. Arrays are (batch, time, units); one time step is 5 ms.

Equations: Kim, Li & Sejnowski, PNAS 2019, eq. 1-4. Unlike the published graph, the effective weights are computed once
per trial and all trials of a batch run at once.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from rate2spike.dendritic_input import DendriticInput
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.rate.config import ACTIVATIONS
from rate2spike.rate.dendritic_rollout import dendrites_of, dendritic_rollout, dendritic_states
from rate2spike.rate.rollout import Loop, activate, padded_steps, rollout, states
from rate2spike.trained_model import TrainedModel

DEFAULT_TRAINED = ("w_rec", "w_out", "b_out", "tau_logit")  # as published
EVALUATION_BLOCK_STEPS = 5  # an evaluation runs seldom: what counts is that it is compiled soon
NOISE_SD, START_SD = 0.1, 0.01  # of x, per step (not scaled by dt / tau) and at t = 0


class Trajectory(NamedTuple):
    """x, r (B, T, N) and outputs o (B, T-1, n_outputs), from t = 1 on."""

    x: tf.Tensor
    r: tf.Tensor
    o: tf.Tensor


class RateNetwork(tf.Module):
    """Weights, biases and time constants of one network; call it to run trials."""

    def __init__(
        self,
        *,
        w_rec: np.ndarray,
        w_in: np.ndarray,
        w_out: np.ndarray,
        b_out: np.ndarray | float,
        tau_logit: np.ndarray,
        tau_limits_steps: Sequence[float],
        sign_matrix: np.ndarray,
        connection_mask: np.ndarray,
        apply_dale: bool,
        activation: str,
        unit_bias: np.ndarray | None = None,
        dale_outputs: bool = False,
        dendrites: DendriticInput | None = None,
        trained: Sequence[str] = DEFAULT_TRAINED,
        dtype: Any = tf.float32,
        make_variable: Callable[..., tf.Variable] = tf.Variable,
    ):
        """Arrays are those of a TrainedModel, w_out signed. trained: names of the variables that training changes."""
        super().__init__()
        self.dtype = dtype
        self.tau_limits_steps = tuple(tau_limits_steps)
        self.apply_dale = apply_dale
        self.dale_outputs = dale_outputs
        self.activation = activation

        def variable(name: str, value: Any) -> tf.Variable:
            trainable = name in trained and not (name == "tau_logit" and len(self.tau_limits_steps) == 1)
            return make_variable(value, dtype=dtype, trainable=trainable, name=name)

        self.signs = variable("signs", np.diag(sign_matrix))
        self.connection_mask = variable("connection_mask", connection_mask)
        self.w_rec = variable("w_rec", w_rec)
        self.w_in = variable("w_in", w_in)
        self.w_out = variable("w_out", w_out * np.diag(sign_matrix) if dale_outputs else w_out)
        self.b_out = variable("b_out", np.broadcast_to(np.ravel(b_out), np.shape(w_out)[:1]))
        self.tau_logit = variable("tau_logit", tau_logit)
        self.unit_bias = None if unit_bias is None else variable("unit_bias", unit_bias)
        self.dendrites = None if dendrites is None else dendrites_of(dendrites, dtype)

    @classmethod
    def from_model(cls, model: TrainedModel) -> "RateNetwork":
        """Network of a TrainedModel. An absent activation counts as the historic default, sigmoid.

        Of a tuned model, with the weights that were trained. Raises InputError for an activation that does not exist here.
        """
        model = model.untuned()
        activation = model.activation or "sigmoid"
        if activation not in ACTIVATIONS:
            raise InputError(f"unknown activation {activation!r} in the model: known are {', '.join(ACTIVATIONS)}")
        return cls(
            w_rec=model.w_rec,
            w_in=model.w_in,
            w_out=model.w_out,
            b_out=0.0 if model.b_out is None else model.b_out,
            tau_logit=model.tau_logit,
            tau_limits_steps=model.tau_limits_steps,
            sign_matrix=model.sign_matrix,
            connection_mask=model.connection_mask,
            apply_dale=model.has_dale,
            activation=activation,
            unit_bias=model.unit_bias,
            dale_outputs=model.settings.get("dale_outputs") is True,
            dendrites=model.dendrites,
        )

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return self.w_out.shape[0]

    def effective_w(self) -> tf.Tensor:
        """(N, N) [target, source]: rectified if Dale's principle holds, signed by source, masked."""
        w = tf.nn.relu(self.w_rec) if self.apply_dale else self.w_rec
        return w * self.signs * self.connection_mask

    def effective_w_out(self) -> tf.Tensor:
        """(n_outputs, N): with the sign of the unit if outputs obey Dale's principle."""
        # the modulus, not the rectified weight: these start near 0, and one that crosses it would never come back
        return tf.abs(self.w_out) * self.signs if self.dale_outputs else tf.convert_to_tensor(self.w_out)

    def tau_steps(self) -> tf.Tensor:
        """(N,) synaptic decay time constants in steps of 5 ms."""
        if len(self.tau_limits_steps) == 1:
            return tf.fill([self.tau_logit.shape[0]], tf.cast(self.tau_limits_steps[0], self.dtype))
        low, high = self.tau_limits_steps
        return tf.sigmoid(self.tau_logit[:, 0]) * (high - low) + low

    def __call__(self, u: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """Outputs o (B, T-1, n_outputs) of trials with input u (B, T, n_inputs) and noise from `draw_noise`."""
        return self.outputs_and_rates(u, noise)[0]

    def outputs_and_rates(self, u: tf.Tensor, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Outputs (B, T-1, n_outputs) and rates (T-1, B, N), both differentiable."""
        n_steps = u.shape[1] - 1
        loop = self._loop(u, noise)
        r = rollout(loop) if self.dendrites is None else dendritic_rollout(loop, self.dendrites)
        return self._readout(r)[:, :n_steps], r[:n_steps]

    def trajectory(self, u: tf.Tensor, noise: tf.Tensor) -> Trajectory:
        """States, rates and outputs of the same trials."""
        n_steps = u.shape[1]
        loop = self._loop(u, noise)
        if self.dendrites is None:
            x = states(loop, EVALUATION_BLOCK_STEPS)
        else:
            x = dendritic_states(loop, self.dendrites, EVALUATION_BLOCK_STEPS)
        x = tf.concat([_start(noise)[None], x], 0)[:n_steps]
        r = activate(x, self.activation)
        return Trajectory(tf.transpose(x, (1, 0, 2)), tf.transpose(r, (1, 0, 2)), self._readout(r[1:]))

    def draw_noise(self, batch_size: int, n_steps: int, seed: tf.Tensor) -> tf.Tensor:
        """Noise of trials of T = n_steps, SD 0.1: time first, as the loop uses it; the start, then whole blocks."""
        return normals(self.noise_shape(batch_size, n_steps), seed, NOISE_SD, self.dtype)

    def noise_shape(self, batch_size: int, n_steps: int) -> tuple[int, int, int]:
        """Shape of `draw_noise`."""
        return 1 + padded_steps(n_steps - 1), batch_size, self.w_rec.shape[0]

    def _loop(self, u: tf.Tensor, noise: tf.Tensor) -> Loop:
        """What the loop needs, time first; steps that only fill its last block are added at the end."""
        n_steps = u.shape[1] - 1
        surplus = padded_steps(n_steps) - n_steps
        inputs = tf.pad(tf.transpose(u[:, :-1], (1, 0, 2)), ((0, surplus), (0, 0), (0, 0)))
        w_in = tf.convert_to_tensor(self.w_in)
        if self.unit_bias is not None:  # a constant input, so that the loop need not know of it
            inputs = tf.concat([inputs, tf.ones_like(noise[1:, :, :1])], 2)
            w_in = tf.concat([w_in, self.unit_bias], 1)
        alpha = 1 / self.tau_steps()
        return Loop(self.effective_w(), w_in, inputs, noise[1:], alpha, _start(noise), self.activation)

    def _readout(self, r: tf.Tensor) -> tf.Tensor:
        # one product per step: the gradient of a single product over all steps would be summed in an order that depends
        # on the number of threads
        return tf.transpose(tf.matmul(r, self.effective_w_out(), transpose_b=True) + self.b_out, (1, 0, 2))


def _start(noise: tf.Tensor) -> tf.Tensor:
    return noise[0] * (START_SD / NOISE_SD)


def normals(shape: tuple[int, ...], seed: tf.Tensor, sd: float = 1.0, dtype: Any = tf.float32) -> tf.Tensor:
    """Normals by Box-Muller from stateless random bits: same seed, same draws on any number of threads.

    16 bits per normal, so none lies beyond 4.9 SD: drawing the bits is what costs. seed (2,) int32.
    """
    is_known = all(isinstance(length, int) for length in shape)  # Keras leaves the batch size open
    n = int(np.prod(shape)) if is_known else tf.reduce_prod(tf.stack(shape))
    n_pairs = (n + 1) // 2
    bits = tf.bitcast(tf.random.stateless_uniform((n_pairs,), seed, None, None, tf.uint32), tf.uint16)
    uniforms = (tf.cast(tf.reshape(bits, (2, n_pairs)), dtype) + 0.5) * 2.0**-16  # in (0, 1)
    radius = tf.sqrt((-2 * sd**2) * tf.math.log(uniforms[0]))
    angle = 2 * np.pi * uniforms[1]
    flat = tf.concat([radius * tf.cos(angle), radius * tf.sin(angle)], 0)
    return tf.reshape(flat[:n], shape)


def trial_losses(o: tf.Tensor, target: tf.Tensor, loss: str) -> tf.Tensor:
    """(B,) losses of outputs o (B, T-1, n_outputs) against targets (B, T, n_outputs).

    o at t = 1 is compared with the first target sample. `l2` is the root of the summed squares (not a mean), `l1` the sum
    of absolute differences, over steps and outputs.
    """
    error = o - target[:, :-1]
    if loss == "l1":
        return tf.reduce_sum(tf.abs(error), (1, 2))
    # the root has no slope at 0, which an exact output would reach
    return tf.sqrt(tf.maximum(tf.reduce_sum(tf.square(error), (1, 2)), 1e-30))
