"""The data sets of a study: a folder with train, valid and test."""

import os
from pathlib import Path

from rate2spike import checks
from rate2spike.errors import InputError
from rate2spike.spiking.twin_data.shards import CellDataset

DAMAGED = ("raise", "skip")  # what becomes of a shard that cannot be read
_SAID = {"train": "to learn from", "valid": "that choose threshold and time", "test": "to judge by"}


def open_sets(folder: str | os.PathLike, *names: str, damaged: str = "raise") -> dict[str, CellDataset]:
    """The sets of these names, which must be of one cell. Raises InputError for what is missing, damaged or does not fit."""
    place = checks.path(folder, "data")
    found = {name: _opened(place, name, damaged) for name in names}
    first, of_first = next(iter(found.items()))
    for name, dataset in found.items():
        for what in ("cell", "run"):
            ours, theirs = (one.configuration.get(what) for one in (of_first, dataset))
            if ours != theirs:
                raise InputError(f"{place / first} and {place / name} do not belong together: {what} is another one")
    return found


def _opened(place: Path, name: str, damaged: str) -> CellDataset:
    if not (place / name).is_dir():
        raise InputError(
            f"{place} has no folder {name}, with simulations {_SAID.get(name, '')}: "
            f"`rate2spike twin simulate --n_{name} N` makes them"
        )
    return CellDataset.open(place / name, damaged)
