"""What the commands say fits the command: its flags, its counting, its defaults; a typing error is met first."""

import shutil
import warnings

import pytest

from rate2spike.cli.arguments import Parser, without_flags
from rate2spike.cli.main import main
from rate2spike.errors import InputError, nearest
from rate2spike.rate.recipes import FIELDS


@pytest.fixture
def model(tmp_path, go_nogo_path):
    return shutil.copy(go_nogo_path, tmp_path / "go-nogo.mat")


def test_units_are_counted_as_the_flag_counts_them(cli, model):
    code, _, error = cli("evaluate", model, "--scaling-factor", 25, "--lesion", "190-300", "--n-trials", 2)
    assert code == 2 and error.strip() == "rate2spike evaluate: --lesion 190-300: the network has units 1 to 200"
    assert cli("evaluate", model, "--scaling-factor", 25, "--lesion", "200", "--n-trials", 2)[0] == 0


def test_errors_name_no_flag_that_the_command_lacks(cli, model):
    assert cli("eval-go-nogo", model)[2].endswith("the model has no scaling factor yet: search for it first\n")
    assert "first (--scaling-factor)" in cli("evaluate", model)[2]
    assert cli("search", model, "--scaling-factors", 0)[2].endswith(
        "scaling factor must be positive, got 0 (--scaling-factors)\n"
    )
    assert "got 0 (--scaling-factor)" in cli("evaluate", model, "--scaling-factor", 0)[2]
    code, _, error = cli("run", "--task", "xor", "--evaluation-trials", 10**15)
    assert (
        code == 2 and "at most 100000000, got 1000000000000000 (--evaluation-trials)" in error
    )  # --n_trials means something else there


def test_flags_are_left_out_in_either_spelling():
    parser = Parser("p", None)
    parser.add_argument("--n_trials")
    with pytest.raises(InputError, match=r"^few \(--n-trials\), none \(1 s\)$"), parser.own_flags():
        raise InputError("few (--n-trials), none (--dt-ms) (1 s)")
    assert without_flags("a (b), c (give --d E)") == "a (b), c"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--task", "gonogo"], "unknown task 'gonogo': choose from go-nogo, xor, mante, dms, afc, sine, or"),
        (["--task", "gonogo", "--resume"], "did you mean go-nogo?"),
        (
            ["--act", "sigmiod"],
            "unknown activation 'sigmiod': choose from sigmoid, clipped_relu, softplus; did you mean sigmoid?",
        ),
        (["--task", "xor", "--task-option", "stimdur=3"], "amplitude; did you mean stim_dur? (--task-option)"),
        (["--N", "-3"], "number of units must be a whole number from 1"),
        (["--seed", "-1"], "seed must be a whole number"),
        (["--som_N", "300"], "--output_dir, --N, --task, --decay_taus must be given"),  # depends on N
        (["--task-option", "delay=3"], "--output_dir, --N, --task, --decay_taus must be given"),  # depends on the task
    ],
)
def test_a_wrong_value_is_met_before_a_missing_flag(cli, arguments, message):
    code, _, error = cli("train", *arguments)
    assert code == 2 and message in error and len(error.splitlines()) == 1


def test_a_flag_that_does_not_exist_is_met_before_a_missing_one(cli):
    for arguments, message in (
        (
            ["simulate", "m.mat", "--imput", "i.mat", "--output", "o.mat"],
            "arguments: --imput i.mat; did you mean --input?",
        ),
        (["export", "m.mat", "--too=nir", "--output", "o.nir"], "unrecognized arguments: --too=nir"),
        (["evaluate", "m.mat", "--n-trial", "5"], "did you mean --n-trials?"),
    ):
        code, _, error = cli(*arguments)
        assert code == 2 and message in error and len(error.splitlines()) == 1


def test_a_task_that_does_not_exist_is_met_before_any_file(cli):
    for command in ("search", "evaluate", "diagnose"):
        assert "did you mean go-nogo?" in cli(command, "nothere", "--task", "gonogo")[2]


def test_run_too_meets_a_wrong_value_first(cli):
    assert "did you mean sigmoid?" in cli("run", "--act", "sigmod")[2]


def test_nearest():
    assert nearest("GoNoGo", ["go-nogo", "xor"]) == "; did you mean go-nogo?"
    assert nearest("dance", ["go-nogo", "xor"]) == ""


def test_warnings_look_as_before_when_a_command_has_ended(cli):
    before = warnings.showwarning
    assert cli("train", "--task", "dance")[0] == 2 and warnings.showwarning is before


def test_help_of_run_states_the_defaults_of_run(capsys):
    helps = {}
    for command in ("run", "train"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        helps[command] = " ".join(capsys.readouterr().out.split())
    assert "trials per update (default: as the task's recipe says)" in helps["run"]
    assert helps["run"].count("(default: as the task's recipe says)") == len(FIELDS | {"tau_steps"})
    assert "number of units (default: 200)" in helps["run"] and "trials in eval" not in helps["run"]
    assert "trials per update (default: 1, as published)" in helps["train"]


def test_a_flag_before_the_command_is_told_its_place(cli):
    code, _, error = cli("-v", "evaluate", "go.mat", "--n-trials", 2)
    assert code == 2 and "the command comes first: rate2spike evaluate -v ..." in error


def test_train_without_settings_names_the_recipe(cli, tmp_path):
    flags = "train", "--task", "go-nogo", "--N", 30, "--output_dir", tmp_path
    assert "--decay_taus must be given in this mode; --recipe has settings for the task" in cli(*flags)[2]
    assert "--recipe" not in cli(*flags, "--mode", "eval")[2]
