"""Values of MAT v5/v7 elements (MathWorks, "MAT-File Format", section 1).

SciPy's reader is not used, because inside cells and structs there is no way around what it gets wrong: with `mat_dtype` it
drops imaginary parts and fails on logical sparse arrays, without it a double stored in one byte is uint8; a string object
anywhere spoils the load; and a few damaged bytes make it ask for terabytes. Both readers are compared in the tests.
"""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse

from rate2spike.matlab_compat.values import (
    MAX_DEPTH,
    NUMERIC_CLASSES,
    Budget,
    Damage,
    OpaqueValue,
    dtype_of,
    text_of_units,
)

MI_MATRIX, MI_UTF8, MI_UTF16, MI_UTF32 = 14, 16, 17, 18
STORAGE = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
TEXT_STORAGE = STORAGE | {MI_UTF8: "u1", MI_UTF16: "u2", MI_UTF32: "u4"}
CLASS_NAMES = {
    1: "cell", 2: "struct", 3: "object", 4: "char", 5: "sparse", 6: "double", 7: "single", 8: "int8", 9: "uint8",
    10: "int16", 11: "uint16", 12: "int32", 13: "uint32", 14: "int64", 15: "uint64", 16: "function_handle", 17: "opaque",
}  # fmt: skip
COMPLEX_FLAG, LOGICAL_FLAG = 0x0800, 0x0200
OPAQUE_CLASSES = ("object", "function_handle", "opaque")
_MAX_DIMENSIONS, _MAX_ELEMENTS = 32, 2**58  # of a NumPy array, at least


@dataclass(frozen=True)
class ArrayHeader:
    """What the first subelements of a matrix say. `end`: where its data begins."""

    name: str
    class_id: int
    is_complex: bool
    is_logical: bool
    class_name: str
    shape: tuple[int, ...]  # (): an opaque element does not say
    end: int


@dataclass(frozen=True)
class Context:
    """What all nested reads share."""

    byte_order: str
    budget: Budget
    subsystem: bytes = b""


def read_matrix(data: memoryview, context: Context, position: int = 0, depth: int = 0) -> tuple[Any, int]:
    """Value of the miMATRIX element at `position`, and the position after it. Raises Damage."""
    if depth > MAX_DEPTH:
        raise Damage(f"nested more than {MAX_DEPTH} deep")
    context.budget.take(Budget.ARRAY_BYTES)
    content, end = matrix_content(data, position, context.byte_order)
    if not len(content):  # MATLAB writes an unset cell or field so
        return np.zeros((0, 0)), end
    header = array_header(content, context.byte_order)
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


def matrix_content(data: memoryview, position: int, byte_order: str) -> tuple[memoryview, int]:
    """Content of the miMATRIX element at `position` (without tag), and its declared end. Raises Damage.

    The declared end may lie beyond the data, and text and containers may end before it: GNU Octave declares some char
    matrices, and the containers around them, four bytes too long. What is missing shows when the content is read.
    """
    if position + 8 > len(data):
        raise Damage("ends within an element")
    kind, size = struct.unpack_from(byte_order + "II", data, position)
    if kind != MI_MATRIX:
        raise Damage(f"expected a matrix, found element type {kind}")
    return data[position + 8 : position + 8 + size], position + 8 + size


def has_more_than_one_part(content_head: memoryview, header: ArrayHeader, size: int, byte_order: str) -> bool:
    """Whether data follows the first data element: in a logical array that means it is sparse (GNU Octave)."""
    word = struct.unpack_from(byte_order + "I", content_head, header.end)[0]
    if word >> 16:
        return header.end + 8 < size
    first = struct.unpack_from(byte_order + "I", content_head, header.end + 4)[0]
    return header.end + 8 + (first + 7) // 8 * 8 < size


