"""What every command does. A new one adds a line to MISSING; the first test finds those that are not listed."""

import pkgutil
import re
import subprocess
import sys
from importlib import import_module

import pytest

import rate2spike.cli
from rate2spike.cli.commands import COMMANDS, HIDDEN, SHOWN, parser_of
from rate2spike.cli.flag_groups import ORDER, OTHERS
from rate2spike.cli.help_text import split_examples
from rate2spike.matlab_compat.matfile import loadmat

# command: words that name a file which is not there; None: it takes none
MISSING = {
    "run": ("--task", "go-nogo", "--config", "{absent}.toml"),
    "train": ("--config", "{absent}.toml"),
    "search": ("{absent}.mat",),
    "evaluate": ("{absent}.mat",),
    "diagnose": ("{absent}.mat",),
    "tune": ("{absent}.mat",),
    "simulate": ("{absent}.mat", "--input", "{absent}.mat", "--output", "o.mat"),
    "context": ("--dataset", "shd", "--data_path", "{absent}"),
    "cascade fig3": None,
    "cascade fig4": None,
    "cascade fig5": None,
    "cascade fig6": None,
    "cascade memorize": ("--run_folder", "{absent}", "--resume"),
    "cascade shd": ("--data_path", "{absent}"),
    "dendrites gradient": ("--run_folder", "{absent}", "--resume"),
    "dendrites conv": ("--run_folder", "{absent}", "--resume"),
    "dendrites classify": ("--data_path", "{absent}"),
    "dendrites continual": ("--data_path", "{absent}"),
    "dendrites stdp": ("--data_path", "{absent}"),
    "dendrites dpp": ("--run_folder", "{absent}", "--resume"),
    "twin simulate": ("--run_folder", "{absent}", "--resume"),
    "twin fit": ("--run_folder", "{absent}"),
    "twin evaluate": ("--run_folder", "{absent}"),
    "twin explore": ("--run_folder", "{absent}"),
    "twin figures": ("--run_folder", "{absent}"),
    "inspect": ("{absent}.mat",),
    "export": ("{absent}.mat", "--to", "nir", "--output", "o.nir"),
    "import": ("{absent}.nir",),
    "tasks": ("{absent}.py:Task",),
    "doctor": None,
    "matlab-path": None,
    "matlab-bridge": ("{absent}.mat", "answer.mat"),
    "eval-go-nogo": ("{absent}.mat",),
    "completion": None,
    "help": None,
}
REPORTING = [name for name in MISSING if name not in ("matlab-bridge", "completion", "help")]
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
    done = subprocess.run([sys.executable, "-c", code, *command.split(), "--help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: rate2spike {command}") and len(done.stdout.splitlines()) > 5


def help_of(command):
    return parser_of(command, f"rate2spike {command}").format_help()


@every_command
def test_its_help_fits_into_80_columns_and_breaks_no_flag_path_or_number(command):
    text = help_of(command)
    assert max(map(len, text.splitlines())) <= 80
    words = set(text.split())
    parser = parser_of(command, "p")
    for action in parser._actions:
        for word in (action.help or "").replace("%%", "%").split():
            assert word in words, f"{word} is broken"
    assert not [line for line in text.splitlines() if line.strip().startswith(("ms ", "Hz ", "GiB "))]


@every_command
def test_its_flags_stand_in_groups_that_are_known_and_the_common_ones_come_before_the_others(command):
    parser, text = parser_of(command, f"rate2spike {command}"), help_of(command)
    titles = [
        line.removesuffix(":") for line in text.splitlines() if line.endswith(":") and line.removesuffix(":") in ORDER
    ]
    assert titles == [title for title in ORDER if title in titles] and "common" in titles
    assert OTHERS not in titles, "a flag has no group: see cli/flag_groups.py"
    entries = [re.split(r"\s{2,}", line.strip())[0] for line in text.splitlines() if line.startswith("  -")]
    listed = [word for entry in entries for word in re.findall(r"(?:^|, )(-[\w-]+)", entry)]
    assert sorted(listed) == sorted(flag for action in parser._actions for flag in action.option_strings)


@every_command
def test_its_help_has_an_example_that_the_command_understands(command):
    parser = parser_of(command, "p")
    _, examples = split_examples(parser.description)
    if command in HIDDEN:
        return
    n_words = len(command.split())
    own = [words for words in (example.split()[1:] for example in examples) if words[:n_words] == command.split()]
    assert own
    for words in own:
        parser.parse_args(words[n_words:])


@every_command
def test_quiet_and_verbose_are_there(command):
    flags = parser_of(command, "p")._option_string_actions
    assert {"-q", "--quiet", "-v", "--verbose", "-h", "--help"} <= set(flags)
    assert ("--json" in flags) == (command in REPORTING)


@every_command
def test_a_typing_error_in_a_flag_says_what_was_meant(command, cli):
    words = [word.format(absent="absent") for word in MISSING[command] or ()]
    code, _, error = cli(*command.split(), *words, "--quite")
    assert code == 2 and "did you mean --quiet?" in error


def test_a_typing_error_in_a_command_says_what_was_meant(cli):
    for words in (["serch"], ["help", "serch"]):
        code, out, error = cli(*words)
        assert code == 2 and not out and error.count("\n") == 1
        assert "unknown command 'serch': choose from run, train" in error and error.count("did you mean search?") == 1
        assert "matlab-bridge" not in error


def test_the_list_of_commands_fits_and_hides_what_is_not_for_typing(cli):
    for words in ([], ["--help"], ["help"]):
        code, out, _ = cli(*words)
        assert code == 0 and max(map(len, out.splitlines())) <= 80
        assert all(f"  {name} " in out for name in SHOWN) and "matlab-bridge" not in out
    assert cli("help", "search")[1] == help_of("search")


@every_command
def test_a_flag_that_does_not_exist_is_one_line(command, cli, tmp_path):
    words = [word.format(absent="absent") for word in MISSING[command] or ()]
    code, out, error = cli(*command.split(), *words, "--colour", "red")
    assert code == 2 and not out and error.count("\n") == 1
    assert error.startswith(f"rate2spike {command}: ") and "unrecognized arguments: --colour red" in error
    assert f"rate2spike {command} --help" in error and not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", [name for name, words in MISSING.items() if words])
def test_a_file_that_is_not_there_is_one_line(command, cli, tmp_path):
    code, out, error = cli(*command.split(), *(word.format(absent=tmp_path / "absent") for word in MISSING[command]))
    assert code == 2 and not out
    if command == "matlab-bridge":  # MATLAB shows what the answer holds
        assert not error
        error = loadmat("answer.mat")["error_message"] + "\n"
        (tmp_path / "answer.mat").unlink()
    assert error.count("\n") == 1 and str(tmp_path / "absent") in error
    assert not list(tmp_path.iterdir())
