"""STDP and semi-STDP: single pairs against the closed form, sequences against single steps and a loop over synapses."""

import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
from rate2spike.errors import InputError

from plasticity_nets import dense, excite, neurons, run, spikes, stdp_by_loop

TAU_PRE, TAU_POST = 3.0, 5.0


def driven_pair(step_mode, lag):
    """A neuron without memory: input 0 is too weak to fire it, input 1 makes it fire `lag` steps after a spike of 0."""
    synapse = dense(2, 1, step_mode=step_mode)
    synapse.weight.assign([[0.01], [10.0]])
    layer = neurons([1], step_mode=step_mode, compartment={"tau": 1.0}, soma={"tau": 1.0}, forward_strength=0.5)
    x = np.zeros((abs(lag) + 1, 1, 2))
    x[max(-lag, 0), 0, 0] = x[max(lag, 0), 0, 1] = 1
    return synapse, layer, x


@pytest.mark.parametrize("step_mode", ["s", "m"])
@pytest.mark.parametrize("lag", [-7, -1, 0, 1, 7])
def test_a_pair_of_spikes_changes_the_weight_as_the_window_says(step_mode, lag):
    synapse, layer, x = driven_pair(step_mode, lag)
    learner = r2s.plasticity.STDPLearner(synapse, layer, TAU_PRE, TAU_POST, step_mode=step_mode)
    post = run(synapse, layer, x)
    np.testing.assert_array_equal(post[:, 0, 0], x[:, 0, 1])
    expected = {-1: -((1 - 1 / TAU_POST) ** abs(lag)), 0: 0.0, 1: (1 - 1 / TAU_PRE) ** lag}[np.sign(lag)]
    assert learner.step()[0, 0].numpy() == pytest.approx(expected, abs=1e-12)


def test_the_semi_rule_knows_no_loss():
    for lag, expected in ((4, (1 - 1 / TAU_PRE) ** 4), (0, 1.0), (-4, 0.0)):
        synapse, layer, x = driven_pair("m", lag)
        learner = r2s.plasticity.SemiSTDPLearner(synapse, layer, TAU_PRE, step_mode="m")
        run(synapse, layer, x)
        assert learner.step()[0, 0].numpy() == pytest.approx(expected, abs=1e-12)


def soft_bound(w):
    return 1.0 - w


def above_a_quarter(t):
    return tf.nn.relu(t - 0.25)


def squared(t):
    return t * t


@pytest.mark.parametrize("n_input", [1, 2, 3])
@pytest.mark.parametrize("n_steps", [1, 3, 4, 6])
def test_sequences_steps_and_a_loop_over_synapses_agree(n_input, n_steps):
    """n_input 2 and 3 with several steps: where the published vectorised rule fails or is wrong."""
    x = spikes(n_steps, 4, 6)
    changes = []
    for step_mode, at_once in (("m", True), ("m", False), ("s", True), ("s", False)):
        synapse = dense(6, 2 * n_input, step_mode=step_mode)
        excite(synapse, 4.0)
        layer = neurons([2], n_input, step_mode=step_mode)
        learner = r2s.plasticity.STDPLearner(
            synapse, layer, 2.0, 4.0, soft_bound, abs, above_a_quarter, squared, step_mode, at_once
        )
        post = run(synapse, layer, x)
        changes.append(learner.step().numpy())
    assert 0 < post.mean() < 1
    w = synapse.weight.numpy()
    positive = lambda t: max(t - 0.25, 0.0)  # noqa: E731
    expected = stdp_by_loop(x, post, n_input, w, 2.0, 4.0, soft_bound, abs, positive, squared)
    assert np.abs(expected).max() > 0.1
    for change in changes:
        np.testing.assert_allclose(change, expected, atol=1e-9)


