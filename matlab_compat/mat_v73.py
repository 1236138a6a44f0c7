"""MAT v7.3 files: HDF5 in MATLAB's layout, read and written with h5py.

h5py knows nothing of the layout: dimensions run backwards, the class stands in the attribute MATLAB_class, text is uint16
and logical uint8 (MATLAB_int_decode), an empty array holds its dimensions instead (MATLAB_empty), cells and struct arrays
hold references into the group #refs#, and 512 bytes of user block carry the MAT header.
"""

import os
import shutil
import struct
import time
from collections.abc import Iterable, Mapping
from typing import Any

import h5py
import numpy as np
import scipy.sparse

from rate2spike import __version__
from rate2spike.errors import MatFileError
from rate2spike.matlab_compat.values import (
    MAX_DEPTH,
    NUMERIC_CLASSES,
    Budget,
    Damage,
    OpaqueValue,
    TooLarge,
    char_units,
    class_of,
    dtype_of,
    text_of_units,
)

USER_BLOCK_BYTES = 512
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_HIDDEN = ("#refs#", "#subsystem#")
_NAMES_TYPE = h5py.vlen_dtype(np.dtype("S1"))
_MAX_RANK = 32
_MAX_NAMES = 4000
_OUR_NAMES = "rate2spike_"  # of what we put into #refs#


def is_mat_v73(start: bytes) -> bool:
    """Whether a file that begins with these bytes (4 KiB suffice) is HDF5."""
    return any(start[offset : offset + 8] == _SIGNATURE for offset in (0, 512, 1024, 2048))


def read(path: str | os.PathLike, names: Iterable[str] | None, max_bytes: int) -> dict[str, Any]:
    """{name: value}. Raises MatFileError naming file and variable."""
    with _opened(path) as file:
        wanted = set(_variables(file, path)) if names is None else set(names)
        return {
            name: _guarded(_read, path, name, file, Budget(max_bytes))
            for name in _variables(file, path)
            if name in wanted
        }


def describe(path: str | os.PathLike) -> list[tuple[str, tuple[int, ...] | None, str, int]]:
    """Name, shape, class and bytes of every variable, without loading data. Raises MatFileError."""
    with _opened(path) as file:
        return [(name, *_guarded(_describe, path, name, file)) for name in _variables(file, path)]


def variable_names(path: str | os.PathLike) -> list[str]:
    """Names of the variables. Raises MatFileError."""
    with _opened(path) as file:
        return _variables(file, path)


def write(path: str | os.PathLike, variables: Mapping[str, Any], compress: bool) -> None:
    """Write a new file from values in the form of `values.to_matlab`. Not atomic: give it a temporary path."""
    with h5py.File(path, "w", userblock_size=USER_BLOCK_BYTES) as file:
        writer = _Writer(file, compress)
        for name, value in variables.items():
            writer.variable(name, value)
    with open(path, "r+b") as raw:
        raw.write(_user_block())


def write_changed_copy(
    source: str | os.PathLike, target: str | os.PathLike, variables: Mapping[str, Any], dropped: Iterable[str]
) -> None:
    """Write to `target` a copy of `source` without the dropped variables and with new ones; all else is untouched.

    New arrays are compressed if any old one is. Raises MatFileError if the source is damaged.
    """
    shutil.copyfile(source, target)
    try:
        with h5py.File(target, "r+", locking=False) as file:
            compress = any(isinstance(item, h5py.Dataset) and item.compression is not None for item in file.values())
            for name in {*dropped, *variables}:
                if name in file:
                    _delete_referred(file[name])
                    del file[name]
            writer = _Writer(file, compress)
            for name, value in variables.items():
                writer.variable(name, value)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        if isinstance(error, MatFileError):
            raise
        raise MatFileError(f"{source}: damaged or truncated MAT v7.3 file: {_first_line(error)}") from None


def _delete_referred(item) -> None:
    """Delete what a variable of ours refers to; MATLAB's own items may be shared."""
    if isinstance(item, h5py.Group):
        for child in item.values():
            _delete_referred(child)
    elif item.dtype.kind == "O" and h5py.check_ref_dtype(item.dtype) is h5py.Reference:
        for reference in np.ravel(item[()]):
            target = item.file[reference]
            if target.name.startswith(f"/#refs#/{_OUR_NAMES}"):
                _delete_referred(target)
                del item.file[target.name]


# Reading


def _opened(path) -> h5py.File:
    try:
        return h5py.File(path, "r", locking=False)
    except (OSError, RuntimeError) as error:
        raise MatFileError(f"{path}: damaged or truncated MAT v7.3 file: {_first_line(error)}") from None


