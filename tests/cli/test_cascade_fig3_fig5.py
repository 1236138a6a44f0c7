"""`rate2spike cascade fig3` and `fig5`: files, results, flags, and bad input that leaves nothing behind."""

import csv
import json

import pytest

from rate2spike.matlab_compat.matfile import loadmat

FIGURES = ("fig3", "fig5")


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("figure", FIGURES)
def test_the_files_are_there(cli, tmp_path, figure):
    code, out, error = cli("cascade", figure, *(("--seed", 1) if figure == "fig3" else ()))
    assert code == 0, error
    folder = tmp_path / f"cascade_{figure}"
    assert {path.name for path in folder.iterdir()} >= {f"{figure}.{kind}" for kind in ("png", "pdf", "csv", "mat")}
    assert "steepest slope" in out and out.splitlines()[-1].startswith("next: rate2spike inspect")


def test_fig3_has_its_numbers_in_the_table_and_in_json(cli):
    code, out, error = cli("cascade", "fig3", "--seed", 1, "--json", "--output_dir", "out")
    assert code == 0, error
    told = json.loads(out)
    assert told["seed"] == 1 and told["steepest_slope"]["sharp_spikes"] == pytest.approx(3.556, abs=1e-3)
    assert [len(counts) for counts in told["n_events"].values()] == [3, 3, 3, 3]
    rows = rows_of("out/fig3.csv")
    assert len(rows) == 400 and float(rows[10]["peak"]) == pytest.approx(10.75, abs=1e-4)
    variables = loadmat("out/fig3.mat", simplify=True)
    assert variables["time_ms"].size == 2000 and variables["sharp_spikes"]["peaks"].size == 100


def test_fig5_has_its_numbers_in_the_table_and_in_json(cli):
    code, out, error = cli("cascade", "fig5", "--json", "--output_dir", "out")
    assert code == 0, error
    told = json.loads(out)
    assert told["threshold"]["control"] == pytest.approx(5.434, abs=1e-3)
    assert told["peaks"]["blocked"]["nmda"] == pytest.approx(1.347620, abs=1e-6)
    rows = rows_of("out/fig5.csv")
    assert len(rows) == 38 and float(rows[-1]["blocked_peak"]) == pytest.approx(7.22778, abs=1e-4)
    variables = loadmat("out/fig5.mat", simplify=True)
    assert variables["control"]["nmda"].max() == pytest.approx(6.682995, abs=1e-6)


def test_flags_are_settings_of_all_panels(cli):
    code, out, _ = cli("cascade", "fig3", "--seed", 1, "--tau-na-ms", 20, "--truncated", "False", "--json")
    assert code == 0
    rows = rows_of("cascade_fig3/fig3.csv")
    assert {row["tau_na_ms"] for row in rows} == {"20.0"}
    code, out, _ = cli("cascade", "fig5", "--nmda-gain", 0, "--json")
    assert code == 0 and json.loads(out)["threshold"] == {"control": None, "blocked": None}


def test_the_same_seed_writes_the_same_figure(cli, tmp_path):
    for folder in ("a", "b"):
        assert cli("cascade", "fig3", "--seed", 3, "--output_dir", folder)[0] == 0
    for name in ("fig3.csv", "fig3.png", "fig3.pdf"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


BAD = [
    ("fig3", ("--tau-na-ms", -2), "--tau-na-ms"),
    ("fig3", ("--sensitivity", 0), "--sensitivity"),
    ("fig3", ("--length-ms", "nan"), "--length-ms"),
    ("fig3", ("--length-ms", 0.05), "--length-ms"),
    ("fig3", ("--dt-ms", 20), "--dt-ms"),
    ("fig3", ("--dt-ms", 1e-9), "--dt-ms"),
    ("fig3", ("--dt-ms", 1e-8), "--dt-ms"),
    ("fig3", ("--truncated", "perhaps"), "--truncated"),
    ("fig3", ("--seed", -1), "--seed"),
    ("fig3", ("--gain", "x"), "--gain"),
    ("fig5", ("--ca-sensitivity", 0), "--ca-sensitivity"),
    ("fig5", ("--nmda-tau-linear-ms", "inf"), "--nmda-tau-linear-ms"),
    ("fig5", ("--na-linear-length-ms", 0.1), "--na-linear-length-ms"),
    ("fig5", ("--dt-ms", 1e-9), "--dt-ms"),
    ("fig5", ("--seed", 1), "unrecognized arguments: --seed 1"),
    ("fig5", ("--na_gian", 1), "did you mean --na-gain?"),
]


@pytest.mark.parametrize(("figure", "flags", "said"), BAD)
def test_bad_input_names_the_flag_in_one_line_and_writes_nothing(cli, tmp_path, figure, flags, said):
    code, out, error = cli("cascade", figure, *flags)
    assert code == 2 and not out and error.count("\n") == 1
    assert error.startswith(f"rate2spike cascade {figure}: ") and said in error
    assert not list(tmp_path.iterdir())
