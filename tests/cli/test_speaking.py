"""How commands speak: 80 columns, JSON, the next step, quiet and verbose; the commands that explain."""

import json
import logging
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rate2spike.cli import columns, findings
from rate2spike.cli.commands import SHOWN
from rate2spike.cli.main import main
from rate2spike.cli.speaking import command
from rate2spike.rate import tasks

SMALL = ("--task", "afc", "--N", 12, "--n_trials", 2, "--seed", 1)


@pytest.fixture
def model(tmp_path, go_nogo_path):
    """A searched model in a folder whose name has a blank."""
    folder = tmp_path / "my models"
    folder.mkdir()
    path = Path(shutil.copy(go_nogo_path, folder / "net.mat"))
    words = ["search", str(path), "--task", "go-nogo", "--scaling-factors", "25", "--n-trials", "4", "--seed", "1"]
    assert main([*words, "-q"]) == 0
    return path


def test_nothing_breaks_inside_a_number_an_interval_or_a_path():
    path = "/a/very-long/path-with-hyphens/" + 80 * "x"
    text = columns.wrapped(
        f"take 12 ms and 95 % of 100 000 steps 0.5 [0.123, 0.456] 1.0 ± 0.2 --n-trials {path} " * 6, width=60
    )
    assert all(len(line) <= 60 for line in text.splitlines() if path not in line)
    joined = text.split("\n")
    for whole in ("12 ms", "95 %", "100 000", "[0.123, 0.456]", "1.0 ± 0.2", "--n-trials", path):
        assert sum(line.count(whole) for line in joined) == 6, whole


