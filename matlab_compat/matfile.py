"""Read, write, list and append MAT files of every format: `loadmat`, `savemat`, `whos`, `append`.

Files are written atomically; append copies what it does not replace. The path comes first, as in SciPy.
"""

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rate2spike import checks
from rate2spike.calls import public
from rate2spike.checks import each_name, shown, whole_number
from rate2spike.errors import InputError, MatFileError
from rate2spike.io.atomic_file import write_atomically
from rate2spike.io.lock_file import exclusive
from rate2spike.matlab_compat import mat_v73_write
from rate2spike.matlab_compat.mat_any import (
    Variable,
    append_to,
    converted,
    described_variables,
    read_bytes,
    read_values,
    reason_unread,
    v5_bytes,
    variable_names,
)
from rate2spike.matlab_compat.values import OpaqueValue, simplified

__all__ = [
    "OpaqueValue",
    "Variable",
    "append",
    "check_appendable",
    "loadmat",
    "mat_bytes",
    "read_bytes",
    "read_values",
    "reason_unread",
    "savemat",
    "variable_names",
    "whos",
]

VERSIONS = ("5", "7", "7.3")  # "6" is accepted as another name of "5", as MATLAB's -v6 is
_LARGEST_LIMIT = 2**62


@public()
def loadmat(
    path: str | os.PathLike,
    names: str | Iterable[str] | None = None,
    *,
    simplify: bool = False,
    max_bytes: int | None = None,
) -> dict[str, Any]:
    """Read a MAT file (v4, v5/v6, v7, v7.3; any byte order), MATLAB classes honoured.

    A double stored in one byte is float64, logical is bool, a char row is a `str`, a cell array an object array, a struct
    (array) a structured array, sparse a scipy.sparse matrix; what Python cannot represent (function handles, tables,
    string objects, user classes) is an OpaqueValue naming its class. Arrays keep their shape; of several variables of one
    name the last counts. A variable in a form that is not known here, or too large, is an OpaqueValue too, whose `reason` a
    warning repeats; asked for by name it is an error.

    Parameters
    ----------
    path : str or path
        The file.
    names : str or iterable of str, optional
        Read only these variables; default: all.
    simplify : bool, default False
        A squeezed view that is easier in Python: 1x1 arrays as scalars, vectors 1-D, structs as dicts, cells as lists.
    max_bytes : int, optional
        Most memory that a variable may take, so that a few damaged bytes cannot ask for terabytes; default: 384 MiB (or the
        environment variable RATE2SPIKE_MAX_MIB) or 64 times the size of the file, whichever is more.

    Returns
    -------
    dict
        Values by name.

    Raises
    ------
    MatFileError
        Naming file, variable and place, if the file is missing, truncated, damaged or no MAT file.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> r2s.savemat("example.mat", {"x": [1.0, 2.0], "name": "two"})
    >>> r2s.loadmat("example.mat")["x"]
    array([[1., 2.]])
    >>> r2s.loadmat("example.mat", simplify=True)["name"]
    'two'
    """
    path, wanted = checks.path(path, "path"), None if names is None else _names(names, "names")
    if max_bytes is not None:
        max_bytes = whole_number(max_bytes, "memory for a variable", "max_bytes", 0, _LARGEST_LIMIT)
    values = read_values(path, wanted, max_bytes)
    for name, value in values.items():
        unread = f"{path}: variable {name} cannot be read: {reason_unread(value)}"
        if wanted is not None and isinstance(value, OpaqueValue) and value.reason:
            raise MatFileError(unread)
        if reason_unread(value):
            warnings.warn(f"{unread}; it is kept as it is", stacklevel=3)
    return {name: simplified(value) for name, value in values.items()} if simplify else values


