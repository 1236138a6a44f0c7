"""Compartments: equations, closed form, the active component, recorders, dtypes, changes of settings."""

import warnings

import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
from rate2spike.errors import InputError, InputWarning

d = r2s.dendrites
KINDS = {
    "passive": d.PassiveDendCompartment,
    "active": lambda *a, **k: d.PAComponentDendCompartment(*a, f_dca=step, **k),
}


def step(x):
    return tf.cast(x >= 0, x.dtype)


def square(x):
    return x**2


def drawn(n_steps, *shape, dtype="float64", seed=0):
    return tf.constant(np.random.default_rng(seed).normal(0.5, 1.0, size=(n_steps, *shape)), dtype)


def by_hand(x, tau, decay_input, v_rest, v):
    """The published equations."""
    series = []
    for x_now in np.asarray(x):
        v = v + (x_now - (v - v_rest)) / tau if decay_input else v - (v - v_rest) / tau + x_now
        series.append(v)
    return np.stack(series)


def in_steps(layer, x):
    layer.step_mode = "s"
    layer.reset()
    return tf.stack([layer(one) for one in x])


def at_once(layer, x):
    layer.step_mode = "m"
    layer.reset()
    return layer(x)


@pytest.mark.parametrize("tau", [1, 1.5, 3, 20.0])
@pytest.mark.parametrize("decay_input", [True, False])
@pytest.mark.parametrize("v_rest", [0, -0.5])
def test_passive_equations(tau, decay_input, v_rest):
    layer, x = d.PassiveDendCompartment(tau, decay_input, v_rest), drawn(7, 2, 3)
    expected = by_hand(x, tau, decay_input, v_rest, v_rest)
    np.testing.assert_allclose(in_steps(layer, x), expected, rtol=1e-12)
    np.testing.assert_allclose(at_once(layer, x), expected, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_steps", [1, 4, 16, 128])
@pytest.mark.parametrize(("dtype", "most"), [("float32", 5e-6), ("float64", 1e-12)])
def test_sequences_equal_steps(kind, n_steps, dtype, most):
    for options in ((3.0, False, 0.0), (2.0, True, 1.0)):
        layer, x = KINDS[kind](*options), drawn(n_steps, 4, 7, dtype=dtype)
        assert np.abs(in_steps(layer, x) - at_once(layer, x)).max() <= most


def test_the_active_component_is_added():
    x = drawn(5, 3)
    for tau, decay_input in ((2.0, True), (2.0, False)):
        passive = at_once(d.PassiveDendCompartment(tau, decay_input), x)
        layer = d.PAComponentDendCompartment(tau, decay_input, f_dca=step, store_vp_seq=True, store_va_seq=True)
        found = at_once(layer, x)
        np.testing.assert_array_equal(layer.vp_seq, passive)
        np.testing.assert_array_equal(layer.va_seq, step(passive))
        np.testing.assert_array_equal(found, passive + step(passive))


def test_without_a_function_the_active_component_is_0():
    x = drawn(5, 2, 3, dtype="float32")
    layer = d.PAComponentDendCompartment(store_va_seq=True)
    np.testing.assert_array_equal(at_once(layer, x), at_once(d.PassiveDendCompartment(), x))
    np.testing.assert_array_equal(layer.va_seq, np.zeros((5, 2, 3)))
    layer.f_dca = lambda _: 0.5  # a number is one for all
    np.testing.assert_array_equal(at_once(layer, x), at_once(d.PassiveDendCompartment(), x) + 0.5)
    layer.f_dca = lambda _: 0.1  # which float32 does not hold
    np.testing.assert_array_equal(at_once(layer, np.zeros((3, 2, 1))), np.full((3, 2, 1), 0.1))


@pytest.mark.parametrize("kind", KINDS)
def test_states_are_carried_with_their_gradients(kind):
    x, found = drawn(6, 2, 3), []
    for pieces in ((6,), (2, 4)):
        layer = KINDS[kind](3.0, True, 0.25, step_mode="m")
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.concat([layer(one) for one in tf.split(x, pieces)], 0)
            loss = tf.reduce_sum(y**2)
        found.append((y, tape.gradient(loss, x), layer.v))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


def test_a_time_constant_that_is_changed_is_followed():
    layer = d.PassiveDendCompartment(tau=2, step_mode="m")
    layer(tf.ones([4, 1]))
    layer.tau = 4
    layer.reset()
    np.testing.assert_allclose(layer(tf.ones([4, 1])).numpy().ravel(), [0.25, 0.4375, 0.578125, 0.683594], atol=1e-6)


def test_at_rest_the_voltage_is_a_number():
    layer = d.PAComponentDendCompartment(v_rest=-1, f_dca=square)
    assert (layer.v, layer.vp, layer.va) == (-1.0, -1.0, 0.0)
    layer(np.ones((2, 3)))
    assert layer.v.shape == layer.vp.shape == layer.va.shape == (2, 3)
    layer.reset()
    assert layer.v == -1.0


def test_recorders_hold_the_last_sequence_and_are_cleared():
    layer, x = d.PassiveDendCompartment(step_mode="m"), drawn(5, 2, 3)
    layer(x)
    assert layer.v_seq is None
    layer.store_v_seq = True
    y = layer(x)
    np.testing.assert_array_equal(layer.v_seq, y)
    np.testing.assert_array_equal(layer.v_seq[-1], layer.v)
    layer.step_mode = "s"
    layer(x[0])
    assert layer.v_seq is None  # of a step there is no series
    layer.step_mode = "m"
    layer(x)
    layer.reset()
    assert layer.v_seq is None


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step_mode", ["s", "m"])
def test_the_dtype_is_kept(dtype, kind, step_mode):
    layer = KINDS[kind](3.0, step_mode=step_mode)
    assert layer(tf.ones([5, 2, 3], dtype)).dtype == layer.v.dtype == dtype


def test_float64_is_exact_in_closed_form():
    x = drawn(16, 4, 3)
    layer = d.PassiveDendCompartment(3)
    assert np.abs(at_once(layer, x) - by_hand(x, 3, True, 0.0, 0.0)).max() < 1e-12


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: d.PassiveDendCompartment(tau=0), "tau must be a positive number, got 0"),
        (lambda: d.PassiveDendCompartment(tau="2"), "tau must be a positive number, got '2'"),
        (lambda: d.PassiveDendCompartment(decay_input=1), "decay_input must be true or false, got 1"),
        (lambda: d.PassiveDendCompartment(v_rest=np.nan), "v_rest must be a finite number, got nan"),
        (lambda: d.PassiveDendCompartment(taus=2), "PassiveDendCompartment: unknown name 'taus'|taus"),
        (lambda: d.PAComponentDendCompartment(f_dca=3), "f_dca must be a function, got 3"),
        (lambda: setattr(d.PassiveDendCompartment(), "tau", -1), "tau must be a positive number, got -1"),
        (
            lambda: d.PAComponentDendCompartment(f_dca=lambda v: v[..., :1])(np.ones((2, 3))),
            r"f_dca must give a value for every voltage, \(2, 3\), got the shape \(2, 1\)",
        ),
    ],
)
def test_wrong_options_are_one_line(make, message):
    with pytest.raises(InputError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_an_unstable_time_constant_is_warned_of():
    with pytest.warns(InputWarning, match=r"tau 0.5 is unstable: the factor per step is -1, .* for tau above 0.5"):
        layer = d.PassiveDendCompartment(tau=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer.tau = 0.51
    with pytest.warns(InputWarning, match="the factor per step is -4"):
        layer.tau = 0.2
