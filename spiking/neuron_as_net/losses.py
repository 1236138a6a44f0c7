"""Losses of the heads, and their weighted sum, whose weights may change without compiling anew.

A mask leaves out samples of which a network does not know the history.
"""

from collections.abc import Mapping, Sequence

from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.neuron_as_net.heads import Head


def head_losses(
    heads: Sequence[Head], outputs: Mapping[str, tf.Tensor], targets: Mapping[str, tf.Tensor], mask: tf.Tensor
) -> dict[str, tf.Tensor]:
    """The mean loss of every head over the samples where the mask (B, T) is 1; outputs and targets (B, T, n).

    The cross-entropy is that of the sums before the logistic function, which are never rounded to a probability of 1.
    """
    return {head.name: _mean(_elementwise(head.loss, targets[head.name], outputs[head.name]), mask) for head in heads}


def penalty(model: keras.Model) -> tf.Tensor:
    """The L2 penalties of all layers."""
    return tf.add_n([tf.zeros([]), *model.losses])


def _elementwise(kind: str, target: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    if kind == "crossentropy":
        return keras.ops.binary_crossentropy(target, output)
    difference = target - output
    return tf.square(difference) if kind == "squared" else tf.abs(difference)


def _mean(values: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    n = tf.reduce_sum(mask) * values.shape[-1]
    return tf.math.divide_no_nan(tf.reduce_sum(values * mask[..., None]), n)
