"""Kernels called for parts of a range, side by side in threads: each sum is made by one thread, whatever their number."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from rate2spike.machine.resource_limits import usable_cores

_OPERATIONS_PER_THREAD = 2**20  # less than this is not worth a thread


def run_side_by_side(kernel: Callable, n: int, n_operations: int, *arrays: Any) -> None:
    """Call `kernel(*arrays, first, last)` for ranges that make up 0 to n."""
    n_parts = max(1, min(n, usable_cores(), n_operations // _OPERATIONS_PER_THREAD))
    if n_parts == 1:
        kernel(*arrays, 0, n)
        return
    ends = [n * part // n_parts for part in range(n_parts + 1)]
    parts = [_threads().submit(kernel, *arrays, *ends[k : k + 2]) for k in range(n_parts)]
    for part in parts:
        part.result()


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(usable_cores(), "kernels")
