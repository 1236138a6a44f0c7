"""Dense and masked connections, their weights, masks and bounds, and what learning rules take of them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rate2spike.errors import InputError
from rate2spike.spiking.dendrites.connections import LinearSynapseConn, MaskedLinearSynapseConn

RNG = np.random.default_rng(1)
DTYPES = ("float16", "bfloat16", "float32", "float64")


def test_linear_is_the_product_in_both_modes():
    conn = LinearSynapseConn(3, 4, bias=True, seed=1, dtype="float64")
    x = RNG.normal(size=(5, 2, 3))
    expected = x @ conn.weight.numpy() + conn.bias.numpy()
    by_step = [conn(now).numpy() for now in x]
    conn.step_mode = "m"
    np.testing.assert_allclose(conn(x), expected, atol=1e-12)
    np.testing.assert_allclose(by_step, expected, atol=1e-12)


def test_batch_first():
    conn = LinearSynapseConn(3, 4, seed=1, step_mode="m")
    first = LinearSynapseConn(3, 4, seed=1, step_mode="m", time_major=False)
    x = RNG.normal(size=(5, 2, 3))
    np.testing.assert_array_equal(first(x.swapaxes(0, 1)).numpy().swapaxes(0, 1), conn(x))


def test_initial_weights_are_uniform_within_one_over_the_root_of_the_inputs():
    conn = LinearSynapseConn(400, 500, bias=True, seed=1)
    for values in (conn.weight.numpy(), conn.bias.numpy()):
        assert 0.99 / 20 < abs(values).max() <= 1 / 20
        assert values.std() == pytest.approx(1 / 20 / np.sqrt(3), rel=0.05)
    assert abs(np.corrcoef(conn.weight.numpy()[0], conn.bias.numpy())[0, 1]) < 0.2


def test_the_seed_decides():
    first, same, other = (MaskedLinearSynapseConn(5, 8, bias=True, seed=seed) for seed in (1, 1, 2))
    for a, b, c in zip(first.weights, same.weights, other.weights, strict=True):
        np.testing.assert_array_equal(a, b)
        assert (a.numpy() != c.numpy()).any()


@pytest.mark.parametrize(
    ("n_out", "sparsity", "ones"), [(8, 0.75, 2), (5, 0.5, 2), (12, 0.75, 3), (4, 0, 4), (4, 1, 0)]
)
def test_every_input_is_connected_to_as_many_outputs(n_out, sparsity, ones):
    mask = MaskedLinearSynapseConn(200, n_out, init_sparsity=sparsity, seed=1).mask.numpy()
    assert (mask.sum(1) == ones).all() and set(mask.ravel()) <= {0, 1}
    if 0 < sparsity < 1:  # which ones varies, and all outputs have their turn
        assert len(np.unique(mask, axis=0)) > 5 and (mask.sum(0) > 0).all()


def test_what_the_mask_cuts_neither_passes_nor_learns():
    conn = MaskedLinearSynapseConn(6, 8, bias=True, seed=1, dtype="float64")
    mask, x = conn.mask.numpy(), RNG.normal(size=(3, 6))
    with tf.GradientTape() as tape:
        y = conn(x)
        loss = tf.reduce_sum(tf.square(y))
    np.testing.assert_allclose(y, x @ (conn.weight.numpy() * mask) + conn.bias.numpy(), atol=1e-12)
    gradient = tape.gradient(loss, conn.weight).numpy()
    assert (gradient[mask == 0] == 0).all() and (gradient[mask == 1] != 0).all()
    assert [variable.name for variable in conn.trainable_variables] == ["weight", "bias"]


def test_the_mask_can_be_set():
    conn = MaskedLinearSynapseConn(3, 2, seed=1)
    conn.set_published_mask([[1, 0, 0], [1, 1, 0]])
    assert conn.mask.numpy().tolist() == [[1, 1], [0, 1], [0, 0]]
    assert conn.published_mask().tolist() == [[1, 0, 0], [1, 1, 0]]
    with pytest.raises(InputError, match="mask must hold 0 and 1"):
        conn.set_published_mask([[1, 0, 2], [1, 1, 0]])


def test_published_weights_are_transposed():
    conn = LinearSynapseConn(3, 2, seed=1)
    weight = np.arange(6.0).reshape(2, 3)
    conn.set_published_weight(weight)
    np.testing.assert_array_equal(conn.weight, weight.T)
    np.testing.assert_array_equal(conn.published_weight(), weight)


# --- bounds


def test_the_clamp_holds_the_bounds_exactly_in_every_dtype():
    for dtype in DTYPES:
        conn = LinearSynapseConn(30, 40, seed=1, wmin=-0.07, wmax=0.1, dtype=dtype)
        conn.set_published_weight(RNG.normal(size=(40, 30)))
        conn.clamp_weights()
        values = conn.weight.numpy().astype("float64")
        assert values.min() >= -0.07 and values.max() <= 0.1
        assert values.min() == pytest.approx(-0.07, rel=1e-2) and values.max() == pytest.approx(0.1, rel=1e-2)


def test_bounds_hold_from_the_start_and_after_every_update_by_themselves():
    """The published package clamps only when asked, and fails on trainable weights."""
    conn = LinearSynapseConn(3, 4, bias=True, seed=1, wmin=-0.2, wmax=0.2)
    assert abs(conn.weight.numpy()).max() <= 0.2
    model = keras.Sequential([conn])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    model.fit(np.ones((4, 3)), np.full((4, 4), 9.0), verbose=0)
    assert conn.weight.numpy().max() <= 0.2 and (conn.weight.numpy() > 0.199).all()
    assert conn.bias.numpy().max() > 1  # a bias has no bounds by itself
    conn.clamp_weights(clamp_bias=True)
    assert conn.bias.numpy().max() <= 0.2


def test_an_update_given_by_hand_is_bounded_too():
    conn = LinearSynapseConn(3, 4, seed=1, wmin=0.0)
    keras.optimizers.SGD(1.0).apply([tf.ones((3, 4))], [conn.weight])
    np.testing.assert_array_equal(conn.weight, np.zeros((3, 4)))


def test_every_weight_can_have_its_own_bound():
    most = np.array([[0.1, 0.2, 0.3]])
    conn = LinearSynapseConn(2, 3, seed=1, wmax=most, dtype="float64")
    conn.set_published_weight(np.ones((3, 2)))
    conn.clamp_weights()
    np.testing.assert_array_equal(conn.weight, np.repeat(most, 2, 0))
    with pytest.raises(InputError, match="does not broadcast to a bias"):
        LinearSynapseConn(2, 3, bias=True, seed=1, wmax=[[1.0], [2.0]]).clamp_weights(clamp_bias=True)


def test_without_bounds_nothing_is_clamped():
    conn = LinearSynapseConn(2, 3, seed=1)
    conn.set_published_weight(np.full((3, 2), 1e9))
    conn.clamp_weights()
    assert conn.weight.constraint is None and (conn.weight.numpy() == np.float32(1e9)).all()


# --- what learning rules take


@pytest.mark.parametrize("kind", [LinearSynapseConn, MaskedLinearSynapseConn])
def test_the_weight_change_is_the_gradient_over_time_and_batch(kind):
    conn = kind(3, 8, bias=True, seed=1, dtype="float64")
    pre, post = RNG.normal(size=(5, 2, 3)), RNG.normal(size=(5, 2, 8))
    with tf.GradientTape() as tape:
        y = conn.connected(tf.constant(pre))
    change = conn.weight_change(pre, post)
    np.testing.assert_allclose(change, tape.gradient(y, conn.weight.value, tf.constant(post)), atol=1e-12)
    expected = np.einsum("tbi,tbo->io", pre, post)
    if kind is MaskedLinearSynapseConn:
        expected *= conn.mask.numpy()
    np.testing.assert_allclose(change, expected, atol=1e-12)


def test_spikes_that_are_whole_numbers_or_booleans_are_taken():
    conn = LinearSynapseConn(3, 2, seed=1)
    pre, post = np.array([[True, False, True]]), np.array([[1, 2]])
    assert conn.weight_change(pre, post).numpy().tolist() == [[1, 2], [0, 0], [1, 2]]
    assert conn.weight_change(pre, post).dtype == conn(pre).dtype == "float32"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", [LinearSynapseConn, MaskedLinearSynapseConn])
def test_the_dtype_of_the_input_is_kept(kind, dtype):
    conn = kind(3, 4, bias=True, seed=1)
    x = tf.ones((2, 3), dtype)
    assert conn(x).dtype == conn.weight_change(x, tf.ones((2, 4))).dtype == dtype
    assert conn.weight.dtype == "float32"
    assert kind(3, 4, seed=1, dtype=dtype).weight.dtype == dtype


def test_float64_inputs_are_computed_in_float64():
    conn = LinearSynapseConn(3, 1, seed=1)
    x = np.array([[1e-12, 1.0, 0.0]])
    conn.set_published_weight([[1.0, 1.0, 0.0]])
    assert conn(x).numpy()[0, 0] == 1e-12 + 1.0


def test_an_input_of_unknown_batch_in_a_compiled_function():
    conn = LinearSynapseConn(3, 2, seed=1)
    run = tf.function(conn, input_signature=[tf.TensorSpec([None, 3])])
    x = np.ones((4, 3), "f4")
    np.testing.assert_allclose(run(x), conn(x), atol=1e-6)


# --- bad input


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        ((0, 2), {}, "in_features must be a whole number from 1, got 0"),
        ((2, 2.5), {}, "out_features must be a whole number from 1, got 2.5"),
        ((2, 2), {"bias": 1}, "bias must be true or false, got 1"),
        ((2, 2), {"wmin": 1.0, "wmax": 0.5}, "wmin must be at most wmax"),
        ((2, 2), {"wmin": "low"}, "wmin must be a number or an array of numbers, got str"),
        ((2, 2), {"wmax": float("nan")}, "wmax must be a number or an array of numbers, got float"),
        ((2, 3), {"wmin": [0.0, 0.0]}, r"wmin of shape \(2,\) does not broadcast to weights of shape \(2, 3\)"),
        ((2, 3), {"wmin": [0.0, 0.0, 0.0], "wmax": [1.0, 1.0]}, "must have shapes that fit together"),
        ((2, 3), {"seed": -1}, "seed must be a whole number"),
        ((2, 3), {"step_mode": "x"}, "unknown step mode 'x'"),
        ((2, 3), {"device": "cpu"}, "unknown setting 'device'"),
        ((2,), {}, "out_features is missing"),
    ],
)
def test_options_that_cannot_be_used_are_one_line(arguments, options, said):
    with pytest.raises(InputError, match=said) as caught:
        LinearSynapseConn(*arguments, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("sparsity", [-0.1, 1.1, "many", None])
def test_sparsity_is_a_fraction(sparsity):
    with pytest.raises(InputError, match="init_sparsity must be a number from 0 to 1"):
        MaskedLinearSynapseConn(2, 3, init_sparsity=sparsity)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda conn: conn(np.ones((2, 4))), "was made for 3 inputs, got 4"),
        (lambda conn: conn(np.ones((2, 1))), "was made for 3 inputs, got 1"),
        (lambda conn: conn(np.full((2, 3), np.nan)), "holds NaN or infinite values"),
        (lambda conn: conn.weight_change(np.ones((2, 4)), np.ones((2, 2))), "was made for 3 inputs, got 4"),
        (
            lambda conn: conn.weight_change(np.ones((2, 3)), np.ones((2, 3))),
            r"the shape \(2, 2\) of layer .* got \(2, 3\)",
        ),
        (
            lambda conn: conn.weight_change(np.ones((2, 3)), np.ones((1, 2))),
            r"the shape \(2, 2\) of layer .* got \(1, 2\)",
        ),
        (lambda conn: conn.set_published_weight(np.ones((3, 2))), r"weight must have the shape \(2, 3\), got \(3, 2\)"),
        (lambda conn: conn.clamp_weights("yes"), "clamp_bias must be true or false"),
    ],
)
def test_what_does_not_fit_is_one_line(call, said):
    with pytest.raises(InputError, match=said) as caught:
        call(LinearSynapseConn(3, 2, seed=1))
    assert "\n" not in str(caught.value)
