"""`rate2spike tune`: what it prints and writes, that other commands point to it and tell of it, and bad input."""

import csv
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

import rate2spike as r2s
from rate2spike.spiking.diagnosis.diagnose import TUNING
from rate2spike.spiking.tuning.kept_state import state_path
from rate2spike.spiking.tuning.table import COLUMNS

from helpers import start_interruptible

FLAGS = "--scaling-factor 45 --seed 1 --scaling-factors 40 45 --search-trials 10 --accuracy 0.75".split()
GRADIENT = (*FLAGS, "--n-trials", "60", "--n-rounds", "4")  # from 0.6 to at least 0.75
READOUT = (*FLAGS, "--n-trials", "20", "--n-rounds", "0")


@pytest.fixture
def model(repository, tmp_path) -> Path:
    """A trained network that does not convert."""
    return Path(shutil.copy(repository / "tests" / "data" / "tuning" / "go_nogo_n_50.mat", tmp_path / "network.mat"))


def test_a_network_that_fails_is_diagnosed_tuned_and_described(cli, model):
    code, out, _ = cli("diagnose", model, "--scaling-factor", 45, "--seed", 1, "--output", model.with_name("why.png"))
    assert code == 0 and f"* {TUNING}" in out and f"next: rate2spike tune {model} --seed 1" in out
    code, out, error = cli("tune", model, *GRADIENT)
    assert code == 0, error
    lines = out.splitlines()
    assert lines[0].split() == ["step", "accuracy", "Hz", "changed", "seconds"]
    [end] = [k for k, line in enumerate(lines) if line.startswith(f"{model}: tuned: accuracy ")]
    assert [line.split("  ")[1].strip() for line in lines[1:4]] == ["converted", "readout", "gradient 1"]
    assert "recurrent weights by " in lines[end - 1]
    assert lines[-1] == f"next: rate2spike evaluate {model} --n-trials 1000 --seed 2"
    assert f"figure: {model.with_name('network_tuning.png')}" in lines
    assert {one.name for one in model.parent.glob("network*")} == {
        "network.mat",
        "network_tuning.png",
        "network_tuning.pdf",
    }
    code, out, _ = cli("inspect", model)
    [line] = [line for line in out.splitlines() if line.strip().startswith("tuning")]
    before, after = (r2s.load_model(model).settings[f"tune_accuracy{name}"] for name in ("_before", ""))
    assert f"'; accuracy {before:.3f} before, {after:.3f} after, 60 trials; seed 1" in line
    assert after >= 0.75 and "to the step 'gradient " in line
    content = model.read_bytes()
    code, out, _ = cli("tune", model, *GRADIENT, "--quiet")
    assert code == 0 and f"is tuned already, from accuracy {before:.3f} to {after:.3f} (--force tunes it again)" in out
    assert model.read_bytes() == content


def test_several_models_get_a_table_and_a_figure(cli, model, tmp_path):
    shutil.copy(model, tmp_path / "other.mat")
    code, out, error = cli("tune", tmp_path, *READOUT)
    assert code == 0, error
    assert "0 of 2 networks convert, 0 of them untuned" in out
    assert f"table: {tmp_path / 'tunings.csv'}" in out and f"figure: {tmp_path / 'figures' / 'tunings.png'}" in out
    rows = list(csv.DictReader((tmp_path / "tunings.csv").read_text(encoding="utf-8").splitlines()))
    assert tuple(rows[0]) == COLUMNS and [row["outcome"] for row in rows] == ["not reached"] * 2
    assert not list(tmp_path.glob("*.npz")) and not list(tmp_path.glob("*.lock"))


def test_json_is_one_object_per_model_and_writes_no_figure(cli, model):
    code, out, _ = cli("tune", model, *READOUT, "--json")
    found = json.loads(out)
    assert code == 0 and found["outcome"] == "not reached" and found["seed"] == 1
    assert [step["name"] for step in found["steps"]] == ["converted", "readout"]
    assert found["steps"][1]["changed"].startswith("output weights by ")
    assert [one.name for one in model.parent.iterdir()] == [model.name]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--accuracy", "2"), "--accuracy"),
        (("--task", "xor"), "task xor has 2 input"),
        (("--task", "no-such"), "no-such"),
        (("--scaling-factor", "-1"), "--scaling-factor"),
        (("--n-rounds", "-1"), "--n-rounds"),
        (("--n-threads", "1", "--n-workers", "2"), "a worker uses one thread"),
        (("--shard", "3/2"), "--shard must be I/N"),
    ],
)
def test_bad_input_is_one_line_and_touches_nothing(cli, model, flags, words):
    before = model.read_bytes()
    code, out, error = cli("tune", model, *flags)
    assert code == 2 and not out and error.count("\n") == 1 and words in error
    assert model.read_bytes() == before and list(model.parent.iterdir()) == [model]


def test_models_that_fail_are_named_when_all_others_are_done(cli, model, tmp_path):
    damaged = tmp_path / "damaged.mat"
    damaged.write_bytes(model.read_bytes()[:3000])
    code, out, error = cli("tune", tmp_path, *READOUT)
    assert code == 2 and "1 of 2 models failed" in error.splitlines()[-1] and str(damaged) in error.splitlines()[-1]
    assert "not reached" in out and r2s.load_model(model).scaling_factor == 45


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_says_how_to_go_on(model):
    process = start_interruptible([sys.executable, "-m", "rate2spike", "tune", str(model), *GRADIENT])
    deadline = time.monotonic() + 300
    while not state_path(model).exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 130
    assert error.splitlines()[-1].endswith(
        "finished steps are kept beside the model file; run the same command to go on"
    )
    assert not list(model.parent.glob("*.lock")) and state_path(model).exists()
