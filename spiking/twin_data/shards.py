"""A data set of simulations: a folder of shards, which stays on disk until simulations are asked for."""

import os
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rate2spike import checks
from rate2spike.calls import public
from rate2spike.errors import InputError, InputWarning
from rate2spike.readable import Readable
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_data.shard_file import ShardError, ShardHead, read_head, read_simulations

_NAME = re.compile(r"shard_(\d+)\.h5")


@public()
@dataclass(frozen=True, eq=False, repr=False)
class CellDataset(Readable):
    """Simulations of one cell with one kind of input: `CellDataset.open("folder")`.

    A sequence of `CellSimulation`: it has a length, `dataset[k]` is one of them and may count from the end, and a loop over
    it reads each shard once.

    Parameters
    ----------
    shards : tuple of ShardHead
        What each file says of itself.

    Attributes
    ----------
    n_simulations : int
        Of all shards.
    configuration : dict
        Cell, input and what was recorded.

    Raises
    ------
    InputError
        If there is no shard, shards do not belong together, or one stands twice.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
    >>> from rate2spike.spiking.twin_data.random_input import POINT_INPUT
    >>> from rate2spike.spiking.twin_data.simulate import simulate
    >>> dataset = simulate(IntegrateAndFire(), POINT_INPUT, "twin_data", n_simulations=3, seed=1)
    >>> dataset
    CellDataset(n_simulations=3, n_shards=1, cell='integrate_and_fire', duration_ms=6000)
    >>> [one.n_spikes for one in dataset]
    [2, 5, 2]
    """

    shown = ("n_simulations", "n_shards", "cell", "duration_ms")

    shards: tuple[ShardHead, ...] = field(repr=False)

    def __post_init__(self) -> None:
        shards = tuple(checks.several(self.shards))
        if not shards or not all(isinstance(one, ShardHead) for one in shards):
            raise InputError("a data set needs one shard at least: CellDataset.open(folder) finds them", "shards")
        object.__setattr__(self, "shards", shards)
        first, seen = self.shards[0], dict[tuple[int, int], Path]()
        for shard in self.shards:
            if shard.configuration != first.configuration:
                raise InputError(f"{first.path} and {shard.path} do not belong together: {difference(first, shard)}")
            for number in shard.numbers:
                other = seen.setdefault((shard.seed, number), shard.path)
                if other is not shard.path:
                    raise InputError(f"simulation {number} of seed {shard.seed} stands in {other} and in {shard.path}")

    @classmethod
    def open(cls, path: str | os.PathLike | Sequence[str | os.PathLike], damaged: str = "raise") -> "CellDataset":
        """The data set of a folder, or of several folders or shards.

        Parameters
        ----------
        path : path, or several
            Folders that `simulate` wrote, or single files of them.
        damaged : {'raise', 'skip'}, default 'raise'
            What becomes of a shard that cannot be read. 'skip' reads all of every shard first and leaves damaged ones out,
            with a warning that names each.

        Returns
        -------
        CellDataset

        Raises
        ------
        InputError
            For a folder without shards, for shards that do not belong together or are of different seeds in one folder, and,
            unless they are skipped, for damaged ones.
        """
        damaged = checks.choice(damaged, "{damaged}", "damaged", ("raise", "skip"))
        heads = []
        for file in _files(path):
            try:
                heads.append(read_head(file))
                if damaged == "skip":
                    check_shard(file)
            except ShardError as error:
                if damaged == "raise":
                    raise ShardError(f"{error.args[0]} ({{damaged}} 'skip' leaves it out)", "damaged") from None
                heads = [one for one in heads if one.path != file]
                warnings.warn(f"left out: {error}", InputWarning, stacklevel=3)
        if not heads:
            raise InputError(f"all shards in {path} are damaged")
        for folder in {one.path.parent for one in heads}:
            _check_seed([one for one in heads if one.path.parent == folder])
        return cls(tuple(heads))

    @property
    def n_simulations(self) -> int:
        """Number of simulations."""
        return sum(shard.n_simulations for shard in self.shards)

    @property
    def n_shards(self) -> int:
        """Number of shards."""
        return len(self.shards)

    @property
    def configuration(self) -> dict[str, Any]:
        """Cell, input, and what was recorded."""
        return dict(self.shards[0].configuration)

    @property
    def cell(self) -> str | None:
        """Name of the cell."""
        return self.configuration.get("cell", {}).get("name")

    @property
    def duration_ms(self) -> int | None:
        """Length of a simulation."""
        return self.configuration.get("input", {}).get("duration_ms")

    def __len__(self) -> int:
        return self.n_simulations

    def __iter__(self) -> Iterator[CellSimulation]:
        for shard in self.shards:
            yield from read_simulations(shard.path)

    def __getitem__(self, index: int) -> CellSimulation:
        k = index + self.n_simulations if index < 0 else index
        if not 0 <= k < self.n_simulations:
            raise IndexError(f"simulation {index} of {self.n_simulations}")
        ends = np.cumsum([shard.n_simulations for shard in self.shards])
        place = int(np.searchsorted(ends, k, side="right"))
        shard = self.shards[place]
        return next(read_simulations(shard.path, [k - int(ends[place]) + shard.n_simulations]))


def shard_path(folder: str | os.PathLike, index: int) -> Path:
    """Where a shard of a data set is written."""
    return Path(folder) / f"shard_{index:05d}.h5"


def shard_paths(folder: str | os.PathLike) -> list[Path]:
    """The shards in a folder, in order."""
    found = [(int(match[1]), path) for path in Path(folder).glob("*.h5") if (match := _NAME.fullmatch(path.name))]
    return [path for _, path in sorted(found)]


def check_shard(path: str | os.PathLike) -> None:
    """Read all of a shard. Raises ShardError naming it."""
    for _ in read_simulations(path):
        pass


def _files(path: Any) -> list[Path]:
    """The shards that are meant. Raises InputError."""
    files: list[Path] = []
    for one in checks.several(path):
        place = checks.path(one, "path")
        if not place.exists():
            raise InputError(f"{place}: there is no such folder or file")
        found = shard_paths(place) if place.is_dir() else [place]
        if not found:
            raise InputError(f"{place} holds no shards (shard_00000.h5, ...)")
        files += found
    return files


def _check_seed(heads: Sequence[ShardHead]) -> None:
    """Raises InputError for shards of several seeds in a folder, as `simulate` writes none; imported ones may differ."""
    first = heads[0]
    for one in heads:
        if one.seed != first.seed and "legacy_params" not in one.configuration:
            raise InputError(
                f"{first.path} and {one.path} do not belong together: they are of seeds {first.seed} and {one.seed}; "
                "join data sets by a list of their folders"
            )


def difference(a: ShardHead, b: ShardHead) -> str:
    """The first thing that is not the same, in words."""

    def leaves(value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            return {name: value}
        return {key: one for part in value for key, one in leaves(value[part], f"{name}.{part}".lstrip(".")).items()}

    ours, theirs = leaves(dict(a.configuration), ""), leaves(dict(b.configuration), "")
    names = [name for name in [*ours, *theirs] if ours.get(name) != theirs.get(name)]
    name = min(names, key=_how_little_it_says)
    return f"{name} is {checks.shown(ours.get(name))} and {checks.shown(theirs.get(name))}"


def _how_little_it_says(name: str) -> int:
    """0 of the name of a cell, 2 of a digest, of which nobody sees what differs."""
    return 0 if name in ("cell.name", "input.kind") else 2 if name.endswith("digest") else 1
