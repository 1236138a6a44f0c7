"""Events and voltages as small differences, which compress well; nothing is lost."""

import numpy as np

from rate2spike.spiking.detailed_cells.events import SynapticEvents


def packed_events(events: SynapticEvents) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Events per millisecond (T,), of each the distance to the last synapse in its millisecond (n,), weights (n,) or None.

    The first of a millisecond is counted from synapse 0. Weights that half precision holds are in it.
    """
    counts = np.bincount(events.time_ms, minlength=events.duration_ms)
    steps = np.diff(events.synapse, prepend=0)
    first = np.concatenate([[True], np.diff(events.time_ms) > 0])[: steps.size]
    steps[first] = events.synapse[first]
    weight = events.weight
    if weight is not None and (abs(weight) < np.finfo(np.float16).max).all():
        half = weight.astype(np.float16)
        weight = half if (half == weight).all() else weight
    return _smallest(counts), _smallest(steps), weight


def unpacked_events(
    n_synapses: int, counts: np.ndarray, steps: np.ndarray, weight: np.ndarray | None
) -> SynapticEvents:
    """What `packed_events` was given."""
    sums = np.cumsum(steps, dtype=np.int64)
    ends = np.cumsum(counts, dtype=np.int64)
    before = np.concatenate([[0], sums])[ends - counts]  # of each millisecond
    time_ms = np.repeat(np.arange(counts.size), counts)
    return SynapticEvents(n_synapses, counts.size, time_ms, sums - before[time_ms], weight)


def packed_voltages(v_mv: np.ndarray) -> np.ndarray:
    """Half-precision voltages (n, T) as uint16 differences of their bit patterns, most of which are small.

    What differs is how a segment and the one before it change from one millisecond to the next. Sums and differences wrap
    around, so that nothing is lost. Small negative numbers become small odd ones.
    """
    bits = np.ascontiguousarray(v_mv, np.float16).view(np.int16)
    changes = np.diff(bits, axis=1, prepend=np.int16(0))
    steps = np.diff(changes, axis=0, prepend=np.int16(0))
    return ((steps << 1) ^ (steps >> 15)).view(np.uint16)


def unpacked_voltages(packed: np.ndarray) -> np.ndarray:
    """What `packed_voltages` was given."""
    steps = (packed >> 1).view(np.int16) ^ -(packed & 1).view(np.int16)
    changes = np.cumsum(steps, axis=0, dtype=np.int16)
    return np.cumsum(changes, axis=1, dtype=np.int16).view(np.float16)


def _smallest(values: np.ndarray) -> np.ndarray:
    return values.astype(np.min_scalar_type(int(values.max(initial=0))))
