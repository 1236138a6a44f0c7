"""`rate2spike dendrites NAME`: small runs, their files, going on, interruption, images of a folder, bad input in one line."""

import csv
import json
import signal
import struct
import subprocess
import sys
import time
import tomllib

import numpy as np
import pytest

from helpers import start_interruptible

# words of a small run; the setting that may grow, and to what
RUNS = {
    "gradient": ("--n_seeds 1 --batch_size 4 --checkpoint_every 2", "n_iterations", 4),
    "conv": ("--n_seeds 1 --batch_size 2 --n_steps 6 --checkpoint_every 2", "n_iterations", 4),
    "classify": ("--firing stochastic --n_images 70", "n_epochs", 2),
    "continual": ("--firing stochastic --n_images 70 --n_epochs 1", "n_tasks", 2),
    "stdp": ("--n_units 3 --n_test 20 --n_steps 5 --checkpoint_every 2", "n_batches", 4),
    "dpp": ("--n_inputs 10 --n_steps 100 --checkpoint_every 2", "n_repeats", 4),
}
WRITTEN = ("png", "pdf", "csv")


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("example", RUNS)
def test_a_run_has_its_files_and_goes_on_as_if_it_had_not_stopped(example, cli, tmp_path):
    words, length, n = RUNS[example]
    words = ["dendrites", example, *words.split()]
    half, whole = tmp_path / "half", tmp_path / "whole"
    code, out, err = cli(*words, "--run_folder", half, f"--{length}", n // 2)
    assert code == 0, err
    assert (
        f"written to: {half}\nnext: rate2spike dendrites {example} --run_folder {half} --resume --{length} {n}" in out
    )
    assert {"config.toml", "summary.json", *(f"{example}.{ending}" for ending in WRITTEN)} <= files(half).keys()
    recorded = tomllib.loads((half / "config.toml").read_text())
    assert recorded["run"]["kind"] == f"dendrites {example}" and recorded[example][length] == n // 2
    code, out, err = cli("dendrites", example, "--run_folder", half, "--resume", f"--{length}", n, "--json")
    assert code == 0 and "goes on; " in err, err
    said = json.loads(out)
    assert said.pop("run_folder") == str(half) and said == json.loads((half / "summary.json").read_text())
    assert said["example"] == example and said["settings"][length] == n
    assert cli(*words, "--run_folder", whole, f"--{length}", n)[0] == 0
    for name in (f"{example}.csv", "summary.json"):
        assert (whole / name).read_bytes() == (half / name).read_bytes()
    before = files(half)
    code, out, err = cli("dendrites", example, "--run_folder", half, "--resume")
    assert code == 0 and "is finished, with" in err and "written to" in out and files(half) == before
    code, _, err = cli("dendrites", example, "--run_folder", half, "--resume", f"--{length}", n - 1)
    assert code == 2 and f"more than --{length} {n - 1}" in err and files(half) == before
    code, _, err = cli("dendrites", example, "--run_folder", half)
    assert code == 2 and "holds a run already" in err and files(half) == before


def test_ctrl_c_and_continuation(tmp_path):
    """One line, exit code 130, and the end is that of a run that was not interrupted."""
    start = [sys.executable, "-m", "rate2spike", "dendrites", "dpp", *"--n_inputs 10 --n_steps 100".split()]
    start += ["--checkpoint_every", "3"]
    process = start_interruptible([*start, "--n_repeats", "100000", "--run_folder", str(tmp_path / "cut")])
    end = time.monotonic() + 120
    while not list((tmp_path / "cut").glob("checkpoints/*/*.npz")):
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130 and "Traceback" not in err
    assert f"`rate2spike dendrites dpp --resume --run_folder {tmp_path / 'cut'}` goes on" in err
    done = max(int(path.stem.split("_")[1]) for path in (tmp_path / "cut").glob("checkpoints/*/*.npz"))
    for words in (["--resume", "--run_folder", tmp_path / "cut"], ["--run_folder", tmp_path / "whole"]):
        ended = subprocess.run([*start, "--n_repeats", str(done + 2), *map(str, words)], capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
    for name in ("dpp.csv", "summary.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def write_idx(folder, seed=0, n=30):
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(seed)
    for prefix in ("train", "t10k"):
        images, labels = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8), np.arange(n, dtype=np.uint8) % 10
        for kind, magic, values in (("images-idx3", 2051, images), ("labels-idx1", 2049, labels)):
            head = struct.pack(f">{1 + values.ndim}I", magic, *values.shape)
            (folder / f"{prefix}-{kind}-ubyte").write_bytes(head + values.tobytes())
    return folder


def test_images_of_a_folder_and_a_run_that_goes_on_with_the_same_ones_alone(cli, tmp_path):
    run, own = tmp_path / "run", write_idx(tmp_path / "own")
    words = "dendrites stdp --n_units 2 --n_batches 1 --n_test 20 --n_steps 3".split()
    code, out, err = cli(*words, "--data_path", own, "--run_folder", run)
    assert code == 0 and str(own) in out, err
    before = files(run)
    more = ["dendrites", "stdp", "--run_folder", run, "--resume", "--n_batches", 2, "--data_path"]
    code, _, err = cli(*more, write_idx(tmp_path / "other", 1))
    assert code == 2 and f"the run in {run} has learnt from other images than those of --data_path" in err
    assert files(run) == before
    moved = own.rename(tmp_path / "moved")
    assert cli(*more, moved)[0] == 0
    code, _, err = cli("dendrites", "classify", "--run_folder", run, "--resume")
    assert code == 2 and "of another kind of run (dendrites stdp, not dendrites classify)" in err


def test_a_bad_image_file_is_one_line_and_leaves_nothing(cli, tmp_path):
    own = write_idx(tmp_path / "own")
    file = own / "t10k-labels-idx1-ubyte"
    file.write_bytes(file.read_bytes()[:-3])
    for example in ("classify", "continual", "stdp"):
        code, _, err = cli("dendrites", example, "--data_path", own, "--run_folder", tmp_path / "run")
        assert code == 2 and err == (
            f"rate2spike dendrites {example}: {file} is truncated: its head says 30 = 30 bytes, 27 follow\n"
        )
        assert not (tmp_path / "run").exists()


def test_all_kinds_of_neurons_are_trained_and_strengths_are_learnt(cli, tmp_path):
    run = tmp_path / "run"
    words = "dendrites classify --all --n_epochs 1 --n_images 128 --learning_rate 1e-3 --json".split()
    code, out, err = cli(*words, "--run_folder", run)
    assert code == 0, err
    said = json.loads(out)
    assert len(said["final_accuracy"]) == 8 and said["lowest_accuracy"] == min(said["final_accuracy"].values())
    strengths = said["forward_strength"]
    assert len(strengths) == 4 and all(abs(one - 1) > 1e-6 for layers in strengths.values() for one in layers)
    with open(run / "classify.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8 and len({(row["neuron"], row["firing"]) for row in rows}) == 8


def test_numbers_that_are_not_finite_are_one_line(cli, tmp_path):
    words = "dendrites classify --n_epochs 1 --n_images 70 --learning_rate 1e38 --run_folder".split()
    code, _, err = cli(*words, tmp_path / "run")
    assert code == 2 and err.startswith("rate2spike dendrites classify: VActivationForward_deterministic: the ")
    assert "is not finite after epoch 1; a smaller --learning_rate may help" in err and len(err.splitlines()) == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("gradient --n_seeds 0", "number of seeds must be"),
        ("gradient --learning_rate -1", "learning rate must be a positive number, got -1.0 (--learning_rate)"),
        ("gradient --n_steps 1", "number of steps must be a whole number from 2"),
        ("conv --resume", "--resume needs --run_folder"),
        ("conv --gpu x", "--gpu must be an index"),
        ("conv --gpu=--", "--gpu must be an index"),
        ("classify --neuron VDiff", "unknown neuron 'VDiff': choose from VDiffForward"),
        ("classify --all perhaps", "expected True or False, got 'perhaps'"),
        ("classify --data_path nowhere", "train-images-idx3-ubyte[.gz] is neither in nowhere nor in its raw"),
        ("continual --n_tasks 21", "number of tasks must be at most 20"),
        ("stdp --rule hebb", "unknown rule 'hebb': choose from stdp, semi_stdp"),
        ("stdp --total_weight 800", "total weight must be a number above 0 and below 784, got 800"),
        ("stdp --seed -1", "seed must be"),
        (
            "dpp --teacher_conductance 30",
            "--dendrite_conductance + --teacher_conductance must be below 2 --tau_soma_ms",
        ),
        ("dpp --n_steps 50", "number of steps must be a whole number from 100"),
        ("dpp --seed x", "invalid int value: 'x'"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(words, message, cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = cli("dendrites", *words.split())
    assert code == 2 and message in err and len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_that_holds_something_else_is_left_alone(cli, tmp_path):
    (tmp_path / "dpp.csv").touch()
    code, _, err = cli("dendrites", "dpp", "--run_folder", tmp_path)
    assert code == 2 and "holds dpp.csv already, of no run recorded there" in err
    assert files(tmp_path).keys() == {"dpp.csv"}
