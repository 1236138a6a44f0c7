"""Several paths, folders of models and populations: one table, and nothing that blocks the others."""

import csv
import json
import shutil

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from rate2spike.io.toml_file import to_toml
from rate2spike.matlab_compat.matfile import append, loadmat
from rate2spike.matlab_compat.model_file import load_model, save_model
from rate2spike.spiking.search.network_table import NetworkRow
from rate2spike.spiking.search.plots_population import networks_figure

from helpers import small_model

N_CORRECT = {1: (10, 8), 2: (10, 9), 10: (4, 6)}  # of 10 search trials at the factors 20 and 30


@pytest.fixture
def population(tmp_path, go_nogo_path):
    """Three searched networks as `train --seeds` lays them; the last one does not convert."""
    folder = tmp_path / "P"
    for seed, n_correct in N_CORRECT.items():
        (folder / f"seed_{seed}").mkdir(parents=True)
        path = shutil.copy(go_nogo_path, folder / f"seed_{seed}" / "model.mat")
        accuracies = np.array(n_correct) / 10
        append(
            path,
            {
                "r2s_task": "go-nogo",
                "training_success": True,
                "all_perfs": accuracies[:, None],
                "scaling_factors": np.array([[20.0, 30.0]]),
                "opt_scaling_factor": 20.0 + 10 * accuracies.argmax(),
                "r2s_search_trials_per_factor": np.array([[10.0, 10.0]]),
            },
        )
    (folder / "config.toml").write_text(to_toml({"run": {"kind": "population"}}))
    return folder


def rows_of(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_evaluate_makes_a_table_and_a_figure_of_a_population(cli, population):
    code, out, error = cli("evaluate", population, "--n-trials", 10, "--seed", 2)
    assert code == 0, error
    rows = rows_of(population / "evaluation.csv")
    assert [row["network"] for row in rows] == ["seed_1", "seed_2", "seed_10"]
    assert [row["criteria_met"] for row in rows] == ["True"] * 3 and rows[0]["updates"] == "1502"
    assert [float(row["best_factor"]) for row in rows] == [20, 20, 30]
    assert [float(row["search_accuracy"]) for row in rows] == [1, 1, 0.6]
    assert [row["converts"] for row in rows] == ["True", "True", "False"]
    assert round(float(rows[2]["search_low"]), 3) == 0.313 and round(float(rows[2]["search_high"]), 3) == 0.832
    assert {row["n_trials"] for row in rows} == {"10"} and {row["seed"] for row in rows} == {"2"}
    figures = {path.name for path in (population / "figures").iterdir()}
    assert figures == {"evaluation.png", "evaluation.pdf"}
    assert "mean ± SD" in out and "23.3 ± 5.8" in out and "0.867 ± 0.231" in out
    assert "2 of 3 searched networks convert" in out and "67 %, 95 % interval 21 to 94 %" in out
    (warning,) = [line for line in error.splitlines() if "warning" in line]
    assert "seed_10" in warning and "rate2spike diagnose" in warning and "seed_10/model.mat" in warning
    alone = cli("evaluate", population / "seed_2", "--n-trials", 10, "--seed", 2, "--json")[1]
    assert json.loads(alone)["accuracy"] == float(rows[1]["accuracy"])


def test_the_factor_that_is_used_is_the_one_in_the_table(cli, population):
    assert cli("evaluate", population, "--n-trials", 2, "--seed", 2)[0] == 0
    kept = (population / "evaluation.csv").read_bytes()
    code, out, _ = cli(
        "evaluate",
        population,
        "--n-trials",
        2,
        "--seed",
        2,
        "--scaling-factor",
        40,
        "--output_dir",
        population / "at_40",
    )
    (means,) = [line for line in out.splitlines() if "mean ± SD" in line]
    assert code == 0 and "40.0 ± 0.0" in means and "23.3" not in means
    code, _, error = cli("evaluate", population, "--n-trials", 2, "--task", "xor")
    assert code == 2 and "3 of 3 models failed" in error
    assert (population / "evaluation.csv").read_bytes() == kept


def test_accuracies_that_are_none_cost_no_table(cli, population):
    for seed, accuracies in ((1, [np.nan, np.nan]), (2, [95, 80])):
        append(population / f"seed_{seed}/model.mat", {"all_perfs": np.array(accuracies)[:, None]})
    append(population / "seed_10/model.mat", {"r2s_search_trials_per_factor": np.array([[np.nan, 0]])})
    assert cli("search", population)[0] == 0
    rows = rows_of(population / "searches.csv")
    assert [row["search_accuracy"] for row in rows] == ["", "", "0.6"] and rows[2]["search_low"] == ""
    assert [row["best_factor"] for row in rows] == ["20.0", "20.0", "30.0"]


@pytest.mark.filterwarnings("default:the network is silent")
def test_silent_networks_are_named(cli, population):
    code, _, error = cli("evaluate", population, "--n-trials", 2, "--seed", 2, "--neuron-option", "bias_mv=-60")
    warnings = [line for line in error.splitlines() if "warning: seed_" in line]
    assert code == 0 and len(warnings) == 3 and all(" the network is silent" in line for line in warnings)
    assert all("the network is silent" in row["remarks"] for row in rows_of(population / "evaluation.csv"))
    code, _, error = cli("evaluate", population / "seed_1", "--n-trials", 2, "--neuron-option", "bias_mv=-60")
    assert code == 0 and error.count("warning: the network is silent") == 1


def test_long_names_leave_the_figure_its_room():
    rows = [
        NetworkRow(
            f"Task_go-nogo_N_200_Taus_4.0_20.0_Act_sigmoid_2026_11_22_07360{k}", "x.mat", accuracy=0.9, n_trials=9
        )
        for k in range(3)
    ]
    figure = networks_figure(rows)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    above, below = (axes.yaxis.label.get_window_extent(canvas.get_renderer()) for axes in figure.axes)
    assert not above.overlaps(below)


def test_json_of_several_is_a_line_each_and_no_file(cli, population):
    code, out, _ = cli(
        "evaluate", population / "seed_1/model.mat", population / "seed_2", "--n-trials", 4, "--seed", 2, "--json"
    )
    assert code == 0
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["model"] for line in lines] == [str(population / f"seed_{k}" / "model.mat") for k in (1, 2)]
    assert not (population / "evaluation.csv").exists()


