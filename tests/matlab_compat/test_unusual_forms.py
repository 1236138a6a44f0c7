"""Legal but rare forms of MAT files, as MATLAB, Octave and others write them: each is read with the right value."""

import struct
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.sparse

from rate2spike.matlab_compat.mat_v5_write import file_header
from rate2spike.matlab_compat.matfile import append, loadmat, savemat, whos

DATA = Path(__file__).parent.parent / "data" / "unusual_mat"
CELL, STRUCT, CHAR, SPARSE, DOUBLE, UINT8 = 1, 2, 4, 5, 6, 9
LOGICAL, COMPLEX = 0x200, 0x800


def part(kind, data):
    """A subelement in the long form, padded to 8 bytes."""
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def small(kind, data):
    """A subelement of at most 4 bytes in the short form."""
    return struct.pack("<I", len(data) << 16 | kind) + data.ljust(4, b"\0")


def ints(*values):
    return part(5, struct.pack(f"<{len(values)}i", *values))


def doubles(*values):
    return part(9, struct.pack(f"<{len(values)}d", *values))


def matrix(class_and_flags, shape, *parts, name="x", reserved=0):
    flags = part(6, struct.pack("<II", class_and_flags, reserved))
    content = flags + ints(*shape) + part(1, name.encode()) + b"".join(parts)
    return struct.pack("<II", 14, len(content)) + content


def loaded(tmp_path, *elements):
    (tmp_path / "f.mat").write_bytes(file_header() + b"".join(elements))
    assert len(whos(tmp_path / "f.mat")) == len(loadmat(tmp_path / "f.mat"))
    return loadmat(tmp_path / "f.mat")["x"]


def test_logical_sparse_with_a_byte_per_value():
    values = loadmat(DATA / "logical_sparse_v6.mat")
    mask = values["mask"]
    assert mask.format == "csc" and mask.dtype == bool and mask.shape == (5, 4) and values["w"] == 3
    assert mask.indices.tolist() == [0, 0, 0, 1, 2] and mask.indptr.tolist() == [0, 1, 2, 5, 5] and mask.data.all()


@pytest.mark.parametrize(
    "values",
    [
        part(9, bytes([1] * 8)),
        part(2, bytes([1] * 8)),
        part(1, bytes([1] * 8)),
        doubles(*[1.0] * 8),
        part(9, bytes([1] * 3)),
    ],
    ids=["called doubles", "uint8", "int8", "doubles", "as many as there are"],
)
def test_logical_sparse_with_room_for_more(tmp_path, values):
    """Eight reserved, three used: MATLAB keeps what spalloc or an assignment reserved."""
    rows, starts = ints(0, 2, 1, 0, 0, 0, 0, 0), ints(0, 2, 3)
    x = loaded(tmp_path, matrix(SPARSE | LOGICAL, (3, 2), rows, starts, values, reserved=8))
    assert x.dtype == bool and x.toarray().tolist() == [[True, False], [False, True], [True, False]]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
def test_logical_sparse_in_the_short_form(tmp_path, count):
    rows, starts = ints(*range(count)), ints(0, count)
    x = loaded(tmp_path, matrix(SPARSE | LOGICAL, (4, 1), rows, starts, small(9, bytes([1] * count))))
    assert x.nnz == count and x.dtype == bool and x.toarray().ravel().tolist() == [k < count for k in range(4)]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (3, 2)])
@pytest.mark.parametrize("flags", [0, LOGICAL, COMPLEX])
def test_sparse_without_elements(tmp_path, shape, flags):
    """MATLAB reserves one element all the same; others reserve none, or leave even the column starts of no columns out."""
    zeros = doubles(0.0) * (2 if flags == COMPLEX else 1)
    starts = ints(*[0] * (shape[1] + 1))
    for parts in ([ints(0), starts, zeros], [ints(), starts, doubles()], [ints(), starts]):
        x = loaded(tmp_path, matrix(SPARSE | flags, shape, *parts, reserved=1))
        assert x.shape == shape and x.nnz == 0
    if not shape[1]:
        assert loaded(tmp_path, matrix(SPARSE | flags, shape, ints(), ints(), doubles())).shape == shape


def test_sparse_complex_in_mixed_storage(tmp_path):
    parts = (
        part(4, struct.pack("<3H", 0, 1, 9)),
        part(2, bytes([0, 1, 2])),
        part(2, bytes([5, 7, 0])),
        doubles(np.inf, 2.0),
    )
    x = loaded(tmp_path, matrix(SPARSE | COMPLEX, (2, 2), *parts, reserved=3))
    assert x.dtype == np.complex128 and x[0, 0] == complex(5, np.inf) and x[1, 1] == 7 + 2j


