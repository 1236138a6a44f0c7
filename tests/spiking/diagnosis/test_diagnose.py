"""Diagnosis of conversions that fail in known ways."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest

import rate2spike as r2s
from rate2spike.errors import InputError
from rate2spike.figures import Figure
from rate2spike.matlab_compat.model_file import load_model
from rate2spike.rate.noise_free import activate, rate_trajectory
from rate2spike.readable import as_json
from rate2spike.spiking.diagnosis.diagnose import _in_words, diagnose
from rate2spike.spiking.diagnosis.factor_advice import FactorAdvice
from rate2spike.spiking.diagnosis.plots import diagnosis_figure
from rate2spike.spiking.diagnosis.subject import rescaled
from rate2spike.spiking.scoring.evaluate import evaluate
from rate2spike.spiking.scoring.network_options import NetworkOptions
from rate2spike.spiking.scoring.result import Evaluation
from rate2spike.spiking.simulator import manipulations
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import LIFParams

from helpers import small_model


@pytest.fixture(scope="module")
def model(go_nogo_path):
    return load_model(go_nogo_path)


def finding(model, factor, **options):
    return diagnose(model, "go-nogo", factor, 6, seed=1, **options)


@pytest.fixture(scope="module")
def too_weak(model):
    return finding(model, 65)


def test_a_converted_network(model):
    found = finding(model, 42)
    assert found.findings == ("converted: the network solves the task",)
    assert found.accuracy == 1 and 0.7 < found.output_gain < 1.4 and found.output_correlation > 0.9
    assert found.advice is None and found.advised_factor is None


def test_a_network_that_solves_the_task_is_told_nothing_that_contradicts_it(model):
    """At this factor the output is more than twice the rate network's; raising the factor would lose accuracy."""
    found = diagnose(model, "go-nogo", 25, seed=1)
    assert found.accuracy >= 0.95 and found.output_gain > 2 and found.advised_factor is None
    converted, remark = found.findings
    assert converted.startswith("converted: ") and remark.startswith("remark, no action needed: the output is 2.")
    assert not any(word in " ".join(found.findings) for word in ("raise", "lower", "too strong", "mismatch"))


@pytest.mark.parametrize(
    ("params", "word", "other_remedy"),
    [
        (LIFParams(bias_mv=-200.0), "silent: ", "what else may help: a higher bias"),
        (LIFParams(bias_mv=1000.0), "saturated: ", "what else may help: a lower bias"),
    ],
)
def test_where_no_factor_helps_something_else_is_named(model, params, word, other_remedy):
    found = finding(model, 30, params=params)
    assert found.accuracy < 0.95 and found.findings[0].startswith(word), found.findings
    assert found.advised_factor is None and other_remedy in found.findings[-1]
    assert "none of the 19 tried from 12.3 to 75 is surely better" in found.findings[-1]


def test_what_fails_is_named_with_a_factor_to_try(too_weak):
    assert too_weak.accuracy < 0.95 and too_weak.findings[0].startswith("gain mismatch: the output is 0.")
    advised = too_weak.advised_factor
    assert 20 <= advised <= 50
    assert too_weak.findings[-1].startswith(f"scaling factor: lower it from 65 to {advised:g}: accuracy ")


@pytest.mark.parametrize(("task", "factor"), [("go-nogo", 65), ("go-nogo", 1000), ("xor", 15)])
def test_following_the_advice_raises_the_accuracy_on_fresh_trials(go_nogo_path, xor_path, too_weak, task, factor):
    model = load_model(go_nogo_path if task == "go-nogo" else xor_path)
    found = too_weak if (task, factor) == ("go-nogo", 65) else diagnose(model, task, factor, 6, seed=1)
    before, after = (
        evaluate(SpikingNetwork.from_model(model, one), task, 100, seed=2).accuracy
        for one in (factor, found.advised_factor)
    )
    assert after > before + 0.1


def evaluation(factor, correct):
    correct = np.asarray(correct, bool)
    return Evaluation("go-nogo", factor, 1, correct.size, int(correct.sum()), 5.0, correct)


