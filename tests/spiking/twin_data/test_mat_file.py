"""Data sets for MATLAB: what is in the file is what was simulated."""

import json
from dataclasses import replace

import numpy as np
import pytest
import scipy.io

from rate2spike.errors import InputError
from rate2spike.matlab_compat.matfile import loadmat
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
from rate2spike.spiking.detailed_cells.recording import CellRecording
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_data.mat_file import save_mat
from rate2spike.spiking.twin_data.random_input import POINT_INPUT
from rate2spike.spiking.twin_data.shard_file import ShardHead, write_shard
from rate2spike.spiking.twin_data.shards import CellDataset, shard_path
from rate2spike.spiking.twin_data.simulate import simulate


@pytest.fixture
def dataset(tmp_path):
    settings = replace(POINT_INPUT, duration_ms=1500)
    return simulate(IntegrateAndFire(), settings, tmp_path / "set", 4, 2, progress=False)


@pytest.mark.parametrize("version", ["5", "7", "7.3"])
def test_all_of_a_simulation_is_there(dataset, tmp_path, version):
    save_mat(dataset, tmp_path / "a.mat", version=version)
    found = loadmat(tmp_path / "a.mat", simplify=True)
    assert (found["n_synapses"], found["duration_ms"], len(found["simulations"])) == (100, 1500, 4)
    assert json.loads(found["configuration"]) == dataset.configuration
    for there, here in zip(found["simulations"], dataset, strict=True):
        assert there["number"] == here.number and there["drawn"]["hold_ms"] == here.drawn["hold_ms"]
        np.testing.assert_array_equal(there["event_time_ms"], here.events.time_ms)
        np.testing.assert_array_equal(there["event_synapse"], here.events.synapse + 1)
        np.testing.assert_array_equal(there["v_soma_mv"], here.recording.v_soma_mv)
        np.testing.assert_array_equal(np.ravel(there["spike_times_ms"]), here.recording.spike_times_ms)


def test_another_reader_finds_the_same(dataset, tmp_path):
    save_mat(dataset, tmp_path / "a.mat", [3, -3])
    cells = scipy.io.loadmat(tmp_path / "a.mat", simplify_cells=True)["simulations"]
    assert [one["number"] for one in cells] == [3, 1]
    assert cells[0]["v_soma_mv"].dtype == np.float32 and set(cells[0]) == {
        *("number", "drawn", "event_time_ms", "event_synapse", "v_soma_mv", "spike_times_ms")
    }


def test_dendrites_weights_and_fine_voltages_are_there(tmp_path):
    rng = np.random.default_rng(0)
    recording = CellRecording(
        rng.random(50).astype("f4"),
        np.array([3.125]),
        rng.random(50).astype("f4"),
        rng.random((3, 50)).astype("f2"),
        rng.random(200).astype("f4"),
        4,
    )
    drawn = {"clusters": [3, 8], "period_ms": None}
    one = CellSimulation(0, SynapticEvents(6, 50, [1, 4], [5, 0], [0.5, 2.0]), recording, drawn)
    write_shard(ShardHead(shard_path(tmp_path, 0), {}, 0, (0,)), [one])
    save_mat(CellDataset.open(tmp_path), tmp_path / "a.mat")
    (there,) = np.atleast_1d(loadmat(tmp_path / "a.mat", simplify=True)["simulations"])
    np.testing.assert_array_equal(there["v_dendrites_mv"], recording.v_dendrites_mv)
    np.testing.assert_array_equal(there["v_soma_fine_mv"], recording.v_soma_fine_mv)
    np.testing.assert_array_equal(there["event_weight"], one.events.weight)
    assert set(there["drawn"]) == {"clusters"} and there["drawn"]["clusters"].tolist() == [3, 8]
    assert there["fine_per_ms"] == 4 and there["v_dendrites_mv"].dtype == np.float32


@pytest.mark.parametrize(
    ("which", "message"), [([4], "number of a simulation must be at most 3, got 4"), ([], "simulations must name one")]
)
def test_simulations_that_there_are_not_are_one_line(dataset, tmp_path, which, message):
    with pytest.raises(InputError, match=message):
        save_mat(dataset, tmp_path / "a.mat", which)
