"""A MAT file of any format: its variables, one after the other or changed. `matfile` has the functions for users.

The formats live in `mat_v4`, `mat_v5*` and `mat_v73*`; which Python object stands for which MATLAB class is said in `values`.
"""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rate2spike.errors import MatFileError
from rate2spike.io.atomic_file import write_atomically
from rate2spike.matlab_compat import mat_v4, mat_v5, mat_v5_header, mat_v5_write, mat_v73_process
from rate2spike.matlab_compat.mat_kind import format_of
from rate2spike.matlab_compat.values import NO_MEMORY, OpaqueValue, check_name, dtype_of, opaque_values, to_matlab
from rate2spike.readable import Readable

_ADDED_BY_SCIPY = ("__header__", "__version__", "__globals__")  # by its loadmat, to the variables
_LEAST_LIMIT_MIB, _LIMIT_PER_FILE_BYTE = 384, 64


@dataclass(frozen=True, repr=False)
class Variable(Readable):
    """A variable as `whos` lists it; `n_bytes` of containers and sparse arrays: what is stored for them, unpacked."""

    name: str
    shape: tuple[int, ...] | None  # None: the file does not say (objects)
    class_name: str
    n_bytes: int


def read_values(
    path: str | os.PathLike, names: Collection[str] | None = None, max_bytes: int | None = None
) -> dict[str, Any]:
    """As `loadmat`, but for a caller that looks itself at what could not be read (`reason_unread`)."""
    if max_bytes is None:
        max_bytes = _default_limit(path)
    kind = format_of(path)
    if kind == "7.3":
        return mat_v73_process.call("read", path, names, max_bytes, n_bytes=max_bytes)
    file = _parsed(path, kind)
    items = {
        item.name: item for item in _items(file) if item.name and (names is None or item.name in names)
    }  # of one name, the last
    return {name: _value(item, file, max_bytes) for name, item in items.items()}


def reason_unread(value: Any) -> str:
    """Why a value, or the first within it of which that holds, could not be read; empty if all could."""
    return next((opaque.reason for opaque in opaque_values(value) if opaque.reason), "")


def variable_names(path: str | os.PathLike) -> list[str]:
    """Names of the variables in a MAT file, without reading their values. Raises MatFileError."""
    kind = format_of(path)
    if kind == "7.3":
        return mat_v73_process.call("variable_names", path)
    return list(dict.fromkeys(item.name for item in _items(_parsed(path, kind)) if item.name))


def described_variables(path: str | os.PathLike) -> list[Variable]:
    """As `whos`, which is for users."""
    kind = format_of(path)
    if kind == "7.3":
        return [Variable(*described) for described in mat_v73_process.call("describe", path)]
    file = _parsed(path, kind)
    last = {item.name: item for item in _items(file) if item.name}
    return [_described(item, file) for item in last.values()]


def read_bytes(path: str | os.PathLike) -> bytes:
    """The bytes of a file. Raises MatFileError if there is no such file or it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise MatFileError(f"cannot read {path}: {error.strerror or error}") from None


def converted(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The values as MATLAB has them. Raises MatFileError for what it would refuse."""
    own = {name: value for name, value in variables.items() if name not in _ADDED_BY_SCIPY}
    for name in own:
        check_name(name)
    return {name: to_matlab(value, name) for name, value in own.items()}


def v5_bytes(converted: Mapping[str, Any], compress: bool, source: str) -> bytes:
    """A v5 or v7 file of converted values."""
    subsystem = mat_v5_write.subsystem_of(iter(converted.values()), source)
    elements = _elements(converted, "<", compress)
    return mat_v5.with_subsystem(mat_v5_write.file_header(), elements, subsystem, "<")


