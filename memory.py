"""Refuse what cannot fit into memory before it is allocated, with the estimate."""

import os
from pathlib import Path

from rate2spike.errors import InputError

_ALWAYS_FREE = 2**26  # not worth asking the system


def check_memory(n_bytes: float, what: str, hint: str) -> None:
    """Raise InputError if n_bytes are more than the memory that is free; `what` needs it, `hint` says what to do."""
    if n_bytes < _ALWAYS_FREE:
        return
    free = available_bytes()
    if free is not None and n_bytes > free:
        raise InputError(f"{what} needs {_gib(n_bytes)} of memory, {_gib(free)} are free: {hint}")


def available_bytes() -> float | None:
    """Memory that can be had without swapping; None where the system does not tell."""
    info = Path("/proc/meminfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return float(line.split()[1]) * 1024
    try:
        return float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows
        return None


def _gib(n_bytes: float) -> str:
    return f"{n_bytes / 2**30:.3g} GiB"
