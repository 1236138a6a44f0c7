"""λ search shared out: processes, a real Dask cluster, shards; kills and resumption; the same numbers to the last bit."""

import os
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rate2spike.errors import InputError
from rate2spike.matlab_compat.matfile import loadmat
from rate2spike.spiking.search.claim import sidecar_path
from rate2spike.spiking.search.files import SearchState, search_each
from rate2spike.spiking.search.options import SearchExecution, SearchOptions
from rate2spike.spiking.search.population import of_shard, search_population

QUICK = SearchOptions(scaling_factors=(25.0, 60.0), n_trials=6, seed=3)
LONG = SearchOptions(scaling_factors=(25.0, 60.0, 65.0), n_trials=100, seed=3)
WRITTEN = ("opt_scaling_factor", "all_perfs", "r2s_search_type_rates_hz", "r2s_search_output_errors", "r2s_search_seed")


def folder_of_models(parent: Path, go_nogo_path: Path, n: int = 3) -> Path:
    parent.mkdir()
    for k in range(n):
        shutil.copy(go_nogo_path, parent / f"Task_go-nogo_N_200_{k}.mat")
    return parent


def numbers(folder: Path) -> dict:
    """Bytes of what searches wrote, by file."""
    files = sorted(folder.glob("*.mat"))
    return {file.name: [loadmat(file)[name].tobytes() for name in WRITTEN] for file in files}


@pytest.fixture(scope="module")
def one_process(tmp_path_factory, go_nogo_path):
    folder = folder_of_models(tmp_path_factory.mktemp("one") / "models", go_nogo_path)
    list(search_each(folder, QUICK))
    return numbers(folder)


def test_processes_threads_and_shards_give_the_numbers_of_one_process(tmp_path, go_nogo_path, one_process):
    by_processes = folder_of_models(tmp_path / "processes", go_nogo_path)
    outcomes = list(search_population(by_processes, QUICK, SearchExecution(n_workers=2)))
    assert {item.state for item in outcomes} == {SearchState.SEARCHED}
    assert numbers(by_processes) == one_process
    by_executor = folder_of_models(tmp_path / "executor", go_nogo_path)
    with ThreadPoolExecutor(2) as threads:
        list(search_population(by_executor, QUICK, executor=threads))
    assert numbers(by_executor) == one_process
    by_shards = folder_of_models(tmp_path / "shards", go_nogo_path)
    with ThreadPoolExecutor(1) as threads:
        assert len(list(search_population(by_shards, QUICK, SearchExecution(shard="1/2"), executor=threads))) == 2
        assert len(list(search_population(by_shards, QUICK, SearchExecution(shard="2/2"), executor=threads))) == 1
    assert numbers(by_shards) == one_process


def test_shards_are_disjoint_and_complete():
    files = [Path(str(k)) for k in range(7)]
    parts = [of_shard(files, f"{i}/3") for i in (1, 2, 3)]
    assert sorted(file for part in parts for file in part) == files and all(parts)
    assert of_shard(files, "8/8") == [] and of_shard(files, None) == files


@pytest.mark.slow
def test_a_dask_cluster_and_a_killed_worker(cli, tmp_path, go_nogo_path):
    """A worker killed in the middle of its unit: the cluster hands the unit out again, and the numbers are the same."""
    distributed = pytest.importorskip("distributed")
    folder = folder_of_models(tmp_path / "dask", go_nogo_path)
    alone = folder_of_models(tmp_path / "alone", go_nogo_path)
    list(search_each(alone, LONG))
    factors = [f"{factor:g}" for factor in LONG.scaling_factors]
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        ThreadPoolExecutor(1) as killer,
    ):
        killed = killer.submit(kill_first_owner, folder)
        code, _, error = cli(
            "search",
            folder,
            "--scheduler",
            cluster.scheduler_address,
            "--n-trials",
            "100",
            "--seed",
            "3",
            "--scaling-factors",
            *factors,
        )
        assert killed.result() is not None
    assert code == 0, error
    assert numbers(folder) == numbers(alone)
    assert not list(folder.glob("*.json"))


def kill_first_owner(folder: Path) -> int | None:
    """SIGKILL a process that searches a file, once it has finished one factor and has others before it."""
    import json

    deadline = time.time() + 120
    while time.time() < deadline:
        for file in folder.glob("*.search.json"):
            try:
                content = json.loads(file.read_text())
            except (OSError, ValueError):
                continue
            if len(content["finished"]) == 1 and content["owner"]:
                os.kill(content["owner"]["pid"], signal.SIGKILL)
                return content["owner"]["pid"]
        time.sleep(0.02)
    return None


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_killed_process_costs_only_its_unit(tmp_path, go_nogo_path, repository):
    folder = folder_of_models(tmp_path / "processes", go_nogo_path)
    alone = folder_of_models(tmp_path / "alone", go_nogo_path)
    list(search_each(alone, LONG))
    with ThreadPoolExecutor(1) as killer:
        killed = killer.submit(kill_first_owner, folder)
        outcomes = list(search_population(folder, LONG, SearchExecution(n_workers=2)))
        assert killed.result() is not None
    # the pool ends its other process too, which may just have finished a file and not yet said so
    assert len(outcomes) == 3 and {item.state for item in outcomes} <= {SearchState.SEARCHED, SearchState.ALREADY_DONE}
    assert numbers(folder) == numbers(alone)


