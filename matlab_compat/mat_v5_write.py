"""MAT v5/v7 elements from values (MathWorks, "MAT-File Format", section 1).

SciPy's writer is not used, because it cannot write again the function handles and objects that a struct read from a file
holds, writes integer sparse arrays that MATLAB misreads, and counts characters beyond U+FFFF as one where MATLAB counts two.
"""

import struct
import time
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse

from rate2spike.errors import MatFileError
from rate2spike.matlab_compat.mat_v5_header import (
    CLASS_NAMES,
    COMPLEX_FLAG,
    LOGICAL_FLAG,
    MI_MATRIX,
    MI_UTF16,
    STORAGE,
    array_header,
)
from rate2spike.matlab_compat.values import OpaqueValue, char_units, class_of, opaque_values
from rate2spike.version import __version__

MAX_VARIABLE_BYTES = 2**31 - 1  # MATLAB's limit for v5 to v7
_CLASS_IDS = {name: number for number, name in CLASS_NAMES.items()}
_STORAGE_IDS = {text: number for number, text in STORAGE.items()}
_OPAQUE_ID = _CLASS_IDS["opaque"]


def file_header() -> bytes:
    """128 bytes: text, no subsystem, version 1, little-endian."""
    text = f"MATLAB 5.0 MAT-file, Platform: rate2spike {__version__}, Created on: {time.asctime()}"
    return text.encode("ascii")[:116].ljust(116) + bytes(8) + b"\x00\x01IM"


def element(value: Any, name: str, byte_order: str, compress: bool) -> bytes:
    """Top-level element. Raises MatFileError if the variable is too large for the format."""
    raw = _matrix(value, name, byte_order)
    if len(raw) > MAX_VARIABLE_BYTES:
        raise MatFileError(
            f'{name} takes {len(raw)} bytes, and MAT v5 and v7 hold at most 2 GiB per variable: use version="7.3"'
        )
    if not compress:
        return raw
    packed = zlib.compress(raw, 1)
    return struct.pack(byte_order + "II", 15, len(packed)) + packed


def subsystem_of(values: Iterator[Any], source: str) -> bytes:
    """The block that objects among the values refer to; empty if there are none.

    Raises MatFileError if they come from different files: their references would clash.
    """
    blocks = {(v.subsystem, v.byte_order) for top in values for v in opaque_values(top) if v.subsystem}
    if len(blocks) > 1:
        raise MatFileError(f"cannot write {source}: MATLAB objects from different files do not fit into one")
    return next(iter(blocks))[0] if blocks else b""


def _matrix(value: Any, name: str, order: str) -> bytes:
    if isinstance(value, OpaqueValue):
        return _renamed(value, name, order)
    if isinstance(value, np.ndarray) and value.nbytes > MAX_VARIABLE_BYTES:
        what = f"{name} takes" if name else "an array in a cell or struct takes"
        limit = 'MAT v5 and v7 hold at most 2 GiB per variable: use version="7.3"'
        raise MatFileError(f"{what} {value.nbytes} bytes, and {limit}")
    if isinstance(value, str) or (isinstance(value, np.ndarray) and value.dtype.kind == "U"):
        units = char_units(value)
        data = _element(MI_UTF16, units.astype(order + "u2").tobytes(order="F"), order)
        return _assembled("char", units.shape, name, data, order)
    if scipy.sparse.issparse(value):
        return _sparse(value, name, order)
    if value.dtype.names is not None or value.dtype.kind == "V":
        names = value.dtype.names or ()
        items = (value[key].ravel(order="F")[k] for k in range(value.size) for key in names)
        data = _field_names(names, order) + b"".join(_matrix(item, "", order) for item in items)
        return _assembled("struct", value.shape, name, data, order)
    if value.dtype.kind == "O":
        data = b"".join(_matrix(item, "", order) for item in value.ravel(order="F"))
        return _assembled("cell", value.shape, name, data, order)
    return _numeric(value, name, order)


