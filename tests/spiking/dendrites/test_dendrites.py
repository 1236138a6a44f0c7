"""Dendrites: the equation of coupling, equal kinds, stability, widths, learnable strengths."""

import warnings

import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
from rate2spike.errors import InputError, InputWarning

d = r2s.dendrites


def drawn(n_steps, *shape, dtype="float64", seed=0):
    return tf.constant(np.random.default_rng(seed).normal(0.5, 1.0, size=(n_steps, *shape)), dtype)


def at_once(layer, x):
    layer.step_mode = "m"
    layer.reset()
    return layer(x)


def by_hand(x, wiring, coupling, tau, decay_input, active=lambda v: 0 * v):
    """The published equations, with the currents summed pair by pair."""
    n = wiring.n_compartment
    theta = np.broadcast_to(coupling, (n, n))
    vp = v = np.zeros((*x.shape[1:-1], n))
    series = []
    for x_now in np.asarray(x):
        current = np.zeros_like(v)
        current[..., : wiring.n_input] = x_now
        for i, j in np.argwhere(wiring.adjacency_matrix):
            current[..., j] += theta[i, j] * (v[..., i] - v[..., j])
        vp = vp + (current - vp) / tau if decay_input else vp - vp / tau + current
        v = vp + active(vp)
        series.append(v)
    return np.stack(series)


CHAIN = d.DendWiring([[0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1]], 2, [3, 1])
WIRINGS = {"tree": d.Kto1DendWiring(2, 2), "both ways": d.Kto1DendWiring(3, 1, bidirection=True), "any": CHAIN}


