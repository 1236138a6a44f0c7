"""One BLAS thread where numbers are computed, so that they are the same on any number of cores.

A BLAS divides products and decompositions among its threads, and the order in which it adds, hence the last bits of a sum,
follows that division. So whoever multiplies matrices or calls linear algebra for a number that is kept does it in here.
For the sizes of these networks more threads would gain nothing: the cores are used by trials and networks side by side.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import threadpoolctl
from threadpoolctl import ThreadpoolController, threadpool_limits

_lock = threading.Lock()
_n_inside = 0
_limits: list[threadpool_limits] = []
_libraries: tuple[int, ThreadpoolController] | None = None  # found when so many modules were imported


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let the BLAS (OpenBLAS, MKL, BLIS) use one thread in a block, or, as a decorator, in a function.

    The limit is one of the process: the first who enters, in whatever thread, sets it, the last who leaves takes it back.
    A decorated function has one frame more above it, which the stacklevel of its warnings must count.
    """
    global _n_inside
    with _lock:
        _limit_all()
        _n_inside += 1
    try:
        yield
    finally:
        with _lock:
            _n_inside -= 1
            _take_control()
            while not _n_inside and _limits:
                _limits.pop().restore_original_limits()


def _limit_all() -> None:
    """Limit every BLAS there is: SciPy, for one, loads its own when its linear algebra is first imported.

    To look for them takes milliseconds, longer than a short simulation: done again only after new imports.
    """
    global _libraries
    n_modules = len(sys.modules)
    is_known = _libraries is not None and _libraries[0] == n_modules
    if _libraries is None or not is_known:
        _libraries = n_modules, ThreadpoolController()
    _take_control()
    limit = _libraries[1].limit(limits=1, user_api="blas")  # every time: with OpenMP's threads it is one of this thread
    if not _limits or not is_known:
        _limits.append(limit)


def _take_control() -> None:
    """From 3.8 on threadpoolctl lets one thread alone set OpenBLAS's limit, as long as it lives: here whoever comes does."""
    clear = getattr(threadpoolctl.OpenBLASController, "clear_controlling_thread", None)
    if clear is not None:
        clear(force=True)
