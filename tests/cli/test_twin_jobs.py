"""`rate2spike twin simulate` and `fit` shared out: workers of a real Dask cluster, jobs of an array that start at once."""

import subprocess
import sys

import numpy as np
import pytest

from rate2spike.spiking.twin_data.shards import CellDataset
from rate2spike.spiking.twin_study.fitted import fitted_in

STUDY = """
[simulate]
cell = "integrate_and_fire"
n_train = 6
n_valid = 4
n_test = 0
duration_ms = 1500
simulations_per_shard = 2
seed = 3

[fit]
architectures = ["linear-80", "elm-4"]
batches_per_epoch = 3
valid_batches = 2
n_epochs = 3
"""


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same(cli, tmp_path):
    distributed = pytest.importorskip("distributed")
    (tmp_path / "study.toml").write_text(STUDY)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        for folder, flags in (("here", ()), ("there", ("--scheduler", cluster.scheduler_address))):
            run = ("--run_folder", tmp_path / folder, *flags)
            code, _, error = cli("twin", "simulate", "--config", tmp_path / "study.toml", *run)
            assert code == 0, error
            code, said, error = cli("twin", "fit", *run)
            assert code == 0 and "linear-80_seed_0" in said, error
    here, there = (list(CellDataset.open(tmp_path / name / "data" / "train")) for name in ("here", "there"))
    assert [one.events for one in here] == [one.events for one in there]
    fits = [fitted_in(tmp_path / name / "fits") for name in ("here", "there")]
    assert [one.name for one in fits[0]] == ["elm-4_seed_0", "linear-80_seed_0"]
    for own, other in zip(*fits, strict=True):
        assert [record["loss"] for record in own.history] == [record["loss"] for record in other.history]
        for a, b in zip(own.twin.network.model.get_weights(), other.twin.network.model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_jobs_of_one_command_that_start_at_once_share_one_study(tmp_path):
    (tmp_path / "study.toml").write_text(STUDY)
    for words in (("simulate", "--config", tmp_path / "study.toml"), ("fit",)):
        command = [sys.executable, "-m", "rate2spike", "twin", *words, "--run_folder", tmp_path / "run"]
        jobs = [
            subprocess.Popen([*command, "--shard", f"{k}/2"], stderr=subprocess.PIPE, text=True, cwd=tmp_path)
            for k in (1, 2)
        ]
        said = [job.communicate(timeout=300)[1] for job in jobs]
        assert [job.returncode for job in jobs] == [0, 0], said
    assert CellDataset.open(tmp_path / "run" / "data" / "train").n_simulations == 6
    assert [one.name for one in fitted_in(tmp_path / "run" / "fits")] == ["elm-4_seed_0", "linear-80_seed_0"]


@pytest.mark.parametrize("command", ["simulate", "fit"])
def test_a_cluster_that_is_not_there_is_one_line(cli, tmp_path, command):
    pytest.importorskip("distributed")
    run = ("--run_folder", tmp_path / "run")
    small = ("--cell", "integrate_and_fire", "--n_train", 2, "--n_valid", 2, "--n_test", 0, "--duration_ms", 900)
    if command == "fit":
        assert cli("twin", "simulate", *small, *run)[0] == 0
        small = ()
    code, _, error = cli("twin", command, *small, *run, "--scheduler", "tcp://127.0.0.1:1")
    assert code == 2 and "no Dask scheduler answers at tcp://127.0.0.1:1" in error and error.count("\n") == 1, error
    assert not (tmp_path / "run" / ("fits" if command == "fit" else "data")).exists()
