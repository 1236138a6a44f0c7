"""`rate2spike twin`: data sets of a neuron in detail, from the command line."""

import json
import shutil

import pytest

from rate2spike.cli.twin_study import predictions_kept
from rate2spike.spiking.twin_data.shards import CellDataset

SMALL = ("twin", "simulate", "--cell", "NMDA_cable", "--duration_ms", 512, "--n_valid", 1, "--n_test", 0)


def test_sets_are_written_told_and_grow(cli, tmp_path):
    folder = tmp_path / "run"
    code, said, _ = cli(*SMALL, "--n_train", 3, "--seed", 2, "--run_folder", folder)
    assert code == 0 and "train  simulations: 3; rate (Hz):" in said
    assert f"next: rate2spike twin fit --run_folder {folder}" in said
    first = list(CellDataset.open(folder / "data" / "train"))
    code, said, _ = cli("twin", "simulate", "--resume", "--run_folder", folder, "--n_train", 5, "--json")
    found = json.loads(said)
    assert code == 0 and found["train"]["simulations"] == 5 and found["valid"]["simulations"] == 1
    grown = list(CellDataset.open(folder / "data" / "train"))
    assert [one.events for one in grown[:3]] == [one.events for one in first]
    assert json.loads((folder / "summary.json").read_text())["cell"] == "NMDA_cable"
    assert "[simulate]" in (folder / "config.toml").read_text()


def test_jobs_share_the_files(cli, tmp_path):
    folder, sizes = tmp_path / "run", ("--n_train", 4, "--simulations_per_shard", 1)
    cli(*SMALL, *sizes, "--run_folder", folder, "--shard", "1/2")
    assert CellDataset.open(folder / "data" / "train").n_simulations == 2
    code, _, _ = cli(*SMALL, *sizes, "--run_folder", folder, "--shard", "2/2")
    assert code == 0 and CellDataset.open(folder / "data" / "train").n_simulations == 4
    code, _, error = cli(*SMALL, *sizes, "--run_folder", folder, "--shard", "2/2", "--seed", 5)
    assert code == 2 and "has other settings: seed" in error
    code, _, error = cli(*SMALL, *sizes, "--run_folder", folder)
    assert code == 2 and "holds a run already" in error


@pytest.mark.filterwarnings("default::rate2spike.errors.InputWarning")  # as the command has it
def test_a_damaged_file_is_named_and_what_can_be_done(cli, tmp_path):
    run = ("twin", "simulate", "--cell", "integrate_and_fire", "--duration_ms", 100, "--n_train", 1, "--n_test", 0)
    run = (*run, "--n_valid", 0, "--run_folder", tmp_path)
    assert cli(*run)[0] == 0
    file = tmp_path / "data" / "train" / "shard_00000.h5"
    file.write_bytes(file.read_bytes()[:-200])
    code, _, error = cli("twin", "simulate", "--run_folder", tmp_path, "--resume")
    assert code == 2 and f"{file} is damaged" in error and "delete it, and the same call" in error
    assert error.count("\n") == 1


def test_a_job_without_a_file_leaves_the_set_to_others(cli, tmp_path):
    """Of 5 jobs the last one has a file of train, and none of valid."""
    sizes = ("--n_train", 5, "--simulations_per_shard", 1, "--run_folder", tmp_path / "run")
    code, said, _ = cli(*SMALL, *sizes, "--shard", "5/5")
    assert code == 0 and "train  simulations: 1" in said and "valid" not in said and "next:" not in said
    code, said, _ = cli("twin", "simulate", "--run_folder", tmp_path / "run", "--resume", "--shard", "1/5")
    assert code == 0 and "train  simulations: 2" in said and "valid  simulations: 1" in said


def test_nothing_is_left_of_a_study_without_simulations(cli, tmp_path):
    (tmp_path / "s.toml").write_text("[simulate]\nn_train = 0\nn_valid = 0\nn_test = 0\n")
    code, _, error = cli("twin", "simulate", "--config", tmp_path / "s.toml", "--run_folder", tmp_path / "run")
    assert code == 2 and "nothing is to be simulated" in error and not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--cell", "L5"), "unknown cell 'L5'"),
        (("--cell", "integrate_and_fire", "--dt_ms", 0.1), "--cell integrate_and_fire has steps of a millisecond"),
        (("--dt_ms", 0.3), "--dt_ms must divide a millisecond, such as 0.1, 0.05 or 0.025, got 0.3"),
        (("--shard", "3/2"), "--shard must be I/N with I from 1 to N"),
        (("--n_train", 0), "are 0: nothing is to be simulated"),
        (("--n_threads", 0), "number of threads must be a whole number from 1, got 0"),
        (
            ("--cell", "NMDA_cable", "--input_kind", "out_of_distribution"),
            "--input_kind out_of_distribution is for cells with 64 parts of their dendrites",
        ),
        (("--cell", "NMDA_cable", "--legacy_t0_bug"), "--legacy_t0_bug is of the published layer 5 cells"),
    ],
)
def test_what_cannot_be_used_is_one_line(cli, tmp_path, flags, message):
    small = ("twin", "simulate", "--duration_ms", 20, "--n_train", 1, "--n_valid", 0, "--n_test", 0)
    code, _, error = cli(*small, "--run_folder", tmp_path / "run", *flags)
    assert code == 2 and message in error and error.count("\n") == 1
    assert not (tmp_path / "run").exists()


