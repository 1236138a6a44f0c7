"""The index of selectivity: its ends, what it does not depend on, and decoding by preferred classes."""

import numpy as np
import pytest

from rate2spike.spiking.dendrite_examples.selectivity import class_means, preferred_share, selectivity


def test_the_index_is_1_for_one_class_and_0_for_all_alike():
    assert selectivity(np.array([[0.0, 3.0, 0.0, 0.0], [2.0, 2.0, 2.0, 2.0], [0.0] * 4])) == pytest.approx([1, 0, 0])


def test_half_of_the_classes_alike_is_in_between():
    """n classes of which m excite alike: Σ r/n = m/n, Σ r²/n = m/n, so S = (1 - m/n) / (1 - 1/n)."""
    for m in range(1, 11):
        means = np.r_[np.ones(m), np.zeros(10 - m)][None]
        assert selectivity(means)[0] == pytest.approx((1 - m / 10) / 0.9)


def test_neither_the_size_of_responses_nor_the_order_of_classes_matters():
    means = np.random.default_rng(0).random((5, 10))
    assert selectivity(7 * means) == pytest.approx(selectivity(means))
    assert selectivity(means[:, ::-1]) == pytest.approx(selectivity(means))


def test_means_of_classes():
    responses = np.array([[1.0, 0], [3, 0], [0, 5]])
    assert class_means(responses, np.array([0, 0, 2]), 3).tolist() == [[2, 0, 0], [0, 0, 5]]


def test_units_vote_for_the_class_that_they_prefer():
    means = np.array([[5.0, 0, 1], [0, 4, 0], [0, 6, 1]])  # two units for class 1, none for class 2
    responses = np.array([[3.0, 1, 1], [2.0, 0, 5], [0, 1, 0]])
    assert preferred_share(responses, np.array([0, 1, 1]), means) == 1
    assert preferred_share(responses, np.array([2, 0, 1]), means) == pytest.approx(1 / 3)
