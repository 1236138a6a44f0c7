"""Alternating timings: contestants take turns, so that a slow minute of the machine hits all of them; medians count."""

import json
import os
import platform
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import TypeVar

Name = TypeVar("Name")


def alternate(
    contestants: Mapping[Name, Callable[[], object]], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> dict[Name, list[float]]:
    """Seconds of each contestant in each of `repeats` rounds.

    A turn begins with an untimed run: a contestant is not charged for compiling, nor for refilling caches and memory after
    the one before it. clock: time.thread_time, for contestants of one thread, does not count while others have the processor.
    """
    seconds: dict[Name, list[float]] = {name: [] for name in contestants}
    for _ in range(repeats):
        for name, run in contestants.items():
            run()
            start = clock()
            run()
            seconds[name].append(clock() - start)
    return seconds


def median_of_runs(run: Callable[[], object], repeats: int) -> float:
    """Median seconds of a function, after one untimed call."""
    return medians(alternate({"run": run}, repeats))["run"]


def medians(seconds: Mapping[Name, list[float]]) -> dict[Name, float]:
    """Median per contestant."""
    return {name: median(values) for name, values in seconds.items()}


def machine() -> dict[str, str | int | None]:
    """What the numbers were measured on."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def write_results(path: Path, results: Mapping[str, float]) -> None:
    """Results with the machine they are from, in the form that `pages.py add` reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": machine(), "results": results}, indent=1) + "\n")
