"""Settings for twins of ball-and-stick cells: sizes, and that a fit takes them and learns."""

import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.neuron_as_net.ball_and_stick_fit import ball_and_stick_fit
from rate2spike.spiking.neuron_as_net.fit import fit
from rate2spike.spiking.neuron_as_net.network import TwinNetwork
from rate2spike.spiking.twin_data.config import SimulationConfig, simulate_sets


@pytest.mark.parametrize(("cell", "slowest_ms"), [("AMPA_point", 20), ("NMDA_cable", 70)])
def test_sizes(cell, slowest_ms):
    how = ball_and_stick_fit(cell, n_epochs=7)
    assert how.architecture.n_parameters == 19_484 + 2 * 16 * 128
    assert how.architecture.more_tau_branch_ms[-1] == slowest_ms and how.schedule.n_epochs == 7


def test_a_fit_takes_them(tmp_path):
    config = SimulationConfig(cell="AMPA_point", n_train=4, n_valid=1, n_test=0, with_dendrites=True, seed=1)
    data = simulate_sets(config, tmp_path, progress=False)
    how = ball_and_stick_fit("AMPA_point", n_epochs=2, n_memory=8)
    settings = {**how.settings, "batches_per_epoch": 20, "valid_batches": 4}
    network = TwinNetwork(how.architecture, 1)
    result = fit(network, data["train"], data["valid"], how.schedule, how.targets, progress=False, **settings)
    first, last = result.history
    assert result.n_updates == 40 and set(first["loss_weights"]) == {one.name for one in how.architecture.heads}
    assert last["val_somatic_loss"] < 0.8 * first["somatic_loss"]
    settings = {**how.long_settings, "batches_per_epoch": 2, "valid_batches": 1}
    again = fit(network, data["train"], data["valid"], how.long_schedule, how.targets, progress=False, **settings)
    assert how.long_schedule.n_epochs == 1 and again.history[0]["loss"] < first["loss"]


def test_an_unknown_cell_is_refused():
    with pytest.raises(InputError, match="unknown cell 'L5PC'"):
        ball_and_stick_fit("L5PC")
