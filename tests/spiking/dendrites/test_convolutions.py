"""Convolutional connections against plain loops over places, and what learning rules take of them."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from rate2spike.errors import InputError
from rate2spike.spiking.dendrites.connections import LinearSynapseConn
from rate2spike.spiking.dendrites.convolutions import Conv1dSynapseConn, Conv2dSynapseConn, Conv3dSynapseConn

KINDS = {1: Conv1dSynapseConn, 2: Conv2dSynapseConn, 3: Conv3dSynapseConn}
DTYPES = {"float16": 0.02, "bfloat16": 0.1, "float32": 1e-5, "float64": 1e-12}


def padded(x, sides):
    return np.pad(x, [(0, 0), (0, 0), *sides])


def patches(x, kernel_size, stride, dilation):
    """(B, places, C, *kernel_size) of padded x, and the number of places along every axis."""
    spans = [d * (k - 1) + 1 for k, d in zip(kernel_size, dilation, strict=True)]
    counts = [(n - span) // s + 1 for n, span, s in zip(x.shape[2:], spans, stride, strict=True)]
    found = [
        x[(..., *(slice(p * s, p * s + span, d) for p, s, span, d in zip(place, stride, spans, dilation, strict=True)))]
        for place in itertools.product(*map(range, counts))
    ]
    return np.stack(found, 1), counts


def reference(x, weight, stride, sides, dilation, groups):
    """Cross-correlation of x (B, C, *space) with weight (C_out, C / groups, *kernel_size), by its definition."""
    cut, counts = patches(padded(x, sides), weight.shape[2:], stride, dilation)
    per_group, out_per_group = x.shape[1] // groups, len(weight) // groups
    outputs = []
    for channel, kernel in enumerate(weight):
        first = channel // out_per_group * per_group
        outputs.append((cut[:, :, first : first + per_group] * kernel).sum(tuple(range(2, cut.ndim))))
    return np.stack(outputs, 1).reshape(len(x), len(weight), *counts)


@st.composite
def convolutions(draw):
    n_axes = draw(st.integers(1, 3))

    def per_axis(least, most):
        return tuple(draw(st.integers(least, most)) for _ in range(n_axes))

    kernel_size, stride, padding, dilation = per_axis(1, 3), per_axis(1, 3), per_axis(0, 2), per_axis(1, 3)
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    space = [
        max(d * (k - 1) + 1 - 2 * p, 1) + draw(st.integers(0, 3))
        for k, d, p in zip(kernel_size, dilation, padding, strict=True)
    ]
    channels = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 3))
    return n_axes, channels, (kernel_size, stride, padding, dilation, groups), space


@settings(max_examples=40, deadline=None, derandomize=True)
@given(convolutions(), st.integers(0, 99))
def test_any_convolution_is_what_its_definition_says(given_, seed):
    n_axes, (n_in, n_out), (kernel_size, stride, padding, dilation, groups), space = given_
    rng = np.random.default_rng(seed)
    conn = KINDS[n_axes](
        n_in, n_out, kernel_size, stride, padding, dilation, groups, bias=True, seed=seed, dtype="float64"
    )
    x = rng.normal(size=(2, n_in, *space))
    sides = [(p, p) for p in padding]
    expected = reference(x, conn.published_weight(), stride, sides, dilation, groups)
    y = conn(x)
    np.testing.assert_allclose(y, expected + conn.bias.numpy().reshape(-1, *[1] * n_axes), atol=1e-12)
    # the slope along post is linear in the weight, so that it is found by asking for every weight in turn
    post = rng.normal(size=expected.shape)
    change = conn.weight_change(x, post).numpy()
    weight = np.zeros(conn.published_weight().shape)
    spot = tuple(int(rng.integers(n)) for n in weight.shape)
    weight[spot] = 1
    at_spot = (reference(x, weight, stride, sides, dilation, groups) * post).sum()
    assert change[(*spot[2:], spot[1], spot[0])] == pytest.approx(at_spot, abs=1e-10)


@pytest.mark.parametrize("n_axes", KINDS)
def test_steps_and_sequences_are_the_same(n_axes):
    conn = KINDS[n_axes](2, 4, 2, stride=2, padding=1, bias=True, seed=1, dtype="float64")
    x = np.random.default_rng(1).normal(size=(5, 3, 2, *(4, 5, 6)[:n_axes]))
    by_step = np.stack([conn(now).numpy() for now in x])
    conn.step_mode = "m"
    at_once = conn(x)
    assert at_once.shape == by_step.shape == (5, 3, 4, *(3, 3, 4)[:n_axes])
    np.testing.assert_allclose(at_once, by_step, atol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("options", [{}, {"stride": 2}, {"dilation": 2}, {"stride": 2, "dilation": 2, "groups": 2}])
@pytest.mark.parametrize("n_axes", KINDS)
def test_every_dtype_with_gradients(n_axes, options, dtype):
    """TensorFlow lacks some of these, or their gradients, on a CPU."""
    conn = KINDS[n_axes](2, 4, 2, padding=1, seed=1, **options)
    rng = np.random.default_rng(1)
    x = tf.constant(rng.normal(size=(2, 2, *[5] * n_axes)), dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = conn(x)
    weight = conn.published_weight().astype(float)
    groups, settings = options.get("groups", 1), (options.get(one, 1) for one in ("stride", "dilation"))
    stride, dilation = ([one] * n_axes for one in settings)
    expected = reference(x.numpy().astype(float), weight, stride, [(1, 1)] * n_axes, dilation, groups)
    np.testing.assert_allclose(y.numpy().astype(float), expected, atol=DTYPES[dtype] * np.sqrt(weight[0].size))
    d_x, d_weight = tape.gradient(y, [x, conn.weight.value])
    assert y.dtype == d_x.dtype == conn.weight_change(x, y).dtype == dtype and d_weight.dtype == "float32"
    np.testing.assert_allclose(
        d_weight, conn.weight_change(x, tf.ones_like(y)).numpy().astype("f4"), rtol=0.05, atol=20 * DTYPES[dtype]
    )
    # along the input: a step of the input changes the output by slope times step, which is linear
    step = rng.normal(size=x.shape)
    changed = reference(step, weight, stride, [(1, 1)] * n_axes, dilation, groups).sum()
    assert (d_x.numpy().astype(float) * step).sum() == pytest.approx(changed, abs=50 * DTYPES[dtype])


@pytest.mark.parametrize(("kernel_size", "dilation"), [(3, 1), (2, 1), (4, 1), (3, 2), (2, 3)])
def test_padding_same_keeps_the_length_with_the_longer_side_behind(kernel_size, dilation):
    conn = Conv1dSynapseConn(1, 1, kernel_size, padding="same", dilation=dilation, seed=1, dtype="float64")
    x = np.random.default_rng(1).normal(size=(2, 1, 7))
    total = dilation * (kernel_size - 1)
    expected = reference(x, conn.published_weight(), [1], [(total // 2, total - total // 2)], [dilation], 1)
    np.testing.assert_allclose(conn(x), expected, atol=1e-12)
    assert conn(x).shape == x.shape


def test_padding_valid_is_none():
    x = np.ones((2, 1, 7))
    np.testing.assert_array_equal(
        Conv1dSynapseConn(1, 2, 3, padding="valid", seed=1)(x), Conv1dSynapseConn(1, 2, 3, seed=1)(x)
    )


def test_initial_weights_follow_the_inputs_of_a_place():
    conn = Conv2dSynapseConn(50, 200, 2, groups=2, bias=True, seed=1)
    assert conn.weight.shape == (2, 2, 25, 200)
    for values in (conn.weight.numpy(), conn.bias.numpy()):
        assert 0.98 / 10 < abs(values).max() <= 1 / 10


def test_there_is_no_bias_unless_asked_for():
    assert all(kind(1, 1, 1, seed=1).bias is None for kind in KINDS.values())


# --- what learning rules take


def test_a_kernel_of_one_place_is_a_dense_connection():
    rng = np.random.default_rng(1)
    conn, dense = (
        kind(3, 4, *more, seed=1, dtype="float64")
        for kind, more in ((Conv2dSynapseConn, (1,)), (LinearSynapseConn, ()))
    )
    pre, post = rng.normal(size=(5, 2, 3)), rng.normal(size=(5, 2, 4))
    change = conn.weight_change(pre[..., None, None], post[..., None, None])
    np.testing.assert_allclose(change[0, 0], dense.weight_change(pre, post), atol=1e-12)


def test_the_weight_change_is_that_of_a_dense_connection_on_unrolled_patches():
    rng = np.random.default_rng(1)
    conn = Conv2dSynapseConn(3, 4, (2, 3), stride=(2, 1), seed=1, dtype="float64")
    pre, post = rng.normal(size=(5, 2, 3, 6, 5)), rng.normal(size=(5, 2, 4, 3, 3))
    cut, _ = patches(pre.reshape(10, 3, 6, 5), (2, 3), (2, 1), (1, 1))
    dense = LinearSynapseConn(18, 4, seed=1, dtype="float64")
    by_place = post.reshape(10, 4, 9).swapaxes(1, 2)
    expected = dense.weight_change(cut.reshape(10, 9, 18), by_place).numpy()  # (C · kernel, C_out)
    change = conn.weight_change(pre, post).numpy()
    np.testing.assert_allclose(change.transpose(2, 0, 1, 3).reshape(18, 4), expected, atol=1e-10)


def test_bounds_hold_after_updates():
    conn = Conv2dSynapseConn(1, 2, 2, wmin=-0.1, wmax=0.1, seed=1)
    model = keras.Sequential([conn])
    model.compile(keras.optimizers.SGD(10.0), "mse")
    model.fit(np.ones((4, 1, 3, 3)), np.full((4, 2, 2, 2), 9.0), verbose=0)
    assert (conn.weight.numpy() == np.nextafter(np.float32(0.1), np.float32(0))).all()


def test_images_of_unknown_size_in_a_compiled_function():
    conn = Conv2dSynapseConn(2, 3, 2, stride=2, padding=1, bias=True, seed=1, step_mode="m")
    run = tf.function(conn, input_signature=[tf.TensorSpec([4, None, 2, None, None])])
    for size in (3, 6):
        x = np.random.default_rng(1).normal(size=(4, 2, 2, size, size)).astype("f4")
        np.testing.assert_allclose(run(x), conn(x), atol=1e-6)


# --- bad input


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        ((0, 2, 3), {}, "in_channels must be a whole number from 1, got 0"),
        ((2, "x", 3), {}, "out_channels must be a whole number from 1, got 'x'"),
        ((2, 2, 0), {}, "kernel_size must be a whole number from 1, got 0"),
        ((2, 2, (3, 3, 3)), {}, r"kernel_size must be a whole number, or 2 of them, got \(3, 3, 3\)"),
        ((2, 2, 3), {"stride": (1, 0)}, "stride must be a whole number from 1, got 0"),
        ((2, 2, 3), {"padding": -1}, "padding must be a whole number from 0, got -1"),
        ((2, 2, 3), {"padding": "some"}, "unknown padding 'some': choose from same, valid"),
        ((2, 2, 3), {"padding": "same", "stride": 2}, "padding 'same' needs a stride of 1"),
        ((2, 2, 3), {"dilation": 0.5}, "dilation must be a whole number from 1"),
        ((2, 4, 3), {"groups": 4}, "groups must divide in_channels, got 4 and 2"),
        ((4, 3, 3), {"groups": 2}, "groups must divide out_channels, got 2 and 3"),
        ((2, 2, 3), {"padding_mode": "reflect"}, "unknown padding mode 'reflect': choose from zeros"),
        ((2, 2), {}, "kernel_size is missing"),
    ],
)
def test_options_that_cannot_be_used_are_one_line(arguments, options, said):
    with pytest.raises(InputError, match=said) as caught:
        Conv2dSynapseConn(*arguments, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda conn: conn(np.ones((1, 3, 4, 4))), r"made for 2 channels, got 3 in the shape \(1, 3, 4, 4\)"),
        (lambda conn: conn(np.ones((2, 2))), r"takes inputs \(..., C, H, W\), got shape \(2, 2\)"),
        (lambda conn: conn(np.ones((1, 2, 4, 2))), "spans 3 along axis -1, where the input has 2 with its padding"),
        (
            lambda conn: conn.weight_change(np.ones((1, 2, 4, 4)), np.ones((1, 5, 4, 4))),
            r"shape \(1, 5, 2, 2\) of layer",
        ),
        (lambda conn: conn.set_published_weight(np.ones((3, 3, 2, 5))), r"weight must have the shape \(5, 2, 3, 3\)"),
    ],
)
def test_what_does_not_fit_is_one_line(call, said):
    with pytest.raises(InputError, match=said) as caught:
        call(Conv2dSynapseConn(2, 5, 3, seed=1))
    assert "\n" not in str(caught.value)