def test_arrays_without_elements(tmp_path):
    assert loaded(tmp_path, matrix(DOUBLE, (0, 3, 2), doubles())).shape == (0, 3, 2)
    assert loaded(tmp_path, matrix(DOUBLE, (0, 3))).shape == (0, 3)  # the data left out
    assert loaded(tmp_path, matrix(DOUBLE | COMPLEX, (0, 3), doubles())).dtype == np.complex128
    assert loaded(tmp_path, matrix(UINT8 | LOGICAL, (0, 3))).dtype == bool
    assert loaded(tmp_path, matrix(CHAR, (0, 0))) == ""
    assert loaded(tmp_path, matrix(CHAR, (1, 0), part(17, b""))) == ""
    assert loaded(tmp_path, matrix(CHAR, (0, 5), part(4, b""))).shape == (0, 5)
    assert loaded(tmp_path, matrix(CELL, (2, 0))).shape == (2, 0)
    unset = struct.pack("<II", 14, 0)
    x = loaded(tmp_path, matrix(CELL, (1, 2), unset, matrix(CELL, (0, 0), name="")))
    assert x[0, 0].shape == (0, 0) and x[0, 0].dtype == np.float64 and x[0, 1].dtype == object


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (1, b"acbd"),
        (2, b"acbd"),
        (4, "acbd".encode("utf-16-le")),
        (16, b"acbd"),
        (17, "acbd".encode("utf-16-le")),
        (18, "acbd".encode("utf-32-le")),
    ],
)
def test_rows_of_text_in_every_storage(tmp_path, kind, data):
    assert loaded(tmp_path, matrix(CHAR, (2, 2), part(kind, data))).tolist() == ["ab", "cd"]


def test_text_called_signed(tmp_path):
    assert loaded(tmp_path, matrix(CHAR, (1, 3), part(1, "aé€".encode("latin-1", "replace")))) == "aé?"


def test_blanks_without_data(tmp_path):
    assert loaded(tmp_path, matrix(CHAR, (1, 3), part(1, b""))) == "   "


@pytest.mark.parametrize("length", [2, 32, 64])
def test_structs_with_any_room_for_names(tmp_path, length):
    names = part(1, b"".join(name.ljust(length, b"\0") for name in (b"a", b"b")))
    values = [matrix(DOUBLE, (1, 1), doubles(k), name="") for k in (1.0, 2.0, 3.0, 4.0)]
    x = loaded(tmp_path, matrix(STRUCT, (1, 2), small(5, struct.pack("<i", length)), names, *values))
    assert x.dtype.names == ("a", "b") and x.shape == (1, 2) and x["b"][0, 1] == 4


@pytest.mark.parametrize("length", [0, 1, 32])
def test_structs_without_fields(tmp_path, length):
    x = loaded(tmp_path, matrix(STRUCT, (1, 1), small(5, struct.pack("<i", length)), part(1, b"")))
    assert x.shape == (1, 1) and x.dtype.names in ((), None)


def test_fields_of_one_name_are_told_apart(tmp_path):
    names = part(1, b"".join(name.ljust(8, b"\0") for name in (b"a", b"a", b"a_2", b"")))
    values = [matrix(DOUBLE, (1, 1), doubles(k), name="") for k in (1.0, 2.0, 3.0, 4.0)]
    x = loaded(tmp_path, matrix(STRUCT, (1, 1), small(5, struct.pack("<i", 8)), names, *values))
    assert {name: x[name][0, 0].item() for name in x.dtype.names} == {"a": 1, "a_3": 2, "a_2": 3, "field_4": 4}
    savemat(tmp_path / "g.mat", {"x": x})


def test_of_variables_of_one_name_the_last_counts(tmp_path):
    twice = [matrix(DOUBLE, (1, 1), doubles(k)) for k in (1.0, 2.0)]
    (tmp_path / "f.mat").write_bytes(file_header() + b"".join(twice))
    assert loadmat(tmp_path / "f.mat")["x"] == 2 and len(whos(tmp_path / "f.mat")) == 1


# MAT v7.3


@pytest.fixture
def v73(tmp_path):
    """Make a v7.3 file with a function of the open HDF5 file; returns its path."""

    def make(fill, name="f.mat"):
        with h5py.File(tmp_path / name, "w", userblock_size=512) as file:
            w = file.create_dataset("w", data=[[3.0]])
            w.attrs["MATLAB_class"] = np.bytes_("double")
            fill(file)
        return tmp_path / name

    return make


