"""Independent units of work on any concurrent.futures executor; a worker that dies costs its unit, which is tried again."""

import logging
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from multiprocessing.resource_tracker import ensure_running
from typing import Any, TypeVar

from rate2spike.errors import InputError
from rate2spike.machine.interruption import something_is_at_stake
from rate2spike.machine.worker_processes import GUARD, check_can_be_sent, check_may_start, process_pool

TRIES = 3  # of a unit whose worker died
Key = TypeVar("Key")


@dataclass(frozen=True)
class WorkerDied:
    """A unit whose workers died every time."""

    message: str


def run_units(
    work: Callable[..., Any],
    units: Mapping[Key, tuple],
    *,
    executor: Executor | None = None,
    n_workers: int = 1,
    fresh_processes: bool = False,
) -> Iterator[tuple[Key, Any]]:
    """Call work(*arguments) for every unit {key: arguments}; yields (key, result or WorkerDied) as they come.

    executor: any concurrent.futures one, a Dask client's for instance; without one, n_workers processes on this machine,
    each unit in a fresh one if asked. What work raises is raised here. Raises InputError if a cluster is lost, and if
    processes cannot be started.
    """
    if units and (executor is None or isinstance(executor, ProcessPoolExecutor)):
        check_may_start()
    if units and executor is None:
        check_can_be_sent(work, next(iter(units.values())))
    left = dict.fromkeys(units, TRIES)
    while left:
        with _pool(executor, n_workers, fresh_processes) as pool:
            # of an own pool's units no more than can begin: those that wait in its queue cannot be called back
            at_once = len(left) if executor else n_workers
            yield from _results(pool, _Work(work, units, left, at_once, own_pool=executor is None))


@dataclass(frozen=True)
class _Work:
    """What is left to do, with the tries that each unit has left."""

    work: Callable[..., Any]
    units: Mapping[Any, tuple]
    left: dict[Any, int]
    at_once: int
    own_pool: bool

    def hand_out(self, pool: Executor, waiting: list[Any], running: dict[Future, Any]) -> None:
        """As many of the waiting units as may run at once. Raises BrokenExecutor."""
        while waiting and len(running) < self.at_once:
            with _deaf_to_interrupts(own=self.own_pool):
                running[pool.submit(self.work, *self.units[waiting[0]])] = waiting[0]
            waiting.pop(0)


def _results(pool: Executor, what: _Work) -> Iterator[tuple[Any, Any]]:
    """What one pool gives, until all is done or the pool, if it is our own, is broken: a new one does what is left."""
    waiting, running = list(what.left), dict[Future, Any]()
    while waiting or running:
        try:
            what.hand_out(pool, waiting, running)
        except BrokenExecutor as error:  # a worker died since the last result
            if what.own_pool:
                return
            raise InputError(f"the executor is broken ({error}); if it has processes, {GUARD}") from None
        future = _first_done(running)
        key = running.pop(future)
        try:
            result = future.result()
        except Exception as error:
            _check_is_dead_worker(error)
            what.left[key] -= 1
            if what.left[key] and what.own_pool and isinstance(error, BrokenExecutor):
                return
            if what.left[key]:
                waiting.append(key)
                continue
            result = WorkerDied(f"its worker died {TRIES} times: {error}")
        del what.left[key]
        yield key, result


@contextmanager
def dask_executor(scheduler: str | None) -> Iterator[Executor | None]:
    """The executor of the Dask cluster at an address, or None for None. Raises InputError."""
    if scheduler is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError:
        raise InputError("a scheduler needs Dask: pip install 'rate2spike[cluster]'", "scheduler") from None
    # what goes wrong is said in one line; Dask's own log would add a page of traceback
    for name in ("distributed", *(name for name in logging.root.manager.loggerDict if name.startswith("distributed."))):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(scheduler, timeout="20s")
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(f"no Dask scheduler answers at {scheduler}: {error}", "scheduler") from None
    with client:
        yield client.get_executor(pure=False)


def _check_is_dead_worker(error: Exception) -> None:
    """Raise what else it is. Dask says KilledWorker, processes a broken pool, a machine that vanished some OSError."""
    if _is_lost_cluster(error):
        raise InputError(f"the connection to the cluster is lost ({error}): finished work is kept") from None
    if not (isinstance(error, BrokenExecutor | OSError) or type(error).__name__ == "KilledWorker"):
        raise error


def _is_lost_cluster(error: Exception) -> bool:
    """A scheduler that vanishes cancels its futures, or breaks the communication."""
    names = {type(error).__name__, type(error.__cause__).__name__}
    return bool(names & {"CommClosedError", "FutureCancelledError", "FuturesCancelledError"}) or isinstance(
        error, CancelledError
    )


def _pool(executor: Executor | None, n_workers: int, fresh_processes: bool) -> AbstractContextManager[Executor]:
    """The caller's executor, or a pool of processes."""
    if executor is not None:
        return nullcontext(executor)
    something_is_at_stake()
    return process_pool(n_workers, fresh_processes)


@contextmanager
def _deaf_to_interrupts(*, own: bool) -> Iterator[None]:
    """Processes that are started in the block never see Ctrl-C: who started them answers it, and ends them."""
    if not own or not hasattr(signal, "pthread_sigmask"):
        yield
        return
    ensure_running()  # starting the tracker would lift the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _first_done(running: Mapping[Future, Any]) -> Future:
    """One that is done; Dask's futures are not those of the standard library, which alone `wait` takes."""
    if all(isinstance(future, Future) for future in running):
        return next(iter(wait(running, return_when=FIRST_COMPLETED).done))
    while not (done := [future for future in running if future.done()]):
        time.sleep(0.2)
    return done[0]
