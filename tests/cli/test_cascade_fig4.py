"""`rate2spike cascade fig4`: files, results, the sweep, and bad input that leaves nothing behind."""

import csv
import json

import numpy as np
import pytest

from rate2spike.matlab_compat.matfile import loadmat


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_figure_its_table_and_its_traces_are_written(cli, tmp_path):
    code, out, error = cli("cascade", "fig4")
    assert code == 0, error
    assert {path.name for path in (tmp_path / "cascade_fig4").iterdir()} == {
        f"fig4.{kind}" for kind in ("png", "pdf", "csv", "mat")
    }
    rows = rows_of("cascade_fig4/fig4.csv")
    assert [float(row["peak"]) for row in rows] == [1.0, 1.5, 1.75, 1.25, 1.85, 2.1]
    assert float(rows[2]["max_dendrite"]) == pytest.approx(0.925277, abs=1e-4)
    found = loadmat("cascade_fig4/fig4.mat")["somatic_spike"]
    assert found[0, 2]["Vd"].max() == pytest.approx(0.9253, abs=5e-3)
    assert out.splitlines()[-1].startswith("next: rate2spike inspect")


def test_json_and_flags(cli):
    code, out, error = cli("cascade", "fig4", "--json", "--soma-threshold", 0.15, "--output_dir", "out")
    assert code == 0, error
    told = json.loads(out)
    assert told["n_spikes"] == {"somatic_spike": [0, 1, 1], "dendritic_spike": [0, 1, 1]}
    assert {float(row["soma_threshold"]) for row in rows_of("out/fig4.csv")} == {0.15}


def test_the_sweep_has_one_value_of_what_is_given(cli, tmp_path):
    given = ("--half-activation", 1.8, "--sensitivity", 0.2)
    code, _, error = cli("cascade", "fig4", "--sweep", *given, "--output_dir", "out", "--n-threads", 1)
    assert code == 0, error
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        f"fig4_sweep.{kind}" for kind in ("png", "pdf", "csv", "mat")
    }
    rows = rows_of("out/fig4_sweep.csv")
    assert len(rows) == 61 and {row["half_activation"] for row in rows} == {"1.8"}
    found = loadmat("out/fig4_sweep.mat")
    assert found["loc"].shape == (61, 1) and "Vd" not in found


def test_traces_of_all_runs_on_request(cli):
    given = ("--half-activation", 1.8, "--sensitivity", 0.2, "--traces", "--trace-step-ms", 0.5)
    code, _, error = cli("cascade", "fig4", "--sweep", *given, "--output_dir", "out")
    assert code == 0, error
    found = loadmat("out/fig4_sweep.mat")
    assert found["time"].shape == (1, 101) and found["Vd"].shape == found["Vs_lin"].shape == (61, 101)
    rows = rows_of("out/fig4_sweep.csv")
    assert (found["Vd"].max(1) <= [float(row["max_dendrite"]) + 1e-12 for row in rows]).all()
    np.testing.assert_allclose(found["input"].max(1), found["peak"][:, 0], atol=1e-14)


@pytest.mark.slow
def test_the_published_sweep(cli):
    code, out, error = cli("cascade", "fig4", "--sweep", "--json")
    assert code == 0, error
    assert json.loads(out)["n_runs"] == 6710 == len(rows_of("cascade_fig4/fig4_sweep.csv"))


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--sensitivity", 0), "--sensitivity"),
        (("--dt-ms", "-1"), "--dt-ms"),
        (("--peak", "high"), "--peak"),
        (("--sensit", 0.3), "did you mean --sensitivity?"),
        (("--traces",), "--traces goes with --sweep"),
        (("--sweep", "--trace-step-ms", 1), "--trace-step-ms goes with --traces"),
        (("--sweep", "--traces", "--trace-step-ms", 0), "--trace-step-ms"),
        (("--sweep", "--n-threads", 0), "--n-threads"),
        (("--seed", "1"), "unrecognized arguments: --seed 1"),
        (("--duration-ms", 1e30), "--duration-ms holds too many samples of --dt-ms"),
    ],
)
def test_bad_input_is_one_line_that_names_the_flag_and_leaves_nothing(cli, tmp_path, flags, message):
    code, out, error = cli("cascade", "fig4", *flags)
    assert code == 2 and not out and message in error and len(error.strip().splitlines()) == 1, error
    assert not list(tmp_path.iterdir())
