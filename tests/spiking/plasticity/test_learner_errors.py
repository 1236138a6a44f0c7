"""What learners refuse: other step modes and batches, calls that do not pair, scales and optimizers that do not fit."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from learners import X, made

import rate2spike as r2s
from rate2spike.errors import InputError

from plasticity_nets import run


@pytest.mark.parametrize("of_synapse", [True, False])
def test_another_step_mode_is_one_line(of_synapse):
    synapse, layer, learner = made("STDP", "s")
    wrong = synapse if of_synapse else layer
    wrong.step_mode = "m"
    with pytest.raises(InputError, match=r"^STDPLearner is in step mode 's' and layer .* in 'm': give both") as caught:
        synapse(X) if of_synapse else layer(np.zeros((5, 3, 4)))
    assert "\n" not in str(caught.value)
    synapse.step_mode = layer.step_mode = learner.step_mode = "m"
    run(synapse, layer, X)
    assert learner.n_records == 1


def test_another_batch_without_reset_is_one_line():
    synapse, layer, learner = made("STDP")
    run(synapse, layer, X)
    learner.step()
    layer.reset()
    run(synapse, layer, X[:, :2])
    with pytest.raises(InputError, match=r"holds traces of shape \(3, 6\), and recorded \(2, 6\): call its reset\(\)"):
        learner.step()


def test_calls_that_do_not_pair_are_one_line():
    synapse, layer, learner = made("STDP")
    run(synapse, layer, X)
    synapse(X)
    with pytest.raises(InputError, match="takes calls of its synapse and its layer by turns, and recorded 2 and 1"):
        learner.step()
    synapse(X)
    layer(np.zeros((4, 3, 4)))
    with pytest.raises(
        InputError, match=r"recorded \(steps, batch\) \(5, 3\) of its synapse and \(4, 3\) of its layer"
    ):
        learner.step()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda learner: learner.step(on_grad=1), "^on_grad must be true or false, got 1"),
        (lambda learner: learner.step(scale="x"), "^scale must be a finite number, got 'x'"),
        (lambda learner: learner.step(scale=float("nan")), "^scale must be a finite number, got nan"),
        (lambda learner: learner.apply("sgd"), "^optimizer must be a Keras optimizer, got 'sgd'"),
        (lambda learner: r2s.plasticity.LearnerList(learner), "^learners must be several learners, got STDPLearner"),
        (lambda learner: r2s.plasticity.LearnerList([1]), "^learners must be learners, got 1"),
        (lambda learner: r2s.plasticity.LearnerList([learner]).append(3), "^learners must be learners, got 3"),
    ],
)
def test_what_does_not_fit_is_one_line(call, message):
    _, _, learner = made("STDP")
    with pytest.raises(InputError, match=message) as caught:
        call(learner)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("scale", [tf.constant([1.0, 2.0]), tf.constant("much")])
def test_a_scale_that_is_not_one_number_is_one_line(scale):
    synapse, layer, learner = made("STDP")
    run(synapse, layer, X)
    with pytest.raises(InputError, match="scale must be one number, got "):
        learner.step(scale=scale)
    assert learner.n_records == 1  # nothing was learnt, nothing is lost


def test_an_optimizer_of_other_weights_is_one_line():
    synapse, layer, learner = made("STDP")
    run(synapse, layer, X)
    learner.step()
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build([keras.Variable(np.ones(2))])
    before, gradient = synapse.weight.numpy(), learner.gradient
    with pytest.raises(InputError, match="optimizer was built for other weights: give these learners one of their own"):
        learner.apply(optimizer)
    np.testing.assert_array_equal(synapse.weight, before)
    assert learner.gradient is gradient
