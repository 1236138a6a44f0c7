"""One variable that cannot be read blocks no other: loaded as an opaque value, reported when asked for, kept by an append."""

import struct
import zlib

import h5py
import numpy as np
import pytest
import scipy.io

from rate2spike.errors import MatFileError, ModelFileError
from rate2spike.matlab_compat import mat_v5
from rate2spike.matlab_compat.mat_v5_write import element, file_header
from rate2spike.matlab_compat.matfile import OpaqueValue, append, loadmat, savemat, variable_names, whos
from rate2spike.matlab_compat.model_file import load_model, model_variables, save_model
from rate2spike.matlab_compat.values import to_matlab

from helpers import small_model

VALUE = np.array([[2.5, 3.5]])


def of_unknown_class(name):
    raw = bytearray(element(VALUE, name, "<", compress=False))
    raw[16] = 77  # the class in the array flags
    return bytes(raw)


def of_other_size(name):
    return element(VALUE, name, "<", compress=False).replace(struct.pack("<ii", 1, 2), struct.pack("<ii", 1, 3))


def of_other_storage(name):
    return element(VALUE, name, "<", compress=False).replace(struct.pack("<II", 9, 16), struct.pack("<II", 8, 16))


def of_many_dimensions(name):
    """MATLAB knows no limit, NumPy has one."""
    raw = element(np.ones((1,) * 31 + (2,)), name, "<", compress=False)
    dims = struct.pack("<II32i", 5, 128, *([1] * 31), 2)
    assert raw.count(dims) == 1
    raw = raw.replace(dims, struct.pack("<II34i", 5, 136, *([1] * 33), 2))
    return raw[:4] + struct.pack("<I", len(raw) - 8) + raw[8:]


def within_a_struct(name):
    return element(to_matlab({"good": 1, "bad": VALUE}, name), name, "<", compress=False).replace(
        element(VALUE, "", "<", compress=False), of_unknown_class("")
    )


def packed(raw):
    content = zlib.compress(raw)
    return struct.pack("<II", 15, len(content)) + content


FORMS = [
    (of_unknown_class, "array class 77 is not known"),
    (of_other_size, "2 elements for an array of 1 x 3"),
    (of_other_storage, "element type 8 where numbers should be"),
    (of_many_dimensions, "34 dimensions, more than 32"),
    (within_a_struct, "array class 77 is not known"),
]


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize(("form", "reason"), FORMS)
def test_in_v5_and_v7(tmp_path, form, reason, compress):
    path = tmp_path / "f.mat"
    odd = packed(form("odd")) if compress else form("odd")
    rest = element(np.ones((1, 1)), "w", "<", compress)
    path.write_bytes(file_header() + odd + rest)
    with pytest.warns(UserWarning, match=rf"f\.mat: variable odd cannot be read: {reason}; it is kept as it is"):
        values = loadmat(path)
    assert values["w"] == 1 and loadmat(path, "w") == {"w": 1}
    assert variable_names(path) == ["odd", "w"] == [v.name for v in whos(path)]
    odd_value = values["odd"]["bad"][0, 0] if form is within_a_struct else values["odd"]
    assert odd_value.reason == reason and isinstance(odd_value, OpaqueValue)
    if form is within_a_struct:
        assert values["odd"]["good"][0, 0] == 1
    else:
        with pytest.raises(MatFileError, match=rf"f\.mat: variable odd cannot be read: {reason}"):
            loadmat(path, ["odd"])
    append(path, {"w": 2, "new": "x"})
    assert bytes(mat_v5.parse(path.read_bytes(), "f").elements[0].raw) == odd
    savemat(tmp_path / "g.mat", {"again": values["odd"]}, "5")
    written = bytes(mat_v5.parse((tmp_path / "g.mat").read_bytes(), "g").elements[0].raw)
    assert written == form("again")


def test_what_does_not_fit_into_its_stream_is_no_damage(tmp_path):
    """The checksum of a v7 variable is right, so a program wrote it so."""
    raw = element(to_matlab(["a", "b"], "odd"), "odd", "<", compress=False)
    short = raw[:4] + struct.pack("<I", len(raw) - 12) + raw[8:-4]
    path = tmp_path / "f.mat"
    path.write_bytes(file_header() + packed(short) + element(np.ones((1, 1)), "w", "<", True))
    with pytest.warns(UserWarning, match="variable odd cannot be read: .*fit"):
        assert loadmat(path)["w"] == 1


