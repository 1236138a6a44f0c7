"""Scores of further outputs, simulation after simulation."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.twin_evaluation.head_scores import DetectionSums, ErrorSums
from rate2spike.spiking.twin_evaluation.roc import roc_of
from rate2spike.spiking.twin_evaluation.voltage_scores import voltage_scores


def test_sums_are_those_of_all_numbers_together():
    rng = np.random.default_rng(1)
    truth = rng.normal(-60, 5, (4, 300, 2))
    said = truth + rng.normal(1, 2, truth.shape)
    sums = ErrorSums()
    for one in zip(truth, said, strict=True):
        sums.add(*one)
    expected = voltage_scores(truth, said)
    found = sums.scores()
    assert found["explained_variance_percent"] == pytest.approx(expected.explained_variance_percent, rel=1e-9)
    assert found["rmse"] == pytest.approx(expected.rmse_mv) and found["mae"] == pytest.approx(expected.mae_mv)


def test_a_large_offset_costs_no_digits():
    truth = 1e6 + np.array([0.0, 1, 2, 3])
    sums = ErrorSums()
    sums.add(truth, truth + np.array([0.5, -0.5, 0.5, -0.5]))
    assert sums.scores()["explained_variance_percent"] == pytest.approx(80.0)


def test_detections():
    rng = np.random.default_rng(2)
    truth, scores = rng.random((3, 2000)) < 0.05, rng.random((3, 2000)).astype(np.float32)
    sums = DetectionSums()
    for one in zip(truth, scores + 0.3 * truth, strict=True):
        sums.add(*one)
    curve = roc_of(truth, scores + np.float32(0.3) * truth)
    assert sums.scores() == {"AUC": curve.auc, "TP @ 0.0020 FP": curve.tpr_at(0.002)}


def test_what_is_undefined():
    constant, never = ErrorSums(), DetectionSums()
    constant.add(np.ones(5), np.zeros(5))
    never.add(np.zeros(5), np.zeros(5))
    assert np.isnan(constant.scores()["explained_variance_percent"]) and constant.scores()["rmse"] == 1
    assert np.isnan(never.scores()["AUC"])
    for empty in (ErrorSums(), DetectionSums()):
        with pytest.raises(InputError, match="no predictions"):
            empty.scores()