def _variables(file: h5py.File, path) -> list[str]:
    try:
        return [name for name in file if name not in _HIDDEN]
    except (RuntimeError, OSError, UnicodeDecodeError, KeyError) as error:
        raise MatFileError(f"{path}: damaged MAT v7.3 file: {_first_line(error)}") from None


def _guarded(function, path, name: str, *arguments) -> Any:
    """Call; whatever h5py trips over in a damaged file becomes one line."""
    try:
        return function(name, *arguments)
    except MemoryError:
        raise
    except TooLarge as error:
        raise MatFileError(f"{path}: variable {name}: {error}") from None
    except Exception as error:  # OSError, KeyError, RuntimeError, TypeError, ValueError, ...: h5py in damaged files
        raise MatFileError(f"{path}: variable {name}: damaged or unreadable: {_first_line(error)}") from None


def _read(name: str, file: h5py.File, budget: Budget) -> Any:
    return _value(file[name], budget, ())


def _value(item, budget: Budget, ancestors: tuple) -> Any:
    address = h5py.h5o.get_info(item.id).addr
    if address in ancestors or len(ancestors) > MAX_DEPTH:
        raise Damage("a value that contains itself" if address in ancestors else f"nested more than {MAX_DEPTH} deep")
    inside = (*ancestors, address)
    budget.take(Budget.ARRAY_BYTES)
    class_name = _class_name(item)
    if _is_opaque(item, class_name):
        return OpaqueValue(class_name or "unknown")
    if isinstance(item, h5py.Group):
        return _sparse(item, class_name, budget) if "MATLAB_sparse" in item.attrs else _struct(item, budget, inside)
    if item.attrs.get("MATLAB_empty", 0):
        return _empty(item, class_name)
    budget.take(item.size * max(item.dtype.itemsize, 1))
    if item.ndim > _MAX_RANK:
        raise Damage(f"{item.ndim} dimensions")
    if class_name == "cell":
        return _referred(item, budget, inside)
    return _plain(_two_dimensional(item[()]), class_name)


def _class_name(item) -> str | None:
    value = item.attrs.get("MATLAB_class")
    return value.decode("ascii") if isinstance(value, bytes) else value if isinstance(value, str) else None


def _is_opaque(item, class_name: str | None) -> bool:
    if class_name is None:
        return False
    is_known = class_name in ("cell", "struct", "char", "logical", *NUMERIC_CLASSES)
    return not is_known or item.attrs.get("MATLAB_object_decode", 0) > 0


def _empty(item, class_name: str | None) -> Any:
    shape = tuple(int(extent) for extent in np.ravel(item[()]))
    if len(shape) < 2 or len(shape) > _MAX_RANK or min(shape) < 0 or 0 not in shape:
        raise Damage(f"unreadable dimensions {shape} of an empty array")
    if class_name == "char":
        return text_of_units(np.empty(shape, np.uint16))
    if class_name == "cell":
        return np.empty(shape, object)
    if class_name == "struct":
        return np.empty(shape, [(key, object) for key in _field_names(item, ())])
    return np.empty(shape, bool if class_name == "logical" else dtype_of(class_name or "double"))


def _plain(values: np.ndarray, class_name: str | None) -> Any:
    if values.dtype.names == ("real", "imag"):
        numbers = np.empty(values.shape, np.result_type(values["real"].dtype, np.complex64))
        numbers.real, numbers.imag = values["real"], values["imag"]
        return numbers
    if values.dtype.kind not in "biuf":
        raise Damage(f"type {values.dtype} in an array of class {class_name}")
    if class_name == "char":
        return text_of_units(values.astype(np.uint16))
    if class_name == "logical":
        return values != 0
    return values.astype(dtype_of(class_name)) if class_name else values


def _two_dimensional(values) -> np.ndarray:
    """MATLAB's dimensions: reversed, and at least two."""
    values = np.asarray(values).T
    return values.reshape(values.shape + (1,) * (2 - values.ndim)) if values.ndim < 2 else values


def _referred(item: h5py.Dataset, budget: Budget, ancestors: tuple) -> np.ndarray:
    references = _two_dimensional(item[()])
    cells = np.empty(references.shape, object)
    for index in np.ndindex(references.shape):
        cells[index] = _value(item.file[references[index]], budget, ancestors)
    return cells


