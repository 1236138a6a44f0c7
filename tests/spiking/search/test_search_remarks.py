"""What is said of a search that ends badly, and when nothing is said."""

import numpy as np
import pytest

from rate2spike.spiking.search.grid import grid_search
from rate2spike.spiking.search.remarks import remarks_on

from helpers import small_model

GRID = range(20, 76, 5)
FAILS, SHORT, EDGE = "the spiking network fails: accuracy", "does not convert: accuracy", "is the"


def remarks(accuracies, n_trials=100, factors=GRID, chosen=None):
    accuracies = np.pad(accuracies, (0, len(factors) - len(accuracies)), constant_values=0.2)
    best = factors[int(np.argmax(accuracies))] if chosen is None else chosen
    counts = None if n_trials is None else np.broadcast_to(n_trials, len(factors))
    return remarks_on(factors, accuracies, best, counts, "diagnose FILE")


def test_a_network_that_does_not_convert():
    (text,) = remarks([0.3, 0.35])
    assert text.startswith(f"{FAILS} 0.350 at the best scaling factor") and text.endswith("`diagnose FILE` says why")
    (text,) = remarks([0.5] * 12)  # nothing rises towards an edge
    assert FAILS in text
    (text,) = remarks([0.3, 0.94])
    assert SHORT in text and "below 0.95" in text and "`diagnose FILE`" in text
    assert remarks([0.3, 0.95]) == ()
    assert FAILS in remarks([0.2, 0.75], n_trials=4)[0] and SHORT in remarks([0.2, 0.75])[0]
    assert SHORT in remarks([0.2, 0.75], n_trials=None)[0]  # a file that does not say how many trials


@pytest.mark.parametrize(
    ("accuracies", "words"),
    [
        ([0.98, 0.9], "20, is the smallest tried: try smaller ones too, such as 5:5:75"),
        ([0.2] * 11 + [0.98], "75, is the largest tried: try larger ones too, such as 20:5:90"),
    ],
)
def test_the_edge_of_the_grid(accuracies, words):
    (text,) = remarks(accuracies)
    assert words in text
    assert len(remarks(np.array(accuracies) - 0.1)) == 2


def test_no_edge_where_nothing_better_can_lie_beyond():
    assert remarks([1.0, 0.9]) == ()
    assert remarks([0.97, 0.97]) == ()  # the first of two equal ones
    assert remarks([0.97] * 12) == ()
    assert remarks([0.97], factors=[30]) == ()


def test_few_trials_are_no_equal_of_many():
    """The adaptive strategy leaves others with few trials and, by luck, as high an accuracy."""
    accuracies, counts = [0.97, 0.98], [100, 20] + [20] * 10
    assert "smallest" in remarks(accuracies, counts, chosen=20)[0]


def test_suggested_ranges_stay_positive():
    assert "such as 1:1:5" in remarks([0.98], factors=[5, 10, 15])[0]
    assert "such as 2:4:18" in remarks([0.98], factors=[6, 10, 14, 18])[0]
    assert "such as 20:10:70" in remarks([0.1, 0.2, 0.98], factors=[20, 30, 40])[0]


def test_order_of_the_factors_does_not_matter():
    assert remarks([0.1, 0.98, 0.2], factors=[40, 20, 30]) == remarks([0.98, 0.2, 0.1], factors=[20, 30, 40])


def test_the_result_of_a_search_has_them():
    result = grid_search(small_model(), "afc", (1e6, 2e6), 4, seed=1)  # silent
    (text,) = [text for text in result.remarks if FAILS in text or SHORT in text]
    assert "r2s.diagnose(model, task, best_factor)" in text
