"""loadmat, savemat, append: classes, round trips, byte identity, refusals."""

import io
import os
import stat
import tempfile

import numpy as np
import pytest
import scipy.io
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rate2spike.errors import MatFileError
from rate2spike.matlab_compat import mat_v5
from rate2spike.matlab_compat.matfile import OpaqueValue, append, loadmat, savemat

ARRAYS = [
    np.array([[1.5, np.nan], [np.inf, -0.0]]),
    np.array([[1.5]], np.float32),
    np.array([[True], [False]]),
    *(np.array([[0, 1, np.iinfo(k).max]], k) for k in "bBhHiIqQ"),
    np.zeros((0, 3)),
    np.arange(24.0).reshape(2, 3, 4),
    np.array([[1 + 2j, 3 - 4j]]),
    np.array([[1 + 2j]], np.complex64),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}{a.shape}")
@pytest.mark.parametrize("compress", [False, True])
def test_arrays_come_back_with_class_and_shape(tmp_path, array, compress):
    savemat(tmp_path / "f.mat", {"a": array}, compress=compress)
    back = loadmat(tmp_path / "f.mat")["a"]
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)
    assert back.shape == array.shape


@given(
    hnp.arrays(st.sampled_from([np.float64, np.float32, np.int16, np.bool_]), hnp.array_shapes(min_dims=2, max_dims=3))
)
def test_any_array_round_trips(array):
    with tempfile.TemporaryDirectory() as folder:
        savemat(f"{folder}/f.mat", {"a": array})
        back = loadmat(f"{folder}/f.mat")["a"]
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


def test_python_values_become_the_classes_matlab_expects(tmp_path):
    savemat(
        tmp_path / "f.mat",
        dict(
            i=30,
            f=2.5,
            b=True,
            n=np.int64(3),
            text="go-nogo",
            empty="",
            none=None,
            cells=["a", "bc"],
            numbers=[1, 2],
            row=np.arange(3.0),
            struct={"x": 1, "inner": {"y": "z"}},
        ),
    )
    back = loadmat(tmp_path / "f.mat")
    assert back["i"].dtype == np.float64 and back["i"].shape == (1, 1)
    assert back["n"].dtype == np.float64
    assert back["b"].dtype == bool
    assert back["text"] == "go-nogo"
    assert back["empty"] == ""
    assert back["none"].shape == (0, 0)
    assert list(back["cells"].ravel()) == ["a", "bc"]
    assert back["numbers"].tolist() == [[1.0, 2.0]]
    assert back["row"].shape == (1, 3)
    assert back["struct"]["x"][0, 0].item() == 1
    assert str(back["struct"]["inner"][0, 0]["y"][0, 0][0]) == "z"


def test_double_stored_in_one_byte_is_a_double(tmp_path):
    """MATLAB stores integral doubles compactly; SciPy's default loader returns uint8, whose 30 * 10 is 44."""
    data = bytearray(_file_with_double_30_as_byte())
    (tmp_path / "f.mat").write_bytes(data)
    assert scipy.io.loadmat(tmp_path / "f.mat")["a"].dtype == np.uint8  # the trap is real
    value = loadmat(tmp_path / "f.mat")["a"]
    assert value.dtype == np.float64
    assert (value * 10).item() == 300


def _file_with_double_30_as_byte():
    stream = io.BytesIO()
    scipy.io.savemat(stream, {"a": np.array([[30]], np.uint8)})
    data = bytearray(stream.getvalue())
    assert data[128 + 16] == 9  # class uint8 in the array flags
    data[128 + 16] = 6  # class double; the data subelement stays one byte wide
    return data


def test_logical_sparse_and_complex_sparse(tmp_path):
    sparse = scipy.sparse.csc_array(np.array([[0, 2.0], [3.0, 0]]))
    savemat(tmp_path / "f.mat", {"d": sparse, "b": sparse.astype(bool), "z": sparse * 1j})
    back = loadmat(tmp_path / "f.mat")
    assert back["d"].dtype == np.float64
    assert back["b"].dtype == bool
    assert back["z"].dtype == np.complex128
    np.testing.assert_array_equal(back["z"].toarray(), (sparse * 1j).toarray())


def opaque_file():
    """A file with a function handle between two arrays, its element made by hand from MATLAB's layout."""
    stream = io.BytesIO()
    scipy.io.savemat(stream, {"before": 1.0, "handle": {"x": 1.0}, "after": 2.0})
    data = bytearray(stream.getvalue())
    file = mat_v5.parse(bytes(data), "f")
    start = 128 + len(file.elements[0].raw)
    assert data[start + 16] == 2  # struct
    data[start + 16] = 16  # function handle
    return bytes(data)


