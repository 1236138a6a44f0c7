"""Evaluation: which simulations count, published names, subsets, intervals, predicted spikes, and what is refused."""

import json
import pickle

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.readable import as_json
from rate2spike.spiking.twin_evaluation.evaluate import evaluate_twin, operating_threshold, random_subsets
from rate2spike.spiking.twin_evaluation.evaluation_options import EvaluationOptions
from rate2spike.spiking.twin_evaluation.predictions import TwinPredictions
from rate2spike.spiking.twin_evaluation.ranked_scores import RankedScores
from rate2spike.spiking.twin_evaluation.roc import roc_of
from rate2spike.spiking.twin_evaluation.voltage_scores import moment_matched, voltage_scores
from rate2spike.spiking.twin_evaluation.voltage_sums import VoltageSums

from twin_toys import toy_predictions

HEADLINE = "starting_at_500ms_spikes_in_[0,24]_range"


@pytest.fixture(scope="module")
def toy():
    return toy_predictions()


@pytest.fixture(scope="module")
def found(toy):
    return evaluate_twin(toy)


def test_the_published_ranges_and_how_many_simulations_each_keeps():
    found = evaluate_twin(toy_predictions(counts=[0, 0, 1, 18, 19, 24, 25, 30, 31, 90, 91]), n_resamples=0, n_subsets=0)
    kept = {key: found.further[key]["n_simulations"] for key in found.results}
    assert kept == {
        "starting_at_500ms_spikes_in_[0,18]_range": 4,
        "starting_at_500ms_spikes_in_[1,24]_range": 4,
        "starting_at_500ms_spikes_in_[0,24]_range": 6,
        "starting_at_500ms_spikes_in_[0,30]_range": 8,
        "starting_at_500ms_spikes_in_[0,90]_range": 10,
    }
    assert found.further[HEADLINE]["n_spikes"] == 62 and found.headline_key == HEADLINE


def test_the_published_names_of_metrics(found):
    rates = "0.0001 0.0005 0.0010 0.0015 0.0020 0.0025 0.0050 0.0100 0.0200 0.0300 0.0400 0.0500 0.1000".split()
    expected = ["AUC", *(f"TP @ {x} FP" for x in rates), *(f"AUC @ {x} FP" for x in rates)]
    expected += ["soma_explained_variance_percent", "soma_RMSE", "soma_MAE"]
    assert all(list(metrics) == expected for metrics in found.results.values())


def test_metrics_are_those_of_the_bins_from_500_ms_on(toy, found):
    few = toy.true_spikes.sum(1) <= 24
    spikes, scores = toy.true_spikes[few, 500:], toy.scores[few, 500:]
    curve = roc_of(spikes, scores)
    metrics = found.results[HEADLINE]
    assert metrics["AUC"] == found.auc == pytest.approx(curve.auc, abs=1e-12)
    assert metrics["TP @ 0.0020 FP"] == curve.tpr_at(0.002)
    assert metrics["AUC @ 0.0100 FP"] == pytest.approx(curve.partial_auc(0.01), abs=1e-9)
    matched = moment_matched(toy.true_soma_mv, toy.soma_mv)
    expected = voltage_scores(toy.true_soma_mv[few, 500:], matched[few, 500:])
    assert metrics["soma_RMSE"] == pytest.approx(expected.rmse_mv)
    assert metrics["soma_explained_variance_percent"] == pytest.approx(expected.explained_variance_percent)
    raw = voltage_scores(toy.true_soma_mv[few, 500:], toy.soma_mv[few, 500:])
    assert found.headline["raw_soma_MAE"] == pytest.approx(raw.mae_mv)


def test_spikes_in_the_bins_that_are_left_out_count_for_the_range():
    predictions = toy_predictions(counts=[3, 4])
    early = predictions.true_spikes.copy()
    early[0, :22] = True
    both = TwinPredictions(predictions.scores, early)
    found = evaluate_twin(both, n_resamples=0, n_subsets=0, spike_ranges=("0-24", "25-25"))
    assert [found.further[key]["n_spikes"] for key in found.results] == [4, 3]


