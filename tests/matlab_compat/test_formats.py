"""Every format keeps every class: round trips of nested data, SciPy as a second reader, both byte orders, damage."""

import struct
import zlib

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from rate2spike.errors import MatFileError
from rate2spike.matlab_compat import mat_v5_write
from rate2spike.matlab_compat.matfile import OpaqueValue, append, loadmat, savemat, whos
from rate2spike.matlab_compat.values import to_matlab

VERSIONS = ["5", "7", "7.3"]
NUMERIC = ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "?", "c16", "c8"]
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,40}", fullmatch=True).filter(lambda name: name not in KEYWORDS)
KEYWORDS = {
    "end",
    "for",
    "if",
    "while",
    "else",
    "case",
    "try",
    "do",
    "break",
    "return",
    "switch",
    "global",
    "catch",
    "function",
}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@st.composite
def arrays(draw):
    dtype = np.dtype(draw(st.sampled_from(NUMERIC)))
    shape = draw(npst.array_shapes(min_dims=2, max_dims=4, min_side=0, max_side=4))
    if dtype.kind == "c" and 0 in shape:  # v7.3 does not keep whether an empty array is complex
        dtype = np.dtype("f8")
    return draw(npst.arrays(dtype, shape))


@st.composite
def containers(draw, children):
    shape = draw(npst.array_shapes(min_dims=2, max_dims=3, min_side=0, max_side=2))
    keys = draw(st.none() | st.lists(NAMES, min_size=1, max_size=3, unique=True))
    columns = {}
    for key in keys or ["cell"]:
        columns[key] = np.empty(shape, object)
        for index in np.ndindex(shape):
            columns[key][index] = draw(children)
    if keys is None:
        return columns["cell"]
    result = np.empty(shape, [(key, object) for key in keys])
    for key in keys:
        result[key] = columns[key]
    return result


@st.composite
def sparse_arrays(draw):
    dense = draw(
        npst.arrays(
            np.dtype(draw(st.sampled_from(["f8", "?", "c16"]))), st.tuples(st.integers(1, 4), st.integers(1, 4))
        )
    )
    return scipy.sparse.csc_matrix(dense)


VALUES = st.recursive(arrays() | TEXT | sparse_arrays(), containers, max_leaves=8)


def same(a, b):
    """Equality of values in the normal form: class, shape and content; NaN equals NaN."""
    if scipy.sparse.issparse(a) or scipy.sparse.issparse(b):
        return scipy.sparse.issparse(a) and scipy.sparse.issparse(b) and same(a.toarray(), b.toarray())
    if isinstance(a, str) or isinstance(b, str):
        return a == b
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.dtype.names:
        return all(same(a[key], b[key]) for key in a.dtype.names)
    if a.dtype.kind == "O":
        return all(same(x, y) for x, y in zip(a.flat, b.flat, strict=True))
    return np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")


@pytest.mark.parametrize("version", VERSIONS)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(variables=st.dictionaries(NAMES, VALUES, max_size=3))
def test_nested_data_survives(tmp_path, version, variables):
    path = tmp_path / "f.mat"
    savemat(path, variables, version)
    back = loadmat(path)
    assert back.keys() == variables.keys()
    for name, value in variables.items():
        assert same(to_matlab(value, name), back[name]), (value, back[name])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(value=VALUES)
def test_big_endian_elements_hold_the_same(tmp_path, value):
    path = tmp_path / "f.mat"
    header = mat_v5_write.file_header()[:124] + b"\x01\x00MI"
    path.write_bytes(header + mat_v5_write.element(to_matlab(value, "v"), "v", ">", compress=False))
    assert same(to_matlab(value, "v"), loadmat(path)["v"])
    append(path, {"w": 3})
    assert same(to_matlab(value, "v"), loadmat(path)["v"]) and loadmat(path)["w"] == 3
    assert path.read_bytes()[126:128] == b"MI"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(value=arrays())
def test_scipy_reads_what_we_write_and_we_read_what_it_writes(tmp_path, value):
    path = tmp_path / "f.mat"
    savemat(path, {"v": value})
    np.testing.assert_array_equal(scipy.io.loadmat(path)["v"], value)
    scipy.io.savemat(path, {"v": value, "s": {"inner": value}})
    back = loadmat(path)
    assert same(value, back["v"]) and same(value, back["s"]["inner"][0, 0])


