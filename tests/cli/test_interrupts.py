"""Ctrl-C at any moment, and readers that stop: one line, nothing left that blocks the same command, no work lost."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from rate2spike.matlab_compat.model_file import load_model

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals and pipes")
R2S = (sys.executable, "-m", "rate2spike")
SMALL = ("--N", "20", "--task", "go-nogo", "--decay_taus", "4", "20", "--seed", "1")


def start(*command, **streams):
    """A process group of its own, as a terminal makes one, which SIGINT and SIGHUP reach, also where we run behind nohup."""

    def as_on_a_terminal():
        for name in (signal.SIGINT, signal.SIGHUP):
            signal.signal(name, signal.SIG_DFL)

    return subprocess.Popen(
        [str(word) for word in command],
        text=True,
        start_new_session=True,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams,
        preexec_fn=as_on_a_terminal,
    )


def wait_until(happened, process):
    deadline = time.monotonic() + 120
    while not happened():
        assert process.poll() is None and time.monotonic() < deadline, process.stderr.read()
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("command", "module"),  # the interrupt comes when this one has been imported
    [
        (R2S, "rate2spike.cli"),
        (R2S, "numpy"),
        (R2S, "numba.core.errors"),
        (("spiking/lambda_grid_search.py",), "rate2spike.cli"),
        (("rate/main.py",), "rate2spike.cli.arguments"),
    ],
)
def test_ctrl_c_while_modules_are_imported(command, module, repository, tmp_path, go_nogo_path):
    if command is R2S:
        words = (*R2S[1:], "evaluate", go_nogo_path)
    elif command[0].startswith("rate"):
        words = (repository / command[0], *SMALL, "--run_folder", tmp_path / "run")
    else:
        words = (repository / command[0], go_nogo_path)
    process = start(sys.executable, "-X", "importtime", *words)
    for line in process.stderr:
        if line.split("|")[-1].strip() == module:
            break
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    ours = [line for line in error.splitlines() if not line.startswith("import time:")]
    assert process.returncode == 130 and len(ours) == 1, error
    assert ours[0].endswith("interrupted: run the same command again")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "flags", [("--run_folder", "run"), ("--seeds", "1-2", "--n-workers", "2", "--run_folder", "run")]
)
def test_ctrl_c_while_tensorflow_starts(flags, tmp_path):
    network = SMALL[:-2] if "--seeds" in flags else SMALL
    process = start(*R2S, "train", *network, "--n_trials", 100_000, *flags, cwd=tmp_path)
    time.sleep(1.5)  # whatever is going on then
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    last = error.splitlines()[-1]
    assert process.returncode == 130 and "Traceback" not in error and "TensorArray" not in error, error
    if not last.endswith("the same command with --resume goes on"):  # a slower machine than any: it had begun
        assert last == "rate2spike train: interrupted: run the same command again"
        assert not list(tmp_path.iterdir())


def test_ctrl_c_in_a_shared_out_search_is_answered_once(tmp_path, go_nogo_path):
    for name in ("a", "b"):
        shutil.copy(go_nogo_path, tmp_path / f"{name}.mat")
    process = start(*R2S, "search", tmp_path, "--task", "go-nogo", "--seed", 1, "--n-trials", 2000, "--n-workers", 2)
    wait_until(lambda: list(tmp_path.glob("*.search.json")), process)
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130 and error.count("\n") == 1 and "run the same command to go on" in error, error
    for path in tmp_path.glob("*.search.json"):
        assert json.loads(path.read_text())["owner"] is None
    assert all(load_model(path).scaling_factor is None for path in tmp_path.glob("*.mat"))


@pytest.mark.parametrize("command", ["train", "historic", "run"])
def test_ctrl_c_before_the_first_update_leaves_nothing(command, cli, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("rate2spike.rate.training_run.TrainingRun._update", interrupted)
    words = {
        "train": ("train", *SMALL, "--run_folder", tmp_path / "run"),
        "historic": ("train", *SMALL, "--output_dir", tmp_path / "new"),
        "run": ("run", *SMALL, "--output_dir", tmp_path, "--name", "x"),
    }[command]
    for _ in range(2):  # the same command is not blocked
        code, printed, error = cli(*words)
        assert code == 130 and not printed, error
        assert error.splitlines()[-1] == f"rate2spike {words[0]}: interrupted: run the same command again"
        assert not list(tmp_path.iterdir())


def test_training_goes_on_when_its_reader_has_seen_enough(tmp_path):
    """As in `train ... 2>&1 | head -1`."""
    folder = tmp_path / "run"
    process = start(*R2S, "train", *SMALL, "--n_trials", 3, "--run_folder", folder, stderr=subprocess.STDOUT)
    assert process.stdout.readline().startswith("training go-nogo")
    process.stdout.close()
    assert process.wait(timeout=120) == 0
    assert load_model(folder / "model.mat").last_update == 2


@pytest.mark.parametrize(
    ("redirection", "code", "printed"),
    [
        (">&-", 0, ""),
        ("2>&-", 0, "neurons"),
        ("<&- >&- 2>&-", 0, ""),
        ("2>&1 >/dev/full", 2, "rate2spike inspect: the output could not be written: No space left on device\n"),
        ("2>&1 >/dev/full", 2, "rate2spike: the output could not be written: No space left on device\n"),
    ],
)
def test_closed_and_full_streams(redirection, code, printed, go_nogo_path):
    if "full" in redirection and not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    words = ("--help",) if printed.startswith("rate2spike:") else ("inspect", str(go_nogo_path))
    command = ["sh", "-c", f'exec "$@" {redirection}', "sh", *R2S, *words]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert done.stdout == printed or (printed == "neurons" and len(done.stdout.splitlines()) > 5)
    assert "Traceback" not in done.stderr


SWALLOWED = """
import os, signal, sys, time
from rate2spike.machine.interruption import as_process

class Closing:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)

def command():
    Closing()
    for _ in range(600):
        time.sleep(0.1)
    return 0

sys.exit(as_process(command, "program"))
"""


def test_an_interrupt_that_falls_into_a_destructor_comes_again():
    """Python drops what is raised there."""
    process = start(sys.executable, "-c", SWALLOWED)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130 and error == "program: interrupted: run the same command again\n"


CUT_OFF_CLEANING_UP = """
import multiprocessing, signal, sys
from rate2spike.machine.interruption import as_process

locks = []

def command():
    locks.append(multiprocessing.get_context("spawn").Lock())
    try:
        signal.raise_signal(signal.SIGINT)
    finally:
        signal.raise_signal(signal.SIGINT)

sys.exit(as_process(command, "program"))
"""


def test_an_interrupt_while_another_one_is_answered_adds_no_line():
    process = start(sys.executable, "-c", CUT_OFF_CLEANING_UP)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130 and error == "program: interrupted: run the same command again\n"


def test_a_closed_terminal_does_not_cut_off_the_saving():
    """It sends SIGHUP twice."""
    again = "        signal.raise_signal(signal.SIGINT)\n\nsys.exit"
    code = CUT_OFF_CLEANING_UP.replace(again, again.replace("\n\n", "\n        print('saved', flush=True)\n\n"))
    process = start(sys.executable, "-c", code.replace("SIGINT", "SIGHUP"))
    printed, error = process.communicate(timeout=60)
    assert (
        process.returncode == 129
        and printed == "saved\n"
        and error == "program: interrupted: run the same command again\n"
    )
