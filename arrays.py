"""Arrays that users give: sparse ones in full."""

from typing import Any

import numpy as np
import scipy.sparse

from rate2spike.machine.memory import check_memory


def dense(value: Any, name: str) -> Any:
    """A sparse array in full, anything else as it is. Raises InputError (naming `name`) if it does not fit into memory."""
    if not scipy.sparse.issparse(value):
        return value
    n_bytes = float(np.prod(value.shape, dtype=float)) * value.dtype.itemsize
    check_memory(n_bytes, f"the sparse array {name} in full", "it is far larger than any network that can be run")
    return value.toarray()
