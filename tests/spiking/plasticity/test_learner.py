"""What all learners share: records, accumulated changes, the optimizer, compiled functions, pickling."""

import copy
import gc
import pickle
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from learners import LEARNERS, X, every_learner, made, net, soft_bound

import rate2spike as r2s

from plasticity_nets import dense, excite, neurons, run


@every_learner
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sgd_adds_the_scaled_change(name, dtype):
    synapse, layer = dense(6, 4, wmin=0.2, dtype=dtype, bias=True), neurons([2], 2, dtype=dtype)
    excite(synapse, 2.0)
    learner = LEARNERS[name](synapse, layer, step_mode="m")
    run(synapse, layer, X.astype(dtype))
    before = synapse.weight.numpy().astype(float)
    bias = synapse.conn.bias.numpy()
    change = learner.step(scale=0.5).numpy()
    assert change.dtype == dtype and np.abs(change).max() > 0.1
    learner.apply(keras.optimizers.SGD(0.125))
    np.testing.assert_allclose(synapse.weight.numpy(), np.maximum(before + 0.125 * change, 0.2), atol=1e-7)
    np.testing.assert_array_equal(synapse.conn.bias.numpy(), bias)
    assert learner.gradient is None


@every_learner
def test_scale_multiplies_and_gradients_add_up(name):
    synapse, layer, learner = made(name)
    steps = []
    for scale in (1.0, -0.1, tf.constant(3.0), np.float32(0)):
        layer.reset(), learner.reset()
        run(synapse, layer, X)
        steps.append(learner.step(scale=scale).numpy())
    for factor, change in zip((-0.1, 3, 0), steps[1:], strict=True):
        np.testing.assert_allclose(change, factor * steps[0], atol=1e-12)
    np.testing.assert_allclose(learner.gradient, -sum(steps), atol=1e-12)


@every_learner
def test_off_the_gradient_only_the_change_is_told(name):
    synapse, layer, learner = made(name)
    run(synapse, layer, X)
    assert np.abs(learner.step(on_grad=False)).max() > 0
    assert learner.gradient is None
    weight = synapse.weight.numpy()
    learner.apply(keras.optimizers.SGD(1.0))
    np.testing.assert_array_equal(synapse.weight.numpy(), weight)


@every_learner
def test_a_step_without_records_changes_nothing_and_warns_once(name):
    synapse, layer, learner = made(name)
    with pytest.warns(UserWarning, match=r"step\(\) found no recorded calls") as caught:
        change = learner.step()
    assert len(caught) == 1 and "\n" not in str(caught[0].message)
    np.testing.assert_array_equal(change, np.zeros((6, 4)))
    assert learner.gradient is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learner.step()
    run(synapse, layer, X)
    learner.step()
    gradient = learner.gradient.numpy()
    learner.step()
    np.testing.assert_array_equal(learner.gradient, gradient)


@every_learner
@pytest.mark.parametrize("step_mode", ["s", "m"])
def test_disabled_it_records_nothing(name, step_mode):
    synapse, layer, learner = made(name, step_mode)
    learner.disable()
    run(synapse, layer, X)
    assert learner.n_records == 0 and not learner.enabled
    layer.reset()
    learner.enable()
    run(synapse, layer, X)
    assert learner.n_records == {"s": 5, "m": 1}[step_mode]
    learner.disable()
    assert np.abs(learner.step()).max() > 0
    assert learner.n_records == 0
    learner.enable()
    run(synapse, layer, X)
    learner.reset()
    assert learner.n_records == 0 and learner.trace_pre is None


@every_learner
def test_the_mean_divides_by_steps_and_batch(name):
    synapse, layer, learner = made(name)
    mean = LEARNERS[name](synapse, layer, step_mode="m", mean=True)
    run(synapse, layer, X)
    run(synapse, layer, X[:2])
    np.testing.assert_allclose(mean.step() * (7 * 3), learner.step(), atol=1e-12)


