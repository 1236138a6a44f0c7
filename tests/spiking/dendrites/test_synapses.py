"""Filters, and synapses made of a connection and a filter."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rate2spike.errors import InputError
from rate2spike.spiking.dendrites import synapses
from rate2spike.spiking.dendrites.connections import LinearSynapseConn, MaskedLinearSynapseConn
from rate2spike.spiking.dendrites.convolutions import Conv1dSynapseConn, Conv2dSynapseConn
from rate2spike.spiking.dendrites.filters import IdentitySynapseFilter, LISynapseFilter
from rate2spike.spiking.dendrites.sequence_layer import SequenceLayer, reset_net, set_step_mode
from rate2spike.spiking.dendrites.synapses import BaseSynapse, Conv2dIdentitySynapse, LinearIdentitySynapse

RNG = np.random.default_rng(1)
DTYPES = {"float16": 0.02, "bfloat16": 0.1, "float32": 1e-5, "float64": 1e-12}
READY_MADE = {  # name -> arguments, input of one step
    "LinearIdentitySynapse": ((3, 4), (2, 3)),
    "MaskedLinearIdentitySynapse": ((3, 4), (2, 3)),
    "Conv1dIdentitySynapse": ((3, 4, 2), (2, 3, 5)),
    "Conv2dIdentitySynapse": ((3, 4, 2), (2, 3, 4, 5)),
    "Conv3dIdentitySynapse": ((3, 4, 2), (2, 3, 4, 5, 3)),
}


def ready_made(kind, **options):
    arguments, shape = READY_MADE[kind]
    return getattr(synapses, kind)(*arguments, seed=1, **options), shape


# --- filters


def test_the_leaky_integrator_sums_with_its_decay():
    assert LISynapseFilter(2.0, "m")(np.ones((3, 1, 1))).numpy().ravel().tolist() == [1, 1.5, 1.75]
    single = LISynapseFilter(2.0)
    assert [single(np.ones((1, 1))).numpy().item() for _ in range(3)] == [1, 1.5, 1.75]
    single.reset()
    assert single(np.ones((1, 1))).numpy().item() == 1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("tau", [1.5, 20])
def test_the_leaky_integrator_over_a_sequence_is_that_of_its_steps_in_any_pieces(tau, dtype):
    x = tf.constant(RNG.normal(size=(13, 2, 3, 4)), dtype)
    single, pieces = LISynapseFilter(tau), LISynapseFilter(tau, "m")
    by_step = tf.stack([single(now) for now in x])
    in_pieces = tf.concat([pieces(x[:5]), pieces(x[5:6]), pieces(x[6:])], 0)
    expected, a = np.zeros(x.shape), 1 - 1 / tau
    for t, now in enumerate(x.numpy().astype(float)):
        expected[t] = a * expected[t - 1] + now
    for y in (by_step, in_pieces):
        assert y.dtype == dtype
        np.testing.assert_allclose(y.numpy().astype(float), expected, atol=10 * DTYPES[dtype])


def test_the_gradient_of_the_leaky_integrator_reaches_back_until_it_is_detached():
    x = tf.constant(RNG.normal(size=(6, 2)))
    for detach, slopes in ((False, [0.25, 0.5, 1]), (True, [0, 0, 1])):
        single = LISynapseFilter(2.0)
        with tf.GradientTape() as tape:
            tape.watch(x)
            for t, now in enumerate(tf.unstack(x)[:3]):
                if detach and t == 2:
                    single.detach()
                y = single(now)
        gradient = tf.convert_to_tensor(tape.gradient(y, x))
        np.testing.assert_allclose(gradient[:3], np.repeat(np.array(slopes)[:, None], 2, 1))


@pytest.mark.parametrize("mode", ["s", "m"])
def test_the_identity_passes_on_what_comes(mode):
    x = RNG.normal(size=(5, 2, 3))
    np.testing.assert_array_equal(IdentitySynapseFilter(mode)(x), x)


@pytest.mark.parametrize("tau", [1, 1.0, 0.5, -2, float("nan"), float("inf"), "2", None, True])
def test_the_time_constant_is_a_number_above_1(tau):
    with pytest.raises(InputError, match="tau must be a number above 1, got") as caught:
        LISynapseFilter(tau)
    assert "\n" not in str(caught.value)


# --- a connection and a filter


@pytest.mark.parametrize(
    ("conn", "shape"),
    [
        (lambda: LinearSynapseConn(3, 4, bias=True, seed=1, dtype="float64"), (2, 3)),
        (lambda: MaskedLinearSynapseConn(3, 4, seed=1, dtype="float64"), (2, 3)),
        (lambda: Conv1dSynapseConn(3, 4, 2, padding=1, bias=True, seed=1, dtype="float64"), (2, 3, 5)),
        (lambda: Conv2dSynapseConn(3, 4, 2, stride=2, seed=1, dtype="float64"), (2, 3, 4, 5)),
    ],
)
def test_a_synapse_is_its_connection_and_then_its_filter(conn, shape):
    x = RNG.normal(size=(6, *shape))
    expected = LISynapseFilter(3.0, "m")(conn().connected(tf.constant(x)))
    at_once, single = BaseSynapse(conn(), LISynapseFilter(3.0), "m"), BaseSynapse(conn(), LISynapseFilter(3.0))
    np.testing.assert_allclose(at_once(x), expected, atol=1e-12)
    np.testing.assert_allclose([single(now).numpy() for now in x], expected, atol=1e-12)
    single.reset()
    np.testing.assert_allclose(single(x[0]), expected[0], atol=1e-12)
    # the parts stay in their own step mode
    assert (at_once.step_mode, at_once.conn.step_mode, at_once.filter.step_mode) == ("m", "s", "s")


def test_a_batch_that_changes_without_reset_is_one_line():
    synapse = BaseSynapse(LinearSynapseConn(3, 4, seed=1), LISynapseFilter(3.0))
    synapse(np.ones((2, 3)))
    with pytest.raises(InputError, match=r"carries states of shape \(2, 4\), the input needs \(5, 4\): call reset"):
        synapse(np.ones((5, 3)))
    reset_net(synapse)
    assert synapse(np.ones((5, 3))).shape == (5, 4)


def test_what_a_synapse_observes_is_the_raw_input():
    synapse = BaseSynapse(LinearSynapseConn(3, 4, seed=1), LISynapseFilter(3.0), "m")
    seen = []
    end = synapse.observe(lambda x, y: seen.append((x.numpy(), y.numpy())))
    x = RNG.normal(size=(5, 2, 3))
    y = synapse(x)
    end()
    synapse(x)
    assert len(seen) == 1
    np.testing.assert_array_equal(seen[0][0], x)
    np.testing.assert_array_equal(seen[0][1], y)


def test_learning_rules_and_users_reach_the_connection():
    conn = LinearSynapseConn(3, 4, bias=True, wmax=0.1, seed=1)
    synapse = BaseSynapse(conn, LISynapseFilter(3.0))
    assert synapse.weight is conn.weight and synapse.bias is conn.bias
    pre, post = np.ones((5, 2, 3)), np.full((5, 2, 4), 0.5)
    np.testing.assert_array_equal(synapse.weight_change(pre, post), np.full((3, 4), 5.0))
    conn.set_published_weight(np.ones((4, 3)))
    conn.bias.assign(np.ones(4))
    synapse.clamp_weights(clamp_bias=True)
    assert max(synapse.weight.numpy().max(), synapse.bias.numpy().max()) <= 0.1


def test_a_filter_of_ones_own():
    class Doubling(LISynapseFilter):
        def step(self, x, state):
            return 2 * x, x

        sequence = SequenceLayer.sequence  # the loop over steps

    synapse = BaseSynapse(LinearSynapseConn(3, 4, seed=1, dtype="float64"), Doubling(2.0), "m")
    x = RNG.normal(size=(5, 2, 3))
    np.testing.assert_allclose(synapse(x), 2 * x @ synapse.weight.numpy(), atol=1e-12)


# --- the ready-made ones


def test_masked_and_convolutional_synapses_as_in_the_published_script():
    masked = synapses.MaskedLinearIdentitySynapse(20, 12, bias=True, seed=1)
    assert (masked.conn.mask.numpy().sum(1) == 3).all()
    conv = Conv2dIdentitySynapse(4, 1, 2, seed=1)
    for synapse, x in ((masked, RNG.normal(size=(5, 2, 20))), (conv, RNG.normal(size=(5, 2, 4, 4, 4)))):
        by_step = np.stack([synapse(now).numpy() for now in x])
        set_step_mode(synapse, "m")
        np.testing.assert_allclose(synapse(x), by_step, atol=1e-6)
    assert by_step.shape == (5, 2, 1, 3, 3)


@pytest.mark.parametrize("name", READY_MADE)
def test_the_options_are_those_of_the_connection(name):
    synapse, shape = ready_made(name, wmin=-0.2, wmax=0.2, step_mode="m", dtype="float64", name="mine")
    same = type(synapse.conn)(*READY_MADE[name][0], wmin=-0.2, wmax=0.2, seed=1, dtype="float64")
    x = RNG.normal(size=(5, *shape))
    np.testing.assert_array_equal(synapse(x), same.connected(tf.constant(x)))
    assert synapse.bias is None and isinstance(synapse.filter, IdentitySynapseFilter)
    assert (synapse.name, synapse.step_mode, synapse.weight.dtype) == ("mine", "m", "float64")
    assert abs(synapse.weight.numpy()).max() <= 0.2


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", READY_MADE)
def test_the_dtype_of_the_input_is_kept(name, dtype):
    synapse, shape = ready_made(name)
    assert synapse(tf.ones(shape, dtype)).dtype == dtype


@pytest.mark.parametrize("name", READY_MADE)
def test_an_option_that_does_not_exist_is_one_line(name):
    with pytest.raises(InputError, match="unknown setting 'device'") as caught:
        ready_made(name, device="cpu")
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="is missing"):
        getattr(synapses, name)(3)


def test_what_is_no_connection_or_filter_is_one_line():
    with pytest.raises(InputError, match="conn must be one such as LinearSynapseConn, got Dense"):
        BaseSynapse(keras.layers.Dense(3), IdentitySynapseFilter())
    with pytest.raises(InputError, match="filter must be one such as LISynapseFilter, got LinearSynapseConn"):
        BaseSynapse(LinearSynapseConn(3, 2, seed=1), LinearSynapseConn(3, 2, seed=1))
    with pytest.raises(InputError, match="was made for 3 inputs, got 2"):
        LinearIdentitySynapse(3, 2, seed=1)(np.ones((4, 2)))


# --- in Keras


@pytest.mark.parametrize("name", READY_MADE)
def test_saved_networks_give_the_same_numbers(name, tmp_path):
    synapse, shape = ready_made(name, bias=True, wmin=-0.3, wmax=[0.2] * 4, step_mode="m", time_major=False)
    model = keras.Sequential([keras.Input((5, *shape[1:])), synapse])
    synapse.bias.assign([1, 2, 3, 4])
    synapse.weight.assign(synapse.weight / 2)
    model.save(tmp_path / "net.keras")
    again = keras.models.load_model(tmp_path / "net.keras")
    x = RNG.normal(size=(2, 5, *shape[1:])).astype("f4")
    np.testing.assert_array_equal(again(x), model(x))
    one = again.layers[0]
    assert type(one) is type(synapse) and one.get_config() == synapse.get_config()
    assert one.weight.constraint.wmax.tolist() == [0.2] * 4


def test_a_saved_synapse_keeps_its_parts(tmp_path):
    conn = Conv2dSynapseConn(2, 4, (2, 3), padding="same", dilation=(1, 2), groups=2, seed=1)
    synapse = BaseSynapse(conn, LISynapseFilter(3.5), "m", time_major=False)
    model = keras.Sequential([keras.Input((3, 2, 4, 5)), synapse])
    model.save(tmp_path / "net.keras")
    again = keras.models.load_model(tmp_path / "net.keras").layers[0]
    assert again.conn.get_config() == conn.get_config() and again.filter.tau == 3.5
    x = RNG.normal(size=(2, 3, 2, 4, 5))
    np.testing.assert_array_equal(again(x), synapse(x))


def test_networks_of_synapses_train_and_predict_step_by_step():
    """They have no states, so that nothing must be reset inside the compiled function."""
    model = keras.Sequential([LinearIdentitySynapse(3, 8, bias=True, seed=1), LinearIdentitySynapse(8, 1, seed=2)])
    model.compile(keras.optimizers.Adam(0.05), "mse")
    x = RNG.normal(size=(64, 3)).astype("f4")
    losses = model.fit(x, x @ np.ones((3, 1)), epochs=10, verbose=0).history["loss"]
    assert losses[-1] < 0.1 * losses[0]
    np.testing.assert_allclose(model.predict(x, verbose=0), model(x), atol=1e-5)


def test_a_compiled_sequence_is_the_same_and_begins_at_rest():
    synapse = BaseSynapse(LinearSynapseConn(3, 4, seed=1), LISynapseFilter(3.0), "m")
    x = RNG.normal(size=(5, 2, 3)).astype("f4")
    expected = synapse(x)
    run = tf.function(synapse)
    for _ in range(2):
        np.testing.assert_allclose(run(x), expected, atol=1e-6)


def test_the_published_layout_is_that_of_the_connection():
    synapse, weight = LinearIdentitySynapse(3, 2), np.arange(6.0).reshape(2, 3)
    synapse.set_published_weight(weight)
    np.testing.assert_array_equal(synapse.published_weight(), weight)
    np.testing.assert_array_equal(synapse.conn.weight, weight.T)