def test_a_wide_table_is_laid_in_blocks_that_each_name_the_network(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    lines = columns.aligned([("network", *(f"column {k}" for k in range(12))), ("a", *("0.123 [0.1, 0.2]",) * 12)])
    assert max(map(len, lines)) <= 80 and sum(line.startswith("  a ") for line in lines) > 1
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    monkeypatch.setenv("COLUMNS", "80")
    assert len(columns.aligned([("network", *("x" * 30,) * 5), ("a", *("y",) * 5)])) == 2


def test_results_on_a_terminal_fit_80_columns(cli, model, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.chdir(model.parent)
    for words in (
        ("search", model, "--force", "--scaling-factors", 25, "--n-trials", 4),
        ("evaluate", model, "--n-trials", 4),
        ("evaluate", model, model.parent, "--n-trials", 4),
        ("diagnose", model, "--n-trials", 2),
        ("inspect", model),
        ("eval-go-nogo", model),
        ("tasks",),
        ("doctor",),
    ):
        code, out, error = cli(*words)
        assert code == 0, error
        long = [line for line in out.splitlines() if len(line) > 80 and not line.startswith("next: ")]
        assert all(str(model.parent) in line and "  " not in line.strip() for line in long), long


def test_the_next_step_is_the_last_line_and_can_be_pasted(cli, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for words in (
        ("search", model),
        ("evaluate", model, "--n-trials", 4),
        ("diagnose", model, "--n-trials", 2),
        ("inspect", model),
        ("tasks",),
        ("tasks", "xor"),
        ("doctor",),
        ("train", *SMALL, "--recipe", "--run_folder", tmp_path / "my run"),
    ):
        out = cli(*words)[1].splitlines()
        assert sum(line.startswith("next: ") for line in out) == 1
        next_words = shlex.split(out[-1].removeprefix("next: "))
        assert next_words[0] == "rate2spike" and next_words[1] in SHOWN
        assert cli(*next_words[1:2], "--help")[0] == 0
        for quiet in ("--json", "-q"):
            assert "next: " not in cli(*words, quiet, *(["--resume"] if words[0] == "train" else []))[1]
    code, _, error = cli(*shlex.split(cli("search", model)[1].splitlines()[-1])[2:-2], "--seed", 1)
    assert code == 0, error


def test_a_historic_script_has_no_hints(capsys, tmp_path):
    words = ["train", *map(str, SMALL), "--decay_taus", "4", "20", "--output_dir", str(tmp_path)]
    assert main(words, prog="main.py") == 0 and "next:" not in capsys.readouterr().out
    assert main(words) == 0 and "next: rate2spike search" in capsys.readouterr().out


def test_json_is_one_object_per_line_and_nothing_else(cli, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "r"
    for words, names in (
        (("search", model), {"model", "state", "best_factor", "accuracies"}),
        (("search", model, "--force", "--scaling-factors", 25, "--n-trials", 4), {"best_factor", "factors", "remarks"}),
        (("evaluate", model, "--n-trials", 4), {"accuracy", "interval_95"}),
        (("diagnose", model, "--n-trials", 2), {"findings", "figures", "type_rates_hz"}),
        (("inspect", model), {"file", "task", "variables"}),
        (("train", *SMALL, "--recipe", "--run_folder", run), {"model", "criteria_met", "accuracy", "seed"}),
        (("train", "--mode", "eval", "--model", run, "--n_trials", 2), {"accuracy", "loss", "figure"}),
        (("train", "--run_folder", run, "--resume"), {"model", "criteria_met"}),
        (("tasks",), {"tasks"}),
        (("tasks", "xor"), {"options", "options_s", "criteria"}),
        (("doctor",), {"fine", "findings"}),
        (("matlab-path",), {"folder", "addpath"}),
        (("eval-go-nogo", model), {"figures", "seed"}),
    ):
        code, out, error = cli(*words, "--json")
        assert code == 0, error
        (line,) = out.splitlines()
        assert names <= json.loads(line).keys(), words
    two = cli("search", model, run, "--json")[1].splitlines()
    assert [json.loads(line)["state"] for line in two][:1] == ["already done"] and len(two) == 2


def test_run_says_its_summary_as_json(cli, tmp_path):
    words = ("--scaling-factors", 20, "--search-trials", 2, "--evaluation-trials", 2, "--run_folder", tmp_path / "r")
    for more in ((), ("--resume",)):
        code, out, error = cli("run", *SMALL, *words, "--json", *more)
        assert code == 0, error
        assert json.loads(out)["run_folder"] == str(tmp_path / "r") and out.count("\n") == 1


def test_quiet_leaves_results_and_verbose_tells_what_is_written(cli, model):
    again = ("search", model, "--force", "--scaling-factors", 25, "--n-trials", 4)
    _, loud, progress = cli(*again)
    code, out, error = cli(*again, "-q")
    assert code == 0 and "factor 25: accuracy" in progress
    assert loud.startswith(out) and "best scaling factor" in out
    assert "factor 25: accuracy" not in error
    error = cli(*again, "-v")[2]
    assert (
        f"rate2spike: wrote {model}" in error
        and "rate2spike: seed drawn: " in error
        and "rate2spike: threads: " in error
    )
    logger = logging.getLogger("rate2spike")
    assert logger.level == logging.NOTSET and all(isinstance(h, logging.NullHandler) for h in logger.handlers)


def test_warnings_stay_when_quiet(cli, model):
    error = cli("search", model, "--force", "--scaling-factors", 200, "--n-trials", 4, "--seed", 1, "-q")[2]
    assert "warning: " in error


def test_tasks_lists_options_with_units_and_draws_the_timing(cli):
    code, out, _ = cli("tasks", "go-nogo", "--task-option", "stim_dur=50")
    assert code == 0 and max(map(len, out.splitlines())) <= 80
    for words in (
        "200 steps of 5 ms, 1 s",
        "stim_dur   50 steps   0.25 s",
        "loss below 7",
        "above 0.95",
        "update 1500",
    ):
        assert words in out
    rows = {line.split()[0]: line.split()[1] for line in out.splitlines() if line.endswith(("_", "#"))}
    assert rows.keys() == {"input", "target", "scored"} and len({*map(len, rows.values())}) == 1
    n = len(rows["input"])
    assert rows["input"].index("#") / n == pytest.approx(0.25, abs=0.02)
    assert rows["target"].index("#") / n == pytest.approx(0.5, abs=0.02) == rows["scored"].index("#") / n
    for name in tasks.TASKS:
        out = cli("tasks", name, "-q")[1]
        assert max(map(len, out.splitlines())) <= 80 and all(option in out for option in tasks.get(name).options())
    code, _, error = cli("tasks", "gonogo")
    assert code == 2 and "did you mean go-nogo?" in error


def test_doctor_advises_where_something_is_amiss(cli, tmp_path, monkeypatch):
    code, out, _ = cli("doctor")
    assert code == 0 and "  fine    rate2spike: " in out and "tensorflow " in out
    monkeypatch.setattr(findings, "LIBRARIES", ("numpy", "no-such-library"))
    monkeypatch.setattr(findings, "places", lambda: [("this folder", tmp_path / "absent")])
    code, out, _ = cli("doctor")
    assert code == 0 and out.count("  advice") >= 2
    said = " ".join(out.split())
    assert "-> install what is missing: pip install no-such-library" in said and "absent cannot be written" in said
    values = json.loads(cli("doctor", "--json")[1])
    assert values["fine"] is False and any(item["advice"] for item in values["findings"])


def test_doctor_does_not_import_tensorflow_where_there_is_no_gpu():
    code = "import sys; from rate2spike.cli.main import main; main(['doctor', '-q']); assert 'tensorflow' not in sys.modules"
    environment = {**os.environ, "PATH": os.path.dirname(sys.executable)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert "neither is on the PATH" in done.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["se"], ["search"]),
        (["matlab-b"], []),
        (["tasks", "g"], ["go-nogo"]),
        (["train", "--task", "m"], ["mante"]),
        (["search", "--neuron", "e"], ["eif"]),
        (["search", "--neuron", "=", "e"], ["eif"]),
        (["search", "--neuron", "eif", "a "], ["a file"]),
        (["train", "--act", "soft"], ["softplus"]),
        (["search", "m", "--strat"], ["--strategy"]),
        (["help", "diag"], ["diagnose"]),
        (["export", "m", "--to", "n"], ["nir", "nwb", "neo"]),
        (["no-such-command", ""], []),
    ],
)
def test_bash_completes_commands_flags_choices_tasks_and_files(tmp_path, capsys, typed, offered):
    assert main(["completion", "bash"]) == 0
    (tmp_path / "complete").write_text(capsys.readouterr().out)
    (tmp_path / "a file").touch()
    code = (
        'source ./complete; COMP_WORDS=(rate2spike "$@"); COMP_CWORD=$#; _rate2spike; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-uc", code, "bash", *typed], cwd=tmp_path, capture_output=True, text=True)
    assert not done.stderr and done.stdout.split("\n")[:-1] == (offered or [""])


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_a_script_that_names_every_command(cli, shell, tmp_path):
    code, out, _ = cli("completion", shell)
    assert code == 0 and all(name in out for name in SHOWN) and "matlab-bridge" not in out
    if shutil.which(shell):
        (tmp_path / "script").write_text(out)
        assert subprocess.run([shell, "-n", str(tmp_path / "script")]).returncode == 0


def test_paths_are_quoted_for_a_shell():
    assert command("search", Path("my models/it's.mat")) == """rate2spike search 'my models/it'"'"'s.mat'"""
