"""The rate network: closed forms, a plain NumPy statement of the equations, gradients against automatic ones."""

import numpy as np
import pytest
import tensorflow as tf

from rate2spike.errors import InputError
from rate2spike.rate.model import RateNetwork, normals, trial_losses
from rate2spike.rate.rollout import BLOCK_STEPS, activate, padded_steps

from helpers import small_model

B, T, N = 3, 24, 12


def network(dtype=tf.float64, activation="sigmoid", **kind) -> RateNetwork:
    model = small_model(n_units=N, n_inputs=2, dtype=np.float64, **kind)
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
        dtype=dtype,
    )


def inputs(net, seed=0, t=T):
    rng = np.random.default_rng(seed)
    return tf.constant(rng.normal(size=(B, t, 2))), tf.constant(0.1 * rng.normal(size=net.noise_shape(B, t)))


def plain_outputs(net, u, noise):
    """The equations step by step, to be differentiated automatically."""
    w, alpha = net.effective_w(), 1 / net.tau_steps()
    bias = 0.0 if net.unit_bias is None else net.unit_bias[:, 0]
    x = noise[0] * 0.1
    outputs = []
    for t in range(1, u.shape[1]):
        recurrent = tf.linalg.matmul(activate(x, net.activation), w, transpose_b=True)
        external = tf.linalg.matmul(u[:, t - 1], net.w_in, transpose_b=True) + bias
        x = (1 - alpha) * x + alpha * (recurrent + external) + noise[t]
        outputs.append(tf.matmul(activate(x, net.activation), net.effective_w_out(), transpose_b=True) + net.b_out)
    return tf.stack(outputs, 1)


EVERYTHING = ("w_rec", "w_in", "w_out", "b_out", "tau_logit", "unit_bias")


@pytest.mark.parametrize("activation", ["sigmoid", "clipped_relu", "softplus"])
@pytest.mark.parametrize("loss", ["l1", "l2"])
@pytest.mark.parametrize("n_taus", [1, 2])
@pytest.mark.parametrize("kind", [{}, {"dale": False}, {"n_som": 2}], ids=str)
def test_gradients_equal_automatic_ones(activation, loss, n_taus, kind):
    check_gradients(network(activation=activation, n_taus=n_taus, **kind), loss)


@pytest.mark.parametrize("activation", ["sigmoid", "clipped_relu", "softplus"])
@pytest.mark.parametrize("loss", ["l1", "l2"])
@pytest.mark.parametrize("dale_outputs", [False, True])
def test_gradients_of_all_that_can_be_trained(activation, loss, dale_outputs):
    """Input weights, unit biases, three outputs, outputs under Dale's principle."""
    model = small_model(n_units=N, n_inputs=2, n_som=2, dtype=np.float64)
    rng = np.random.default_rng(4)
    w_out = rng.normal(size=(3, N)) * 0.3
    w_out = np.abs(w_out) * np.diag(model.sign_matrix) if dale_outputs else w_out
    net = RateNetwork(
        w_rec=model.w_rec,
        w_in=model.w_in,
        w_out=w_out,
        b_out=[0.1, 0.2, 0.3],
        tau_logit=model.tau_logit,
        tau_limits_steps=model.tau_limits_steps,
        sign_matrix=model.sign_matrix,
        connection_mask=model.connection_mask,
        apply_dale=True,
        activation=activation,
        unit_bias=rng.normal(size=(N, 1)),
        dale_outputs=dale_outputs,
        trained=EVERYTHING,
        dtype=tf.float64,
    )
    assert len(net.trainable_variables) == 6
    check_gradients(net, loss)


def check_gradients(net, loss):
    u, noise = inputs(net)
    target = tf.constant(np.random.default_rng(1).normal(size=(B, T, net.n_outputs)))
    results = []
    for outputs in (net, lambda u, noise: plain_outputs(net, u, noise)):
        with tf.GradientTape() as tape:
            o = outputs(u, noise)
            value = tf.reduce_mean(trial_losses(o, target, loss))
        results.append((o.numpy(), [g.numpy() for g in tape.gradient(value, net.trainable_variables)]))
    (o, gradients), (plain_o, plain_gradients) = results
    np.testing.assert_allclose(o, plain_o, rtol=1e-12, atol=1e-14)
    for ours, automatic in zip(gradients, plain_gradients, strict=True):
        assert np.abs(automatic).max() > 0
        np.testing.assert_allclose(ours, automatic, rtol=1e-8, atol=1e-10 * np.abs(automatic).max())


@pytest.mark.parametrize("activation", ["clipped_relu", "softplus"])
def test_gradients_at_the_ceiling(activation):
    net = network(activation=activation, dale=False)
    net.w_rec.assign(net.w_rec * 30)  # drives many rates to 20
    u, noise = inputs(net)
    target = tf.zeros((B, T, 1), tf.float64)
    with tf.GradientTape(persistent=True) as tape:
        ours = tf.reduce_sum(trial_losses(net(u, noise), target, "l2"))
        plain = tf.reduce_sum(trial_losses(plain_outputs(net, u, noise), target, "l2"))
    assert (net.trajectory(u, noise).r.numpy() == 20).mean() > 0.1
    for variable in net.trainable_variables:
        a, b = tape.gradient(ours, variable).numpy(), tape.gradient(plain, variable).numpy()
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-9 * np.abs(b).max())


