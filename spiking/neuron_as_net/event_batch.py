"""Input of a batch of windows as a list of events, in the order that the sparse first layer works through."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rate2spike.spiking.detailed_cells.events import SynapticEvents

_MOST_INT16 = np.iinfo(np.int16).max


class EventBatch(NamedTuple):
    """Events of B windows of T ms, sorted by synapse, then by window, then by time.

    item : (n,) int32, which window; time : (n,) int32, ms within it; synapse : (n,) int32; weight : (n,) float32.
    """

    item: np.ndarray
    time: np.ndarray
    synapse: np.ndarray
    weight: np.ndarray
    n_items: int
    n_steps: int

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """Item, time, synapse, weight."""
        return self[:4]

    def to_dense(self, n_synapses: int) -> np.ndarray:
        """The input as an array (B, T, n_synapses), float32."""
        dense = np.zeros((self.n_items, self.n_steps, n_synapses), np.float32)
        np.add.at(dense, (self.item, self.time, self.synapse), self.weight)
        return dense


def batch_of_windows(events: Sequence[SynapticEvents], starts_ms: Sequence[int], n_steps: int) -> EventBatch:
    """The events from starts_ms[b] on, for n_steps ms, of the simulation events[b]."""
    parts = []
    for b, (one, start) in enumerate(zip(events, starts_ms, strict=True)):
        first, last = np.searchsorted(one.time_ms, (start, start + n_steps))
        weight = np.ones(last - first, np.float32) if one.weight is None else one.weight[first:last]
        item = np.full(last - first, b, np.int32)
        parts.append((item, one.time_ms[first:last] - np.int32(start), one.synapse[first:last], weight))
    item, time, synapse, weight = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    # windows and times are in order already; NumPy sorts numbers of 16 bits a hundred times faster
    narrow = synapse.astype(np.int16) if synapse.size and synapse.max() <= _MOST_INT16 else synapse
    order = np.argsort(narrow, kind="stable")
    return EventBatch(item[order], time[order], synapse[order], weight[order], len(events), n_steps)
