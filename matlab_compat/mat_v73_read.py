"""Values of MAT v7.3 files (layout: `mat_v73`), read with h5py.

On damaged files the HDF5 library may hang or crash: call this through `mat_v73_process`.
"""

import os
from collections.abc import Iterable
from typing import Any

import h5py
import numpy as np
import scipy.sparse

from rate2spike.matlab_compat.mat_v73 import first_line
from rate2spike.matlab_compat.mat_v73_items import (
    DAMAGE,
    UNSET,
    class_name_of,
    guarded,
    is_opaque,
    is_struct_column,
    item_of,
    opened,
    target_of,
    variables,
)
from rate2spike.matlab_compat.sparse_columns import SparseParts, sparse_matrix
from rate2spike.matlab_compat.values import (
    MAX_DEPTH,
    MAX_DIMENSIONS,
    NO_MEMORY,
    Budget,
    OpaqueValue,
    TooLarge,
    UnknownForm,
    dtype_of,
    text_of_units,
)


def read(path: str | os.PathLike, names: Iterable[str] | None, max_bytes: int) -> dict[str, Any]:
    """{name: value}. Raises MatFileError naming file and variable."""
    with opened(path) as file:
        wanted = set(variables(file, path)) if names is None else set(names)
        return {
            name: guarded(_read, path, name, file, Budget(max_bytes))
            for name in variables(file, path)
            if name in wanted
        }


def _read(name: str, file: h5py.File, budget: Budget) -> Any:
    class_name = None
    try:
        item = item_of(file, name)
        class_name = class_name_of(item)
        return _value(item, budget, ())
    except (UnknownForm, TooLarge) as error:
        reason = str(error)
    except MemoryError:
        reason = NO_MEMORY
    return OpaqueValue(class_name or "unknown", reason=reason)


def _value(item: Any, budget: Budget, ancestors: tuple) -> Any:
    """The value of an item; what is not understood, but not damaged either, as an OpaqueValue that says why."""
    if isinstance(item, h5py.Datatype):
        return OpaqueValue("unknown", reason="an HDF5 type, no array")
    class_name, address = class_name_of(item), h5py.h5o.get_info(item.id).addr
    if address in ancestors:
        return OpaqueValue(class_name or "unknown", reason="it contains itself")
    budget.take(Budget.ARRAY_BYTES)
    if is_opaque(item, class_name):
        return OpaqueValue(class_name or "unknown")
    try:
        return _understood(item, class_name, budget, (*ancestors, address))
    except UnknownForm as error:
        return OpaqueValue(class_name or "unknown", reason=str(error))
    except (MemoryError, *DAMAGE):
        raise
    except Exception as error:  # TypeError, ValueError, ...: HDF5 could read it, but what it read is no MATLAB value
        return OpaqueValue(class_name or "unknown", reason=first_line(error))


def _understood(item: Any, class_name: str | None, budget: Budget, inside: tuple) -> Any:
    if len(inside) > MAX_DEPTH:
        raise UnknownForm(f"nested more than {MAX_DEPTH} deep")
    if isinstance(item, h5py.Group):
        return _sparse(item, class_name, budget) if "MATLAB_sparse" in item.attrs else _struct(item, budget, inside)
    if item.attrs.get("MATLAB_empty", 0) or item.shape is None:
        return _empty(item, class_name, budget)
    _check_filters(item)
    budget.take(item.size * max(item.dtype.itemsize, 1))
    if item.ndim > MAX_DIMENSIONS:
        raise UnknownForm(f"{item.ndim} dimensions, more than {MAX_DIMENSIONS}")
    if class_name == "cell":
        return _referred(item, budget, inside)
    if class_name is None and h5py.check_string_dtype(item.dtype):
        return _text(item)
    return _plain(_two_dimensional(item[()]), class_name)


def _check_filters(item: h5py.Dataset) -> None:
    """Raise UnknownForm if the data is packed by a filter that is not installed."""
    plan = item.id.get_create_plist()
    for k in range(plan.get_nfilters()):
        number, _, _, name = plan.get_filter(k)
        if not h5py.h5z.filter_avail(number):
            raise UnknownForm(
                f"packed by the HDF5 filter {number} {name.decode(errors='replace')}, which is not installed"
            )


def _text(item: h5py.Dataset) -> Any:
    """HDF5's own strings, as other programs write them: a str, or a cell array of them."""
    texts = item.asstr()[()]
    if isinstance(texts, str):
        return texts
    cells = np.empty(texts.shape, object)
    cells[...] = texts
    return _two_dimensional(cells)


