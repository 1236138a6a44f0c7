"""Commands on a model file whose units have dendrites: all of them run, record and name these, or refuse them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from rate2spike.dendritic_input import DendriticInput, drawn_compartments
from rate2spike.matlab_compat.matfile import loadmat, savemat
from rate2spike.matlab_compat.model_file import load_model, save_model
from rate2spike.spiking.search.grid import grid_search
from rate2spike.spiking.simulator.network import SpikingNetwork

N_UNITS = 200
TRIALS = ("--n-trials", 6, "--seed", 1)


@pytest.fixture
def model(go_nogo_path, tmp_path):
    ends = drawn_compartments(N_UNITS, 3, np.random.default_rng(1))
    with_dendrites = replace(load_model(go_nogo_path), dendrites=DendriticInput("active", 3, ends, 2.0, 1.0, 2.0))
    save_model(with_dendrites, tmp_path / "m.mat")
    return tmp_path / "m.mat"


def told(done):
    code, out, error = done
    assert code == 0, error
    return json.loads(out.splitlines()[0])


def test_search_evaluation_and_diagnosis_are_those_of_the_network_with_dendrites(cli, model, tmp_path):
    in_memory = grid_search(load_model(model), "go-nogo", (25, 40), 6, seed=1)
    searched = ("search", model, "--task", "go-nogo", "--scaling-factors", 25, 40, *TRIALS, "--quiet")
    assert cli(*searched)[0] == 0
    found = load_model(model)
    assert found.dendrites is not None and found.dendrites == load_model(model).dendrites
    np.testing.assert_array_equal(found.scaling_accuracies.ravel(), in_memory.accuracies)
    np.testing.assert_array_equal(found.settings["search_output_errors"].ravel(), in_memory.output_errors)
    points = grid_search(replace(found, dendrites=None), "go-nogo", (25, 40), 6, seed=1)
    assert not np.array_equal(points.output_errors, in_memory.output_errors)
    evaluated, of_points = (
        told(cli("evaluate", one, "--scaling-factor", 25, "--task", "go-nogo", *TRIALS, "--json"))
        for one in (model, without_dendrites(model))
    )
    assert evaluated["mean_rate_hz"] != of_points["mean_rate_hz"]
    assert told(cli("diagnose", model, "--scaling-factor", 25, *TRIALS, "--output", tmp_path / "why.png", "--json"))[
        "findings"
    ]


def without_dendrites(model):
    points = model.with_name("points.mat")
    save_model(replace(load_model(model), dendrites=None), points)
    return points


def test_an_interrupted_search_goes_on_with_dendrites(cli, model, monkeypatch):
    from rate2spike.spiking.search import claim, files

    task = ("search", model, "--task", "go-nogo", *TRIALS, "--quiet")
    in_memory = grid_search(load_model(model), "go-nogo", (25, 40, 55), 6, seed=1)
    save, saved = claim.SearchClaim.save, []

    def interrupted(self):
        save(self)
        saved.append(len(self.finished))
        if len(self.finished) == 1 and saved.count(1) == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(files.SearchClaim, "save", interrupted)
        code, _, error = cli(*task, "--scaling-factors", 25, 40, 55)
        assert code == 130, error
    assert set(saved) == {0, 1}
    assert cli(*task, "--scaling-factors", 25, 40, 55)[0] == 0
    found = load_model(model).settings["search_output_errors"].ravel()
    np.testing.assert_array_equal(found, in_memory.output_errors)


def test_a_simulation_has_the_spikes_of_the_network_with_dendrites(cli, model, tmp_path):
    savemat(tmp_path / "u.mat", {"u": np.ones((1, 21))})
    command = ("simulate", model, "--input", tmp_path / "u.mat", "--scaling-factor", 25, "--seed", 1)
    code, _, error = cli(*command, "--output", tmp_path / "o.mat")
    assert code == 0, error
    expected = SpikingNetwork.from_model(model, 25).run(np.ones((1, 21)), seed=1)
    np.testing.assert_array_equal(loadmat(tmp_path / "o.mat")["spk"], expected.spikes)


def test_a_graph_without_place_for_dendrites_is_refused(cli, model, tmp_path):
    pytest.importorskip("nir")
    code, _, error = cli("export", model, "--to", "nir", "--scaling-factor", 25, "--output", tmp_path / "m.nir")
    assert code == 2 and len(error.splitlines()) == 1 and "NIR has no equation for active dendrites" in error
    assert not (tmp_path / "m.nir").exists()
