"""Search over files: claims, skips, resumes, appends; real processes, real kills."""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.matlab_compat import mat_v5
from rate2spike.matlab_compat.matfile import append, loadmat, savemat
from rate2spike.spiking.search.claim import sidecar_path
from rate2spike.spiking.search.files import SearchState, search_each
from rate2spike.spiking.search.grid import grid_search
from rate2spike.spiking.search.options import SearchExecution, SearchOptions

from helpers import start_interruptible

QUICK = SearchOptions(scaling_factors=(25.0, 60.0), n_trials=6, seed=3)


@pytest.fixture
def model_file(tmp_path, go_nogo_path) -> Path:
    return Path(shutil.copy(go_nogo_path, tmp_path))


def search(path, options=QUICK, execution=None, **callbacks):
    return list(search_each(path, options, execution, **callbacks))


def test_search_appends_the_historic_variables_and_touches_nothing_else(model_file):
    before = {e.name: e.raw for e in mat_v5.parse(model_file.read_bytes(), "f").elements}
    (outcome,) = search(model_file)
    assert outcome.state is SearchState.SEARCHED
    variables = loadmat(model_file)
    assert variables["opt_scaling_factor"].shape == (1, 1) and variables["opt_scaling_factor"].dtype == np.float64
    assert variables["all_perfs"].shape == (2, 1)
    np.testing.assert_array_equal(variables["scaling_factors"], [[25, 60]])
    assert variables["r2s_search_seed"].item() == 3
    after = {e.name: e.raw for e in mat_v5.parse(model_file.read_bytes(), "f").elements}
    assert {name: after[name] for name in before} == before
    assert os.listdir(model_file.parent) == [model_file.name]


def test_finished_files_are_skipped_unless_forced(model_file):
    search(model_file)
    before = model_file.read_bytes()
    (outcome,) = search(model_file)
    assert outcome.state is SearchState.ALREADY_DONE and "(force searches again)" in outcome.note
    assert model_file.read_bytes() == before
    (outcome,) = search(model_file, SearchOptions(scaling_factors=(30.0,), n_trials=4), SearchExecution(force=True))
    assert outcome.state is SearchState.SEARCHED
    assert loadmat(model_file)["opt_scaling_factor"].item() == 30


def test_folder_is_searched_file_by_file(model_file):
    second = Path(shutil.copy(model_file, model_file.with_name("Task_go-nogo_N_200_b.mat")))
    assert [item.path for item in search(model_file.parent)] == sorted([model_file, second])


def test_interruption_releases_the_claim_and_the_next_search_resumes(model_file, monkeypatch):
    def interrupt(_file, result):
        if result.scaling_factor == 60:
            raise KeyboardInterrupt

    options = SearchOptions(scaling_factors=(25.0, 60.0, 65.0), n_trials=6)
    with pytest.raises(KeyboardInterrupt):
        search(model_file, options, on_factor=interrupt)
    assert "opt_scaling_factor" not in loadmat(model_file)
    sidecar = json.loads(sidecar_path(model_file).read_text())
    assert sidecar["owner"] is None and len(sidecar["finished"]) == 2
    announced, computed = [], []
    (outcome,) = search(
        model_file,
        options,
        on_file=lambda *a: announced.append(a),
        on_factor=lambda _f, r: computed.append(r.scaling_factor),
    )
    assert announced[0][2] == 2 and computed == [65]
    seed = announced[0][1].seed  # drawn by the first search, kept by the second
    unbroken = grid_search(_model(model_file), "go-nogo", (25, 60, 65), 6, seed)
    assert outcome.result.factors == unbroken.factors
    assert not sidecar_path(model_file).exists()


def _model(path):
    from rate2spike.matlab_compat.model_file import load_model

    return load_model(path)


def test_a_search_of_an_earlier_version_goes_on_whose_neurons_had_another_name(model_file):
    def interrupt(*_):
        raise KeyboardInterrupt

    options = SearchOptions(neuron="adlif", scaling_factors=(25.0, 60.0), n_trials=4, seed=1)
    with pytest.raises(KeyboardInterrupt):
        search(model_file, options, on_factor=interrupt)
    sidecar = sidecar_path(model_file)
    sidecar.write_text(sidecar.read_text().replace('"adlif"', '"alif"'))
    computed = []
    (outcome,) = search(model_file, options, on_factor=lambda _f, r: computed.append(r.scaling_factor))
    assert outcome.state is SearchState.SEARCHED and computed == [60]