def _numeric(value: np.ndarray, name: str, order: str) -> bytes:
    class_name = class_of(value.dtype)
    if class_name == "logical":
        data = _numbers(value.astype(np.uint8), order)
        return _assembled("uint8", value.shape, name, data, order, flags=LOGICAL_FLAG)
    if value.dtype.kind == "c":
        data = _numbers(value.real, order) + _numbers(value.imag, order)
        return _assembled(class_name, value.shape, name, data, order, flags=COMPLEX_FLAG)
    return _assembled(class_name, value.shape, name, _numbers(value, order), order)


def _sparse(value: scipy.sparse.csc_matrix, name: str, order: str) -> bytes:
    is_logical, is_complex = value.dtype.kind == "b", value.dtype.kind == "c"
    value = value.copy()
    value.sort_indices()
    # a byte per value, as MATLAB: right for readers that go by the tag, and for those that know logical values take a byte
    values = value.data.astype(np.uint8) if is_logical else value.data
    rows, starts = value.indices.astype(np.int32), value.indptr.astype(np.int32)
    if not rows.size:  # MATLAB reserves one element in an empty sparse array
        rows, values = np.zeros(1, np.int32), np.zeros(1, values.dtype)
    data = _numbers(rows, order) + _numbers(starts, order) + _numbers(values.real, order)
    if is_complex:
        data += _numbers(values.imag, order)
    flags = LOGICAL_FLAG * is_logical | COMPLEX_FLAG * is_complex
    return _assembled("sparse", value.shape, name, data, order, flags=flags, reserved=rows.size)


def _assembled(
    class_name: str, shape: tuple[int, ...], name: str, data: bytes, order: str, *, flags: int = 0, reserved: int = 0
) -> bytes:
    head = _element(6, struct.pack(order + "II", _CLASS_IDS[class_name] | flags, reserved), order)
    head += _element(5, struct.pack(f"{order}{len(shape)}i", *shape), order)
    head += _element(1, name.encode("ascii"), order)
    return struct.pack(order + "II", MI_MATRIX, len(head) + len(data)) + head + data


def _field_names(names: tuple[str, ...], order: str) -> bytes:
    length = max((len(key) for key in names), default=0) + 1
    joined = b"".join(key.encode("ascii").ljust(length, b"\0") for key in names)
    return _element(5, struct.pack(order + "i", length), order) + _element(1, joined, order)


def _numbers(values: np.ndarray, order: str) -> bytes:
    dtype = values.dtype
    data = values.astype(np.dtype(order + dtype.str[1:])).tobytes(order="F")
    return _element(_STORAGE_IDS[f"{dtype.kind}{dtype.itemsize}"], data, order)


def _element(kind: int, data: bytes, order: str) -> bytes:
    if 0 < len(data) <= 4:
        return struct.pack(order + "I", len(data) << 16 | kind) + data.ljust(4, b"\0")
    return struct.pack(order + "II", kind, len(data)) + data + bytes(-len(data) % 8)


def _renamed(value: OpaqueValue, name: str, order: str) -> bytes:
    """The stored element under another name."""
    if not value.element:
        why = value.reason or "from a MAT v7.3 file"
        raise MatFileError(f"cannot write {name or 'a value'}: MATLAB class {value.class_name}, {why}")
    if value.byte_order != order:
        raise MatFileError(f"cannot write {name or 'a value'} ({value.class_name}) with another byte order")
    content = memoryview(value.element)[8:]
    old = array_header(content, order)
    start = 16 if old.class_id == _OPAQUE_ID else 16 + len(_element(5, bytes(4 * len(old.shape)), order))
    from_name = bytes(content[start:])
    old_name = _element(1, old.name.encode("latin-1"), order)
    if not from_name.startswith(old_name[:4]):
        raise MatFileError(f"cannot write {name} again ({value.class_name}): unexpected form")
    body = bytes(content[:start]) + _element(1, name.encode("ascii"), order) + from_name[len(old_name) :]
    return struct.pack(order + "II", MI_MATRIX, len(body)) + body
