"""ROC: closed forms, ties, published definitions, the streaming form, and what is refused."""

import pickle

import numpy as np
import pytest
from scipy.special import expit, ndtr
from scipy.stats import rankdata

from rate2spike.errors import InputError
from rate2spike.spiking.twin_evaluation.roc import Roc, roc_of
from rate2spike.spiking.twin_evaluation.score_histogram import MOST_CELLS, ScoreHistogram


def rare_spikes(n=600_000, base_rate=1e-3, seed=0):
    rng = np.random.default_rng(seed)
    return rng, rng.random(n) < base_rate


def rank_statistic(spikes, scores):
    n_spikes = spikes.sum()
    return (rankdata(scores)[spikes].sum() - n_spikes * (n_spikes + 1) / 2) / n_spikes / (spikes.size - n_spikes)


@pytest.mark.parametrize("digits", [None, 2, 1])
def test_auc_is_the_rank_statistic_with_and_without_ties(digits):
    rng, spikes = rare_spikes()
    scores = expit(rng.normal(-3, 1, spikes.size) + 2 * spikes)
    scores = scores if digits is None else np.round(scores, digits)
    assert roc_of(spikes, scores).auc == pytest.approx(rank_statistic(spikes, scores), abs=1e-9)


def test_d_prime_is_the_distance_of_two_normal_distributions():
    rng, spikes = rare_spikes(base_rate=0.3)
    curve = roc_of(spikes, rng.normal(size=spikes.size) + 1.5 * spikes)
    assert curve.d_prime == pytest.approx(1.5, abs=0.01)
    assert curve.auc == pytest.approx(ndtr(1.5 / np.sqrt(2)), abs=0.003)


@pytest.mark.parametrize("scores", [[0.5, 0.5, 0.5, 0.5], [0.1, 0.9, 0.1, 0.9]])
def test_scores_that_say_nothing_give_one_half(scores):
    curve = roc_of([0, 0, 1, 1], scores)
    assert curve.auc == 0.5 and curve.d_prime == 0


def test_perfect_and_inverted_scores():
    spikes = np.array([0, 1, 0, 1, 0])
    perfect, inverted = roc_of(spikes, spikes * 1.0), roc_of(spikes, -1.0 * spikes)
    assert (perfect.auc, inverted.auc) == (1, 0) and perfect.d_prime == np.inf
    assert perfect.tpr_at(0.0001) == perfect.partial_auc(0.01) == perfect.precision_recall().area == 1


HAND_MADE = Roc([0, 0.001, 0.002, 0.01, 0.5, 1], [0, 0.5, 0.6, 0.8, 1, 1])


@pytest.mark.parametrize(
    ("fpr", "tpr"), [(0, 0.5), (0.0001, 0.5), (0.0014, 0.5), (0.0016, 0.6), (0.002, 0.6), (0.2, 0.8), (0.9, 1)]
)
def test_hits_at_few_false_alarms_are_those_of_the_nearest_vertex_but_the_first(fpr, tpr):
    assert HAND_MADE.tpr_at(fpr) == tpr


def test_partial_auc_is_the_mean_height_below_a_rate():
    grid = np.arange(20_000) / 19_999
    for fpr in (0.0001, 0.002, 0.0025, 0.1):
        expected = np.interp(grid, HAND_MADE.false_positive_rate, HAND_MADE.true_positive_rate)[grid < fpr].mean()
        assert HAND_MADE.partial_auc(fpr) == pytest.approx(expected, abs=1e-12)
    assert HAND_MADE.partial_auc(0.001) == pytest.approx(0.25, abs=0.02)  # the triangle to (0.001, 0.5)
    assert HAND_MADE.partial_auc(1) == pytest.approx(HAND_MADE.auc, abs=1e-4)


def test_points_inside_a_straight_stretch_do_not_count_as_vertices():
    """Three spikes lead: the vertex nearest to no false alarms is the one with all three, not that of the first."""
    curve = roc_of([1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0], np.arange(14)[::-1])
    assert curve.tpr_at(0.0001) == 0.75
    assert curve.corners.tolist() == [0, 3, 12, 13, 14]


def test_the_threshold_gives_the_false_positive_rate_asked_for():
    rng, spikes = rare_spikes()
    scores = expit(rng.normal(-9, 2, spikes.size) + 5 * spikes)
    chosen = roc_of(spikes[::2], scores[::2]).threshold_at(0.002)  # validation
    assert (scores[::2] > chosen)[~spikes[::2]].mean() == pytest.approx(0.002, abs=1 / 300_000)
    assert (scores[1::2] > chosen)[~spikes[1::2]].mean() == pytest.approx(0.002, abs=5e-4)


@pytest.mark.parametrize("fpr", [0, 0.002, 0.7, 1])
def test_a_threshold_always_predicts_some_spikes(fpr):
    scores = np.array([0.2, 0.2, 0.2, 0.9, 0.9])
    predicted = scores > roc_of([0, 0, 0, 0, 1], scores).threshold_at(fpr)
    assert predicted.sum() == (2 if fpr < 0.6 else 5)


def test_average_precision_of_a_hand_made_case():
    found = roc_of([1, 0, 1, 0, 0], [0.9, 0.8, 0.7, 0.6, 0.5]).precision_recall()
    assert found.area == pytest.approx((1 + 2 / 3) / 2) and found.base_rate == 0.4
    assert found.precision.tolist() == pytest.approx([1, 1 / 2, 2 / 3, 2 / 4, 2 / 5])


