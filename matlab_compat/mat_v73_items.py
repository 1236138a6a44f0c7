"""The objects of a MAT v7.3 file (layout: `mat_v73`), found and classified with h5py; nothing of their data is read.

On damaged files the HDF5 library may hang or crash: call what uses this through `mat_v73_process`.
"""

import os
from collections.abc import Callable
from typing import Any

import h5py

from rate2spike.errors import MatFileError
from rate2spike.matlab_compat.mat_v73 import HIDDEN, first_line
from rate2spike.matlab_compat.values import NUMERIC_CLASSES, Damage, TooLarge, UnknownForm

DAMAGE = (OSError, RuntimeError, KeyError, Damage)  # what h5py raises where bytes of a file are wrong, and ours
UNSET = "canonical empty"  # how MATLAB writes a cell or field that was never set


def opened(path: str | os.PathLike) -> h5py.File:
    """The file, for reading. Raises MatFileError if it is damaged, or HDF5 but no MAT file."""
    try:
        file = h5py.File(path, "r", locking=False)
    except (OSError, RuntimeError) as error:
        raise MatFileError(f"{path}: damaged or truncated MAT v7.3 file: {first_line(error)}") from None
    try:
        check_layout(file, path)
    except MatFileError:
        file.close()
        raise
    return file


def check_layout(file: h5py.File, path: str | os.PathLike) -> None:
    """Raise MatFileError if a sound HDF5 file is no MAT file. All MAT files begin with a block that is not HDF5."""
    if file.userblock_size:
        return
    try:
        attributes = [item.attrs.keys() for item in map(file.get, file) if item is not None]
        kind = str(file.attrs.get("format", ""))
    except (*DAMAGE, ValueError):
        return  # what is wrong is said where it is read
    if any("MATLAB_class" in names for names in attributes):
        return
    if any("OCTAVE_NEW_FORMAT" in names for names in attributes):
        raise MatFileError(
            f"{path} was written by GNU Octave's save -hdf5, no MAT file: save it there with save('-v7', ...)"
        )
    hint = ", but a spike record: r2s.SpikeRecord.load reads it" if kind.startswith("rate2spike") else ""
    raise MatFileError(f"{path} is an HDF5 file of another kind, no MAT file{hint}")


def variables(file: h5py.File, path: str | os.PathLike) -> list[str]:
    """Names of the variables. Raises MatFileError."""
    try:
        return [name for name in file if name not in HIDDEN]
    except (RuntimeError, OSError, UnicodeDecodeError, KeyError) as error:
        raise MatFileError(f"{path}: damaged MAT v7.3 file: {first_line(error)}") from None


def guarded(function: Callable[..., Any], path: str | os.PathLike, name: str, *arguments: Any) -> Any:
    """Call; whatever h5py trips over in a damaged file becomes one line."""
    try:
        return function(name, *arguments)
    except MemoryError:
        raise
    except TooLarge as error:
        raise MatFileError(f"{path}: variable {name}: {error}") from None
    except Exception as error:  # OSError, KeyError, RuntimeError, TypeError, ValueError, ...: h5py in damaged files
        raise MatFileError(f"{path}: variable {name}: damaged or unreadable: {first_line(error)}") from None


def item_of(file: h5py.File, name: str) -> Any:
    """The object of a variable. Raises UnknownForm for a link that leads nowhere."""
    try:
        return file[name]
    except (KeyError, OSError):
        if isinstance(file.get(name, getlink=True), h5py.SoftLink | h5py.ExternalLink):
            raise UnknownForm("a link to what is not in this file") from None
        raise


def class_name_of(item: Any) -> str | None:
    """MATLAB class, as the item says; None: it does not."""
    value = item.attrs.get("MATLAB_class")
    return value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else None


def is_opaque(item: Any, class_name: str | None) -> bool:
    """Whether Python has no value for this class."""
    if class_name is None:
        return False
    is_known = class_name in ("cell", "struct", "char", "logical", UNSET, *NUMERIC_CLASSES)
    return not is_known or item.attrs.get("MATLAB_object_decode", 0) > 0


def target_of(item: Any, reference: h5py.Reference) -> Any:
    """What a reference in an item leads to. Raises UnknownForm if nothing."""
    target = target_or_none(item, reference)
    if target is None:
        raise UnknownForm("a reference that leads nowhere")
    return target


def target_or_none(item: Any, reference: h5py.Reference) -> Any:
    """What a reference in an item leads to; None if that was deleted."""
    try:
        return item.file[reference]
    except (ValueError, KeyError, OSError):
        return None


def is_struct_column(item: Any) -> bool:
    """Whether an item of a struct holds a field of all elements of a struct array, rather than a value."""
    if not isinstance(item, h5py.Dataset) or "MATLAB_class" in item.attrs or item.shape is None:
        return False
    return h5py.check_ref_dtype(item.dtype) is h5py.Reference
