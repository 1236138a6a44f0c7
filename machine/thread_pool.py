"""Threads for work that releases the GIL, as the compiled kernels do."""

import logging
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from numbers import Integral
from typing import Any

from rate2spike.errors import InputError
from rate2spike.machine.resource_limits import usable_cores


@contextmanager
def executor_of(n_threads: int | None, executor: Executor | None) -> Iterator[Executor]:
    """The caller's executor, or a thread pool of n_threads (default: one per usable core); the kernels release the GIL.

    When the block ends early, work not yet begun is cancelled; Ctrl-C does not wait for what has begun (a compilation
    takes long), whose results nobody takes. Raises InputError.
    """
    if executor is not None:
        yield checked_executor(executor)
        return
    pool = ThreadPoolExecutor(checked_threads(n_threads))
    wait = True
    try:
        yield pool
    except KeyboardInterrupt:
        wait = False
        raise
    finally:
        pool.shutdown(wait=wait, cancel_futures=True)


def checked_threads(n_threads: int | None) -> int:
    """Number of threads; None: one per usable core. Raises InputError."""
    n = usable_cores() if n_threads is None else n_threads
    if not isinstance(n, Integral) or isinstance(n, bool) or n < 1:
        raise InputError(f"number of threads must be a whole number from 1, got {n!r}", "n_threads")
    logging.getLogger("rate2spike").debug("threads: %d", n)
    return int(n)


def checked_executor(executor: Any) -> Executor:
    """What has `submit`, as those of concurrent.futures and of Dask have. Raises InputError."""
    if not callable(getattr(executor, "submit", None)):
        raise InputError(
            f"{{executor}} must be one as in concurrent.futures, got {type(executor).__name__}", "executor"
        )
    return executor
