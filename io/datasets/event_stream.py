"""One recording of an event sensor, and what a set of recordings offers, wherever it is stored."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from rate2spike.errors import InputError

SPLITS = ("train", "test")  # of published recordings


@dataclass(frozen=True)
class Sensor:
    """Size of an event sensor: width by height pixels (or channels by 1), 1 or 2 polarities."""

    width: int
    height: int
    n_polarities: int

    def __post_init__(self) -> None:
        if min(self.width, self.height, self.n_polarities) < 1:
            raise InputError(f"a sensor has a size of at least 1 by 1 by 1, got {self}")


@dataclass(frozen=True, eq=False)
class EventStream:
    """n events in order of time; integer arrays of shape (n,). Raises InputError if they are not."""

    t_us: np.ndarray = field(repr=False)  # (n,) int64
    x: np.ndarray = field(repr=False)
    y: np.ndarray = field(repr=False)
    polarity: np.ndarray = field(repr=False)

    def __post_init__(self) -> None:
        for name in ("t_us", "x", "y", "polarity"):
            object.__setattr__(self, name, _whole_numbers(getattr(self, name), name))
        sizes = {name: getattr(self, name).size for name in ("t_us", "x", "y", "polarity")}
        if len(set(sizes.values())) > 1:
            raise InputError(f"the arrays of an event stream have unequal lengths: {sizes}")
        object.__setattr__(self, "t_us", self.t_us.astype(np.int64, copy=False))
        if np.any(self.t_us[1:] < self.t_us[:-1]):
            raise InputError("the events of a stream are not in order of time")

    @classmethod
    def in_order(cls, t_us: np.ndarray, x: np.ndarray, y: np.ndarray, polarity: np.ndarray) -> "EventStream":
        """The stream of events that may come in any order; events of one time keep theirs."""
        if np.any(t_us[1:] < t_us[:-1]):
            order = np.argsort(t_us, kind="stable")
            t_us, x, y, polarity = t_us[order], x[order], y[order], polarity[order]
        return cls(t_us, x, y, polarity)

    @property
    def n_events(self) -> int:
        """Number of events n."""
        return self.t_us.size


class Recordings(Protocol):
    """Labelled recordings of one sensor. Events are read when they are asked for."""

    @property
    def name(self) -> str:
        """Name of the data set, for messages and folders."""

    @property
    def sensor(self) -> Sensor:
        """Sensor of all recordings."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Name of each class; a label is an index into them."""

    @property
    def labels(self) -> np.ndarray:
        """(n,) int class of each recording."""

    @property
    def subjects(self) -> np.ndarray:
        """(n,) int who was recorded."""

    def events(self, index: int) -> EventStream:
        """Events of one recording."""

    def __len__(self) -> int: ...


def _whole_numbers(values: np.ndarray, name: str) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != 1:
        raise InputError(f"{name} of an event stream has shape {array.shape}, expected (n,)")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InputError(f"{name} of an event stream is not finite")
    if array.dtype.kind not in "iub" and array.size:
        raise InputError(f"{name} of an event stream has type {array.dtype}, expected whole numbers")
    if array.dtype.kind not in "iu":
        array = array.astype(np.int64)  # bool polarities, and empty arrays of any type
    if array.size and array.min() < 0:
        raise InputError(f"{name} of an event stream is negative ({array.min()})")
    return array