def test_an_adaptive_search_begins_again_with_the_seed_it_had(model_file):
    def interrupt(*_):
        raise KeyboardInterrupt

    options = SearchOptions(scaling_factors=(25.0, 60.0), n_trials=6, strategy="adaptive")
    seeds = []
    with pytest.raises(KeyboardInterrupt):
        search(model_file, options, on_file=lambda _f, settings, _n: seeds.append(settings.seed), on_factor=interrupt)
    assert json.loads(sidecar_path(model_file).read_text())["owner"] is None
    (outcome,) = search(model_file, options, on_file=lambda _f, settings, _n: seeds.append(settings.seed))
    assert seeds[0] == seeds[1] == outcome.result.seed and not sidecar_path(model_file).exists()


def test_finished_values_are_not_reused_under_other_settings(model_file):
    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(model_file, QUICK, on_factor=interrupt)
    other = SearchOptions(scaling_factors=(25.0, 60.0), n_trials=7, seed=3)
    before = sidecar_path(model_file).read_bytes()
    with pytest.raises(
        InputError, match=r"search.json holds .* other settings \(n_trials 6 there, 7 here\).*\(force\)$"
    ):
        search(model_file, other)
    assert sidecar_path(model_file).read_bytes() == before
    announced = []
    search(model_file, other, SearchExecution(force=True), on_file=lambda *a: announced.append(a))
    assert announced[0][2] == 0


def test_claim_of_another_program_is_respected_and_can_be_taken(model_file):
    """MATLAB's mark: NaN without a sidecar."""
    append(model_file, {"opt_scaling_factor": np.nan})
    before = model_file.read_bytes()
    (outcome,) = search(model_file)
    assert outcome.state is SearchState.CLAIMED and "reclaim takes it over" in outcome.note
    assert model_file.read_bytes() == before
    (outcome,) = search(model_file, SearchOptions(scaling_factors=(25.0,), n_trials=2), SearchExecution(reclaim=True))
    assert outcome.state is SearchState.SEARCHED


def start_search(model_file, *options):
    code = "import sys; from rate2spike.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "search", str(model_file), "--n-threads", "1", "--seed", "3", *options]
    return start_interruptible(command)


def wait_for_finished(model_file, process, n=1):
    for _ in range(600):
        assert process.poll() is None, process.stderr.read()
        try:
            if len(json.loads(sidecar_path(model_file).read_text())["finished"]) >= n:
                return
        except (OSError, ValueError):
            pass
        time.sleep(0.05)
    raise AssertionError("the search did not finish a factor in 30 s")


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_two_processes_a_kill_and_a_reclaim(model_file):
    process = start_search(model_file, "--n-trials", "60")
    wait_for_finished(model_file, process)
    (outcome,) = search(model_file)
    assert outcome.state is SearchState.CLAIMED and f"process {process.pid}" in outcome.note
    assert np.isnan(loadmat(model_file)["opt_scaling_factor"].item())
    # a living owner is not robbed
    (outcome,) = search(model_file, execution=SearchExecution(reclaim=True))
    assert outcome.state is SearchState.CLAIMED
    process.kill()
    process.communicate()
    (outcome,) = search(model_file)
    assert (
        outcome.state is SearchState.CLAIMED
        and "left behind" in outcome.note
        and "reclaim takes it over" in outcome.note
    )
    announced = []
    (outcome,) = search(
        model_file,
        SearchOptions(scaling_factors=(20.0, 25.0), n_trials=60),
        SearchExecution(reclaim=True),
        on_file=lambda *a: announced.append(a),
    )
    assert outcome.state is SearchState.SEARCHED and announced[0][2] >= 1 and announced[0][1].seed == 3
    assert outcome.result.factors == grid_search(_model(model_file), "go-nogo", (20, 25), 60, 3).factors


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_at_the_command_leaves_valid_files_and_says_how_to_go_on(model_file):
    process = start_search(model_file, "--n-trials", "60")
    wait_for_finished(model_file, process)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in error and "run the same command to go on" in error and "Traceback" not in error
    assert "opt_scaling_factor" not in loadmat(model_file)
    assert json.loads(sidecar_path(model_file).read_text())["owner"] is None


