"""How kernels are compiled: once, for machine code is kept on disk; no trouble with that disk ends a simulation.

Numba keeps it beside the package or, where that cannot be written, in the user's cache folder. By itself it would raise
where neither can be, where the disk is full, and, at every start, where a kept file was cut. And it would look for changes
in the file of the kept function alone, though machine code holds what it calls too: here a change in any module of that
file's folder has all of the folder compiled anew.
"""

import hashlib
import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from numba import njit

from rate2spike.machine import cache_folders
from rate2spike.machine.warn_once import warn_once


def compiled(*, fastmath: bool = False) -> Callable[[Callable], Any]:
    """Decorator: njit, without the GIL, dividing as NumPy does, and kept on disk.

    fastmath is always said: where it is not, Numba takes it from the caller for which a function happens to be compiled
    first, and its last bits would depend on what was run before.
    """
    return lambda function: kept_on_disk(njit(nogil=True, error_model="numpy", fastmath=fastmath)(function))


def kept_on_disk(kernel: Any) -> Any:
    """The kernel, of njit or cuda.jit, now with a cache: as their cache=True, without its errors."""
    if hasattr(kernel, "enable_caching"):  # with NUMBA_DISABLE_JIT, and in the simulator of CUDA, nothing is compiled
        try:
            kernel.enable_caching()
        except RuntimeError:  # "no locator available"
            _warn("no cache folder can be written, so that every start compiles anew")
        else:
            kept = kernel._cache._cache_file
            kept._source_stamp = (kept._source_stamp, _digest_of_modules(Path(inspect.getfile(kernel.py_func)).parent))
            kernel._cache = _Cache(kernel._cache)
    return kernel


@cache
def _digest_of_modules(folder: Path) -> str:
    """Of the sources of all modules in a folder."""
    sources = (hashlib.sha256(path.read_bytes()).digest() for path in sorted(folder.glob("*.py")))
    return hashlib.sha256(b"".join(sources)).hexdigest()


class _Cache:
    """Numba's, but what is damaged is rebuilt, and what cannot be written is done without."""

    def __init__(self, of_numba: Any):
        self._of_numba = of_numba
        if cache_folders.temporary and Path(of_numba.cache_path).is_relative_to(cache_folders.temporary):
            _warn(f"the home folder cannot be written, so that compiled code is kept in {cache_folders.temporary}")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._of_numba, name)

    def load_overload(self, sig, target_context):
        try:
            return self._of_numba.load_overload(sig, target_context)
        except Exception:  # what unpickling of a cut, empty or overwritten file may end in is no short list
            self._write(self._of_numba.flush)
            return None

    def save_overload(self, sig, data):
        self._write(lambda: self._of_numba.save_overload(sig, data))

    def _write(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            self._of_numba.disable()
            _warn(f"compiled code cannot be kept in {self._of_numba.cache_path}: {error.strerror or error}")


def _warn(text: str) -> None:
    warn_once("COMPILED_CODE", f"{text}; NUMBA_CACHE_DIR can name a folder that lasts", stacklevel=2)
