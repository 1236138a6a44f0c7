"""An ensemble computes what its networks compute alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
from rate2spike.spiking.cascade_networks.ensemble import Ensemble, losses_and_hits

S, B, T, N_INPUTS = 3, 6, 47, 20
KINDS = {
    "one": ("OneCompartment", {"initial_scale": 300.0}),
    "bap": (
        "TwoCompartment",
        {"initial_scale": 60.0, "backprop_gain": 0.5, "trainable_tau": True, "trainable_gain": True},
    ),
    "prc": ("ParallelSubunits", {"initial_scale": 8.0, "backprop_gain": 0.05, "use_bias": True, "refractory_ms": 2.0}),
}


def network(kind, seed):
    layer, options = KINDS[kind]
    hidden = getattr(r2s, layer)(4, seed=seed, **options)
    return keras.Sequential(
        [keras.Input((None, N_INPUTS)), hidden, r2s.CascadeReadout(2, seed=100 + seed), r2s.MaxOverTime()]
    )


def data():
    rng = np.random.default_rng(0)
    return (rng.random((S, B, T, N_INPUTS)) < 0.1).astype("f4"), rng.integers(0, 2, (S, B)).astype("i4")


@pytest.mark.parametrize("kind", KINDS)
def test_outputs_losses_and_gradients_are_those_of_each_network_alone(kind):
    networks, (x, labels) = [network(kind, seed) for seed in range(S)], data()
    ensemble = Ensemble(networks)
    with tf.GradientTape() as tape:
        logits, spikes = ensemble.logits(tf.constant(x.transpose(0, 2, 1, 3)))
        losses, hits = losses_and_hits(logits, tf.constant(labels))
        total = tf.reduce_sum(losses)
    slopes = tape.gradient(total, ensemble.variables)
    assert spikes.numpy().min() > 0
    for k, alone in enumerate(networks):
        with tf.GradientTape() as tape:
            outputs = alone(x[k])
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels[k], outputs))
        np.testing.assert_allclose(logits[k], outputs, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(losses[k], loss, rtol=1e-5)
        np.testing.assert_allclose(hits[k], (outputs.numpy().argmax(1) == labels[k]).mean(), rtol=1e-6)
        for ours, theirs in zip(slopes, tape.gradient(loss, alone.trainable_variables), strict=True):
            np.testing.assert_allclose(ours[k], theirs, rtol=1e-3, atol=1e-5 * np.abs(theirs).max())


def test_a_silent_network_answers_the_first_class():
    _, hits = losses_and_hits(tf.zeros((1, 4, 2)), tf.constant([[0, 1, 1, 1]]))
    np.testing.assert_allclose(hits, 0.25)


def test_networks_get_their_weights_back():
    ensemble = Ensemble([network("one", seed) for seed in range(S)])
    for variable in ensemble.variables:
        variable.assign(variable * 2)
    for k, one in enumerate(ensemble.hand_out()):
        np.testing.assert_array_equal(one.trainable_variables[0], ensemble.variables[0][k])
