"""Populations of networks: real processes, a real Dask cluster, real kills."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from rate2spike.cli.population import seeds_in
from rate2spike.errors import InputError
from rate2spike.matlab_compat.model_file import load_model
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.population import train_population, unit_folder
from rate2spike.rate.train import train

from helpers import start_interruptible

SMALL = TrainConfig(n_units=20, n_updates=3)
FLAGS = ("--N", "20", "--task", "go-nogo", "--decay_taus", "4", "20", "--n_trials", "3")


def test_each_network_is_what_training_it_alone_gives(tmp_path):
    outcomes = train_population(SMALL, [4, 2], tmp_path, n_workers=2)
    assert [outcome.seed for outcome in outcomes] == [4, 2] and {o.state for o in outcomes} == {"finished"}
    for seed in (2, 4):
        assert load_model(unit_folder(tmp_path, seed) / "model.mat") == train(SMALL, seed=seed)


def test_any_executor_and_what_is_finished_is_taken_over(tmp_path):
    with ThreadPoolExecutor(1) as executor:
        train_population(SMALL, [1], tmp_path, executor=executor)
        before = (unit_folder(tmp_path, 1) / "model.mat").stat().st_mtime_ns
        told = []
        outcomes = train_population(SMALL, [1, 2], tmp_path, executor=executor, on_outcome=told.append)
    with pytest.raises(InputError, match="seed_1 holds a network of other settings"):
        train_population(TrainConfig(n_units=20, n_updates=3, gain=2.0), [1], tmp_path)
    assert [o.seed for o in told] == [1, 2] == [o.seed for o in outcomes]
    assert (unit_folder(tmp_path, 1) / "model.mat").stat().st_mtime_ns == before


def test_divergence_and_failure_are_outcomes(tmp_path):
    wild = TrainConfig(n_units=20, n_updates=100, learning_rate=1e30, apply_dale=False, activation="clipped_relu")
    som = TrainConfig(n_units=10, n_som=9, p_inh=0.1)
    with ThreadPoolExecutor(1) as executor:
        (diverged,) = train_population(wild, [1], tmp_path / "a", executor=executor)
        (failed,) = train_population(som, [1], tmp_path / "b", executor=executor)
    assert diverged.state == "diverged" and "diverged at update" in diverged.message
    assert failed.state == "failed" and "n_som 9 exceeds" in failed.message


def test_a_failed_network_says_which_flag_it_failed_with(cli, tmp_path):
    flags = ("--N", 10, "--task", "xor", "--decay_taus", 4, 20, "--n_trials", 1, "--P_inh", 0.1, "--som_N", 9)
    code, _, error = cli("train", *flags, "--seeds", 1, "--run_folder", tmp_path / "p")
    assert code == 2 and "seed 1: failed --som_N 9 exceeds" in error
    assert error.splitlines()[-1].startswith("rate2spike train: 1 of 1 networks failed, seed 1: --som_N 9 exceeds")
    (row,) = csv.DictReader((tmp_path / "p" / "population.csv").read_text().splitlines())
    assert "n_som 9 exceeds" in row["message"] and list(row)[-1] == "message"


def test_command_table_figure_and_resume(cli, tmp_path):
    folder = tmp_path / "p"
    code, out, error = cli("train", *FLAGS, "--seeds", "1-2", "--n-workers", 2, "--run_folder", folder)
    assert code == 0 and "0 of 2 networks meet the criteria" in out, error
    rows = list(csv.DictReader((folder / "population.csv").read_text().splitlines()))
    assert [(row["seed"], row["state"], row["updates"]) for row in rows] == [
        ("1", "finished", "3"),
        ("2", "finished", "3"),
    ]
    assert (folder / "figures" / "population.png").exists()
    code, _, error = cli("train", *FLAGS, "--seeds", "1-3", "--run_folder", folder)
    assert code == 2 and "holds a run already" in error
    code, out, error = cli("train", "--seeds", "1-3", "--run_folder", folder, "--resume")
    assert code == 0 and "0 of 3" in out, error
    table = (folder / "population.csv").read_text()
    code, out, error = cli("train", "--seeds", "1-2", "--run_folder", folder, "--resume")
    assert code == 0 and "0 of 3" in out and (folder / "population.csv").read_text() == table, error
    code, _, error = cli("train", "--seeds", "1-3", "--run_folder", folder, "--resume", "--gain", "2")
    assert code == 2 and "other settings: gain 1.5 there, 2.0 here" in error


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_keeps_what_is_done_and_resumes(tmp_path, repository):
    folder = tmp_path / "p"
    flags = [*FLAGS[:-1], "3000", "--evaluate_every", "10"]
    command = [
        sys.executable,
        str(repository / "rate" / "main.py"),
        *flags,
        "--seeds",
        "1-3",
        "--run_folder",
        str(folder),
    ]
    process = start_interruptible(command)
    deadline = time.time() + 120
    while time.time() < deadline and not (  # on a busy machine the second worker begins late
        len(list(folder.glob("seed_*"))) == 2 and list(folder.glob("seed_*/checkpoints/*.npz"))
    ):
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=120)
    assert len(list(folder.glob("seed_*"))) == 2  # what had not begun does not begin
    assert process.returncode == 130 and "the same command with --resume goes on" in error and "Traceback" not in error
    assert list(folder.glob("seed_*/checkpoints/*.npz"))


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_killed_worker_costs_only_time(tmp_path):
    """kill -9 of a worker process breaks the pool; its units are handed out again and give the same networks."""
    code = """
