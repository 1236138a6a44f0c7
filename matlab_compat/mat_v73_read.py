"""Values of MAT v7.3 files (layout: `mat_v73`), read with h5py.

On damaged files the HDF5 library may hang or crash: call this through `mat_v73_process`.
"""

import os
from collections.abc import Iterable
from typing import Any

import h5py
import numpy as np
import scipy.sparse

from rate2spike.errors import MatFileError
from rate2spike.matlab_compat.mat_v73 import HIDDEN, first_line
from rate2spike.matlab_compat.values import (
    MAX_DEPTH,
    NUMERIC_CLASSES,
    Budget,
    Damage,
    OpaqueValue,
    TooLarge,
    dtype_of,
    text_of_units,
)

_MAX_RANK = 32


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


def _opened(path) -> h5py.File:
    try:
        return h5py.File(path, "r", locking=False)
    except (OSError, RuntimeError) as error:
        raise MatFileError(f"{path}: damaged or truncated MAT v7.3 file: {first_line(error)}") from None


def _variables(file: h5py.File, path) -> list[str]:
    try:
        return [name for name in file if name not in HIDDEN]
    except (RuntimeError, OSError, UnicodeDecodeError, KeyError) as error:
        raise MatFileError(f"{path}: damaged MAT v7.3 file: {first_line(error)}") from None


def _guarded(function, path, name: str, *arguments) -> Any:
    """Call; whatever h5py trips over in a damaged file becomes one line."""
    try:
        return function(name, *arguments)
    except MemoryError:
        raise
    except TooLarge as error:
        raise MatFileError(f"{path}: variable {name}: {error}") from None
    except Exception as error:  # OSError, KeyError, RuntimeError, TypeError, ValueError, ...: h5py in damaged files
        raise MatFileError(f"{path}: variable {name}: damaged or unreadable: {first_line(error)}") from None


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