def test_trajectory_equals_numpy_and_outputs():
    net = network(n_som=2)
    u, noise = inputs(net)
    x, r, o = (a.numpy() for a in net.trajectory(u, noise))
    o = o[..., 0]
    w, alpha = net.effective_w().numpy(), 1 / net.tau_steps().numpy()
    np.testing.assert_allclose(x[:, 0], noise[0].numpy() * 0.1)
    for t in range(1, T):
        step = (1 - alpha) * x[:, t - 1] + alpha * (r[:, t - 1] @ w.T + u[:, t - 1].numpy() @ net.w_in.numpy().T)
        np.testing.assert_allclose(x[:, t], step + noise[t].numpy(), rtol=1e-12)
    np.testing.assert_allclose(r, 1 / (1 + np.exp(-x)), rtol=1e-12)
    np.testing.assert_allclose(o, r[:, 1:] @ net.w_out.numpy()[0] + 0.1, rtol=1e-12)
    np.testing.assert_allclose(net(u, noise).numpy()[..., 0], o, rtol=1e-12)


def test_rectified_linear_network_settles_at_the_solution_of_its_linear_equations():
    net = network(activation="clipped_relu", dale=False)
    rng = np.random.default_rng(2)
    net.w_rec.assign(rng.random((N, N)) * 0.05)  # positive and contracting, so every rate is positive and below 20
    net.w_in.assign(rng.random((N, 2)))
    u = tf.ones((1, 1001, 2), tf.float64)
    x = net.trajectory(u, tf.zeros(net.noise_shape(1, 1001), tf.float64)).x.numpy()[0, -1]
    np.testing.assert_allclose(x, np.linalg.solve(np.eye(N) - net.w_rec.numpy(), net.w_in.numpy().sum(1)), rtol=1e-9)


def test_leak_alone_decays_geometrically():
    net = network(n_taus=1, dale=False)
    net.w_rec.assign(net.w_rec * 0)
    noise = np.zeros(net.noise_shape(1, 50))
    noise[0] = 10  # x_0 = 1
    x = net.trajectory(tf.zeros((1, 50, 2), tf.float64), tf.constant(noise)).x.numpy()[0, :, 0]
    np.testing.assert_allclose(x, (1 - 1 / 4.0) ** np.arange(50), rtol=1e-12)


def test_blocks_of_the_loop_do_not_show():
    net = network()
    for t in (2, BLOCK_STEPS, BLOCK_STEPS + 1, BLOCK_STEPS + 2):
        u, noise = inputs(net, t=t)
        assert padded_steps(t - 1) % BLOCK_STEPS == 0
        np.testing.assert_allclose(net(u, noise).numpy(), plain_outputs(net, u, noise).numpy(), rtol=1e-12)


def test_effective_weights_obey_dale_and_som():
    net = network(n_som=2)
    net.w_rec.assign(net.w_rec - 0.5)  # training may push weights below zero: they count as zero
    w, signs = net.effective_w().numpy(), net.signs.numpy()
    assert (w * signs >= 0).all()
    som = np.flatnonzero(signs < 0)[:2]
    assert not w[np.ix_(som, np.flatnonzero(signs < 0))].any()


def test_losses_compare_the_first_output_with_the_first_target_sample():
    def loss(o, target, kind):
        return trial_losses(tf.constant([o])[..., None], tf.constant([target])[..., None], kind).numpy()

    assert loss([1.0, 2.0, 3.0], [1.0, 2.0, 0.0, 99.0], "l1") == pytest.approx(3)
    assert loss([1.0, 2.0, 3.0], [1.0, 2.0, 0.0, 99.0], "l2") == pytest.approx(3)
    assert loss([1.0, 2.0], [0.0, 0.0, 0.0], "l2") == pytest.approx(5**0.5)
    two = tf.constant([[[3.0, 4.0], [0.0, 0.0]]])  # (batch, time, outputs)
    assert trial_losses(two, tf.zeros((1, 3, 2)), "l1").numpy() == pytest.approx(7)
    assert trial_losses(two, tf.zeros((1, 3, 2)), "l2").numpy() == pytest.approx(5)


def test_exact_output_has_a_finite_gradient():
    o = tf.Variable([[[1.0], [2.0]]])
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(trial_losses(o, tf.constant([[[1.0], [2.0], [0.0]]]), "l2"))
    assert np.isfinite(tape.gradient(value, o).numpy()).all()


def test_normals_have_the_moments_of_the_normal_distribution():
    values = normals((1000, 999), tf.constant([1, 2])).numpy().ravel()
    n = values.size
    for power, expected, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs((values**power).mean() - expected) < 5 * np.sqrt(variance / n)
    assert np.isfinite(values).all()
    assert abs(np.corrcoef(values[1:], values[:-1])[0, 1]) < 5 / np.sqrt(n)
    np.testing.assert_array_equal(values, normals((1000, 999), tf.constant([1, 2])).numpy().ravel())


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_unknown_activation_of_a_model_is_refused(activation):
    with pytest.raises(InputError, match=f"unknown activation '{activation}' in the model: known are sigmoid"):
        RateNetwork.from_model(small_model(activation=activation))
