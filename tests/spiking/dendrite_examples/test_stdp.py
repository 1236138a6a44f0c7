"""Neurons that compete and learn by STDP: bounds, homeostasis apart from the rule, inhibition, what becomes selective."""

from dataclasses import replace

import numpy as np
import pytest

from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.spiking.dendrite_examples.config import StdpConfig
from rate2spike.spiking.dendrite_examples.stdp import as_spikes, become_selective
from rate2spike.spiking.dendrite_examples.stdp_network import StdpNetwork, within_bounds

SMALL = StdpConfig(n_units=4, n_batches=3, n_test=20, n_steps=6)


def spikes(seed, batch=5):
    return (np.random.default_rng(seed).random((SMALL.n_steps, batch, 784)) < 0.01).astype("f4")


@pytest.fixture(scope="module")
def network():
    return StdpNetwork(SMALL)


def excited(network):
    network.restart()
    network.excitability.assign(tf.constant([2.0, 0.0, 0.0, 2.0]))


def test_weights_begin_random_within_bounds_with_the_sum_that_is_asked_for(network):
    network.restart()
    assert network.weights.shape == (4, 2, 784) and network.weights.min() > 0 and network.weights.std() > 0
    assert network.weights.sum(2) == pytest.approx(SMALL.total_weight)


def test_changes_vanish_at_the_bounds():
    assert within_bounds(tf.constant([0.0, 0.5, 1.0])).numpy() == pytest.approx([0, 1, 0])


def test_learning_keeps_bounds_and_sums_and_moves_the_weights_of_those_that_fire(network):
    excited(network)
    before = network.weights
    rates = network.learn(spikes(0))
    after = network.weights
    fired = rates > 0
    assert fired.tolist() == [True, False, False, True]
    change = np.abs(after - before).max((1, 2))
    assert (change[fired] > 1e-3).all() and (change[~fired] < 1e-6).all()
    assert after.min() >= 0 and after.max() <= 1 and after.sum(2) == pytest.approx(SMALL.total_weight)


def test_learning_off_adapts_excitability_alone(network):
    excited(network)
    before, excitability = network.weights, network.excitability.numpy()
    rates = network.learn(spikes(0), with_weights=False)
    assert np.array_equal(network.weights, before)
    expected = excitability + SMALL.homeostasis * (SMALL.target_rate - rates)
    assert network.excitability.numpy() == pytest.approx(expected)


def test_an_answer_changes_nothing_and_is_of_each_image_alone(network):
    excited(network)
    before = network.weights
    shown = spikes(1)
    answers = network.responses(shown)
    assert answers.shape == (5, 4) and answers.sum() > 0
    assert network.responses(shown[:, 2:3]).tolist() == answers[2:3].tolist()
    assert np.array_equal(network.weights, before)


def test_a_change_is_that_of_the_rule_for_one_batch():
    """Growth by the presynaptic trace at spikes, loss by the postsynaptic trace at inputs, both scaled by 4 w (1 - w)."""
    config = StdpConfig(n_units=2, n_steps=6, inhibition=0, learning_rate=0.001, depression=0.7)
    network = StdpNetwork(config)
    network.excitability.assign([3.0, 3.0])
    shown = spikes(2, 1)
    w = network.synapse.weight.numpy().astype(float)  # (784, 4)
    post, v, soma = [], np.zeros((2, 2)), np.zeros(2)
    for now in shown[:, 0]:
        v = v + ((now @ w).reshape(2, 2) + 3 - v) / 2
        h = soma + ((v - soma[:, None]).sum(1) - soma) / 4
        post.append(h >= 1)
        soma = h * (h < 1)
    x, y, change = np.zeros(784), np.zeros(2), np.zeros_like(w)
    for pre, fired in zip(shown[:, 0], post, strict=True):
        x, y = x * (1 - 1 / 4) + pre, y * (1 - 1 / 2) + fired
        change += np.outer(x, np.repeat(fired, 2)) - 0.7 * np.outer(pre, np.repeat(y, 2))
    grown = w + 0.001 * 4 * w * (1 - w) * change
    network.learn(shown)
    assert np.sum(post) > 0
    np.testing.assert_allclose(network.synapse.weight.numpy(), grown * config.total_weight / grown.sum(0), atol=1e-6)


def test_a_spike_inhibits_all_others():
    silent = StdpNetwork(StdpConfig(n_units=3, n_steps=6, inhibition=100.0))
    free = StdpNetwork(StdpConfig(n_units=3, n_steps=6, inhibition=0.0))
    for one in (silent, free):
        one.excitability.assign([6.0, 2.2, 2.2])  # the first one fires at once, the others later
    shown = np.zeros((6, 2, 784), "f4")
    assert (free.responses(shown) > 0).all()
    assert (silent.responses(shown)[:, 0] > 0).all() and (silent.responses(shown)[:, 1:] == 0).all()


def test_images_become_spikes_in_proportion_to_their_pixels():
    config = StdpConfig(n_steps=2000, max_probability=0.4)
    found = as_spikes(np.array([[0.0, 0.5, 1.0]], "f4"), config, np.random.default_rng(0)).mean(0)[0]
    assert found[0] == 0 and found[1:] == pytest.approx([0.2, 0.4], abs=4 * np.sqrt(0.24 / 2000))


def test_results_have_all_conditions():
    found = become_selective(replace(SMALL, rule="semi_stdp"), progress=False)
    assert set(found.selectivity) == {"before", "after", "shuffled_pixels"}
    assert all(0 <= value <= 1 for value in found.selectivity.values())
    assert [len(column) for column in found.table().values()] == [12] * 14


@pytest.mark.slow
def test_neurons_become_selective():
    found = become_selective(StdpConfig(n_batches=100, n_test=200), progress=False)
    assert found.selectivity["after"] > 0.6
    assert max(found.selectivity["before"], found.selectivity["shuffled_pixels"]) < 0.4
    assert found.decoded_share["after"] > 0.25 > found.decoded_share["before"]
