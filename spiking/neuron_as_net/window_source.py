"""Where windows come from: the files of a data set, or simulations in memory, ready to be cut."""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_data.shard_file import ShardHead, read_simulations
from rate2spike.spiking.twin_data.shards import CellDataset

Data = CellDataset | Sequence[CellSimulation]
IN_MEMORY = "in memory"  # name of the one file that simulations in memory make up


class Prepared(NamedTuple):
    """One simulation: events, and (T, n) targets by the name of the head."""

    events: SynapticEvents
    targets: dict[str, np.ndarray]


class DataFile(NamedTuple):
    """One file of a data set."""

    name: str
    n_simulations: int
    read: Callable[[], Iterable[CellSimulation]]
    known_by: str  # what it holds, wherever it lies


def files_of(data: Any, field_name: str) -> list[DataFile]:
    """The shards of a data set; simulations in memory are one file. Raises InputError for anything else, or nothing."""
    if isinstance(data, CellDataset):
        return [
            DataFile(str(shard.path), shard.n_simulations, partial(read_simulations, shard.path), _known(shard))
            for shard in data.shards
        ]
    several = list(data) if isinstance(data, Iterable) and not isinstance(data, str) else []
    if not several or not all(isinstance(one, CellSimulation) for one in several):
        raise InputError(f"{{{field_name}}} must be a CellDataset, or a list of CellSimulation", field_name)
    counts = f"{len(several)} with {sum(one.n_events for one in several)} events"
    return [DataFile(IN_MEMORY, len(several), lambda: several, counts)]


def _known(shard: ShardHead) -> str:
    of_what = crc32(json.dumps(shard.configuration, sort_keys=True).encode())  # cell, input, time step
    return f"seed {shard.seed}: {shard.n_simulations} from {min(shard.numbers)} of {of_what:08x}"


@dataclass
class PreparedFiles:
    """Files that are read and prepared when they are asked for; the last few stay in memory."""

    files: list[DataFile]
    prepare: Callable[[CellSimulation], Prepared]
    n_kept: int
    n_synapses: int
    _kept: OrderedDict[int, list[Prepared]] = field(default_factory=OrderedDict)

    def __getitem__(self, index: int) -> list[Prepared]:
        if index not in self._kept:
            while len(self._kept) >= self.n_kept:
                self._kept.popitem(last=False)
            self._kept[index] = [self._checked(index, one) for one in self.files[index].read()]
        self._kept.move_to_end(index)
        return self._kept[index]

    def _checked(self, index: int, simulation: CellSimulation) -> Prepared:
        if simulation.events.n_synapses != self.n_synapses:
            raise InputError(
                f"{self.files[index].name}: simulations of {simulation.events.n_synapses} synapses, and a network of "
                f"{self.n_synapses}"
            )
        return self.prepare(simulation)
