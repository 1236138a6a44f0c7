"""Functions that start processes, called from scripts, modules, the command line and standard input, as people do."""

import subprocess
import sys

import pytest

GUARD = '`if __name__ == "__main__":`'
WORK = """
from rate2spike.work_units import run_units
print(sorted(run_units(pow, {"a": (2, 3), "b": (2, 5)}, n_workers=2)))
"""
RESULT = "[('a', 8), ('b', 32)]\n"
OWN_CLASS = """
from fractions import Fraction
from rate2spike.work_units import run_units
class Mine(Fraction):
    pass
if __name__ == "__main__":
    print(list(run_units(pow, {"a": (Mine(2), 3)})))
"""


def python(*arguments, folder, stdin=None):
    return subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=folder, input=stdin, capture_output=True, text=True, timeout=300
    )


def lines_about_the_guard(done) -> list[str]:
    """Those lines; nothing may be said but by the one exception of the parent."""
    assert done.returncode != 0 and done.stdout == ""
    assert done.stderr.count("Traceback") <= 1, done.stderr
    return [line for line in done.stderr.splitlines() if GUARD in line]


def test_a_population_in_a_script_without_guard(repository, tmp_path):
    done = python(repository / "tests" / "data" / "script_without_guard.py", folder=tmp_path)
    assert len(lines_about_the_guard(done)) == 1 and done.stderr.splitlines()[-1].startswith(
        "rate2spike.errors.InputError"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_module_and_a_command_in_a_script_without_guard(tmp_path):
    (tmp_path / "work.py").write_text(WORK)
    assert len(lines_about_the_guard(python("-m", "work", folder=tmp_path))) == 1
    command = """
import sys
from rate2spike.cli.main import main
flags = "--N 20 --task go-nogo --decay_taus 4 20 --n_trials 3 --seeds 1-2 --run_folder population"
sys.exit(main(["train", *flags.split()]))
"""
    (tmp_path / "command.py").write_text(command)
    done = python("command.py", folder=tmp_path)
    assert len(lines_about_the_guard(done)) == 1 and done.returncode == 2 and len(done.stderr.splitlines()) == 2


def test_a_pool_of_ones_own_in_a_script_without_guard(tmp_path):
    code = """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from rate2spike.work_units import run_units
with ProcessPoolExecutor(1, get_context("spawn")) as executor:
    print(list(run_units(pow, {"a": (2, 3)}, executor=executor)))
"""
    (tmp_path / "work.py").write_text(code)
    assert len(lines_about_the_guard(python("work.py", folder=tmp_path))) == 1


def test_a_script_that_workers_cannot_import(tmp_path):
    (tmp_path / "work.py").write_text("import sys\nassert sys.argv[0] and __name__ == '__main__'\n" + WORK)
    done = python("work.py", folder=tmp_path)
    assert done.returncode != 0 and done.stderr.splitlines()[-1].count(GUARD) == 1
    assert "failed while they imported the script" in done.stderr


def test_the_command_line_and_standard_input_need_no_guard(tmp_path):
    for done in (python("-c", WORK, folder=tmp_path), python("-", folder=tmp_path, stdin=WORK)):
        assert (done.stdout, done.stderr) == (RESULT, "")


def test_a_class_of_ones_own_needs_a_file(tmp_path):
    (tmp_path / "work.py").write_text(OWN_CLASS)
    assert python("work.py", folder=tmp_path).stdout == "[('a', Fraction(8, 1))]\n"
    for done in (python("-c", OWN_CLASS, folder=tmp_path), python("-", folder=tmp_path, stdin=OWN_CLASS)):
        assert "InputError: Mine is defined in a notebook or on the command line" in done.stderr.splitlines()[-1]
    done = python("-c", WORK.replace("pow", "lambda a, b: a"), folder=tmp_path)
    assert "InputError: worker processes cannot be given this work" in done.stderr.splitlines()[-1]


def test_a_worker_of_a_multiprocessing_pool_may_start_none(tmp_path):
    code = """
from multiprocessing import get_context
from rate2spike.work_units import run_units
def work(_):
    try:
        return list(run_units(pow, {"a": (2, 3)}))
    except ValueError as error:
        return str(error)
if __name__ == "__main__":
    with get_context("spawn").Pool(1) as pool:
        print(pool.map(work, [0]))
"""
    (tmp_path / "work.py").write_text(code)
    assert "may start none: give an executor" in python("work.py", folder=tmp_path).stdout


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_worker_killed_at_its_work_costs_its_unit_alone(tmp_path):
    code = """
import os, signal
from rate2spike.work_units import run_units
def work(key):
    return key if key else os.kill(os.getpid(), signal.SIGKILL)
if __name__ == "__main__":
    print(sorted(run_units(work, {0: (0,), 1: (1,)}), key=lambda item: item[0]))
"""
    (tmp_path / "work.py").write_text(code)
    done = python("work.py", folder=tmp_path)
    assert done.stdout.startswith("[(0, WorkerDied(message='its worker died 3 times") and "(1, 1)]" in done.stdout
    assert done.stderr == ""
