"""What a file is, in words."""

import json
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.io.file_summary import summary
from rate2spike.matlab_compat.matfile import savemat

from helpers import record_of


@pytest.fixture
def record():
    spikes = np.zeros((3, 2000), bool)
    spikes[0, ::400] = spikes[2, 100] = True
    return record_of(
        spikes,
        5e-5,
        stride=4,
        voltage_mv=np.zeros((3, 500)),
        unit_types=np.array(["PV", "PYR", "PYR"]),
        seed=7,
        scaling_factor=25.0,
    )


def test_a_spike_record(record, tmp_path):
    record.save(tmp_path / "trial.h5")
    assert dict(summary(tmp_path / "trial.h5")) == {
        "kind": "spike record of one trial",
        "units": "3, lif neurons: 1 PV, 2 PYR",
        "duration": "0.1 s, 2000 steps of 0.05 ms",
        "spikes": "6",
        "mean rate": f"{6 / 0.1 / 3:.2f} Hz, highest 50.00 Hz",
        "traces": "voltage, mV (3 x 500), every 4. step",
        "origin": "scaling factor 25, seed 7",
    }


def test_a_saved_keras_network_without_loading_keras(tmp_path):
    """A copy of what Keras 3 writes, cut to what matters here."""
    layers = [
        {
            "class_name": "InputLayer",
            "config": {"name": "frames", "batch_shape": [None, None, 350], "dtype": "float32"},
        },
        {"class_name": "CLIF", "name": "hidden", "config": {"name": "hidden", "units": 12, "tau_soma_ms": 40.0}},
        {"class_name": "RNN", "config": {"name": "rnn", "cell": {"class_name": "LSTMCell", "config": {"units": 5}}}},
    ]
    with zipfile.ZipFile(tmp_path / "n.keras", "w") as archive:
        archive.writestr("config.json", json.dumps({"class_name": "Functional", "config": {"layers": layers}}))
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.9.0"}))
    code = (
        "import sys; from rate2spike.cli.main import main; main(sys.argv[1:]); assert 'tensorflow' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "inspect", str(tmp_path / "n.keras")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    for line in (
        "kind saved Keras network, Functional, of Keras 3.9.0",
        "frames InputLayer any x any x 350",
        "hidden CLIF: units 12, tau_soma_ms 40.0",
        "rnn RNN of LSTMCell: units 5",
    ):
        assert line in lines


def test_exports_and_settings(record, tmp_path):
    with h5py.File(tmp_path / "graph.nir", "w") as file:
        node = file.create_group("node/nodes/membrane")
        node["type"], node["v_threshold"] = "LIF", np.ones(7)
    assert summary(tmp_path / "graph.nir") == [("kind", "NIR graph of 1 nodes"), ("nodes", "membrane (LIF 7)")]
    with h5py.File(tmp_path / "t.nwb", "w") as file:
        file.attrs["nwb_version"] = "2.9.0"
        file["session_description"], file["units/id"], file["units/spike_times"] = (
            "simulation",
            np.arange(3),
            np.zeros(9),
        )
    found = dict(summary(tmp_path / "t.nwb"))
    assert "NWB 2.9.0" in found["kind"] and found["units"] == "3, 9 spikes" and found["session"] == "simulation"
    (tmp_path / "config.toml").write_text('[run]\nkind = "training"\n[training]\ntask = "xor"\nseed = 3\n')
    assert dict(summary(tmp_path / "config.toml"))["kind"] == "settings of a run folder (training)"
    assert dict(summary(tmp_path / "config.toml"))["settings"] == "task xor, seed 3"


def test_mat_files_are_not_described_here(tmp_path):
    savemat(tmp_path / "a.mat", {"x": 1})
    assert summary(tmp_path / "a.mat") is None
    savemat(tmp_path / "b.mat", {"x": 1}, version="7.3")
    assert summary(tmp_path / "b.mat") is None


def test_what_cannot_be_read_is_said_in_a_line(tmp_path):
    for name, content, words in (
        ("a.toml", b"= 1", "no TOML file"),
        ("a.keras", b"PK\x05\x06" + bytes(18), "not of a Keras network"),
        ("a.h5", b"\x89HDF\r\n\x1a\n cut", "cannot read"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=words):
            summary(tmp_path / name)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    assert dict(summary(tmp_path / "other.h5"))["holds"] == "x"


def test_inspect_takes_files_and_folders(cli, record, tmp_path, go_nogo_path):
    record.save(tmp_path / "trial.h5")
    (tmp_path / "bad.mat").write_bytes(b"cut")
    code, out, error = cli("inspect", go_nogo_path, tmp_path / "bad.mat", tmp_path / "trial.h5")
    assert code == 2 and "1 of 3 failed" in error.splitlines()[-1]
    assert "eval_perf_mean" in out and "spike record of one trial" in out
    code, out, _ = cli("inspect", go_nogo_path.parent)
    assert code == 0 and out.count("time constants") == 2 and "eval_perf_mean" not in out
    code, _, error = cli("inspect", tmp_path / "nothere")
    assert code == 2 and "nothere" in error
