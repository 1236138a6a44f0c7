"""Lock files: turns are taken, the owner is named, what the dead leave is removed."""

import json
import os
import subprocess
import sys
import threading

import pytest

from rate2spike.errors import InputError
from rate2spike.io.lock_file import exclusive, is_dead, this_process


def test_one_owner_at_a_time(tmp_path):
    lock, inside, worst = tmp_path / ".f.lock", [], []

    def work():
        for _ in range(20):
            with exclusive(lock, "write f"):
                inside.append(1)
                worst.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(worst) == 1 and len(worst) == 80
    assert os.listdir(tmp_path) == []


def test_a_living_owner_is_named(tmp_path):
    lock = tmp_path / ".f.lock"
    message = f"cannot write f: in use by process {os.getpid()} on"
    with (
        exclusive(lock, "write f"),
        pytest.raises(InputError, match=message),
        exclusive(lock, "write f", patience_s=0.05),
    ):
        pass
    assert not lock.exists()


def test_what_a_killed_process_left_is_removed(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    lock = tmp_path / ".f.mat.lock"
    lock.write_text(json.dumps(this_process() | {"pid": process.pid}))
    (tmp_path / f".f.mat.{process.pid}.x.tmp").write_text("half")
    with exclusive(lock, "write f", patience_s=5):
        assert json.loads(lock.read_text())["pid"] == os.getpid()
    assert os.listdir(tmp_path) == []


def test_a_killed_owner_blocks_nobody(tmp_path):
    lock = tmp_path / ".f.lock"
    code = f"""
import time
from pathlib import Path
from rate2spike.io.lock_file import exclusive
with exclusive(Path({str(lock)!r}), "write f"):
    print("ready", flush=True)
    time.sleep(60)
"""
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert owner.stdout.readline() == "ready\n"
    with pytest.raises(InputError, match=f"in use by process {owner.pid}"), exclusive(lock, "write f", patience_s=0.1):
        pass
    owner.kill()
    owner.wait()
    owner.stdout.close()
    with exclusive(lock, "write f", patience_s=5):
        pass
    assert os.listdir(tmp_path) == []


def test_an_owner_is_dead_when_its_process_is_gone_or_its_number_was_reused():
    owner = this_process()
    assert not is_dead(owner)
    assert not is_dead(owner | {"host": "elsewhere"})
    if os.name != "nt":
        assert is_dead(owner | {"pid": 2**22 + 1})
    if owner["started"] is not None:
        assert is_dead(owner | {"started": owner["started"] - 1})