@pytest.mark.parametrize("wiring", WIRINGS.values(), ids=WIRINGS)
@pytest.mark.parametrize("decay_input", [True, False])
@pytest.mark.parametrize("is_matrix", [True, False])
@pytest.mark.parametrize("active", [True, False])
def test_the_equation(wiring, decay_input, is_matrix, active):
    n, x = wiring.n_compartment, drawn(9, 2, 5, wiring.n_input)
    coupling = np.random.default_rng(1).uniform(0.1, 0.3, (n, n) if is_matrix else ())
    function = (lambda v: 0.3 * v**2) if active else None
    compartment = d.PAComponentDendCompartment(3.0, decay_input, f_dca=function, store_v_seq=True)
    layer = d.VDiffDend(compartment, wiring, coupling, dtype="float64")
    expected = by_hand(x, wiring, coupling, 3.0, decay_input, *((function,) if active else ()))
    np.testing.assert_allclose(at_once(layer, x), expected[..., wiring.output_index], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(compartment.v_seq, expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(layer.get_output(), expected[-1][..., wiring.output_index], rtol=1e-12, atol=1e-14)
    layer.step_mode = "s"
    layer.reset()
    np.testing.assert_allclose(
        tf.stack([layer(one) for one in x]), expected[..., wiring.output_index], rtol=1e-12, atol=1e-14
    )


def test_without_connections_it_is_segregated():
    x, n = drawn(5, 2, 6), 6
    expected = at_once(d.SegregatedDend(d.PassiveDendCompartment(2.0), d.SegregatedDendWiring(n)), x)
    for adjacency in (np.zeros((n, n)), np.eye(n)):
        layer = d.VDiffDend(d.PassiveDendCompartment(2.0), d.DendWiring(adjacency, n, range(n)))
        np.testing.assert_allclose(at_once(layer, x), expected, atol=1e-12)


def test_a_signal_takes_a_step_per_level():
    layer = d.VDiffDend(d.PassiveDendCompartment(3.0), d.Kto1DendWiring(3, 2), 0.5)
    y = at_once(layer, drawn(5, 2, 6, dtype="float32"))
    assert y.shape == (5, 2, 2)
    assert not np.any(y[0]) and np.all(y[1] != 0)


def test_pieces_are_the_whole_with_all_gradients():
    x, found = drawn(11, 2, 4), []
    for pieces in ((11,), (2, 4, 5)):
        wiring = d.Kto1DendWiring(2, 2, bidirection=True)
        layer = d.VDiffDend(d.PassiveDendCompartment(3.0), wiring, 0.25, True, "m", dtype="float64")
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.concat([layer(one) for one in tf.split(x, pieces)], 0)
            loss = tf.reduce_sum(y**2)
        found.append((y, *tape.gradient(loss, [x, layer.coupling_strength])))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


def test_coupling_is_trained_if_it_is_learnable():
    layer = d.VDiffDend(d.PassiveDendCompartment(3), d.Kto1DendWiring(2, 1), np.full((3, 3), 0.5), step_mode="m")
    assert layer.trainable_variables == [] and len(layer.weights) == 1

    def slope():
        layer.reset()
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(layer(tf.ones([9, 1, 2])))
        return tape.gradient(y, layer.coupling_strength)

    assert slope() is None or not np.any(slope())
    layer.coupling_strength_learnable = True
    assert [one.path for one in layer.trainable_variables] == [layer.coupling_strength.path]
    found = tf.convert_to_tensor(slope()).numpy()
    assert found[0, 2] > 0 and found[1, 2] > 0 and np.count_nonzero(found) == 2  # elsewhere there is no connection
    layer.trainable = False
    assert layer.trainable_variables == []
    layer.trainable = True
    assert len(layer.trainable_variables) == 1
    layer.coupling_strength_learnable = False
    layer.trainable = True
    assert layer.trainable_variables == []


def test_a_connection_that_is_added_is_followed():
    wiring = d.DendWiring(np.zeros((2, 2)), 1, [1])
    layer = d.VDiffDend(d.PassiveDendCompartment(3.0), wiring, 0.5)
    x = tf.ones([9, 1, 1])
    assert not np.any(at_once(layer, x))
    wiring.add_compartment_connection(0, 1)
    assert np.all(at_once(layer, x)[1:] > 0)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("step_mode", ["s", "m"])
def test_the_dtype_is_kept(dtype, step_mode):
    layer = d.VDiffDend(d.PassiveDendCompartment(3.0), d.Kto1DendWiring(2, 2), 0.5, step_mode=step_mode)
    x = tf.ones([9, 2, 4], dtype)
    assert layer(x).dtype == layer.v.dtype == dtype


class TestStability:
    @pytest.mark.parametrize("decay_input", [True, False])
    @pytest.mark.parametrize(
        ("k", "coupling", "tau"), [(4, 1, 2), (4, 0.25, 2), (2, 0.9, 3.0), (3, 0.4, 1.0), (2, 1.6, 2.0)]
    )
    def test_the_warning_says_the_factor_and_is_right(self, k, coupling, tau, decay_input):
        factor = 1 - (1 + k * coupling) / tau if decay_input else 1 - 1 / tau - k * coupling
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            layer = d.VDiffDend(d.PassiveDendCompartment(tau, decay_input), d.Kto1DendWiring(k, 1), coupling, True)
        assert len(caught) == (abs(factor) >= 1)
        if caught:
            message = str(caught[0].message)
            assert f"largest factor per step is {abs(factor):.4g}" in message and "\n" not in message
            bound = (2 * tau - 1) / k if decay_input else (2 - 1 / tau) / k
            assert f"within {bound:.4g}" in message
        sizes = np.abs(at_once(layer, tf.ones([200, 1, k], "float64")))
        assert (sizes[-1, 0, 0] > 1e3) == (abs(factor) > 1.05)

    def test_two_way_coupling_is_judged_by_all_factors(self):
        """One pair: the sum of both voltages decays with a, their difference with a - 2 g coupling."""
        pair = d.DendWiring([[0, 1], [1, 0]], 2, [0])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            d.VDiffDend(d.PassiveDendCompartment(2.0), pair, 1.49)
        with pytest.warns(InputWarning, match=r"largest factor per step is 1.01, .* within 1.5"):
            d.VDiffDend(d.PassiveDendCompartment(2.0), pair, 1.51)

    def test_the_published_divergence(self):
        with pytest.warns(InputWarning, match="unstable"):
            layer = d.VDiffDend(d.PassiveDendCompartment(2.0), d.Kto1DendWiring(4, 1), 1.0)
        y = at_once(layer, tf.ones([33, 1, 4], "float64")).numpy().ravel()
        np.testing.assert_allclose(y[[8, 16, 24, 32]], [-6.9, -196, -5049, -1.3e5], rtol=0.02)

    def test_of_an_active_component_nothing_is_said(self):
        d.VDiffDend(d.PAComponentDendCompartment(2.0, f_dca=tf.tanh), d.Kto1DendWiring(4, 1), 1.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda c: d.SegregatedDend(c, d.Kto1DendWiring(2, 1)),
            "wiring must be a SegregatedDendWiring: without connections",
        ),
        (lambda c: d.SegregatedDend(c, 3), "wiring must be a DendWiring, got 3"),
        (lambda c: d.VDiffDend(3, d.Kto1DendWiring(2, 1)), "compartment must be a layer of compartments, got 3"),
        (lambda c: d.VDiffDend(c, d.Kto1DendWiring(2, 1), "a"), "coupling_strength must be finite numbers, got 'a'"),
        (
            lambda c: d.VDiffDend(c, d.Kto1DendWiring(2, 1), np.ones((2, 2))),
            r"broadcasts to \(3, 3\), got the shape \(2, 2\)",
        ),
        (lambda c: d.VDiffDend(c, d.Kto1DendWiring(2, 1), 0.5, 1), "coupling_strength_learnable must be true or false"),
        (
            lambda c: d.VDiffDend(c, d.Kto1DendWiring(2, 1), 0.5)(np.ones((4, 1))),
            r"inputs \(..., 2\), one per .* \(4, 1\)",
        ),
        (
            lambda c: d.SegregatedDend(c, d.SegregatedDendWiring(2))(np.ones((4, 3))),
            r"inputs \(..., 2\), one per .* \(4, 3\)",
        ),
    ],
)
def test_what_does_not_fit_is_one_line(make, message):
    with pytest.raises(InputError, match=message) as caught:
        make(d.PassiveDendCompartment(3.0))
    assert "\n" not in str(caught.value)


def test_a_segregated_dendrite_refuses_a_connection_that_is_added():
    wiring = d.SegregatedDendWiring(2)
    layer = d.SegregatedDend(d.PassiveDendCompartment(), wiring)
    wiring.add_compartment_connection(0, 1)
    with pytest.raises(InputError, match="without connections"):
        layer(np.ones((1, 2)))
