"""One recording of an event sensor, and what a set of recordings offers, wherever it is stored."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import is_number, shown
from rate2spike.errors import InputError
from rate2spike.readable import Readable, dataframe, html_table, one_line

if TYPE_CHECKING:
    from pandas import DataFrame

SPLITS = ("train", "test")  # of published recordings


class NoSuchRecordingError(InputError, IndexError):
    """A recording that there is not: an index error as those of sequences are."""


@public()
@dataclass(frozen=True)
class Sensor:
    """Size of an event sensor: width by height pixels (or channels by 1), 1 or 2 polarities. Raises InputError."""

    width: int
    height: int
    n_polarities: int

    def __post_init__(self) -> None:
        if not all(map(is_number, sizes := (self.width, self.height, self.n_polarities))) or min(sizes) < 1:
            raise InputError(f"a sensor has a size of at least 1 by 1 by 1, got {self}")


@dataclass(frozen=True, eq=False, repr=False)
class EventStream(Readable):
    """n events in order of time. Raises InputError if they are not.

    Attributes
    ----------
    t_us : array (n,) of int64
        Times, µs.
    x, y, polarity : array (n,) of int
        Pixel (or channel, with y of 0), and 1 for a rise, 0 for a fall.

    Examples
    --------
    >>> EventStream.in_order(t_us=[30, 10], x=[5, 6], y=[0, 0], polarity=[1, 1])
    EventStream(n_events=2, first_us=10, last_us=30)
    """

    shown = ("n_events", "first_us", "last_us")

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
        t_us, x, y, polarity = (np.asarray(values) for values in (t_us, x, y, polarity))
        if np.any(t_us[1:] < t_us[:-1]):
            order = np.argsort(t_us, kind="stable")
            t_us, x, y, polarity = t_us[order], x[order], y[order], polarity[order]
        return cls(t_us, x, y, polarity)

    @property
    def n_events(self) -> int:
        """Number of events n."""
        return self.t_us.size

    @property
    def first_us(self) -> int | None:
        """Time of the first event, µs; None without events."""
        return int(self.t_us[0]) if self.n_events else None

    @property
    def last_us(self) -> int | None:
        """Time of the last event, µs; None without events."""
        return int(self.t_us[-1]) if self.n_events else None

    def to_dataframe(self) -> "DataFrame":
        """One row per event: t_us, x, y, polarity."""
        return dataframe({name: getattr(self, name) for name in ("t_us", "x", "y", "polarity")})


class ReadableRecordings:
    """What sets of recordings show of themselves; they are equal only to themselves."""

    name: str
    sensor: Sensor
    class_names: tuple[str, ...]
    labels: np.ndarray
    subjects: np.ndarray

    def summary(self) -> dict[str, Any]:
        """What `repr` and the table in a notebook show."""
        size = f"{self.sensor.width} x {self.sensor.height} x {self.sensor.n_polarities}"
        n_subjects = np.unique(self.subjects).size
        return {
            "n_recordings": self.labels.size,
            "n_classes": len(self.class_names),
            "n_subjects": n_subjects,
            "sensor": size,
        }

    def __repr__(self) -> str:
        return one_line(type(self).__name__, self.summary())

    def _repr_html_(self) -> str:
        return html_table(type(self).__name__, self.summary())

    def to_dataframe(self) -> "DataFrame":
        """One row per recording: recording (from 0), label, class_name, subject."""
        names = np.array(self.class_names)[self.labels]
        n = np.arange(self.labels.size)
        return dataframe({"recording": n, "label": self.labels, "class_name": names, "subject": self.subjects})

    def checked_index(self, index: Any) -> int:
        """The index of a recording; negative ones count from the end. Raises NoSuchRecordingError."""
        n = self.labels.size
        if not is_number(index) or index % 1 != 0 or not -n <= index < n:
            raise NoSuchRecordingError(f"recording {shown(index)} of {n}")
        return int(index)


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
