"""What a MAT v7.3 file holds (layout: `mat_v73`), without reading the data.

On damaged files the HDF5 library may hang or crash: call this through `mat_v73_process`.
"""

import os
from typing import Any

import h5py
import numpy as np

from rate2spike.matlab_compat.mat_v73_items import (
    DAMAGE,
    class_name_of,
    guarded,
    is_opaque,
    is_struct_column,
    item_of,
    opened,
    target_or_none,
    variables,
)
from rate2spike.matlab_compat.values import MAX_DEPTH, UnknownForm


def describe(path: str | os.PathLike) -> list[tuple[str, tuple[int, ...] | None, str, int]]:
    """Name, shape, class and bytes of every variable, without loading data. Raises MatFileError."""
    with opened(path) as file:
        return [(name, *guarded(_describe, path, name, file)) for name in variables(file, path)]


def variable_names(path: str | os.PathLike) -> list[str]:
    """Names of the variables. Raises MatFileError."""
    with opened(path) as file:
        return variables(file, path)


def _describe(name: str, file: h5py.File) -> tuple[tuple[int, ...] | None, str, int]:
    try:
        item = item_of(file, name)
        class_name = None if isinstance(item, h5py.Datatype) else class_name_of(item)
        if isinstance(item, h5py.Datatype) or is_opaque(item, class_name):
            return None, class_name or "unknown", 0
    except UnknownForm:
        return None, "unknown", 0
    try:
        return _described(item, class_name)
    except UnknownForm:  # loadmat says why
        return None, class_name or "unknown", 0
    except (MemoryError, *DAMAGE):
        raise
    except Exception:
        return None, class_name or "unknown", 0


def _described(item: Any, class_name: str | None) -> tuple[tuple[int, ...], str, int]:
    if isinstance(item, h5py.Group):
        if "MATLAB_sparse" in item.attrs:
            n_columns = max(item["jc"].size - 1, 0) if "jc" in item else 0
            extents = (int(np.ravel(item.attrs["MATLAB_sparse"])[0]), n_columns)
            n_values = item["data"].size * item["data"].dtype.itemsize if "data" in item else 0
            return extents, "sparse", n_values + 8 * sum(item[part].size for part in ("ir", "jc") if part in item)
        arrays = [column for column in item.values() if is_struct_column(column)]
        shape = _matlab_shape(arrays[0].shape) if arrays else (1, 1)
        return shape, "struct", _stored_bytes(item)
    if item.shape is None:
        return (0, 0), class_name or "double", 0
    if item.attrs.get("MATLAB_empty", 0):
        return tuple(int(extent) for extent in np.ravel(item[()])), class_name or "double", 0
    size = _stored_bytes(item) if class_name == "cell" else item.size * item.dtype.itemsize
    return _matlab_shape(item.shape), class_name or "double", size


def _stored_bytes(item: Any, depth: int = 0) -> int:
    """Bytes of the data in a container, nested containers included, but for what loadmat does not read."""
    if depth > MAX_DEPTH or item is None:
        return 0
    if isinstance(item, h5py.Group):
        return sum(_stored_bytes(child, depth + 1) for child in item.values())
    if isinstance(item, h5py.Datatype) or item.shape is None:
        return 0
    if h5py.check_ref_dtype(item.dtype) is h5py.Reference:
        return sum(_stored_bytes(target_or_none(item, ref), depth + 1) for ref in np.ravel(item[()]) if ref)
    return 0 if item.attrs.get("MATLAB_empty", 0) else item.size * item.dtype.itemsize


def _matlab_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[::-1] + (1,) * (2 - len(shape))
