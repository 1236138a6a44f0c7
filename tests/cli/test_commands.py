"""The commands on good input: what they print and write."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from rate2spike import __version__
from rate2spike.cli import run
from rate2spike.cli.arguments import scaling_factors
from rate2spike.cli.commands import SHOWN
from rate2spike.cli.train import main as historic_main
from rate2spike.errors import InputError
from rate2spike.io.lock_file import this_process
from rate2spike.matlab_compat.matfile import loadmat, savemat
from rate2spike.matlab_compat.model_file import load_model
from rate2spike.rate.config import TrainConfig
from rate2spike.spiking.search.claim import SearchClaim, sidecar_path

from helpers import start_interruptible

HISTORIC = """--gpu 0 --gpu_frac 0.20 --n_trials 2 --mode train --N 30 --P_inh 0.20 --som_N 0 --apply_dale True
--gain 1.5 --task go-nogo --act sigmoid --loss_fn l2 --decay_taus 4 20""".split()


@pytest.fixture
def model(tmp_path, go_nogo_path):
    return shutil.copy(go_nogo_path, tmp_path)


def test_historic_command_line_writes_the_historic_folder_name_and_variables(tmp_path, capsys, go_nogo_path):
    assert historic_main([*HISTORIC, "--output_dir", str(tmp_path)]) == 0
    (path,) = tmp_path.rglob("*.mat")
    assert path.parent == tmp_path / "models" / "go-nogo" / "P_rec_0.2_Taus_4.0_20.0"
    assert path.name.startswith("Task_go-nogo_N_30_Taus_4.0_20.0_Act_sigmoid_20")
    ours, published = loadmat(path), loadmat(go_nogo_path)
    assert set(published) <= set(ours)
    assert {name for name in set(ours) - set(published) if not name.startswith("r2s_")} == {"training_success"}
    for name, value in published.items():
        dtype = np.asarray(ours[name]).dtype
        assert dtype == np.asarray(value).dtype or name == "activation", name
        expected = tuple(30 if size == 200 and name not in ("u", "target") else size for size in np.shape(value))
        if name in ("x", "r", "x0", "r0"):
            expected = (200, 30, 1)
        if name != "losses":
            assert np.shape(ours[name]) == expected, name
    assert ours["losses"].shape == (1, 2)
    out, error = capsys.readouterr()
    assert str(path) in out
    assert "update 1: loss" in error and "criteria NOT met" in error and "seed" in error


def test_optional_flags_may_be_left_out(cli, tmp_path):
    code, _, error = cli(
        "train",
        "--N",
        20,
        "--task",
        "XOR",
        "--decay_taus",
        7,
        "--n_trials",
        1,
        "--apply_dale",
        "false",
        "--output-dir",
        tmp_path,
        "--seed",
        5,
    )
    assert code == 0, error
    (path,) = (tmp_path / "models" / "xor" / "NoDale" / "P_rec_0.2_Tau_7.0").iterdir()
    assert load_model(path).settings["seed"] == 5


def test_two_models_of_one_second_do_not_overwrite_each_other(cli, tmp_path):
    for seed in (1, 2):
        code, _, _ = cli(
            "train",
            "--N",
            5,
            "--task",
            "go-nogo",
            "--decay_taus",
            7,
            "--n_trials",
            1,
            "--output_dir",
            tmp_path,
            "--seed",
            seed,
        )
        assert code == 0
    assert len(list(tmp_path.rglob("*.mat"))) == 2


def test_eval_mode_on_a_file_and_on_the_folder_that_flags_name(cli, tmp_path, go_nogo_path):
    code, out, error = cli("train", "--mode", "eval", "--model", go_nogo_path, "--output_dir", tmp_path, "--seed", 1)
    assert code == 0, error
    assert "accuracy 1.000" in out or "accuracy 0.9" in out
    assert len(list(tmp_path.glob("*_rate_outputs.png"))) == 1
    historic_main([*HISTORIC, "--act", "softplus", "--output_dir", str(tmp_path)])
    historic_main([*HISTORIC, "--output_dir", str(tmp_path)])
    code, out, error = cli(
        "train", *HISTORIC, "--act", "softplus", "--mode", "EVAL", "--output_dir", tmp_path, "--seed", 1
    )
    assert code == 0, error
    assert "softplus" in out and "sigmoid" not in out and "over 2 trials" in out


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_in_training_leaves_a_valid_model_and_says_how_to_go_on(tmp_path, repository):
    command = [
        sys.executable,
        "-u",
        str(repository / "rate" / "main.py"),
        "--N",
        "50",
        "--task",
        "go-nogo",
        "--seed",
        "3",
        "--decay_taus",
        "4",
        "20",
        "--output_dir",
        str(tmp_path),
    ]
    process = start_interruptible(command)
    seen = ""
    while "update 101" not in seen:
        seen += process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert "interrupted" in error and "--seed 3" in error and "Traceback" not in error
    (path,) = tmp_path.rglob("*.mat")
    assert str(path) in out
    assert load_model(path).training_success is False


def test_search_evaluate_inspect_and_their_words(cli, model):
    code, out, error = cli("search", model, "--scaling_factors", "25", "65:5:70", "--n-trials", 8, "--seed", 1)
    assert code == 0
    assert "factor 25: accuracy" in error and "best scaling factor 25" in out
    assert load_model(model).scaling_factors.tolist() == [25, 65, 70]
    code, out, _ = cli("search", model)
    assert code == 0 and "already in the file" in out
    code, out, _ = cli("evaluate", model, "--n-trials", 20, "--seed", 2)
    assert code == 0 and "over 20 fresh trials" in out and "seed 2" in out
    code, out, _ = cli("evaluate", model, "--n-trials", 20, "--seed", 2, "--json")
    result = json.loads(out)
    assert result["n_correct"] / 20 == result["accuracy"] and result["scaling_factor"] == 25
    code, out, _ = cli("inspect", model)
    assert code == 0
    for words in (
        "go-nogo (from the path)",
        "inhibitory",
        "of which 0 SOM",
        "Dale            on",
        "sigmoid",
        "trained within 20 to 100 ms",
        "update 1501",
        "scaling factor 25",
    ):
        assert words in out


def test_scripts_with_the_historic_names(model, repository):
    script = repository / "spiking" / "lambda_grid_search.py"
    command = [sys.executable, str(script), str(model), "--scaling-factors", "25", "--n-trials", "4", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert load_model(model).scaling_factor == 25
    script = repository / "spiking" / "eval_go_nogo.py"
    folder = os.path.dirname(model)
    done = subprocess.run([sys.executable, str(script), folder, "--output_dir", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len([name for name in os.listdir(folder) if name.endswith(".png")]) == 3


def test_simulate_writes_what_is_asked_for(cli, tmp_path, model):
    stims = {"mode": "exc", "dur": [100, 300], "units": [1, 2]}
    savemat(tmp_path / "in.mat", {"u": np.zeros((1, 4)), "stims": stims, "other": "ignored"})
    common = ["simulate", model, "--input", tmp_path / "in.mat", "--output", tmp_path / "o.mat", "--scaling-factor", 25]
    code, out, error = cli(*common, "--seed", 1)
    assert code == 0, error
    everything = loadmat(tmp_path / "o.mat")
    assert list(everything) == ["W", "REC", "spk", "rs", "all_fr", "out", "params"]
    assert everything["REC"].shape == (200, 300) and "seed 1" in out
    assert cli(*common, "--seed", 1, "--record", "spk,out")[0] == 0
    some = loadmat(tmp_path / "o.mat")
    assert list(some) == ["spk", "out"]
    np.testing.assert_array_equal(some["out"], everything["out"])
    assert cli(*common, "--seed", 1, "--precision", "float64")[0] == 0
    assert not np.array_equal(loadmat(tmp_path / "o.mat")["out"], everything["out"])


def test_draws_are_taken_in_matlabs_order(cli, tmp_path, model):
    rng = np.random.default_rng(0)
    uniforms, normals = rng.random((200, 1)), rng.standard_normal((200, 300))  # column i is what step i uses
    outs = []
    for nz in (normals, normals.ravel(order="F")):
        savemat(tmp_path / "in.mat", {"u": np.zeros((1, 4)), "UZ": uniforms, "NZ": nz})
        assert (
            cli(
                "simulate",
                model,
                "--input",
                tmp_path / "in.mat",
                "--output",
                tmp_path / "o.mat",
                "--scaling-factor",
                25,
                "--record",
                "REC",
            )[0]
            == 0
        )
        outs.append(loadmat(tmp_path / "o.mat")["REC"])
    np.testing.assert_array_equal(*outs)
    np.testing.assert_allclose(
        outs[0][:, 0],
        np.where(
            -65 + uniforms[:, 0] * 95 + normals[:, 0] / 10 >= -40, 30, -65 + uniforms[:, 0] * 95 + normals[:, 0] / 10
        ),
    )


def test_logical_units_select_as_in_matlab(cli, tmp_path, model):
    outs = []
    mask = np.zeros((1, 200), bool)
    mask[0, [1, 4]] = True
    for units in ([2, 5], mask):
        stims = {"mode": "exc", "dur": [100, 900], "units": units}
        savemat(tmp_path / "in.mat", {"u": np.zeros((1, 12)), "stims": stims})
        assert (
            cli(
                "simulate",
                model,
                "--input",
                tmp_path / "in.mat",
                "--output",
                tmp_path / "o.mat",
                "--scaling-factor",
                25,
                "--seed",
                1,
                "--record",
                "REC",
            )[0]
            == 0
        )
        outs.append(loadmat(tmp_path / "o.mat")["REC"])
    np.testing.assert_array_equal(*outs)


def test_run_does_all_of_it_into_one_folder(cli, tmp_path):
    code, out, error = cli(
        "run",
        "--task",
        "go-nogo",
        "--N",
        30,
        "--n_trials",
        5,
        "--seed",
        1,
        "--output_dir",
        tmp_path,
        "--name",
        "a",
        "--scaling-factors",
        20,
        30,
        "--search-trials",
        4,
        "--evaluation-trials",
        6,
    )
    assert code == 0, error
    folder = tmp_path / "a"
    config = tomllib.loads((folder / "config.toml").read_text())
    assert config["training"]["seed"] == 1 and config["training"]["n_units"] == 30
    assert config["search"]["scaling_factors"] == [20.0, 30.0]
    summary = json.loads((folder / "summary.json").read_text())
    model = load_model(folder / summary["model"])
    assert model.scaling_factor == summary["best"]["scaling_factor"]
    assert summary["evaluation"]["n_trials"] == 6
    assert "rate2spike diagnose" in summary["remarks"][0] and f"warning          {summary['remarks'][0]}" in out
    assert len((folder / "training.csv").read_text().splitlines()) == 6
    assert len((folder / "search.csv").read_text().splitlines()) == 3
    figures = {path.name for path in (folder / "figures").iterdir()}
    stems = (
        "training_loss",
        "time_constants",
        "rate_outputs",
        "accuracy_over_scaling_factor",
        "spiking_outputs",
        "raster_go",
        "raster_nogo",
    )
    assert figures == {f"{stem}.{kind}" for stem in stems for kind in ("png", "pdf")}
    for words in ("criteria NOT met", "scaling factor", "fresh trials", str(folder)):
        assert words in out
    code, _, error = cli("run", "--task", "go-nogo", "--output_dir", tmp_path, "--name", "a")
    assert code == 2 and "holds a run already" in error


def test_bare_command_and_version(cli):
    code, out, _ = cli()
    assert code == 0 and all(name in out for name in SHOWN)
    code, out, _ = cli("--version")
    assert code == 0 and __version__ in out
    done = subprocess.run([sys.executable, "-m", "rate2spike", "--version"], capture_output=True, text=True)
    assert done.stdout.strip() == f"rate2spike {__version__}"


@pytest.mark.parametrize(
    ("text", "factors"),
    [
        ("20:5:75", tuple(range(20, 76, 5))),
        ("4:2:26", tuple(range(4, 27, 2))),
        ("30", (30,)),
        ("1:0.1:1.3", (1, 1.1, 1.2, 1.3)),
    ],
)
def test_scaling_factor_ranges_include_their_end(text, factors):
    assert scaling_factors(text) == pytest.approx(factors)


@pytest.mark.skipif(os.name == "nt", reason="pipes of a shell")
def test_a_reader_that_stops_is_no_error(model):
    """As in `rate2spike inspect FILE | head -1`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "rate2spike", "inspect", str(model)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert process.stderr.read() == b"" and process.wait() == 0
    process.stderr.close()


def test_run_says_who_searches_its_model(model):
    SearchClaim(sidecar_path(Path(model)), this_process()).save()
    with pytest.raises(InputError, match="being searched by"):
        run._search(Path(model), run.Plan((25.0,), 2, 2), TrainConfig(seed=1), 1)
