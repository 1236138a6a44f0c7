"""What every command does. A new one adds a line to MISSING; the first test finds those that are not listed."""

import pkgutil
import subprocess
import sys
from importlib import import_module

import pytest

import rate2spike.cli
from rate2spike.cli.main import COMMANDS
from rate2spike.matlab_compat.matfile import loadmat

# command: words that name a file which is not there; None: it takes none
MISSING = {
    "run": ("--task", "go-nogo", "--config", "{absent}.toml"),
    "train": ("--config", "{absent}.toml"),
    "search": ("{absent}.mat",),
    "evaluate": ("{absent}.mat",),
    "diagnose": ("{absent}.mat",),
    "simulate": ("{absent}.mat", "--input", "{absent}.mat", "--output", "o.mat"),
    "context": ("--dataset", "shd", "--data_path", "{absent}"),
    "inspect": ("{absent}.mat",),
    "export": ("{absent}.mat", "--to", "nir", "--output", "o.nir"),
    "import": ("{absent}.nir",),
    "matlab-path": None,
    "matlab-bridge": ("{absent}.mat", "answer.mat"),
    "eval-go-nogo": ("{absent}.mat",),
}
every_command = pytest.mark.parametrize("command", MISSING)


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_every_command_of_the_room_is_listed():
    assert set(MISSING) == set(COMMANDS)
    names = [f"rate2spike.cli.{item.name}" for item in pkgutil.iter_modules(rate2spike.cli.__path__)]
    commands = {name for name in names if {"run", "add_arguments"} <= vars(import_module(name)).keys()}
    assert commands == {module for module, _ in COMMANDS.values()}


@every_command
def test_it_explains_itself_without_tensorflow(command):
    code = """
import sys
from rate2spike.cli.main import main
try:
    main(sys.argv[1:])
finally:
    assert 'tensorflow' not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code, command, "--help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: rate2spike {command}") and len(done.stdout.splitlines()) > 5


@every_command
def test_a_flag_that_does_not_exist_is_one_line(command, cli, tmp_path):
    words = [word.format(absent="absent") for word in MISSING[command] or ()]
    code, out, error = cli(command, *words, "--colour", "red")
    assert code == 2 and not out and error.count("\n") == 1
    assert error.startswith(f"rate2spike {command}: ") and "unrecognized arguments: --colour red" in error
    assert f"rate2spike {command} --help" in error and not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", [name for name, words in MISSING.items() if words])
def test_a_file_that_is_not_there_is_one_line(command, cli, tmp_path):
    code, out, error = cli(command, *(word.format(absent=tmp_path / "absent") for word in MISSING[command]))
    assert code == 2 and not out
    if command == "matlab-bridge":  # MATLAB shows what the answer holds
        assert not error
        error = loadmat("answer.mat")["error_message"] + "\n"
        (tmp_path / "answer.mat").unlink()
    assert error.count("\n") == 1 and str(tmp_path / "absent") in error
    assert not list(tmp_path.iterdir())
