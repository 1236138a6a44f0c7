"""Appending never loses a file: killed at any moment, two writers at once, no room, no permission."""

import os
import subprocess
import sys

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.matlab_compat.matfile import append, loadmat, savemat

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")

KILLED = """
import os, random, signal, sys, time
import numpy as np
from rate2spike.matlab_compat.matfile import append, loadmat

path, count = sys.argv[1], int(sys.argv[2])
random.seed(1)
keep, seen = loadmat(path)["keep"], set()
start = time.perf_counter()
pid = os.fork()
if not pid:  # what one append takes in a process of its own, which for v7.3 starts a reader first
    append(path, {"x": np.zeros((60, 60))})
    os._exit(0)
os.waitpid(pid, 0)
longest_s = 2.5 * (time.perf_counter() - start)
n_kills = 0
while n_kills < count or (len(seen) < 4 and n_kills < 10 * count):
    n_kills += 1
    pid = os.fork()
    if not pid:
        while True:
            append(path, {"x": np.full((60, 60), time.time())})
    time.sleep(random.uniform(0, longest_s))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    found = loadmat(path)
    assert set(found) == {"keep", "x"} and np.array_equal(found["keep"], keep)
    assert (found["x"] == found["x"][0, 0]).all()
    if found["x"][0, 0] in seen:  # the kill came before an append: the machine is busier than it was
        longest_s *= 1.05
    seen.add(found["x"][0, 0])
append(path, {"last": 1})
print(len(seen), sorted(os.listdir(os.path.dirname(path))))
"""


@needs_fork
@pytest.mark.parametrize(("version", "count"), [("5", 120), ("7", 120), ("7.3", 15)])
def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path, version, count):
    path = tmp_path / "f.mat"
    savemat(path, {"keep": np.random.default_rng(0).random((80, 80)), "x": np.zeros((60, 60))}, version)
    command = [sys.executable, "-c", KILLED, str(path), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    n_seen, left = done.stdout.split(maxsplit=1)
    assert int(n_seen) > 3, "the kills came before any append"
    assert left.strip() == "['f.mat']", left


@pytest.mark.parametrize("version", ["4", "5", "7", "7.3"])
def test_processes_appending_at_once_lose_nothing(tmp_path, version):
    path = tmp_path / "f.mat"
    if version == "4":
        import scipy.io

        scipy.io.savemat(path, {"keep": 1.0}, format="4")
    else:
        savemat(path, {"keep": 1}, version)
    code = """
import sys
from rate2spike.matlab_compat.matfile import append
for k in range(25):
    append(sys.argv[1], {f"v{sys.argv[2]}_{k}": k})
"""
    writers = [subprocess.Popen([sys.executable, "-c", code, str(path), str(n)]) for n in range(3)]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
    found = loadmat(path)
    assert set(found) == {"keep"} | {f"v{n}_{k}" for n in range(3) for k in range(25)}
    assert all(found[f"v{n}_{k}"].item() == k for n in range(3) for k in range(25))
    assert os.listdir(tmp_path) == ["f.mat"]


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are a POSIX idea")
@pytest.mark.parametrize("version", ["5", "7.3"])
def test_no_room_on_the_disk_leaves_the_old_file(tmp_path, version):
    path = tmp_path / "f.mat"
    savemat(path, {"keep": 1}, version)
    before = path.read_bytes()
    code = """
import resource, signal, sys
import numpy as np
from rate2spike.matlab_compat.matfile import append
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
try:
    append(sys.argv[1], {"x": np.random.default_rng(0).random((100, 100))})
except ValueError as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=120)
    assert "Error" in done.stdout and "f.mat" in done.stdout, done
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["f.mat"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="for the super-user no folder is read-only")
def test_a_read_only_folder_is_named_and_the_file_is_kept(tmp_path):
    path = tmp_path / "f.mat"
    savemat(path, {"keep": 1})
    before = path.read_bytes()
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(InputError, match=r"cannot append to .*f\.mat: Permission denied"):
            append(path, {"x": 1})
    finally:
        tmp_path.chmod(0o700)
    assert path.read_bytes() == before
