"""Read, write and append MAT files: `loadmat`, `savemat`, `append`, `remove`.

SciPy parses and emits the arrays. This layer adds what it gets wrong: the class in the array flags decides the type
(`mat_dtype`, which on its own loses imaginary parts and fails on logical sparse arrays), a variable that Python cannot
represent does not spoil the load, a truncated file is an error, and append copies all other variables byte for byte.
MAT v4 and v7.3 belong here too, beside `mat_v5`; they are not read yet.
"""

import io
import os
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io
import scipy.sparse

from rate2spike.errors import MatFileError
from rate2spike.io.atomic_file import write_atomically
from rate2spike.matlab_compat import mat_v5

_UNREADABLE = {"object", "function_handle", "opaque"}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}\Z")
_KEYWORDS = frozenset(
    """break case catch classdef continue else elseif end for function global if otherwise parfor persistent return spmd
    switch try while""".split()
)


@dataclass(frozen=True)
class OpaqueValue:
    """A variable that Python cannot represent (function handle, table, string object): only its class is known."""

    class_name: str


def loadmat(path: str | os.PathLike, names: Iterable[str] | None = None) -> dict[str, Any]:
    """Read a MAT v5/v7 file into {name: value}, MATLAB classes honoured: a double stored in one byte is float64.

    Arrays keep their shape (nothing is squeezed) and class; logical is bool; a char row is a `str`; structs are NumPy
    structured arrays as SciPy gives them; what Python cannot represent is an OpaqueValue. With `names`, only those.
    Raises MatFileError if the file is missing, truncated, damaged or of another format.
    """
    source = str(path)
    file = mat_v5.parse(read_bytes(path), source)
    wanted = None if names is None else set(names)
    return {
        element.name: _value(element, file, source)
        for element in file.elements
        if element.name and (wanted is None or element.name in wanted)
    }


def savemat(path: str | os.PathLike, variables: Mapping[str, Any], *, compress: bool = True) -> None:
    """Write {name: value} as a MAT v5 (v7 if compressed) file, atomically.

    Python and NumPy scalars become 1x1 doubles, bool logical, arrays keep their class (1-D becomes a row), str a char
    row, list of str a cell column, dict a struct, None []. Raises MatFileError for what MATLAB would refuse.
    """
    write_atomically(path, _header() + _emit(variables, compress))


def append(path: str | os.PathLike, variables: Mapping[str, Any], *, remove: Iterable[str] = ()) -> None:
    """Add or replace variables in a MAT v5/v7 file, atomically; all others stay byte-identical, readable or not.

    `remove` names variables to drop in the same step. Raises MatFileError if the file cannot be parsed (it is then left
    as it is).
    """
    file = check_appendable(path)
    compress = any(element.is_compressed for element in file.elements)
    new = _emit(variables, compress) if variables else b""
    write_atomically(path, mat_v5.splice(file, new, {*variables, *remove}))


def check_appendable(path: str | os.PathLike) -> mat_v5.MatV5:
    """The parsed file. Raises MatFileError if it cannot be read or appended to."""
    file = mat_v5.parse(read_bytes(path), str(path))
    if file.byte_order != "<":
        raise MatFileError(f"{path} is big-endian; appending needs a little-endian file: save it again in MATLAB")
    return file


def variable_names(path: str | os.PathLike) -> list[str]:
    """Names of the variables in a MAT file, without reading their values. Raises MatFileError."""
    return [element.name for element in mat_v5.parse(read_bytes(path), str(path)).elements if element.name]


def read_bytes(path: str | os.PathLike) -> bytes:
    """The bytes of a file. Raises MatFileError if there is no such file or it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise MatFileError(f"cannot read {path}: {error.strerror or error}") from None


def _value(element: mat_v5.Element, file: mat_v5.MatV5, source: str) -> Any:
    if mat_v5.CLASS_NAMES[element.class_id] in _UNREADABLE:
        return OpaqueValue(element.class_name)
    needs_own_cast = element.is_complex or element.class_name == "sparse" or element.class_id == 5
    stream = io.BytesIO(file.header + mat_v5.matrix_bytes(element, source))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loaded = scipy.io.loadmat(stream, mat_dtype=not needs_own_cast)
        value = next(v for k, v in loaded.items() if not k.startswith("__"))
    except MemoryError:
        raise
    except Exception as error:  # SciPy raises whatever its parser trips over
        raise MatFileError(f"{source}: variable {element.name} is damaged ({error})") from None
    return _cast(value, element) if needs_own_cast else _plain_char(value)


def _cast(value: Any, element: mat_v5.Element) -> Any:
    if element.is_logical:
        return value.astype(bool)
    if element.class_name == "single":
        return value.astype(np.complex64)
    if element.class_name in ("double", "sparse"):
        return value.astype(np.complex128 if element.is_complex else np.float64)
    return value


def _plain_char(value: Any) -> Any:
    """A char row as str; SciPy gives a one-element array."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "U":
        if value.size == 0:
            return ""
        if value.shape == (1,):
            return str(value[0])
    return value


def _header() -> bytes:
    stream = io.BytesIO()
    scipy.io.savemat(stream, {})
    return stream.getvalue()[: mat_v5.HEADER_BYTES]


def _emit(variables: Mapping[str, Any], compress: bool) -> bytes:
    """Bytes of the elements alone, without file header."""
    for name in variables:
        check_name(name)
    converted = {name: _to_matlab(value, name) for name, value in variables.items()}
    stream = io.BytesIO()
    try:
        scipy.io.savemat(stream, converted, do_compression=compress, long_field_names=True, oned_as="row")
    except (TypeError, ValueError, scipy.io.matlab.MatWriteError) as error:
        raise MatFileError(f"cannot write {', '.join(variables)} as MAT v5: {error}") from None
    return stream.getvalue()[mat_v5.HEADER_BYTES :]


def check_name(name: str) -> None:
    """Raise MatFileError unless MATLAB accepts the variable or field name."""
    if not isinstance(name, str) or not _NAME.match(name) or name in _KEYWORDS:
        raise MatFileError(
            f"{name!r} is no MATLAB name: a letter, then letters, digits and _, at most 63 in all, no keyword"
        )


def _to_matlab(value: Any, name: str) -> Any:
    if value is None:
        return np.zeros((0, 0))
    if isinstance(value, bool | np.bool_):
        return np.array([[bool(value)]])
    if isinstance(value, int | float | np.integer | np.floating):
        return np.array([[float(value)]])
    if isinstance(value, complex | np.complexfloating):
        return np.array([[complex(value)]])
    if isinstance(value, str):
        return value if value else np.zeros((0, 0), "U1")
    if isinstance(value, Mapping):
        for key in value:
            check_name(key)
        return {key: _to_matlab(item, f"{name}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return _list_to_matlab(value, name)
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biufcUOV" or value.dtype in (np.float16, np.longdouble):
            raise MatFileError(f"{name} has type {value.dtype}, which MATLAB does not have")
        return value
    if scipy.sparse.issparse(value):
        return value if value.dtype == bool or value.dtype.kind == "c" else value.astype(np.float64)
    raise MatFileError(f"cannot write {name}: {type(value).__name__} has no MATLAB class")


def _list_to_matlab(items: list | tuple, name: str) -> np.ndarray:
    if not all(isinstance(item, str) for item in items):
        try:
            return np.asarray(items, dtype=np.float64)
        except (TypeError, ValueError):
            raise MatFileError(f"cannot write {name}: a list must hold only numbers or only strings") from None
    cells = np.empty((len(items), 1), dtype=object)
    cells[:, 0] = items
    return cells
