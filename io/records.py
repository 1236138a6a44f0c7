"""One trial of a spiking network as data, and its HDF5 form."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from rate2spike.calls import public
from rate2spike.checks import each_name, shown
from rate2spike.checks import path as checked_path
from rate2spike.errors import InputError, nearest
from rate2spike.io.atomic_file import write_atomically
from rate2spike.io.hdf5_file import open_hdf5
from rate2spike.io.unit_indices import unit_index
from rate2spike.readable import Readable

FORMAT = "rate2spike SpikeRecord 2"
_FORMATS = ("rate2spike SpikeRecord 1", FORMAT)  # 1: spikes as a dense array
RECORDED = ("output", "events", "voltage_mv", "rates", "ipsc")


@dataclass(frozen=True, eq=False, repr=False)
class RecordedTrial(Readable):
    """One trial of a spiking network: N units, n_steps simulation steps. None: not recorded.

    Traces hold every `stride`-th step, n_rows = n_steps // stride of them.
    """

    shown = (
        "n_units",
        "duration_s",
        "recorded",
        "mean_rate_hz",
        "n_spikes",
        "neuron",
        "dendrites",
        "scaling_factor",
        "dt_s",
        "stride",
        "seed",
    )

    historic = "matlab_compat.record_file:HISTORIC"

    firing_rate_hz: np.ndarray = field(repr=False)  # (N,) spikes from step 10 on / duration
    dt_s: float
    n_steps: int
    stride: int = 1
    output: np.ndarray | None = field(default=None, repr=False)  # (n_outputs, n_rows)
    events: np.ndarray | None = field(default=None, repr=False)  # (n, 2) int32: unit and step from 0, in order of time
    voltage_mv: np.ndarray | None = field(default=None, repr=False)  # (N, n_rows), 30 at a spike
    rates: np.ndarray | None = field(default=None, repr=False)  # (N, n_rows) filtered spike trains, Hz
    ipsc: np.ndarray | None = field(default=None, repr=False)  # (N, n_rows) synaptic current before each step, mV
    w: np.ndarray | None = field(default=None, repr=False)  # (N, N) weights used
    w_out: np.ndarray | None = field(default=None, repr=False)  # (n_outputs, N)
    tau_d_s: np.ndarray | None = field(default=None, repr=False)  # (N,)
    tau_d_initial_s: np.ndarray | None = field(default=None, repr=False)  # (N,)
    inhibitory: np.ndarray | None = field(default=None, repr=False)  # (N,) bool
    som: np.ndarray | None = field(default=None, repr=False)  # (N,) bool
    unit_types: np.ndarray | None = field(default=None, repr=False)  # (N,) names
    scaling_factor: float | None = None
    neuron: str = "lif"  # kind
    seed: int | None = None
    common_tau_s: float | None = field(default=None, repr=False)  # tau_d_s where the model has one for all units
    dendrites: str | None = None  # kind; None: units are points

    @property
    def n_units(self) -> int:
        """Number of units N."""
        return self.firing_rate_hz.size

    @property
    def recorded(self) -> tuple[str, ...]:
        """Names of the quantities that were recorded."""
        return tuple(name for name in RECORDED if getattr(self, name) is not None)

    @property
    def mean_rate_hz(self) -> float:
        """Mean firing rate over units."""
        return float(self.firing_rate_hz.mean())

    @property
    def n_spikes(self) -> int | None:
        """Number of spikes; None if they were not recorded."""
        return None if self.events is None else len(self.events)

    @property
    def spikes(self) -> np.ndarray | None:
        """(N, n_steps) bool, made of the events."""
        if self.events is None:
            return None
        dense = np.zeros((self.n_units, self.n_steps), np.bool_)
        dense[self.events[:, 0], self.events[:, 1]] = True
        return dense

    @public()
    def spike_times_s(self, unit: int) -> np.ndarray:
        """Times of a unit's spikes, the ends of their steps.

        Parameters
        ----------
        unit : int
            From 0 to N - 1.

        Returns
        -------
        array (n,)
            Times, s.

        Raises
        ------
        InputError
            If spikes were not recorded, and for a unit that there is not, which is an IndexError too.
        """
        if self.events is None:
            raise InputError("this record holds no spikes: simulate with record=('spikes', ...)")
        unit = unit_index(unit, self.n_units)
        return (self.events[self.events[:, 0] == unit, 1] + 1) * self.dt_s

    @property
    def duration_s(self) -> float:
        """Simulated time."""
        return self.n_steps * self.dt_s

    @property
    def time_s(self) -> np.ndarray:
        """(n_rows,) end of each recorded step."""
        return np.arange(1, self.n_steps // self.stride + 1) * self.stride * self.dt_s


def write_record(record: RecordedTrial, path: str | os.PathLike) -> None:
    """Write a trial as HDF5, atomically."""

    def write(temporary: Path) -> None:
        with open_hdf5(temporary, "w") as file:
            write_items(file, record)

    write_atomically(path, write)


def read_record(path: str | os.PathLike, only: str | Iterable[str] | None = None) -> dict[str, Any]:
    """The fields of a trial, of the recorded quantities those in `only`. Raises InputError."""
    left_out = set() if only is None else set(RECORDED) - set(known_names(only, RECORDED))
    try:
        with open_hdf5(path) as file:
            if file.attrs.get("format") not in _FORMATS:
                raise InputError(f"{path} is not a spike record of rate2spike")
            values: dict[str, Any] = {name: _from_hdf5_array(file[name][()]) for name in file if name not in left_out}
            attributes = {name: value for name, value in file.attrs.items() if name != "format"}
            values |= {name: getattr(value, "item", lambda v=value: v)() for name, value in attributes.items()}
    except FileNotFoundError:
        raise InputError(f"cannot read {path}: No such file or directory") from None
    except OSError as error:
        raise InputError(f"cannot read {path} as HDF5: {error}") from None
    if "spikes" in values:
        values["events"] = events_of(values.pop("spikes"))
    return values


def write_items(file: h5py.File, record: RecordedTrial) -> None:
    """Write the fields of a record that are not None: arrays as data sets, numbers and texts as attributes."""
    file.attrs["format"] = FORMAT
    for item in fields(record):
        value = getattr(record, item.name)
        if isinstance(value, np.ndarray) and value.dtype.kind == "U":
            file.create_dataset(item.name, data=np.char.encode(value, "utf-8"))
        elif isinstance(value, np.ndarray):
            options = {"compression": "gzip", "compression_opts": 1, "shuffle": True} if value.size else {}
            file.create_dataset(item.name, data=value, **options)
        elif value is not None:
            file.attrs[item.name] = value


def events_of(spikes: np.ndarray) -> np.ndarray:
    """(n, 2) int32 unit and step of the spikes in a dense (N, n_steps) array, in order of time."""
    step, unit = np.nonzero(np.asarray(spikes).T)
    return np.stack([unit, step], 1).astype(np.int32)


def known_names(names: str | Iterable[str], choices: tuple[str, ...]) -> tuple[str, ...]:
    """The names given. Raises InputError for one that is not among the choices."""
    if not isinstance(names, Iterable):
        raise InputError(f"what a record holds is named by {', '.join(choices)}; got {shown(names)}")
    given = each_name(names)
    unknown = [str(name) for name in given if name not in choices]
    if unknown:
        hint = nearest(unknown[0], choices)
        raise InputError(f"a record holds no {', '.join(unknown)}: choose from {', '.join(choices)}{hint}")
    return given


def _from_hdf5_array(array: np.ndarray) -> np.ndarray:
    """Texts are stored as UTF-8 bytes."""
    return np.char.decode(array, "utf-8") if array.dtype.kind == "S" else array


def record_suffix(path: str | os.PathLike) -> str:
    """`.mat`, `.h5` or `.hdf5`. Raises InputError for another one."""
    suffix = checked_path(path, "path").suffix.lower()
    if suffix not in (".mat", ".h5", ".hdf5"):
        raise InputError(f"{path}: a spike record is saved as .h5, .hdf5 or .mat")
    return suffix
