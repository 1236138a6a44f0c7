"""Wirings: matrices, validation, changes, figures."""

import pickle
from itertools import pairwise

import keras
import numpy as np
import pytest

import rate2spike as r2s
from rate2spike.errors import InputError

d = r2s.dendrites
CHAIN = [[0, 1, 0], [0, 0, 1], [0, 0, 0]]


def test_segregated():
    wiring = d.SegregatedDendWiring(10)
    assert wiring.adjacency_matrix.shape == (10, 10) and wiring.adjacency_matrix.dtype == np.int32
    assert not wiring.adjacency_matrix.any() and not wiring.bidirection and wiring.is_segregated
    assert (wiring.n_compartment, wiring.n_input, wiring.n_output) == (10, 10, 10)
    assert wiring.input_index == wiring.output_index == list(range(10))


@pytest.mark.parametrize("bidirection", [False, True])
def test_k_to_1(bidirection):
    wiring = d.Kto1DendWiring(2, 2, 4, bidirection)
    ones = {(0, 4), (1, 4), (2, 5), (3, 5)}
    ones |= {(b, a) for a, b in ones} if bidirection else set()
    assert set(map(tuple, np.argwhere(wiring.adjacency_matrix).tolist())) == ones
    assert (wiring.k, wiring.n_compartment, wiring.n_input, wiring.n_output) == (2, 6, 4, 2)
    assert wiring.output_index == [4, 5] and wiring.bidirection is bidirection and not wiring.is_segregated


def test_the_published_spelling_is_known():
    assert d.Kto1DendWirng is d.Kto1DendWiring