import sys
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.population import train_population
if __name__ == "__main__":
    outcomes = train_population(TrainConfig(n_units=20, n_updates=400, evaluate_every=10), [1, 2], sys.argv[1], n_workers=2)
    print([o.state for o in outcomes])
"""
    script = tmp_path / "script.py"
    script.write_text(code)
    process = subprocess.Popen([sys.executable, script, tmp_path / "p"], stdout=subprocess.PIPE, text=True)
    deadline = time.time() + 120
    while not list(tmp_path.glob("p/seed_1/checkpoints/*.npz")) and time.time() < deadline:
        time.sleep(0.1)
    children = subprocess.run(["pgrep", "-P", str(process.pid), "-f", "spawn_main"], capture_output=True, text=True)
    os.kill(int(children.stdout.split()[0]), signal.SIGKILL)
    out, _ = process.communicate(timeout=300)
    assert out.strip() == "['finished', 'finished']"
    config = TrainConfig(n_units=20, n_updates=400, evaluate_every=10, seed=1)
    assert load_model(tmp_path / "p" / "seed_1" / "model.mat") == train(config)


@pytest.mark.slow
def test_a_dask_cluster(cli, tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        code, out, error = cli(
            "train", *FLAGS, "--seeds", "1-3", "--run_folder", tmp_path / "p", "--scheduler", cluster.scheduler_address
        )
    assert code == 0 and "0 of 3 networks" in out, error
    assert load_model(tmp_path / "p" / "seed_2" / "model.mat") == train(SMALL, seed=2)
    outcome = json.loads((tmp_path / "p" / "seed_2" / "outcome.json").read_text())
    assert outcome["state"] == "finished" and outcome["updates"] == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--seeds", "1-x"), "--seeds must be numbers and ranges"),
        (("--seeds", "²"), "--seeds must be numbers and ranges"),
        (("--seeds", "5-2"), "--seeds must be numbers and ranges"),
        (
            ("--seeds", "1-2", "--n-workers", "0"),
            "number of workers must be a whole number from 1, got 0 (--n_workers)",
        ),
        (("--seeds", "1-2", "--seed", "3"), "give --seed for one network or --seeds for a population"),
        (("--n-workers", "2"), "--n_workers needs --seeds"),
        (("--seeds", "1-2", "--scheduler", "tcp://127.0.0.1:1"), "no Dask scheduler answers at tcp://127.0.0.1:1"),
    ],
)
def test_bad_input(cli, tmp_path, arguments, message):
    if "--scheduler" in arguments:
        pytest.importorskip("distributed")
    code, _, error = cli("train", *FLAGS, *arguments, "--run_folder", tmp_path / "p")
    assert code == 2 and message in error.strip().splitlines()[-1]


def test_seed_ranges():
    assert seeds_in("1-3,8,2") == [1, 2, 3, 8]
    with pytest.raises(InputError, match="more than 100000"):
        seeds_in("1-1000000")