@pytest.mark.parametrize("compress", [False, True])
def test_damage_is_still_damage(tmp_path, compress):
    path = tmp_path / "f.mat"
    savemat(path, {"cells": ["a" * 50, "b" * 50], "w": 1}, compress=compress)
    data = path.read_bytes()
    if compress:
        damaged = data[:160] + bytes([data[160] ^ 1]) + data[161:]
    else:  # text that would reach beyond the end of the variable
        damaged = data.replace(struct.pack("<II", 17, 100), struct.pack("<II", 17, 2**20), 1)
    assert damaged != data
    path.write_bytes(damaged)
    with pytest.raises(MatFileError, match=r"f\.mat.*damaged"):
        loadmat(path)
    path.write_bytes(data[:-3])
    with pytest.raises(MatFileError, match=r"f\.mat.*truncated"):
        append(path, {"a": 1})
    assert path.read_bytes() == data[:-3]


def odd_v4(kind):
    """A VAX number, or a sparse matrix whose table makes no sense, and what is said of it."""
    if kind == "vax":
        return struct.pack("<5i", 2000, 1, 1, 0, 4) + b"odd\0" + b"\x80\x40" + bytes(6), "its numbers are VAX D-float"
    return struct.pack("<5i", 2, 2, 2, 0, 4) + b"odd\0" + np.ones(4).tobytes(), "unreadable sparse matrix"


@pytest.mark.parametrize("kind", ["vax", "sparse"])
def test_in_v4(tmp_path, kind):
    path = tmp_path / "f.mat"
    scipy.io.savemat(path, {"w": 1.0}, format="4")
    odd, reason = odd_v4(kind)
    path.write_bytes(odd + path.read_bytes())
    with pytest.warns(UserWarning, match=f"variable odd cannot be read: {reason}"):
        values = loadmat(path)
    assert values["w"] == 1 and isinstance(values["odd"], OpaqueValue)
    assert [v.name for v in whos(path)] == ["odd", "w"]
    with pytest.raises(MatFileError, match=f"variable odd cannot be read: {reason}"):
        loadmat(path, "odd")
    append(path, {"new": 2})
    assert path.read_bytes().startswith(odd) and loadmat(path, "new")["new"] == 2
    with pytest.raises(MatFileError, match=f"cannot write odd: .*{reason}"):
        savemat(tmp_path / "g.mat", {"odd": values["odd"]})


def fill_v73(file):
    for name, value in {
        "compound": np.zeros(2, [("a", "i4"), ("b", "f8")]),
        "chars": np.array([[70000]], np.uint32),
    }.items():
        file[name] = value
    file["chars"].attrs["MATLAB_class"] = np.bytes_("char")
    file["type"] = np.dtype("f8")
    file["nowhere"] = h5py.SoftLink("/absent")
    file["outside"] = h5py.ExternalLink("absent.h5", "/x")
    times = h5py.h5t.UNIX_D32LE
    h5py.h5d.create(file.id, b"times", times, h5py.h5s.create_simple((2,)))
    group = file.create_group("sparse")
    group.attrs["MATLAB_class"], group.attrs["MATLAB_sparse"] = np.bytes_("double"), np.uint64(2)
    group["jc"], group["ir"], group["data"] = [0, 2], [0, 9], [1.0, 2.0]
    cells = file.create_dataset("cells", data=[[1.0]])
    cells.attrs["MATLAB_class"] = np.bytes_("cell")


V73_REASONS = {
    "compound": "type",
    "chars": "characters of more than 16 bits",
    "type": "an HDF5 type, no array",
    "nowhere": "a link to what is not in this file",
    "outside": "a link to what is not in this file",
    "times": "NumPy",
    "sparse": "row index of a sparse array out of range",
    "cells": "cells that are no references",
}


def test_in_v73(tmp_path):
    path = tmp_path / "f.mat"
    savemat(path, {"w": 1, "old": ["a"]}, "7.3")
    with h5py.File(path, "r+") as file:
        fill_v73(file)
    with pytest.warns(UserWarning, match="cannot be read") as caught:
        values = loadmat(path)
    assert len(caught) == len(V73_REASONS)
    assert {name for name in values if isinstance(values[name], OpaqueValue)} == set(V73_REASONS)
    assert values["w"] == 1 and values["old"][0, 0] == "a" and len(whos(path)) == len(values)
    for name, reason in V73_REASONS.items():
        with pytest.raises(MatFileError, match=rf"f\.mat: variable {name} cannot be read: .*{reason}"):
            loadmat(path, name)
    append(path, {"w": 2, "nowhere": 5}, remove="old")
    assert set(variable_names(path)) == set(values) - {"old"} and loadmat(path, ["w", "nowhere"]) == {
        "w": 2,
        "nowhere": 5,
    }
    with h5py.File(path) as file:
        assert file["compound"][()].tolist() == [(0, 0.0)] * 2 and file["sparse/ir"][()].tolist() == [0, 9]