@pytest.mark.parametrize("n_input", [1, 2, 3])
def test_the_semi_rule_is_the_growth_of_the_whole_rule(n_input):
    x = spikes(6, 4, 6)
    synapse, layer = dense(6, 2 * n_input), neurons([2], n_input)
    excite(synapse, 2.0)
    semi = r2s.plasticity.SemiSTDPLearner(synapse, layer, 2.0, soft_bound, above_a_quarter, "m")
    by_steps = r2s.plasticity.SemiSTDPLearner(synapse, layer, 2.0, soft_bound, above_a_quarter, "m", False)
    whole = r2s.plasticity.STDPLearner(synapse, layer, 2.0, 2.0, soft_bound, 0.0, above_a_quarter, step_mode="m")
    run(synapse, layer, x)
    change = semi.step().numpy()
    assert np.abs(change).max() > 0.1
    np.testing.assert_allclose(by_steps.step(), change, atol=1e-9)
    np.testing.assert_allclose(whole.step(), change, atol=1e-9)


def test_traces_go_on_from_call_to_call_until_reset():
    """Two chunks and a step of the learner between them are as one sequence, if the weight does not matter."""
    x = spikes(6, 3, 5)
    synapse, layer = dense(5, 4), neurons([2], 2)
    excite(synapse, 2.0)
    learner = r2s.plasticity.STDPLearner(synapse, layer, 2.0, 4.0, step_mode="m")
    run(synapse, layer, x)
    whole = learner.step().numpy()
    trace = learner.trace_post.numpy()
    assert trace.shape == (3, 2) and trace.max() > 0 and learner.trace_pre.shape == (3, 5)
    layer.reset()
    learner.reset()
    assert learner.trace_pre is None and learner.trace_post is None
    run(synapse, layer, x[:2])
    first = learner.step().numpy()
    run(synapse, layer, x[2:])
    np.testing.assert_allclose(first + learner.step(), whole, atol=1e-12)
    np.testing.assert_allclose(learner.trace_post, trace, atol=1e-12)


def test_functions_of_the_weight_are_called_once_per_step():
    """The published rule calls them once per time step, which makes a decay in them 0.95 to the power of T."""
    calls = []

    def counted(w):
        calls.append(w.shape)
        return 1.0

    synapse, layer = dense(5, 4, step_mode="s"), neurons([2], 2, step_mode="s")
    learner = r2s.plasticity.STDPLearner(synapse, layer, 2.0, 4.0, counted)
    run(synapse, layer, spikes(4, 3, 5))
    learner.step()
    assert calls == [(5, 4)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tau_pre": 0.5}, "^tau_pre must be a number from 1, got 0.5"),
        ({"tau_post": "x"}, "^tau_post must be a number from 1, got 'x'"),
        ({"f_w_pre_post": "x"}, "^f_w_pre_post, unless it is a function, must be a finite number, got 'x'"),
        ({"f_trace_post": 2}, "^f_trace_post must be a function, got 2"),
        ({"step_mode": "x"}, "^unknown step mode 'x': choose from s, m"),
        ({"mean": 1}, "^mean must be true or false, got 1"),
        ({"specified_multi_imp": 1}, "^specified_multi_imp must be true or false, got 1"),
        ({"tau": 2.0}, "^STDPLearner: unknown setting 'tau'; did you mean tau_pre?"),
        ({"dsn": 3}, "^dsn must be a layer of neurons of r2s.dendrites, got int, which has no observe"),
        ({"syn": None}, "^syn must be a synapse of r2s.dendrites, got NoneType, which has no weight"),
    ],
)
def test_what_does_not_fit_is_one_line(options, message):
    given = {"syn": dense(5, 2), "dsn": neurons([2]), "tau_pre": 2.0, "tau_post": 2.0}
    with pytest.raises(InputError, match=message) as caught:
        r2s.plasticity.STDPLearner(**{**given, **options})
    assert "\n" not in str(caught.value)


def test_a_function_of_the_weight_with_another_shape_is_one_line():
    synapse, layer = dense(5, 2), neurons([2])
    learner = r2s.plasticity.SemiSTDPLearner(synapse, layer, 2.0, tf.transpose, step_mode="m")
    run(synapse, layer, spikes(4, 3, 5))
    message = r"^f_w_pre_post must give a number or an array of the weight's shape \(5, 2\), got \(2, 5\)"
    with pytest.raises(InputError, match=message):
        learner.step()
