"""Rate networks with dendrites: closed forms, points as a limit, gradients against automatic and finite ones."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from rate2spike.dendritic_input import DendriticInput, drawn_compartments
from rate2spike.rate.model import RateNetwork, trial_losses
from rate2spike.rate.noise_free import rate_trajectory
from rate2spike.rate.rollout import BLOCK_STEPS, activate, padded_steps
from rate2spike.trained_model import TrainedModel

from helpers import small_model

B, T, N = 3, 24, 12
KINDS = ("active", "subunit")


def an_input(kind="active", n_compartments=3, n_units=N, **changes) -> DendriticInput:
    compartment = drawn_compartments(n_units, n_compartments, np.random.default_rng(5))
    return DendriticInput(
        **dict(kind=kind, n_compartments=n_compartments, compartment=compartment, gain=1.5, threshold=0.3, slope=4.0)
        | changes
    )


def a_model(dendrites=None, **kind) -> TrainedModel:
    bias = np.random.default_rng(3).normal(size=(N, 1))
    return small_model(n_units=N, n_inputs=2, dtype=np.float64, unit_bias=bias, dendrites=dendrites, **kind)


def network(model, activation="sigmoid") -> RateNetwork:
    """Of float64, with all that can be trained."""
    return RateNetwork(
        w_rec=model.w_rec,
        w_in=model.w_in,
        w_out=model.w_out,
        b_out=0.1,
        tau_logit=model.tau_logit,
        tau_limits_steps=model.tau_limits_steps,
        sign_matrix=model.sign_matrix,
        connection_mask=model.connection_mask,
        apply_dale=model.has_dale,
        activation=activation,
        unit_bias=model.unit_bias,
        dendrites=model.dendrites,
        trained=("w_rec", "w_in", "w_out", "b_out", "tau_logit", "unit_bias"),
        dtype=tf.float64,
    )


def inputs(net, t=T, seed=0):
    rng = np.random.default_rng(seed)
    return tf.constant(rng.normal(size=(B, t, 2))), tf.constant(0.1 * rng.normal(size=net.noise_shape(B, t)))


def loss_of(o, loss="l2"):
    target = tf.constant(np.random.default_rng(1).normal(size=(B, o.shape[1] + 1, 1)))
    return tf.reduce_mean(trial_losses(o, target, loss))


def loss_and_gradients(net, outputs, u, noise, loss="l2"):
    with tf.GradientTape() as tape:
        o = outputs(u, noise)
        value = loss_of(o, loss)
    return o.numpy(), [gradient.numpy() for gradient in tape.gradient(value, net.trainable_variables)]


def plain_outputs(net, dendrites):
    """The equations compartment by compartment, to be differentiated automatically."""

    def outputs(u, noise):
        w, alpha, bias = net.effective_w(), 1 / net.tau_steps(), net.unit_bias[:, 0]
        x = s = noise[0] * 0.1
        v = [tf.zeros_like(s)] * dendrites.n_compartments
        steps = []
        for t in range(1, u.shape[1]):
            r = activate(x, net.activation)
            for c in range(dendrites.n_compartments):
                ends_here = tf.constant(dendrites.compartment == c, tf.float64)
                v[c] = (1 - alpha) * v[c] + alpha * tf.matmul(r, w * ends_here, transpose_b=True)
            s = (1 - alpha) * s + alpha * (tf.matmul(u[:, t - 1], net.w_in, transpose_b=True) + bias) + noise[t]
            x = s + tf.add_n([plain_current(of_one, dendrites) for of_one in v])
            steps.append(tf.matmul(activate(x, net.activation), net.w_out, transpose_b=True) + net.b_out)
        return tf.stack(steps, 1)

    return outputs


def plain_current(v, dendrites):
    threshold, slope = dendrites.threshold, dendrites.slope
    active = dendrites.gain * (tf.sigmoid(slope * (v - threshold)) - 1 / (1 + np.exp(slope * threshold)))
    return v + active if dendrites.kind == "active" else active


def check_close(ours, expected, rtol):
    for one, other in zip(ours, expected, strict=True):
        assert np.abs(other).max() > 0
        np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol * np.abs(other).max())


@pytest.mark.parametrize("n_taus", [1, 2])
@pytest.mark.parametrize("activation", ["sigmoid", "clipped_relu", "softplus"])
def test_compartments_that_pass_their_voltage_make_the_network_of_points(activation, n_taus):
    points = network(a_model(n_taus=n_taus), activation)
    passing = network(a_model(an_input(gain=0.0), n_taus=n_taus), activation)
    u, noise = inputs(points)
    check_close(passing.trajectory(u, noise), points.trajectory(u, noise), 1e-12)
    (o, gradients), (point_o, point_gradients) = (loss_and_gradients(net, net, u, noise) for net in (passing, points))
    np.testing.assert_allclose(o, point_o, rtol=1e-12)
    check_close(gradients, point_gradients, 1e-11)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_compartments", [1, 3])
@pytest.mark.parametrize("activation", ["sigmoid", "clipped_relu", "softplus"])
@pytest.mark.parametrize("form", [{"n_taus": 1, "dale": False}, {"n_som": 2}], ids=str)
def test_outputs_and_gradients_equal_those_of_the_plain_equations(kind, n_compartments, activation, form):
    dendrites = an_input(kind, n_compartments)
    net = network(a_model(dendrites, **form), activation)
    u, noise = inputs(net)
    o, gradients = loss_and_gradients(net, net, u, noise, "l1")
    plain_o, plain_gradients = loss_and_gradients(net, plain_outputs(net, dendrites), u, noise, "l1")
    np.testing.assert_allclose(o, plain_o, rtol=1e-12, atol=1e-14)
    check_close(gradients, plain_gradients, 1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_equal_finite_differences(kind):
    net = network(a_model(an_input(kind)))
    u, noise = inputs(net)
    _, gradients = loss_and_gradients(net, net, u, noise)
    rng, step = np.random.default_rng(2), 1e-5
    for variable, gradient in zip(net.trainable_variables, gradients, strict=True):
        direction = rng.normal(size=variable.shape) * (np.abs(variable.numpy()) > step)  # rectified weights stay at 0
        value = variable.numpy()
        ends = []
        for sign in (1, -1):
            variable.assign(value + sign * step * direction)
            ends.append(float(loss_of(net(u, noise))))
        variable.assign(value)
        assert (gradient * direction).sum() == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_at_rest_solves_its_stationary_equation(kind):
    dendrites = an_input(kind, threshold=0.05)
    model = a_model(dendrites, dale=False)
    net = network(replace(model, w_rec=model.w_rec * 0.1))
    u = tf.ones((1, 601, 2), tf.float64)
    x, r, _ = (a.numpy()[0, -1] for a in net.trajectory(u, tf.zeros(net.noise_shape(1, 601), tf.float64)))
    v = dendrites.by_compartment(net.effective_w().numpy()) @ r
    external = net.w_in.numpy().sum(1) + net.unit_bias.numpy()[:, 0]
    np.testing.assert_allclose(x, external + dendrites.current(v).sum(1), rtol=1e-9)
    assert np.abs(dendrites.current(v).sum(1) - v.sum(1)).max() > 0.1  # no network of points


def test_the_current_of_subunits_is_bounded_however_strong_the_weights():
    dendrites = an_input("subunit", gain=0.5)
    model = a_model(dendrites, dale=False)
    is_excited = np.arange(N)[:, None] % 2 == 0
    w = np.where(is_excited, 100.0, -100.0) * np.ones((N, N))
    connected, unconnected = (network(replace(model, w_rec=w * present)) for present in (1, 0))
    u, noise = inputs(connected, 200)
    received = (connected.trajectory(u, noise).x - unconnected.trajectory(u, noise).x).numpy()[:, -1]
    at_rest = dendrites.share_at_rest
    np.testing.assert_allclose(
        received, np.where(is_excited.T, 3 * 0.5 * (1 - at_rest), -3 * 0.5 * at_rest) * np.ones((B, 1))
    )


def test_blocks_of_the_loop_do_not_show():
    dendrites = an_input()
    net = network(a_model(dendrites))
    for t in (2, BLOCK_STEPS, BLOCK_STEPS + 1, BLOCK_STEPS + 2):
        u, noise = inputs(net, t)
        assert padded_steps(t - 1) % BLOCK_STEPS == 0
        expected = plain_outputs(net, dendrites)(u, noise).numpy()
        np.testing.assert_allclose(net(u, noise).numpy(), expected, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(net.trajectory(u, noise).o.numpy(), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("initial", [False, True])
def test_the_noise_free_course_in_numpy_is_that_of_tensorflow(kind, initial):
    model = a_model(an_input(kind))
    net = network(
        model if not initial else replace(model, w_rec=model.w_rec_initial, tau_logit=model.tau_logit_initial)
    )
    u, noise = inputs(net)
    _, r, o = net.trajectory(u, tf.zeros_like(noise))
    outputs, rates = rate_trajectory(replace(model, b_out=0.1), u.numpy().transpose(0, 2, 1), initial=initial)
    np.testing.assert_allclose(rates, r.numpy().transpose(0, 2, 1), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(outputs[..., 1:], o.numpy().transpose(0, 2, 1), rtol=1e-5, atol=1e-5)
    points = rate_trajectory(replace(model, b_out=0.1, dendrites=None), u.numpy().transpose(0, 2, 1), initial=initial)[
        1
    ]
    assert np.abs(points - rates).max() > 0.01


def test_a_model_with_dendrites_gives_a_network_with_dendrites():
    model = a_model(an_input())
    net, points = RateNetwork.from_model(model), RateNetwork.from_model(replace(model, dendrites=None))
    u, noise = (tf.cast(a, tf.float32) for a in inputs(net))
    expected = plain_outputs(network(replace(model, b_out=0.0)), model.dendrites)(*inputs(net)).numpy() - 0.1
    np.testing.assert_allclose(net(u, noise).numpy(), expected, rtol=1e-4, atol=1e-5)
    assert np.abs(points(u, noise).numpy() - expected).max() > 0.01
