"""Accuracy against complexity: the index of Aizenbud et al., and best-so-far curves."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.twin_evaluation.complexity import best_so_far, functional_complexity_index


def test_the_index_is_1_at_auc_0_9_and_0_at_0_999():
    auc = np.linspace(0.9, 0.999, 50)
    index = [functional_complexity_index(one) for one in auc]
    np.testing.assert_allclose(index, np.log10(1000 * (1 - auc)) / np.log10(1000 * (1 - 0.9)), atol=1e-12)
    assert index[0] == pytest.approx(1) and index[-1] == pytest.approx(0, abs=1e-10)
    assert functional_complexity_index(1) == -np.inf and functional_complexity_index(0.9999) < 0


def test_the_curve_is_monotone_and_its_errors_are_those_of_its_rows():
    rng = np.random.default_rng(0)
    depth, auc, error = rng.integers(1, 9, 200), rng.random(200), rng.random(200)
    found = best_so_far(depth, auc, error, min_change=0)
    assert (np.diff(found.value) >= 0).all() and (np.diff(found.complexity) > 0).all()
    np.testing.assert_array_equal(found.value, auc[found.row])
    np.testing.assert_array_equal(found.error, error[found.row])
    assert (depth[found.row] <= found.complexity).all()
    for x, value in zip(found.complexity, found.value, strict=True):
        assert value == auc[depth <= x].max()


def test_a_point_that_does_not_improve_has_value_and_error_of_the_best():
    """The published figure took the error bar of the network at that depth, which is another one."""
    found = best_so_far([1, 2, 3], [0.90, 0.95, 0.80], [0.1, 0.2, 0.3])
    assert found.complexity.tolist() == [1, 2, 3] and found.value.tolist() == [0.90, 0.95, 0.95]
    assert found.row.tolist() == [0, 1, 1] and found.error.tolist() == [0.1, 0.2, 0.2]


def test_small_changes_are_left_out_but_for_the_last():
    value = [0.0, 0.9, 0.91, 0.92, 0.99, 1.0]
    assert best_so_far(range(6), value, min_change=0.05).complexity.tolist() == [0, 1, 4, 5]
    assert best_so_far(range(6), value, min_change=0).complexity.tolist() == [0, 1, 2, 3, 4, 5]
    assert best_so_far(range(6), value, min_change=1).complexity.tolist() == [0, 5]


def test_small_errors_are_good_on_demand_and_what_is_not_known_is_left_out():
    found = best_so_far([4, 1, 2, 3], [0.7, 1.0, np.nan, 0.9], min_change=0, larger_is_better=False)
    assert found.complexity.tolist() == [1, 3, 4] and found.value.tolist() == [1.0, 0.9, 0.7]
    assert found.row.tolist() == [1, 3, 0] and found.error is None
    assert list(found.to_dataframe()) == ["complexity", "value", "row"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: functional_complexity_index(1.2), "auc must be a number from 0 to 1, got 1.2"),
        (lambda: best_so_far([1, 2], [1]), r"value must have the shape of complexity, \(2,\), got \(1,\)"),
        (lambda: best_so_far([1, 2], [1, 2], [1]), "error must have the shape of complexity"),
        (lambda: best_so_far([1], [np.nan]), "no value is known"),
        (lambda: best_so_far([], []), "complexity must be an array of numbers"),
    ],
)
def test_what_is_refused_is_one_line(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