@every_learner
@pytest.mark.parametrize("step_mode", ["s", "m"])
def test_a_batch_given_twice_changes_twice_as_much(name, step_mode):
    changes = []
    for x in (X, np.concatenate([X, X], 1)):
        synapse, layer, learner = made(name, step_mode)
        run(synapse, layer, x)
        changes.append(learner.step().numpy())
    np.testing.assert_allclose(changes[1], 2 * changes[0], atol=1e-9)


@every_learner
def test_records_and_gradients_hold_no_graph(name):
    """Under a tape the change is a constant, even where it is made from the weight and the strengths of the layer."""
    synapse, layer, learner = made(name)
    with tf.GradientTape() as tape:
        layer(synapse(X))
        change = learner.step()
        total = tf.reduce_sum(change) + tf.reduce_sum(learner.gradient)
    assert tape.watched_variables()
    assert not any(one is not None for one in tape.gradient(total, tape.watched_variables()))


@every_learner
def test_whole_number_and_boolean_inputs_are_taken(name):
    changes = []
    for dtype in ("float64", "int32", "bool"):
        synapse, layer, learner = made(name)
        run(synapse, layer, X.astype(dtype))
        changes.append(learner.step().numpy())
    for change in changes[1:]:
        np.testing.assert_allclose(change, changes[0], atol=1e-12)


@every_learner
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_signals_of_16_bits_are_summed_in_32(name, dtype):
    synapse, layer = dense(6, 4, dtype=dtype), neurons([2], 2, dtype=dtype)
    learner = LEARNERS[name](synapse, layer, step_mode="m")
    excite(synapse, 2.0)
    assert layer(synapse(tf.cast(X, dtype))).dtype == dtype
    change = learner.step()
    assert change.dtype == "float32" and np.abs(change).max() > 0.1
    learner.apply(keras.optimizers.SGD(0.125))


@every_learner
def test_batch_first_sequences_give_the_same(name):
    synapse, layer, learner = made(name)
    run(synapse, layer, X)
    change = learner.step().numpy()
    synapse, layer = dense(6, 4, time_major=False), neurons([2], 2, time_major=False)
    excite(synapse, 2.0)
    learner = LEARNERS[name](synapse, layer, step_mode="m")
    run(synapse, layer, X.swapaxes(0, 1))
    np.testing.assert_allclose(learner.step(), change, atol=1e-12)


@every_learner
def test_in_a_compiled_function_it_learns_the_same(name):
    synapse, layer, learner = made(name)
    run(synapse, layer, X)
    expected = learner.step(on_grad=False).numpy()
    optimizer = keras.optimizers.SGD(0.125)

    @tf.function
    def trained(x):
        layer(synapse(x))
        change = learner.step()
        learner.apply(optimizer)
        return change

    before = synapse.weight.numpy()
    layer.reset(), learner.reset()
    change = trained(tf.constant(X)).numpy()
    np.testing.assert_allclose(change, expected, atol=1e-12)
    after = before + 0.125 * change
    np.testing.assert_allclose(synapse.weight.numpy(), after, atol=1e-7)
    again = trained(tf.constant(X)).numpy()  # the function begins at rest every time, with the weight as it is
    assert np.abs(again - change).max() > 0 and learner.gradient is None
    np.testing.assert_allclose(synapse.weight.numpy(), after + 0.125 * again, atol=1e-6)


def test_single_steps_in_a_compiled_function():
    synapse, layer, learner = made("STDP", "s")
    run(synapse, layer, X)
    expected = learner.step(on_grad=False).numpy()

    @tf.function
    def changed(x):
        layer.reset(), synapse.reset()
        for x_now in tf.unstack(x):
            layer(synapse(x_now))
        return learner.step(on_grad=False)

    np.testing.assert_allclose(changed(tf.constant(X)), expected, atol=1e-12)


def test_what_a_compiled_function_ran_is_not_learnt_from_outside():
    synapse, layer, learner = made("STDP")
    tf.function(lambda x: layer(synapse(x)))(tf.constant(X))
    assert learner.n_records == 0
    twin = copy.deepcopy(learner)
    for one in (learner, twin):
        with pytest.warns(UserWarning, match="in the same compiled function"):
            assert not np.any(one.step())