def test_doubles_stored_in_one_byte_are_doubles(tmp_path):
    """MATLAB stores whole doubles compactly."""
    flags = struct.pack("<IIII", 6, 8, 6, 0) + struct.pack("<IIii", 5, 8, 1, 2) + struct.pack("<HH4s", 1, 1, b"x")
    content = flags + struct.pack("<HH4s", 2, 2, bytes([30, 200]))
    path = tmp_path / "f.mat"
    path.write_bytes(mat_v5_write.file_header() + struct.pack("<II", 14, len(content)) + content)
    x = loadmat(path)["x"]
    assert x.dtype == np.float64 and (x * 10).tolist() == [[300, 2000]]


def test_several_zlib_streams_in_one_element(tmp_path):
    raw = mat_v5_write.element(np.arange(1000.0)[None], "x", "<", compress=False)
    packed = zlib.compress(raw[:3000]) + zlib.compress(raw[3000:])
    path = tmp_path / "f.mat"
    path.write_bytes(mat_v5_write.file_header() + struct.pack("<II", 15, len(packed)) + packed)
    np.testing.assert_array_equal(loadmat(path)["x"], np.arange(1000.0)[None])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "value",
    [
        np.arange(6.0).reshape(2, 3),
        np.array([[1 + 2j, 3]]),
        "text",
        np.empty((0, 3)),
        scipy.sparse.csc_matrix([[0, 2.5], [0, 0]]),
        scipy.sparse.csc_matrix([[0, 2.5j], [0, 0]]),
    ],
    ids=str,
)
def test_v4_holds_doubles_and_text(tmp_path, order, value):
    from rate2spike.matlab_compat import mat_v4

    path = tmp_path / "f.mat"
    path.write_bytes(mat_v4.record_bytes(np.ones((1, 2)), "before", order) + mat_v4.record_bytes(value, "v", order))
    assert same(to_matlab(value, "v"), loadmat(path)["v"])
    before = path.read_bytes()
    append(path, {"before": 5, "new": "x"})
    assert same(to_matlab(value, "v"), loadmat(path)["v"]) and loadmat(path)["before"].tolist() == [[5]]
    assert path.read_bytes().startswith(before[20 + 7 + 16 :])
    assert [v.name for v in whos(path)] == ["v", "before", "new"]


@pytest.mark.parametrize("value", [np.ones((2, 2), np.float32), True, {"a": 1}, np.ones((1, 1, 2)), "\u20ac"])
def test_v4_refuses_what_it_cannot_hold_and_keeps_the_file(tmp_path, value):
    path = tmp_path / "f.mat"
    scipy.io.savemat(path, {"a": 1.0}, format="4")
    before = path.read_bytes()
    with pytest.raises(MatFileError, match=r'cannot write v.*version="7"'):
        append(path, {"v": value})
    assert path.read_bytes() == before


def test_v4_numbers_are_double_whatever_their_storage(tmp_path):
    path = tmp_path / "f.mat"
    scipy.io.savemat(path, {"a": np.array([[1, 200]], np.uint8), "t": "abc"}, format="4")
    back = loadmat(path)
    assert back["a"].dtype == np.float64 and back["t"] == "abc"


def test_v73_follows_the_documented_layout(tmp_path):
    """Dimensions reversed, user block with header, classes, empties, text as UTF-16, references."""
    path = tmp_path / "f.mat"
    savemat(
        path,
        {
            "d": np.arange(6.0).reshape(2, 3),
            "l": True,
            "t": "\u00e9\u20ac",
            "e": np.empty((0, 5), np.float32),
            "c": ["a", "bc"],
            "s": {"x": 1, "y": "z"},
            "p": scipy.sparse.csc_matrix([[0, 2.5], [0, 0]]),
            "z": np.array([[1 + 2j]]),
        },
        "7.3",
    )
    start = path.read_bytes()[:520]
    assert start.startswith(b"MATLAB 7.3 MAT-file") and start[124:128] == b"\x00\x02IM" and start[512:516] == b"\x89HDF"
    with h5py.File(path) as file:
        assert file["d"].shape == (3, 2) and file["d"].attrs["MATLAB_class"] == b"double"
        assert file["l"].dtype == np.uint8 and file["l"].attrs["MATLAB_int_decode"] == 1
        assert file["t"].dtype == np.uint16 and file["t"][()].ravel().tolist() == [0xE9, 0x20AC]
        assert file["e"][()].tolist() == [0, 5] and file["e"].attrs["MATLAB_empty"] == 1
        assert file["c"].attrs["MATLAB_class"] == b"cell" and file[file["c"][0, 1]].name.startswith("/#refs#/")
        assert [b"".join(name) for name in file["s"].attrs["MATLAB_fields"]] == [b"x", b"y"]
        assert file["p"].attrs["MATLAB_sparse"] == 2 and file["p/jc"][()].tolist() == [0, 0, 1]
        assert file["z"].dtype.names == ("real", "imag")


