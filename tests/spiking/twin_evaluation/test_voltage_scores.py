"""Voltage scores: closed forms and what is refused."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.twin_evaluation.voltage_scores import moment_matched, voltage_scores


def a_voltage_and_its_prediction(noise=2.0, gain=0.7, offset=3.0):
    rng = np.random.default_rng(2)
    truth = (-68 + 4 * rng.normal(size=(40, 500))).astype("f4")
    return truth, (gain * truth + offset + noise * rng.normal(size=truth.shape)).astype("f4")


def test_an_offset_costs_error_and_no_variance():
    truth, _ = a_voltage_and_its_prediction()
    found = voltage_scores(truth, truth + 2)
    assert (found.rmse_mv, found.mae_mv) == (pytest.approx(2, abs=1e-5), pytest.approx(2, abs=1e-5))
    assert found.explained_variance_percent == pytest.approx(100, abs=1e-6)


def test_the_mean_explains_nothing_and_noise_takes_its_share():
    truth, _ = a_voltage_and_its_prediction()
    mean = voltage_scores(truth, np.full_like(truth, truth.mean(dtype=float)))
    assert mean.explained_variance_percent == pytest.approx(0, abs=1e-6)
    assert mean.rmse_mv == pytest.approx(truth.astype(float).std(), abs=1e-4)
    noise = np.random.default_rng(3).normal(size=truth.shape)
    noisy = voltage_scores(truth, truth + noise)
    assert noisy.rmse_mv == pytest.approx(1, rel=0.02) and noisy.mae_mv == pytest.approx(np.sqrt(2 / np.pi), rel=0.02)
    assert noisy.explained_variance_percent == pytest.approx(100 * (1 - 1 / 16), abs=0.3)


@pytest.mark.parametrize(("gain", "offset"), [(0.7, 3.0), (1, 0), (40, -7000)])
def test_matched_variance_is_2_r_minus_1_whatever_gain_and_offset(gain, offset):
    truth, prediction = a_voltage_and_its_prediction(gain=gain, offset=offset)
    r = np.corrcoef(truth.ravel().astype(float), prediction.ravel().astype(float))[0, 1]
    matched = moment_matched(truth, prediction)
    assert voltage_scores(truth, matched).explained_variance_percent / 100 == pytest.approx(2 * r - 1, abs=1e-6)
    assert matched.mean() == pytest.approx(truth.astype(float).mean()) and matched.std() == pytest.approx(
        truth.astype(float).std()
    )


def test_a_constant_prediction_is_the_mean():
    truth, _ = a_voltage_and_its_prediction()
    assert np.unique(moment_matched(truth, np.zeros_like(truth))) == pytest.approx(truth.mean(dtype=float))


@pytest.mark.parametrize(
    ("truth", "prediction", "message"),
    [
        ([-70, -70], [-70, -69], "explained variance is undefined: true_mv is constant"),
        ([-70, -60], [-70], r"predicted_mv must have the shape of true_mv, \(2,\), got \(1,\)"),
        ([-70, np.inf], [-70, -60], "true_mv has 1 values that are not finite"),
        ([], [], "true_mv must be an array of numbers"),
    ],
)
def test_what_is_refused_is_one_line(truth, prediction, message):
    for function in (voltage_scores, moment_matched):
        with pytest.raises(InputError, match=message) as caught:
            function(truth, prediction)
        assert "\n" not in str(caught.value)
