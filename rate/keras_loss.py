"""The published loss and the exponential learning-rate schedule, the Keras way."""

from typing import Any

from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.rate.model import trial_losses
from rate2spike.rate.update import LEAST_SHARE

PACKAGE = "rate2spike"


@keras.saving.register_keras_serializable(PACKAGE)
class PublishedLoss(keras.losses.Loss):
    """Mean over trials of the published loss: `l2`, the root of the summed squares, or `l1`.

    y_true is the target from its first sample on, (B, T-1, n_outputs).
    """

    def __init__(self, kind: str = "l2", name: str = "published_loss", **kwargs: Any):
        super().__init__(name=name, **{"reduction": "sum_over_batch_size", "dtype": "float32", **kwargs})
        self.kind = kind

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """(B,) losses."""
        padded = tf.concat([tf.cast(y_true, y_pred.dtype), tf.zeros_like(y_pred[:, :1])], 1)
        return trial_losses(y_pred, padded, self.kind)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the loss anew."""
        return {**super().get_config(), "kind": self.kind}


@keras.saving.register_keras_serializable(PACKAGE)
class ExponentialToFloor(keras.optimizers.schedules.LearningRateSchedule):
    """Exponential decay to `final` of the learning rate after `length` updates, and constant from there on."""

    def __init__(self, learning_rate: float, length: int, final: float):
        self.learning_rate, self.length, self.final = learning_rate, length, final

    def __call__(self, step: Any) -> tf.Tensor:
        """The learning rate of an update."""
        progress = tf.minimum(tf.cast(step, tf.float32) / self.length, 1.0)
        return self.learning_rate * tf.pow(max(self.final, LEAST_SHARE), progress)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the schedule anew."""
        return {"learning_rate": self.learning_rate, "length": self.length, "final": self.final}
