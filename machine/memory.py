"""Refuse what cannot fit into memory before it is allocated, with the estimate."""

from rate2spike.errors import InputError
from rate2spike.machine.resource_limits import available_bytes

_ALWAYS_FREE = 2**26  # not worth asking the system


def check_memory(n_bytes: float, what: str, hint: str, *fields: str) -> None:
    """Raise InputError if n_bytes are more than the memory that is free.

    `what` needs it, `hint` says what to do, `fields` are the settings that decide it (see InputError).
    """
    if n_bytes < _ALWAYS_FREE:
        return
    free = available_bytes()
    if free is not None and n_bytes > free:
        raise InputError(f"{what} needs {_gib(n_bytes)} of memory, {_gib(free)} are free: {hint}", *fields)


def _gib(n_bytes: float) -> str:
    return f"{n_bytes / 2**30:.3g} GiB"
