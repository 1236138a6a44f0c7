"""A cell, and settings, as plain values that say whether two data sets are of one kind."""

import hashlib
import json
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from rate2spike.options import options_of


def described_cell(cell: Any) -> dict[str, Any]:
    """Name, synapses, settings, and a digest of all that its record holds."""
    settings = {name: getattr(cell, name) for name in options_of(type(cell))} if is_dataclass(cell) else {}
    digest = hashlib.sha256()
    _feed(digest, cell)
    known = {"name": cell.name, "n_synapses": cell.n_synapses, "n_excitatory": cell.n_excitatory}
    return as_plain({**known, **settings, "digest": digest.hexdigest()[:16]})


def described_input(settings: Any) -> dict[str, Any]:
    """Kind of the input, and every setting."""
    return as_plain(
        {"kind": type(settings).__name__} | {name: getattr(settings, name) for name in options_of(type(settings))}
    )


def as_plain(values: Any) -> Any:
    """As they come back from JSON."""
    return json.loads(json.dumps(values))


def _feed(digest: Any, value: Any) -> None:
    """Add all of a value to a digest: records field by field, arrays by their bytes."""
    digest.update(type(value).__name__.encode())
    if is_dataclass(value):
        for item in fields(value):
            _feed(digest, getattr(value, item.name))
    elif isinstance(value, np.ndarray) and value.dtype != object:
        digest.update(f"{value.dtype}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, dict):
        for name, one in value.items():
            _feed(digest, name)
            _feed(digest, one)
    elif isinstance(value, tuple | list | np.ndarray):
        for one in value:
            _feed(digest, one)
    else:
        digest.update(repr(value).encode())