@public()
def savemat(
    path: str | os.PathLike, variables: Mapping[str, Any], version: str = "7", *, compress: bool = True
) -> None:
    """Write variables as a MAT file, atomically.

    Python and NumPy numbers become 1x1 doubles, bool logical, str a char row, a list of str a cell column, other lists a
    double row or a cell row, a mapping a struct, None []; arrays keep their class (1-D becomes a row). What SciPy's loadmat
    adds (`__header__`, `__version__`, `__globals__`) is left out.

    Parameters
    ----------
    path : str or path
        The file; one that is there is replaced.
    variables : mapping
        Values by name.
    version : str, default "7"
        "7" (compressed), "5" (plain; "6" is the same), or "7.3" (HDF5, for variables above 2 GiB).
    compress : bool, default True
        Of versions 7 and 7.3: whether to compress.

    Raises
    ------
    MatFileError
        For what MATLAB would refuse.

    Examples
    --------
    >>> import numpy as np
    >>> import rate2spike as r2s
    >>> r2s.savemat("example.mat", {"weights": np.eye(3), "n_units": 3})
    """
    path, variables = _path_first(path, variables), _mapping(variables)
    version = {"6": "5"}.get(str(version), str(version))
    if version not in VERSIONS:
        raise MatFileError(f"unknown MAT version {version!r}: choose from {', '.join(VERSIONS)}")
    values = converted(variables)
    if version == "7.3":
        write_atomically(path, lambda temporary: mat_v73_write.write(temporary, values, compress))
        return
    write_atomically(path, v5_bytes(values, compress and version == "7", str(path)))


def mat_bytes(variables: Mapping[str, Any]) -> bytes:
    """What `savemat` with version "5" would write. Raises MatFileError for what MATLAB would refuse."""
    return v5_bytes(converted(variables), False, "the variables")


@public()
def append(path: str | os.PathLike, variables: Mapping[str, Any], *, remove: str | Iterable[str] = ()) -> None:
    """Add or replace variables in a MAT file of any version, atomically; all others stay as they are, readable or not.

    In v4, v5 and v7 files they stay byte-identical; a v7.3 file is changed in a copy. Processes that append to one file take
    turns (lock file `.<name>.lock`, removed afterwards).

    Parameters
    ----------
    path : str or path
        The file, which must be there.
    variables : mapping
        Values by name, as `savemat` takes them.
    remove : str or iterable of str, optional
        Variables to drop in the same step.

    Raises
    ------
    MatFileError
        If the file cannot be parsed, or its format cannot hold a value; the file is then left as it is.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> r2s.savemat("example.mat", {"x": 1.0})
    >>> r2s.append("example.mat", {"note": "checked"})
    >>> [variable.name for variable in r2s.whos("example.mat")]
    ['x', 'note']
    """
    path, values = _path_first(path, variables), converted(_mapping(variables))
    target = Path(os.path.realpath(path))
    with _turn(target):
        append_to(target, values, {*values, *_names(remove, "remove")})


@public()
def whos(path: str | os.PathLike) -> list[Variable]:
    """Name, shape, class and bytes of every variable in a MAT file, without loading numeric data.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    list of Variable
        With name, shape (None: the file does not say), class_name, and n_bytes.

    Raises
    ------
    MatFileError
        If the file is missing, damaged or no MAT file.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> r2s.savemat("example.mat", {"x": [1.0, 2.0]})
    >>> r2s.whos("example.mat")
    [Variable(name='x', shape=(1, 2), class_name='double', n_bytes=16)]
    """
    return described_variables(checks.path(path, "path"))


def check_appendable(path: str | os.PathLike) -> None:
    """Raise MatFileError if the file cannot be read, InputError if its folder cannot be written."""
    variable_names(path)
    target = Path(os.path.realpath(path))
    with _turn(target):
        pass


@contextmanager
def _turn(target: Path) -> Iterator[None]:
    with exclusive(target.with_name(f".{target.name}.lock"), f"append to {target}"):
        yield


def _path_first(path: Any, variables: Any) -> Path:
    if isinstance(path, Mapping) and isinstance(variables, str | os.PathLike):
        raise InputError("first the path, then the variables, as in SciPy", "path", "variables")
    return checks.path(path, "path")


def _mapping(variables: Any) -> Mapping[str, Any]:
    if not isinstance(variables, Mapping):
        raise InputError(f"{{variables}} must be a mapping of names and values, got {shown(variables)}", "variables")
    return variables


def _names(names: Any, field: str) -> tuple[str, ...]:
    if not isinstance(names, Iterable):
        raise InputError(f"{{{field}}} must be names of variables, got {shown(names)}", field)
    return each_name(names)
