"""A spike record written block by block, for simulations whose traces do not fit into memory.

h5py can do so, but leaves half a file, which looks like a whole one, when the simulation is stopped.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.atomic_file import write_atomically
from rate2spike.io.hdf5_file import open_hdf5
from rate2spike.io.records import RecordedTrial, write_items

Record = TypeVar("Record", bound=RecordedTrial)
_TRACES = {"voltage": "voltage_mv", "rates": "rates", "ipsc": "ipsc"}  # as simulated -> as recorded
_CHUNK_ROWS = 4096


def write_stream(
    path: str | os.PathLike,
    blocks: Iterable[Any],
    n_rows: int,
    quantities: frozenset[str],
    record_of: Callable[[np.ndarray], Record],
) -> Record:
    """Write the simulator's blocks to an HDF5 spike record as they come; returns it without the recorded quantities.

    The file appears when all is written. record_of(spike counts): the record with its other fields. Raises InputError.
    """
    if Path(path).suffix.lower() not in (".h5", ".hdf5"):
        raise InputError(f"{path}: a record is streamed to .h5 or .hdf5")
    done: list[Record] = []

    def write(temporary: Path) -> None:
        with open_hdf5(temporary, "w") as file:
            counts = np.zeros(0)
            for block in blocks:
                _write_block(file, block, n_rows, quantities)
                counts = block.spike_count
            record = record_of(counts)
            write_items(file, record)
            done.append(record)

    write_atomically(path, write)
    return done[0]


def _write_block(file: h5py.File, block: Any, n_rows: int, quantities: frozenset[str]) -> None:
    for name, recorded in _TRACES.items():
        if name in quantities:
            _write_rows(file, recorded, getattr(block.traces, name).T, block.first_row, n_rows)
    if "output" in quantities:
        _write_rows(file, "output", block.traces.output, block.first_row, n_rows)
    if "spikes" in quantities:
        events = file.require_dataset("events", (0, 2), np.int32, maxshape=(None, 2), chunks=(_CHUNK_ROWS, 2))
        events.resize(events.shape[0] + len(block.events), axis=0)
        events[events.shape[0] - len(block.events) :] = block.events


def _write_rows(file: h5py.File, name: str, values: np.ndarray, first: int, n_rows: int) -> None:
    """values (units or outputs, rows) into their place of (units or outputs, n_rows)."""
    if name not in file:
        chunks = (len(values), min(_CHUNK_ROWS, n_rows))
        file.create_dataset(
            name, (len(values), n_rows), values.dtype, chunks=chunks, compression="gzip", compression_opts=1
        )
    file[name][:, first : first + values.shape[1]] = values
