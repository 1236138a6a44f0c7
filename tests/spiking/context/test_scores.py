"""Scores by hand, among them the case in which the published metric changed its meaning."""

import numpy as np
import pytest

from rate2spike.spiking.context.readout import Scores


def scores(logits, targets):
    return Scores.of(np.array(logits, float), np.array(targets))


def test_small_positive_logits_say_yes():
    yes = [[1], [1], [1], [1]]
    assert scores([[0.1], [0.3], [0.4], [0.2]], yes).accuracy == 1.0
    assert scores([[0.1], [0.3], [0.4], [-0.2]], yes).accuracy == 0.75


def test_counts_by_hand():
    found = scores([[1, -1], [2, 3], [-1, -2], [1, 1]], [[1, 0], [0, 1], [1, 0], [1, 0]])
    assert found.accuracy == 5 / 8 and found.accuracy_per_position == [0.5, 0.75]
    assert found.precision == 3 / 5 and found.recall == 3 / 4
    assert found.balanced_accuracy == (3 / 4 + 2 / 4) / 2
    assert found.f1 == pytest.approx(2 * 0.6 * 0.75 / 1.35)


def test_batches_add_up():
    logits, targets = np.random.default_rng(0).normal(size=(40, 3)), np.random.default_rng(1).integers(0, 2, (40, 3))
    whole, parts = (
        Scores.of(logits, targets),
        Scores.of(logits[:15], targets[:15]) + Scores.of(logits[15:], targets[15:]),
    )
    assert whole.as_record() == parts.as_record()


def test_constant_answers_are_at_chance():
    targets = np.eye(5, dtype=int)
    always_no = scores(-np.ones((5, 5)), targets)
    assert always_no.accuracy == 0.8 and always_no.balanced_accuracy == 0.5
    assert scores([[-1.0]], [[0]]).balanced_accuracy == 1.0
    assert always_no.precision == always_no.recall == always_no.f1 == 0
