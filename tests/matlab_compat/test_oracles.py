"""Two other libraries as second opinions: hdf5storage on v7.3, mat-io on v7.3 and on MATLAB's objects."""

import warnings

import hdf5storage
import numpy as np
import pytest
from numpy.dtypes import StringDType

from rate2spike.errors import MatFileError
from rate2spike.matlab_compat.matfile import OpaqueValue, append, loadmat, savemat

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it sets an option that pandas has deprecated
    import matio

VALUES = {
    "d": np.arange(6.0).reshape(2, 3),
    "l": np.array([[True, False]]),
    "t": "Größe",
    "e": np.empty((0, 5)),
    "c": ["a", "bc"],
    "s": {"x": 1, "y": "z"},
    "z": np.array([[1 + 2j]]),
    "i": np.array([[7]], np.int16),
    "nd": np.arange(24.0).reshape(2, 3, 4),
    "sa": np.array([[("p", 1.0), ("q", 2.0)]], dtype=[("name", object), ("v", object)]),
}
PLAIN = ("d", "l", "e", "z", "i", "nd")


def agrees(found):
    for name in PLAIN:
        assert found[name].dtype == VALUES[name].dtype, name
        np.testing.assert_array_equal(found[name], VALUES[name], name)
    assert np.ravel(found["t"])[0] == "Größe"
    assert [str(np.ravel(text)[0]) for text in found["c"].ravel()] == ["a", "bc"]
    assert found["sa"].shape == (1, 2) and [str(np.ravel(n)[0]) for n in found["sa"]["name"].ravel()] == ["p", "q"]
    assert float(np.ravel(np.ravel(found["s"]["x"])[0])[0]) == 1
    return True


def test_hdf5storage_and_we_read_each_other(tmp_path):
    savemat(tmp_path / "ours.mat", VALUES, "7.3")
    assert agrees(hdf5storage.loadmat(str(tmp_path / "ours.mat")))
    values = loadmat(tmp_path / "ours.mat")
    hdf5storage.savemat(str(tmp_path / "theirs.mat"), values, format="7.3", store_python_metadata=False)
    assert agrees(loadmat(tmp_path / "theirs.mat"))


@pytest.mark.parametrize("version", ["7", "7.3"])
def test_mat_io_reads_what_we_write(tmp_path, version):
    savemat(tmp_path / "f.mat", VALUES, version)
    assert agrees(matio.load_from_mat(str(tmp_path / "f.mat")))


def objects_file(path, version):
    """Objects in MATLAB's undocumented layout, one of them within a struct, beside plain variables."""
    when = np.array([["2026-01-01"]], dtype="datetime64[ms]")
    text = np.array([["hello", "wörld"]], dtype=StringDType())
    matio.save_to_mat(
        str(path), {"a": np.ones((1, 3)), "when": when, "st": {"x": when}, "text": text}, version=f"v{version}"
    )


def objects_are_whole(path):
    found = matio.load_from_mat(str(path))
    assert found["text"].ravel().tolist() == ["hello", "wörld"]
    assert str(found["when"].ravel()[0]).startswith("2026-01-01")
    assert str(found["st"]["x"][0, 0].ravel()[0]).startswith("2026-01-01")
    return True


@pytest.mark.parametrize("version", ["7", "7.3"])
def test_objects_are_named_and_survive_an_append_with_their_subsystem(tmp_path, version):
    path = tmp_path / "f.mat"
    objects_file(path, version)
    loaded = loadmat(path)
    assert loaded["when"] == loaded["st"]["x"][0, 0] == OpaqueValue("datetime")
    assert loaded["text"] == OpaqueValue("string")
    append(path, {"a": 5, "new": "x"})
    append(path, {"longer": np.arange(1000.0)}, remove=["new"])
    assert objects_are_whole(path)
    assert loadmat(path)["a"].item() == 5


def test_objects_can_be_written_again_but_not_mixed(tmp_path):
    for name in ("f", "g"):
        objects_file(tmp_path / f"{name}.mat", "7")
        append(tmp_path / f"{name}.mat", {"which": name})
    loaded = loadmat(tmp_path / "f.mat")
    savemat(tmp_path / "copy.mat", loaded)
    assert objects_are_whole(tmp_path / "copy.mat")
    append(tmp_path / "f.mat", {"text": loaded["text"]})
    assert objects_are_whole(tmp_path / "f.mat")
    matio.save_to_mat(str(tmp_path / "h.mat"), {"text": np.array([["else"]], dtype=StringDType())}, version="v7")
    with pytest.raises(MatFileError, match="different files"):
        append(tmp_path / "h.mat", {"other": loaded["text"]})
    with pytest.raises(MatFileError, match="MATLAB class"):
        savemat(tmp_path / "h.mat", loaded, "7.3")


def test_a_model_with_foreign_objects_is_kept_whole(tmp_path, go_nogo_path):
    from rate2spike.matlab_compat.model_file import load_model, save_model

    objects_file(tmp_path / "f.mat", "7")
    append(tmp_path / "f.mat", loadmat(go_nogo_path))
    model = load_model(tmp_path / "f.mat")
    assert {"when", "st", "text"} <= set(model.extra)
    save_model(model, tmp_path / "copy.mat")
    assert objects_are_whole(tmp_path / "copy.mat") and load_model(tmp_path / "copy.mat") == model
