"""Spiking networks with dendrites: against closed forms, against points, and both paths against each other."""

import numpy as np
import pytest

from rate2spike.dendritic_input import DendriticInput, drawn_compartments
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import NEURONS, neuron_params
from rate2spike.spiking.simulator.recording import RECORDABLE

from helpers import small_model

N, C = 30, 4
DRIVE_MV = {"lif": 5.0, "qif": 50.0, "adlif": 5.0, "eif": 5.0}
U = np.ones((1, 41))


def dendrites(kind="active", gain=4.0, threshold=1.0, slope=2.0, n_units=N, n_compartments=C, seed=0) -> DendriticInput:
    ends = drawn_compartments(n_units, n_compartments, np.random.default_rng(seed))
    return DendriticInput(kind, n_compartments, ends, gain, threshold, slope)


def network(of_dendrites, kind="lif", factor=20.0, **constants) -> SpikingNetwork:
    model = small_model(n_units=N, w_in=np.full((N, 1), DRIVE_MV[kind]), dtype=np.float64, dendrites=of_dendrites)
    return SpikingNetwork.from_model(model, factor, params=neuron_params(kind, **constants))


@pytest.mark.parametrize("kind", NEURONS)
@pytest.mark.parametrize(
    "tau_r_s", [0.002, 0.0, np.where(np.arange(N) % 3 == 0, 0.0, 0.003)], ids=["rise", "none", "mixed"]
)
def test_compartments_that_pass_on_what_they_get_make_a_network_of_points(kind, tau_r_s):
    points, linear = (network(one, kind, tau_r_s=tau_r_s) for one in (None, dendrites(gain=0.0)))
    wanted, got = (one.run(U, seed=1, record=RECORDABLE, precision="float64") for one in (points, linear))
    np.testing.assert_array_equal(got.events, wanted.events)
    assert len(wanted.events) > 200
    for name in ("output", "voltage_mv", "rates", "ipsc"):
        np.testing.assert_allclose(getattr(got, name), getattr(wanted, name), rtol=1e-9, atol=1e-9, err_msg=name)
