"""Compartments of recurrent networks: what ends where, and what reaches the soma."""

import numpy as np
import pytest

from rate2spike.dendritic_input import DendriticInput, drawn_compartments


def an_input(kind: str, **changes: float) -> DendriticInput:
    settings = {"gain": 2.0, "threshold": 1.0, "slope": 4.0, **changes}
    return DendriticInput(kind, 3, drawn_compartments(5, 3, np.random.default_rng(1)), **settings)


@pytest.mark.parametrize("kind", ["active", "subunit"])
def test_nothing_flows_at_rest_and_half_the_gain_is_reached_at_the_threshold(kind):
    dendrites = an_input(kind)
    assert dendrites.current(np.zeros(2)) == pytest.approx(0, abs=1e-15)
    at_rest = 1 / (1 + np.exp(4.0))
    assert dendrites.current(np.array(1.0)) == pytest.approx((kind == "active") + 2 * (0.5 - at_rest), rel=1e-12)
    assert np.isfinite(dendrites.current(np.array([-1e6, 1e6]))).all()


def test_without_gain_an_active_compartment_passes_its_voltage():
    v = np.linspace(-3, 3, 7)
    np.testing.assert_array_equal(an_input("active", gain=0.0).current(v), v)


def test_every_weight_ends_on_one_compartment():
    w = np.arange(25, dtype=np.float32).reshape(5, 5) - 7
    split = an_input("active").by_compartment(w)
    assert split.shape == (5, 3, 5) and split.dtype == np.float32
    np.testing.assert_array_equal(split.sum(1), w)
    assert ((split != 0).sum(1) <= 1).all()


def test_it_can_be_read_and_compared():
    assert repr(an_input("subunit")) == "DendriticInput(kind='subunit', n_compartments=3, gain=2, threshold=1, slope=4)"
    assert an_input("active") == an_input("active") != an_input("active", gain=1.0)