def test_one_model_that_fails_does_not_end_the_others(tmp_path, go_nogo_path, monkeypatch):
    folder = folder_of_models(tmp_path / "models", go_nogo_path)
    broken = sorted(folder.glob("*.mat"))[1]
    sidecar_path(broken).write_text(
        '{"owner": null, "settings": {"task": "go-nogo", "n_trials": 9, "seed": 3, "scaling_factors": [25.0]}, "finished": '
        '[{"scaling_factor": 25.0, "n_correct": 9, "n_trials": 9, "mean_rate_hz": 1.0}]}'
    )
    with ThreadPoolExecutor(1) as threads:
        outcomes = {item.path.name: item for item in search_population(folder, QUICK, executor=threads)}
    failed = outcomes.pop(broken.name)
    assert failed.state is SearchState.FAILED and "n_trials 9 there, 6 here" in failed.note
    assert {item.state for item in outcomes.values()} == {SearchState.SEARCHED}


@pytest.mark.slow
def test_a_lost_cluster_is_one_line(tmp_path, go_nogo_path, repository):
    """The scheduler is killed while the search runs."""
    pytest.importorskip("distributed")
    import sys

    folder = folder_of_models(tmp_path / "models", go_nogo_path)
    scheduler = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "distributed.cli.dask_scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--dashboard-address",
            "127.0.0.1:0",
            "--scheduler-file",
            str(tmp_path / "s.json"),
        ],
        stderr=subprocess.DEVNULL,
    )
    worker = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "distributed.cli.dask_worker",
            "--scheduler-file",
            str(tmp_path / "s.json"),
            "--nworkers",
            "1",
            "--nthreads",
            "1",
            "--no-dashboard",
            "--death-timeout",
            "5",
            "--local-directory",
            str(tmp_path),
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        import json

        deadline = time.time() + 60
        while not (tmp_path / "s.json").exists() and time.time() < deadline:
            time.sleep(0.2)
        address = json.loads((tmp_path / "s.json").read_text())["address"]
        code = "import sys; from rate2spike.cli.main import main; sys.exit(main(sys.argv[1:]))"
        search = subprocess.Popen(
            [
                sys.executable,
                "-c",
                code,
                "search",
                str(folder),
                "--scheduler",
                address,
                "--n-trials",
                "2000",
                "--seed",
                "1",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while not list(folder.glob("*.search.json")) and time.time() < deadline + 60:
            time.sleep(0.2)
        scheduler.kill()
        _, error = search.communicate(timeout=120)
    finally:
        for process in (scheduler, worker):
            process.kill()
            process.wait()
    assert search.returncode == 2
    assert "the connection to the cluster is lost" in error.strip().splitlines()[-1]
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--shard", "0/2"), "--shard must be I/N"),
        (("--shard", "3/2"), "--shard must be I/N"),
        (("--shard", "x"), "--shard must be I/N"),
        (("--n-workers", "0"), "number of workers must be a whole number from 1, got 0"),
        (("--n-workers", "2", "--n-threads", "2"), "--n-threads is for a search in one process"),
        (("--device", "tpu"), "unknown device 'tpu': choose from cpu, cuda"),
        (("--strategy", "random"), "unknown strategy 'random': choose from grid, adaptive"),
        (("--strategy", "adaptive", "--resolution", "0"), "resolution must be a positive number, got 0"),
        (("--n-trials", "1000000000000"), "of memory"),
        (("--scheduler", "tcp://127.0.0.1:1"), "no Dask scheduler answers at tcp://127.0.0.1:1"),
    ],
)
def test_bad_input(cli, tmp_path, go_nogo_path, flags, message):
    if "--scheduler" in flags:
        pytest.importorskip("distributed")
    folder = folder_of_models(tmp_path / "models", go_nogo_path, 1)
    code, _, error = cli("search", folder, *flags)
    assert code == 2 and message in error.strip().splitlines()[-1]
    assert [file.name for file in folder.iterdir()] == ["Task_go-nogo_N_200_0.mat"]


def test_refused_without_the_command(tmp_path, go_nogo_path):
    folder = folder_of_models(tmp_path / "models", go_nogo_path, 1)
    with pytest.raises(InputError, match="number of workers must be a whole number from 1"):
        list(search_population(folder, QUICK, SearchExecution(n_workers=0)))
