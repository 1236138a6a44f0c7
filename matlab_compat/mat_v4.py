"""MAT v4 files: a row of records, each a 20-byte header, a name and a column-major matrix (MathWorks, "MAT-File Format", 2).

The format knows real and complex matrices of doubles, char rows and sparse matrices; whatever the storage type, MATLAB
loads numbers as double. SciPy reads the values as well, but in their storage type, and cannot say where a record ends,
which append needs.
"""

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse

from rate2spike.errors import MatFileError
from rate2spike.matlab_compat.values import (
    Budget,
    Damage,
    OpaqueValue,
    TooLarge,
    UnknownForm,
    char_units,
    text_of_units,
)

_STORAGE = ("f8", "f4", "i4", "i2", "u2", "u1")
_FULL, _TEXT, _SPARSE = range(3)
_FOREIGN_MACHINES = {2: "VAX D-float", 3: "VAX G-float", 4: "Cray numbers"}  # numbers that no longer any program writes
_MAX_BYTES = 2**31 - 1


@dataclass(frozen=True)
class Record:
    """One variable: its bytes, where it stands in the file, and what its header says."""

    raw: memoryview = field(repr=False)
    offset: int
    name: str
    kind: int
    storage: str
    shape: tuple[int, int]  # of a sparse matrix: of its table of indices and values
    is_complex: bool
    data_start: int
    machine: int  # 0 little-endian, 1 big-endian, or one of _FOREIGN_MACHINES

    @property
    def class_name(self) -> str:
        """MATLAB class of the variable once it is loaded."""
        return ("double", "char", "sparse")[self.kind]


@dataclass(frozen=True)
class MatV4:
    """A parsed file."""

    source: str
    byte_order: str
    records: tuple[Record, ...]


def is_mat_v4(start: bytes) -> bool:
    """Whether a file that begins with these bytes may be MAT v4: the first number is MOPT, small in one byte order."""
    return len(start) >= 20 and _byte_order(start) is not None


def parse(data: bytes, source: str) -> MatV4:
    """Split the bytes of a file. Raises MatFileError (naming `source` and the place) if it is truncated or damaged."""
    order = _byte_order(data)
    assert order is not None, "the caller has asked is_mat_v4"
    view, records, position = memoryview(data), [], 0
    while position < len(data):
        try:
            record = _record(view, position, order)
        except (Damage, struct.error, UnicodeDecodeError) as error:
            raise MatFileError(f"{source}: no MAT file, or damaged at byte {position}: {error}") from None
        records.append(record)
        position += len(record.raw)
    return MatV4(source, order, tuple(records))


def value(record: Record, file: MatV4, max_bytes: int) -> Any:
    """The value of a record, opaque if it is not understood or too large. Raises MatFileError if it is damaged."""
    try:
        return _value(record, file.byte_order, Budget(max_bytes))
    except (UnknownForm, TooLarge) as error:
        return OpaqueValue(record.class_name, reason=str(error))
    except (Damage, ValueError, OverflowError) as error:
        place = f"variable {record.name}, at byte {record.offset}"
        raise MatFileError(f"{file.source}: {place}: damaged or unreadable: {error}") from None


def shape_of(record: Record, file: MatV4) -> tuple[int, int] | None:
    """Shape of the variable once it is loaded; None if it cannot be. Raises MatFileError."""
    if record.kind != _SPARSE:
        return record.shape
    loaded = value(record, file, len(record.raw) * 8)
    return None if isinstance(loaded, OpaqueValue) else loaded.shape


def splice(file: MatV4, new_records: bytes, dropped_names: set[str]) -> bytes:
    """Bytes of a file without the named variables and with `new_records` added, all else unchanged."""
    return b"".join([*(record.raw for record in file.records if record.name not in dropped_names), new_records])


def record_bytes(value: Any, name: str, byte_order: str) -> bytes:
    """A record from a value. Raises MatFileError for what the format does not know."""
    if isinstance(value, str):
        units = char_units(value)
        if (units > 255).any():
            raise MatFileError(f'cannot write {name} as MAT v4: it holds characters beyond Latin-1; use version="7"')
        return _assembled(name, _TEXT, units.astype(np.float64), byte_order)
    if scipy.sparse.issparse(value) and value.dtype.kind != "b":
        return _assembled(name, _SPARSE, _sparse_table(value), byte_order, is_complex=False)
    if isinstance(value, np.ndarray) and value.ndim == 2 and value.dtype in (np.float64, np.complex128):
        return _assembled(name, _FULL, value, byte_order)
    what = f"a {value.ndim}-dimensional {value.dtype} array" if isinstance(value, np.ndarray) else type(value).__name__
    raise MatFileError(f'cannot write {name}: MAT v4 holds matrices of doubles and text, not {what}; use version="7"')


def _byte_order(start: bytes) -> str | None:
    for order in "<>":
        mopt, rows, columns, is_complex, name_length = struct.unpack_from(order + "5i", start)
        if _is_mopt(mopt, order) and min(rows, columns) >= 0 and is_complex in (0, 1) and 0 < name_length <= 256:
            return order
    return None


