"""Which trials form the batches of an epoch."""

import numpy as np

from rate2spike.checks import whole_number
from rate2spike.errors import InputError
from rate2spike.seeding import Role, generator


def batches(
    n: int, batch_size: int = 256, seed: int = 0, epoch: int = 0, shuffle: bool = True, drop_last: bool = True
) -> list[np.ndarray]:
    """Indices 0 to n - 1 in batches. Raises InputError if there is not even one batch.

    shuffle: in an order that follows from seed and epoch. drop_last: without a last batch that is not full, as published
    (of a test too, where an evaluation of all recordings says False).
    """
    whole_number(batch_size, "{batch_size}", "batch_size")
    order = generator(seed, Role.EVENTS, 1, epoch).permutation(n) if shuffle else np.arange(n)
    end = n - n % batch_size if drop_last else n
    if end == 0:
        raise InputError(f"{{batch_size}} {batch_size} is more than there are recordings ({n})", "batch_size")
    return [order[k : min(k + batch_size, end)] for k in range(0, end, batch_size)]