def _struct(group: h5py.Group, budget: Budget, ancestors: tuple) -> np.ndarray:
    names = _field_names(group, tuple(group))
    columns = {}
    for name in names:
        item = group[name]
        is_array = isinstance(item, h5py.Dataset) and item.dtype.kind == "O" and "MATLAB_class" not in item.attrs
        if is_array:
            budget.take(8 * item.size)
            columns[name] = _referred(item, budget, ancestors)
        else:
            columns[name] = np.empty((1, 1), object)
            columns[name][0, 0] = _value(item, budget, ancestors)
    shapes = {column.shape for column in columns.values()}
    if len(shapes) > 1:
        raise Damage("fields of different sizes")
    result = np.empty(shapes.pop() if shapes else (1, 1), [(name, object) for name in names])
    for name, column in columns.items():
        result[name] = column
    return result


def _field_names(item, default: tuple[str, ...]) -> tuple[str, ...]:
    names = item.attrs.get("MATLAB_fields")
    if names is None:
        return default
    return tuple(name if isinstance(name, str) else b"".join(np.ravel(name)).decode("ascii") for name in names)


def _sparse(group: h5py.Group, class_name: str | None, budget: Budget) -> scipy.sparse.csc_matrix:
    starts_item = group["jc"]
    n_rows = int(group.attrs["MATLAB_sparse"])
    budget.take(24 * (group["data"].size if "data" in group else 0) + 8 * starts_item.size)
    starts = np.ravel(starts_item[()]).astype(np.int64)
    if starts.size < 1 or starts[0] != 0 or (np.diff(starts) < 0).any():
        raise Damage("unreadable column starts of a sparse array")
    if "data" in group:
        rows, values = np.ravel(group["ir"][()]).astype(np.int64), np.ravel(group["data"][()])
    else:
        rows, values = np.empty(0, np.int64), np.empty(0)
    count = int(starts[-1])
    rows, values = rows[:count], _plain(values[:count], class_name)
    if min(rows.size, values.size) < count or (count and not (rows.min() >= 0 and rows.max() < n_rows)):
        raise Damage("row index of a sparse array out of range")
    return scipy.sparse.csc_matrix((values, rows, starts), shape=(n_rows, starts.size - 1))


def _describe(name: str, file: h5py.File) -> tuple[tuple[int, ...] | None, str, int]:
    item = file[name]
    class_name = _class_name(item)
    if _is_opaque(item, class_name):
        return None, class_name or "unknown", 0
    if isinstance(item, h5py.Group):
        if "MATLAB_sparse" in item.attrs:
            extents = (int(item.attrs["MATLAB_sparse"]), item["jc"].size - 1)
            n_values = item["data"].size * item["data"].dtype.itemsize if "data" in item else 0
            return extents, "sparse", n_values + 8 * ((item["ir"].size if "ir" in item else 0) + item["jc"].size)
        arrays = [
            c
            for c in item.values()
            if isinstance(c, h5py.Dataset) and c.dtype.kind == "O" and "MATLAB_class" not in c.attrs
        ]
        shape = _matlab_shape(arrays[0].shape) if arrays else (1, 1)
        return shape, "struct", _stored_bytes(item)
    if item.attrs.get("MATLAB_empty", 0):
        return tuple(int(extent) for extent in np.ravel(item[()])), class_name or "double", 0
    size = _stored_bytes(item) if class_name == "cell" else item.size * item.dtype.itemsize
    return _matlab_shape(item.shape), class_name or "double", size


def _stored_bytes(item, depth: int = 0) -> int:
    """Bytes of the data in a container, nested containers included."""
    if depth > MAX_DEPTH:
        raise Damage(f"nested more than {MAX_DEPTH} deep")
    if isinstance(item, h5py.Group):
        return sum(_stored_bytes(child, depth + 1) for child in item.values())
    if item.dtype.kind == "O":
        return sum(_stored_bytes(item.file[reference], depth + 1) for reference in np.ravel(item[()]))
    return 0 if item.attrs.get("MATLAB_empty", 0) else item.size * item.dtype.itemsize


def _matlab_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[::-1] + (1,) * (2 - len(shape))


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


# Writing


