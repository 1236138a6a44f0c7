"""Losses: by their formulas, with a mask, and where probabilities round to 1."""

import numpy as np
import pytest

from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.neuron_as_net.heads import ball_and_stick_heads
from rate2spike.spiking.neuron_as_net.losses import head_losses, penalty

HEADS = ball_and_stick_heads(2)


def test_formulas_and_mask():
    rng = np.random.default_rng(0)
    outputs = {h.name: rng.uniform(0.1, 0.9, (2, 6, h.n_outputs)).astype("f4") for h in HEADS}
    targets = {h.name: (rng.random((2, 6, h.n_outputs)) < 0.5).astype("f4") for h in HEADS}
    mask = np.ones((2, 6), "f4")
    mask[:, :2] = 0
    tensors = [{k: tf.constant(v) for k, v in part.items()} for part in (outputs, targets)]
    found = head_losses(HEADS, *tensors, tf.constant(mask))
    for head in HEADS:
        p, y = outputs[head.name][:, 2:], targets[head.name][:, 2:]
        expected = {
            "crossentropy": -y * np.log(p) - (1 - y) * np.log(1 - p),
            "squared": (p - y) ** 2,
            "absolute": np.abs(p - y),
        }[head.loss]
        assert float(found[head.name]) == pytest.approx(expected.mean(), rel=1e-5)
    assert float(head_losses(HEADS, *tensors, tf.zeros((2, 6)))["spikes"]) == 0


def test_a_certain_and_wrong_prediction_still_has_a_slope():
    x = tf.constant([[[60.0]]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = head_losses(
            HEADS[:1], {"spikes": keras.activations.sigmoid(x)}, {"spikes": tf.zeros((1, 1, 1))}, tf.ones((1, 1))
        )
    assert float(loss["spikes"]) == pytest.approx(60)
    assert float(tf.reduce_sum(tape.gradient(loss["spikes"], x))) == pytest.approx(1)


def test_a_network_s_output_is_taken_before_the_logistic_function():
    inputs = keras.Input((None, 1))
    layer = keras.layers.Conv1D(
        1, 1, activation="sigmoid", kernel_initializer="ones", kernel_regularizer=keras.regularizers.L2(0.5)
    )
    model = keras.Model(inputs, {"spikes": layer(inputs)})

    @tf.function
    def loss(x):
        return head_losses(HEADS[:1], model(x), {"spikes": tf.zeros((1, 1, 1))}, tf.ones((1, 1)))["spikes"]

    assert float(loss(tf.constant([[[60.0]]]))) == pytest.approx(60)
    assert float(penalty(model)) == 0.5
