"""Pickles of numbers, text, arrays and containers, read without running anything that a file names.

A pickle names functions that are called with what else it holds. Here only names of a short list are known, and none of
them stands for NumPy's or Python's own function: arrays and their types are put together by what follows, which takes
numbers and text alone.
"""

import collections
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from rate2spike.errors import InputError

_PLAIN_TYPE = re.compile(r"[biufcSUa?]\d*")


class RefusedPickle(Exception):
    """What a pickle names, and is not known."""


def read_pickle(path: Path) -> Any:
    """What a file holds; text of Python 2 is read as Latin-1. Raises InputError naming what cannot be read."""
    try:
        with open(path, "rb") as file:
            return _finished(_Unpickler(file, encoding="latin1").load())
    except RefusedPickle as error:
        raise InputError(f"{path} is refused: {error}") from None
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from None
    except MemoryError:
        raise InputError(f"{path} is damaged, or does not fit into memory") from None
    except Exception as error:  # what damaged bytes may end in is no short list
        reason = ascii(" ".join(str(error).split()))[1:-1][:100]
        raise InputError(f"{path} is damaged, or no pickle: {reason or type(error).__name__}") from None


class _Dtype:
    """What `numpy.dtype(code, align, copy)` with its state becomes: a type of plain numbers or text."""

    def __init__(self, code: Any, *_align_and_copy: Any):
        if not (isinstance(code, str) and _PLAIN_TYPE.fullmatch(code)):
            raise RefusedPickle(f"it holds an array of type {str(code)[:20]!r}, which is neither numbers nor text")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _version, order, subarray, names, fields, *_rest = state
        if subarray or names or fields:
            raise RefusedPickle("it holds an array of records")
        if order in ("<", ">"):
            self.dtype = self.dtype.newbyteorder(order)


class _Array:
    """What `_reconstruct(ndarray, shape, code)` with its state becomes."""

    def __init__(self, *_empty: Any):
        self.array = np.empty(0)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _version, shape, dtype, is_fortran, data = state
        self.array = _as_array(data, dtype, shape, is_fortran)


def _as_array(data: Any, dtype: Any, shape: Any, is_fortran: Any) -> np.ndarray:
    if not isinstance(dtype, _Dtype):
        raise RefusedPickle("it holds an array without a type")
    flat = np.frombuffer(_as_bytes(data), dtype.dtype)
    return flat.reshape(shape, order="F" if is_fortran else "C").copy(order="K")


def _from_buffer(data: Any, dtype: Any, shape: Any, order: Any) -> _Array:
    made = _Array()
    made.array = _as_array(data, dtype, shape, order == "F")
    return made


def _scalar(dtype: Any, data: Any = b"") -> Any:
    return _as_array(data, dtype, (), False)[()]


def _as_bytes(data: Any) -> bytes:
    if not isinstance(data, str | bytes | bytearray | pickle.PickleBuffer):
        raise RefusedPickle(f"it holds an array made of {type(data).__name__}")
    return data.encode("latin1") if isinstance(data, str) else bytes(data)


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """How Python 3 writes bytes for readers that have none."""
    if encoding not in ("latin1", "latin-1"):
        raise RefusedPickle(f"it asks for the encoding {str(encoding)[:20]!r}")
    return text.encode("latin1")


def _no_bytes(*given: Any) -> bytes:
    """`bytes()`, as older protocols have what is empty."""
    if given:
        raise RefusedPickle("it makes bytes in a way that is not known")
    return b""


class _NdarrayName:
    """`numpy.ndarray`, which a pickle of an array names and nobody calls."""

    def __new__(cls, *_arguments: Any) -> "_NdarrayName":
        raise RefusedPickle("it makes an array in a way that is not known")


_OF_ARRAYS: dict[str, Callable[..., Any]] = {"_reconstruct": _Array, "scalar": _scalar}
_KNOWN: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): _NdarrayName,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _encode,
    ("builtins", "bytes"): _no_bytes,
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("collections", "defaultdict"): collections.defaultdict,
    **{(f"numpy.{core}.multiarray", name): made for core in ("core", "_core") for name, made in _OF_ARRAYS.items()},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _from_buffer for core in ("core", "_core")},
    **{("builtins", made.__name__): made for made in (list, dict, set, frozenset, tuple, int, float, complex)},
}
_OLD_MODULES = {"__builtin__": "builtins"}  # of Python 2


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """What stands for a name. Raises RefusedPickle."""
        known = _KNOWN.get((_OLD_MODULES.get(module, module), name))
        if known is None:
            raise RefusedPickle(f"it names {ascii(f'{module}.{name}')[1:-1][:80]}, and would run it")
        return known

    def persistent_load(self, _pid: Any) -> Any:
        """Refused: what a file says is elsewhere."""
        raise RefusedPickle("it names something outside of it")


def _finished(value: Any) -> Any:
    """The value with arrays in the place of what stands for them."""
    if isinstance(value, _Array):
        return value.array
    if isinstance(value, _Dtype):
        return value.dtype
    if isinstance(value, dict):
        return {key: _finished(one) for key, one in value.items()}
    if isinstance(value, list):
        return value if all(type(one) in _SIMPLE for one in value) else [_finished(one) for one in value]
    return tuple(_finished(one) for one in value) if isinstance(value, tuple) else value


_SIMPLE = frozenset({int, float, str, bool, np.int64, np.int32, np.float64})  # of which long lists consist
