"""Dendritic prediction: where it comes to rest, values worked out by hand, independence of batch and width, options."""

import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
from rate2spike.errors import InputError

from plasticity_nets import dense, neurons, run, spikes

NEVER = 1e9  # a threshold
DPPLearner = r2s.plasticity.DPPLearner


def rate(v):
    return 0.95 * tf.nn.sigmoid(5.0 * v)


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def steady(n_soma, n_batch, decay_input, step_mode="s"):
    """One compartment per soma, weight 0.7, constant input 1: section 8.4 of the specification."""
    synapse = dense(1, n_soma, step_mode=step_mode)
    synapse.weight.assign(np.full((1, n_soma), 0.7))
    soma = {"tau": 4.0, "decay_input": decay_input, "v_threshold": NEVER}
    layer = neurons([n_soma], step_mode=step_mode, compartment={"decay_input": True}, soma=soma)
    return synapse, layer, np.ones((60, n_batch, 1))


@pytest.mark.parametrize(("n_soma", "n_batch"), [(1, 1), (4, 2), (16, 1), (64, 32)])
@pytest.mark.parametrize(
    ("decay_input", "known", "rest"),
    [
        (True, {0: -0.02178, 1: -0.02161, 5: -0.00399, 20: -4.2e-7}, 0.35),
        (False, {0: 0.01707, 1: 0.00418, 5: 3.3e-4, 20: 0.0}, 0.56),
    ],
)
def test_a_soma_that_follows_its_dendrite_teaches_it_nothing(n_soma, n_batch, decay_input, known, rest):
    synapse, layer, x = steady(n_soma, n_batch, decay_input)
    learner = DPPLearner(synapse, layer, tf.nn.sigmoid)
    for t, now in enumerate(x):
        layer(synapse(now))
        change = learner.step().numpy() / n_batch
        assert np.ptp(change) < 1e-15
        if t in known:
            assert change[0, 0] == pytest.approx(known[t], abs=5e-6)
    assert np.abs(change).max() < 1e-6
    np.testing.assert_allclose(layer.v_soma, rest, atol=1e-6)


ALL_SIZES = [("VDiff", n_input, n_steps) for n_input in (1, 2, 3) for n_steps in (1, 3, 4, 6)]


@pytest.mark.parametrize(("kind", "n_input", "n_steps"), [*ALL_SIZES, ("VActivation", 2, 4), ("VActivation", 3, 6)])
def test_sequences_steps_and_the_equation_agree(kind, n_input, n_steps):
    x, strength = spikes(n_steps, 4, 6), np.linspace(0.2, 0.5, n_input)
    options = {"forward_strength": strength, **({"f_da": tf.sin} if kind == "VActivation" else {})}
    changes = []
    for step_mode, at_once in (("m", True), ("m", False), ("s", True)):
        synapse = dense(6, 2 * n_input, step_mode=step_mode, wmin=0.2)
        layer = neurons([2], n_input, step_mode=step_mode, soma={"decay_input": False}, **options)
        learner = DPPLearner(synapse, layer, rate, abs, step_mode=step_mode, specified_multi_imp=at_once)
        run(synapse, layer, x)
        changes.append(learner.step().numpy())
    w = synapse.weight.numpy()
    v, h = voltages(w, x, strength, 2.0, kind)
    drive = strength * (v if kind == "VDiff" else np.sin(v))
    predicted = drive / (strength.sum() + 1 / 2.0) if kind == "VDiff" else 2.0 * drive
    error = 0.95 * (sigmoid(5 * h)[..., None] - sigmoid(5 * predicted))
    expected = np.abs(w) * np.einsum("tbkc,tbi->ikc", error, x).reshape(w.shape)
    assert np.abs(expected).max() > 0.01
    for change in changes:
        np.testing.assert_allclose(change, expected, atol=1e-9)


