"""What a data set will be, and what of it is there already."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rate2spike.errors import InputError
from rate2spike.io.run_folder import versions
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_data.described import as_plain, described_cell, described_input
from rate2spike.spiking.twin_data.shard_file import ShardError, ShardHead, read_head, read_simulations, write_shard
from rate2spike.spiking.twin_data.shards import difference, shard_path

MOST_ATTEMPTS = 1000  # for one simulation that is accepted
Task = tuple[int, int]  # number of a simulation, and how many of its inputs were refused before


@dataclass(frozen=True)
class SimulationPlan:
    """Simulations 0 to n_simulations - 1 of a seed, in files of so many each. Its numbers depend on nothing else."""

    cell: Any
    input_settings: Any
    folder: Path
    n_simulations: int
    seed: int
    per_shard: int
    run_options: Mapping[str, Any]  # of the cell

    @cached_property
    def configuration(self) -> dict[str, Any]:
        """What all shards have in common."""
        return {
            "cell": described_cell(self.cell),
            "input": described_input(self.input_settings),
            "run": as_plain(dict(self.run_options)),
        }

    @property
    def n_shards(self) -> int:
        """Number of files."""
        return -(-self.n_simulations // self.per_shard)

    def numbers(self, index: int) -> range:
        """Of the simulations of a shard."""
        return range(index * self.per_shard, min((index + 1) * self.per_shard, self.n_simulations))

    def run(self, tasks: Sequence[Task]) -> list[tuple[Task, CellSimulation | None]]:
        """Simulate; None stands for what is not accepted. Raises InputError, where nothing ever is."""
        drawn = [self.input_settings.draw(self.cell, self.seed, *task) for task in tasks]
        recordings = self.cell.run([one.events for one in drawn], **self.run_options)
        results: list[tuple[Task, CellSimulation | None]] = []
        for task, given, recording in zip(tasks, drawn, recordings, strict=True):
            number, attempt = task
            is_kept = self.input_settings.accepts(recording)
            if not is_kept and attempt + 1 >= MOST_ATTEMPTS:
                raise InputError(
                    f"none of {MOST_ATTEMPTS} inputs of simulation {number} gives one within the bounds of what is kept"
                )
            drawn_for_all = {**given.drawn, "attempt": attempt}
            simulation = CellSimulation(number, given.events, recording, drawn_for_all)
            results.append((task, simulation if is_kept else None))
        return results

    def write(self, index: int, simulations: Iterable[CellSimulation]) -> None:
        """Write a shard, whole or in part."""
        ordered = sorted(simulations, key=lambda one: one.number)
        numbers = tuple(one.number for one in ordered)
        origin = {"versions": versions()}
        head = ShardHead(shard_path(self.folder, index), self.configuration, self.seed, numbers, origin)
        write_shard(head, ordered)

    def finished(self, index: int) -> frozenset[int]:
        """Numbers of the simulations of a shard that are on disk. Raises InputError if those are not of this plan."""
        path = shard_path(self.folder, index)
        if not path.exists():
            return frozenset()
        with _to_be_deleted():
            head = read_head(path)
        planned = ShardHead(path, self.configuration, self.seed, ())
        if head.configuration != planned.configuration:
            raise InputError(f"{path} is of another data set: {difference(head, planned)} (there and here)")
        if head.seed != self.seed:
            raise InputError(f"{path} is of seed {head.seed}, not {self.seed}: choose another folder", "seed")
        whole = range(index * self.per_shard, (index + 1) * self.per_shard)
        if not set(head.numbers) <= set(whole):
            raise InputError(
                f"{path} was written with another {{simulations_per_shard}}, not {self.per_shard}",
                "simulations_per_shard",
            )
        return frozenset(head.numbers)

    def kept(self, index: int) -> Iterator[CellSimulation]:
        """The simulations of a shard that are on disk."""
        with _to_be_deleted():
            yield from read_simulations(shard_path(self.folder, index))


@contextmanager
def _to_be_deleted() -> Iterator[None]:
    """Errors about damaged shards say how to go on."""
    try:
        yield
    except ShardError as error:
        raise ShardError(f"{error.args[0]}; delete it, and the same call simulates what was in it anew") from None