def test_what_python_cannot_represent_does_not_spoil_the_load_and_survives_append(tmp_path):
    path = tmp_path / "f.mat"
    path.write_bytes(opaque_file())
    loaded = loadmat(path)
    assert loaded["handle"] == OpaqueValue("function_handle")
    assert loaded["after"].item() == 2
    raw = {e.name: e.raw for e in mat_v5.parse(path.read_bytes(), "f").elements}
    append(path, {"new": 5, "before": 7})
    again = {e.name: e.raw for e in mat_v5.parse(path.read_bytes(), "f").elements}
    assert again["handle"] == raw["handle"] and again["after"] == raw["after"]
    assert loadmat(path)["before"].item() == 7
    savemat(tmp_path / "g.mat", {"deep": {"cells": [loaded["handle"], 1]}, "renamed": loaded["handle"]}, compress=False)
    copy = loadmat(tmp_path / "g.mat")
    assert copy["renamed"] == copy["deep"]["cells"][0, 0][0, 0] == OpaqueValue("function_handle")
    with pytest.raises(MatFileError, match="function_handle"):
        savemat(tmp_path / "h.mat", loaded, version="7.3")
    assert not (tmp_path / "h.mat").exists()


@pytest.mark.parametrize("compress", [False, True])
def test_append_replaces_adds_removes_and_leaves_the_rest_byte_identical(tmp_path, compress):
    path = tmp_path / "f.mat"
    savemat(path, {"a": np.arange(5.0), "b": True, "c": "x"}, compress=compress)
    before = {e.name: e.raw for e in mat_v5.parse(path.read_bytes(), "f").elements}
    append(path, {"b": np.nan, "d": [1, 2]}, remove=["c", "absent"])
    after = {e.name: e.raw for e in mat_v5.parse(path.read_bytes(), "f").elements}
    assert list(after) == ["a", "b", "d"]
    assert after["a"] == before["a"]
    assert np.isnan(loadmat(path)["b"].item())


def test_append_drops_every_duplicate_of_a_name(tmp_path):
    """Octave's `save -append` leaves duplicates; the last one counts."""
    path = tmp_path / "f.mat"
    savemat(path, {"a": 1.0})
    twice = mat_v5.parse(path.read_bytes(), "f")
    path.write_bytes(path.read_bytes() + twice.elements[0].raw)
    append(path, {"a": 3.0})
    assert [e.name for e in mat_v5.parse(path.read_bytes(), "f").elements] == ["a"]


@pytest.mark.parametrize("action", [lambda p: append(p, {"a": 1}), loadmat])
def test_unreadable_files_are_never_overwritten(tmp_path, action):
    path = tmp_path / "f.mat"
    path.write_bytes(b"precious but no MAT file" * 20)
    before = path.read_bytes()
    with pytest.raises(MatFileError, match=r"f\.mat"):
        action(path)
    assert path.read_bytes() == before
    with pytest.raises(MatFileError, match="No such file"):
        action(tmp_path / "absent.mat")
    assert os.listdir(tmp_path) == ["f.mat"]


@pytest.mark.parametrize("name", ["1bad", "a-b", "", "x" * 64, "end", "_x", "ä"])
def test_names_that_matlab_refuses(tmp_path, name):
    with pytest.raises(MatFileError, match="no MATLAB name"):
        savemat(tmp_path / "f.mat", {name: 1})
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("value", [{1, 2}, np.float16(1) * np.ones(2, np.float16), object(), 2**60])
def test_values_without_a_matlab_class_are_refused_and_nothing_is_written(tmp_path, value):
    savemat(tmp_path / "f.mat", {"a": 1})
    before = (tmp_path / "f.mat").read_bytes()
    with pytest.raises(MatFileError, match="v"):
        append(tmp_path / "f.mat", {"v": value})
    assert (tmp_path / "f.mat").read_bytes() == before
    assert os.listdir(tmp_path) == ["f.mat"]


def test_damaged_zlib_stream_names_file_and_variable(tmp_path):
    path = tmp_path / "f.mat"
    savemat(path, {"weights": np.random.default_rng(0).random((20, 20))})
    data = bytearray(path.read_bytes())
    data[-20:] = b"\0" * 20
    path.write_bytes(data)
    with pytest.raises(MatFileError, match=r"f\.mat: variable weights"):
        loadmat(path)


@pytest.mark.skipif(os.name == "nt", reason="permission bits are a POSIX idea")
def test_permissions_and_links_are_kept(tmp_path):
    target, link = tmp_path / "f.mat", tmp_path / "link.mat"
    savemat(target, {"a": 1})
    target.chmod(0o640)
    link.symlink_to(target)
    append(link, {"b": 2})
    assert link.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert set(loadmat(target)) == {"a", "b"}
