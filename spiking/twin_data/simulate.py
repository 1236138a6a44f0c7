"""Many simulations of a cell, each with random input of its own, written shard by shard; what is finished is kept."""

import os
import re
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field, replace
from typing import Any

from rate2spike import checks
from rate2spike.calls import public
from rate2spike.checks import shown, whole_number
from rate2spike.errors import InputError
from rate2spike.io.atomic_file import make_folder
from rate2spike.machine.thread_pool import checked_threads, executor_of
from rate2spike.progress import Advance, OnProgress, following
from rate2spike.seeding import resolve_seed
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_data.shard_file import read_head
from rate2spike.spiking.twin_data.shards import CellDataset, shard_path, shard_paths
from rate2spike.spiking.twin_data.simulation_plan import SimulationPlan, Task
from rate2spike.work_units import WorkerDied, run_units

_AT_ONCE = 8  # simulations that a cell is given together, unless it says itself how many it runs side by side
_INTERFACE = ("name", "n_synapses", "n_excitatory", "segments", "run")


@public()
def simulate(
    cell: Any,
    input_settings: Any,
    folder: str | os.PathLike,
    n_simulations: int = 100,
    seed: int | None = None,
    *,
    run_options: Mapping[str, Any] | None = None,
    simulations_per_shard: int = 32,
    shard: str | None = None,
    n_threads: int | None = None,
    executor: Executor | None = None,
    progress: bool | OnProgress | None = None,
) -> CellDataset:
    """Simulate a cell under random input, and write a data set.

    What is in the folder already is kept: after Ctrl-C, or with more simulations than before, the same call goes on. Every
    simulation has draws of its own, so that neither threads nor interruptions change a byte of the files.

    Parameters
    ----------
    cell : IntegrateAndFire, CableCell, or anything with name, n_synapses, n_excitatory, segments and run
        The cell.
    input_settings : RandomInput, BallAndStickInput, or anything with draw and accepts
        Its input.
    folder : path
        Where the shards go; it is made.
    n_simulations : int, default 100
        How many; simulation k is the same however many there are.
    seed : int, optional
        Of every random draw. Default: that of the folder, else drawn.
    run_options : dict, optional
        What the cell's `run` is called with, such as dt_ms=0.05 or with_dendrites=True.
    simulations_per_shard : int, default 32
        Simulations of a file.
    shard : str, optional
        'I/N': every N-th file of the data set, from the I-th on, for one of N jobs that fill the folder together.
    n_threads : int, optional
        Threads. Default: one per core that this process may use.
    executor : concurrent.futures.Executor, optional
        Who simulates in the place of threads here, a file each: processes, or a Dask cluster whose workers see the folder
        under the same path.
    progress : bool or callable, optional
        True or False; or a function that is called as progress(n_done, n_total, text). Default: a bar where somebody watches.

    Returns
    -------
    CellDataset
        All that is in the folder.

    Raises
    ------
    InputError
        If a value cannot be used, the folder holds another data set, or no input gives a simulation that is kept.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
    >>> from rate2spike.spiking.twin_data.random_input import POINT_INPUT
    >>> from rate2spike.spiking.twin_data.simulate import simulate
    >>> simulate(IntegrateAndFire(), POINT_INPUT, "two_simulations", n_simulations=2, seed=0)[1]
    CellSimulation(number=1, n_events=2014, duration_ms=6000, n_spikes=3, drawn={attempt: 0, hold_ms: 16, sigma_ms: 108})
    """
    missing = [name for name in _INTERFACE if not hasattr(cell, name)]
    if missing or not (hasattr(input_settings, "draw") and hasattr(input_settings, "accepts")):
        name, given = ("cell", cell) if missing else ("input_settings", input_settings)
        what = f"a cell, with {', '.join(_INTERFACE)}" if missing else "settings of input, with draw and accepts"
        raise InputError(f"{{{name}}} must be {what}, got {shown(given)}", name)
    place = make_folder(checks.path(folder, "folder"))
    plan = SimulationPlan(
        cell,
        input_settings,
        place,
        whole_number(n_simulations, "number of simulations", "n_simulations"),
        _seed(seed, place),
        whole_number(simulations_per_shard, "{simulations_per_shard}", "simulations_per_shard"),
        dict(run_options or {}),
    )
    finished = {index: plan.finished(index) for index in share_of(plan.n_shards, shard)}
    total = sum(len(plan.numbers(index)) for index in finished)
    left = [index for index in finished if not finished[index].issuperset(plan.numbers(index))]
    with following(progress, "simulating", total) as advance:
        n_done = total - sum(len(plan.numbers(index)) for index in left)
        if n_done:
            advance("kept from before", n_done)
        if executor is None:
            _run_here(plan, left, checked_threads(n_threads), advance)
        else:
            _run_there(plan, left, executor, advance)
    return CellDataset.open(place)


