"""λ search over a folder of models as independent units of work: processes, a Dask cluster, or shards of a job array.

One unit is one model file, searched by one thread; its claim and its finished values stand beside it (`search_each`), so
that everything resumes, and a worker that dies costs its unit alone. All give the numbers of one process.
"""

import re
import secrets
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

from rate2spike.errors import InputError
from rate2spike.machine.resource_limits import usable_cores
from rate2spike.matlab_compat.model_paths import model_files
from rate2spike.spiking.search.claim import read_claim
from rate2spike.spiking.search.files import SearchedFile, SearchState, release, search_unit, validated_task
from rate2spike.spiking.search.options import SearchExecution, SearchOptions
from rate2spike.work_units import WorkerDied, run_units


def search_population(
    paths: str | Path | Iterable[str | Path],
    options: SearchOptions | None = None,
    execution: SearchExecution | None = None,
    *,
    executor: Executor | None = None,
) -> Iterator[SearchedFile]:
    """Search the models that the paths mean (see `model_files`), yielding what became of each as they come.

    executor: any concurrent.futures one, whose workers see the folder under the same path; without one, processes, as many as
    `execution` says (default: one per core that this process may use). Its shard 'i/n' takes the i-th of n parts of the
    files. A file that cannot be searched does not stop the others. Raises InputError.
    """
    options, execution = options or SearchOptions(), execution or SearchExecution()
    options.check()
    own = replace(
        execution, n_threads=1, n_workers=None, scheduler=None, shard=None, run=secrets.token_hex(8)
    )  # of a worker
    given = model_files(*([paths] if isinstance(paths, str | Path) else paths))
    files = [file.resolve() for file in of_shard(given, execution.shard)]
    if len(files) == 1:
        validated_task(files[0], options)
    try:
        units = {file: (file, options, own) for file in files}
        n_workers = execution.n_workers or min(usable_cores(), max(len(files), 1))
        for file, outcome in run_units(search_unit, units, executor=executor, n_workers=n_workers):
            if isinstance(outcome, WorkerDied):
                outcome = SearchedFile(file, SearchState.FAILED, outcome.message)
            yield outcome
    finally:
        _release_claims(files, own.run)


def of_shard(files: list[Path], shard: str | None) -> list[Path]:
    """Every n-th file from the i-th on, for 'i/n'; all for None. Raises InputError."""
    if shard is None:
        return files
    match = re.fullmatch(r"([1-9]\d{0,6})/([1-9]\d{0,6})", shard)
    if not match or int(match[1]) > int(match[2]):
        raise InputError(f"{{shard}} must be I/N with I from 1 to N, such as 2/8; got {shard!r}", "shard")
    return files[int(match[1]) - 1 :: int(match[2])]


def _release_claims(files: list[Path], run: str | None) -> None:
    """Give up what workers of this run still hold: they were ended, or died."""
    for file in files:
        claim = read_claim(file)
        if claim and claim.owner and claim.owner.get("run") == run:
            release(file, claim)
