"""One update, and one evaluation, in TensorFlow."""

from typing import NamedTuple

from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.context.config import ContextConfig
from rate2spike.spiking.context.readout import block_means, cross_entropy, positive_weight
from rate2spike.spiking.context.trials import Batch
from rate2spike.spiking.layers.regularizers import spike_rate_penalty
from rate2spike.spiking.training.optimizer import adam, nan_unless_finite, with_weight_decay


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


class BatchResult(NamedTuple):
    """What an update or an evaluation found."""

    loss: tf.Tensor  # of the answers, with the regulariser in training
    logits: tf.Tensor  # (B, L)
    spike_probability: tf.Tensor  # mean over units and valid steps


class Updates:
    """Compiled functions of a model, for batches of any size and length."""

    def __init__(self, model: keras.Model, config: ContextConfig):
        self.model, self.config = model, config
        self.optimizer = adam(model.trainable_variables, config.learning_rate, config.clip_norm)
        n_inputs, n_context = (shape[-1] for shape in model.input_shape)
        signature = Tensors(
            tf.TensorSpec([None, None, n_inputs], tf.float32),
            tf.TensorSpec([None, None, n_context], tf.float32),
            tf.TensorSpec([None, config.seq_len], tf.int64),
            tf.TensorSpec([None, None], tf.int64),
        )
        self.update = tf.function(self._update, input_signature=[signature])
        self.evaluate = tf.function(self._evaluate, input_signature=[signature])

    def losses(self, batch: Tensors) -> tuple[tf.Tensor, tf.Tensor, BatchResult]:
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
        probability = tf.reduce_mean(tf.reduce_sum(sums, 1) / (valid_steps * float(self.config.n_units)))
        return loss, penalty, BatchResult(loss, logits, probability)

    def _update(self, batch: Tensors) -> BatchResult:
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            loss, penalty, outcome = self.losses(batch)
            total = loss + self.config.spike_reg_l2 * penalty
        slopes = with_weight_decay(tape.gradient(total, variables), variables, self.config.l2_decay)
        self.optimizer.apply(slopes, variables)
        return outcome._replace(loss=nan_unless_finite(total, slopes))

    def _evaluate(self, batch: Tensors) -> BatchResult:
        """In the memory task the last item alone counts, whose answers are balanced."""
        loss, _, outcome = self.losses(batch)
        if self.config.task_type != "memory":
            return outcome
        weight = positive_weight("memory", self.config.seq_len) if self.config.legacy else 1.0
        logits = outcome.logits[:, -1:]
        loss = cross_entropy(logits, batch.targets[:, -1:], weight)
        return outcome._replace(loss=loss, logits=logits)