def test_any_adjacency():
    wiring = d.DendWiring(np.array(CHAIN, float), 1, np.array([2, 2]))
    assert wiring.output_index == [2, 2] and wiring.n_output == 2 and wiring.input_index == [0]
    np.testing.assert_array_equal(wiring.adjacency_matrix, CHAIN)
    with pytest.raises(ValueError, match="read-only"):
        wiring.adjacency_matrix[0, 0] = 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: d.DendWiring(CHAIN, 4, [0]), "n_input must be at most the 3 compartments, got 4"),
        (lambda: d.DendWiring(CHAIN, -1, [0]), "n_input must be a whole number from 0, got -1"),
        (lambda: d.DendWiring(CHAIN, 1, [3]), "output_index must hold compartments from 0 to 2, got 3"),
        (lambda: d.DendWiring(CHAIN, 1, [-1]), "output_index must hold compartments from 0 to 2, got -1"),
        (lambda: d.DendWiring(CHAIN, 1, [0.5]), "output_index must hold compartments from 0 to 2, got 0.5"),
        (lambda: d.DendWiring(CHAIN, 1, []), "output_index must name one compartment at least"),
        (lambda: d.DendWiring(CHAIN, 1, 2), "output_index must be a sequence of indices, got 2"),
        (lambda: d.DendWiring(np.zeros((2, 3)), 1, [0]), r"must be a square matrix, got the shape \(2, 3\)"),
        (lambda: d.DendWiring([[0, 1], [0]], 1, [0]), "must be a square matrix, got rows of different lengths"),
        (lambda: d.DendWiring(np.zeros((0, 0)), 0, [0]), r"must be a square matrix, got the shape \(0, 0\)"),
        (lambda: d.DendWiring("ab", 1, [0]), "must be a square matrix"),
        (lambda: d.DendWiring([[0, 2], [0, 0]], 1, [0]), "must hold 0 and 1 alone, got 2"),
        (lambda: d.DendWiring([[0, np.nan], [0, 0]], 1, [0]), "must hold 0 and 1 alone, got nan"),
        (
            lambda: d.DendWiring([[0, 1, 0], [0, 0, 1], [1, 0, 0]], 1, [0]),
            "no cycle, got the compartments 0 -> 1 -> 2 -> 0",
        ),
        (lambda: d.Kto1DendWiring(2, 2, 3), "n_input must be k n_output = 4, got 3"),
        (lambda: d.Kto1DendWiring(0, 2), "k must be a whole number from 1, got 0"),
        (lambda: d.Kto1DendWiring(2, 2, bidirection=1), "bidirection must be true or false"),
        (lambda: d.SegregatedDendWiring(0), "n_compartment must be a whole number from 1, got 0"),
        (lambda: d.SegregatedDendWiring(2).plot(ax=3), "ax must be a matplotlib Axes, got int"),
    ],
)
def test_what_is_no_wiring_is_one_line(make, message):
    with pytest.raises(InputError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def has_long_cycle(adjacency):
    """By definition: a path back to its start that visits three compartments or more once each."""
    n = len(adjacency)

    def paths(path):
        for target in np.flatnonzero(adjacency[path[-1]]):
            if target == path[0] and len(path) > 2:
                return True
            if target not in path and paths([*path, target]):
                return True
        return False

    return any(paths([start]) for start in range(n))


def test_cycles_are_found_by_their_definition():
    rng = np.random.default_rng(0)
    found = []
    for _ in range(300):
        n = int(rng.integers(1, 6))
        adjacency = (rng.random((n, n)) < rng.choice([0.2, 0.4])).astype(int)
        expected = has_long_cycle(adjacency)
        try:
            d.DendWiring(adjacency, 1, [0])
        except InputError as error:
            assert expected, adjacency
            cycle = [int(one) for one in str(error).split("compartments ")[1].split(" -> ")]
            assert len(set(cycle)) == len(cycle) - 1 > 2
            assert all(adjacency[a, b] for a, b in pairwise(cycle))
        else:
            assert not expected, adjacency
        found.append(expected)
    assert 20 < sum(found) < 280


def test_connections_can_be_added():
    wiring = d.DendWiring(np.zeros((3, 3)), 1, [2])
    wiring.add_compartment_connection(0, 1)
    wiring.add_compartment_connection(1, 2, bidirection=True)
    expected = np.array(CHAIN)
    expected[2, 1] = 1
    np.testing.assert_array_equal(wiring.adjacency_matrix, expected)
    for arguments, message in (((2, 0), "no cycle"), ((3, 0), "source must be a compartment from 0 to 2, got 3")):
        with pytest.raises(InputError, match=message):
            wiring.add_compartment_connection(*arguments)
    np.testing.assert_array_equal(wiring.adjacency_matrix, expected)


def test_a_connection_is_added_both_ways_where_all_are():
    for both_ways in (True, False):
        wiring = d.Kto1DendWiring(1, 2, bidirection=both_ways)
        wiring.add_compartment_connection(2, 3)
        assert wiring.adjacency_matrix[2, 3] == 1 and wiring.adjacency_matrix[3, 2] == both_ways
        assert wiring.bidirection is both_ways
    to_themselves = d.DendWiring(np.eye(2), 2, [0, 1])
    assert not to_themselves.bidirection
    to_themselves.add_compartment_connection(0, 1)
    assert not to_themselves.adjacency_matrix[1, 0]


@pytest.mark.parametrize(
    "wiring",
    [d.DendWiring(CHAIN, 1, [2]), d.Kto1DendWiring(2, 3, bidirection=True), d.SegregatedDendWiring(3)],
    ids=repr,
)
def test_wirings_are_compared_shown_pickled_and_saved(wiring):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(wiring))
    assert again == pickle.loads(pickle.dumps(wiring)) == wiring != d.DendWiring(CHAIN, 2, [2])
    assert type(again) is type(wiring)
    assert repr(wiring).startswith(f"{type(wiring).__name__}(n_compartment={wiring.n_compartment}, ")


def circles(axes):
    return [patch for patch in axes.patches if type(patch).__name__ == "Circle"]


def test_the_figure_has_compartments_inputs_outputs_and_connections():
    wiring = d.Kto1DendWiring(3, 2)
    axes = wiring.plot().axes[0]
    assert len(circles(axes)) == 8
    assert sum(patch.get_facecolor()[0] < 0.9 for patch in circles(axes)) == 2  # outputs are grey
    texts = [text.get_text() for text in axes.texts if text.get_text()]
    assert sorted(texts) == sorted([*map(str, range(8)), "input", "to the soma"])
    arrows = [text for text in axes.texts if not text.get_text()]
    assert len(arrows) == 6 + 6 + 2  # connections, inputs, outputs
    heights = [patch.center[1] for patch in circles(axes)]
    assert min(heights[:6]) > max(heights[6:])  # what leads to others stands above them


def test_the_figure_of_any_wiring_goes_into_given_axes():
    wiring = d.DendWiring([[0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 1]], 0, [2, 3])  # one leads nowhere
    first = d.SegregatedDendWiring(1).plot()
    assert wiring.plot(ax=first.axes[0]) is first
    places = {patch.center for patch in circles(first.axes[0])}
    assert len(places) >= 4
