"""Layers of dendritic neurons: feedback, recorders, the predicted potential of the soma."""

import numpy as np
import pytest
import tensorflow as tf
from dendrite_layers import DENDRITES, drawn, made, segregated, square, tree

import rate2spike as r2s
from rate2spike.errors import InputError, InputWarning

d = r2s.dendrites


class TestFeedback:
    def traces(self, strength, active):
        dend = segregated(2, 2.0, True, active=active)
        layer = d.VDiffForwardSBackwardDendNeuron(
            dend, d.LIFSoma(1), [1], 0.45, backward_strength=strength, step_mode="m", store_v_soma_pre_spike=True
        )
        layer.store_v_dend_seq = True
        layer(tf.fill([6, 1, 2], 4.0))
        return layer.v_soma_pre_spike.numpy().ravel(), layer.v_dend_seq

    @pytest.mark.parametrize("active", [None, tf.zeros_like, lambda v: 0.1 * v**2])
    def test_it_changes_later_steps_of_every_compartment(self, active):
        (without, _), (with_it, v) = self.traces(0.0, active), self.traces(5.0, active)
        assert without[0] == with_it[0] >= 1 and np.all(np.abs(with_it - without)[1:] > 0.1)
        assert np.all(v[0] > 5)

    def test_passive_and_linear_active_compartments_agree(self):
        """What an active component of 0 is: the passive compartment."""
        for one, other in zip(self.traces(5.0, None), self.traces(5.0, tf.zeros_like), strict=True):
            np.testing.assert_array_equal(one, other)

    @pytest.mark.parametrize("step_mode", ["s", "m"])
    def test_recorders_tell_before_from_after(self, step_mode):
        """Published numbers: tau 2, input 2, β = 1, LIF tau 1, two compartments: 1 and 2 before, 2 and 3 after."""
        with pytest.warns(InputWarning, match="the soma is unstable"):
            layer = d.VDiffForwardSBackwardDendNeuron(segregated(2, 2, True), d.LIFSoma(1), [1], step_mode=step_mode)
        layer.store_v_dend_pre_spike = layer.store_v_dend_seq = layer.store_v_soma_seq = (
            layer.store_v_soma_pre_spike
        ) = True
        x = tf.fill([2, 1, 2], 2.0)
        if step_mode == "m":
            layer(x)
            before, after = layer.v_dend_pre_spike, layer.v_dend_seq
        else:
            steps = [(layer(one), layer.v_dend_pre_spike, layer.v_dend) for one in x]
            before, after = (tf.stack([step[k] for step in steps]) for k in (1, 2))
            assert layer.v_dend_seq is None and layer.v_soma_pre_spike.shape == (1, 1)
        np.testing.assert_array_equal(before[:, 0, 0], [[1, 1], [2, 2]])
        np.testing.assert_array_equal(after[:, 0, 0], [[2, 2], [3, 3]])
        layer.reset()
        recorders = ("v_dend_seq", "v_soma_seq", "v_dend_pre_spike", "v_soma_pre_spike")
        assert [getattr(layer, name) for name in recorders] == [None] * 4
        assert layer.v_dend == layer.v_soma == 0.0


class TestRecorders:
    @pytest.mark.parametrize("kind", ["VDiffForward", "VActivationForwardSBackward"])
    @pytest.mark.parametrize("dendrite", ["tree", "segregated"])
    def test_each_is_of_its_flag_alone(self, kind, dendrite):
        """Where no spikes run back, compartments before the spike are those at the end, whose recorder is on, too."""
        x = drawn(2, 2, 12 if dendrite == "tree" else 6)
        shapes = {
            "v_dend_seq": (2, 2, 3, 6 if dendrite == "tree" else 2),
            "v_soma_seq": (2, 2, 3),
            "v_dend_pre_spike": (2, 2, 3, 6 if dendrite == "tree" else 2),
            "v_soma_pre_spike": (2, 2, 3),
        }
        for name in shapes:
            layer = made(kind, DENDRITES[dendrite](), step_mode="m", **{f"store_{name}": True})
            layer(x)
            found = {one: getattr(layer, one) for one in shapes if getattr(layer, one) is not None}
            together = {"v_dend_seq"} if name == "v_dend_pre_spike" and "SBackward" not in kind else set()
            assert set(found) == {name} | together
            assert found[name].shape == shapes[name]

    def test_flags_are_those_of_the_parts_and_can_be_changed(self):
        layer = made("VDiffForward", tree(), step_mode="m")
        x = drawn(9, 2, 12)
        layer(x)
        assert layer.v_soma_seq is layer.v_dend_seq is None
        layer.store_v_soma_seq = layer.store_v_dend_seq = True
        assert layer.soma.store_v_seq and layer.dend.compartment.store_v_seq
        layer(x)
        assert layer.v_soma_seq is layer.soma.v_seq and layer.v_dend_seq is layer.dend.compartment.v_seq
        np.testing.assert_array_equal(layer.v_soma_seq[-1], layer.v_soma)
        np.testing.assert_array_equal(layer.v_dend_seq[-1], layer.v_dend)
        layer.store_v_soma_seq = False
        layer(x)
        assert layer.v_soma_seq is None

    def test_parts_can_be_reset_by_themselves(self):
        layer = made("VDiffForward", tree())
        layer(drawn(1, 2, 12)[0])
        layer.soma.reset()
        assert layer.v_soma == 0.0 and layer.v_dend.shape == (2, 3, 6)
        layer(drawn(1, 2, 12)[0])
        assert layer.v_soma.shape == (2, 3)


class TestPredictedSoma:
    def test_differences(self):
        """The share of each compartment in the resting point of the soma, whatever batch and width are."""
        for decay_input, leak in ((True, 1.0), (False, 1 / 3)):
            soma = d.LIFSoma(3.0, decay_input, v_reset=-0.5)
            layer = d.VDiffForwardDendNeuron(segregated(2), soma, [4], [0.5, 0.25])
            v = drawn(5, 7, 4, 2)
            expected = ([0.5, 0.25] * v.numpy() - 0.5 * leak) / (0.75 + leak)
            np.testing.assert_allclose(layer.predicted_soma(v), expected, rtol=1e-6)

    def test_it_is_where_a_single_compartment_brings_the_soma(self):
        layer = d.VDiffForwardDendNeuron(segregated(1, decay_input=True), d.LIFSoma(4.0, False, 1e9, -0.5), [1], 0.3)
        layer.step_mode = "m"
        layer(tf.ones([200, 1, 1], "float64"))
        np.testing.assert_allclose(layer.v_soma, layer.predicted_soma(layer.v_dend)[..., 0], rtol=1e-6)

    def test_activations(self):
        for decay_input, rho in ((True, 1.0), (False, 3.0)):
            soma = d.LIFSoma(3.0, decay_input, v_reset=-0.5)
            layer = d.VActivationForwardDendNeuron(segregated(2), soma, [4], square, [0.5, 0.25])
            v = drawn(7, 4, 2)
            np.testing.assert_allclose(layer.predicted_soma(v), rho * v**2 * [0.5, 0.25] - 0.5, rtol=1e-6)

    def test_others_say_that_they_do_not(self):
        v = np.zeros((1, 3, 6))
        for layer in (made("VDiffForwardSBackward", tree()), made("VDiffForward", tree(), soma=d.IFSoma())):
            with pytest.raises(InputError, match=r"foretell.*: give f_u_pred") as caught:
                layer.predicted_soma(v)
            assert "\n" not in str(caught.value)
