"""Circuit manipulations: what changes, and what does not."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.simulator.manipulations import (
    lesion,
    remove_self_connections,
    replace_weights,
    scale_connections,
    shuffle_weights,
    units_in,
)
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.stimulation import Stimulation

from helpers import small_model

U = np.ones((1, 21)) * 30


@pytest.fixture
def network() -> SpikingNetwork:
    return SpikingNetwork.from_model(small_model(n_units=30, n_som=2), 5.0)


@pytest.mark.parametrize(("source", "target"), [("E", "E"), ("E", "I"), ("I", "E"), ("I", "I"), ("SOM", "all")])
def test_scaling_touches_one_class_alone(network, source, target):
    changed = scale_connections(network, source, target, 1.3)
    inside = np.zeros(network.w.shape, bool)
    inside[np.ix_(units_in(network, target), units_in(network, source))] = True
    np.testing.assert_allclose(changed.w[inside], network.w[inside] * 1.3, rtol=1e-6)
    np.testing.assert_array_equal(changed.w[~inside], network.w[~inside])
    assert not np.array_equal(changed.run(U, seed=1).output, network.run(U, seed=1).output)


def test_no_unit_drives_itself(network):
    changed = remove_self_connections(network)
    assert not np.diag(changed.w).any() and np.diag(network.w).any()
    off = ~np.eye(30, dtype=bool)
    np.testing.assert_array_equal(changed.w[off], network.w[off])


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_lesioned_units_never_fire_even_when_stimulated_and_the_rest_is_as_if_they_were_not_there(network, precision):
    gone = units_in(network, "I")
    pushed = Stimulation("exc", 0, 2000, tuple(range(30)), amplitude_mv=50.0)
    changed = lesion(network, "I")
    record = changed.run(U, seed=1, record=("spikes", "voltage", "output"), stimulation=pushed, precision=precision)
    assert not np.isin(record.events[:, 0], gone).any() and record.events.size
    np.testing.assert_allclose(record.voltage_mv[gone], -65)
    cut = scale_connections(network, "I", "all", 0.0).run(
        U, seed=1, record=("spikes",), stimulation=pushed, precision=precision
    )
    kept = np.isin(cut.events[:, 0], gone, invert=True)
    np.testing.assert_array_equal(cut.events[kept], record.events)


def test_lesions_add_up(network):
    assert np.flatnonzero(lesion(lesion(network, [3]), (5, 3)).silent).tolist() == [3, 5]


def test_shuffling_keeps_sign_sparsity_and_the_weights(network):
    changed = shuffle_weights(network, 3)
    np.testing.assert_array_equal(np.sign(changed.w), np.sign(network.w))
    np.testing.assert_array_equal(np.sort(changed.w, axis=None), np.sort(network.w, axis=None))
    assert not np.array_equal(changed.w, network.w)
    np.testing.assert_array_equal(changed.w, shuffle_weights(network, 3).w)
    assert not np.array_equal(changed.w, shuffle_weights(network, 4).w)
    inputs = shuffle_weights(network, 3, which="w_in")
    assert not np.array_equal(inputs.w_in, network.w_in)
    np.testing.assert_array_equal(np.sort(inputs.w_in, axis=0), np.sort(network.w_in, axis=0))


def test_replaced_weights(network):
    changed = replace_weights(network, w=np.zeros((30, 30)), w_in=network.w_in * 2)
    assert not changed.w.any() and changed.w.dtype == network.w.dtype
    np.testing.assert_allclose(changed.w_in, network.w_in * 2)


def test_the_same_seed_is_frozen_noise_for_every_network(network):
    """Units that nothing reaches move alike in both."""
    quiet = replace_weights(network, w=np.zeros((30, 30)))
    a = quiet.run(U, seed=4, record=("voltage",)).voltage_mv
    b = lesion(quiet, [0]).run(U, seed=4, record=("voltage",)).voltage_mv
    np.testing.assert_allclose(a[1:], b[1:], atol=1e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda n: scale_connections(n, "E", "I", -1), "factor of at least 0, got -1"),
        (lambda n: scale_connections(n, "E", "I", np.nan), "finite factor"),
        (lambda n: scale_connections(n, "PV", "I", 1), "no unit is of type 'PV': types are"),
        (lambda n: lesion(n, [30]), r"unit 30 \(from 0\) does not exist: the network has 30"),
        (lambda n: shuffle_weights(n, 1, which="w_out"), "'w' or 'w_in', got 'w_out'"),
        (lambda n: replace_weights(n, w=np.zeros((3, 3))), "w must be 30 x 30, got 3 x 3"),
        (lambda n: replace_weights(n, w_in=np.full((30, 1), np.nan)), "w_in holds NaN"),
    ],
)
def test_refusals(network, call, message):
    with pytest.raises(InputError, match=message):
        call(network)