def test_v73_append_leaves_the_rest_untouched(tmp_path):
    path = tmp_path / "f.mat"
    savemat(path, {"keep": np.arange(2000.0), "cells": ["a"], "gone": 1, "old": 2}, "7.3")
    with h5py.File(path, "r+") as file:  # something that is not ours
        file["table"] = np.zeros(3)
        file["table"].attrs["MATLAB_class"] = np.bytes_("table")
    append(path, {"old": {"new": [1, "x"]}, "more": True}, remove=["gone"])
    back = loadmat(path)
    assert set(back) == {"keep", "cells", "old", "more", "table"}
    assert back["table"] == OpaqueValue("table")
    assert back["cells"][0, 0] == "a" and back["old"]["new"][0, 0][0, 1] == "x"
    assert [p.name for p in tmp_path.iterdir()] == ["f.mat"]


@pytest.mark.parametrize("version", VERSIONS)
def test_whos_lists_without_loading(tmp_path, version):
    path = tmp_path / "f.mat"
    savemat(
        path,
        {
            "d": np.ones((3, 4)),
            "l": np.ones((2, 2), bool),
            "t": "abc",
            "z": np.ones((2, 1), np.complex64),
            "e": np.empty((0, 3)),
            "c": [np.ones(3), "ab"],
            "s": {"x": np.ones(2)},
        },
        version,
    )
    listed = {v.name: (v.shape, v.class_name, v.n_bytes) for v in whos(path)}
    assert {name: listed.pop(name)[:2] for name in ("c", "s")} == {"c": ((1, 2), "cell"), "s": ((1, 1), "struct")}
    assert listed == {
        "d": ((3, 4), "double", 96),
        "e": ((0, 3), "double", 0),
        "l": ((2, 2), "logical", 4),
        "t": ((1, 3), "char", 6),
        "z": ((2, 1), "single", 16),
    }


@pytest.mark.parametrize("version", ["7", "7.3"])
def test_whos_needs_no_room_for_what_it_lists(tmp_path, version, monkeypatch):
    path = tmp_path / "f.mat"
    large = np.zeros((2000, 2000))
    savemat(path, {"b": large > 1, "s": {"x": large}, "c": [large, "a"], "sp": scipy.sparse.eye(1000)}, version)
    monkeypatch.setenv("RATE2SPIKE_MAX_MIB", "1")
    assert [v.shape for v in sorted(whos(path), key=lambda v: v.name)] == [(2000, 2000), (1, 2), (1, 1), (1000, 1000)]
    with pytest.raises(MatFileError, match="variable c cannot be read: would take more than"):
        loadmat(path, ["c"])
    assert loadmat(path, ["c"], max_bytes=10**8)["c"].shape == (1, 2)


def test_simplified_view(tmp_path):
    path = tmp_path / "f.mat"
    savemat(path, {"n": 3, "row": np.arange(3.0), "s": {"a": 1, "b": ["x", "y"]}, "t": "abc", "m": np.ones((2, 2))})
    view = loadmat(path, simplify=True)
    assert view["n"] == 3.0 and isinstance(view["n"], float)
    assert view["row"].shape == (3,) and view["m"].shape == (2, 2)
    assert view["s"] == {"a": 1.0, "b": ["x", "y"]} and view["t"] == "abc"


def test_too_large_a_variable_names_the_version_that_holds_it(tmp_path):
    large = np.broadcast_to(np.zeros(1), (2**28 + 1,))
    with pytest.raises(MatFileError, match=r'large takes \d+ bytes.*version="7.3"'):
        savemat(tmp_path / "f.mat", {"large": large})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("version", VERSIONS)