def _empty(item: Any, class_name: str | None, budget: Budget) -> Any:
    shape = (0, 0) if item.shape is None else tuple(int(extent) for extent in np.ravel(item[()]))
    if len(shape) < 2 or len(shape) > MAX_DIMENSIONS or min(shape) < 0:
        raise UnknownForm(f"unreadable dimensions {shape} of an empty array")
    if class_name == "struct":  # also one without fields, which is empty whatever its dimensions
        names = _field_names(item, ())
        count = int(np.prod(shape, dtype=object))
        budget.take(count * (1 + 8 * len(names)))
        return _filled(np.empty(shape, [(key, object) for key in names]))
    if 0 not in shape:
        raise UnknownForm(f"unreadable dimensions {shape} of an empty array")
    if class_name == "char":
        return text_of_units(np.empty(shape, np.uint16))
    if class_name == "cell":
        return np.empty(shape, object)
    if class_name == UNSET:
        return np.empty(shape)
    return np.empty(shape, bool if class_name == "logical" else dtype_of(class_name or "double"))


def _filled(array: np.ndarray) -> np.ndarray:
    """A struct array whose fields all hold []."""
    for name in array.dtype.names or ():
        for index in np.ndindex(array.shape):
            array[name][index] = np.zeros((0, 0))
    return array


def _plain(values: np.ndarray, class_name: str | None) -> Any:
    if values.dtype.names == ("real", "imag"):
        numbers = np.empty(values.shape, np.result_type(values["real"].dtype, np.complex64))
        numbers.real, numbers.imag = values["real"], values["imag"]
        return numbers
    if values.dtype.kind not in "biufc":
        raise UnknownForm(f"type {values.dtype} in an array of class {class_name}")
    if class_name == "char":
        if values.size and values.max() > 0xFFFF:
            raise UnknownForm("characters of more than 16 bits")
        return text_of_units(values.astype(np.uint16))
    if class_name == "logical":
        return values != 0
    target = dtype_of(class_name) if class_name and values.dtype.kind != "c" else values.dtype.newbyteorder("=")
    return values.astype(target)


def _two_dimensional(values: Any) -> np.ndarray:
    """MATLAB's dimensions: reversed, and at least two."""
    values = np.asarray(values).T
    return values.reshape(values.shape + (1,) * (2 - values.ndim)) if values.ndim < 2 else values


def _referred(item: h5py.Dataset, budget: Budget, ancestors: tuple) -> np.ndarray:
    if h5py.check_ref_dtype(item.dtype) is not h5py.Reference:
        raise UnknownForm("cells that are no references")
    references = _two_dimensional(item[()])
    cells = np.empty(references.shape, object)
    for index in np.ndindex(references.shape):
        reference = references[index]
        cells[index] = _value(target_of(item, reference), budget, ancestors) if reference else np.zeros((0, 0))
    return cells


def _struct(group: h5py.Group, budget: Budget, ancestors: tuple) -> np.ndarray:
    names = _field_names(group, tuple(group))
    columns = {}
    for name in (name for name in names if name in group):
        item = group[name]
        if is_struct_column(item):
            budget.take(8 * item.size)
            columns[name] = _referred(item, budget, ancestors)
        else:
            columns[name] = np.empty((1, 1), object)
            columns[name][0, 0] = _value(item, budget, ancestors)
    shapes = {column.shape for column in columns.values()}
    if len(shapes) > 1:
        raise UnknownForm("fields of different sizes")
    result = _filled(np.empty(shapes.pop() if shapes else (1, 1), [(name, object) for name in names]))
    for name, column in columns.items():
        result[name] = column
    return result


def _field_names(item: Any, default: tuple[str, ...]) -> tuple[str, ...]:
    names = item.attrs.get("MATLAB_fields")
    if isinstance(names, h5py.Reference):  # to where more names stand than an attribute holds
        names = target_of(item, names)[()]
    if names is None:
        return default
    given = np.atleast_1d(names)  # one name may stand alone
    return tuple(name if isinstance(name, str) else b"".join(np.ravel(name)).decode("ascii") for name in given)


def _sparse(group: h5py.Group, class_name: str | None, budget: Budget) -> scipy.sparse.csc_matrix:
    """MATLAB leaves out `data` and `ir` of an array without elements."""
    parts = {name: group[name] for name in ("jc", "ir", "data") if name in group and group[name].shape is not None}
    for item in parts.values():
        _check_filters(item)
        budget.take(8 * item.size)
    starts, rows, values = (
        np.ravel(parts[name][()]) if name in parts else np.empty(0, np.int64) for name in ("jc", "ir", "data")
    )
    shape = (int(np.ravel(group.attrs["MATLAB_sparse"])[0]), max(starts.size - 1, 0))
    return sparse_matrix(SparseParts(rows, starts, _plain(values, class_name)), shape, budget)
