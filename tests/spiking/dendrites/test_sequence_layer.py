"""What all layers of the kit share: step modes, states that are carried, compiled functions, observers, dtypes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
from rate2spike.errors import InputError
from rate2spike.spiking.dendrites.sequence_layer import SequenceLayer, detach_net, reset_net, set_step_mode


class Leaky(SequenceLayer):
    """v <- a v + w x, with a trained w and a setting a. Its sequences are those of every layer that gives steps alone."""

    def __init__(self, a=0.5, **options):
        super().__init__(**options)
        self.a = a
        self.w = self.add_weight(name="w", shape=(), initializer="ones")
        self.built = True

    def start(self, x):
        return tf.zeros_like(x)

    def step(self, x, v):
        v = self.a * v + tf.cast(self.w, x.dtype) * x
        return v, v


def drawn(n_steps, *shape, dtype="float64"):
    return tf.constant(np.random.default_rng(n_steps).normal(size=(n_steps, *shape)), dtype)


def slopes(layer, x, pieces):
    """Outputs of a sequence given in pieces, and gradients of a sum that weighs every step."""
    layer.reset()
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.concat([layer(x[a:b]) for a, b in zip([0, *pieces], [*pieces, len(x)], strict=True)], 0)
        loss = tf.reduce_sum(tf.range(1, len(x) + 1, dtype=y.dtype)[:, None, None] * y**2)
    return [y, *tape.gradient(loss, [x, layer.w])]


@pytest.mark.parametrize("n_steps", [1, 3, 4, 5, 8, 11, 24])
def test_steps_and_sequences_agree_with_their_gradients(n_steps):
    layer, x = Leaky(dtype="float64", step_mode="m"), drawn(n_steps, 2, 3)
    at_once = slopes(layer, x, [])
    layer.step_mode = "s"
    layer.reset()
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.stack([layer(one) for one in x])
        loss = tf.reduce_sum(tf.range(1, n_steps + 1, dtype=y.dtype)[:, None, None] * y**2)
    for ours, theirs in zip(at_once, [y, *tape.gradient(loss, [x, layer.w])], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("pieces", [[2], [1, 2], [5], [9, 18]])
def test_pieces_of_a_sequence_are_the_whole_with_its_gradients(pieces):
    layer, x = Leaky(dtype="float64", step_mode="m"), drawn(20, 2, 3)
    for ours, theirs in zip(slopes(layer, x, pieces), slopes(layer, x, []), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-13)


def test_reset_begins_at_rest_and_states_are_carried_until_then():
    layer, x = Leaky(), drawn(1, 2, 3)[0]
    first, second = layer(x), layer(x)
    assert np.abs(second - first).min() > 0
    layer.reset()
    assert layer.state is None
    np.testing.assert_array_equal(layer(x), first)


def test_detached_states_pass_no_gradient_back():
    layer, x = Leaky(), drawn(1, 2, 3)[0]
    for detach, expected in ((False, 0.5), (True, 0.0)):
        layer.reset()
        with tf.GradientTape() as tape:
            tape.watch(x)
            layer(x)
            if detach:
                layer.detach()
            y = tf.reduce_sum(layer(tf.zeros_like(x)))
        dx = tape.gradient(y, x)
        np.testing.assert_allclose(tf.zeros_like(x) if dx is None else dx, np.full(x.shape, expected))


@pytest.mark.parametrize("step_mode", ["s", "m"])
def test_another_batch_needs_a_reset(step_mode):
    layer = Leaky(step_mode=step_mode, name="memory")
    layer(np.ones((4, 2, 3)))
    with pytest.raises(InputError, match=r"layer memory carries states of shape .* call reset\(\)") as caught:
        layer(np.ones((5, 7, 3)))
    assert "\n" not in str(caught.value)
    layer.reset()
    layer(np.ones((5, 7, 3)))


def test_time_may_be_the_second_axis():
    x = drawn(9, 2, 3)
    expected = Leaky(step_mode="m")(x)
    found = Leaky(step_mode="m", time_major=False)(tf.transpose(x, [1, 0, 2]))
    np.testing.assert_array_equal(tf.transpose(found, [1, 0, 2]), expected)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("step_mode", ["s", "m"])
def test_the_dtype_of_the_input_is_kept(dtype, step_mode):
    layer = Leaky(step_mode=step_mode)
    assert layer(tf.ones([9, 2, 3], dtype)).dtype == dtype
    layer.reset()
    assert layer(np.ones((9, 2, 3), bool)).dtype == "float32"


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.full((4, 2, 3), np.nan), "NaN or infinite"),
        (np.ones(3), r"sequences \(T, B, ...\), got shape \(3,\)"),
        (np.ones((0, 2, 3)), "a sequence of no steps"),
    ],
)
def test_inputs_that_are_no_sequence_are_one_line(x, message):
    with pytest.raises(InputError, match=message) as caught:
        Leaky(step_mode="m")(x)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Leaky(step_mode="x"), "unknown step mode 'x': choose from s, m"),
        (lambda: Leaky(time_major=1), "time_major must be true or false, got 1"),
        (lambda: setattr(Leaky(), "step_mode", 1), "unknown step mode 1"),
        (lambda: reset_net(3), "net must be a Keras model or layer, or several, got int"),
    ],
)
def test_wrong_options_are_one_line(make, message):
    with pytest.raises(InputError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_observers_see_every_call_time_first_until_they_end():
    layer, seen = Leaky(step_mode="m", time_major=False), []
    end = layer.observe(lambda x, y: seen.append((x.shape, y.shape)))
    layer(np.ones((2, 9, 3)))
    layer.step_mode = "s"
    layer(np.ones((2, 3)))
    end()
    layer(np.ones((2, 3)))
    assert seen == [((9, 2, 3), (9, 2, 3)), ((2, 3), (2, 3))]


class TestInCompiledFunctions:
    def test_a_sequence_begins_at_rest_and_is_carried_on_inside(self):
        layer, x = Leaky(step_mode="m", dtype="float64"), drawn(12, 2, 3)
        whole = layer(x)

        @tf.function
        def in_pieces(x):
            return tf.concat([layer(x[:5]), layer(x[5:])], 0)

        layer.reset()
        for _ in range(2):
            np.testing.assert_allclose(in_pieces(x), whole, rtol=1e-13)
        np.testing.assert_allclose(layer(x), whole, rtol=1e-13)  # nothing has come out of the function

    def test_single_steps_need_a_reset_inside(self):
        layer, x = Leaky(dtype="float64"), drawn(5, 2, 3)
        with pytest.raises(InputError, match=r"call its reset\(\) there before the first step") as caught:
            tf.function(layer, autograph=False)(x[0])
        assert "\n" not in str(caught.value)

        @tf.function
        def run(x):
            layer.reset()
            return tf.stack([layer(one) for one in tf.unstack(x)])

        layer.step_mode = "s"
        steps = run(x)
        layer.step_mode = "m"
        layer.reset()
        np.testing.assert_allclose(steps, layer(x), rtol=1e-13)

    def test_neither_batch_nor_time_need_be_known(self):
        layer, x = Leaky(step_mode="m", dtype="float64"), drawn(7, 2, 3)
        found = tf.function(layer, input_signature=[tf.TensorSpec([None, None, 3], tf.float64)])(x)
        np.testing.assert_allclose(found, layer(x), rtol=1e-13)

    def test_keras_fits_and_predicts(self):
        model = keras.Sequential([keras.Input((20, 3)), Leaky(step_mode="m", time_major=False)])
        model.compile("sgd", "mse")
        x = np.random.default_rng(1).normal(size=(8, 20, 3)).astype("f4")
        before = float(model.layers[0].w)
        model.fit(x, 2 * x, verbose=0, batch_size=4)
        assert float(model.layers[0].w) != before
        assert model.predict(x, verbose=0).shape == (8, 20, 3)


def test_a_setting_that_is_changed_is_followed():
    """Sequences are compiled where the code is not: for the settings of that moment."""
    layer, x = Leaky(a=0.5, step_mode="m"), tf.ones([20, 1, 1])
    for a in (0.5, 0.25, 0.5):
        layer.a = a
        layer.reset()
        np.testing.assert_allclose(layer(x)[-1], [[1 / (1 - a)]], rtol=1e-5)


def test_whole_networks():
    net = [Leaky(), keras.Sequential([Leaky(), keras.layers.Dense(2)])]
    set_step_mode(net, "m")
    inner = net[1].layers[0]
    assert net[0].step_mode == inner.step_mode == "m"
    with tf.GradientTape() as tape:
        inner(np.ones((4, 2, 3)))
        detach_net(net)
        y = tf.reduce_sum(inner(np.zeros((4, 2, 3))))
    assert float(tape.gradient(y, inner.w)) == 0.0
    reset_net(net)
    assert net[0].state is inner.state is None


@pytest.mark.parametrize("step_mode", ["s", "m"])
def test_a_keras_network_of_the_kit_is_built_in_either_mode(step_mode):
    d = r2s.dendrites
    dendrite = d.VDiffDend(d.PassiveDendCompartment(3.0), d.Kto1DendWiring(2, 2), 0.5)
    layers = [d.LinearIdentitySynapse(5, 12, seed=1), d.VDiffForwardDendNeuron(dendrite, d.LIFSoma(20.0), [3])]
    set_step_mode(layers, step_mode)
    net = keras.Sequential(layers)
    x = np.ones((9, 2, 5), "f4") if step_mode == "m" else np.ones((2, 5), "f4")
    assert net(x).shape == (*x.shape[:-1], 3)
    reset_net(net)
    assert net(x).shape == (*x.shape[:-1], 3)


def test_what_does_not_fit_is_one_line_in_a_network_of_keras_too():
    d = r2s.dendrites
    options = {"step_mode": "m", "time_major": False}
    dendrite = d.SegregatedDend(d.PassiveDendCompartment(2.0), d.SegregatedDendWiring(2))
    synapse = d.LinearIdentitySynapse(8, 4, seed=1, **options)
    layer = d.VDiffForwardDendNeuron(dendrite, d.LIFSoma(), [3], name="three", **options)
    with pytest.raises(InputError, match=r"^layer \w+ was made for 8 inputs, got 9$"):
        synapse(keras.Input((5, 9)))
    with pytest.raises(InputError, match=r"^layer three takes features of shape \(6,\), .*") as caught:
        keras.Sequential([keras.Input((5, 8)), synapse, layer])
    assert "\n" not in str(caught.value)