CROWDED = {
    "a network's": lambda rng, spikes: expit(rng.normal(-9, 2, spikes.size) + 5 * spikes),
    "all within a thousandth": lambda rng, spikes: 1e-3 + 1e-6 * (rng.normal(size=spikes.size) + 2 * spikes),
    "all below 1e-9": lambda rng, spikes: 1e-9 * rng.random(spikes.size) ** (1 - 0.7 * spikes),
    "some 0 and some 1": lambda rng, spikes: expit((rng.normal(-30, 20, spikes.size) + 30 * spikes).astype("f4")),
    "rounded": lambda rng, spikes: np.round(expit(rng.normal(-7, 2, spikes.size) + 5 * spikes), 3),
}


@pytest.mark.parametrize("kind", CROWDED)
def test_the_streaming_form_is_within_1e_minus_4_of_exact(kind):
    rng, spikes = rare_spikes()
    scores = CROWDED[kind](rng, spikes)
    exact, streamed = roc_of(spikes, scores), ScoreHistogram.of(spikes, scores).roc()
    assert streamed.auc == pytest.approx(exact.auc, abs=1e-5)
    for fpr in (0.0001, 0.002, 0.01, 0.1):
        assert streamed.partial_auc(fpr) == pytest.approx(exact.partial_auc(fpr), abs=1e-4)
    assert streamed.precision_recall().area == pytest.approx(exact.precision_recall().area, abs=1e-4)
    realised = [(scores > one.threshold_at())[~spikes].mean() for one in (exact, streamed)]
    assert realised[1] == pytest.approx(realised[0], abs=5e-5)


def test_histograms_add_up_in_any_order():
    rng, spikes = rare_spikes(800_000)
    scores = expit(rng.normal(-9, 2, spikes.size) + 5 * spikes)
    parts = [ScoreHistogram.of(*one) for one in zip(np.split(spikes, 8), np.split(scores, 8), strict=True)]
    forwards, backwards = sum(parts[1:], parts[0]), sum(parts[-2::-1], parts[-1])
    assert forwards == backwards == ScoreHistogram.of(spikes, scores) != parts[0]
    assert forwards.n_cells <= MOST_CELLS < 800_000 and forwards.n_halvings > parts[0].n_halvings
    assert (forwards.n_bins, forwards.n_spikes) == (800_000, spikes.sum())
    assert pickle.loads(pickle.dumps(forwards)) == forwards


@pytest.mark.parametrize(
    ("spikes", "scores", "message"),
    [
        ([0, 0], [0.1, 0.2], "AUC is undefined: there are no spikes among the 2 ms of spikes"),
        ([1, 1], [0.1, 0.2], "AUC is undefined: there are only spikes among the 2 ms"),
        ([], [], "spikes must be an array of numbers"),
        ([0, 2], [0.1, 0.2], "spikes must hold 0 and 1 alone, got 2"),
        ([0, 1], [0.1, np.nan], "scores has 1 values that are not finite"),
        ([0, 1], [0.1], r"scores must have the shape of spikes, \(2,\), got \(1,\)"),
        ([0, 1], ["a", "b"], "scores must be an array of numbers"),
    ],
)
def test_what_is_refused_is_one_line(spikes, scores, message):
    for function in (roc_of, lambda *given: ScoreHistogram.of(*given).roc()):
        with pytest.raises(InputError, match=message) as caught:
            function(spikes, scores)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ScoreHistogram.of([0, 1], [0.5, 1.5]), "scores must be probabilities, from 0 to 1, got 0.5 to 1.5"),
        (lambda: Roc([0, 0.5, 0.4, 1], [0, 0, 0, 1]), "false_positive_rate must rise from 0 to 1 and never fall"),
        (lambda: Roc([0, 0.5, 1], [0, 1]), "true_positive_rate must be as long as false_positive_rate"),
        (lambda: Roc([[0, 1], [1]], [0, 1]), "false_positive_rate must be an array, got"),
        (lambda: Roc([0, 1], [0, 1], ["a", "b"]), "threshold must be an array of numbers, got"),
        (lambda: Roc([0, 1], [0, 1], n_spikes=object), "n_spikes must be a whole number from 1"),
        (lambda: ScoreHistogram([1], [np.nan], [1]), "with_spike must be an array of numbers, got"),
        (lambda: HAND_MADE.tpr_at(2), "fpr must be a number from 0 to 1, got 2"),
        (lambda: HAND_MADE.partial_auc(0), "fpr must be a number above 0 and at most 1, got 0"),
        (lambda: HAND_MADE.threshold_at(), "made without scores"),
        (lambda: HAND_MADE.precision_recall(), "precision needs n_spikes and n_bins"),
    ],
)
def test_wrong_calls_are_one_line(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_the_figure_has_an_inset():
    figure = roc_of([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).plot()
    (axes,) = figure.axes
    assert len(axes.child_axes) == 1 and axes.get_title() == "AUC 0.7500"


def test_precision_over_recall_is_drawn_into_given_axes():
    from rate2spike.figures import Figure

    figure = Figure()
    axes = figure.subplots()
    assert roc_of([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).precision_recall().plot(axes) is figure
    assert axes.get_title() == "average precision 0.833"