def test_a_factor_is_advised_only_if_chance_does_not_explain_the_gain():
    half = np.arange(100) % 2 == 0
    for gained, lost, helps in (
        (12, 2, True),
        (7, 0, True),
        (6, 0, False),
        (20, 10, False),
        (2, 12, False),
        (0, 0, False),
    ):
        other = half.copy()
        other[1 : 2 * gained : 2], other[0 : 2 * lost : 2] = True, False
        advice = FactorAdvice(evaluation(30, half), evaluation(40, other), (20.0, 40.0))
        assert advice.helps == helps, (gained, lost)
        assert advice.in_words().startswith(
            "scaling factor: raise it from 30 to 40" if helps else "scaling factor: none"
        )


def test_symptoms_in_words():
    numbers = dict(silent_share=0.0, saturated_share=0.0, output_gain=1.0, output_correlation=0.9, growth=5.0)
    poor = FactorAdvice(evaluation(30, [True] * 50 + [False] * 50), evaluation(40, [True] * 100), (20.0, 40.0))
    unstable, advice = _in_words(numbers, poor)
    assert unstable.startswith("unstable: activity grows 5.0 times more") and advice.startswith(
        "scaling factor: raise it"
    )
    noise, _ = _in_words(numbers | {"growth": 1.0}, poor)
    assert noise.startswith("noise: ")
    lucky = FactorAdvice(evaluation(30, [True] * 97 + [False] * 3), evaluation(40, [True] * 100), (20.0, 40.0))
    solved, remark = _in_words(numbers, lucky)  # the first few trials were unlucky
    assert solved == "converted: the network solves the task (accuracy 0.97 on 100 fresh trials)"
    assert remark.startswith("remark, no action needed: activity grows")


def test_the_figure_shows_both_networks(too_weak):
    found = too_weak
    figure = diagnosis_figure(found)
    assert [axes.get_xlabel() for axes in figure.axes] == [
        "time (s)",
        "output of the rate network",
        "mean rate of the rate network (a.u.)",
        "time (s)",
    ]
    assert found.findings[0].split(";")[0] in figure.get_suptitle()
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert {"Go, spiking", "Go, rate"} <= set(labels)


def test_same_seed_same_diagnosis(model, too_weak):
    a, b = finding(model, 65), too_weak
    assert a.findings == b.findings and a.advice.other.n_correct == b.advice.other.n_correct
    assert np.array_equal(a.outputs, b.outputs)


@pytest.mark.parametrize("activation", ["sigmoid", "softplus", "clipped_relu"])
def test_rate_trajectory_follows_the_equation(activation):
    model = replace(small_model(n_units=8, n_inputs=2, n_som=1, dtype=np.float64), activation=activation)
    u = np.random.default_rng(1).normal(size=(3, 2, 20))
    outputs, rates = rate_trajectory(model, u)
    w, alpha = model.effective_w(), 0.005 / model.tau_s()
    b_out = 0 if model.b_out is None else model.b_out
    for k in range(3):
        x = np.zeros(8)
        for t in range(20):
            if t:
                x = (1 - alpha) * x + alpha * (w @ r + model.w_in @ u[k, :, t - 1])  # noqa: F821
            r = activate(x, activation)
            np.testing.assert_allclose(rates[k, :, t], r, rtol=2e-4, atol=1e-5)
            np.testing.assert_allclose(outputs[k, :, t], model.w_out @ r + b_out, rtol=2e-3, atol=1e-3)


def test_the_rate_network_solves_its_task(model):
    """The published network, by our NumPy statement of it."""
    from rate2spike.rate import tasks

    trials = [tasks.GoNogo().draw(np.random.default_rng(k)) for k in range(20)]
    outputs, _ = rate_trajectory(model, np.array([trial.u for trial in trials]))
    assert all(trial.score_rate(output[0, 1:]) for trial, output in zip(trials, outputs, strict=True))


def test_a_model_is_diagnosed_as_it_was_searched(model):
    found = r2s.grid_search(model, "go-nogo", (30,), 4, seed=1, neuron="qif")
    searched = r2s.with_search_result(model, found)
    by_itself = diagnose(searched, n_trials=3, seed=1)
    assert by_itself == diagnose(model, "go-nogo", 30, 3, seed=1, neuron="qif")
    assert by_itself == diagnose(model, "go-nogo", 30, 3, seed=1, params=r2s.QIFParams(), n_threads=1)
    assert by_itself != diagnose(model, "go-nogo", 30, 3, seed=1)


