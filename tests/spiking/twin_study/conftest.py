"""A small study of a point neuron that the tests of this room share."""

import pytest

from rate2spike.spiking.twin_data.config import SimulationConfig, simulate_sets
from rate2spike.spiking.twin_study.fitting import fit_networks
from rate2spike.spiking.twin_study.plan import FitPlan

QUICK = dict(
    batch_size=4, window_ms=300, left_out_ms=80, batches_per_epoch=3, valid_batches=2, epochs_per_stage=1, n_epochs=3
)


@pytest.fixture(scope="session")
def point_sets(tmp_path_factory):
    """Folder with train, valid, test and other."""
    folder = tmp_path_factory.mktemp("point")
    sizes = dict(cell="integrate_and_fire", n_train=4, n_valid=4, n_test=4, duration_ms=2000)
    simulate_sets(SimulationConfig(**sizes), folder, progress=False)
    return folder


@pytest.fixture(scope="session")
def point_fits(point_sets, tmp_path_factory):
    """Fitted networks: a linear one and an ELM neuron."""
    plan = FitPlan(architectures=("linear-80", "elm-4"), **QUICK)
    return fit_networks(point_sets, plan, tmp_path_factory.mktemp("fits"), progress=False)