def _is_mopt(mopt: int, order: str) -> bool:
    """Whether a number is the first one of a record: machine, 0, storage and kind, a digit each."""
    machines = (1,) if order == ">" else (0, *_FOREIGN_MACHINES)
    return mopt // 1000 in machines and mopt // 100 % 10 == 0 and mopt // 10 % 10 < 6 and mopt % 10 < 3


def _record(view: memoryview, position: int, order: str) -> Record:
    if position + 20 > len(view):
        raise Damage("truncated")
    mopt, rows, columns, is_complex, name_length = struct.unpack_from(order + "5i", view, position)
    storage_id, kind = mopt // 10 % 10, mopt % 10
    if not _is_mopt(mopt, order) or min(rows, columns) < 0 or is_complex not in (0, 1) or not 0 < name_length <= 256:
        raise Damage("unreadable record header")
    storage = _STORAGE[storage_id]
    data_start = 20 + name_length
    size = data_start + rows * columns * (1 + is_complex) * np.dtype(storage).itemsize
    if position + size > len(view):
        raise Damage(f"truncated: {len(view)} bytes, expected at least {position + size}")
    name = bytes(view[position + 20 : position + data_start]).split(b"\0")[0].decode("latin-1")
    if not name:
        raise Damage("a variable without a name")
    return Record(
        view[position : position + size],
        position,
        name,
        kind,
        storage,
        (rows, columns),
        bool(is_complex),
        data_start,
        mopt // 1000,
    )


def _value(record: Record, order: str, budget: Budget) -> Any:
    if record.machine in _FOREIGN_MACHINES:
        raise UnknownForm(f"its numbers are {_FOREIGN_MACHINES[record.machine]}")
    count = record.shape[0] * record.shape[1]
    budget.take(Budget.ARRAY_BYTES + 8 * count * (1 + record.is_complex))
    values = np.frombuffer(record.raw[record.data_start :], np.dtype(order + record.storage)).astype(np.float64)
    array: np.ndarray = values[:count].reshape(record.shape, order="F")
    if record.is_complex:
        numbers = array.astype(np.complex128)
        numbers.imag = values[count:].reshape(record.shape, order="F")
        array = numbers
    if record.kind == _FULL:
        return array
    if record.kind == _SPARSE:
        return _sparse(array, budget)
    with np.errstate(invalid="ignore"):
        return text_of_units(array.real.astype(np.uint16))


def _sparse(table: np.ndarray, budget: Budget) -> scipy.sparse.csc_matrix:
    """Rows of (row, column, real[, imaginary]), from 1; the last one holds the size."""
    if table.shape[0] < 1 or table.shape[1] not in (3, 4) or np.iscomplexobj(table):
        raise UnknownForm("unreadable sparse matrix")
    indices = table[:, :2]
    if not (
        np.isfinite(indices).all() and (indices == np.floor(indices)).all() and (np.abs(indices - 2**30) <= 2**30).all()
    ):
        raise UnknownForm("indices of a sparse matrix are not whole numbers")
    shape = int(indices[-1, 0]), int(indices[-1, 1])
    rows, columns = indices[:-1, 0].astype(np.int64) - 1, indices[:-1, 1].astype(np.int64) - 1
    if rows.size and not (
        rows.min() >= 0 and columns.min() >= 0 and rows.max() < shape[0] and columns.max() < shape[1]
    ):
        raise UnknownForm("index of a sparse matrix out of range")
    budget.take(8 * (shape[1] + 1) + 24 * rows.size)
    values = table[:-1, 2]
    if table.shape[1] == 4:
        values = values.astype(np.complex128)
        values.imag = table[:-1, 3]
    return scipy.sparse.csc_matrix((values, (rows, columns)), shape=shape)


def _sparse_table(value: scipy.sparse.csc_matrix) -> np.ndarray:
    entries = value.tocoo()
    columns = [entries.row + 1, entries.col + 1, entries.data.real]
    if value.dtype.kind == "c":
        columns.append(entries.data.imag)
    size = [*value.shape, *(0.0 for _ in columns[2:])]
    return np.vstack([np.column_stack(columns).astype(np.float64), [size]])


def _assembled(name: str, kind: int, values: np.ndarray, order: str, is_complex: bool | None = None) -> bytes:
    is_complex = np.iscomplexobj(values) if is_complex is None else is_complex
    parts = [values.real, values.imag] if is_complex else [values]
    data = b"".join(part.astype(order + "f8").tobytes(order="F") for part in parts)
    if len(data) > _MAX_BYTES:
        raise MatFileError(f'{name} takes {len(data)} bytes, too many for MAT v4: use version="7.3"')
    text = name.encode("ascii") + b"\0"
    mopt = 1000 * (order == ">") + kind
    return struct.pack(order + "5i", mopt, *values.shape, is_complex, len(text)) + text + data
