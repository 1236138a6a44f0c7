"""Adam, Adamax and weight decay as published, which Keras has otherwise.

Keras adds ε before the correction of Adam's bias, and its `weight_decay` is decoupled from the gradient (AdamW).
"""

from collections.abc import Sequence
from typing import Any

from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.layers.cell import PACKAGE

ADAM_EPSILON = 1e-8


@keras.saving.register_keras_serializable(PACKAGE)
class BiasCorrectedAdam(keras.optimizers.Adam):
    """Adam with ε added to the bias-corrected root of v, as in algorithm 1 of Kingma & Ba (2015) and in PyTorch.

    Keras adds it before the correction, which makes a difference for weights whose gradients are as small as ε.
    """

    epsilon: Any

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        """One step of one variable."""
        epsilon, step = self.epsilon, tf.cast(self.iterations + 1, variable.dtype)
        self.epsilon = epsilon * tf.sqrt(1 - tf.pow(tf.cast(self.beta_2, variable.dtype), step))
        super().update_step(gradient, variable, learning_rate)
        self.epsilon = epsilon


def adam(variables: Sequence[tf.Variable], learning_rate: float, clip_norm: float | None = None) -> BiasCorrectedAdam:
    """An optimizer of these variables; clip_norm: the largest global norm of a gradient."""
    optimizer = BiasCorrectedAdam(learning_rate, epsilon=ADAM_EPSILON, global_clipnorm=clip_norm)
    optimizer.build(variables)
    return optimizer


def adamax(variables: Sequence[tf.Variable], learning_rate: float) -> keras.optimizers.Adamax:
    """An optimizer of these variables: Adam that scales by the largest recent gradient, not by its root mean square."""
    optimizer = keras.optimizers.Adamax(learning_rate, epsilon=ADAM_EPSILON)
    optimizer.build(variables)
    return optimizer


def with_weight_decay(
    slopes: Sequence[tf.Tensor], variables: Sequence[tf.Variable], l2_decay: float
) -> Sequence[tf.Tensor]:
    """Gradients of a loss that has the penalty l2_decay / 2 times the sum of all squares, those of biases too.

    Coupled: part of the gradient that Adam scales.
    """
    if not l2_decay:
        return slopes
    return [slope + l2_decay * variable for slope, variable in zip(slopes, variables, strict=True)]


def nan_unless_finite(loss: tf.Tensor, slopes: Sequence[tf.Tensor]) -> tf.Tensor:
    """The loss, NaN where a gradient is not finite.

    Weights that are no numbers silence their units, and a silent network has a finite loss.
    """
    return tf.where(tf.math.is_finite(tf.linalg.global_norm(slopes)), loss, float("nan"))