STUDY = """
[simulate]
cell = "integrate_and_fire"
n_train = 4
n_valid = 4
n_test = 4
duration_ms = 1500

[fit]
architectures = ["linear-80"]
batches_per_epoch = 3
valid_batches = 2
n_epochs = 3

[evaluate]
n_resamples = 20
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A folder with simulations, one fit and its evaluation, made by the commands."""
    from rate2spike.cli.main import main

    place = tmp_path_factory.mktemp("study")
    (place / "given.toml").write_text(STUDY)
    folder = str(place / "study")
    assert main(["twin", "simulate", "--config", str(place / "given.toml"), "--run_folder", folder]) == 0
    assert main(["twin", "fit", "--run_folder", folder]) == 0
    assert main(["twin", "evaluate", "--run_folder", folder]) == 0
    return place / "study"


def test_one_file_is_for_all_steps(study, cli):
    assert (study / "study.toml").read_text() == STUDY
    assert (study / "fits" / "linear-80_seed_0" / "twin.keras").exists()
    assert (study / "fits" / "best_results_test_1_models.csv").exists()
    code, said, _ = cli("twin", "evaluate", "--run_folder", study, "--json")
    found = json.loads(said)
    assert code == 0 and found["networks"][0]["parameters"] == 8005 and found["label"] == "test"


def test_figures_of_data_and_of_networks(study, cli):
    code, said, _ = cli("twin", "explore", "--run_folder", study, "--set", "valid")
    assert code == 0 and (study / "figures" / "data_valid" / "soma_traces.pdf").exists()
    code, said, _ = cli("twin", "figures", "--run_folder", study)
    assert code == 0 and "linear-80_seed_0: " in said
    for name in ("linear-80_seed_0/overview", "linear-80_seed_0/point_study", "networks/auc_over_parameters"):
        assert (study / "figures" / f"{name}.png").exists()


def test_figures_of_other_data_have_a_folder_of_their_own(study, cli):
    before = {path: path.stat().st_mtime_ns for path in (study / "figures").rglob("*.png")}
    code, _, _ = cli("twin", "figures", "--run_folder", study, "--data", study / "data" / "valid", "--label", "again")
    assert code == 0 and (study / "figures" / "linear-80_seed_0_again" / "traces.png").exists()
    assert (study / "figures" / "networks_again" / "sizes.png").exists()
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    assert {path.parent.name for path in (study / "figures").rglob("*.png") if path not in before} == {
        "linear-80_seed_0_again",
        "networks_again",
    }


def test_fits_go_on_with_their_own_settings_alone(study, cli):
    code, _, error = cli("twin", "fit", "--run_folder", study, "--resume", "--batch_size", 5)
    assert code == 2 and "has other settings: batch_size" in error and error.count("\n") == 1
    code, _, error = cli("twin", "fit", "--run_folder", study)
    assert code == 2 and "holds a run already" in error
    code, said, _ = cli("twin", "fit", "--run_folder", study, "--resume")
    assert code == 0 and "linear-80_seed_0" in said


def test_fits_that_do_not_go_on_leave_their_settings(study, cli, tmp_path):
    """Data of the same sizes and seed, of another cell: refused, and what follows is judged by the right data."""
    other = ("twin", "simulate", "--cell", "integrate_and_fire", "--duration_ms", 1400, "--n_train", 4, "--n_valid", 4)
    assert cli(*other, "--n_test", 0, "--run_folder", tmp_path / "other")[0] == 0
    before = (study / "fits" / "config.toml").read_bytes()
    code, _, error = cli("twin", "fit", "--run_folder", study, "--resume", "--data", tmp_path / "other" / "data")
    assert code == 2 and "training_data" in error and error.count("\n") == 1
    assert (study / "fits" / "config.toml").read_bytes() == before


def test_ctrl_c_says_that_predictions_are_kept():
    with (
        pytest.raises(KeyboardInterrupt, match="what is predicted is kept; the same command goes on"),
        predictions_kept(),
    ):
        raise KeyboardInterrupt


