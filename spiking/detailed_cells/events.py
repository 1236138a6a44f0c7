"""Input of a cell: which synapse receives a spike when, as a list of events."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import shown, whole_number
from rate2spike.errors import InputError
from rate2spike.readable import Readable


@public()
@dataclass(frozen=True, eq=False, repr=False)
class SynapticEvents(Readable):
    """Presynaptic spikes of one simulation, sorted by time and then by synapse.

    Parameters
    ----------
    n_synapses : int
        Synapses of the cell: the excitatory ones come first, then the inhibitory ones.
    duration_ms : int
        Length of the simulation; times are below it.
    time_ms : (n,) int32 array
        When each event arrives, in whole milliseconds.
    synapse : (n,) int32 array
        Which synapse receives it.
    weight : (n,) float32 array, or None, default None
        Strength of each event in units of the synapse's peak conductance; None: 1 each.

    Raises
    ------
    InputError
        For arrays of different lengths, and times or synapses out of range or not sorted.

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.detailed_cells.events import SynapticEvents
    >>> events = SynapticEvents(3, 10, time_ms=[2, 2, 7], synapse=[0, 2, 1])
    >>> events
    SynapticEvents(n_events=3, n_synapses=3, duration_ms=10)
    >>> events.to_dense().sum(1)
    array([1, 1, 1])
    """

    shown = ("n_events", "n_synapses", "duration_ms")

    n_synapses: int
    duration_ms: int
    time_ms: np.ndarray
    synapse: np.ndarray
    weight: np.ndarray | None = None

    def __post_init__(self) -> None:
        n_synapses = whole_number(self.n_synapses, "{n_synapses}", "n_synapses", least=1)
        duration_ms = whole_number(self.duration_ms, "{duration_ms}", "duration_ms", least=1)
        time_ms = _whole(self.time_ms, "time_ms", duration_ms)
        synapse = _whole(self.synapse, "synapse", n_synapses)
        weight = None if self.weight is None else _finite(self.weight)
        for name, one in (("synapse", synapse), ("weight", weight)):
            if one is not None and one.shape != time_ms.shape:
                raise InputError(f"{{{name}}} must be as long as time_ms, {time_ms.size}, got {one.size}", name)
        later = np.diff(time_ms)
        if ((later < 0) | ((later == 0) & (np.diff(synapse) < 0))).any():
            raise InputError("{time_ms} must be sorted, and events of one time by synapse", "time_ms")
        values = dict(n_synapses=n_synapses, duration_ms=duration_ms, time_ms=time_ms, synapse=synapse, weight=weight)
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def n_events(self) -> int:
        """Number of events."""
        return self.time_ms.size

    @classmethod
    def from_dense(cls, x: Any) -> "SynapticEvents":
        """Events of a matrix (n_synapses, duration_ms): where it is not 0; of a boolean one without weights.

        Raises InputError for what is no matrix of finite numbers.
        """
        try:
            x = np.asarray(x)
        except ValueError:  # rows of different lengths
            raise InputError(f"{{x}} must be a matrix (n_synapses, duration_ms), got {shown(x)}", "x") from None
        if x.ndim != 2 or not x.size or x.dtype.kind not in "biuf":
            raise InputError(f"{{x}} must be a matrix (n_synapses, duration_ms), got {shown(x)}", "x")
        time_ms, synapse = np.nonzero(x.T)
        weight = None if x.dtype.kind == "b" else x[synapse, time_ms]
        return cls(x.shape[0], x.shape[1], time_ms=time_ms, synapse=synapse, weight=weight)

    def to_dense(self) -> np.ndarray:
        """The matrix (n_synapses, duration_ms): float32 with the sum of the weights of each place, if events have any.

        Without weights it is bool: where there is an event, be it one or several, which cells and networks count.
        """
        if self.weight is None:
            dense = np.zeros((self.n_synapses, self.duration_ms), bool)
            dense[self.synapse, self.time_ms] = True
            return dense
        weighted = np.zeros((self.n_synapses, self.duration_ms), np.float32)
        np.add.at(weighted, (self.synapse, self.time_ms), self.weight)
        return weighted


def _whole(values: Any, name: str, limit: int) -> np.ndarray:
    """Whole numbers from 0 to limit - 1, as int32. Raises InputError."""
    array = _list(values)
    if array is None or (array.size and array.dtype.kind not in "iu"):
        raise InputError(f"{{{name}}} must be a list of whole numbers, got {shown(values)}", name)
    if array.size and not (array.min() >= 0 and array.max() < limit):
        wrong = int(array[(array < 0) | (array >= limit)][0])
        raise InputError(f"{{{name}}} must be from 0 to {limit - 1}, got {wrong}", name)
    return array.astype(np.int32)


def _finite(values: Any) -> np.ndarray:
    """Numbers as float32. Raises InputError, also for those that are too large for it."""
    array = _list(values)
    if array is not None and (not array.size or array.dtype.kind in "iuf"):
        with np.errstate(over="ignore"):
            single = array.astype(np.float32)
        if np.isfinite(single).all():
            return single
    raise InputError(f"{{weight}} must be a list of finite numbers, got {shown(values)}", "weight")


def _list(values: Any) -> np.ndarray | None:
    """The values as a one-dimensional array; None for anything else."""
    try:
        array = np.asarray(values)
    except ValueError:  # lists of different lengths
        return None
    return array if array.ndim == 1 else None
