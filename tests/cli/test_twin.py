"""`rate2spike twin`: data sets of a neuron in detail, from the command line."""

import json

import pytest

from rate2spike.spiking.twin_data.shards import CellDataset

SMALL = ("twin", "simulate", "--cell", "NMDA_cable", "--duration_ms", 512, "--n_valid", 1, "--n_test", 0)


def test_sets_are_written_told_and_grow(cli, tmp_path):
    folder = tmp_path / "run"
    code, said, _ = cli(*SMALL, "--n_train", 3, "--seed", 2, "--run_folder", folder)
    assert code == 0 and "train  simulations: 3; rate (Hz):" in said
    assert f"next: rate2spike twin simulate --run_folder {folder} --resume --n_train 6" in said
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
    code, _, _ = cli("twin", "simulate", "--resume", "--run_folder", folder, "--shard", "2/2")
    assert code == 0 and CellDataset.open(folder / "data" / "train").n_simulations == 4


def test_a_damaged_file_is_named_and_what_can_be_done(cli, tmp_path):
    run = ("twin", "simulate", "--cell", "integrate_and_fire", "--duration_ms", 100, "--n_train", 1, "--n_test", 0)
    run = (*run, "--n_valid", 0, "--run_folder", tmp_path)
    assert cli(*run)[0] == 0
    file = tmp_path / "data" / "train" / "shard_00000.h5"
    file.write_bytes(file.read_bytes()[:-200])
    code, _, error = cli("twin", "simulate", "--run_folder", tmp_path, "--resume")
    assert code == 2 and f"{file} is damaged" in error and "delete it, and the same call" in error
    assert error.count("\n") == 1


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