def test_what_cannot_be_evaluated_does_not_stop_the_others(cli, population, tmp_path):
    append(population / "seed_1/model.mat", {}, remove=["opt_scaling_factor"])
    (population / "seed_2/model.mat").write_bytes(b"cut")
    code, _, error = cli(
        "evaluate", population, population / "nothere.mat", "--n-trials", 4, "--output_dir", tmp_path / "o"
    )
    assert code == 2
    last = error.splitlines()[-1]
    assert last.startswith("rate2spike evaluate: 3 of 4 models failed, ") and "nothere.mat" in last
    rows = rows_of(tmp_path / "o/evaluation.csv")
    assert [bool(row["accuracy"]) for row in rows] == [False, False, False, True]
    assert "no scaling factor yet" in rows[1]["problem"] and rows[1]["updates"] == "1502"
    assert "not a MAT file" in rows[2]["problem"] and rows[2]["updates"] == ""


def test_search_a_population(cli, population):
    code, out, error = cli("search", population, "--n-trials", 3, "--scaling-factors", 60, 70, "--seed", 1, "--force")
    assert code == 0, error
    assert [line.split(": ")[0] for line in out.splitlines()[:3]] == [
        str(population / f"seed_{k}" / "model.mat") for k in (1, 2, 10)
    ]
    rows = rows_of(population / "searches.csv")
    assert [float(row["best_factor"]) for row in rows] == [60, 60, 60] and "accuracy" not in rows[0]
    assert f"table: {population / 'searches.csv'}" in out
    assert error.count("warning: seed_") == 3
    code, out, error = cli("search", population, "--seed", 1)
    assert code == 0 and out.count("already in the file") == 3 and error.count("warning: seed_") == 3


