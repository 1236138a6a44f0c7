"""A dendrite that learns to foretell its soma: what the neuron does, what is learnt, and that it needs the repetition."""

import numpy as np
import pytest

from rate2spike.spiking.dendrite_examples.config import DppConfig
from rate2spike.spiking.dendrite_examples.dpp import learn_by_prediction
from rate2spike.spiking.dendrite_examples.dpp_neuron import DppNeuron
from rate2spike.spiking.dendrite_examples.dpp_result import DppResult, rms_error
from rate2spike.spiking.dendrite_examples.target import MEAN, WAVES, input_spikes, target

SMALL = DppConfig(n_inputs=60, n_steps=120, n_repeats=40)


@pytest.fixture(scope="module")
def neuron():
    return DppNeuron(SMALL, target(SMALL))


def voltage(config, weights, spikes, teacher):
    """Equations of the neuron: potentials, and the soma with two conductances; teacher: 0, or that of the teacher."""
    psp, v, found, dendrite = np.zeros(config.n_inputs), 0.0, [], []
    for now, wanted in zip(spikes, target(config), strict=True):
        psp = psp * (1 - 1 / config.tau_psp_ms) + now
        dendrite.append(weights @ psp)
        drive = config.dendrite_conductance * (dendrite[-1] - v) + teacher * (wanted - v)
        v = v + (drive - v) / config.tau_soma_ms
        found.append(v)
    return np.array(found), np.array(dendrite)


def test_the_target_is_a_sum_of_sinusoids_that_the_seed_shifts():
    wanted = target(DppConfig(n_steps=1000))
    assert wanted.mean() == pytest.approx(MEAN, abs=1e-6)
    spectrum = 2 * np.abs(np.fft.rfft(wanted)) / 1000
    assert [spectrum[cycles] for cycles, _ in WAVES] == pytest.approx([size for _, size in WAVES], abs=1e-6)
    assert not np.allclose(target(DppConfig(n_steps=1000, seed=1)), wanted)


def test_input_spikes_repeat_and_others_are_new():
    config = DppConfig(n_inputs=400, n_steps=1000)
    first = input_spikes(config)
    assert np.array_equal(first, input_spikes(config)) and first.mean() == pytest.approx(0.01, abs=5e-4)
    assert not np.array_equal(first, input_spikes(config, 1))


def test_the_voltage_is_that_of_the_equations(neuron):
    weights = neuron.variables[0].numpy()
    assert (weights[:, 0] > 0).any() and (weights[:, 1] == 0).all()
    spikes = input_spikes(SMALL)
    np.testing.assert_allclose(neuron.voltage(spikes), voltage(SMALL, weights[:, 0], spikes, 0)[0], atol=1e-5)


def test_a_repeat_changes_the_weights_by_rate_errors_and_potentials():
    """Δw = η mean over steps of (σ(5 (V - 1/2)) - σ(5 (u - 1/2))) psp, u = φ v / (φ + 1) without the teacher."""
    neuron, spikes = DppNeuron(SMALL, target(SMALL)), input_spikes(SMALL)
    before = neuron.variables[0].numpy().astype(float)
    v, dendrite = voltage(SMALL, before[:, 0], spikes, SMALL.teacher_conductance)
    rate = lambda u: 1 / (1 + np.exp(-5 * (u - 0.5)))  # noqa: E731
    errors = rate(v) - rate(SMALL.dendrite_conductance * dendrite / (SMALL.dendrite_conductance + 1))
    psp, change = np.zeros(SMALL.n_inputs), np.zeros(SMALL.n_inputs)
    for now, error in zip(spikes, errors, strict=True):
        psp = psp * (1 - 1 / SMALL.tau_psp_ms) + now
        change += error * psp / SMALL.n_steps
    neuron.learn(spikes)
    after = neuron.variables[0].numpy()
    np.testing.assert_allclose(after[:, 0], before[:, 0] + SMALL.learning_rate * change, atol=1e-6)
    assert (after[:, 1] == 0).all()


def test_without_a_teacher_what_is_foretold_comes_true_and_nothing_is_learnt():
    """A constant input without teacher brings the soma to φ v / (φ + 1); until then, it lags behind a little."""
    config = DppConfig(n_inputs=3, n_steps=400, teacher_conductance=0)
    neuron = DppNeuron(config, target(config))
    spikes = np.ones((400, 3), "f4")
    before = neuron.variables[0].numpy()
    for _ in range(3):
        neuron.learn(spikes)
    change = np.abs(neuron.variables[0].numpy() - before).max()
    taught = DppNeuron(DppConfig(n_inputs=3, n_steps=400), target(config))
    taught.learn(spikes)
    assert change < 0.1 * np.abs(taught.variables[0].numpy() - before).max()


def test_learning_from_repeated_spikes_follows_the_target_and_from_new_ones_does_not():
    found = learn_by_prediction(DppConfig(n_inputs=200, n_steps=200, n_repeats=80), progress=False)
    assert found.rms_error["after"] < 0.1 * found.rms_error["before"]
    assert found.rms_error["after"] < 0.35 * found.rms_error["control"]
    assert found.correlation["after"] > 0.97 > 0.6 > found.correlation["control"]
    assert found.errors["learning"][-1] == pytest.approx(found.rms_error["after"])
    assert [len(column) for column in found.table().values()] == [200] * 5


def test_errors_and_correlations_leave_the_beginning_out():
    wanted = np.sin(np.arange(200.0))
    other = np.where(np.arange(200) < 50, 9.0, wanted + 0.5)
    assert rms_error(other, wanted) == pytest.approx(0.5)
    found = DppResult(wanted, other, -other, np.ones(200), np.ones(1), np.ones(1), np.ones((200, 1)))
    assert found.correlation == pytest.approx({"before": 1.0, "after": -1.0, "control": 0.0})