def test_a_filter_that_is_not_installed_is_named(tmp_path):
    path = tmp_path / "f.mat"
    savemat(path, {"w": 1}, "7.3")
    with h5py.File(path, "r+") as file:
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((4,))
        plan.set_filter(32_700, h5py.h5z.FLAG_OPTIONAL, ())
        h5py.h5d.create(file.id, b"odd", h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((4,)), plan)
    with pytest.warns(UserWarning, match="variable odd cannot be read: packed by the HDF5 filter 32700"):
        assert loadmat(path)["w"] == 1


@pytest.mark.parametrize("version", ["7", "7.3"])
def test_a_variable_that_is_too_large_blocks_no_other(tmp_path, version, monkeypatch):
    """zeros(1e4) takes 800 MB in memory and next to nothing in a file."""
    path = tmp_path / "f.mat"
    zeros, model = np.zeros((2000, 2000)), small_model()
    savemat(path, model_variables(model) | {"reserved": zeros, "inside": {"a": zeros}}, version)
    monkeypatch.setenv("RATE2SPIKE_MAX_MIB", "1")
    assert path.stat().st_size * 64 < zeros.nbytes
    with pytest.warns(UserWarning, match="variable (reserved|inside) cannot be read: would take more than"):
        values = loadmat(path)
    assert values["N"] == model.n_units
    assert [(values[name].class_name, values[name].element) for name in ("reserved", "inside")] == [
        ("double", b""),
        ("struct", b""),
    ]
    assert (load_model(path).w_rec == model.w_rec).all()
    append(path, {"new": 1})
    assert loadmat(path, "reserved", max_bytes=10**8)["reserved"].shape == zeros.shape
    with pytest.raises(MatFileError, match=r"cannot write reserved: .*would take more than"):
        savemat(tmp_path / "g.mat", {"reserved": values["reserved"]})


@pytest.mark.parametrize("cells", ["cells", "pair"])  # deleted before `loop`, and after it
def test_references_that_lead_nowhere_or_round_and_structs_beyond_all_depth(tmp_path, cells):
    path = tmp_path / "f.mat"
    savemat(path, {"w": 1, cells: ["a", "b"]}, "7.3")
    with h5py.File(path, "r+") as file:
        del file["#refs#"][sorted(file["#refs#"])[0]]
        loop = file.create_dataset("loop", (1, 1), dtype=h5py.ref_dtype)
        loop[0, 0], loop.attrs["MATLAB_class"] = loop.ref, np.bytes_("cell")
        group = file
        for _ in range(250):
            group = group.create_group("deep")
            group.attrs["MATLAB_class"] = np.bytes_("struct")
    with pytest.warns(UserWarning, match="leads nowhere|contains itself|nested more than 200 deep") as caught:
        values = loadmat(path)
    assert len(caught) == 3 and values["w"] == 1 and values["loop"][0, 0].reason == "it contains itself"
    assert {v.name: v.shape for v in whos(path)} == {"w": (1, 1), cells: (2, 1), "loop": (1, 1), "deep": (1, 1)}
    append(path, {cells: 2, "loop": 3}, remove="deep")
    assert loadmat(path) == {"w": 1, cells: 2, "loop": 3}


@pytest.mark.parametrize("version", ["5", "7", "7.3"])
def test_a_model_that_holds_such_a_variable_is_loaded_searched_and_appended_to(tmp_path, version, cli, go_nogo_path):
    path = tmp_path / go_nogo_path.name
    savemat(path, loadmat(go_nogo_path), version)
    if version == "7.3":
        with h5py.File(path, "r+") as file:
            fill_v73(file)
        odd_names = set(V73_REASONS)
    else:
        path.write_bytes(path.read_bytes() + (of_other_size("odd") if version == "5" else packed(of_other_size("odd"))))
        odd_names = {"odd"}
    model = load_model(path)  # no warning: nobody asked for it
    assert odd_names <= set(model.extra)
    assert (model.w_rec == load_model(go_nogo_path).w_rec).all()
    code, _, error = cli("search", path, "--scaling-factors", "20", "25", "--n-trials", "2", "--seed", "1", "--force")
    assert code == 0, error
    assert load_model(path).scaling_factor in (20, 25) and odd_names <= set(variable_names(path))
    code, out, error = cli("inspect", path)
    assert code == 0 and next(iter(odd_names)) in out, error
    if version != "7.3":
        save_model(model, tmp_path / "copy.mat")
        assert "odd" in load_model(tmp_path / "copy.mat").extra


def test_a_model_whose_weights_cannot_be_read_says_so(tmp_path, go_nogo_path):
    path = tmp_path / "f.mat"
    values = loadmat(go_nogo_path)
    del values["w"]
    savemat(path, values)
    path.write_bytes(path.read_bytes() + of_other_size("w"))
    with pytest.raises(ModelFileError, match=r"f\.mat: variable w cannot be read: 2 elements for an array of 1 x 3"):
        load_model(path)
