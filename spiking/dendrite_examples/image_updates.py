"""A classifier of images in training: batches, updates, tests."""

from typing import Any

import numpy as np

from rate2spike.io.datasets.idx_images import LabelledImages
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.seeding import Role, generator
from rate2spike.spiking.dendrite_examples.classifiers import Classifier
from rate2spike.spiking.training.optimizer import adam, nan_unless_finite

_AT_ONCE = 500  # images of a test


class ImageUpdates:
    """Updates of a classifier by Adam on cross-entropy, compiled; everything that they change is in `variables`."""

    def __init__(self, network: Classifier, learning_rate: float):
        self.network = network
        self._optimizer = adam(network.variables, learning_rate)
        self.variables = [*network.variables, *self._optimizer.variables, *network.n_drawn]
        # for every size of a batch anew: with an open one TensorFlow complains of its own operations
        self._update = tf.function(self._updated, autograph=False)
        self._evaluate = tf.function(self._evaluated, autograph=False)

    def epoch(self, images: LabelledImages, batch_size: int, seed: int, *keys: int) -> tuple[float, float]:
        """Learn from all images once, in an order that follows from seed and keys; mean loss and accuracy before updates."""
        order = generator(seed, Role.TRAINING, *keys).permutation(images.n_images)
        parts = [order[k : k + batch_size] for k in range(0, len(order), batch_size)]
        return _mean(self._update, images, parts)

    def tested(self, images: LabelledImages) -> tuple[float, float]:
        """Mean loss and accuracy."""
        parts = np.array_split(np.arange(images.n_images), -(-images.n_images // _AT_ONCE))
        return _mean(self._evaluate, images, parts)

    def _evaluated(self, images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        logits = self.network.logits(images)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        hits = tf.cast(tf.equal(tf.argmax(logits, 1), labels), tf.float32)
        return tf.reduce_mean(losses), tf.reduce_mean(hits)

    def _updated(self, images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        variables = self.network.variables
        with tf.GradientTape() as tape:
            loss, accuracy = self._evaluated(images, labels)
        slopes = tape.gradient(loss, variables)
        self._optimizer.apply(slopes, variables)
        return nan_unless_finite(loss, slopes), accuracy


def _mean(function: Any, images: LabelledImages, parts: list[np.ndarray]) -> tuple[float, float]:
    """Loss and accuracy of parts, by their sizes."""
    found = []
    for part in parts:
        chosen = images.chosen(part)
        found.append([float(value) for value in function(tf.constant(chosen.rows()), tf.constant(chosen.labels))])
    loss, accuracy = np.average(found, 0, [len(part) for part in parts])
    return float(loss), float(accuracy)