def test_the_layers_may_be_in_a_model_of_keras():
    synapse, layer, learner = made("STDP")
    inputs = keras.Input(batch_shape=(5, 3, 6), dtype="float64")
    model = keras.Model(inputs, layer(synapse(inputs)))
    assert learner.n_records == 0
    layer.reset()
    model(X)
    change = learner.step().numpy()
    layer.reset(), learner.reset()
    run(synapse, layer, X)
    np.testing.assert_array_equal(learner.step(), change)
    assert np.abs(change).max() > 0.1


def test_a_list_does_all_at_once():
    first, layer, learner = made("STDP")
    second, last = dense(2, 3), neurons([3])
    excite(second, 2.0)
    other = r2s.plasticity.SemiSTDPLearner(second, last, 2.0, step_mode="m")
    both = r2s.plasticity.LearnerList([learner, other])
    assert repr(both) == "LearnerList(2 learners: STDPLearner, SemiSTDPLearner)"
    last(second(layer(first(X))))
    assert both.step(scale=2.0) is None
    before = [first.weight.numpy(), second.weight.numpy()]
    changes = [-learner.gradient.numpy(), -other.gradient.numpy()]
    optimizer = keras.optimizers.SGD(0.125)
    both.apply(optimizer)
    for synapse, weight, change in zip((first, second), before, changes, strict=True):
        np.testing.assert_allclose(synapse.weight.numpy(), weight + 0.125 * change, atol=1e-7)
    layer.reset(), last.reset(), both.reset()
    other.disable()
    last(second(layer(first(X))))
    assert [one.n_records for one in both] == [1, 0]
    with pytest.warns(UserWarning, match="SemiSTDPLearner"):
        both.step()
    both.apply(optimizer)  # one of the two has no gradient
    both.disable()
    layer(first(X))
    assert learner.n_records == 0
    both.enable()
    last(second(layer(first(X))))
    assert [one.n_records for one in both] == [1, 1]


def test_learners_of_one_weight_add_up():
    synapse, layer = net()
    stdp = r2s.plasticity.STDPLearner(synapse, layer, 2.0, 4.0, step_mode="m")
    dpp = r2s.plasticity.DPPLearner(synapse, layer, tf.nn.sigmoid, step_mode="m")
    both = r2s.plasticity.LearnerList([stdp, dpp])
    synapse.weight.assign(synapse.weight + 1.0)
    run(synapse, layer, X)
    both.step()
    expected = synapse.weight.numpy() - 0.03125 * (stdp.gradient + dpp.gradient).numpy()
    both.apply(keras.optimizers.SGD(0.03125))
    np.testing.assert_allclose(synapse.weight.numpy(), expected, atol=1e-7)


def test_it_shows_itself_in_a_line():
    synapse, layer = net()
    learner = r2s.plasticity.STDPLearner(synapse, layer, 2.0, 4.0, soft_bound, step_mode="m")
    run(synapse, layer, X)
    names = f"syn={synapse.name!r}, dsn={layer.name!r}"
    assert repr(learner) == (
        f"STDPLearner({names}, tau_pre=2, tau_post=4, f_w_pre_post='soft_bound', f_w_post_pre=1, step_mode='m', n_records=1)"
    )


@every_learner
@pytest.mark.parametrize("copied", [lambda net: pickle.loads(pickle.dumps(net)), copy.deepcopy])
def test_pickled_with_its_layers_it_goes_on(name, copied):
    """Also copied, and with a record that it has not learnt from."""
    _, _, learner = made(name)
    run(learner.syn, learner.dsn, X)
    twin = copied(learner)
    np.testing.assert_allclose(twin.step(), learner.step(), atol=1e-12)
    for one in (learner, twin):
        one.dsn.reset()
        run(one.syn, one.dsn, X)
    assert (twin.n_records, learner.n_records) == (1, 1)
    np.testing.assert_allclose(twin.step(), learner.step(), atol=1e-12)
    np.testing.assert_allclose(twin.gradient, learner.gradient, atol=1e-12)


def test_nobody_records_for_a_learner_that_is_gone():
    synapse, layer, learner = made("STDP")
    del learner
    gc.collect()
    run(synapse, layer, X)
    assert synapse._held.observers == layer._held.observers == []
