"""One BLAS thread where numbers are computed, so that they are the same on any number of cores.

A BLAS divides products and decompositions among its threads, and the order in which it adds, hence the last bits of a sum,
follows that division. So whoever multiplies matrices or calls linear algebra for a number that is kept does it in here.
For the sizes of these networks more threads would gain nothing: the cores are used by trials and networks side by side.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

_lock = threading.Lock()
_n_inside = 0
_limits: threadpool_limits | None = None


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let the BLAS (OpenBLAS, MKL, BLIS) use one thread in a block, or, as a decorator, in a function.

    The limit is one of the process: the first who enters, in whatever thread, sets it, the last who leaves takes it back.
    """
    global _n_inside, _limits
    with _lock:
        if not _n_inside:
            # made anew each time: SciPy loads a BLAS of its own when its linear algebra is first imported
            _limits = threadpool_limits(1, user_api="blas")
        _n_inside += 1
    try:
        yield
    finally:
        with _lock:
            _n_inside -= 1
            if not _n_inside and _limits:
                _limits.restore_original_limits()
