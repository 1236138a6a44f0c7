"""MAT v7.3 files (layout: `mat_v73`) written and changed with h5py."""

import os
import shutil
import struct
import time
from collections.abc import Iterable, Mapping
from typing import Any

import h5py
import numpy as np
import scipy.sparse

from rate2spike.errors import MatFileError
from rate2spike.io.hdf5_file import open_hdf5
from rate2spike.matlab_compat.mat_v73 import USER_BLOCK_BYTES, first_line
from rate2spike.matlab_compat.mat_v73_items import check_layout, target_or_none
from rate2spike.matlab_compat.values import OpaqueValue, char_units, class_of
from rate2spike.version import __version__

_NAMES_TYPE = h5py.vlen_dtype(np.dtype("S1"))
_MOST_NAMES_BYTES = 4095  # in the attribute MATLAB_fields; more stand in #refs#, as in files of MATLAB
_OUR_NAMES = "rate2spike_"  # of what we put into #refs#


def write(path: str | os.PathLike, variables: Mapping[str, Any], compress: bool) -> None:
    """Write a new file from values in the form of `values.to_matlab`. Not atomic: give it a temporary path."""
    with open_hdf5(path, "w", userblock_size=USER_BLOCK_BYTES) as file:
        writer = _Writer(file, compress)
        for name, value in variables.items():
            writer.variable(name, value)
    with open(path, "r+b") as raw:
        raw.write(_user_block())


def write_changed_copy(
    source: str | os.PathLike, target: str | os.PathLike, variables: Mapping[str, Any], dropped: Iterable[str]
) -> None:
    """Write to `target` a copy of `source` without the dropped variables and with new ones; all else is untouched.

    New arrays are compressed if any old one is. Raises MatFileError if the source is damaged.
    """
    shutil.copyfile(source, target)
    try:
        with h5py.File(target, "r+", locking=False) as file:
            check_layout(file, source)
            items = [file.get(name) for name in file]  # None: a link that leads nowhere
            compress = any(isinstance(item, h5py.Dataset) and item.compression is not None for item in items)
            for name in sorted({*dropped, *variables}):
                if file.get(name, getlink=True) is not None:
                    _delete_referred(file.get(name))
                    del file[name]
            writer = _Writer(file, compress)
            for name, value in variables.items():
                writer.variable(name, value)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        if isinstance(error, MatFileError):
            raise
        raise MatFileError(f"{source}: damaged or truncated MAT v7.3 file: {first_line(error)}") from None


def _delete_referred(item: Any) -> None:
    """Delete what a variable of ours refers to; MATLAB's own items may be shared."""
    references = []
    if isinstance(item, h5py.Group):
        for child in item.values():
            _delete_referred(child)
    elif isinstance(item, h5py.Dataset) and item.shape and h5py.check_ref_dtype(item.dtype) is h5py.Reference:
        references = list(np.ravel(item[()]))
    if item is not None and isinstance(names := item.attrs.get("MATLAB_fields"), h5py.Reference):
        references.append(names)
    for target in (target_or_none(item, reference) for reference in references if reference):
        # a reference that leads nowhere may lead to something without a name, where other things have been deleted
        if target is not None and (target.name or "").startswith(f"/#refs#/{_OUR_NAMES}"):
            _delete_referred(target)
            del item.file[target.name]