def append_to(path: Path, converted: dict[str, Any], dropped: set[str]) -> None:
    """Write converted values into a file, and leave out `dropped`. Raises MatFileError."""
    kind = format_of(path)
    if kind == "7.3":
        size = _size(path) + sum(map(_bytes_in, converted.values()))

        def write(copy: Path) -> None:
            mat_v73_process.call("write_changed_copy", path, copy, converted, dropped, n_bytes=size, n_written=size)

        write_atomically(path, write)
        return
    file = _parsed(path, kind)
    if isinstance(file, mat_v4.MatV4):
        records = b"".join(mat_v4.record_bytes(value, name, file.byte_order) for name, value in converted.items())
        write_atomically(path, mat_v4.splice(file, records, dropped))
        return
    compress = any(element.is_compressed for element in file.elements)
    subsystem = mat_v5_write.subsystem_of(iter(converted.values()), str(path))
    if subsystem and file.subsystem and subsystem != file.subsystem:
        raise MatFileError(f"cannot append to {path}: MATLAB objects from different files do not fit into one")
    new = _elements(converted, file.byte_order, compress)
    write_atomically(path, mat_v5.splice(file, new, dropped, subsystem))


def _elements(converted: Mapping[str, Any], byte_order: str, compress: bool) -> bytes:
    return b"".join(mat_v5_write.element(value, name, byte_order, compress) for name, value in converted.items())


def _parsed(path: str | os.PathLike, kind: str) -> mat_v4.MatV4 | mat_v5.MatV5:
    """A v4 or v5/v7 file as its parts."""
    return (mat_v4 if kind == "4" else mat_v5).parse(read_bytes(path), str(path))


def _items(file: mat_v4.MatV4 | mat_v5.MatV5) -> tuple[Any, ...]:
    return file.records if isinstance(file, mat_v4.MatV4) else file.elements


def _value(item: Any, file: mat_v4.MatV4 | mat_v5.MatV5, max_bytes: int) -> Any:
    module: Any = mat_v4 if isinstance(file, mat_v4.MatV4) else mat_v5
    try:
        return module.value(item, file, max_bytes)
    except MemoryError:
        return OpaqueValue(item.class_name, reason=NO_MEMORY)


def _described(item: Any, file: mat_v4.MatV4 | mat_v5.MatV5) -> Variable:
    if isinstance(file, mat_v4.MatV4):
        shape: tuple[int, ...] | None = mat_v4.shape_of(item, file)
        size = 2 if item.class_name == "char" else 8 * (1 + item.is_complex)
        count = item.shape[0] * item.shape[1]
        return Variable(item.name, shape, item.class_name, count * size)
    header = item.header
    stored_class = mat_v5_header.CLASS_NAMES.get(header.class_id, "unknown")
    if not header.shape or stored_class in ("function_handle", "object", "unknown"):
        return Variable(item.name, header.shape or None, header.class_name, 0)
    if item.is_sparse or header.class_name in ("cell", "struct"):
        class_name = "sparse" if item.is_sparse else header.class_name
        return Variable(item.name, header.shape, class_name, item.content_bytes - header.end)
    size = 2 if stored_class == "char" else 1 if header.is_logical else dtype_of(stored_class).itemsize
    return Variable(
        item.name,
        header.shape,
        header.class_name,
        mat_v5_header.n_elements(header.shape) * size * (1 + header.is_complex),
    )


def _default_limit(path: str | os.PathLike) -> int:
    text = os.environ.get("RATE2SPIKE_MAX_MIB", "")
    least_mib = int(text) if text.isdecimal() else _LEAST_LIMIT_MIB
    return max(least_mib * 2**20, _LIMIT_PER_FILE_BYTE * _size(path))


def _bytes_in(value: Any) -> int:
    if isinstance(value, str):
        return 2 * len(value)
    if isinstance(value, OpaqueValue):
        return 0
    if not isinstance(value, np.ndarray):  # sparse, with 8 bytes per index as in MATLAB
        return value.data.nbytes + 8 * (value.indices.size + value.indptr.size)
    if value.dtype.names is not None:
        return sum(_bytes_in(value[key]) for key in value.dtype.names)
    if value.dtype.kind == "O":
        return sum(_bytes_in(element) for element in value.flat)
    return 2 * sum(map(len, value.flat)) if value.dtype.kind == "U" else value.nbytes


def _size(path: str | os.PathLike) -> int:
    try:
        return os.path.getsize(path)
    except OSError as error:
        raise MatFileError(f"cannot read {path}: {error.strerror or error}") from None
