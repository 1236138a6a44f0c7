"""Files that are no MAT file are named for what they are and left alone; what SciPy adds is left out; sparse models run."""

import re
import zipfile

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse

from rate2spike.errors import InputError, MatFileError
from rate2spike.matlab_compat.matfile import append, loadmat, savemat, variable_names, whos
from rate2spike.matlab_compat.model_file import load_model, save_model
from rate2spike.spiking.simulator.manipulations import replace_weights
from rate2spike.spiking.simulator.network import SpikingNetwork

from helpers import small_model


def refused(path, message):
    before = path.read_bytes()
    for action in (loadmat, whos, variable_names, load_model, lambda p: append(p, {"a": 1})):
        with pytest.raises(MatFileError, match=re.escape(path.name) + f".*{message}") as caught:
            action(path)
        assert "damaged" not in str(caught.value)
    assert path.read_bytes() == before and not list(path.parent.glob(".*"))


@pytest.mark.octave
@pytest.mark.parametrize("flag", ["-hdf5", "-float-hdf5", "-text", "-binary", "-zip", "-zip -text"])
def test_formats_of_octaves_own(octave, tmp_path, cli, flag):
    options = ", ".join(f"'{word}'" for word in flag.split())
    octave(f"a = 1; b = {{1, 'x'}}; save({options}, 'f.mat', 'a', 'b')", tmp_path)
    refused(tmp_path / "f.mat", r"Octave.*save\('-v7', ...\)")
    code, out, error = cli("inspect", tmp_path / "f.mat")
    assert "save('-v7', ...)" in out + error and code == (0 if "hdf5" in flag else 2)


def test_other_kinds_of_files(tmp_path):
    SpikingNetwork.from_model(small_model(), 10).run(np.ones((1, 4)), seed=1).save(tmp_path / "trial.h5")
    refused(tmp_path / "trial.h5", "spike record: r2s.SpikeRecord.load reads it")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = np.zeros(3)
    refused(tmp_path / "other.h5", "HDF5 file of another kind, no MAT file")
    with zipfile.ZipFile(tmp_path / "network.keras", "w") as archive:
        archive.writestr("config.json", "{}" * 100)
    refused(tmp_path / "network.keras", "zip archive")
    np.save(tmp_path / "array.npy", np.zeros(30))
    refused(tmp_path / "array.npy", "numpy.load reads it")


def test_v73_files_without_a_user_block_are_read(tmp_path):
    with h5py.File(tmp_path / "f.mat", "w") as file:
        file["x"] = np.array([[1.0, 2.0]])
        file["x"].attrs["MATLAB_class"] = np.bytes_("double")
    append(tmp_path / "f.mat", {"y": 3})
    assert loadmat(tmp_path / "f.mat")["x"].tolist() == [[1], [2]] and loadmat(tmp_path / "f.mat", "y") == {"y": 3}


@pytest.mark.parametrize("version", ["5", "7", "7.3"])
def test_what_scipy_adds_is_left_out(tmp_path, version):
    scipy.io.savemat(tmp_path / "f.mat", {"a": np.arange(3.0), "s": {"x": 1.0}})
    values = scipy.io.loadmat(tmp_path / "f.mat")
    assert "__header__" in values
    savemat(tmp_path / "g.mat", values, version)
    assert set(loadmat(tmp_path / "g.mat")) == {"a", "s"} and loadmat(tmp_path / "g.mat")["s"]["x"][0, 0] == 1
    append(tmp_path / "g.mat", values)
    assert set(loadmat(tmp_path / "g.mat")) == {"a", "s"}
    with pytest.raises(MatFileError, match="'__mine__' is no MATLAB name"):
        savemat(tmp_path / "g.mat", {"__mine__": 1}, version)


@pytest.mark.parametrize("version", ["5", "7", "7.3"])
def test_a_model_with_sparse_arrays_is_the_same_model(tmp_path, version, go_nogo_path):
    values = loadmat(go_nogo_path)
    sparse = {name: scipy.sparse.csc_matrix(values[name]) for name in ("w", "w0", "w_in", "m", "u")}
    sparse["som_m"] = scipy.sparse.csc_matrix(values["som_m"] != 0)
    savemat(tmp_path / "f.mat", values | sparse | {"mine": sparse["som_m"]}, version)
    model, original = load_model(tmp_path / "f.mat"), load_model(go_nogo_path)
    for name in ("w_rec", "w_rec_initial", "w_in", "sign_matrix", "connection_mask", "last_input"):
        found = getattr(model, name)
        assert isinstance(found, np.ndarray) and (found == getattr(original, name)).all(), name
    assert scipy.sparse.issparse(model.extra["mine"]) and model == load_model(tmp_path / "f.mat")
    save_model(model, tmp_path / "g.mat")
    assert (load_model(tmp_path / "g.mat").w_rec == original.w_rec).all()


def test_sparse_weights_and_input_run_as_full_ones(tmp_path, cli):
    model = small_model()
    sparse = small_model(w_rec=scipy.sparse.csr_array(model.w_rec), w_in=scipy.sparse.coo_matrix(model.w_in))
    assert sparse == model
    u = np.zeros((1, 8))
    u[0, 2:5] = 1
    runs = [
        SpikingNetwork.from_model(one, 10).run(given, seed=1)
        for one, given in ((model, u), (sparse, scipy.sparse.csr_array(u)))
    ]
    assert (runs[0].output == runs[1].output).all() and (runs[0].events == runs[1].events).all()
    network = SpikingNetwork.from_model(model, 10)
    assert (replace_weights(network, w=scipy.sparse.csc_matrix(network.w)).w == network.w).all()
    save_model(model, tmp_path / "model.mat")
    for name, given in (("full", u), ("sparse", scipy.sparse.csc_matrix(u))):
        savemat(tmp_path / f"{name}.mat", {"u": given})
        flags = ("--scaling-factor", "10", "--seed", "1", "--output", tmp_path / f"{name}_out.mat")
        code, _, error = cli("simulate", tmp_path / "model.mat", "--input", tmp_path / f"{name}.mat", *flags)
        assert code == 0, error
    assert (loadmat(tmp_path / "full_out.mat")["out"] == loadmat(tmp_path / "sparse_out.mat")["out"]).all()


def test_a_sparse_array_far_too_large_in_full_is_refused(tmp_path, go_nogo_path):
    huge = scipy.sparse.csc_matrix((2**24, 2**22))
    savemat(tmp_path / "f.mat", loadmat(go_nogo_path) | {"losses": huge})
    assert load_model(tmp_path / "f.mat").extra["losses"].shape == huge.shape  # optional: kept as it is
    append(tmp_path / "f.mat", {"w": huge})
    with pytest.raises(InputError, match="the sparse array w in full needs"):
        load_model(tmp_path / "f.mat")
