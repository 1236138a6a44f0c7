"""One update and one evaluation step in TensorFlow."""

from typing import Any, NamedTuple

import numpy as np

from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.context.config import ContextConfig
from rate2spike.spiking.context.readout import block_means, cross_entropy, positive_weight
from rate2spike.spiking.context.trials import Batch
from rate2spike.spiking.layers.cell import PACKAGE
from rate2spike.spiking.layers.regularizers import spike_rate_penalty

ADAM_EPSILON = 1e-8


@keras.saving.register_keras_serializable(PACKAGE)
class BiasCorrectedAdam(keras.optimizers.Adam):
    """Adam with ε added to the bias-corrected root of v, as in algorithm 1 of Kingma & Ba (2015) and in PyTorch.

    Keras adds it before the correction, which makes a difference for weights whose gradients are as small as ε.
    """

    epsilon: Any

    def update_step(self, gradient, variable, learning_rate):
        """One step of one variable."""
        epsilon, step = self.epsilon, tf.cast(self.iterations + 1, variable.dtype)
        self.epsilon = epsilon * tf.sqrt(1 - tf.pow(tf.cast(self.beta_2, variable.dtype), step))
        super().update_step(gradient, variable, learning_rate)
        self.epsilon = epsilon


class Tensors(NamedTuple):
    """A batch on the device."""

    frames: tf.Tensor
    context: tf.Tensor
    targets: tf.Tensor
    block_index: tf.Tensor

    @classmethod
    def of(cls, batch: Batch) -> "Tensors":
        """Of NumPy arrays."""
        return cls(
            tf.constant(batch.frames),
            tf.constant(batch.context),
            tf.constant(batch.targets),
            tf.constant(batch.block_index),
        )


class Outcome(NamedTuple):
    """What a step found."""

    loss: tf.Tensor  # of the answers, with the regulariser in training
    logits: tf.Tensor  # (B, L)
    spike_probability: tf.Tensor  # mean over units and valid steps


class Steps:
    """Compiled functions of a model, for batches of any size and length."""

    def __init__(self, model: keras.Model, config: ContextConfig):
        self.model, self.config = model, config
        self.optimizer = BiasCorrectedAdam(config.lr, epsilon=ADAM_EPSILON, global_clipnorm=config.clip_norm)
        self.optimizer.build(model.trainable_variables)
        n_inputs, n_context = (shape[-1] for shape in model.input_shape)
        signature = Tensors(
            tf.TensorSpec([None, None, n_inputs], tf.float32),
            tf.TensorSpec([None, None, n_context], tf.float32),
            tf.TensorSpec([None, config.seq_len], tf.int64),
            tf.TensorSpec([None, None], tf.int64),
        )
        self.update = tf.function(self._update, input_signature=[signature])
        self.evaluate = tf.function(self._evaluate, input_signature=[signature])

    def losses(self, batch: Tensors) -> tuple[tf.Tensor, tf.Tensor, Outcome]:
        """Loss of the answers, regulariser, and what else is known; the answers are those of all items."""
        readout, spikes = self.model([batch.frames, batch.context])
        n_items, legacy = self.config.seq_len, self.config.legacy
        logits = block_means(readout[:, :, 0], batch.block_index, n_items, legacy)
        is_valid = tf.cast(batch.block_index < n_items, spikes.dtype)
        valid_steps = tf.reduce_sum(is_valid, 1)
        # the published code counts the spikes of the padding too, but not its steps
        sums = tf.reduce_sum(spikes, 1) if legacy else tf.einsum("btn,bt->bn", spikes, is_valid)
        penalty = spike_rate_penalty(sums, valid_steps, self.config.target_spike_prob)
        weight = positive_weight(self.config.task_type, n_items)
        loss = cross_entropy(logits, batch.targets, weight)
        probability = tf.reduce_mean(tf.reduce_sum(sums, 1) / (valid_steps * float(self.config.hidden)))
        return loss, penalty, Outcome(loss, logits, probability)

    def _update(self, batch: Tensors) -> Outcome:
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            loss, penalty, outcome = self.losses(batch)
            total = loss + self.config.spike_reg_l2 * penalty
        slopes = tape.gradient(total, variables)
        if self.config.l2_decay:  # coupled: part of the gradient that Adam scales, biases too
            slopes = [
                slope + self.config.l2_decay * variable for slope, variable in zip(slopes, variables, strict=True)
            ]
        self.optimizer.apply(slopes, variables)
        # weights that are no numbers silence their units, and a silent network has a finite loss
        is_finite = tf.math.is_finite(tf.linalg.global_norm(slopes))
        return outcome._replace(loss=tf.where(is_finite, total, np.nan))

    def _evaluate(self, batch: Tensors) -> Outcome:
        """In the memory task the last item alone counts, whose answers are balanced."""
        loss, _, outcome = self.losses(batch)
        if self.config.task_type != "memory":
            return outcome
        weight = positive_weight("memory", self.config.seq_len) if self.config.legacy else 1.0
        logits = outcome.logits[:, -1:]
        loss = cross_entropy(logits, batch.targets[:, -1:], weight)
        return outcome._replace(loss=loss, logits=logits)
