"""`--resume`: a finished run is left alone, an unfinished one goes on with its own settings, and nothing is no run."""

import shutil
import warnings

import numpy as np
import pytest

from rate2spike.io.run_folder import RunFolder
from rate2spike.matlab_compat.matfile import append, loadmat, savemat, whos
from rate2spike.matlab_compat.model_file import load_model, save_model
from rate2spike.matlab_compat.model_update import update_model
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.stopping import EvaluationRow, has_ended
from rate2spike.spiking.simulator.network import SpikingNetwork

from helpers import small_model

SMALL = ("--N", "20", "--task", "xor", "--decay_taus", "4", "20", "--seed", "1")
SEARCH = {"opt_scaling_factor": 30.0, "all_perfs": [[0.5]], "scaling_factors": [[30.0]], "r2s_search_seed": 1.0}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run folder whose three updates are made, and whose model was searched and annotated."""
    from rate2spike.cli.main import main

    folder = tmp_path_factory.mktemp("runs") / "xor"
    assert main(["train", *SMALL, "--n_trials", "3", "--run_folder", str(folder)]) == 0
    append(folder / "model.mat", {**SEARCH, "my_notes": "mine"})
    return folder


@pytest.fixture
def run_folder(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


def content(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_finished_run_is_left_alone_in_one_line(cli, run_folder):
    before = content(run_folder)
    for flags in ((), SMALL, ("--loss_threshold", "1")):
        code, out, error = cli("train", "--run_folder", run_folder, "--resume", "--quiet", *flags)
        assert code == 0 and not error
        assert "the run is finished, criteria NOT met at update 2" in out and out.count("\n") == 1
        assert content(run_folder) == before


@pytest.mark.filterwarnings("ignore:the λ search")
def test_a_run_of_the_version_before_is_resumed(cli, run_folder, repository):
    """Its config.toml was written by hand: lists on one line. The settings are the same, so that it is finished."""
    shutil.copy(repository / "tests" / "data" / "configs" / "train.toml", run_folder / "config.toml")
    code, out, error = cli("train", "--run_folder", run_folder, "--resume")
    assert code == 0 and "the run is finished" in out, error
    code, _, error = cli("train", "--run_folder", run_folder, "--resume", "--n_trials", 4)
    assert code == 0 and "goes on after update 1" in error, error
    code, _, error = cli("train", "--run_folder", run_folder, "--resume", "--n_trials", 4, "--gain", 2)
    assert code == 2 and "has other settings: gain 1.5 there, 2.0 here" in error


def test_more_updates_go_on_drop_the_search_and_keep_what_is_not_ours(cli, run_folder):
    with warnings.catch_warnings():
        warnings.simplefilter("always")  # to be printed
        code, out, error = cli("train", "--run_folder", run_folder, "--resume", "--n_trials", 5)
    assert code == 0 and f"model: {run_folder / 'model.mat'}" in out and "goes on after update 1" in error
    assert "rate2spike train: warning: the λ search of" in error and "is removed: search again" in error
    variables = loadmat(run_folder / "model.mat")
    assert variables["tr"] == 4 and variables["my_notes"] == "mine" and not set(SEARCH) & set(variables)
    assert load_model(run_folder / "model.mat").losses.size == 5
    before = content(run_folder)
    code, _, error = cli("train", "--run_folder", run_folder, "--resume", "--n_trials", 4)
    assert code == 2 and "has 5 updates already, more than --n_trials 4" in error
    assert content(run_folder) == before


def test_a_run_that_was_cut_off_goes_on_with_its_own_settings_alone(cli, run_folder):
    for name in ("model.mat", "evaluations.csv", "training.csv", "checkpoints", "figures"):
        path = run_folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()  # as if killed before the first checkpoint
    before = content(run_folder)
    for flags, difference in (
        (("--recipe", "--task", "afc"), "batch_size 1 there, 8 here"),
        (("--recipe", "--task", "xor"), "n_units 20 there, 200 here"),
        (("--seed", "2"), "seed 1 there, 2 here"),
    ):
        code, _, error = cli("train", "--run_folder", run_folder, "--resume", *flags)
        assert code == 2 and "has other settings" in error and difference in error and error.count("\n") == 1
        assert content(run_folder) == before
    code, _, error = cli("train", *SMALL, "--n_trials", 3, "--run_folder", run_folder, "--resume")
    assert code == 0 and "goes on from the start: no checkpoint yet" in error
    assert load_model(run_folder / "model.mat").last_update == 2


@pytest.mark.parametrize(
    "command",
    [
        ("train", "--run_folder", "{folder}"),
        ("train", *SMALL, "--run_folder", "{folder}"),
        ("train", *SMALL[:-2], "--seeds", "1-2", "--run_folder", "{folder}"),
        ("run", "--output_dir", "{parent}", "--name", "nothere", "--task", "xor"),
        ("run", "--run_folder", "{folder}", "--task", "xor"),
        ("context", "--save_dir", "{folder}"),
        ("context", "--run-folder", "{folder}"),
    ],
)
def test_nothing_to_resume(cli, tmp_path, command):
    folder = tmp_path / "nothere"
    words = [word.format(folder=folder, parent=tmp_path) for word in command]
    code, _, error = cli(*words, "--resume")
    assert code == 2 and f"nothing to resume in {folder}: it does not exist" in error and error.count("\n") == 1
    assert not folder.exists()
    folder.mkdir()
    code, _, error = cli(*words, "--resume")
    assert code == 2 and f"nothing to resume in {folder}: it is empty" in error and not list(folder.iterdir())


@pytest.mark.parametrize(
    "flags", [("train", *SMALL), ("train", *SMALL[:-2], "--seeds", "1-2"), ("run", "--task", "xor")]
)
def test_ctrl_c_while_a_run_begins_leaves_no_folder(cli, tmp_path, monkeypatch, flags):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(RunFolder, "write_config", interrupted)
    code, _, error = cli(*flags, "--run_folder", tmp_path / "run")
    assert code == 130 and "run the same command again" in error.splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_a_search_at_work_is_not_pulled_from_under(cli, run_folder):
    from rate2spike.io.lock_file import this_process
    from rate2spike.spiking.search.claim import SearchClaim, sidecar_path

    SearchClaim(sidecar_path(run_folder / "model.mat"), this_process()).save()
    code, _, error = cli("train", "--run_folder", run_folder, "--resume", "--n_trials", 5)
    assert code == 2 and "is being searched by process" in error
    assert load_model(run_folder / "model.mat").last_update == 2


def test_the_same_network_leaves_the_file_and_another_takes_its_place(tmp_path):
    path = tmp_path / "m.mat"
    save_model(small_model(), path)
    append(path, {**SEARCH, "my_notes": "mine"})
    before = path.read_bytes()
    assert not update_model(small_model(), path) and path.read_bytes() == before
    assert update_model(small_model(activation="softplus"), path)
    names = {variable.name for variable in whos(path)}
    assert "my_notes" in names and not names & set(SEARCH) and load_model(path).activation == "softplus"


def test_results_are_never_written_over_a_model(cli, tmp_path, go_nogo_path):
    other = tmp_path / "other.mat"
    save_model(small_model(), other)
    savemat(tmp_path / "in.mat", {"u": np.ones((1, 20))})
    SpikingNetwork.from_model(small_model(), 5.0).run(np.ones((1, 20)), seed=1).save(tmp_path / "trial.h5")
    before = other.read_bytes()
    for words in (
        ("simulate", go_nogo_path, "--input", tmp_path / "in.mat", "--scaling-factor", 25),
        ("export", tmp_path / "trial.h5", "--to", "neo"),
    ):
        code, _, error = cli(*words, "--output", other)
        assert code == 2 and f"{other} holds a model, which would be lost" in error
    assert other.read_bytes() == before


def test_when_training_has_ended():
    def ended(last_update, *judged, **settings):
        config = TrainConfig(task="xor", n_updates=100, evaluate_every=10, **settings)
        return has_ended(config, [EvaluationRow(*row, 0.01) for row in judged], last_update)

    assert ended(99, (99, 8.0, 0.5)) and not ended(99, (91, 8.0, 0.5))  # all updates made; not yet judged
    assert ended(11, (11, 1.0, 1.0)) and not ended(12, (12, 1.0, 1.0))  # the latter: interrupted between evaluations
    assert not ended(11, (11, 1.0, 1.0), min_updates=50)
    assert ended(21, (1, 8.0, 0.5), (11, 9.0, 0.5), (21, 9.0, 0.5), patience=2)
    assert not ended(21, (1, 8.0, 0.5), (11, 9.0, 0.5), (21, 7.5, 0.5), patience=2)


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("model.mat", ("train", *SMALL, "--run_folder", "{folder}")),
        ("models/xor/Task_xor.mat", ("run", *SMALL, "--output_dir", "{parent}", "--name", "a")),
        ("models/xor/Task_xor.mat", ("run", *SMALL, "--run_folder", "{folder}")),
        ("model.keras", ("context", "--synthetic", "--dataset", "shd", "--save_dir", "{folder}")),
    ],
)
def test_a_new_run_takes_no_model_for_its_own(cli, tmp_path, file, command):
    """A network that lies in the folder is neither replaced nor searched in place of the one that was asked for."""
    path = tmp_path / "a" / file
    path.parent.mkdir(parents=True)
    save_model(small_model(), path)
    before = content(tmp_path)
    code, _, error = cli(*(word.format(folder=tmp_path / "a", parent=tmp_path) for word in command))
    assert code == 2 and f"a holds {file.split('/')[0]} already" in error and error.count("\n") == 1
    assert content(tmp_path) == before
