"""One update of a network on a batch, and the losses of a batch, compiled once for all batches of one shape."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.neuron_as_net.losses import head_losses, penalty
from rate2spike.spiking.neuron_as_net.network import TwinNetwork
from rate2spike.spiking.neuron_as_net.windows import WindowBatch

_COLUMNS = tuple(tf.TensorSpec([None], dtype) for dtype in (tf.int32, tf.int32, tf.int32, tf.float32))


@dataclass
class CompiledUpdates:
    """Updates and losses of a network. The weights of the losses are variables: to change them compiles nothing anew."""

    network: TwinNetwork
    optimizer: keras.optimizers.Optimizer  # built
    batch_size: int
    window_ms: int
    _weights: dict[str, tf.Variable] = field(init=False)
    _update: Any = field(init=False)
    _losses: Any = field(init=False)
    _apply: Any = field(init=False)

    def __post_init__(self) -> None:
        heads, shape = self.network.architecture.heads, [self.batch_size, self.window_ms]
        self._weights = {head.name: tf.Variable(0.0, trainable=False) for head in heads}
        targets = {head.name: tf.TensorSpec([*shape, head.n_outputs]) for head in heads}
        signature = (_COLUMNS, targets, tf.TensorSpec(shape))
        self._update = tf.function(self._one_update, input_signature=signature)
        self._losses = tf.function(self._one_evaluation, input_signature=signature)
        # a rule of twenty small operations for each of millions of weights: XLA makes one loop of them
        self._apply = tf.function(self._applied, jit_compile=True)

    def set_weights(self, weights: Mapping[str, float]) -> None:
        """The weight of every head's loss, 0 for those not named."""
        for name, variable in self._weights.items():
            variable.assign(weights.get(name, 0.0))

    def update(self, batch: WindowBatch) -> dict[str, tf.Tensor]:
        """Update on a batch; its losses before."""
        return self._update(batch.events.arrays, batch.targets, batch.mask)

    def losses(self, batch: WindowBatch) -> dict[str, tf.Tensor]:
        """The losses of a batch: `loss`, weighted and summed, and that of every head."""
        return self._losses(batch.events.arrays, batch.targets, batch.mask)

    def _one_update(self, columns: Any, targets: Any, mask: tf.Tensor) -> dict[str, tf.Tensor]:
        variables = self.network.model.trainable_variables
        with tf.GradientTape() as tape:
            losses = self._of_batch(columns, targets, mask, training=True)
            total = losses["loss"] + penalty(self.network.model)
        self._apply(tape.gradient(total, variables))
        return losses

    def _one_evaluation(self, columns: Any, targets: Any, mask: tf.Tensor) -> dict[str, tf.Tensor]:
        return self._of_batch(columns, targets, mask, training=False)

    def _applied(self, slopes: list[tf.Tensor]) -> None:
        self.optimizer.apply(slopes, self.network.model.trainable_variables)

    def _of_batch(self, columns: Any, targets: Any, mask: tf.Tensor, training: bool) -> dict[str, tf.Tensor]:
        outputs = self.network.outputs(columns, self.batch_size, self.window_ms, training=training)
        losses = head_losses(self.network.architecture.heads, outputs, targets, mask)
        total = tf.add_n([self._weights[name] * loss for name, loss in losses.items()])
        return {"loss": total} | {f"{name}_loss": loss for name, loss in losses.items()}


def means(losses: list[dict[str, tf.Tensor]], prefix: str = "") -> dict[str, float]:
    """The mean of each loss over batches."""
    return {f"{prefix}{name}": float(np.mean([float(one[name]) for one in losses])) for name in losses[0]}