class _Writer:
    """Adds variables to an open file; what cells and struct arrays hold goes to #refs# under running names."""

    def __init__(self, file: h5py.File, compress: bool):
        self._file = file
        self._compress = compress
        self._n_stored = len(file["#refs#"]) if "#refs#" in file else 0

    def variable(self, name: str, value: Any) -> None:
        self._put(self._file, name, value)

    def _put(self, parent: h5py.Group, name: str, value: Any) -> h5py.Group | h5py.Dataset:
        if isinstance(value, OpaqueValue):
            raise MatFileError(f"cannot write {name} as MAT v7.3: MATLAB class {value.class_name}")
        if isinstance(value, str) or (isinstance(value, np.ndarray) and value.dtype.kind == "U"):
            return self._array(parent, name, char_units(value), "char", int_decode=2)
        if scipy.sparse.issparse(value):
            return self._sparse(parent, name, value)
        if value.dtype.kind == "V":
            return self._struct(parent, name, value)
        if value.dtype.kind == "O":
            return (
                self._array(parent, name, self._references(value), "cell")
                if value.size
                else self._array(parent, name, value, "cell")
            )
        if value.dtype.kind == "b":
            return self._array(parent, name, value.astype(np.uint8), "logical", int_decode=1)
        return self._array(parent, name, value, class_of(value.dtype))

    def _array(
        self, parent: h5py.Group, name: str, values: np.ndarray, class_name: str, int_decode: int = 0
    ) -> h5py.Dataset:
        if values.size == 0:
            return self._empty(parent, name, values.shape, class_name, int_decode)
        is_large = values.nbytes > 4096 and values.dtype.kind != "O"
        options = {"compression": "gzip", "compression_opts": 3} if self._compress and is_large else {}
        if values.dtype.kind == "c":
            part = values.real.dtype
            data = np.empty(values.shape, [("real", part), ("imag", part)])
            data["real"], data["imag"] = values.real, values.imag
            values = data
        kind = h5py.ref_dtype if values.dtype.kind == "O" else None
        item = parent.create_dataset(name, data=values.T, dtype=kind, **options)
        return _marked(item, class_name, int_decode)

    def _empty(
        self, parent: h5py.Group, name: str, shape: tuple[int, ...], class_name: str, int_decode: int = 0
    ) -> h5py.Dataset:
        item = parent.create_dataset(name, data=np.array(shape, np.uint64))
        item.attrs["MATLAB_empty"] = np.uint8(1)
        return _marked(item, class_name, int_decode)

    def _struct(self, parent: h5py.Group, name: str, value: np.ndarray) -> h5py.Group:
        fields = value.dtype.names or ()
        if value.size == 0 or not fields:
            item: Any = self._empty(parent, name, value.shape, "struct")
        else:
            item = _marked(parent.create_group(name), "struct")
            for key in fields:
                if value.shape == (1, 1):
                    self._put(item, key, value[key][0, 0])
                else:
                    item.create_dataset(key, data=self._references(value[key]).T, dtype=h5py.ref_dtype)
        if fields:
            self._field_names(item, fields)
        return item

    def _field_names(self, item: Any, fields: tuple[str, ...]) -> None:
        names = np.empty(len(fields), object)
        for k, key in enumerate(fields):
            names[k] = np.array(list(key), "S1")
        if sum(map(len, fields)) <= _MOST_NAMES_BYTES:
            item.attrs.create("MATLAB_fields", names, dtype=_NAMES_TYPE)
            return
        store = self._file.require_group("#refs#")
        stored = store.create_dataset(self._free_name(store), data=names, dtype=_NAMES_TYPE)
        item.attrs.create("MATLAB_fields", stored.ref, dtype=h5py.ref_dtype)

    def _sparse(self, parent: h5py.Group, name: str, value: scipy.sparse.csc_matrix) -> h5py.Group:
        value = value.copy()
        value.sort_indices()
        group = parent.create_group(name)
        is_logical = value.dtype.kind == "b"
        group.attrs["MATLAB_class"] = np.bytes_("logical" if is_logical else "double")
        group.attrs["MATLAB_sparse"] = np.uint64(value.shape[0])
        if is_logical:
            group.attrs["MATLAB_int_decode"] = np.int32(1)
        group.create_dataset("jc", data=value.indptr.astype(np.uint64))
        if value.nnz:
            data = value.data.astype(np.uint8) if is_logical else value.data
            if data.dtype.kind == "c":
                pairs = np.empty(data.shape, [("real", "f8"), ("imag", "f8")])
                pairs["real"], pairs["imag"] = data.real, data.imag
                data = pairs
            group.create_dataset("data", data=data)
            group.create_dataset("ir", data=value.indices.astype(np.uint64))
        return group

    def _references(self, values: np.ndarray) -> np.ndarray:
        store = self._file.require_group("#refs#")
        references = np.empty(values.shape, object)
        for index in np.ndindex(values.shape):
            name = self._free_name(store)
            item = self._put(store, name, values[index])
            item.attrs["H5PATH"] = np.bytes_(f"/#refs#/{name}")
            references[index] = item.ref
        return references

    def _free_name(self, store: h5py.Group) -> str:
        """A name never given before: MATLAB's own are single letters and the like."""
        self._n_stored += 1
        while f"{_OUR_NAMES}{self._n_stored}" in store:
            self._n_stored += 1
        return f"{_OUR_NAMES}{self._n_stored}"


def _marked(item: Any, class_name: str, int_decode: int = 0) -> Any:
    item.attrs["MATLAB_class"] = np.bytes_(class_name)
    if int_decode:
        item.attrs["MATLAB_int_decode"] = np.int32(int_decode)
    return item


def _user_block() -> bytes:
    text = f"MATLAB 7.3 MAT-file, Platform: rate2spike {__version__}, Created on: {time.asctime()} HDF5 schema 1.00 ."
    return text.encode("ascii")[:116].ljust(116) + bytes(8) + struct.pack("<H", 0x0200) + b"IM"
