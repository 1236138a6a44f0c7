"""What this process may use of the machine: memory and cores, within its container, its batch job and its shell's limits.

`root` is where the system's own files are looked for: /, except in tests.
"""

import math
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

# cores that a batch system gave to the task or, where there are no tasks, to the job on this node
_BATCH_CORES = (
    "SLURM_CPUS_PER_TASK",
    "SLURM_CPUS_ON_NODE",
    "NCPUS",  # PBS
    "NSLOTS",  # Grid Engine
    "LSB_DJOB_NUMPROC",  # LSF
)


def usable_cores(root: Path = Path("/"), environment: Mapping[str, str] = os.environ) -> int:
    """Cores this process may use: the least of what affinity, control groups and the batch system allow; at least 1.

    Windows and macOS do not tell what a process may use: all cores there.
    """
    return max(math.ceil(min(limit for _, limit in core_limits(root, environment))), 1)


def cores_of_machine() -> int:
    """Cores that there are, whoever may use them."""
    return os.cpu_count() or 1


def core_limits(root: Path = Path("/"), environment: Mapping[str, str] = os.environ) -> list[tuple[str, float]]:
    """What limits the cores of this process, each with its name."""
    affinity = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    batch = [(f"the batch system ({name})", _number(environment.get(name, ""))) for name in _BATCH_CORES]
    groups = [("the container or control group", _cpu_quota(group)) for group in _control_groups("cpu", root)]
    return [("the process's affinity", affinity), *((what, limit) for what, limit in (*batch, *groups) if limit)]


def available_bytes(root: Path = Path("/")) -> float | None:
    """Memory that can be had without swapping or being killed; None where the system does not tell."""
    limits = [
        _free_of_machine(root),
        _left_of_address_space(root),
        *map(_left_of_group, _control_groups("memory", root)),
    ]
    return min((limit for limit in limits if limit is not None), default=None)


def _free_of_machine(root: Path) -> float | None:
    for line in _text(root / "proc/meminfo").splitlines():
        words = line.split()
        if words[:1] == ["MemAvailable:"] and (kib := _number(*words[1:2])) is not None:
            return kib * 1024
    try:
        return float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows
        return None


def _left_of_address_space(root: Path) -> float | None:
    """Of `ulimit -v`. Linux alone enforces it, and tells what is used."""
    if sys.platform != "linux":
        return None
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    used_pages = _text(root / "proc/self/statm").split()
    if limit == resource.RLIM_INFINITY or not used_pages:
        return None
    return max(limit - float(used_pages[0]) * resource.getpagesize(), 0.0)


def _control_groups(controller: str, root: Path) -> Iterator[Path]:
    """Folders of this process's control groups, each before its parent: of version 2, and of version 1's controller."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        controllers, _, name = line.partition(":")[2].partition(":")
        if not name or (controllers and controller not in controllers.split(",")):
            continue
        # version 2 is alone, or beside version 1
        places = (controllers, controller) if controllers else (".", "unified")
        mount = next((folder for place in places if (folder := root / "sys/fs/cgroup" / place).is_dir()), None)
        if mount is None:
            continue
        own = mount / name.lstrip("/")
        if ".." in own.parts or not own.is_dir():  # a container sees its own group as the top, under the name outside
            own = mount
        yield own
        yield from (parent for parent in own.parents if parent.is_relative_to(mount))


def _left_of_group(group: Path) -> float | None:
    """Memory that a group may still take; cached files that nobody reads any more are given up for it."""
    limits = _numbers(group, "memory.max", "memory.high", "memory.limit_in_bytes")
    used = max(_numbers(group, "memory.current", "memory.usage_in_bytes"), default=0.0)
    if not limits:
        return None
    # version 1 counts those of the groups inside apart
    counts = dict(line.partition(" ")[::2] for line in _text(group / "memory.stat").splitlines())
    cached = _number(counts.get("total_inactive_file", counts.get("inactive_file", ""))) or 0.0
    return max(min(limits) - used + min(cached, used), 0.0)


def _cpu_quota(group: Path) -> float | None:
    """Cores' worth of time that a group may take."""
    words = _text(group / "cpu.max").split() or [_text(group / f"cpu.cfs_{name}_us") for name in ("quota", "period")]
    quota, period = map(_number, (*words, "", "")[:2])
    return quota / period if quota is not None and period else None


def _numbers(group: Path, *names: str) -> list[float]:
    """The numbers in those of the files that there are, and that do not say "max"."""
    found = (_number(_text(group / name)) for name in names)
    return [number for number in found if number is not None]


def _number(text: str = "") -> float | None:
    """A whole number from 0; None for "max", -1, nothing and whatever else a system may say."""
    return float(text) if text.strip().isdecimal() else None


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""
