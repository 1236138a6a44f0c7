"""Layers of dendritic neurons: equations, layouts, feedback, recorders, modes, gradients, stability, predictions."""

import warnings

import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
from rate2spike.errors import InputError, InputWarning

d = r2s.dendrites
KINDS = {
    "VDiffForward": d.VDiffForwardDendNeuron,
    "VActivationForward": d.VActivationForwardDendNeuron,
    "VDiffForwardSBackward": d.VDiffForwardSBackwardDendNeuron,
    "VActivationForwardSBackward": d.VActivationForwardSBackwardDendNeuron,
}


def square(v):
    return v**2


def drawn(n_steps, *shape, dtype="float64", seed=0, mean=1.0):
    return tf.constant(np.random.default_rng(seed).normal(mean, 1.0, size=(n_steps, *shape)), dtype)


def tree(bidirection=False, n_output=2, coupling=0.5, dtype="float64", active=None):
    kind = d.PassiveDendCompartment if active is None else d.PAComponentDendCompartment
    compartment = kind(3.0, **({} if active is None else {"f_dca": active}))
    return d.VDiffDend(compartment, d.Kto1DendWiring(2, n_output, bidirection=bidirection), coupling, True, dtype=dtype)


def segregated(n=2, tau=2.0, decay_input=False, active=None):
    options = {} if active is None else {"f_dca": active}
    kind = d.PassiveDendCompartment if active is None else d.PAComponentDendCompartment
    return d.SegregatedDend(kind(tau, decay_input, **options), d.SegregatedDendWiring(n))


def made(kind, dend, soma_shape=(3,), soma=None, **options):
    arguments = (square,) if "Activation" in kind else ()
    if "SBackward" in kind:
        options = {"backward_strength": [0.5, -0.25], "backward_strength_learnable": True} | options
    options = {"forward_strength": [0.75, 0.5], "forward_strength_learnable": True, "dtype": "float64"} | options
    return KINDS[kind](
        dend, d.LIFSoma(2.0, v_threshold=0.25) if soma is None else soma, soma_shape, *arguments, **options
    )


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


def trained(layer):
    return list(layer.trainable_variables)


def weighed(y):
    return tf.reduce_sum(tf.reshape(tf.range(1, y.shape[0] + 1, dtype=y.dtype), [-1] + [1] * (y.shape.rank - 1)) * y)


DENDRITES = {
    "tree": lambda: tree(True),
    "segregated": lambda: segregated(decay_input=True),
    "active tree": lambda: tree(active=lambda v: 0.3 * v**2),
}


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


def test_a_rule_of_ones_own():
    """Users override what the soma receives."""

    class Loudest(d.VForwardDendNeuron):
        def somatic_input(self, v_out, v_soma):
            return tf.reduce_max(v_out, -1) - v_soma

    layer, x = Loudest(segregated(2, 1, True), d.IFSoma(), [3], step_mode="m"), drawn(9, 2, 6)
    np.testing.assert_array_equal(layer(x), x.numpy().reshape(9, 2, 3, 2).max(-1) >= 1)  # H is the louder compartment


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


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_arguments_is_the_published_one(kind):
    own = (square,) if "Activation" in kind else ()
    strengths = (1, True, 2, True) if "SBackward" in kind else (1, True)
    layer = KINDS[kind](tree(), d.LIFSoma(20), [3], *own, *strengths, "m", True, True, True, True)
    assert layer.forward_strength_learnable and layer.step_mode == "m"
    assert layer.store_v_dend_seq and layer.store_v_soma_seq
    assert layer.store_v_dend_pre_spike and layer.store_v_soma_pre_spike