def put(group, name, data, class_name, **attributes):
    item = group.create_dataset(name, data=data) if not isinstance(data, dict) else group.create_group(name)
    item.attrs["MATLAB_class"] = np.bytes_(class_name)
    for key, value in attributes.items():
        item.attrs[f"MATLAB_{key}"] = value
    return item


def test_struct_without_fields():
    opts = loadmat(DATA / "struct_without_fields_v73.mat")["opts"]
    assert opts.shape == (1, 1) and opts.dtype.names in ((), None)
    assert [(v.name, v.shape) for v in whos(DATA / "struct_without_fields_v73.mat")] == [
        ("opts", (1, 1)),
        ("w", (1, 1)),
    ]


def test_struct_of_very_many_fields():
    s = loadmat(DATA / "many_fields_v73.mat")["s"]
    assert s.dtype.names == tuple(f"field_number_{k:03d}" for k in range(260))
    assert all(s[name][0, 0] == 1 for name in s.dtype.names)


@pytest.mark.parametrize("version", ["5", "7", "7.3"])
def test_structs_without_and_with_very_many_fields_are_written_as_matlab_does(tmp_path, version):
    many = {f"zfield_number_{9999 - k}": k for k in range(400)}
    none = {"s": {}, "row": np.empty((1, 3), []), "in_cell": [{}, 1]}
    savemat(tmp_path / "f.mat", {"many": many, **none}, version)
    append(tmp_path / "f.mat", {"many": many})
    back = loadmat(tmp_path / "f.mat")
    assert back["many"].dtype.names == tuple(many) and back["many"][f"zfield_number_{9999 - 7}"][0, 0] == 7
    assert back["s"].shape == (1, 1) and back["row"].shape == (1, 3) and back["in_cell"][0, 0].shape == (1, 1)
    if version == "7.3":
        with h5py.File(tmp_path / "f.mat") as file:
            assert isinstance(file["many"].attrs["MATLAB_fields"], h5py.Reference)
            assert file["s"][()].tolist() == [1, 1] and file["s"].attrs["MATLAB_empty"] == 1


def test_cells_and_fields_that_were_never_set(v73):
    """MATLAB lets them refer to one data set of class 'canonical empty'; others leave the reference null."""

    def fill(file):
        unset = put(file.create_group("#refs#"), "a", np.zeros(2, np.uint64), "canonical empty", empty=np.uint8(1))
        references = np.array([[unset.ref, h5py.Reference()]], dtype=h5py.ref_dtype)
        put(file, "c", references, "cell")
        s = put(file, "s", {}, "struct")
        s.create_dataset("f", data=references, dtype=h5py.ref_dtype)
        s.attrs["MATLAB_fields"] = np.array([b"f", b"g"])

    path = v73(fill)
    back = loadmat(path)
    assert all(cell.shape == (0, 0) and cell.dtype == np.float64 for cell in back["c"].ravel())
    assert back["s"].dtype.names == ("f", "g") and back["s"].shape == back["c"].shape == (2, 1)
    assert back["s"]["g"][0, 0].shape == (0, 0)
    assert {v.name: v.class_name for v in whos(path)} == {"c": "cell", "s": "struct", "w": "double"}
    append(path, {"c": 1, "s": 2})
    assert loadmat(path)["c"] == 1


@pytest.mark.parametrize("is_logical", [False, True])
def test_sparse_in_v73(v73, is_logical):
    kind, value_type = ("logical", np.uint8) if is_logical else ("double", float)

    def fill(file):
        for name, starts, elements in (
            ("none", [0, 0, 0], None),
            ("no_columns", [0], None),
            ("room", [0, 1, 2], [2, 1, 0, 0]),
            ("no_jc", None, None),
        ):
            group = put(file, name, {}, kind, sparse=np.array([3], np.uint64))
            if starts is not None:
                group["jc"] = np.array(starts, np.uint64)
            if elements:
                group["ir"], group["data"] = np.array(elements, np.uint64), np.array([1, 1, 0, 0], value_type)

    path = v73(fill)
    back = loadmat(path)
    assert {name: back[name].shape for name in ("none", "no_columns", "room", "no_jc")} == {
        "none": (3, 2),
        "no_columns": (3, 0),
        "room": (3, 2),
        "no_jc": (3, 0),
    }
    assert {v.name: v.shape for v in whos(path)} == {name: value.shape for name, value in back.items()}
    assert back["room"].dtype == (bool if is_logical else float)
    assert back["room"].toarray().tolist() == [[0, 0], [0, 1], [1, 0]]
    assert scipy.sparse.issparse(back["none"]) and back["none"].nnz == 0