def test_a_few_bytes_cannot_ask_for_gigabytes(tmp_path, version):
    path = tmp_path / "f.mat"
    if version == "7.3":
        with h5py.File(path, "w", userblock_size=512) as file:
            file.create_dataset("bomb", (2**20, 2**12), "f8", chunks=(1024, 1024), compression="gzip")
    else:
        size = 2**31 - 64
        head = (
            struct.pack("<IIII", 6, 8, 6, 0)
            + struct.pack("<IIii", 5, 8, 1, size // 8)
            + struct.pack("<HH4s", 1, 4, b"bomb")
        )
        packer = zlib.compressobj(9)
        start = struct.pack("<II", 14, size) + head + struct.pack("<II", 9, size - 56)
        packed = packer.compress(start) + b"".join(packer.compress(bytes(2**20)) for _ in range(500)) + packer.flush()
        path.write_bytes(mat_v5_write.file_header() + struct.pack("<II", 15, len(packed)) + packed)
    with pytest.raises(MatFileError, match=r"bomb.*more than 384 MiB of memory.*max_bytes"):
        loadmat(path, "bomb")
    with pytest.warns(UserWarning, match=r"bomb.*more than 384 MiB of memory"):
        assert isinstance(loadmat(path)["bomb"], OpaqueValue)


def test_unknown_version_is_refused(tmp_path):
    with pytest.raises(MatFileError, match=r"unknown MAT version '8': choose from 5, 7, 7\.3"):
        savemat(tmp_path / "f.mat", {"a": 1}, "8")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a MAT file"),
        (b"x" * 200, "not a MAT file"),
        (b"MATLAB 7.3 MAT-file".ljust(126) + b"IM", "truncated or damaged"),
        (b"# Created by Octave 7.3.0" + b" " * 200, r"save\('-v7'"),
        (b"\x89HDF\r\n\x1a\n" + b" " * 200, "damaged or truncated MAT v7.3"),
        (struct.pack("<iiiii", 0, 2, 2, 0, 2) + b"a\0" + b"\0" * 20, "damaged at byte 0: truncated"),
    ],
)
def test_other_files_are_refused_with_the_reason(tmp_path, content, message):
    path = tmp_path / "f.mat"
    path.write_bytes(content)
    for action in (loadmat, whos, lambda p: append(p, {"a": 1})):
        with pytest.raises(MatFileError, match=f"f.mat.*{message}"):
            action(path)
    assert path.read_bytes() == content and len(list(tmp_path.iterdir())) == 1


def test_an_empty_array_of_impossible_size_is_damage(tmp_path):
    path = tmp_path / "f.mat"
    savemat(path, {"x": np.empty((0, 3, 4))}, "5")
    data = path.read_bytes()
    dims = struct.pack("<iii", 0, 3, 4)
    assert data.count(dims) == 1
    path.write_bytes(data.replace(dims, struct.pack("<iii", 0, 2**31 - 1, 2**31 - 1)))
    with pytest.raises(MatFileError, match=r"f\.mat.*impossible dimensions"):
        loadmat(path)


def test_masked_values_become_nan_or_are_refused(tmp_path):
    path = tmp_path / "f.mat"
    for version in VERSIONS:
        savemat(path, {"m": np.ma.array([1.0, 2, 3], mask=[0, 1, 0]), "w": np.ma.array([1, 2])}, version)
        np.testing.assert_array_equal(loadmat(path)["m"], [[1, np.nan, 3]])
        np.testing.assert_array_equal(loadmat(path)["w"], [[1, 2]])
        with pytest.raises(MatFileError, match="no masked values"):
            savemat(path, {"m": np.ma.array([1, 2], mask=[0, 1])}, version)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "value",
    [np.timedelta64(3, "s"), np.zeros((0, 2**33)), np.zeros((1,) * 40), np.datetime64("2026-01-01"), {1: 2}],
    ids=repr,
)
def test_what_no_format_holds_is_refused_by_name(tmp_path, version, value):
    with pytest.raises(MatFileError):
        savemat(tmp_path / "f.mat", {"v": value}, version)
    assert not list(tmp_path.iterdir())


def test_sparse_zeros_are_not_stored(tmp_path):
    sparse = scipy.sparse.csc_matrix(([0.0, 1.0], ([0, 1], [0, 1])), shape=(2, 2))
    savemat(tmp_path / "f.mat", {"s": sparse})
    assert loadmat(tmp_path / "f.mat")["s"].nnz == 1 and sparse.nnz == 2


def test_v73_does_not_grow_by_what_it_replaces(tmp_path):
    path = tmp_path / "f.mat"
    savemat(path, {"keep": 1, "c": ["a"] * 100, "s": {"x": ["b"] * 50}}, "7.3")
    append(path, {"c": ["b"] * 100, "s": {"x": ["c"] * 50}})
    size = path.stat().st_size
    for _ in range(5):
        append(path, {"c": ["b"] * 100, "s": {"x": ["c"] * 50}})
    assert path.stat().st_size < 1.5 * size  # HDF5 wastes a little; all of it would be 3 times as much
    assert list(loadmat(path)["c"].ravel()) == ["b"] * 100


def test_v73_holds_structs_of_very_many_fields(tmp_path):
    savemat(tmp_path / "f.mat", {"s": {f"f{k}": k for k in range(4500)}}, "7.3")
    assert len(loadmat(tmp_path / "f.mat")["s"].dtype.names) == 4500