def voltages(w, x, strength, tau_soma, kind):
    """Compartments that leak by a half, into a soma that does not scale its input, as loops."""
    v, soma = np.zeros((x.shape[1], 2, len(strength))), np.zeros((x.shape[1], 2))
    all_v, all_h = [], []
    for now in x:
        v = v / 2 + (now @ w).reshape(v.shape)
        drive = strength * (v - soma[..., None]) if kind == "VDiff" else strength * np.sin(v)
        h = soma * (1 - 1 / tau_soma) + drive.sum(-1)
        soma = np.where(h >= 1, 0.0, h)
        all_v.append(v), all_h.append(h)
    return np.array(all_v), np.array(all_h)


def test_the_width_of_the_layer_does_not_matter():
    """The published prediction sums over batch and somas."""
    x, changes = spikes(5, 3, 6), []
    for n_soma in (1, 5):
        synapse, layer = dense(6, 2 * n_soma), neurons([n_soma], 2)
        synapse.weight.assign(np.tile(np.linspace(0.1, 0.6, 12).reshape(6, 2), n_soma))
        learner = DPPLearner(synapse, layer, rate, step_mode="m")
        run(synapse, layer, x)
        changes.append(learner.step().numpy())
    np.testing.assert_allclose(changes[1], np.tile(changes[0], 5), atol=1e-12)
    assert np.abs(changes[0]).max() > 0.01


def test_learning_brings_the_dendrite_to_the_soma():
    """Compartment 0 drives the soma, compartment 1 learns to be where that is: V = (v_0 + v_1) / 3, so v_1 = v_0 / 2."""
    synapse = dense(1, 2)
    layer = neurons([1], 2, compartment={"decay_input": True}, soma={"v_threshold": NEVER}, forward_strength=1.0)
    synapse.weight.assign([[1.0, 0.0]])
    learner = DPPLearner(synapse, layer, tf.nn.sigmoid, lambda w: [[0.0, 0.2]], lambda v, _: v, "m")
    for _ in range(30):
        layer(synapse(np.ones((40, 1, 1))))
        learner.reset()  # what came before they had settled
        layer(synapse(np.ones((20, 1, 1))))
        synapse.weight.assign_add(learner.step())
    np.testing.assert_allclose(synapse.weight, [[1.0, 0.5]], atol=1e-3)


class TestOptionsOfThePaper:
    X = spikes(7, 3, 6)

    def changed(self, *, step_mode="m", chunks=((0, 7),), **options):
        synapse, layer = dense(6, 4, step_mode=step_mode, wmin=0.2), neurons([2], 2, step_mode=step_mode)
        learner = DPPLearner(synapse, layer, rate, step_mode=step_mode, **options)
        total = 0
        for start, end in chunks:
            run(synapse, layer, self.X[start:end])
            total = total + learner.step().numpy()
        return total, synapse, layer

    def test_the_postsynaptic_potential_is_what_the_weight_makes_of_the_voltage(self):
        """With the compartment's tau, Σ w psp is the voltage; so is the change the slope of Σ e v in the weight."""
        change, synapse, layer = self.changed(tau_psp=2.0)
        assert np.abs(change - self.changed()[0]).max() > 0.05
        layer.reset()
        with tf.GradientTape() as tape:
            layer(synapse(self.X))
            v, h = layer.v_dend_pre_spike, layer.v_soma_pre_spike
            error = rate(h)[..., None] - rate(layer.predicted_soma(v))
            told = tf.reduce_sum(tf.stop_gradient(error) * v)
        np.testing.assert_allclose(change, tape.gradient(told, synapse.trainable_variables[0]), atol=1e-9)

    def test_spikes_in_place_of_the_rate(self):
        change, synapse, layer = self.changed(from_spikes=True)
        layer.reset()
        post = run(synapse, layer, self.X)
        error = post[..., None] - rate(layer.predicted_soma(layer.v_dend_pre_spike)).numpy()
        expected = np.einsum("tbkc,tbi->ikc", error, self.X).reshape(6, 4)
        np.testing.assert_allclose(change, expected, atol=1e-9)

    def test_a_weighting_by_the_prediction(self):
        change, _, layer = self.changed(f_weighting=tf.exp)
        predicted = layer.predicted_soma(layer.v_dend_pre_spike)
        error = tf.exp(predicted) * (rate(layer.v_soma_pre_spike)[..., None] - rate(predicted))
        expected = np.einsum("tbkc,tbi->ikc", error, self.X).reshape(6, 4)
        np.testing.assert_allclose(change, expected, atol=1e-9)

    @pytest.mark.parametrize("step_mode", ["s", "m"])
    def test_a_low_pass_of_the_induction(self, step_mode):
        synapse, layer = dense(6, 4, step_mode="s", wmin=0.2), neurons([2], 2, step_mode="s")
        plain = DPPLearner(synapse, layer, rate)
        filtered, expected = 0.0, 0.0
        for now in self.X:
            layer(synapse(now))
            filtered = filtered + (plain.step().numpy() - filtered) / 3.0
            expected = expected + filtered
        for chunks in ([(0, 7)], [(0, 3), (3, 7)]):
            change = self.changed(step_mode=step_mode, chunks=chunks, tau_induction=3.0)[0]
            np.testing.assert_allclose(change, expected, atol=1e-9)
        np.testing.assert_allclose(self.changed(tau_induction=1.0)[0], self.changed()[0], atol=1e-12)


