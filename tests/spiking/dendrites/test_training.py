"""Layers of dendritic neurons are trained through time: against the equations by hand, and the published task."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s

d = r2s.dendrites


class ByHand:
    """x W, then two segregated compartments per neuron (not divided, tau 2), then LIF somas (tau 2): a plain loop."""

    def __init__(self, weights, strength):
        self.weights, self.strength = tf.Variable(weights), tf.Variable(strength)

    def __call__(self, x):
        v = tf.zeros([x.shape[1], self.weights.shape[1] // 2, 2], x.dtype)
        soma, spikes = tf.zeros_like(v[..., 0]), []
        for now in tf.unstack(x):
            v = v / 2 + tf.reshape(now @ self.weights, v.shape)
            h = soma + (tf.reduce_sum(self.strength * (v - soma[..., None]), -1) - soma) / 2
            s = d.SigmoidSurrogate()(h - 1)
            soma = (1 - s) * h
            spikes.append(s)
        return tf.stack(spikes)


@pytest.mark.parametrize(("dtype", "most"), [("float64", 1e-8), ("float32", 1e-4)])
@pytest.mark.parametrize("step_mode", ["s", "m"])
def test_twenty_steps_of_descent_are_those_of_a_plain_loop(dtype, most, step_mode):
    """3-bit parity, 8 samples, 5 steps."""
    rng = np.random.default_rng(3)
    bits = np.array([[k >> i & 1 for i in range(3)] for k in range(8)], dtype)
    x = tf.constant(np.repeat(2 * bits[None] - 0.5, 5, 0))
    target = tf.constant(bits.sum(1) % 2)
    weights, strength, readout = (rng.normal(0.3, 0.8, shape).astype(dtype) for shape in ((3, 12), (2,), (6, 1)))

    def descended(run, variables):
        losses, w_out = [], tf.Variable(readout)
        for _ in range(20):
            with tf.GradientTape() as tape:
                out = tf.reduce_mean(run(x) @ w_out, 0)[:, 0]
                loss = tf.reduce_mean((out - target) ** 2)
            for one, slope in zip([*variables, w_out], tape.gradient(loss, [*variables, w_out]), strict=True):
                one.assign_sub(0.3 * slope)
            losses.append(float(loss))
        return losses

    plain = ByHand(weights, np.abs(strength) / 2)
    expected = descended(plain, [plain.weights, plain.strength])
    synapse = d.LinearIdentitySynapse(3, 12, dtype=dtype)
    synapse.weight.assign(weights)
    dend = d.SegregatedDend(d.PassiveDendCompartment(2.0, False), d.SegregatedDendWiring(2))
    layer = d.VDiffForwardDendNeuron(dend, d.LIFSoma(2.0), [6], np.abs(strength) / 2, True, dtype=dtype)
    d.set_step_mode([synapse, layer], step_mode)

    def run(x):
        d.reset_net([synapse, layer])
        return layer(synapse(x)) if step_mode == "m" else tf.stack([layer(synapse(one)) for one in x])

    found = descended(run, [synapse.weight, layer.forward_strength])
    np.testing.assert_allclose(found, expected, atol=most)
    assert found[-1] < 0.8 * found[0]
    np.testing.assert_allclose(layer.forward_strength, plain.strength, atol=10 * most)


def test_the_published_task_is_learnt_as_fast_as_published():
    """Always fire (script `gradient`): published losses are .885 to .903 at iteration 99, and .558 to .562 at 499."""
    synapse = d.LinearIdentitySynapse(32, 24, step_mode="m", seed=1)
    dend = d.VDiffDend(d.PassiveDendCompartment(3.0), d.Kto1DendWiring(4, 2), 0.5)
    layer = d.VDiffForwardDendNeuron(dend, d.LIFSoma(20.0), [3], step_mode="m")
    optimizer = keras.optimizers.SGD(1.0)
    optimizer.build(synapse.trainable_variables)

    @tf.function
    def descend(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((1 - layer(synapse(x))[1:]) ** 2)
        optimizer.apply(tape.gradient(loss, synapse.trainable_variables), synapse.trainable_variables)
        return loss

    losses = [float(descend(tf.random.stateless_uniform([25, 32, 32], [k, 1]))) for k in range(500)]
    assert losses[0] == losses[20] == 1.0
    assert 0.8 < losses[99] < 0.97 and 0.5 < losses[499] <= 0.60
