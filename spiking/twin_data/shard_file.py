"""One shard of a data set on disk: an HDF5 file with several simulations, compressed, every byte under a checksum.

Voltages at the soma are float32: beside the events they cost little, and half precision would round them to 1/16 mV.
Those of dendrites, hundreds of times as many, are half precision already when they are recorded.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.atomic_file import write_atomically
from rate2spike.io.hdf5_file import created_hdf5, open_hdf5
from rate2spike.readable import Readable
from rate2spike.spiking.detailed_cells.recording import CellRecording
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_data.packed_arrays import (
    packed_events,
    packed_voltages,
    unpacked_events,
    unpacked_voltages,
)

FORMAT = "rate2spike cell data set 1"
TRACES = ("v_soma_mv", "v_nexus_mv", "v_soma_fine_mv", "v_nexus_fine_mv")  # (T,) each, float32
_DENDRITES = "v_dendrites_packed"
_EVENTS = "event_counts"
_RAGGED = ("event_synapse_steps", "event_weights", "spike_times_ms")  # of different lengths: end to end, with offsets
_CHUNK = 2**15  # values of these
_COMPRESSED = dict(compression="gzip", compression_opts=4, shuffle=True, fletcher32=True)


class ShardError(InputError):
    """A shard that cannot be read."""


@dataclass(frozen=True, eq=False, repr=False)
class ShardHead(Readable):
    """What a shard says of its simulations.

    Parameters
    ----------
    path : Path
        The file.
    configuration : dict
        What all shards of a data set have in common: cell, input, what was recorded.
    seed : int
        Of the simulations.
    numbers : tuple of int
        Of the simulations, among all of that seed.
    origin : dict
        Where they are from, such as the versions of the software that made them.
    """

    shown = ("path", "seed", "n_simulations")

    path: Path
    configuration: Mapping[str, Any]
    seed: int
    numbers: tuple[int, ...]
    origin: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n_simulations(self) -> int:
        """Number of simulations."""
        return len(self.numbers)


def write_shard(head: ShardHead, simulations: Sequence[CellSimulation]) -> None:
    """Write the simulations, which all recorded the same, to the path of the head, atomically. Raises InputError."""
    columns = _columns(simulations)

    def write(path: Path) -> None:
        with created_hdf5(path) as file:
            file.attrs["format"] = np.bytes_(FORMAT)
            for name, value in (
                ("configuration", head.configuration),
                ("origin", head.origin),
                ("drawn", [one.drawn for one in simulations]),
            ):
                file.attrs[name] = _as_bytes(value)
            file.attrs["seed"] = head.seed
            file.attrs["numbers"] = np.array([one.number for one in simulations], np.int64)
            file.attrs["n_synapses"] = simulations[0].events.n_synapses
            file.attrs["fine_per_ms"] = simulations[0].recording.fine_per_ms
            for name, column in columns.items():
                _write_column(file, name, column)

    write_atomically(head.path, write)


def read_head(path: str | os.PathLike) -> ShardHead:
    """What a shard says of itself. Raises ShardError naming the file."""
    with _opened(path) as file:
        return ShardHead(
            Path(path),
            _from_bytes(file.attrs["configuration"]),
            int(file.attrs["seed"]),
            tuple(int(one) for one in file.attrs["numbers"]),
            _from_bytes(file.attrs["origin"]),
        )


def read_simulations(path: str | os.PathLike, which: Sequence[int] | None = None) -> Iterator[CellSimulation]:
    """The simulations of a shard, all or those at these places in it. Raises ShardError naming the file."""
    with _opened(path) as file:
        drawn = _from_bytes(file.attrs["drawn"])
        numbers = file.attrs["numbers"]
        for k in range(len(numbers)) if which is None else which:
            row = {name: _value(file, name, k) for name in file if not name.endswith("_offsets")}
            events = unpacked_events(
                int(file.attrs["n_synapses"]),
                row.pop(_EVENTS),
                row.pop("event_synapse_steps"),
                row.pop("event_weights", None),
            )
            if _DENDRITES in row:
                row["v_dendrites_mv"] = unpacked_voltages(row.pop(_DENDRITES))
            recording = CellRecording(**row, fine_per_ms=int(file.attrs["fine_per_ms"]))
            yield CellSimulation(int(numbers[k]), events, recording, drawn[k])


def _columns(simulations: Sequence[CellSimulation]) -> dict[str, list[np.ndarray]]:
    """By the name of a data set what each simulation has of it. Raises InputError if they do not all have the same."""
    columns: dict[str, list[np.ndarray]] = {}
    for one in simulations:
        counts, steps, weights = packed_events(one.events)
        recording = one.recording
        row: dict[str, Any] = {name: getattr(recording, name) for name in TRACES}
        row |= {_EVENTS: counts, "event_synapse_steps": steps, "event_weights": weights}
        row["spike_times_ms"] = np.asarray(recording.spike_times_ms, float)
        row[_DENDRITES] = None if recording.v_dendrites_mv is None else packed_voltages(recording.v_dendrites_mv)
        for name, value in row.items():
            if value is not None:
                columns.setdefault(name, []).append(value)
    for name, column in columns.items():
        shapes = {value.shape for value in column if name not in _RAGGED}
        if len(column) < len(simulations) or len(shapes) > 1:
            raise InputError(f"simulations of one shard must all hold the same: {name} differs")
    return columns


def _write_column(file: h5py.File, name: str, column: list[np.ndarray]) -> None:
    if name not in _RAGGED:
        stacked = np.stack(column)
        file.create_dataset(name, data=stacked, chunks=(1, *stacked.shape[1:]), **_COMPRESSED)
        return
    joined = np.concatenate(column)
    offsets = np.cumsum([0, *(len(one) for one in column)])
    file.create_dataset(name, data=joined, maxshape=(None,), chunks=(_CHUNK,), **_COMPRESSED)
    file.create_dataset(f"{name}_offsets", data=offsets, chunks=offsets.shape, **_COMPRESSED)


def _value(file: h5py.File, name: str, k: int) -> np.ndarray:
    if name in _RAGGED:
        first, end = file[f"{name}_offsets"][k : k + 2]
        return file[name][first:end]
    return file[name][k]


@contextmanager
def _opened(path: str | os.PathLike) -> Iterator[h5py.File]:
    """The file. Whatever goes wrong with it, while it is opened and read, is a ShardError."""
    if not Path(path).is_file():
        raise ShardError(f"{path}: there is no such file")
    try:
        with open_hdf5(path) as file:
            if bytes(file.attrs.get("format", b"")) != FORMAT.encode():
                raise ShardError(f"{path} is no shard of a cell data set ({FORMAT})")
            unknown = [
                one for one in file if one.removesuffix("_offsets") not in (*TRACES, *_RAGGED, _EVENTS, _DENDRITES)
            ]
            if unknown:
                raise ShardError(f"{path} was written by another version, with {unknown[0]}, which is not known here")
            yield file
    except ShardError:
        raise
    except (OSError, KeyError, ValueError, RuntimeError, TypeError, IndexError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split()).strip("'")  # which a KeyError adds
        raise ShardError(f"{path} is damaged: {reason[:150]}") from None


def _as_bytes(value: Any) -> np.bytes_:
    return np.bytes_(json.dumps(value, sort_keys=True))


def _from_bytes(text: Any) -> Any:
    return json.loads(bytes(text))