def test_every_file_is_validated_before_the_first_is_touched(model_file):
    (model_file.parent / "z.mat").write_bytes(b"no MAT file" * 30)
    before = model_file.read_bytes()
    outcomes = search_each(model_file.parent, SearchOptions(task="dance"))
    with pytest.raises(InputError, match="unknown task 'dance'"):
        list(outcomes)
    (model_file.parent / "A.mat").write_bytes(b"no MAT file" * 30)
    first = next(search_each(model_file.parent, QUICK))
    assert first.state is SearchState.FAILED and first.path.name == "A.mat" and "MAT" in first.note
    with pytest.raises(InputError, match=r"z\.mat"):
        search(model_file.parent / "z.mat")
    assert model_file.read_bytes() == before
    assert sorted(os.listdir(model_file.parent)) == sorted([model_file.name, "A.mat", "z.mat"])


def test_other_mat_files_of_a_folder_are_left_alone(model_file):
    savemat(model_file.parent / "simulation.mat", {"REC": 1})
    assert [item.path for item in search(model_file.parent)] == [model_file]


def test_failure_before_anything_is_finished_leaves_nothing(model_file):
    before = model_file.read_bytes()

    def fail(*_):
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        search(model_file, on_file=fail)
    assert model_file.read_bytes() == before
    assert os.listdir(model_file.parent) == [model_file.name]


def test_result_is_kept_when_the_interruption_comes_after_it(model_file, monkeypatch):
    from rate2spike.spiking.search import files as module

    def append_then_interrupt(*arguments):
        original(*arguments)
        raise KeyboardInterrupt

    original = module._append_result
    monkeypatch.setattr(module, "_append_result", append_then_interrupt)
    with pytest.raises(KeyboardInterrupt):
        search(model_file)
    assert loadmat(model_file)["opt_scaling_factor"].item() == 25
    (outcome,) = search(model_file)
    assert outcome.state is SearchState.ALREADY_DONE


def test_values_of_other_factors_are_kept_for_later(model_file):
    def interrupt(*_):
        raise KeyboardInterrupt

    for factor in (25.0, 60.0):
        with pytest.raises(KeyboardInterrupt):
            search(model_file, SearchOptions(scaling_factors=(factor, 65.0), n_trials=4, seed=3), on_factor=interrupt)
    finished = json.loads(sidecar_path(model_file).read_text())["finished"]
    assert [item["scaling_factor"] for item in finished] == [25, 60]


def test_unreadable_sidecar_is_not_taken_for_nothing(model_file):
    sidecar_path(model_file).write_text("{half")
    (outcome,) = search(model_file)
    assert outcome.state is SearchState.CLAIMED and "reclaim takes it over" in outcome.note


def test_a_lock_left_behind_is_broken(model_file):
    lock = model_file.with_name(model_file.name + ".search.lock")
    lock.write_text("")
    os.utime(lock, (0, 0))
    (outcome,) = search(model_file)
    assert outcome.state is SearchState.SEARCHED
    assert os.listdir(model_file.parent) == [model_file.name]


def test_many_processes_on_one_file_search_it_once(model_file):
    processes = [start_search(model_file, "--n-trials", "10") for _ in range(3)]
    notes = [process.communicate(timeout=120)[1] for process in processes]
    assert all(process.returncode == 0 for process in processes), notes
    assert sum("factor 20:" in note for note in notes) == 1
    assert os.listdir(model_file.parent) == [model_file.name]


def test_task_cannot_be_deduced(tmp_path, go_nogo_path):
    path = shutil.copy(go_nogo_path, tmp_path / "net.mat")
    with pytest.raises(InputError, match="give task"):
        search(path)


def test_empty_folder(tmp_path):
    with pytest.raises(InputError, match=r"holds no \.mat file"):
        search(tmp_path)