def test_a_file_without_a_task_does_not_block_a_folder_and_a_given_task_is_kept(cli, tmp_path, go_nogo_path):
    folder = tmp_path / "m"
    folder.mkdir()
    for name in ("Task_go-nogo_N_200.mat", "net.mat"):
        shutil.copy(go_nogo_path, folder / name)
    quick = ("--n-trials", 4, "--scaling-factors", 25, "--seed", 1)
    code, out, error = cli("search", folder, *quick)
    assert code == 2 and "1 of 2 models failed" in error.splitlines()[-1]
    assert f"{folder / 'net.mat'}: neither the file nor its path names a task" in out
    assert "r2s_task" not in loadmat(folder / "Task_go-nogo_N_200.mat")  # its name says it
    assert load_model(folder / "Task_go-nogo_N_200.mat").scaling_factor == 25
    net = folder / "net.mat"
    assert cli("search", net, *quick, "--task", "Go_NoGo", "--task-option", "stim_dur=30")[0] == 0
    model = load_model(net)
    assert model.task == "go-nogo" and model.task_options["stim_dur"] == 30
    code, out, error = cli("evaluate", net, "--n-trials", 4, "--seed", 2)
    assert code == 0, error
    assert cli("search", net, *quick, "--task-option", "stim_dur=20", "--force")[0] == 0
    assert load_model(net).task_options["stim_dur"] == 30  # what a file says stays


def test_workers_say_each_thing_once(cli, population):
    code, out, error = cli("search", population, "--n-workers", 1)
    assert code == 0
    lines = [line for line in (out + error).splitlines() if "already in the file" in line]
    assert len(lines) == 3
    assert "3 of 3 models" in error


def test_a_bad_search_warns_and_a_good_one_does_not(cli, tmp_path, go_nogo_path):
    path = shutil.copy(go_nogo_path, tmp_path / "go-nogo.mat")
    code, out, error = cli("search", path, "--n-trials", 20, "--scaling-factors", "60:5:70", "--seed", 1)
    assert code == 0 and "best scaling factor 60" in out
    warnings = [line for line in error.splitlines() if line.startswith("rate2spike search: warning: ")]
    assert len(warnings) == 2
    assert f"`rate2spike diagnose {path}` says why" in warnings[0]
    assert "the smallest tried: try smaller ones too, such as 45:5:70" in warnings[1]
    code, _, error = cli("search", path, "--n-trials", 20, "--scaling-factors", "20:5:30", "--seed", 1, "--force")
    assert code == 0 and "warning" not in error


def test_diagnose_and_eval_go_nogo_of_several(cli, population, tmp_path):
    code, _, error = cli(
        "diagnose",
        population / "seed_1",
        population / "seed_2",
        "--n-trials",
        2,
        "--seed",
        1,
        "--output_dir",
        tmp_path / "d",
    )
    assert code == 0, error
    assert {path.name for path in (tmp_path / "d").glob("*.png")} == {"seed_1_diagnosis.png", "seed_2_diagnosis.png"}
    code, _, error = cli("diagnose", population, "--output", tmp_path / "one.png")
    assert code == 2 and "--output names one figure, and there are 3 models" in error
    code, _, error = cli("eval-go-nogo", population, population / "seed_2", "--output_dir", tmp_path / "e", "--seed", 1)
    assert code == 0, error
    assert len(list((tmp_path / "e").glob("seed_?_outputs.png"))) == 2


def test_simulate_takes_the_folder_of_one_run(cli, population, tmp_path):
    code, _, error = cli("simulate", population, "--input", tmp_path / "i.mat", "--output", tmp_path / "o.mat")
    assert code == 2 and "holds 3 models: name one of them" in error


@pytest.mark.slow
def test_rate_networks_of_several_models(cli, tmp_path):
    for seed in (1, 2):
        (tmp_path / f"P/seed_{seed}").mkdir(parents=True)
        save_model(small_model(settings={"task": "go-nogo"}, seed=seed), tmp_path / f"P/seed_{seed}/model.mat")
    (tmp_path / "P/seed_1/model.mat").write_bytes(b"cut")
    code, out, error = cli(
        "train", "--mode", "eval", "--model", tmp_path / "P", "--n_trials", 2, "--output_dir", tmp_path / "o"
    )
    assert code == 2 and "1 of 2 failed" in error.splitlines()[-1]
    assert "go-nogo, accuracy" in out and (tmp_path / "o/seed_2_rate_outputs.png").exists()