def test_a_network_is_diagnosed_beside_its_model(model, go_nogo_path):
    network = SpikingNetwork.from_model(model, 42)
    assert diagnose(go_nogo_path, network=network, n_trials=6, seed=1) == finding(model, 42)
    lesioned = manipulations.lesion(network, "inhibitory")
    found = diagnose(model, "go-nogo", n_trials=4, seed=1, network=lesioned)
    assert found == diagnose(
        model, "go-nogo", 42, 4, seed=1, lesion="inhibitory"
    )  # other factors were tried, lesioned too
    assert found.accuracy < 0.95 and found.advice is not None
    assert (found.firing_rate_hz[found.unit_types == "inhibitory"] == 0).all()


def test_a_rescaled_network_is_the_network_at_that_factor(model):
    network = rescaled(manipulations.scale_connections(SpikingNetwork.from_model(model, 42), "I", "E", 0.7), 20.0)
    expected = manipulations.scale_connections(SpikingNetwork.from_model(model, 20), "I", "E", 0.7)
    assert network.scaling_factor == 20 and network.w.dtype == expected.w.dtype
    assert np.allclose(network.w, expected.w, rtol=1e-6, atol=0)
    assert np.array_equal(network.readout, expected.readout)


def test_threads_executor_and_progress_change_nothing(model, too_weak):
    told = []
    with ThreadPoolExecutor(2) as threads:
        found = finding(model, 65, executor=threads, progress=lambda *now: told.append(now))
    assert found == too_weak
    ends = [now[:2] for now in told if now[0] == now[1]]
    assert ends == [(6, 6), (19, 19), (100, 100), (100, 100)]  # both networks, other factors, fresh trials of two


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, n: diagnose(n, "go-nogo"), "model must be the rate network that the spiking one is compared with"),
        (lambda m, n: diagnose(m), "the model names no task: give task"),
        (lambda m, n: diagnose(m, "go-nogo"), "the model has no scaling factor yet"),
        (lambda m, n: diagnose(m, (25,), 5), "task must be a Task, its name, or None"),
        (lambda m, n: diagnose(m, "go-nogo", "5"), "scaling factor must be a positive number, got '5'"),
        (lambda m, n: diagnose(m, "go-nogo", 25, "5"), "number of trials must be a whole number from 1, got '5'"),
        (lambda m, n: diagnose(m, "go-nogo", 25, 5, -1), "seed"),
        (lambda m, n: diagnose(m, "go-nogo", network=5), "network must be a SpikingNetwork, got int"),
        (
            lambda m, n: diagnose(m, "go-nogo", 25, network=n),
            "scaling_factor: not beside a network, which is as it was made",
        ),
        (lambda m, n: diagnose(m, "go-nogo", network=n, lesion="I"), "lesion: not beside a network"),
        (lambda m, n: diagnose(small_model(), "go-nogo", network=n), "the network has 200 units, the model 12"),
        (lambda m, n: diagnose(m, "go-nogo", 25, options=5), "options must be NetworkOptions, got 5"),
        (
            lambda m, n: diagnose(m, "go-nogo", 25, options=NetworkOptions(), neuron="qif"),
            "give options or single settings",
        ),
        (lambda m, n: diagnose(m, "go-nogo", 25, params=5), "neurons must be a record such as EIFParams(), got 5"),
        (lambda m, n: diagnose(m, "go-nogo", 25, executor=5), "executor must be one as in concurrent.futures, got int"),
        (lambda m, n: diagnose(m, "go-nogo", 25, progress="yes"), "progress must be True, False, None or a function"),
    ],
)
def test_what_does_not_fit_is_one_line(model, call, message):
    network = SpikingNetwork.from_model(model, 42)
    with pytest.raises(InputError) as caught:
        call(model, network)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_a_diagnosis_is_readable(too_weak):
    assert len(repr(too_weak)) <= 200
    assert repr(too_weak).startswith("Diagnosis(task='go-nogo', scaling_factor=65, accuracy=0, advised_factor=")
    assert "gain mismatch" in repr(too_weak) and "advised factor" in too_weak._repr_html_()
    assert pickle.loads(pickle.dumps(too_weak)) == deepcopy(too_weak) == too_weak
    assert '"advice": {"here": {' in as_json(too_weak)
    assert repr(too_weak.advice).startswith("FactorAdvice(factor=65, accuracy=0")
    units = too_weak.to_dataframe()
    assert len(units) == 200 and set(units.unit_type) == {"excitatory", "inhibitory"}
    assert len(too_weak.plot().axes) == 4
    left, right = Figure().subplots(1, 2)
    assert too_weak.plot(ax=left) is right.get_figure() and len(right.get_figure().axes) == 5
