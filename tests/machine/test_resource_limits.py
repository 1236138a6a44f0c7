"""What a container, a batch job, the shell and the machine allow; control groups as made-up trees of files."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rate2spike.machine.resource_limits import available_bytes, usable_cores

MIB = 2**20
UNLIMITED_V1 = 9223372036854771712
MEMINFO = f"MemTotal: {64 * 2**20} kB\nMemFree: 1 kB\nMemAvailable: {32 * 2**20} kB\n"  # 32 GiB are free
ALL_CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def system(root: Path, cgroup: str, files: dict[str, object]) -> Path:
    """A root folder with /proc and /sys/fs/cgroup."""
    contents = {"proc/meminfo": MEMINFO, "proc/self/cgroup": cgroup}
    contents |= {f"sys/fs/cgroup/{name}": f"{content}\n" for name, content in files.items()}
    for name, content in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def test_without_control_groups_the_machine_counts(tmp_path):
    assert available_bytes(system(tmp_path, "", {})) == 32 * 2**30
    assert available_bytes(system(tmp_path, "0::/\n", {"cgroup.controllers": "cpu memory"})) == 32 * 2**30


V2 = {
    "job/memory.max": 1024 * MIB,
    "job/memory.current": 700 * MIB,
    "job/memory.stat": f"anon 1\ninactive_file {300 * MIB}",
    "job/step/memory.max": "max",
    "job/step/memory.current": 600 * MIB,
}


@pytest.mark.parametrize(
    ("changes", "free_mib"),
    [
        ({}, 624),  # the parent's limit, cached files counted as free
        ({"job/step/memory.max": 800 * MIB}, 200),
        ({"job/step/memory.high": 700 * MIB}, 100),
        ({"job/step/memory.max": 500 * MIB}, 0),
    ],
)
def test_memory_of_version_2_and_of_all_parents(tmp_path, changes, free_mib):
    assert available_bytes(system(tmp_path, "0::/job/step\n", V2 | changes)) == free_mib * MIB


def test_memory_of_version_1(tmp_path):
    """Docker's layout: the group has another name inside, so that its own folder is the top one."""
    files = {
        "memory/memory.limit_in_bytes": 1024 * MIB,
        "memory/memory.usage_in_bytes": 600 * MIB,
        "memory/memory.stat": f"inactive_file 5\ntotal_inactive_file {100 * MIB}",
        "cpu,cpuacct/cpu.shares": 2,
    }
    lines = "4:memory:/docker/0a1b\n3:cpu,cpuacct:/docker/0a1b\n0::/docker/0a1b\n"
    assert available_bytes(system(tmp_path, lines, files)) == 524 * MIB
    unlimited = files | {"memory/memory.limit_in_bytes": UNLIMITED_V1}
    assert available_bytes(system(tmp_path, lines, unlimited)) == 32 * 2**30
    slurm = {f"memory/slurm/uid_0/job_1/{name.rsplit('/')[1]}": content for name, content in files.items()}
    assert available_bytes(system(tmp_path, "4:memory:/slurm/uid_0/job_1/step_0\n", unlimited | slurm)) == 32 * 2**30
    (tmp_path / "sys/fs/cgroup/memory/slurm/uid_0/job_1/step_0").mkdir()
    assert available_bytes(tmp_path) == 524 * MIB


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"a/cpu.max": "100000 100000", "a/b/cpu.max": "max 100000"}, 1),
        ({"a/cpu.max": "50000 100000", "a/b/cpu.max": "200000 100000"}, 1),
        ({"a/b/cpu.max": "max 100000"}, ALL_CORES),
        ({"a/b/cpu.max": "400000000 100000"}, ALL_CORES),
    ],
)
def test_cores_of_version_2(tmp_path, files, cores):
    assert usable_cores(system(tmp_path, "0::/a/b\n", {"a/b/cgroup.procs": ""} | files), {}) == cores


def test_cores_of_version_1(tmp_path):
    files = {"cpu,cpuacct/cpu.cfs_quota_us": 60000, "cpu,cpuacct/cpu.cfs_period_us": 100000}
    assert usable_cores(system(tmp_path, "3:cpu,cpuacct:/docker/0a1b\n", files), {}) == 1
    files["cpu,cpuacct/cpu.cfs_quota_us"] = -1
    assert usable_cores(system(tmp_path, "3:cpu,cpuacct:/docker/0a1b\n", files), {}) == ALL_CORES


@pytest.mark.parametrize(
    ("cgroup", "files"),
    [
        ("0::/\n", {"cpu.max": "100000", "memory.max": "", "memory.current": "much"}),
        ("0::/\n", {"cpu.max": "100000 0", "memory.stat": "\n \ninactive_file few"}),
        ("3:cpu:/\n", {"cpu/cpu.cfs_quota_us": 100000, "cpu/cpu.cfs_period_us": 0}),
        ("3:cpu:/\n", {"cpu/cpu.cfs_quota_us": 100000}),
        ("0::\n\nwhat is this\n", {"cpu.max": "100000 100000"}),
    ],
)
def test_files_that_say_nothing_useful_limit_nothing(tmp_path, cgroup, files):
    root = system(tmp_path, cgroup, files)
    assert (usable_cores(root, {}), available_bytes(root)) == (ALL_CORES, 32 * 2**30)
    root.joinpath("sys/fs/cgroup/memory.max").write_text(f"{MIB}")  # a limit beside odd counts holds
    assert available_bytes(root) == (MIB if cgroup == "0::/\n" else 32 * 2**30)


def test_cores_of_batch_systems(tmp_path):
    root = system(tmp_path, "", {})
    assert usable_cores(root, {"SLURM_CPUS_ON_NODE": "512", "SLURM_CPUS_PER_TASK": "1"}) == 1
    assert usable_cores(root, {"SLURM_CPUS_ON_NODE": "1"}) == 1 == usable_cores(root, {"NSLOTS": "1"})
    assert usable_cores(root, {"SLURM_CPUS_PER_TASK": "512"}) == ALL_CORES
    assert usable_cores(root, {"SLURM_CPUS_PER_TASK": "", "NCPUS": "many", "NSLOTS": "0"}) == ALL_CORES


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux alone ties processes to cores")
def test_cores_that_a_process_is_tied_to():
    """As under `taskset -c 0`."""
    code = """
import os
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
from rate2spike.machine.resource_limits import usable_cores
print(usable_cores())
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "1"


def test_nobody_else_counts_cores_or_memory(repository):
    """Whoever asks the operating system forgets the container or the batch job."""
    rooms = ("cli", "io", "machine", "matlab_compat", "rate", "spiking")
    sources = [path for room in (".", *(f"{room}/**" for room in rooms)) for path in repository.glob(f"{room}/*.py")]
    asking = {
        path.name
        for path in sources
        if re.search("cpu_count|MemAvailable|SC_PHYS_PAGES|sched_getaff", path.read_text())
    }
    assert asking == {"resource_limits.py"}


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone enforces it")
def test_a_recording_larger_than_the_address_space_allowed_is_refused(go_nogo_path):
    """As under `ulimit -v`: 1.5 GiB in 1 GiB."""
    code = f"""
import resource
import numpy as np
import rate2spike as r2s
network = r2s.SpikingNetwork.from_model(r2s.load_model({str(go_nogo_path)!r}), 50)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, resource.RLIM_INFINITY))
try:
    network.run(np.zeros((1, 20_000)), record="voltage", seed=1)
except r2s.errors.InputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "of memory, " in done.stdout and "are free: record less" in done.stdout, done.stdout + done.stderr
