"""Layers of dendritic neurons: equations, layouts, modes, strengths, gradients."""

import numpy as np
import pytest
import tensorflow as tf
from dendrite_layers import DENDRITES, KINDS, drawn, made, segregated, square, trained, tree, weighed

import rate2spike as r2s

d = r2s.dendrites


def by_hand(layer, x, kind, backward):
    """Spikes, compartments before and after feedback, H and V, by the published equations in TensorFlow's own loop."""
    wiring, compartment, soma = layer.dend.wiring, layer.dend.compartment, layer.soma
    adjacency = tf.constant(wiring.adjacency_matrix, x.dtype)
    coupling = layer.dend.coupling_strength.value if isinstance(layer.dend, d.VDiffDend) else tf.zeros([], x.dtype)
    v = tf.zeros([x.shape[1], *layer.soma_shape, wiring.n_compartment], x.dtype)
    vp, soma_v = v, tf.zeros(v.shape[:-1], x.dtype)
    active = getattr(compartment, "f_dca", None)
    series = []
    for now in tf.unstack(x):
        external = tf.pad(
            layer.to_compartments(now), [[0, 0]] * (v.shape.rank - 1) + [[0, v.shape[-1] - wiring.n_input]]
        )
        differences = v[..., :, None] - v[..., None, :]
        current = external + tf.reduce_sum(adjacency * coupling * differences, -2)
        gain = 1 / compartment.tau if compartment.decay_input else 1.0
        vp = vp - vp / compartment.tau + gain * current
        before = v = vp if active is None else vp + active(vp)
        v_out = tf.gather(v, wiring.output_index, axis=-1)
        drive = square(v_out) if "Activation" in kind else v_out - soma_v[..., None]
        h = soma_v + (tf.reduce_sum(layer.forward_strength.value * drive, -1) - soma_v) / soma.tau
        s = soma.surrogate_function(h - soma.v_threshold)
        soma_v = (1 - s) * h
        if backward:
            raised = tf.scatter_nd([[k] for k in wiring.output_index], layer.backward_strength.value, [v.shape[-1]])
            v, vp = v + s[..., None] * raised, vp + s[..., None] * raised
        series.append((s, before, v, h, soma_v))
    return [tf.stack(one) for one in zip(*series, strict=True)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dendrite", DENDRITES)
@pytest.mark.parametrize("step_mode", ["s", "m"])
def test_the_equations_with_all_gradients(kind, dendrite, step_mode):
    """Also where an activation saves its input, which the published feedback changes in place."""
    layer = made(kind, DENDRITES[dendrite](), step_mode=step_mode)
    layer.store_v_dend_seq = layer.store_v_soma_seq = True
    layer.store_v_dend_pre_spike = layer.store_v_soma_pre_spike = True
    x = drawn(7, 2, 3 * layer.n_input)
    with tf.GradientTape() as tape:
        tape.watch(x)
        expected = by_hand(layer, x, kind, "SBackward" in kind)
        loss = weighed(expected[0]) + 0.1 * weighed(expected[2])
    slopes = tape.gradient(loss, [x, *trained(layer)])
    assert 0 < float(tf.reduce_sum(expected[0])) < expected[0].shape.num_elements()
    with tf.GradientTape() as tape:
        tape.watch(x)
        if step_mode == "m":
            spikes = layer(x)
            found = [spikes, layer.v_dend_pre_spike, layer.v_dend_seq, layer.v_soma_pre_spike, layer.v_soma_seq]
        else:
            steps = []
            for now in x:
                steps.append([layer(now), layer.v_dend_pre_spike, layer.v_dend, layer.v_soma_pre_spike, layer.v_soma])
            found = [tf.stack(one) for one in zip(*steps, strict=True)]
        loss = weighed(found[0]) + 0.1 * weighed(found[2])
    np.testing.assert_array_equal(found[0], expected[0])
    for ours, theirs in zip((*found, *tape.gradient(loss, [x, *trained(layer)])), (*expected, *slopes), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kind", ["VDiffForwardSBackward", "VActivationForward"])
def test_pieces_are_the_whole_with_all_gradients(kind):
    layer, x, found = made(kind, tree(), step_mode="m", store_v_soma_seq=True), drawn(6, 2, 12, mean=1.5), []
    for pieces in ((6,), (2, 4)):
        layer.reset()
        with tf.GradientTape() as tape:
            tape.watch(x)
            parts = [(layer(one), layer.v_soma_seq) for one in tf.split(x, pieces)]
            y, v = (tf.concat(one, 0) for one in zip(*parts, strict=True))
            loss = weighed(y) + weighed(v)
        found.append((y, v, layer.v_dend, *tape.gradient(loss, [x, *trained(layer)])))
    assert 0 < float(tf.reduce_sum(y)) < y.shape.num_elements()
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kind", ["VDiffForward", "VDiffForwardSBackward"])
@pytest.mark.parametrize(("bidirection", "n_spikes", "first"), [(False, 2, (10, 11)), (True, 1, (14, 15))])
def test_the_published_comparison_of_modes(kind, bidirection, n_spikes, first):
    """Ten seeds: the same spikes in both modes, and how often and when they come (the script `neuron`)."""
    dend = d.VDiffDend(d.PassiveDendCompartment(3), d.Kto1DendWiring(4, 2, bidirection=bidirection), (3 - 1) / 4)
    layer = KINDS[kind](dend, d.LIFSoma(20), [3], store_v_soma_seq=True)
    rates = []
    for seed in range(10):
        x = drawn(25, 2, 24, dtype="float32", seed=seed, mean=3.0)
        layer.step_mode = "m"
        layer.reset()
        spikes, v = layer(x), layer.v_soma_seq
        layer.step_mode = "s"
        layer.reset()
        steps = [(layer(one), layer.v_soma) for one in x]
        np.testing.assert_array_equal(tf.stack([one for one, _ in steps]), spikes)
        assert np.abs(tf.stack([one for _, one in steps]) - v).max() < 1e-5
        if kind == "VDiffForward":
            rates.append(float(tf.reduce_mean(spikes)))
            assert np.argmax(spikes, axis=0).min() in first
            np.testing.assert_array_equal(tf.reduce_sum(spikes, 0), np.full((2, 3), n_spikes))
    if rates:
        np.testing.assert_allclose(rates, n_spikes / 25, rtol=1e-6)


class TestLayouts:
    def test_after_a_dense_synapse_compartments_are_fastest(self):
        layer = made("VDiffForward", segregated(3, decay_input=True), [2], forward_strength=0.1)
        x = tf.range(6.0)[None]
        np.testing.assert_array_equal(layer.to_compartments(x), [[[0, 1, 2], [3, 4, 5]]])
        np.testing.assert_array_equal(layer.to_features(layer.to_compartments(x)), x)

    def test_after_a_convolution_compartments_are_slowest(self):
        layer = made("VDiffForward", segregated(3, decay_input=True), [2, 1, 2], forward_strength=0.1)
        x = tf.reshape(tf.range(12.0), [1, 6, 1, 2])
        expected = [[[[0, 4, 8], [1, 5, 9]]], [[[2, 6, 10], [3, 7, 11]]]]
        np.testing.assert_array_equal(layer.to_compartments(x)[0], expected)
        sequence = tf.stack([x, 10 * x])
        np.testing.assert_array_equal(layer.to_features(layer.to_compartments(sequence)), sequence)

    @pytest.mark.parametrize("kind", ["VDiffForward", "VActivationForwardSBackward"])
    def test_neurons_of_any_arrangement_are_the_same_neurons(self, kind):
        flat, arranged = made(kind, tree(), [12], step_mode="m"), made(kind, tree(), [3, 2, 2], step_mode="m")
        x = drawn(9, 2, 12, 4)
        y = arranged(arranged.to_features(tf.reshape(x, [9, 2, 3, 2, 2, 4])))
        np.testing.assert_array_equal(tf.reshape(y, [9, 2, 12]), flat(flat.to_features(x)))
        assert arranged.n_soma == 12 and arranged.soma_shape == [3, 2, 2]

    def test_sequences_may_be_batch_first(self):
        x = drawn(9, 2, 12)
        expected = made("VDiffForward", tree(), step_mode="m")(x)
        layer = made("VDiffForward", tree(), step_mode="m", time_major=False, store_v_soma_seq=True)
        np.testing.assert_array_equal(tf.transpose(layer(tf.transpose(x, [1, 0, 2])), [1, 0, 2]), expected)
        assert layer.v_soma_seq.shape == (9, 2, 3)  # time first whatever the input is


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_the_dtype_is_kept(dtype):
    for kind in KINDS:
        layer = made(kind, tree(dtype=None), dtype=None)
        assert layer(tf.ones([2, 12], dtype)).dtype == layer.v_dend.dtype == layer.v_soma.dtype == dtype
    layer = made("VDiffForwardSBackward", tree(dtype=None), dtype=None, step_mode="m")
    assert layer(tf.ones([9, 2, 12], dtype)).dtype == layer.v_dend.dtype == layer.v_soma.dtype == dtype


@pytest.mark.parametrize("kind", ["VDiffForward", "VActivationForwardSBackward"])
def test_stochastic_somas_draw_the_same_in_both_modes(kind):
    found = []
    for mode in ("s", "m"):
        soma = d.LIFSoma(2.0, surrogate_function=d.LogisticStochasticFiring(0.45, 5.0, seed=1))
        layer = made(kind, tree(), [40], soma, step_mode=mode)
        x = drawn(11, 3, 160, mean=3.0)
        with tf.GradientTape() as tape:
            y = layer(x) if mode == "m" else tf.stack([layer(one) for one in x])
            loss = weighed(y)
        found.append((y, *tape.gradient(loss, trained(layer))))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    assert 0.05 < float(tf.reduce_mean(found[0][0])) < 0.95
    for one, other in zip(*(each[1:] for each in found), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


class TestStrengths:
    def test_a_number_is_shared_and_an_array_is_one_per_output(self):
        x, found = drawn(4, 2, 12, mean=1.5), []
        for strength in (0.5, [0.5, 0.5], np.array(0.5)):
            layer = made(
                "VDiffForwardSBackward", tree(), forward_strength=strength, backward_strength=strength, step_mode="m"
            )
            with tf.GradientTape() as tape:
                y = layer(x)
                loss = weighed(y)
            found.append((y, *tape.gradient(loss, [layer.forward_strength, layer.backward_strength])))
        for shared, each in zip(found[0][1:], found[1][1:], strict=True):
            assert shared.shape == () and each.shape == (2,)
            np.testing.assert_allclose(shared, tf.reduce_sum(each), rtol=1e-10)
        np.testing.assert_array_equal(found[0][0], found[2][0])

    def test_they_are_trained_on_demand(self):
        layer = made(
            "VDiffForwardSBackward", tree(), forward_strength_learnable=False, backward_strength_learnable=False
        )
        layer.dend.coupling_strength_learnable = False
        assert layer.trainable_variables == [] and len(layer.weights) == 3
        layer.backward_strength_learnable = True
        assert [one.name for one in layer.trainable_variables] == ["backward_strength"]
        layer.trainable = False
        assert layer.trainable_variables == []
        layer.trainable = True
        assert [one.name for one in layer.trainable_variables] == ["backward_strength"]


def test_a_rule_of_ones_own():
    """Users override what the soma receives."""

    class Loudest(d.VForwardDendNeuron):
        def somatic_input(self, v_out, v_soma):
            return tf.reduce_max(v_out, -1) - v_soma

    layer, x = Loudest(segregated(2, 1, True), d.IFSoma(), [3], step_mode="m"), drawn(9, 2, 6)
    np.testing.assert_array_equal(layer(x), x.numpy().reshape(9, 2, 3, 2).max(-1) >= 1)  # H is the louder compartment


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_arguments_is_the_published_one(kind):
    own = (square,) if "Activation" in kind else ()
    strengths = (1, True, 2, True) if "SBackward" in kind else (1, True)
    layer = KINDS[kind](tree(), d.LIFSoma(20), [3], *own, *strengths, "m", True, True, True, True)
    assert layer.forward_strength_learnable and layer.step_mode == "m"
    assert layer.store_v_dend_seq and layer.store_v_soma_seq
    assert layer.store_v_dend_pre_spike and layer.store_v_soma_pre_spike
