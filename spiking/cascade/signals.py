"""What is asked of signals and of their sampling: arrays of one dimension, and whole numbers of samples."""

from typing import Any

import numpy as np

from rate2spike.checks import POSITIVE, number, shown
from rate2spike.errors import InputError
from rate2spike.machine.memory import check_memory

DT_MS = 0.1  # between two samples, as published
MOST_SAMPLES = 2**40  # what a filter or a signal may count


def as_signal(value: Any, field: str) -> np.ndarray:
    """(n_samples,) of float. Raises InputError for what is no sequence of finite numbers."""
    array = _as_array(value)
    if array is None or array.dtype.kind not in "fiub":
        raise InputError(f"{{{field}}} must be a sequence of numbers, got {shown(value)}", field)
    if array.ndim != 1 or array.size == 0:
        raise InputError(f"{{{field}}} must be of shape (n_samples,), one sample at least, got {array.shape}", field)
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise InputError(f"{{{field}}} must be finite, sample {bad[0]} is {array[bad[0]]}", field)
    return np.ascontiguousarray(array, float)


def n_samples(duration_ms: float, dt_ms: float, field: str = "duration_ms", least: int = 1) -> int:
    """The nearest whole number of samples. Raises InputError for fewer than `least`, or for what no memory holds."""
    duration_ms, dt_ms = number(duration_ms, f"{{{field}}}", field, POSITIVE), checked_dt(dt_ms)
    count = duration_ms / dt_ms
    if not count < MOST_SAMPLES:
        raise InputError(f"{{{field}}} of {duration_ms:g} ms holds too many samples of {dt_ms:g} ms", field, "dt_ms")
    if round(count) < least:
        samples = "one sample" if least == 1 else f"{least} samples"
        raise InputError(f"{{{field}}} must last {samples} of {dt_ms:g} ms at least, got {duration_ms:g} ms", field)
    return round(count)


def checked_dt(dt_ms: Any) -> float:
    """The time between two samples, ms. Raises InputError unless it is a positive number."""
    return number(dt_ms, "{dt_ms}", "dt_ms", POSITIVE)


def check_fits(count: int, field: str = "duration_ms", n_signals: int = 1) -> None:
    """Raise InputError for signals of so many samples that the memory cannot hold them."""
    what = "a signal" if n_signals == 1 else f"{n_signals} signals"
    check_memory(8.0 * count * n_signals, f"{what} of {count} samples", "fewer, or longer, samples are needed", field)


def _as_array(value: Any) -> np.ndarray | None:
    try:
        return np.asarray(value)
    except (ValueError, TypeError):
        return None
