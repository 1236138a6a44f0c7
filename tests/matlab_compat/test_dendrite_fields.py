"""Dendrites in a model file: variables, round trip, refusals."""

from dataclasses import replace

import numpy as np
import pytest

from rate2spike.dendritic_input import DendriticInput, drawn_compartments
from rate2spike.errors import ModelFileError
from rate2spike.matlab_compat.matfile import append, loadmat
from rate2spike.matlab_compat.model_file import load_model, save_model
from rate2spike.matlab_compat.model_update import update_model

from helpers import small_model

N = 12


def a_model(kind="active", n_units=N, n_compartments=3):
    compartment = drawn_compartments(n_units, n_compartments, np.random.default_rng(1))
    dendrites = DendriticInput(kind, n_compartments, compartment, gain=1.5, threshold=-0.25, slope=4.0)
    return small_model(n_units=n_units, dendrites=dendrites, settings={"task": "xor", "search_seed": 1.0})


@pytest.mark.parametrize("kind", ["active", "subunit"])
@pytest.mark.parametrize(("n_units", "n_compartments"), [(N, 3), (N, 1), (1, 1), (1, 4)])
def test_they_come_back_and_the_historic_variables_are_as_without(tmp_path, kind, n_units, n_compartments):
    model = a_model(kind, n_units, n_compartments)
    save_model(model, tmp_path / "with.mat")
    save_model(replace(model, dendrites=None), tmp_path / "without.mat")
    again = load_model(tmp_path / "with.mat")
    assert again == model and again.dendrites == model.dendrites and again.settings == model.settings
    assert again.dendrites.compartment.dtype == np.int64
    assert load_model(tmp_path / "without.mat").dendrites is None
    variables, points = loadmat(tmp_path / "with.mat"), loadmat(tmp_path / "without.mat")
    for name, value in points.items():
        assert np.asarray(value).dtype == np.asarray(variables[name]).dtype, name
        np.testing.assert_array_equal(value, variables[name], name)
    assert set(variables) - set(points) == {
        "r2s_dendrites",
        "r2s_n_compartments",
        "r2s_dendrite_gain",
        "r2s_dendrite_threshold",
        "r2s_dendrite_slope",
        "r2s_compartment",
    }


def test_compartments_are_counted_from_one_as_matlab_does(tmp_path):
    model = a_model()
    save_model(model, tmp_path / "f.mat")
    variables = loadmat(tmp_path / "f.mat")
    compartment = variables["r2s_compartment"]
    assert compartment.shape == (N, N) and compartment.dtype == np.float64 and set(compartment.ravel()) == {1, 2, 3}
    np.testing.assert_array_equal(compartment - 1, model.dendrites.compartment)
    assert variables["r2s_dendrites"] == "active" and variables["r2s_dendrite_threshold"].item() == -0.25


def test_integers_of_a_matlab_user_are_taken(tmp_path):
    model = a_model()
    save_model(model, tmp_path / "f.mat")
    append(tmp_path / "f.mat", {"r2s_compartment": (model.dendrites.compartment + 1).astype(np.uint8)})
    assert load_model(tmp_path / "f.mat").dendrites == model.dendrites


def test_numbers_of_any_class_of_matlab_are_taken(tmp_path):
    """r2s_n_compartments = int32(3) and gain = single(1.5), as a MATLAB user may write them."""
    path = tmp_path / "model.mat"
    save_model(a_model(), path)
    numbers = {
        "r2s_n_compartments": np.int32(3),
        "r2s_dendrite_gain": np.float32(1.5),
        "r2s_dendrite_slope": np.int8(4),
    }
    append(path, numbers)
    assert load_model(path).dendrites == a_model().dendrites


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("r2s_dendrites", "plateau", "unknown r2s_dendrites 'plateau': choose from active, subunit"),
        ("r2s_dendrites", 3.0, "unknown r2s_dendrites 3.0: choose from active, subunit"),
        ("r2s_compartment", np.ones((3, 3)), "r2s_compartment must be 12 x 12 whole numbers from 1 to 3"),
        ("r2s_compartment", np.zeros((N, N)), "r2s_compartment must be 12 x 12 whole numbers from 1 to 3"),
        ("r2s_compartment", np.full((N, N), 4.0), "r2s_compartment must be 12 x 12 whole numbers from 1 to 3"),
        ("r2s_compartment", np.full((N, N), 1.5), "r2s_compartment must be 12 x 12 whole numbers from 1 to 3"),
        ("r2s_compartment", np.full((N, N), np.nan), "r2s_compartment must be 12 x 12 whole numbers from 1 to 3"),
        ("r2s_compartment", "many", "r2s_compartment must be 12 x 12 whole numbers from 1 to 3"),
        ("r2s_n_compartments", "many", "r2s_n_compartments must be a whole number from 1, got 'many'"),
        ("r2s_n_compartments", 2.5, "r2s_n_compartments must be a whole number from 1, got 2.5"),
        ("r2s_n_compartments", 0.0, "r2s_n_compartments must be a whole number from 1, got 0.0"),
        ("r2s_dendrite_threshold", np.nan, "r2s_dendrite_threshold must be a finite number, got nan"),
        ("r2s_dendrite_gain", np.ones((2, 1)), "r2s_dendrite_gain must be a number from 0, got array"),
        ("r2s_dendrite_gain", -1.0, "r2s_dendrite_gain must be a number from 0, got -1.0"),
        ("r2s_dendrite_slope", 0.0, "r2s_dendrite_slope must be a positive number, got 0.0"),
        ("r2s_dendrite_slope", None, "r2s_dendrites needs r2s_dendrite_slope, which is missing"),
        ("r2s_compartment", None, "r2s_dendrites needs r2s_compartment, which is missing"),
    ],
)
def test_what_cannot_be_used_is_one_line(tmp_path, name, value, message):
    path = tmp_path / "f.mat"
    save_model(a_model(), path)
    append(path, {} if value is None else {name: value}, remove=[name] if value is None else [])
    with pytest.raises(ModelFileError) as caught:
        load_model(path)
    assert f"{path}: {message}" in str(caught.value) and "\n" not in str(caught.value)


def test_without_their_kind_there_are_none(tmp_path):
    path = tmp_path / "f.mat"
    save_model(a_model(), path)
    append(path, {}, remove=["r2s_dendrites"])
    model = load_model(path)
    assert model.dendrites is None and model.settings["dendrite_gain"] == 1.5


def test_a_network_of_points_that_takes_the_place_of_one_with_dendrites_has_none(tmp_path):
    path = tmp_path / "f.mat"
    save_model(a_model(), path)
    append(path, {"my_notes": "mine"})
    points = small_model(n_units=N, seed=3)
    assert update_model(points, path)
    model = load_model(path)
    assert model.dendrites is None and set(model.extra) == {"my_notes"} and not model.settings


def test_inspect_shows_them(cli, tmp_path):
    save_model(a_model("subunit"), tmp_path / "f.mat")
    code, out, error = cli("inspect", tmp_path / "f.mat")
    assert code == 0, error
    assert "subunit, 3 compartments per unit; gain 1.5, threshold -0.25, slope 4" in " ".join(out.split())
    assert "dendrites='subunit', n_compartments=3" in repr(load_model(tmp_path / "f.mat"))
    save_model(small_model(), tmp_path / "p.mat")
    assert "dendrites" not in cli("inspect", tmp_path / "p.mat")[1] + repr(small_model())
