"""A warning that is given once, however many worker processes there are."""

import os
import warnings
from typing import Any

_told: Any = None  # of the workers of one pool: what they have warned of


def share(told: Any) -> None:
    """In a worker: warn of nothing that another of its pool has warned of; told: their common multiprocessing Array."""
    global _told
    _told = told


def warn_once(subject: str, text: str, stacklevel: int = 2) -> None:
    """Warn, unless this process or one that started it has warned of the subject (capitals, for a variable's name)."""
    variable = f"RATE2SPIKE_WARNED_OF_{subject}"  # processes inherit the environment
    if variable not in os.environ:
        os.environ[variable] = "1"
        if _is_first(subject.encode()):
            warnings.warn(text, stacklevel=stacklevel + 1)


def _is_first(subject: bytes) -> bool:
    if _told is None:
        return True
    with _told.get_lock():
        known = _told.value.split()
        _told.value = b" ".join({*known, subject})
    return subject not in known