def test_subsets_are_two_thirds_of_the_simulations_without_repeats(found):
    subsets = random_subsets(100, EvaluationOptions())
    assert len(subsets) == len(found.subsets) == 12
    assert {len(np.unique(one)) for one in subsets} == {67} == {len(one) for one in subsets}
    assert len({tuple(one) for one in subsets}) == 12
    assert all(list(one) == list(found.results) for one in found.subsets)
    aucs = [one[HEADLINE]["AUC"] for one in found.subsets]
    assert found.subset_sd() == pytest.approx(np.std(aucs)) and 0 < found.subset_sd() < 0.05


def test_intervals_are_those_of_simulations_put_together_again(toy):
    """The same samples, their bins written out: AUC and voltage exactly, true positives but for interpolation."""
    from rate2spike.spiking.twin_evaluation import bootstrap

    rng = np.random.default_rng(0)
    n = toy.n_simulations
    weights = rng.multinomial(n, np.full(n, 1 / n), size=20).astype(float)
    scores = np.round(toy.scores, 4)  # with ties
    auc = bootstrap.auc_of_samples(weights, toy.true_spikes, scores)
    hits = bootstrap.tpr_of_samples(weights, toy.true_spikes, scores, 0.01)
    voltage = VoltageSums.of(toy.true_soma_mv, toy.soma_mv).scores(weights)
    for k, weight in enumerate(weights.astype(int)):
        rows = np.repeat(np.arange(n), weight)
        curve = roc_of(toy.true_spikes[rows], scores[rows])
        assert auc[k] == pytest.approx(curve.auc, abs=1e-12)
        assert hits[k] == pytest.approx(curve.tpr_at(0.01), abs=0.02)
        expected = voltage_scores(toy.true_soma_mv[rows], toy.soma_mv[rows])
        values = expected.explained_variance_percent, expected.rmse_mv, expected.mae_mv
        assert [one[k] for one in voltage] == pytest.approx(values, rel=1e-6)


def test_intervals_cover_what_they_say():
    """Of the AUC of many data sets, the 80 % interval holds the AUC of all of them in about 80 %."""
    sets = [toy_predictions(seed=seed, n=20, duration_ms=900) for seed in range(60)]
    true_auc = roc_of(*(np.concatenate([getattr(one, name) for one in sets]) for name in ("true_spikes", "scores"))).auc
    found = [evaluate_twin(one, n_subsets=0, n_resamples=300, confidence=0.8, discard_ms=0) for one in sets]
    covered = np.mean([low < true_auc < high for low, high in (one.auc_interval for one in found)])
    assert 0.62 <= covered <= 0.95


@pytest.mark.parametrize("digits", [7, 3])
def test_scores_that_are_sorted_once_give_the_roc_of_any_simulations(toy, digits):
    scores = np.round(toy.scores, digits)
    ranked = RankedScores.of(toy.true_spikes, scores)
    for which in np.random.default_rng(0).random((5, toy.n_simulations)) < 0.5:
        expected = roc_of(toy.true_spikes[which], scores[which])
        assert ranked.roc(which) == expected
        corners = ranked.roc(which, only_corners=True)
        np.testing.assert_array_equal(corners.false_positive_rate, expected.simplified().false_positive_rate)
        np.testing.assert_array_equal(corners.true_positive_rate, expected.simplified().true_positive_rate)
    assert ranked.roc(np.zeros(toy.n_simulations, bool)) is None


def test_one_seed_gives_one_result(toy, found):
    assert evaluate_twin(toy) == found
    other = evaluate_twin(toy, seed=1)
    assert other.results == found.results and other.intervals != found.intervals and other.subsets != found.subsets