def array_header(content: memoryview, byte_order: str) -> ArrayHeader:
    """Flags, dimensions and name of a matrix from its content (without tag). Raises Damage."""
    kind, flags_bytes, position = subelement(content, 0, byte_order)
    if kind != 6 or len(flags_bytes) < 8:
        raise Damage("unreadable array flags")
    flags = struct.unpack_from(byte_order + "I", flags_bytes)[0]
    class_id = flags & 0xFF
    if class_id not in CLASS_NAMES:
        raise Damage(f"unknown array class {class_id}")
    is_opaque = CLASS_NAMES[class_id] == "opaque"
    shape: tuple[int, ...] = ()
    if not is_opaque:  # opaque elements have no dimensions: name, system and class follow the flags
        kind, dims, position = subelement(content, position, byte_order)
        if kind not in (5, 6) or len(dims) % 4 or not 8 <= len(dims) <= 4 * _MAX_DIMENSIONS:
            raise Damage("unreadable dimensions")
        shape = struct.unpack(f"{byte_order}{len(dims) // 4}i", dims)
        if min(shape) < 0:
            raise Damage(f"negative dimension in {shape}")
        if (
            n_elements(tuple(max(extent, 1) for extent in shape)) > _MAX_ELEMENTS
        ):  # also of an empty array: NumPy's limit
            raise Damage(f"impossible dimensions {' x '.join(map(str, shape))}")
    texts = []
    for _ in range(3 if is_opaque else 1):
        _, text, position = subelement(content, position, byte_order)
        texts.append(bytes(text).decode("latin-1").rstrip("\0"))
    class_name = CLASS_NAMES[class_id]
    if class_name == "object":
        class_name = bytes(subelement(content, position, byte_order)[1]).decode("latin-1").rstrip("\0")
    is_logical = bool(flags & LOGICAL_FLAG) and class_name in ("sparse", *NUMERIC_CLASSES)
    is_full_logical = is_logical and class_name != "sparse"
    shown = texts[2] if is_opaque else "logical" if is_full_logical else class_name
    return ArrayHeader(texts[0], class_id, bool(flags & COMPLEX_FLAG), is_logical, shown, shape, position)