def test_jobs_share_the_networks(study, cli, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(study, copy)
    table = copy / "fits" / "evaluation_test.csv"
    table.unlink()
    code, said, error = cli("twin", "evaluate", "--run_folder", copy, "--shard", "1/2")
    assert code == 0 and "linear-80_seed_0" in said and "a share of the networks" in error and not table.exists()
    code, _, error = cli("twin", "evaluate", "--run_folder", copy, "--shard", "2/2")
    assert code == 0 and "no network is of this share" in error
    code, _, error = cli("twin", "evaluate", "--run_folder", copy, "--shard", "3/2")
    assert code == 2 and "must be I/N" in error
    code, _, error = cli("twin", "evaluate", "--run_folder", copy, "--shard", "1/2", "--export_best", tmp_path / "best")
    assert code == 2 and "--export_best needs all networks" in error


def test_fits_that_went_on_and_did_not_end_are_named(study, cli, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(study, copy)
    log = copy / "fits" / "linear-80_seed_0" / "log.jsonl"
    log.write_text(log.read_text() + '{"epoch": 4, "val_loss": 0.25}\n')
    for command in ("evaluate", "figures"):
        code, _, error = cli("twin", command, "--run_folder", copy)
        assert code == 0 and "begun for more epochs, not finished, and taken as before: linear-80_seed_0" in error


def test_further_networks_are_added_to_those_of_before(study, cli, tmp_path):
    shutil.copytree(study, tmp_path / "copy")
    run = ("twin", "fit", "--run_folder", tmp_path / "copy", "--resume")
    code, said, _ = cli(*run, "--architectures", "linear-40")
    assert code == 0 and "linear-80_seed_0" in said and "linear-40_seed_0" in said
    code, said, _ = cli(*run, "--n_seeds", 2)
    assert code == 0 and "linear-80_seed_1" in said and "linear-40_seed_1" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("fit", "--fits", "b", "--architectures", "tcn-3x64x10"),
            "network 'tcn-3x64x10': there is none of that name; did you mean",
        ),
        (("fit", "--fits", "b", "--data", "nowhere"), "nowhere has no folder train"),
        (("fit", "--fits", "b", "--window_ms", 5000), "--window_ms 5000"),
        (("fit", "--fits", "../b"), "--fits must be the name of a folder in"),
        (("fit", "--fits", "data"), "--fits must be the name of a folder in"),
        (("evaluate", "--fits", ".."), "--fits must be the name of a folder in"),
        (("figures", "--fits", "/"), "--fits must be the name of a folder in"),
        (("evaluate", "--fits", "none"), "there are no fits in"),
        (("evaluate", "--label", "x"), "--data and --label go together"),
        (("evaluate", "--data", "nowhere", "--label", "valid"), "--label must be one word, as a name in a"),
        (("figures", "--networks", "elm"), "there is no fit elm in"),
        (("figures", "--tables", "nowhere.csv"), "cannot read nowhere.csv"),
        (("explore", "--set", "tests"), "unknown {set} 'tests'"),
    ],
)
def test_what_cannot_be_done_is_one_line(study, cli, words, message):
    before = {path for path in study.rglob("*") if path.is_file()}
    code, _, error = cli("twin", words[0], "--run_folder", study, *words[1:])
    assert code == 2 and message.replace("{set}", "--set") in error and error.count("\n") == 1, error
    assert {path for path in study.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[fits]\n", "unknown section [fits]; did you mean fit?"),
        ("[simulate]\ncells = 3\n", "unknown setting 'cells'"),
        ("[simulate\n", "is no TOML file"),
        ("simulate = 3\n", "simulate must be a section"),
        ("[fit]\nn_epochs = 'x'\n", "n_epochs"),
        ("[evaluate]\nn_resample = 1\n", "unknown setting 'n_resample'"),
    ],
)
def test_a_file_of_settings_that_cannot_be_used_is_one_line(cli, tmp_path, content, message):
    (tmp_path / "s.toml").write_text(content)
    code, _, error = cli("twin", "simulate", "--config", tmp_path / "s.toml", "--run_folder", tmp_path / "run")
    assert code == 2 and message in error and "s.toml" in error and error.count("\n") == 1, error
    assert not (tmp_path / "run").exists()


@pytest.mark.filterwarnings("default::rate2spike.errors.InputWarning")  # as the command has it
def test_a_damaged_file_is_named_and_left_out_on_request(study, cli, tmp_path):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(study, copy)
    shard = copy / "data" / "test" / "shard_00000.h5"
    shutil.copy(shard, copy / "data" / "test" / "shard_00001.h5")
    shard.write_bytes(shard.read_bytes()[:2000])
    for words in (("explore", "--set", "test"), ("evaluate", "--data", copy / "data" / "test", "--label", "again")):
        code, _, error = cli("twin", words[0], "--run_folder", copy, *words[1:])
        assert code == 2 and "shard_00000.h5" in error and error.count("\n") == 1
    code, _, error = cli("twin", "explore", "--run_folder", copy, "--set", "test", "--damaged", "skip")
    assert code == 0 and "left out" in error and "shard_00000.h5" in error


def test_a_copied_study_goes_on_with_its_own_data(study, cli, tmp_path):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(study, copy)
    shutil.rmtree(copy / "data" / "test")
    code, _, error = cli("twin", "evaluate", "--run_folder", copy)
    assert code == 2 and f"{copy / 'data'} has no folder test" in error