def test_the_threshold_comes_from_validation_data(toy, found):
    validation = toy_predictions(seed=9)
    threshold = operating_threshold(validation)
    point = evaluate_twin(toy, threshold, n_resamples=0).operating_point
    assert point.threshold == threshold and point.from_validation
    predicted = toy.scores[:, 500:] > threshold
    spikes = toy.true_spikes[:, 500:]
    assert point.false_positive_rate == pytest.approx(predicted[~spikes].mean())
    assert point.agreement.n_predicted == predicted.sum()
    own = found.operating_point
    assert not own.from_validation and own.threshold != threshold
    assert own.false_positive_rate == pytest.approx(0.002, abs=1e-4)
    assert own.true_positive_rate == pytest.approx(found.headline["TP @ 0.0020 FP"], abs=0.02)


def test_a_threshold_below_all_scores_predicts_every_bin(toy):
    point = evaluate_twin(toy, -np.inf, n_resamples=0, n_subsets=0).operating_point
    assert point.false_positive_rate == point.true_positive_rate == point.agreement.recall == 1


def test_a_network_without_voltage_and_one_that_predicts_nothing_near(toy):
    found = evaluate_twin(TwinPredictions(toy.scores, toy.true_spikes), 1.0, n_resamples=10)
    assert "soma_RMSE" not in found.headline and found.voltage_pairs_mv is None and found.soma_rmse_mv is None
    assert found.operating_point.cross_correlation is None and found.operating_point.agreement.n_predicted == 0
    assert list(found.intervals[HEADLINE]) == ["AUC", "TP @ 0.0020 FP"]
    assert len(found.plot().axes) == 1


def test_ranges_without_simulations_are_not_a_number(toy):
    found = evaluate_twin(toy, spike_ranges=("0-24", "800-900"), n_resamples=10)
    key = "starting_at_500ms_spikes_in_[800,900]_range"
    assert found.further[key]["n_simulations"] == 0
    assert all(np.isnan(value) for value in found.results[key].values())
    assert np.isnan(found.intervals[key]["AUC"]).all()


def test_a_result_is_readable_and_can_be_kept(found):
    assert pickle.loads(pickle.dumps(found)) == found
    assert json.loads(as_json(found))["results"][HEADLINE]["AUC"] == found.auc
    assert len(as_json(found.roc)) < 1e5
    assert repr(found).startswith(f"TwinEvaluation(headline_key='{HEADLINE}', auc=0.9")
    table = found.to_dataframe()
    assert list(table["filter"]) == list(found.results) and len(table) == 5
    assert table["AUC low"][2] < table["AUC"][2] == found.auc < table["AUC high"][2]


def test_the_figure_has_roc_cross_correlation_and_voltage(found):
    assert [axes.get_xlabel() for axes in found.plot().axes] == [
        "false positive rate",
        "predicted minus true spike (ms)",
        "true voltage (mV)",
    ]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: evaluate_twin(toy_predictions(counts=[0, 0])),
            "AUC of the 2 simulations with 0 to 24 spikes is undefined",
        ),
        (
            lambda: evaluate_twin(toy_predictions(counts=[30])),
            "AUC is undefined: none of 1 simulations has 0 to 24 spikes",
        ),
        (lambda: evaluate_twin(None), r"predictions must be TwinPredictions\(...\), got None"),
        (lambda: evaluate_twin(toy_predictions(), discard_ms=1500), "discard_ms must be below the length .* 1500 ms"),
        (lambda: evaluate_twin(toy_predictions(), headline="1-3"), "headline must be one of the ranges 0-18, 1-24"),
        (lambda: evaluate_twin(toy_predictions(), spike_ranges="5-3"), "spike_ranges must be ranges as 0-24"),
        (lambda: evaluate_twin(toy_predictions(), ranges="5-3"), "unknown setting 'ranges'"),
        (lambda: TwinPredictions([[0.5, 1.5]], [[0, 1]]), "scores must be probabilities"),
        (lambda: TwinPredictions([[0.5, 0.5]], [[0, 1, 0]]), "true_spikes must have the shape of scores"),
        (lambda: TwinPredictions([[0.5, 0.5]], [[0, 1]], soma_mv=[[0, 1]]), "must be given together"),
        (lambda: evaluate_twin(toy_predictions()).subset_sd("auc"), "no metric 'auc'"),
    ],
)
def test_what_is_refused_is_one_line(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