def subelement(data: memoryview, position: int, byte_order: str) -> tuple[int, memoryview, int]:
    """Type and data of the subelement at `position`, normal or small format, and the position after its padding."""
    if position + 4 > len(data):
        raise Damage("ends within an element")
    word = struct.unpack_from(byte_order + "I", data, position)[0]
    if word >> 16:  # small format: size and type share one word, data in the next
        kind, size, start, end = word & 0xFFFF, word >> 16, position + 4, position + 8
        if size > 4:
            raise Damage("unreadable element tag")
    elif position + 8 > len(data):
        raise Damage("ends within an element")
    else:
        kind, size = word, struct.unpack_from(byte_order + "I", data, position + 4)[0]
        start = position + 8
        end = start + (size if kind == MI_MATRIX else (size + 7) // 8 * 8)
    if start + size > len(data):
        raise Damage(f"an element of {size} bytes does not fit into the {max(len(data) - start, 0)} left")
    return kind, data[start : start + size], end


def n_elements(shape: tuple[int, ...]) -> int:
    """Product of the dimensions, exact."""
    count = 1
    for extent in shape:
        count *= extent
    return count


def _numbers(content, position, context, storage=STORAGE) -> tuple[int, np.ndarray, int]:
    kind, data, end = subelement(content, position, context.byte_order)
    if kind not in storage:
        raise Damage(f"element type {kind} where numbers should be")
    dtype = np.dtype(context.byte_order + storage[kind])
    if len(data) % dtype.itemsize:
        raise Damage(f"{len(data)} bytes are no whole number of elements")
    return kind, np.frombuffer(data, dtype), end


def _shaped(values: np.ndarray, dtype, shape: tuple[int, ...], budget: Budget) -> np.ndarray:
    if values.size != n_elements(shape):
        raise Damage(f"{values.size} elements for an array of {' x '.join(map(str, shape))}")
    budget.take(values.size * np.dtype(dtype).itemsize)
    with np.errstate(invalid="ignore", over="ignore"):  # only damaged files hold values beyond their class
        return values.astype(dtype).reshape(shape, order="F")


def _read_numeric(content, header: ArrayHeader, context: Context) -> Any:
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


def _read_char(content, header: ArrayHeader, context: Context, _depth: int) -> tuple[Any, int]:
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
    if units.size != n_elements(shape):
        raise Damage(f"{units.size} characters for a char array of {' x '.join(map(str, shape))}")
    return text_of_units(units.reshape(shape, order="F")), end


def _recoded(values: np.ndarray, encoding: str) -> np.ndarray:
    """UTF-16 units of UTF-8 or UTF-32 data; none if it is not valid."""
    raw = values.astype(values.dtype.newbyteorder("<")).tobytes()
    try:
        return np.frombuffer(raw.decode(encoding).encode("utf-16-le", "surrogatepass"), "<u2")
    except UnicodeDecodeError:
        return np.empty(0, np.uint16)


def _read_cell(content, header: ArrayHeader, context: Context, depth: int) -> tuple[np.ndarray, int]:
    count = n_elements(header.shape)
    _check_count(count, len(content) - header.end)
    context.budget.take(8 * count)
    cells = np.empty(count, dtype=object)
    position = header.end
    for k in range(count):
        cells[k], position = read_matrix(content, context, position, depth + 1)
    return cells.reshape(header.shape, order="F"), position


def _read_struct(content, header: ArrayHeader, context: Context, depth: int) -> tuple[np.ndarray, int]:
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


def field_names(content, position: int, byte_order: str) -> tuple[list[str], int]:
    """Field names of a struct, and the position after them. Raises Damage."""
    _, length_bytes, position = subelement(content, position, byte_order)
    if len(length_bytes) != 4:
        raise Damage("unreadable length of field names")
    length = struct.unpack(byte_order + "i", length_bytes)[0]
    _, data, position = subelement(content, position, byte_order)
    if length < 1 or len(data) % length:
        raise Damage("unreadable field names")
    raw = bytes(data)
    names = [raw[k : k + length].split(b"\0")[0].decode("latin-1") for k in range(0, len(raw), length)]
    if len(set(names)) < len(names) or "" in names:
        raise Damage("unreadable field names")
    return names, position


def _check_count(count: int, n_bytes: int) -> None:
    """An element takes at least 8 bytes, so a damaged count shows before anything is reserved for it."""
    if 8 * count > n_bytes:
        raise Damage(f"{count} elements in {n_bytes} bytes")


def _read_sparse(content, header: ArrayHeader, context: Context) -> scipy.sparse.csc_matrix:
    if len(header.shape) != 2:
        raise Damage(f"a sparse array with {len(header.shape)} dimensions")
    _, rows, position = _numbers(content, header.end, context)
    _, starts, position = _numbers(content, position, context)
    _, values, position = _numbers(content, position, context)
    starts_are_sane = starts.dtype.kind in "iu" and starts.size == header.shape[1] + 1 and starts[0] == 0
    if not starts_are_sane or (np.diff(starts.astype(np.int64)) < 0).any():
        raise Damage("unreadable column starts of a sparse array")
    count = int(starts[-1])
    if min(rows.size, values.size) < count or rows.dtype.kind not in "iu":
        raise Damage("too few elements in a sparse array")
    rows = rows[:count].astype(np.int64)
    if count and not (rows.min() >= 0 and rows.max() < header.shape[0]):
        raise Damage("row index of a sparse array out of range")
    context.budget.take(24 * count + 8 * starts.size)
    values = values[:count].astype(np.float64)
    if header.is_complex:
        _, imaginary, _ = _numbers(content, position, context)
        if imaginary.size < count:
            raise Damage("too few elements in a sparse array")
        numbers = np.empty(count, np.complex128)
        numbers.real, numbers.imag = values, imaginary[:count]
        values = numbers
    if header.is_logical:
        values = values != 0
    return scipy.sparse.csc_matrix((values, rows, starts.astype(np.int64)), shape=header.shape)


_SEQUENTIAL_READERS = {"cell": _read_cell, "struct": _read_struct, "char": _read_char}
