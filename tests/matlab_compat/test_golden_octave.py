"""Files that GNU Octave wrote (tests/data/octave, made by make_golden.m there): every class, without Octave."""

from pathlib import Path

import numpy as np
import pytest
import scipy.sparse

from rate2spike.matlab_compat.matfile import append, loadmat, whos

FOLDER = Path(__file__).parents[1] / "data" / "octave"
FILES = sorted(FOLDER.glob("octave_*_v[67].mat"))

EXPECTED = {
    "real_double": np.array([[1.5, -2], [np.nan, np.inf]]),
    "whole_double": np.array([[30.0, 200.0]]),
    "real_single": np.array([[1.5], [2.5]], np.float32),
    "complex_double": np.array([[1 + 2j, 3]]),
    "complex_single": np.array([[1 - 1j]], np.complex64),
    "i8": np.array([[-128, 127]], np.int8),
    "u8": np.array([[0, 255]], np.uint8),
    "i16": np.array([[-300]], np.int16),
    "u16": np.array([[60000]], np.uint16),
    "i32": np.array([[-70000]], np.int32),
    "u32": np.array([[4000000000]], np.uint32),
    "i64": np.array([[-9007199254740993]], np.int64),
    "u64": np.array([[18446744073709551615]], np.uint64),
    "logical_array": np.array([[True], [False]]),
    "text": "go-nogo",
    "text_utf8": "Größe €",
    "text_empty": "",
    "text_rows": np.array(["ab", "cd", "ef"]),
    "nd": np.arange(1.0, 25).reshape(2, 3, 4, order="F"),
    "empty_0x3": np.empty((0, 3)),
    "range_row": np.arange(20.0, 76, 5)[None],
}
SPARSE = {
    "sparse_double": ([[0, 2.5, 0, 0], [0, 0, -1, 0], [0, 0, 0, 0]], np.float64),
    "sparse_logical": ([[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]], np.bool_),
    "sparse_complex": ([[1j, 0], [0, 0]], np.complex128),
}


def test_there_are_golden_files():
    assert len(FILES) >= 2


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_class_is_read(path):
    loaded = loadmat(path)
    for name, value in EXPECTED.items():
        found = loaded.pop(name)
        assert np.asarray(found).dtype == np.asarray(value).dtype and np.shape(found) == np.shape(value), name
        np.testing.assert_array_equal(found, value, name)
    for name, (dense, kind) in SPARSE.items():
        found = loaded.pop(name)
        assert scipy.sparse.issparse(found) and found.dtype == kind, name
        np.testing.assert_array_equal(found.toarray(), dense, name)
    assert loaded.pop("empty_cell").shape == (0, 2)
    one, two, nested = loaded.pop("cells")[0]
    assert one.item() == 1 and two == "two" and nested[0, 0].item() is True and nested[0, 1].dtype == np.int8
    structure = loaded.pop("structure")
    assert structure["a"][0, 0].item() == 1 and list(structure["b"][0, 0]["c"][0, 0].ravel()) == ["x", "y"]
    array = loaded.pop("struct_array")
    assert array.shape == (1, 3) and list(array["name"][0]) == ["p", "q", "r"] and array["value"][0, 1].shape == (1, 2)
    square, five = loaded.pop("cells_square")[0]
    assert square.tolist() == ["ab", "cd"] and five.item() == 5
    assert loaded.pop("text_square").tolist() == ["ab", "cd"]
    assert not loaded


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_listing_agrees_with_octaves_whos(path):
    listed = {v.name: (v.shape, v.class_name) for v in whos(path)}
    assert listed["logical_array"] == ((2, 1), "logical") and listed["sparse_logical"] == ((3, 4), "sparse")
    assert listed["text_rows"] == ((3, 2), "char") and listed["nd"] == ((2, 3, 4), "double")
    assert listed["struct_array"] == ((1, 3), "struct") and listed["cells"] == ((1, 3), "cell")


def test_v4():
    (path,) = FOLDER.glob("octave_*_v4.mat")
    loaded = loadmat(path)
    for name in ("real_double", "whole_double", "complex_double", "text", "range_row"):
        np.testing.assert_array_equal(loaded[name], EXPECTED[name])
    np.testing.assert_array_equal(loaded["sparse_double"].toarray(), SPARSE["sparse_double"][0])


def test_of_duplicates_that_octave_appends_the_last_counts(tmp_path):
    (golden,) = FOLDER.glob("octave_*_appended.mat")
    assert loadmat(golden)["whole_double"].tolist() == [[1, 2, 3]]
    assert [v.shape for v in whos(golden) if v.name == "whole_double"] == [(1, 3)]
    path = tmp_path / "f.mat"
    path.write_bytes(golden.read_bytes())
    append(path, {"whole_double": 9})
    assert loadmat(path)["whole_double"].tolist() == [[9]] and loadmat(path)["text"] == "go-nogo"
