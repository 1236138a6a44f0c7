"""`SpikeRecord`: what one simulation gives; saved as HDF5, or as .mat in the historic names, shapes and classes."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rate2spike.io.records import RecordedTrial, read_record, record_suffix, write_record
from rate2spike.matlab_compat.matfile import savemat
from rate2spike.matlab_compat.record_file import HISTORIC_NAMES, historic_variables, read_historic


@dataclass(frozen=True, eq=False)
class SpikeRecord(RecordedTrial):
    """One trial of a spiking network, with its fields as `RecordedTrial` names them, and its files."""

    def save(self, path: str | os.PathLike) -> None:
        """Write HDF5 (`.h5`, `.hdf5`) or MAT v7 (`.mat`), atomically. Raises InputError for another suffix."""
        if record_suffix(path) == ".mat":
            savemat(path, historic_variables(self))
        else:
            write_record(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike, only: str | Iterable[str] | None = None) -> "SpikeRecord":
        """Read what `save` (or, for .mat, the published simulator) wrote. Raises InputError.

        only: recorded quantity to read (HDF5), or several, of output, events, voltage_mv, rates, ipsc; None: all that are
        there.
        """
        return cls(**(read_historic(path) if record_suffix(path) == ".mat" else read_record(path, only)))

    def to_historic(self, names: str | Iterable[str] = HISTORIC_NAMES, *, compact: bool = False) -> dict[str, Any]:
        """{W, REC, spk, rs, all_fr, out, params} as MATLAB has them; see `historic_variables`."""
        return historic_variables(self, names, compact=compact)
