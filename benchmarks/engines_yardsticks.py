"""What it takes to draw the noise alone, and to move the state of the units through memory."""

import time
from collections.abc import Iterator

import numpy as np

from rate2spike.spiking.kernels.fast import NOISE_BUFFER
from rate2spike.spiking.kernels.noise import LANES, fill_normals, seed_lanes

from engines_rows import Row, row_of
from timing import alternate

# read and written per unit and step: u, ipsc, h; written and read: the noise; read: current, free_from, decay_d
TRAFFIC_BYTES = 4 * (2 * 3 + 2 + 3)
STATE_BYTES = 4 * (3 + 1 + 3)
MAIN_MEMORY_BYTES = 2**28


def yardsticks(n_units: int, repeats: int) -> Iterator[Row]:
    """In ns per unit and step; memory as fast as NumPy copies arrays as large as the state of n_units, or very large."""
    lanes, normals = np.empty((4, LANES), np.uint32), np.empty(NOISE_BUFFER, np.float32)
    seed_lanes(np.uint64(1), *lanes)
    n_fillings = 1000

    def draw() -> None:
        for _ in range(n_fillings):
            fill_normals(*lanes, normals)

    seconds = alternate({"draw": draw}, repeats, time.thread_time)["draw"]
    per_normal = [one / n_fillings / normals.size * 1e9 for one in seconds]
    yield row_of("yardsticks", "drawing the noise", "ns per unit and step", per_normal)
    for where, n_bytes in ((f"state of {n_units} units", n_units * STATE_BYTES), ("main memory", MAIN_MEMORY_BYTES)):
        per_byte = _copying(n_bytes // 2, repeats)
        about = dict(quantity="ns per unit and step", values=[one * TRAFFIC_BYTES for one in per_byte])
        yield row_of("yardsticks", f"memory traffic, {where}", **about)
        yield row_of("yardsticks", f"memory traffic, {where}", "GB/s", [1 / one for one in per_byte])


def _copying(n_bytes: int, repeats: int) -> list[float]:
    """ns per byte read or written, of NumPy copying one array of that size to another."""
    source, target = np.zeros(n_bytes, np.uint8), np.zeros(n_bytes, np.uint8)
    times = max(1, MAIN_MEMORY_BYTES // n_bytes)

    def copy() -> None:
        for _ in range(times):
            np.copyto(target, source)

    return [one / times / (2 * n_bytes) * 1e9 for one in alternate({"copy": copy}, repeats, time.thread_time)["copy"]]
