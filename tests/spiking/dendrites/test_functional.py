"""Functions beside the layers."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import norm

import rate2spike as r2s
from rate2spike.errors import InputError

d = r2s.dendrites


@pytest.mark.parametrize("factor", [2, 0.5, np.arange(6.0).reshape(3, 2), np.arange(2.0)])
def test_sum_of_differences(factor):
    rng = np.random.default_rng(0)
    x1, x2, mask = rng.normal(size=(4, 5, 3)), rng.normal(size=(4, 5, 2)), rng.integers(0, 2, (3, 2))
    differences = x1[..., :, None] - x2[..., None, :]
    expected = (np.broadcast_to(factor, (3, 2)) * mask * differences).sum(-2)
    found = d.diff_mask_mult_sum(x1, x2, mask, factor)
    assert found.dtype == "float64"
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("factor", [0.3, [[0.3, 0.1]] * 3])
def test_numbers_of_python_keep_their_precision(factor):
    x1, x2 = np.random.default_rng(0).normal(size=(4, 3)), np.zeros((4, 2))
    expected = x1.sum(1)[:, None] * np.broadcast_to(factor, (3, 2))[0]
    found = d.diff_mask_mult_sum(x1, x2, [[1, 1]] * 3, factor)
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_steps_are_merged_and_split_again():
    x = tf.constant(np.random.default_rng(0).normal(size=(5, 2, 3, 4)), "float32")
    np.testing.assert_array_equal(d.unfold_forward_fold(x, tf.identity), x)
    seen = []
    d.unfold_forward_fold(x, lambda one: seen.append(one.shape) or one)
    assert seen == [(10, 3, 4)]
    layers = [keras.layers.Flatten(), keras.layers.Dense(6)]
    found = d.unfold_forward_fold(x, layers)
    assert found.shape == (5, 2, 6)
    np.testing.assert_allclose(found[3], layers[1](layers[0](x[3])), rtol=1e-5)
    compiled = tf.function(
        lambda x: d.unfold_forward_fold(x, layers), input_signature=[tf.TensorSpec([None, None, 3, 4], tf.float32)]
    )
    np.testing.assert_allclose(compiled(x), found, rtol=1e-5)


def test_the_normal_density():
    x = np.linspace(-2, 3, 11)
    np.testing.assert_allclose(d.gaussian(x, 0.5, 0.25), norm(0.5, 0.5).pdf(x), rtol=1e-12)
    assert d.gaussian(tf.ones(2, "float16"), 0, 1).dtype == "float16"
    assert d.gaussian(1, 0, 1).dtype == "float32"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: d.gaussian(1.0, 0, 0), "var must be a positive number, got 0"),
        (lambda: d.gaussian(1.0, None, 1), "mean must be a finite number, got None"),
        (
            lambda: d.unfold_forward_fold(np.ones(3), tf.exp),
            r"x_seq must be a sequence \(T, B, ...\), got the shape \(3,\)",
        ),
        (lambda: d.unfold_forward_fold(np.ones((3, 1)), [tf.exp, 2]), "module must be a function, or several, got 2"),
        (
            lambda: d.diff_mask_mult_sum(np.ones(3), np.ones(2), np.ones((2, 3)), 1),
            r"mask must be \(n1, n2\) for x1 .* \(2, 3\)",
        ),
        (
            lambda: d.diff_mask_mult_sum(np.ones(3), np.ones(2), np.ones((3, 2)), np.ones(3)),
            r"factor must broadcast .* \(3,\)",
        ),
        (
            lambda: d.diff_mask_mult_sum(np.ones(3), np.ones(2), "mask", 1),
            "mask must be an array of numbers, got 'mask'",
        ),
        (lambda: d.diff_mask_mult_sum("x", np.ones(2), np.ones((3, 2)), 1), "x1 must be an array of numbers, got 'x'"),
    ],
)
def test_what_does_not_fit_is_one_line(make, message):
    with pytest.raises(InputError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)
