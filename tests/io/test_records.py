"""SpikeRecord on disk, atomic writing, run folders."""

import os
import tomllib
from dataclasses import fields

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.io.atomic_file import make_folder, write_atomically
from rate2spike.io.run_folder import RunFolder
from rate2spike.io.toml_file import to_toml
from rate2spike.matlab_compat.matfile import loadmat, savemat
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.recording import RECORDABLE
from rate2spike.spiking.simulator.spike_record import SpikeRecord

from helpers import small_model


def recorded(dtype=np.float32, record=RECORDABLE):
    return SpikingNetwork.from_model(small_model(dtype=dtype), 5.0).run(np.ones((1, 4)) * 20, seed=1, record=record)


@pytest.mark.parametrize("record", [RECORDABLE, ("output",), ()])
def test_hdf5_round_trip_is_exact(tmp_path, record):
    one = recorded(record=record)
    one.save(tmp_path / "r.h5")
    two = SpikeRecord.load(tmp_path / "r.h5")
    for item in fields(SpikeRecord):
        a, b = getattr(one, item.name), getattr(two, item.name)
        assert type(a) is type(b), item.name
        np.testing.assert_array_equal(a, b, item.name)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_mat_has_the_historic_shapes_and_classes(tmp_path, dtype):
    one = recorded(dtype)
    one.save(tmp_path / "r.mat")
    raw = loadmat(tmp_path / "r.mat")
    n, steps = 12, 300
    shapes = {"W": (n, n), "REC": (n, steps), "spk": (n, steps), "rs": (n, steps), "all_fr": (n, 1), "out": (1, steps)}
    single = {"W", "out", "w_out", "td", "td0"} if dtype == np.float32 else set()
    for name, shape in shapes.items():
        assert raw[name].shape == shape
        assert raw[name].dtype == (np.float32 if name in single else np.float64), name
    params = raw["params"][0, 0]
    assert params.dtype.names == ("dt", "T", "nt", "w_out", "td", "td0", "IPSCs")
    for name in params.dtype.names:
        assert params[name].dtype == (np.float32 if name in single else np.float64), name
    assert params["IPSCs"].shape == (n, steps) and params["td"].shape == (n, 1) and params["w_out"].shape == (1, n)
    two = SpikeRecord.load(tmp_path / "r.mat")
    np.testing.assert_array_equal(two.spikes, one.spikes)
    np.testing.assert_array_equal(two.voltage_mv, one.voltage_mv)
    assert two.n_steps == one.n_steps and two.dt_s == one.dt_s


def test_records_are_refused_with_the_reason(tmp_path):
    with pytest.raises(InputError, match=r"\.h5, \.hdf5 or \.mat"):
        recorded().save(tmp_path / "r.csv")
    (tmp_path / "r.h5").write_bytes(b"nothing")
    with pytest.raises(InputError, match="cannot read"):
        SpikeRecord.load(tmp_path / "r.h5")
    savemat(tmp_path / "r.mat", {"u": 1})
    with pytest.raises(InputError, match="does not hold the output of a simulation"):
        SpikeRecord.load(tmp_path / "r.mat")


def test_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path):
    path = tmp_path / "f.txt"
    write_atomically(path, "old")

    def fail(_temporary):
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        write_atomically(path, fail)
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["f.txt"]
    with pytest.raises(InputError, match="cannot write"):
        write_atomically(tmp_path / "absent" / "f.txt", "x")


def test_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="not writable"):
        make_folder(tmp_path / "file" / "folder")


def test_toml_is_read_back_as_written():
    sections = {
        "run": {"command": ["a", 'quote " and \\ and ä'], "seed": 2**53 - 1},
        "training": {"tau_steps": [4.0, 20.0], "apply_dale": True, "learning_rate": 1e-05, "absent": None, "gain": 1.5},
    }
    read = tomllib.loads(to_toml(sections))
    del sections["training"]["absent"]
    assert read == sections


def test_run_folder_traces_a_run_and_is_not_used_twice(tmp_path):
    folder = RunFolder(tmp_path / "a")
    folder.write_config("training", ["rate2spike", "run"], {"training": {"seed": 1}})
    folder.write_table("search", ("factor", "accuracy"), [(20, 0.5)])
    folder.write_summary({"accuracy": 0.5})
    config = tomllib.loads((tmp_path / "a" / "config.toml").read_text())
    assert config["training"]["seed"] == 1 and "numpy" in config["versions"] and "tensorflow" in config["versions"]
    assert (tmp_path / "a" / "search.csv").read_text() == "factor,accuracy\n20,0.5\n"
    with pytest.raises(InputError, match="holds a run already"):
        RunFolder(tmp_path / "a")