def test_making_a_learner_lets_the_layer_record():
    layer = neurons([2])
    assert not layer.store_v_dend_pre_spike and not layer.store_v_soma_pre_spike
    DPPLearner(dense(3, 2), layer, rate)
    assert layer.store_v_dend_pre_spike and layer.store_v_soma_pre_spike


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"f_rate": 2.0}, "^f_rate must be a function, got 2.0"),
        ({"f_rate": r2s.dendrites.LogisticStochasticFiring(0.9, 5.0)}, "draws spikes: give its rate_function"),
        ({"f_u_pred": 2.0}, "^f_u_pred must be a function, got 2.0"),
        ({"f_w": None}, "^f_w, unless it is a function, must be a finite number, got None"),
        ({"tau_psp": 0.0}, "^tau_psp must be a number from 1, got 0.0"),
        ({"tau_induction": "x"}, "^tau_induction must be a number from 1, got 'x'"),
        ({"from_spikes": 1}, "^from_spikes must be true or false, got 1"),
        ({"f_weighting": 1}, "^f_weighting must be a function, got 1"),
    ],
)
def test_what_does_not_fit_is_one_line(options, message):
    with pytest.raises(InputError, match=message):
        DPPLearner(**{"syn": dense(5, 2), "dsn": neurons([2]), "f_rate": rate, **options})


def test_a_prediction_of_another_shape_is_one_line():
    synapse, layer = dense(6, 4), neurons([2], 2)
    learner = DPPLearner(synapse, layer, rate, f_u_pred=lambda v, _: v[..., :1], step_mode="m")
    with pytest.raises(
        InputError, match=r"^f_u_pred must give predictions of shape \(7, 3, 2, 2\), got \(7, 3, 2, 1\)"
    ):
        run(synapse, layer, spikes(7, 3, 6))
    assert learner.n_records == 0


def test_a_layer_that_foretells_nothing_is_refused_when_the_learner_is_made():
    d = r2s.dendrites
    dendrite = d.SegregatedDend(d.PassiveDendCompartment(), d.SegregatedDendWiring(1))
    feedback = d.VDiffForwardSBackwardDendNeuron(dendrite, d.LIFSoma(), soma_shape=[2])
    point = d.VDiffForwardDendNeuron(dendrite, d.IFSoma(), soma_shape=[2])
    chain = d.VDiffDend(d.PassiveDendCompartment(3.0), d.Kto1DendWiring(1, 1), 0.5)
    trees = [
        kind(chain, d.LIFSoma(), [2], *more)
        for kind, *more in ((d.VDiffForwardDendNeuron,), (d.VActivationForwardDendNeuron, tf.tanh))
    ]
    for layer in (feedback, point, *trees):
        with pytest.raises(InputError) as caught:
            DPPLearner(dense(3, 2), layer, rate)
        assert "\n" not in str(caught.value)
        DPPLearner(dense(3, 2), layer, rate, f_u_pred=lambda v, _: v)
