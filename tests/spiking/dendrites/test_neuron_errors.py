"""Layers of dendritic neurons: coupling that is unstable, and what does not fit."""

import warnings

import numpy as np
import pytest
import tensorflow as tf
from dendrite_layers import KINDS, drawn, made, segregated, square, tree

import rate2spike as r2s
from rate2spike.errors import InputError, InputWarning

d = r2s.dendrites


class TestStability:
    @pytest.mark.parametrize(
        ("n", "strength", "tau", "decay_input", "factor", "bounds"),
        [
            (4, 1, 2, True, -1.5, ("-1", "3")),
            (2, 1, 2, False, -1.5, ("-0.5", "1.5")),
            (2, [0.5, 1.0], 1, True, -1.5, ("-1", "1")),
            (2, 1, 2, True, None, None),
            (2, [2.5, 0.4], 2, True, None, None),
        ],
    )
    @pytest.mark.parametrize("kind", ["VDiffForward", "VDiffForwardSBackward"])
    def test_the_warning_says_the_factor_and_the_bounds(self, n, strength, tau, decay_input, factor, bounds, kind):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            KINDS[kind](segregated(n), d.LIFSoma(tau, decay_input), [1], strength)
        assert len(caught) == (factor is not None)
        if caught:
            message = str(caught[0].message)
            assert f"the factor per step is {factor}, " in message and "\n" not in message
            assert "for sums between {} and {}".format(*bounds) in message
            assert caught[0].filename == __file__

    def test_the_published_divergence(self):
        with pytest.warns(InputWarning, match="the soma is unstable"):
            layer = d.VDiffForwardDendNeuron(
                segregated(4, 2.0, True), d.LIFSoma(2, v_threshold=1e9), [1], step_mode="m"
            )
        layer.store_v_soma_seq = True
        layer(tf.ones([33, 1, 4], "float64"))
        np.testing.assert_allclose(layer.v_soma_seq[::8, 0, 0], [1, 12.3, 296, 7576, 1.9e5], rtol=0.03)

    def test_integrators_are_judged_too(self):
        with pytest.warns(InputWarning, match="the factor per step is -1.5, .* for sums between 0 and 2"):
            d.VDiffForwardDendNeuron(segregated(5), d.IFSoma(), [1], 0.5)

    def test_of_activations_nothing_is_said(self):
        d.VActivationForwardDendNeuron(segregated(4), d.LIFSoma(2), [1], square)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: made("VDiffForward", segregated(), []), "soma_shape must have one axis at least, got none"),
        (lambda: made("VDiffForward", segregated(), 3), "soma_shape must be a sequence of whole numbers, got 3"),
        (
            lambda: made("VDiffForward", segregated(), [0]),
            "an entry of soma_shape must be a whole number from 1, got 0",
        ),
        (lambda: made("VDiffForward", 3), "dend must be a dendrite, got 3"),
        (lambda: made("VDiffForward", segregated(), soma=3), "soma must be a soma, got 3"),
        (
            lambda: made("VDiffForward", segregated(), forward_strength=[1, 2, 3]),
            r"forward_strength must be a number or an array \(2,\), one per output compartment, got the shape \(3,\)",
        ),
        (
            lambda: made("VDiffForward", segregated(), forward_strength=np.nan),
            "forward_strength must be finite numbers, got nan",
        ),
        (
            lambda: made("VDiffForwardSBackward", segregated(), backward_strength="x"),
            "backward_strength must be finite numbers",
        ),
        (lambda: d.VActivationForwardDendNeuron(segregated(), d.IFSoma(), [3]), "f_da is missing"),
        (
            lambda: d.VActivationForwardDendNeuron(segregated(), d.IFSoma(), [3], 1),
            "f_da must be a function of a voltage, got 1",
        ),
        (
            lambda: d.VActivationForwardDendNeuron(segregated(), d.IFSoma(), [3], lambda v: v[..., :1])(
                np.ones((1, 6))
            ),
            r"f_da must give a value for every voltage, \(1, 3, 2\), got the shape \(1, 3, 1\)",
        ),
        (
            lambda: made("VDiffForward", segregated(), store_v_soma_seq=1),
            "store_v_soma_seq must be true or false, got 1",
        ),
        (
            lambda: made("VDiffForward", segregated(), name="net")(np.ones((4, 7))),
            r"layer net takes features of shape \(6,\), for 3 somas with 2 input compartments each, .* shape \(4, 7\)",
        ),
        (lambda: made("VDiffForward", segregated())(np.ones(6)), r"after the batch axis; got inputs of shape \(6,\)"),
        (
            lambda: made("VDiffForward", segregated(), [3, 2])(np.ones((4, 12))),
            r"features of shape \(6, 2\), .* got inputs of shape \(4, 12\)",
        ),
        (
            lambda: d.VDiffForwardDendNeuron(segregated(), d.IFSoma(), [3], 0.1, False, "m")(np.ones((9, 4, 5))),
            r"features of shape \(6,\)",
        ),
    ],
)
def test_what_does_not_fit_is_one_line(make, message):
    with pytest.raises(InputError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_a_batch_that_changed_is_one_line():
    layer = made("VDiffForward", tree(), step_mode="m")
    layer(drawn(3, 2, 12))
    with pytest.raises(InputError, match=r"call reset\(\) before the batch changes") as caught:
        layer(drawn(3, 4, 12))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("step_mode", ["s", "m"])
def test_layers_that_share_a_part_do_not_take_over_states_of_each_other(step_mode):
    dend = tree()
    one, other = (made("VDiffForward", dend, name=name, step_mode=step_mode) for name in ("one", "other"))
    x = drawn(3, 2, 12) if step_mode == "m" else drawn(1, 2, 12)[0]
    alone = one(x)
    with pytest.raises(InputError, match=f"layers one and other share {dend.name}, .* a part of its own") as caught:
        other(x)
    assert "\n" not in str(caught.value)
    one.reset()
    np.testing.assert_array_equal(other(x), alone)