def _run_there(plan: SimulationPlan, indices: Sequence[int], executor: Executor, advance: Advance) -> None:
    """Every shard as a unit of work; raises InputError if workers died over one."""
    plan = replace(plan, folder=plan.folder.absolute())  # workers may have been started elsewhere
    units = {index: (plan, index) for index in indices}
    for index, outcome in run_units(_make_shard, units, executor=executor):
        if isinstance(outcome, WorkerDied):
            raise InputError(f"{shard_path(plan.folder, index)}: {outcome.message}; finished work is kept")
        advance("", len(plan.numbers(index)))


def _make_shard(plan: SimulationPlan, index: int) -> None:
    _run_here(plan, [index], 1, lambda _text="", _n=1: None)


def _run_here(plan: SimulationPlan, indices: Sequence[int], n_threads: int, advance: Advance) -> None:
    """Simulate what is missing of the shards, several simulations side by side, and write each shard when it is full."""
    if not indices:
        return
    work = _Work(plan, indices, advance)
    try:
        with executor_of(n_threads, None) as pool:
            running: set[Future] = set()
            while work.todo or running:
                while work.todo and len(running) < n_threads + 1:  # one waits, so that nobody has to
                    running.add(pool.submit(plan.run, work.next_tasks(n_threads)))
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    work.take(future.result())
    except BaseException as error:
        work.write_parts()
        if isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt("finished simulations are kept: run the same again to go on") from None
        raise


@dataclass
class _Work:
    """Simulations to do, and those that are done of shards that are not full."""

    plan: SimulationPlan
    indices: Sequence[int]
    advance: Advance
    todo: deque[Task] = field(default_factory=deque)
    done: dict[int, dict[int, CellSimulation]] = field(default_factory=dict)  # by shard and number

    def __post_init__(self) -> None:
        for index in self.indices:
            there = self.plan.finished(index)
            self.done[index] = {one.number: one for one in self.plan.kept(index)} if there else {}
            self.todo.extend((number, 0) for number in self.plan.numbers(index) if number not in there)
            if there:
                self.advance("kept from before", len(there & set(self.plan.numbers(index))))

    def next_tasks(self, n_threads: int) -> list[Task]:
        """Some of what is to do; few enough that no thread is left without any."""
        at_once = getattr(self.plan.cell, "n_side_by_side", _AT_ONCE)
        count = min(at_once, -(-len(self.todo) // n_threads))
        return [self.todo.popleft() for _ in range(count)]

    def take(self, results: Sequence[tuple[Task, CellSimulation | None]]) -> None:
        """Keep what was accepted, try the rest anew, write a shard that is full."""
        for (number, attempt), simulation in results:
            if simulation is None:
                self.todo.appendleft((number, attempt + 1))
                continue
            index = number // self.plan.per_shard
            self.done[index][number] = simulation
            self.advance(f"{simulation.recording.rate_hz:.1f} Hz")
            if self.done[index].keys() >= set(self.plan.numbers(index)):
                self.plan.write(index, self.done.pop(index).values())

    def write_parts(self) -> None:
        """Write what there is of shards that are not full."""
        for index, simulations in self.done.items():
            if len(simulations) > len(self.plan.finished(index)):
                self.plan.write(index, simulations.values())


def _seed(seed: int | None, folder: os.PathLike) -> int:
    """The one given, that of the folder, or a new one."""
    there = shard_paths(folder)
    return read_head(there[0]).seed if seed is None and there else resolve_seed(seed)


def share_of(n: int, shard: str | None) -> range:
    """Every N-th number below n from the I-th on, for 'I/N'; all for None. Raises InputError."""
    if shard is None:
        return range(n)
    match = re.fullmatch(r"([1-9]\d{0,6})/([1-9]\d{0,6})", str(shard))
    if not match or int(match[1]) > int(match[2]):
        raise InputError(f"{{shard}} must be I/N with I from 1 to N, such as 2/8; got {shard!r}", "shard")
    return range(int(match[1]) - 1, n, int(match[2]))
