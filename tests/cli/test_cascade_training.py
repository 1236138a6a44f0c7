"""`rate2spike cascade memorize` and `rate2spike cascade shd`: a small run, interruption, resuming, bad input in one line."""

import json
import signal
import subprocess
import sys
import time
import tomllib

import pytest

from rate2spike.io.datasets.synthetic_events import write_synthetic_shd

from helpers import start_interruptible

TINY = "--n_seeds 2 --n_patterns 8 --n_inputs 10 --n_steps 30 --input_probability 0.05".split()
DIGITS = "--models no_bap --n_seeds 1 --n_epochs 2 --batch_size 10 --n_units 6 --n_steps 20 --event_weight 20".split()


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    return write_synthetic_shd(tmp_path_factory.mktemp("shd"), n_train_per_class=1, n_test_per_class=1)


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_run_has_tables_figures_networks_and_goes_on(cli, tmp_path):
    run = tmp_path / "run"
    words = ["cascade", "memorize", *TINY, "--models", "bap", "prc", "--run_folder", run]
    code, out, err = cli(*words, "--n_epochs", 2)
    assert code == 0 and "Parallel subunits + BAP (full PRC model)" in out, err
    assert f"next: rate2spike cascade memorize --run_folder {run} --resume --n_epochs 4" in out
    found = files(run)
    names = {f"networks/{model}_{seed}.keras" for model in ("bap", "prc") for seed in (0, 1)}
    names |= {f"memorization_training_results_{seed}.csv" for seed in (0, 1)} | {"config.toml", "summary.json"}
    names |= {f"figures/{name}.{ending}" for name in ("accuracy", "example", "examples") for ending in ("png", "pdf")}
    assert names <= found
    recorded = tomllib.loads((run / "config.toml").read_text())
    assert recorded["run"]["kind"] == "cascade memorize" and recorded["memorize"]["models"] == ["bap", "prc"]
    (run / "checkpoints" / ".DS_Store").touch()
    code, out, err = cli("cascade", "memorize", "--run_folder", run, "--resume", "--n_epochs", 4, "--json")
    assert code == 0 and "goes on; of 2 groups of networks, 2 have checkpoints" in err
    said = json.loads(out)
    assert said["epochs"] == 4 and set(said["models"]) == {"BAP", "Parallel subunits + BAP (full PRC model)"}
    assert json.loads((run / "summary.json").read_text()) == {
        name: value for name, value in said.items() if name != "run_folder"
    }
    whole = tmp_path / "whole"
    assert cli(*words[:-1], whole, "--n_epochs", 4)[0] == 0
    for name in ("memorization_training_results_1.csv", "memorization_accuracy_1.json", "summary.json"):
        assert (whole / name).read_bytes() == (run / name).read_bytes()
    before = {name: (run / name).read_bytes() for name in files(run)}
    code, _, err = cli("cascade", "memorize", "--run_folder", run, "--resume", "--n_epochs", 3)
    assert code == 2 and f"{run} has 4 epochs already, more than --n_epochs 3" in err
    assert {name: (run / name).read_bytes() for name in files(run)} == before
    code, out, err = cli("cascade", "memorize", "--run_folder", run, "--resume")
    assert code == 0 and "is finished, with 4 epochs; nothing was changed" in err and "BAP" in out
    assert {name: (run / name).read_bytes() for name in files(run)} == before
    for damaged in ('{"epochs": 4}', '{"epochs": 4, "models": {"BAP": {}}}', "{", "[]"):
        (run / "summary.json").write_text(damaged)
        code, out, err = cli("cascade", "memorize", "--run_folder", run, "--resume", "--quiet")
        assert code == 0 and "BAP" in out and not err
        assert (run / "summary.json").read_bytes() == before["summary.json"]
    config = run / "config.toml"
    config.write_text(config.read_text().replace("[memorize]", "[other]"))
    code, _, err = cli("cascade", "memorize", "--run_folder", run, "--resume")
    assert code == 2 and "config.toml has no section [memorize]" in err and len(err.splitlines()) == 1


