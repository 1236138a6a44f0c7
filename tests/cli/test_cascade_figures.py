"""What the commands of the cascade figures share: files, words, JSON, bad input. The demonstration is a small one of ours."""

import csv
import json
from argparse import Namespace

import numpy as np
import pytest

from rate2spike.cli.arguments import Parser
from rate2spike.cli.cascade_figures import add_output, check_output, write_all
from rate2spike.errors import InputError
from rate2spike.figures import Figure
from rate2spike.matlab_compat.matfile import loadmat


class Small:
    def plot(self):
        figure = Figure()
        figure.subplots().plot([0, 1], [0, 1])
        return figure

    def table(self):
        return {"amplitude": np.array([0.1, 0.2]), "n_events": [1, 2]}

    def traces(self):
        return {"time_ms": np.arange(3) * 0.1, "control": {"voltage": np.ones(3)}}

    def summary(self):
        return {
            "threshold_ms": 1.23456,
            "n_events": (1, 2),
            "onsets_ms": np.arange(3) / 2,
            "slopes": {"all": {"na_ca": 0.5, "b": 1}},
        }


class InParts(Small):
    def parts(self):
        return {"a": self.plot()}


class Uneven(Small):
    def table(self):
        return {"amplitude": [0.1], "n_events": [1, 2]}


def arguments(folder, **given):
    return Namespace(**{"output_dir": str(folder), "json": False, "hints": True} | given)


def test_all_four_files_are_written(tmp_path):
    write_all(arguments(tmp_path / "new" / "folder"), "fig9", Small())
    folder = tmp_path / "new" / "folder"
    assert {path.name for path in folder.iterdir()} == {"fig9.png", "fig9.pdf", "fig9.csv", "fig9.mat"}
    assert list(csv.reader((folder / "fig9.csv").read_text().splitlines())) == [
        ["amplitude", "n_events"],
        ["0.1", "1"],
        ["0.2", "2"],
    ]
    found = loadmat(folder / "fig9.mat", simplify=True)
    assert found["time_ms"].tolist() == [0, 0.1, 0.2] and found["control"]["voltage"].tolist() == [1, 1, 1]


def test_parts_are_figures_of_their_own(tmp_path):
    write_all(arguments(tmp_path), "fig9", InParts())
    assert {path.name for path in tmp_path.glob("*.png")} == {"fig9.png", "fig9_a.png"}


def test_results_are_told_in_words_with_units_and_the_next_step(tmp_path, capsys):
    write_all(arguments(tmp_path), "fig9", Small())
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[:4]] == [
        ["threshold", "(ms)", "1.235"],
        ["n", "events", "1,", "2"],
        ["onsets", "(ms)", "0,", "0.5,", "1"],
        ["slopes", "all", "(na", "ca:", "0.5;", "b:", "1)"],
    ]
    assert lines[-1] == f"next: rate2spike inspect {tmp_path / 'fig9.mat'}"


def test_json_is_one_object_with_results_and_files(tmp_path, capsys):
    write_all(arguments(tmp_path, json=True), "fig9", Small())
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert found["figure"] == "fig9" and found["onsets_ms"] == [0, 0.5, 1]
    assert sorted(found["files"]) == sorted(str(path) for path in tmp_path.iterdir())


def test_nothing_is_written_if_a_part_cannot_be_made(tmp_path):
    with pytest.raises(ValueError):
        write_all(arguments(tmp_path / "new"), "fig9", Uneven())
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_names_the_flag_before_anything_is_computed(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError) as caught:
        check_output(arguments(tmp_path / "file" / "folder"))
    assert caught.value.fields == ("output_dir",)
    check_output(arguments(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_the_folder_is_called_as_the_figure_unless_given():
    parser = Parser("p", None)
    add_output(parser, "fig9")
    assert parser.parse_args([]).output_dir == "cascade_fig9"
    assert parser.parse_args(["--output-dir", "x", "--json"]).output_dir == "x"
