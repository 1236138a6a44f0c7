"""`rate2spike cascade fig6`: files, results, flags, what is said of a cell that goes on firing, and bad input."""

import csv
import json

import pytest

from rate2spike.matlab_compat.matfile import loadmat

pytestmark = pytest.mark.filterwarnings("default::rate2spike.errors.InputWarning")  # as the command has it


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_files_and_words(cli, tmp_path):
    code, out, error = cli("cascade", "fig6")
    assert code == 0 and not error
    names = {path.name for path in (tmp_path / "cascade_fig6").iterdir()}
    figures = {f"fig6{part}.{kind}" for part in ("", "_a", "_b", "_c") for kind in ("png", "pdf")}
    assert names == figures | {"fig6.csv", "fig6.mat"}
    assert "24, 48.5, 77.6, 106.8, 323.2, 328.4" in out and "-15 ms: 2; 0 ms: 3; 15 ms: 1" in out
    assert out.splitlines()[-1] == "next: rate2spike inspect cascade_fig6/fig6.mat"


def test_numbers_in_json_table_and_traces(cli):
    code, out, error = cli("cascade", "fig6", "--json", "--output_dir", "out")
    assert code == 0, error
    told = json.loads(out)
    assert told["burst_events"] == {"soma": 4, "dendrite": 0, "both": 7}
    assert told["largest_stable_gain"] == pytest.approx(12.506, abs=2e-3)
    assert told["filter_areas"] == {"soma": 1, "adaptation": pytest.approx(2.9900245), "dendrite": 1}
    with open("out/fig6.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["n_events"] for row in rows if row["experiment"] == "bursting"] == ["0", "4", "0", "0", "0", "7"]
    variables = loadmat("out/fig6.mat", simplify=True)
    assert variables["bursting"]["spikes"].nonzero()[0][:4].tolist() == [240, 241, 242, 485]
    assert variables["gain"]["n_events"].shape == (2, 16)


def test_a_cell_that_goes_on_firing_is_one_line_that_names_the_flag(cli):
    code, out, error = cli("cascade", "fig6", "--dendritic-gain", 20)
    assert code == 0
    assert error == (
        "rate2spike cascade fig6: warning: the loop goes on firing after its input has ended: "
        "--dendritic-gain is 20, and the largest stable one is 12.51\n"
    )
    assert "largest stable gain" in out


def test_adaptation_can_be_left_as_the_exponential_has_it(cli):
    code, _, error = cli("cascade", "fig6", "--adaptation-first-tap", "none", "--json")
    assert code == 0 and "not all filters have area 1" in error and "--adaptation-first-tap" in error


@pytest.mark.parametrize(
    "words",
    [
        ("--soma-tau-ms", 0),
        ("--dt-ms", 5),
        ("--dendritic-sensitivity", "nan"),
        ("--backprop-gain", -1),
        ("--truncated", "perhaps"),
        ("--spike-height", "1e308"),
        ("--seed", 1),
    ],
)
def test_bad_input_is_one_line_with_the_flag_and_leaves_nothing(cli, tmp_path, words):
    more = ("--adaptation-area", "1e10") if words[0] == "--spike-height" else ()
    code, out, error = cli("cascade", "fig6", *words, *more)
    assert code == 2 and not out and words[0] in error.splitlines()[-1]
    assert [line for line in error.splitlines() if "warning" not in line] == error.splitlines()[-1:]
    assert not list(tmp_path.iterdir())
