"""Values of MAT v5/v7 elements (MathWorks, "MAT-File Format", section 1).

SciPy's reader is not used, because inside cells and structs there is no way around what it gets wrong: with `mat_dtype` it
drops imaginary parts and fails on logical sparse arrays, without it a double stored in one byte is uint8; a string object
anywhere spoils the load; and a few damaged bytes make it ask for terabytes. Both readers are compared in the tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import DTypeLike

from rate2spike.matlab_compat.mat_v5_header import (
    CLASS_NAMES,
    MI_UTF8,
    MI_UTF32,
    STORAGE,
    TEXT_STORAGE,
    ArrayHeader,
    array_header,
    field_names,
    matrix_content,
    n_elements,
    subelement,
)
from rate2spike.matlab_compat.sparse_columns import SparseParts, sparse_matrix
from rate2spike.matlab_compat.values import (
    MAX_DEPTH,
    MAX_DIMENSIONS,
    Budget,
    Damage,
    OpaqueValue,
    UnknownForm,
    dtype_of,
    text_of_units,
)

OPAQUE_CLASSES = ("object", "function_handle", "opaque")


@dataclass(frozen=True)
class Context:
    """What all nested reads share."""

    byte_order: str
    budget: Budget
    subsystem: bytes = b""


def read_matrix(data: memoryview, context: Context, position: int = 0, depth: int = 0) -> tuple[Any, int]:
    """Value of the miMATRIX element at `position`, and the position after it. Raises Damage.

    What is whole, but of a form not known here, becomes an OpaqueValue that says why.
    """
    context.budget.take(Budget.ARRAY_BYTES)
    content, end = matrix_content(data, position, context.byte_order)
    if not len(content):  # MATLAB writes an unset cell or field so
        return np.zeros((0, 0)), end
    header = array_header(content, context.byte_order)
    try:
        return _understood(data, context, position, depth, header)
    except UnknownForm as error:
        if end > len(data):
            raise
        raw = bytes(data[position:end])
        return OpaqueValue(header.class_name, raw, context.byte_order, context.subsystem, str(error)), end


def _understood(data: memoryview, context: Context, position: int, depth: int, header: ArrayHeader) -> tuple[Any, int]:
    content, end = matrix_content(data, position, context.byte_order)
    if header.class_id not in CLASS_NAMES:
        raise UnknownForm(f"array class {header.class_id} is not known")
    if depth > MAX_DEPTH:
        raise UnknownForm(f"nested more than {MAX_DEPTH} deep")
    if len(header.shape) > MAX_DIMENSIONS:
        raise UnknownForm(f"{len(header.shape)} dimensions, more than {MAX_DIMENSIONS}")
    class_name = CLASS_NAMES[header.class_id]
    if class_name in _SEQUENTIAL_READERS:
        value, consumed = _SEQUENTIAL_READERS[class_name](content, header, context, depth)
        return value, position + 8 + consumed
    if end > len(data):
        raise Damage(f"an element of {end - position} bytes does not fit into the {len(data) - position} left")
    if class_name in OPAQUE_CLASSES:
        raw = bytes(data[position:end])
        return OpaqueValue(header.class_name, raw, context.byte_order, context.subsystem), end
    reader = _read_sparse if class_name == "sparse" else _read_numeric
    return reader(content, header, context), end


def _numbers(
    content: memoryview, position: int, context: Context, storage: Mapping[int, str] = STORAGE
) -> tuple[int, np.ndarray, int]:
    if position >= len(content):  # some programs leave the data of an empty array out
        return 2, np.empty(0, np.uint8), position
    kind, data, end = subelement(content, position, context.byte_order)
    if kind not in storage:
        raise UnknownForm(f"element type {kind} where numbers should be")
    dtype = np.dtype(context.byte_order + storage[kind])
    if len(data) % dtype.itemsize:
        raise UnknownForm(f"{len(data)} bytes are no whole number of elements")
    return kind, np.frombuffer(data, dtype), end


def _shaped(values: np.ndarray, dtype: DTypeLike, shape: tuple[int, ...], budget: Budget) -> np.ndarray:
    if values.size != n_elements(shape):
        raise UnknownForm(f"{values.size} elements for an array of {' x '.join(map(str, shape))}")
    budget.take(values.size * np.dtype(dtype).itemsize)
    with np.errstate(invalid="ignore", over="ignore"):  # only damaged files hold values beyond their class
        return values.astype(dtype).reshape(shape, order="F")


def _read_numeric(content: memoryview, header: ArrayHeader, context: Context) -> Any:
    dtype = dtype_of(CLASS_NAMES[header.class_id])
    _, real, position = _numbers(content, header.end, context)
    if header.is_logical and position < len(content):  # GNU Octave marks sparse logical arrays as uint8
        return _read_sparse(content, header, context)
    array = _shaped(real, dtype, header.shape, context.budget)
    if header.is_logical:
        return array != 0
    if not header.is_complex:
        return array
    _, imaginary, _ = _numbers(content, position, context)
    result = array.astype(np.complex64 if dtype == np.float32 else np.complex128)
    result.imag = _shaped(imaginary, dtype, header.shape, context.budget)
    return result


def _read_char(content: memoryview, header: ArrayHeader, context: Context, _depth: int) -> tuple[Any, int]:
    kind, values, end = _numbers(content, header.end, context, TEXT_STORAGE)
    context.budget.take(8 * values.size)
    shape = header.shape
    if kind in (MI_UTF8, MI_UTF32):
        units = _recoded(values, "utf-8" if kind == MI_UTF8 else "utf-32-le")
        if units.size != n_elements(shape) == values.size:  # GNU Octave counts bytes
            is_row = len(shape) == 2 and shape[0] == 1 and units.size
            units, shape = (units, (1, units.size)) if is_row else (values.astype(np.uint16), shape)
    else:
        with np.errstate(invalid="ignore"):
            units = values.astype(np.uint16)
    if not values.size and end > header.end:  # old files write no data of an array of blanks
        context.budget.take(8 * n_elements(shape))
        units = np.full(n_elements(shape), ord(" "), np.uint16)
    if units.size != n_elements(shape):
        raise UnknownForm(f"{units.size} characters for a char array of {' x '.join(map(str, shape))}")
    return text_of_units(units.reshape(shape, order="F")), end


def _recoded(values: np.ndarray, encoding: str) -> np.ndarray:
    """UTF-16 units of UTF-8 or UTF-32 data; none if it is not valid."""
    raw = values.astype(values.dtype.newbyteorder("<")).tobytes()
    try:
        return np.frombuffer(raw.decode(encoding).encode("utf-16-le", "surrogatepass"), "<u2")
    except UnicodeDecodeError:
        return np.empty(0, np.uint16)


def _read_cell(content: memoryview, header: ArrayHeader, context: Context, depth: int) -> tuple[np.ndarray, int]:
    count = n_elements(header.shape)
    _check_count(count, len(content) - header.end)
    context.budget.take(8 * count)
    cells = np.empty(count, dtype=object)
    position = header.end
    for k in range(count):
        cells[k], position = read_matrix(content, context, position, depth + 1)
    return cells.reshape(header.shape, order="F"), position


def _read_struct(content: memoryview, header: ArrayHeader, context: Context, depth: int) -> tuple[np.ndarray, int]:
    names, position = field_names(content, header.end, context.byte_order)
    count = n_elements(header.shape)
    _check_count(count * len(names), len(content) - position)
    if not names:  # NumPy keeps no bytes for such an array, but a damaged file may declare 2^62 of them
        context.budget.take(count)
    context.budget.take(8 * count * len(names))
    result = np.empty(count, dtype=[(name, object) for name in names])
    for k in range(count):
        for name in names:
            result[name][k], position = read_matrix(content, context, position, depth + 1)
    return result.reshape(header.shape, order="F"), position


def _check_count(count: int, n_bytes: int) -> None:
    """An element takes at least 8 bytes, so a damaged count shows before anything is reserved for it."""
    if 8 * count > n_bytes:
        raise Damage(f"{count} elements in {n_bytes} bytes")


def _read_sparse(content: memoryview, header: ArrayHeader, context: Context) -> scipy.sparse.csc_matrix:
    if len(header.shape) != 2:
        raise UnknownForm(f"a sparse array with {len(header.shape)} dimensions")
    _, rows, position = _numbers(content, header.end, context)
    _, starts, position = _numbers(content, position, context)
    values, position = _sparse_values(content, position, header, context, rows.size)
    if header.is_complex:
        imaginary, _ = _sparse_values(content, position, header, context, rows.size)
        numbers = np.empty(min(values.size, imaginary.size), np.complex128)
        numbers.real, numbers.imag = values[: numbers.size], imaginary[: numbers.size]
        values = numbers
    return sparse_matrix(SparseParts(rows, starts, values), header.shape, context.budget)


def _sparse_values(
    content: memoryview, position: int, header: ArrayHeader, context: Context, reserved: int
) -> tuple[np.ndarray, int]:
    """Double or bool. MATLAB writes a byte for each logical value and yet calls them doubles."""
    if header.is_logical and position < len(content):
        kind, data, end = subelement(content, position, context.byte_order)
        if kind in STORAGE and len(data) != reserved * np.dtype(STORAGE[kind]).itemsize:
            return np.frombuffer(data, np.uint8) != 0, end
    _, values, end = _numbers(content, position, context)
    return values != 0 if header.is_logical else values.astype(np.float64), end


_SEQUENTIAL_READERS = {"cell": _read_cell, "struct": _read_struct, "char": _read_char}
