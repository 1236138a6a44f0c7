"""File systems without locks (many network and overlay ones): everything is read and written all the same."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DATA = Path(__file__).parent.parent / "data"
CODE = """
import sys, fcntl
import numpy as np
import rate2spike as r2s
from rate2spike.io.datasets.shd import SHDRecordings
from rate2spike.io.datasets.synthetic_events import write_synthetic_shd

try:
    fcntl.flock(0, fcntl.LOCK_SH)
except OSError as error:
    assert error.errno == 37
else:
    raise AssertionError("the shim is not loaded")
r2s.savemat("a.mat", {"a": np.arange(3.0)}, version="7.3")
r2s.append("a.mat", {"b": 2.0})
assert r2s.loadmat("a.mat")["a"].tolist() == [[0, 1, 2]] and r2s.loadmat("a.mat")["b"].item() == 2
network = r2s.SpikingNetwork.from_model(r2s.load_model(sys.argv[1]), 50)
record = network.run(np.zeros((1, 4)), record=("spikes", "output"), seed=1)
record.save("record.h5")
network.run(np.zeros((1, 4)), record=("spikes", "output"), seed=1, to="stream.h5")
for name in ("record.h5", "stream.h5"):
    assert np.array_equal(r2s.SpikeRecord.load(name).output, record.output)
write_synthetic_shd("shd", 1, 1)
with SHDRecordings("shd/shd_train.h5") as recordings:
    assert len(recordings) == 20 and recordings.events(0).n_events > 0
"""
EXPORTS = """
import sys, warnings
import numpy as np, nir, pynwb
import rate2spike as r2s
from rate2spike.io.exports.nir_export import nir_graph, write_nir
from rate2spike.io.exports.nwb_export import write_nwb
from rate2spike.spiking.simulator.nir_network import nir_network, read_nir

network = r2s.SpikingNetwork.from_model(r2s.load_model(sys.argv[1]), 50)
record = network.run(np.zeros((1, 4)), record=("spikes", "output"), seed=1)
write_nwb(record, "record.nwb")
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "NIR cannot hold")
    graph = nir_graph(nir_network(network))
write_nir(graph, "network.nir")
with open("network.nir", "rb") as file:
    assert set(nir.read(file).nodes) == set(graph.nodes)
assert np.array_equal(read_nir("network.nir").w, network.w)
"""


def test_one_function_opens_hdf5_files(repository):
    """Whoever calls h5py.File fails where there are no locks, unless he asks for none."""
    rooms = ("io", "matlab_compat", "rate", "spiking", "cli")
    sources = [path for room in rooms for path in (repository / room).rglob("*.py")]
    opening = {
        path.name
        for path in sources
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"h5py\.File\((?!.*locking=False)", line)
    }
    assert opening == {"hdf5_file.py"}


@pytest.fixture(scope="module")
def without_locks(tmp_path_factory):
    """Run code where no file can be locked; returns its standard error."""
    if sys.platform != "linux" or shutil.which("gcc") is None:
        pytest.skip("needs gcc and LD_PRELOAD")
    shim = tmp_path_factory.mktemp("shim") / "no_locks.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", shim, DATA / "no_locks.c"], check=True)

    def run(code: str, folder: Path, *arguments) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=folder,
            capture_output=True,
            text=True,
            env=os.environ | {"LD_PRELOAD": str(shim)},
        )
        assert done.returncode == 0, done.stderr
        return done.stderr

    return run


def test_files_are_read_and_written_with_one_warning(without_locks, tmp_path, go_nogo_path):
    error = without_locks(CODE, tmp_path, go_nogo_path)
    assert error.count("this file system has no locks") == 1, error


def test_exports_are_written_with_one_warning(without_locks, tmp_path, go_nogo_path):
    pytest.importorskip("nir")
    pytest.importorskip("pynwb")
    error = without_locks(EXPORTS, tmp_path, go_nogo_path)
    assert error.count("this file system has no locks") == 1, error


def test_workers_do_not_repeat_the_warning(without_locks, tmp_path, go_nogo_path):
    for name in ("a.mat", "b.mat"):
        shutil.copy(go_nogo_path, tmp_path / name)
    code = """
from rate2spike.spiking.search.options import SearchExecution, SearchOptions
from rate2spike.spiking.search.population import search_population
options = SearchOptions(n_trials=1, seed=1, scaling_factors=(40.0,), task="go-nogo")
assert [item.state.value for item in search_population(".", options, SearchExecution(n_workers=2))] == ["searched"] * 2
"""
    assert without_locks(code, tmp_path).count("this file system has no locks") == 1
