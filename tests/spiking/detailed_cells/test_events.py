"""Events of synapses: as lists, as matrices, and what is refused."""

import pickle

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.events import SynapticEvents


@pytest.mark.parametrize("weighted", [False, True])
def test_matrices_and_lists_are_the_same(weighted):
    rng = np.random.default_rng(1)
    x = rng.random((20, 300)) < 0.02
    x = np.where(x, rng.random(x.shape), 0).astype("f4") if weighted else x
    events = SynapticEvents.from_dense(x)
    assert events.n_events == np.count_nonzero(x) and (events.weight is None) == (not weighted)
    assert (np.diff(events.time_ms) >= 0).all()
    np.testing.assert_array_equal(events.to_dense(), x)
    assert pickle.loads(pickle.dumps(events)) == events != SynapticEvents.from_dense(x[::-1])


def test_weights_of_one_place_add_up():
    events = SynapticEvents(2, 5, [3, 3], [1, 1], [0.5, 2.0])
    assert events.to_dense()[1, 3] == 2.5


def test_no_events_are_fine():
    assert not SynapticEvents(4, 9, [], []).to_dense().any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, 10, [1, 2], [0]), "synapse must be as long as time_ms, 2, got 1"),
        ((3, 10, [1], [0], [1.0, 2.0]), "weight must be as long as time_ms, 1, got 2"),
        ((3, 10, [10], [0]), "time_ms must be from 0 to 9, got 10"),
        ((3, 10, [1], [3]), "synapse must be from 0 to 2, got 3"),
        ((3, 10, [-1], [0]), "time_ms must be from 0 to 9, got -1"),
        ((3, 10, [1], [-1]), "synapse must be from 0 to 2, got -1"),
        ((3, 10, [2**40], [0]), "time_ms must be from 0 to 9, got 1099511627776"),
        ((3, 10, [[1], [1, 2]], [0]), "time_ms must be a list of whole numbers, got"),
        ((3, 10, [1], [0], [1e300]), r"weight must be a list of finite numbers, got \[1e\+300\]"),
        ((3, 0, [], []), "duration_ms must be a whole number from 1, got 0"),
        ((3, 10, [2, 1], [0, 0]), "time_ms must be sorted"),
        ((3, 10, [1, 1], [2, 0]), "time_ms must be sorted, and events of one time by synapse"),
        ((3, 10, [1.5], [0]), "time_ms must be a list of whole numbers, got"),
        ((3, 10, [1], [0], [np.nan]), "weight must be a list of finite numbers"),
        ((0, 10, [], []), "n_synapses must be a whole number from 1, got 0"),
    ],
)
def test_what_is_refused_is_one_line(arguments, message):
    with pytest.raises(InputError, match=message) as caught:
        SynapticEvents(*arguments)
    assert "\n" not in str(caught.value)


def test_what_is_no_matrix_is_one_line():
    with pytest.raises(InputError, match=r"x must be a matrix \(n_synapses, duration_ms\)"):
        SynapticEvents.from_dense(np.zeros(5))
    with pytest.raises(InputError, match=r"x must be a matrix .* got \[\[1\], \[1, 0\]\]"):
        SynapticEvents.from_dense([[1], [1, 0]])