class _Writer:
    """Adds variables to an open file; what cells and struct arrays hold goes to #refs# under running names."""

    def __init__(self, file: h5py.File, compress: bool):
        self._file = file
        self._compress = compress
        self._n_stored = len(file["#refs#"]) if "#refs#" in file else 0

    def variable(self, name: str, value: Any) -> None:
        self._put(self._file, name, value)

    def _put(self, parent: h5py.Group, name: str, value: Any) -> h5py.Group | h5py.Dataset:
        if isinstance(value, OpaqueValue):
            raise MatFileError(f"cannot write {name} as MAT v7.3: MATLAB class {value.class_name}")
        if isinstance(value, str) or (isinstance(value, np.ndarray) and value.dtype.kind == "U"):
            return self._array(parent, name, char_units(value), "char", int_decode=2)
        if scipy.sparse.issparse(value):
            return self._sparse(parent, name, value)
        if value.dtype.kind == "V":
            return self._struct(parent, name, value)
        if value.dtype.kind == "O":
            return (
                self._array(parent, name, self._references(value), "cell")
                if value.size
                else self._array(parent, name, value, "cell")
            )
        if value.dtype.kind == "b":
            return self._array(parent, name, value.astype(np.uint8), "logical", int_decode=1)
        return self._array(parent, name, value, class_of(value.dtype))

    def _array(self, parent, name: str, values: np.ndarray, class_name: str, int_decode: int = 0) -> h5py.Dataset:
        if values.size == 0:
            item = parent.create_dataset(name, data=np.array(values.shape, np.uint64))
            item.attrs["MATLAB_empty"] = np.uint8(1)
        else:
            options = (
                {"compression": "gzip", "compression_opts": 3}
                if self._compress and values.nbytes > 4096 and values.dtype.kind != "O"
                else {}
            )
            if values.dtype.kind == "c":
                part = values.real.dtype
                data = np.empty(values.shape, [("real", part), ("imag", part)])
                data["real"], data["imag"] = values.real, values.imag
                values = data
            item = parent.create_dataset(
                name, data=values.T, dtype=h5py.ref_dtype if values.dtype.kind == "O" else None, **options
            )
        item.attrs["MATLAB_class"] = np.bytes_(class_name)
        if int_decode:
            item.attrs["MATLAB_int_decode"] = np.int32(int_decode)
        return item

    def _struct(self, parent, name: str, value: np.ndarray):
        fields = value.dtype.names or ()
        if value.size == 0:
            item: Any = self._array(parent, name, value, "struct")
        else:
            item = parent.create_group(name)
            item.attrs["MATLAB_class"] = np.bytes_("struct")
            for key in fields:
                if value.shape == (1, 1):
                    self._put(item, key, value[key][0, 0])
                else:
                    item.create_dataset(key, data=self._references(value[key]).T, dtype=h5py.ref_dtype)
        if (
            0 < len(fields) <= _MAX_NAMES
        ):  # HDF5 holds no larger attribute; without it fields come in alphabetical order
            names = np.empty(len(fields), object)
            for k, key in enumerate(fields):
                names[k] = np.array(list(key), "S1")
            item.attrs.create("MATLAB_fields", names, dtype=_NAMES_TYPE)
        return item

    def _sparse(self, parent, name: str, value: scipy.sparse.csc_matrix) -> h5py.Group:
        value = value.copy()
        value.sort_indices()
        group = parent.create_group(name)
        is_logical = value.dtype.kind == "b"
        group.attrs["MATLAB_class"] = np.bytes_("logical" if is_logical else "double")
        group.attrs["MATLAB_sparse"] = np.uint64(value.shape[0])
        if is_logical:
            group.attrs["MATLAB_int_decode"] = np.int32(1)
        group.create_dataset("jc", data=value.indptr.astype(np.uint64))
        if value.nnz:
            data = value.data.astype(np.uint8) if is_logical else value.data
            if data.dtype.kind == "c":
                pairs = np.empty(data.shape, [("real", "f8"), ("imag", "f8")])
                pairs["real"], pairs["imag"] = data.real, data.imag
                data = pairs
            group.create_dataset("data", data=data)
            group.create_dataset("ir", data=value.indices.astype(np.uint64))
        return group

    def _references(self, values: np.ndarray) -> np.ndarray:
        store = self._file.require_group("#refs#")
        references = np.empty(values.shape, object)
        for index in np.ndindex(values.shape):
            name = self._free_name(store)
            item = self._put(store, name, values[index])
            item.attrs["H5PATH"] = np.bytes_(f"/#refs#/{name}")
            references[index] = item.ref
        return references

    def _free_name(self, store: h5py.Group) -> str:
        """A name never given before: MATLAB's own are single letters and the like."""
        self._n_stored += 1
        while f"{_OUR_NAMES}{self._n_stored}" in store:
            self._n_stored += 1
        return f"{_OUR_NAMES}{self._n_stored}"


def _user_block() -> bytes:
    text = f"MATLAB 7.3 MAT-file, Platform: rate2spike {__version__}, Created on: {time.asctime()} HDF5 schema 1.00 ."
    return text.encode("ascii")[:116].ljust(116) + bytes(8) + struct.pack("<H", 0x0200) + b"IM"
