"""Fixtures of all tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"
# for `import helpers` and the scripts of docs/; these folders only, never the repository root
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "docs")]

# as set_threads has it: whichever test is the first to start TensorFlow in a process, fits in it and in workers are the same
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).parent.parent


@pytest.fixture(scope="session")
def golden_dir() -> Path:
    return Path(os.environ.get("RATE2SPIKE_GOLDEN", DATA / "golden"))


@pytest.fixture(scope="session")
def go_nogo_path() -> Path:
    """A Go-NoGo network trained and written by the published code."""
    return next((DATA / "models").glob("Task_go-nogo*.mat"))


@pytest.fixture(scope="session")
def xor_path() -> Path:
    """An XOR network trained and written by the published code."""
    return next((DATA / "models").glob("Task_xor*.mat"))


@pytest.fixture
def cli(capsys):
    """Run `rate2spike ARGS` in process; returns (exit code, standard output, standard error)."""
    from rate2spike.cli.main import main

    def run(*arguments):
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture(scope="session")
def octave():
    """Run Octave code in a folder; returns its output. Skips where there is no Octave, unless CI demands it."""
    program = shutil.which("octave-cli") or shutil.which("octave")
    if program is None:
        if os.environ.get("RATE2SPIKE_REQUIRE_OCTAVE"):
            pytest.fail("GNU Octave is demanded (RATE2SPIKE_REQUIRE_OCTAVE) but not installed")
        pytest.skip("GNU Octave is not installed")

    def run(code: str, folder: Path) -> str:
        done = subprocess.run(
            [program, "--no-gui", "--quiet", "--eval", code], cwd=folder, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
