"""The child process that reads MAT v7.3 files: who is blamed when it dies."""

import os
import signal
import sys
import threading

import pytest

from rate2spike.errors import MatFileError
from rate2spike.matlab_compat import mat_v73_process
from rate2spike.matlab_compat.matfile import loadmat, savemat

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGSTOP is POSIX")


def die_during_the_next_request(child) -> None:
    """Stopped, it takes no request; half a second later it is gone."""
    pid = child._process.pid
    os.kill(pid, signal.SIGSTOP)
    threading.Timer(0.5, os.kill, (pid, signal.SIGKILL)).start()


def test_a_child_that_others_files_have_upset_dies_without_harm_to_the_next_file(tmp_path):
    path = tmp_path / "f.mat"
    savemat(path, {"w": 1}, "7.3")
    assert loadmat(path)["w"] == 1
    upset = mat_v73_process._child
    die_during_the_next_request(upset)
    assert loadmat(path)["w"] == 1
    assert mat_v73_process._child is not upset


def test_a_file_on_which_a_fresh_child_dies_is_damaged(tmp_path):
    path = tmp_path / "f.mat"
    savemat(path, {"w": 1}, "7.3")
    mat_v73_process._stop()
    die_during_the_next_request(mat_v73_process._running_child())
    with pytest.raises(MatFileError, match="crashes on it or never ends"):
        loadmat(path)
    assert loadmat(path)["w"] == 1
