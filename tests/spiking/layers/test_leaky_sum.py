"""The leaky sum against its loop: values, gradients, dtypes, and the memory that it needs."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from rate2spike.spiking.layers.leaky_sum import leaky_sum

LENGTHS = (1, 2, 3, 4, 6, 16, 17, 128)
DECAYS = (0.0, 0.5, 2 / 3, 1.0, -0.4)
LONG, WIDE, MOST_MIB = 128, (64, 512), 64


def loop(x, decay, gain, start):
    v, steps = start, []
    for x_now in tf.unstack(x):
        v = decay * v + gain * x_now
        steps.append(v)
    return tf.stack(steps)


def drawn(n_steps, *shape, dtype="float64"):
    rng = np.random.default_rng(n_steps)
    return tf.constant(rng.normal(size=(n_steps, *shape)), dtype), tf.constant(rng.normal(size=shape), dtype)


@pytest.mark.parametrize("n_steps", LENGTHS)
@pytest.mark.parametrize("decay", DECAYS)
def test_equals_the_loop_with_its_gradients(n_steps, decay):
    x, start = drawn(n_steps, 2, 3)
    weights = tf.range(1, n_steps + 1, dtype=tf.float64)[:, None, None]
    found = []
    for run in (leaky_sum, loop):
        decay_now = tf.constant(decay, tf.float64)
        with tf.GradientTape() as tape:
            tape.watch((x, start, decay_now))
            v = run(x, decay_now, 0.7, start)
            loss = tf.reduce_sum(weights * v**2)
        found.append((v, *tape.gradient(loss, (x, start, decay_now))))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)
    with tf.GradientTape() as tape:
        tape.watch((x, start))
        v = leaky_sum(x, decay, 0.7, start)
        loss = tf.reduce_sum(weights * v**2)
    for ours, theirs in zip((v, *tape.gradient(loss, (x, start))), found[1][:3], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("dtype", "most"), [("float32", 5e-6), ("float64", 1e-12), ("float16", 5e-3), ("bfloat16", 5e-2)]
)
def test_keeps_the_dtype_and_its_precision(dtype, most):
    x, start = drawn(128, 5)
    v = leaky_sum(tf.cast(x, dtype), 2 / 3, 1.0, tf.cast(start, dtype))
    exact = loop(tf.cast(tf.cast(x, dtype), tf.float64), 2 / 3, 1.0, tf.cast(tf.cast(start, dtype), tf.float64))
    assert v.dtype == dtype
    np.testing.assert_allclose(tf.cast(v, tf.float64), exact, atol=most)


def test_two_pieces_are_one_sequence():
    x, start = drawn(6, 2)
    first = leaky_sum(x[:2], 0.5, 0.5, start)
    np.testing.assert_allclose(
        tf.concat([first, leaky_sum(x[2:], 0.5, 0.5, first[-1])], 0), leaky_sum(x, 0.5, 0.5, start), atol=1e-15
    )


def test_a_compiled_function_need_not_know_the_number_of_steps():
    compiled = tf.function(
        lambda x, start: leaky_sum(x, 0.5, 0.5, start),
        input_signature=[tf.TensorSpec([None, None, 3], tf.float64), tf.TensorSpec([None, 3], tf.float64)],
    )
    for n_steps in (1, 5, 128):
        x, start = drawn(n_steps, 2, 3)
        np.testing.assert_allclose(compiled(x, start), loop(x, 0.5, 0.5, start), atol=1e-13)


def test_published_coefficients():
    """Golden numbers of the closed form, T = 4, tau = 3: M, a_init, a_rest (dendsn.md 1.2)."""
    a = 1 - 1 / 3
    m = tf.transpose(leaky_sum(tf.eye(4, dtype=tf.float64), a))
    expected = [[1, 2 / 3, 4 / 9, 8 / 27], [0, 1, 2 / 3, 4 / 9], [0, 0, 1, 2 / 3], [0, 0, 0, 1]]
    np.testing.assert_allclose(m, expected, atol=1e-15)
    a_init = leaky_sum(tf.zeros(4, tf.float64), a, start=tf.constant(1.0, tf.float64))
    np.testing.assert_allclose(a_init, a ** np.arange(1, 5), atol=1e-15)


def test_memory_is_linear_in_time():
    """128 steps of [64, 512] in float32 need less than 64 MiB beside the input, where T squared would need 2 GiB."""
    code = f"""
import resource
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.spiking.layers.leaky_sum import leaky_sum
leaky_sum(tf.ones([{LONG}, 2]), 0.5)  # what the first call loads
x = tf.random.stateless_normal([{LONG}, *{WIDE}], [1, 2])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
v = leaky_sum(x, 0.5, 0.5)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[-1]) / 1024 < MOST_MIB
