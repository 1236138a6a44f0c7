"""Diagnosis of conversions that fail in known ways."""

from dataclasses import replace

import numpy as np
import pytest

from rate2spike.matlab_compat.model_file import load_model
from rate2spike.rate.rate_outputs import activate, rate_trajectory
from rate2spike.spiking.diagnose import _in_words, diagnose
from rate2spike.spiking.network import SpikingNetwork
from rate2spike.spiking.params import LIFParams
from rate2spike.spiking.plots_diagnosis import diagnosis_figure

from helpers import small_model


@pytest.fixture(scope="module")
def model(go_nogo_path):
    return load_model(go_nogo_path)


def finding(model, factor, **options):
    return diagnose(model, "go-nogo", factor, 6, seed=1, **options)


def test_a_converted_network(model):
    found = finding(model, 42)
    assert found.findings == ("converted: the network solves the task",)
    assert found.accuracy == 1 and 0.7 < found.output_gain < 1.4 and found.output_correlation > 0.9


@pytest.mark.parametrize(
    ("factor", "params", "word"),
    [
        (65, None, "gain mismatch: the output is"),
        (30, LIFParams(bias_mv=-200.0), "silent: "),
        (30, LIFParams(bias_mv=3000.0), "saturated: "),
        (1000, None, "other dynamics"),
    ],
)
def test_what_fails_is_named(model, factor, params, word):
    found = finding(model, factor, params=params)
    assert found.accuracy < 0.95 and word in " ".join(found.findings), found.findings


def test_runaway_activity_is_called_unstable(model):
    network = SpikingNetwork.from_model(model, 30)
    numbers = dict(silent_share=0.0, saturated_share=0.0, output_gain=1.0, output_correlation=0.9, growth=5.0)
    (found,) = _in_words(0.5, numbers, network)
    assert found.startswith("unstable: activity grows 5.0 times more")
    (found,) = _in_words(0.5, numbers | {"growth": 1.0}, network)
    assert found.startswith("noise: ")


def test_the_figure_shows_both_networks(model):
    found = finding(model, 65)
    figure = diagnosis_figure(found)
    assert [axes.get_xlabel() for axes in figure.axes] == [
        "time (s)", "output of the rate network", "mean rate of the rate network (a.u.)", "time (s)",
    ]  # fmt: skip
    assert found.findings[0].split(";")[0] in figure.get_suptitle()
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert {"Go, spiking", "Go, rate"} <= set(labels)


def test_same_seed_same_diagnosis(model):
    a, b = finding(model, 60), finding(model, 60)
    assert a.findings == b.findings and np.array_equal(a.outputs, b.outputs)


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
