"""MATLAB values in Python: which Python object stands for which MATLAB class, the same for all file formats.

    numeric array   ndarray of that class (at least 2-D)          logical   bool ndarray
    char row        str; other char arrays: unicode ndarray       cell      object ndarray
    struct (array)  structured ndarray with object fields         sparse    scipy.sparse matrix
    anything else   OpaqueValue

A unicode array of shape S with strings of k UTF-16 units stands for a char array of shape S + (k,).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse

from rate2spike.errors import MatFileError
from rate2spike.readable import Readable

NUMERIC_CLASSES = ("double", "single", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
MAX_DEPTH = 200  # of nested cells and structs
MAX_DIMENSIONS, LARGEST_EXTENT = 32, 2**31 - 1  # that every format can hold
NO_MEMORY = "there is not enough memory for it"
LARGEST_EXACT_INTEGER = 2**53  # beyond it a double skips integers
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}\Z")
_KEYWORDS = frozenset(
    """break case catch classdef continue else elseif end for function global if otherwise parfor persistent return spmd
    switch try while""".split()
)


@dataclass(frozen=True, repr=False)
class OpaqueValue(Readable):
    """A value that Python cannot represent (function handle, table, string object), or in a form that is not known here.

    What MAT v5/v7 files hold is kept as it is, so that `savemat` and `append` can write it again.
    """

    class_name: str
    element: bytes = field(default=b"", repr=False, compare=False)  # as stored, uncompressed, with tag
    byte_order: str = field(default="<", repr=False, compare=False)
    subsystem: bytes = field(default=b"", repr=False, compare=False)  # the block of the file that objects refer to
    reason: str = field(default="", compare=False)  # why it could not be read, though its class may be a common one

    def summary(self) -> dict[str, Any]:
        """Its class, and why it could not be read, if it should have been."""
        return {"class_name": self.class_name} | ({"reason": self.reason} if self.reason else {})


class Damage(ValueError):
    """Something in a file that cannot be right. Inside this package only: callers get a MatFileError naming the file."""


class UnknownForm(Damage):
    """A value that is whole, as far as can be told, but written in a way not known here: no reason to give up the rest."""


class TooLarge(Damage):
    """More memory than allowed: perhaps damage, perhaps just large."""


class Budget:
    """Memory that a load may still take: a few bytes of a damaged or malicious file can declare terabytes."""

    ARRAY_BYTES = 200  # what an array costs Python beside its data

    def __init__(self, max_bytes: int):
        self.max_bytes = self.left_bytes = max_bytes

    def take(self, n_bytes: int) -> None:
        """Raise Damage if there is not so much left."""
        self.left_bytes -= n_bytes
        if self.left_bytes < 0:
            raise TooLarge(
                f"would take more than {self.max_bytes / 2**20:.0f} MiB of memory, far more than the size of the file "
                "suggests; if it is sound, give loadmat a larger max_bytes, or set RATE2SPIKE_MAX_MIB"
            )


def dtype_of(class_name: str) -> np.dtype:
    """NumPy type of a numeric MATLAB class."""
    return np.dtype({"double": "f8", "single": "f4"}.get(class_name, class_name))


def class_of(dtype: np.dtype) -> str:
    """MATLAB class of a numeric or bool NumPy type. Raises KeyError if MATLAB has none."""
    kinds = {"f8": "double", "f4": "single", "c16": "double", "c8": "single", "b1": "logical"}
    key = f"{dtype.kind}{dtype.itemsize}"
    return kinds[key] if dtype.kind in "fcb" else {"i": "int", "u": "uint"}[dtype.kind] + str(8 * dtype.itemsize)


def check_name(name: str) -> None:
    """Raise MatFileError unless MATLAB accepts the variable or field name."""
    if not isinstance(name, str) or not _NAME.match(name) or name in _KEYWORDS:
        raise MatFileError(
            f"{name!r} is no MATLAB name: a letter, then letters, digits and _, at most 63 in all, no keyword"
        )


def to_matlab(value: Any, name: str) -> Any:
    """The value as one of the objects of the table above. Raises MatFileError (naming `name`) for what MATLAB lacks.

    Numbers become double, bool logical, str a char row, a list of str a cell column, a list of numbers a double row, any
    other list a cell row, a mapping a struct, None []. Arrays keep their class; a 1-D array becomes a row.
    """
    return _converted(value, name, 0)


def _converted(value: Any, name: str, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise MatFileError(f"cannot write {name[:60]}: nested more than {MAX_DEPTH} deep")
    if value is None:
        return np.zeros((0, 0))
    if isinstance(value, str | OpaqueValue):
        return value
    if isinstance(value, bool | np.bool_):
        return np.array([[bool(value)]])
    if isinstance(value, int | float | complex | np.number) and not isinstance(value, np.timedelta64):
        return _number(value, name)
    if isinstance(value, Mapping):
        return _struct(value, name, depth)
    if isinstance(value, list | tuple):
        return _list(value, name, depth)
    if isinstance(value, np.ndarray):
        return _array(value, name, depth)
    if scipy.sparse.issparse(value) and value.ndim == 2 and max(value.shape) <= LARGEST_EXTENT:
        # MATLAB has double and logical sparse arrays only
        target = value.dtype if value.dtype.kind == "b" else "c16" if value.dtype.kind == "c" else "f8"
        canonical = value.tocsc().astype(target)
        canonical.sum_duplicates()
        canonical.eliminate_zeros()
        return canonical
    raise MatFileError(f"cannot write {name}: {type(value).__name__} has no MATLAB class")


def _number(value: Any, name: str) -> np.ndarray:
    if isinstance(value, int | np.integer) and abs(int(value)) > LARGEST_EXACT_INTEGER:
        raise MatFileError(
            f"cannot write {name}: {value} is no exact double; give it as an array of type int64 or uint64"
        )
    return np.array([[complex(value) if isinstance(value, complex | np.complexfloating) else float(value)]])


def _struct(value: Mapping, name: str, depth: int) -> np.ndarray:
    for key in value:
        check_name(key)
    result = np.empty((1, 1), dtype=[(key, object) for key in value])
    for key, item in value.items():
        result[key][0, 0] = _converted(item, f"{name}.{key}", depth + 1)
    return result


def _list(items: list | tuple, name: str, depth: int) -> np.ndarray:
    if not items:
        return np.zeros((0, 0))
    if all(isinstance(item, bool | np.bool_) for item in items):
        return np.array([items], dtype=bool)
    if all(isinstance(item, str) for item in items):
        cells = np.empty((len(items), 1), dtype=object)
        cells[:, 0] = items
        return cells
    if _is_numeric(items):
        try:
            numbers = np.asarray(items, dtype=np.float64)
            return numbers[None] if numbers.ndim == 1 else numbers
        except ValueError:
            pass  # rows of different lengths
    cells = np.empty((1, len(items)), dtype=object)
    for k, item in enumerate(items):
        cells[0, k] = _converted(item, f"{name}{{{k + 1}}}", depth + 1)
    return cells


def _is_numeric(items: list | tuple, depth: int = 0) -> bool:
    """Whether a nested list holds nothing but real numbers, none of them too large for a double."""
    return depth < 32 and all(
        _is_numeric(item, depth + 1)
        if isinstance(item, list | tuple) and item
        else isinstance(item, float | np.floating)
        or (
            isinstance(item, int | np.integer)
            and not isinstance(item, bool)
            and abs(int(item)) <= LARGEST_EXACT_INTEGER
        )
        for item in items
    )


def _array(value: np.ndarray, name: str, depth: int) -> str | np.ndarray:
    if isinstance(value, np.ma.MaskedArray):
        value = _unmasked(value, name)
    if value.ndim > MAX_DIMENSIONS or max(value.shape, default=0) > LARGEST_EXTENT:
        raise MatFileError(
            f"cannot write {name}: {value.ndim} dimensions, the largest {max(value.shape)}; possible are "
            f"{MAX_DIMENSIONS} of at most {LARGEST_EXTENT}"
        )
    if value.ndim < 2 and value.dtype.kind != "U":
        value = value.reshape(1, -1)
    if value.dtype.names is not None:
        return _struct_array(value, name, depth)
    if value.dtype.kind == "O":
        cells = np.empty(value.shape, dtype=object)
        for index in np.ndindex(value.shape):
            cells[index] = _converted(value[index], f"{name}{{...}}", depth + 1)
        return cells
    if value.dtype.kind == "U":
        return str(value.item()) if value.shape in ((), (1,)) else value
    try:
        class_of(value.dtype)
    except KeyError:
        raise MatFileError(f"cannot write {name}: MATLAB has no class for type {value.dtype}") from None
    return value.astype(value.dtype.newbyteorder("="), copy=False)


def _unmasked(value: np.ma.MaskedArray, name: str) -> np.ndarray:
    """NaN for what is masked; only floats have one."""
    if not np.ma.is_masked(value):
        return value.data
    if value.dtype.kind not in "fc":
        raise MatFileError(f"cannot write {name}: MATLAB has no masked values of type {value.dtype}; fill them first")
    return value.filled(np.nan)


def _struct_array(value: np.ndarray, name: str, depth: int) -> np.ndarray:
    fields = value.dtype.names or ()
    for key in fields:
        check_name(key)
    result = np.empty(value.shape, dtype=[(key, object) for key in fields])
    for key in fields:
        for index in np.ndindex(value.shape):
            result[key][index] = _converted(value[key][index], f"{name}.{key}", depth + 1)
    return result


def opaque_values(value: Any) -> Iterator[OpaqueValue]:
    """The value if it is opaque, or the opaque ones within it."""
    if isinstance(value, OpaqueValue):
        yield value
    elif isinstance(value, np.ndarray) and value.dtype.kind in "OV":
        columns = [value] if value.dtype.names is None else [value[key] for key in value.dtype.names]
        for item in (item for column in columns for item in column.flat):
            yield from opaque_values(item)


def simplified(value: Any) -> Any:
    """Python-friendly view, at the price of shapes: 1x1 arrays as scalars, vectors 1-D, structs as dicts, cells as lists.

    Struct arrays become lists of dicts; an empty numeric array stays an array. What was a row or a column can no longer
    be told, so such values are for reading, not for writing back.
    """
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype.names is not None:
        items = [{key: simplified(element[key]) for key in value.dtype.names} for element in value.ravel(order="F")]
        return items[0] if value.size == 1 else items
    if value.dtype.kind == "O":
        return [simplified(item) for item in value.ravel(order="F")]
    squeezed = np.squeeze(value)
    return squeezed.item() if squeezed.ndim == 0 else squeezed


def char_units(value: str | np.ndarray) -> np.ndarray:
    """Char array as UTF-16 units, uint16, in MATLAB's shape."""
    if isinstance(value, str):
        units = _units(value)
        return units.reshape(1, -1) if units.size else np.empty((0, 0), np.uint16)
    if value.size == 0:
        return np.empty(value.shape if value.ndim > 1 else (0, 0), np.uint16)
    rows = [_units(str(text)) for text in value.ravel()]
    width = max(row.size for row in rows)
    units = np.full((len(rows), width), ord(" "), np.uint16)
    for row, text in zip(units, rows, strict=True):
        row[: text.size] = text
    return units.reshape(*value.shape, width)


def text_of_units(units: np.ndarray) -> str | np.ndarray:
    """Inverse of `char_units`: a str for a row or an empty array, else strings along the last dimension."""
    if units.size == 0:
        return "" if units.shape in ((0, 0), (1, 0)) else np.empty(units.shape, "U1")
    rows = np.ascontiguousarray(units, dtype="<u2").reshape(-1, units.shape[-1])
    texts = [row.tobytes().decode("utf-16-le", "surrogatepass") for row in rows]
    return texts[0] if units.shape[:-1] == (1,) else np.array(texts).reshape(units.shape[:-1])


def _units(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")
