"""Pools of worker processes. A spawned process imports the main script anew: where that cannot go well, one line says why.

Processes are spawned because TensorFlow does not survive a fork.
"""

import logging
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from multiprocessing import current_process
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any

from rate2spike.errors import InputError
from rate2spike.machine.warn_once import share

_STARTED_BY_ITS_IMPORT = 79  # exit code of a worker whose main script starts workers when it is imported
GUARD = 'do the work of the script below `if __name__ == "__main__":`'


@contextmanager
def process_pool(n_workers: int, fresh_processes: bool) -> Iterator[ProcessPoolExecutor]:
    """A pool of spawned processes, which are ended when the block ends early (Ctrl-C). fresh_processes: one per unit.

    Raises InputError, at the end of the block, if no process got as far as its work.
    """
    context = _WatchfulContext()
    logging.getLogger("rate2spike").info("worker processes: %d", n_workers)
    has_begun = context.RawValue("b", 0)
    pool = ProcessPoolExecutor(
        n_workers,
        mp_context=context,
        max_tasks_per_child=1 if fresh_processes else None,
        initializer=_begin,
        initargs=(has_begun, context.Array("c", 200)),
    )
    with _main_module_that_can_be_imported():
        try:
            yield pool
        except BaseException:
            # what they have finished is on disk: nothing is lost that would be worth waiting for
            for worker in context.workers:
                if worker.is_alive():
                    worker.terminate()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    if not has_begun.value:
        context.check_starts()


def check_may_start() -> None:
    """Raise InputError where no process may be started.

    A worker process that is still importing the main script, and would start workers of its own, ends here without a word:
    its parent says why.
    """
    if getattr(current_process(), "_inheriting", False):  # what multiprocessing itself goes by
        sys.exit(_STARTED_BY_ITS_IMPORT)
    if current_process().daemon:
        raise InputError(
            "a process of a multiprocessing.Pool may start none: give an executor, such as a ThreadPoolExecutor"
        )


def _begin(has_begun: Any, told: Any) -> None:
    has_begun.value = 1
    share(told)


def check_can_be_sent(work: Callable[..., Any], arguments: tuple) -> None:
    """Raise InputError unless a worker process can find all that the work and its arguments refer to."""
    try:
        sent = pickle.dumps((work, arguments))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise InputError(f"worker processes cannot be given this work: {error}; define it in a module") from None
    if not _has_importable_main():
        _Importer(BytesIO(sent)).load()


class _Importer(pickle.Unpickler):
    """As in a process that knows nothing of what was typed into a notebook."""

    def find_class(self, module: str, name: str) -> Any:
        if module == "__main__":
            raise InputError(
                f"{name} is defined in a notebook or on the command line, where worker processes cannot find it: define it "
                "in a module (a file of its own) and import it"
            )
        return super().find_class(module, name)


class _WatchfulContext(SpawnContext):
    """Remembers the processes that it starts."""

    def __init__(self) -> None:
        self.workers: list[SpawnProcess] = []

    def Process(self, *arguments: Any, **options: Any) -> SpawnProcess:  # type: ignore[override]
        # those that ended well are forgotten: each keeps pipes open
        self.workers = [worker for worker in self.workers if worker.exitcode != 0]
        self.workers.append(SpawnProcess(*arguments, **options))
        return self.workers[-1]

    def check_starts(self) -> None:
        """Raise InputError if a process ended by itself."""
        codes = [worker.exitcode or 0 for worker in self.workers]
        if _STARTED_BY_ITS_IMPORT in codes:
            raise InputError(f"each worker process imports the script that starts it, and would start workers: {GUARD}")
        if max(codes, default=0) > 0:
            raise InputError(f"the worker processes failed while they imported the script: {GUARD}")


def _has_importable_main() -> bool:
    """Whether spawned processes find what the main module defines: see multiprocessing.spawn.get_preparation_data."""
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    if spec is not None:  # python -m; of a package or an archive, __main__.py is not imported
        return spec.name.rpartition(".")[2] != "__main__"
    file = getattr(main, "__file__", None)  # of a script it is an absolute path
    return file is not None and os.path.isabs(file) and os.path.exists(file)


@contextmanager
def _main_module_that_can_be_imported() -> Iterator[None]:
    """A script read from standard input has the file name '<stdin>', which workers would look for."""
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)
    if getattr(main, "__spec__", None) is not None or file is None or _has_importable_main():
        yield
        return
    del main.__file__
    try:
        yield
    finally:
        main.__file__ = file