def test_ctrl_c_and_continuation(tmp_path):
    """One line, exit code 130, and the end is that of a run that was not interrupted."""
    start = [sys.executable, "-m", "rate2spike", "cascade", "memorize", *TINY, "--models", "one_compartment", "bap"]
    start += ["--checkpoint_every", "3"]
    process = start_interruptible([*start, "--n_epochs", "100000", "--run_folder", str(tmp_path / "cut")])
    end = time.monotonic() + 120
    while not list((tmp_path / "cut").glob("checkpoints/*/*.npz")):
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130 and "Traceback" not in err
    assert f"`rate2spike cascade memorize --resume --run_folder {tmp_path / 'cut'}` goes on" in err
    done = max(int(path.stem.split("_")[1]) for path in (tmp_path / "cut").glob("checkpoints/*/*.npz"))
    n_epochs = str(done + 2)
    for words in (["--resume", "--run_folder", tmp_path / "cut"], ["--run_folder", tmp_path / "whole"]):
        ended = subprocess.run([*start, "--n_epochs", n_epochs, *map(str, words)], capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
    for name in ("memorization_training_results_0.csv", "memorization_accuracy_1.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_digits(cli, recordings, tmp_path):
    run = tmp_path / "run"
    code, out, err = cli("cascade", "shd", *DIGITS, "--data_path", recordings, "--run_folder", run)
    assert code == 0 and "No BAP" in out, err
    wanted = {"heidelberg_training_results_0.csv", "heidelberg_test_accuracy_0.json", "networks/no_bap_0.keras"}
    assert wanted | {"figures/accuracy.png", "figures/rasters.png", "summary.json"} <= files(run)
    assert tomllib.loads((run / "config.toml").read_text())["shd"]["event_weight"] == 20
    before = {name: (run / name).read_bytes() for name in files(run)}
    other = write_synthetic_shd(tmp_path / "other", n_train_per_class=1, n_test_per_class=1, seed=2)
    words = ["--run_folder", run, "--resume", "--n_epochs", 3, "--data_path", other]
    code, _, err = cli("cascade", "shd", *words)
    assert code == 2 and f"the run in {run} has learnt from other recordings than those of --data_path" in err
    assert {name: (run / name).read_bytes() for name in files(run)} == before
    code, _, err = cli("cascade", "memorize", "--run_folder", run, "--resume")
    assert code == 2 and "of another kind of run (cascade shd, not cascade memorize)" in err


def test_input_that_turns_out_wrong_later_leaves_no_run(cli, tmp_path):
    words = "--n_patterns 1000000 --n_inputs 1000 --n_steps 1000 --models bap --n_seeds 1".split()
    for _ in range(2):
        code, _, err = cli("cascade", "memorize", *words, "--run_folder", tmp_path / "run")
        assert code == 2 and len(err.strip().splitlines()) == 1 and not (tmp_path / "run").exists()


def test_silent_networks_are_noted(cli, tmp_path):
    words = [*TINY[:-1], "0", "--models", "no_bap", "--n_epochs", "1", "--run_folder", tmp_path / "run"]
    code, _, err = cli("cascade", "memorize", *words)
    assert code == 0 and "no hidden unit spikes" in err and "2 of No BAP" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("memorize --models bap nobap", "did you mean no_bap? (--models)"),
        ("memorize --models bap bap", "--models must be one or several different ones, got bap, bap"),
        ("memorize --n_epochs 0", "number of epochs must be"),
        ("memorize --input_probability 2", "input probability must be"),
        ("memorize --learning_rate nan", "learning rate must be a positive number, got nan (--learning_rate)"),
        ("memorize --robust maybe", "expected True or False, got 'maybe'"),
        ("memorize --resume", "--resume needs --run_folder"),
        ("memorize --gpu x", "--gpu must be an index"),
        ("memorize --seed -1", "seed must be"),
        ("shd", "shd_train.h5 is in none of data"),
        ("shd --window_s 0", "window must be a positive number"),
        ("shd --n_steps 1", "number of steps must be"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(words, message, cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = cli("cascade", *words.split())
    assert code == 2 and message in err and len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_bad_recordings_and_batches_are_one_line_and_leave_nothing(cli, recordings, tmp_path):
    words = ["cascade", "shd", "--run_folder", tmp_path / "run", "--data_path"]
    code, _, err = cli(*words, recordings)
    assert code == 2 and "256 is more than there are recordings (20)" in err and "--batch_size" in err
    for name in ("shd_train.h5", "shd_test.h5"):
        (tmp_path / name).write_bytes((recordings / name).read_bytes()[:2000])
    code, _, err = cli(*words, tmp_path)
    assert code == 2 and "shd_train.h5" in err and len(err.splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_a_folder_that_holds_something_else_is_left_alone(cli, tmp_path):
    (tmp_path / "networks").mkdir()
    code, _, err = cli("cascade", "memorize", *TINY, "--run_folder", tmp_path)
    assert code == 2 and "holds networks already, of no run recorded there" in err
    code, _, err = cli("cascade", "memorize", "--run_folder", tmp_path, "--resume")
    assert code == 2 and "nothing to resume" in err
    assert files(tmp_path) == set()
    for name in ("memorization_training_results_1.csv", "figures"):
        (tmp_path / name / name).mkdir(parents=True)
        code, _, err = cli("cascade", "memorize", *TINY, "--run_folder", tmp_path / name)
        assert code == 2 and f"holds {name} already" in err
