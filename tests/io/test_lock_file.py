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


def test_what_a_dead_process_left_is_removed(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    lock = tmp_path / ".f.mat.lock"
    lock.write_text(json.dumps(this_process() | {"pid": process.pid}))
    (tmp_path / f".f.mat.{process.pid}.x.tmp").write_text("half")
    with exclusive(lock, "write f", patience_s=5):
        assert json.loads(lock.read_text())["pid"] == os.getpid()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "age_s", "is_broken"), [("", 60, True), ("", 0, False), ("foreign", 60, False), ("foreign", 1000, True)]
)
def test_owners_that_cannot_be_asked_are_given_time(tmp_path, content, age_s, is_broken):
    lock = tmp_path / ".f.lock"
    lock.write_text(json.dumps(this_process() | {"host": "elsewhere"}) if content else "")
    os.utime(lock, (lock.stat().st_mtime - age_s,) * 2)
    if is_broken:
        with exclusive(lock, "write f", patience_s=0.2):
            pass
    else:
        with pytest.raises(InputError, match="in use by"), exclusive(lock, "write f", patience_s=0.2):
            pass


def test_an_owner_is_dead_when_its_process_is_gone_or_its_number_was_reused():
    owner = this_process()
    assert not is_dead(owner)
    assert not is_dead(owner | {"host": "elsewhere"})
    if os.name != "nt":
        assert is_dead(owner | {"pid": 2**22 + 1})
    if owner["started"] is not None:
        assert is_dead(owner | {"started": owner["started"] - 1})