def test_other_layouts_of_hdf5(v73):
    def fill(file):
        put(file, "big_endian", np.arange(6, dtype=">f8").reshape(3, 2), "double")
        put(file, "scalar", 4.0, "double")
        file.create_dataset(
            "packed", data=np.ones((9, 9)), chunks=(3, 3), shuffle=True, fletcher32=True, compression="gzip"
        )
        file["plain"] = np.arange(3, dtype=">i2")
        file["text"] = "a word"
        file["texts"] = ["a", "bc"]
        for class_name, shape in (("double", (0, 0)), ("char", (0, 3)), ("cell", (0, 2)), ("struct", (2, 0))):
            put(file, f"no_{class_name}", np.array(shape, np.int32), class_name, empty=np.uint32(1))
        lone = put(file, "lone", {}, "struct", fields=np.bytes_("field"))
        put(lone, "field", [[7.0]], "double")
        null = file.create_dataset("null", data=h5py.Empty("f8"))
        null.attrs["MATLAB_class"] = np.bytes_("single")

    path = v73(fill)
    back = loadmat(path)
    assert back["big_endian"].tolist() == [[0, 2, 4], [1, 3, 5]] and back["big_endian"].dtype == np.float64
    assert back["scalar"].tolist() == [[4]] and back["packed"].sum() == 81
    assert back["plain"].dtype == np.int16 and back["plain"].ravel().tolist() == [0, 1, 2]
    assert back["text"] == "a word" and back["texts"].ravel().tolist() == ["a", "bc"]
    assert {name: back[name].shape for name in back if name.startswith("no_")} == {
        "no_double": (0, 0),
        "no_char": (0, 3),
        "no_cell": (0, 2),
        "no_struct": (2, 0),
    }
    assert back["lone"].dtype.names == ("field",) and back["lone"]["field"][0, 0] == 7
    assert back["null"].shape == (0, 0) and back["null"].dtype == np.float32
    assert len(whos(path)) == len(back)
    savemat(path.with_name("g.mat"), back)


OCTAVE = """
a = sparse(0,3); b = sparse(logical([1 0;0 1;0 1])); c = sparse(logical(zeros(3,2))); d = spalloc(4,4,10); d(2,3) = 1;
e = char(zeros(0,5)); f = ['ab';'cd']; g = cell(2,0); h = {{},{{}},[]}; i = struct(); j = repmat(struct('a',1),0,3);
k = struct('a',{1,'x',[]}); l = zeros(0,3,2); m = zeros(2,3,1,4); n = true(0,3); o = int8(zeros(0,2));
p = single(complex(1,2));
"""


@pytest.mark.octave
@pytest.mark.parametrize("flag", ["-v6", "-v7"])
def test_octaves_empty_and_nested_values_there_and_back(octave, tmp_path, flag):
    octave(f"{OCTAVE} save('{flag}', 'theirs.mat')", tmp_path)
    values = loadmat(tmp_path / "theirs.mat")
    assert (
        len(values) == 16
        and values["i"].shape == (1, 1)
        and values["j"].shape == (0, 3)
        and values["h"].shape == (1, 3)
    )
    savemat(tmp_path / "ours.mat", values)
    same = "; ".join(
        f"r(end+1) = isequal({x}, s.{x}) && (issparse({x}) || strcmp(class({x}), class(s.{x})))" for x in values
    )
    # Octave reads logical sparse arrays of MATLAB files as double
    assert octave(f"{OCTAVE} s = load('ours.mat'); r = []; {same}; disp(all(r))", tmp_path).strip() == "1"
    savemat(tmp_path / "v73.mat", values, "7.3")
    again = loadmat(tmp_path / "v73.mat")
    assert all(np.shape(again[x]) == np.shape(values[x]) and type(again[x]) is type(values[x]) for x in values)


@pytest.mark.octave
def test_octaves_v4(octave, tmp_path):
    code = "a = sparse(0,3); c = sparse([0 1+2i;3i 0]); e = char(zeros(0,5)); f = ['ab';'cd']; z = zeros(3,0)"
    octave(f"{code}; save('-v4', 'f.mat')", tmp_path)
    back = loadmat(tmp_path / "f.mat")
    assert back["a"].shape == (0, 3) and back["c"].toarray().tolist() == [[0, 1 + 2j], [3j, 0]]
    assert back["e"].shape == (0, 5) and back["f"].tolist() == ["ab", "cd"] and back["z"].shape == (3, 0)
