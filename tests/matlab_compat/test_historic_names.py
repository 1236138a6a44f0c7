"""Names of MATLAB: asked for in Python, what one holds says its own; the table in docs/matlab.md has them all."""

import copy
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

import rate2spike as r2s
from rate2spike.matlab_compat.model_fields import HISTORIC as OF_A_MODEL
from rate2spike.matlab_compat.record_file import HISTORIC as OF_A_TRIAL

PAGE = Path(__file__).parents[2] / "docs" / "matlab.md"


@pytest.fixture(scope="module")
def model(go_nogo_path):
    return r2s.load_model(go_nogo_path)


@pytest.fixture(scope="module")
def network(model):
    return r2s.SpikingNetwork.from_model(model, 25)


def said(record, name):
    with pytest.raises(AttributeError) as caught:
        getattr(record, name)
    return str(caught.value)


@pytest.mark.parametrize(("here", "there"), [pair for pair in OF_A_MODEL.items() if pair[0] != pair[1]])
def test_a_model_names_its_own_field(model, here, there):
    if there not in OF_A_MODEL:  # a name that both have means the same field
        assert (
            said(model, there) == f"'TrainedModel' object has no attribute {there!r}: MATLAB's {there} is {here} here"
        )
    assert hasattr(model, here)


def test_a_trial_and_a_network_name_theirs(network):
    trial = network.run(np.zeros((1, 3)), seed=1)
    for here, there in OF_A_TRIAL.items():
        assert said(trial, there).endswith(f": MATLAB's {there} is {here} here")
    assert said(network, "W").endswith("MATLAB's W is w here")
    assert said(network, "REC") == "'SpikingNetwork' object has no attribute 'REC'", "a network has no voltage"


def test_what_is_no_name_of_matlab_is_answered_as_ever(model):
    assert said(model, "weights") == "'TrainedModel' object has no attribute 'weights'"
    assert not hasattr(model, "__array__")
    assert pickle.loads(pickle.dumps(model)) == copy.copy(model) == copy.deepcopy(model) == model


@pytest.mark.parametrize("name", ["LIF_network_fnc", "lambda_grid_search", "eval_go_nogo"])
def test_functions_of_matlab_are_named(name):
    with pytest.raises(AttributeError, match=f"what MATLAB calls {name} is .* here"):
        getattr(r2s, name)


def test_the_table_has_every_field_beside_its_name():
    table = PAGE.read_text().split("| MATLAB: model file |")[1].split("\n\n")[0]
    pairs = set()
    for row in table.splitlines()[2:]:
        cells = [re.findall(r"`(?:params)?\.?(\w+)`", cell) for cell in row.split("|")[1:-1]]
        for there, here in ((cells[0], cells[1]), (cells[3], cells[4])):
            pairs |= set(zip(here, there, strict=True))
    assert pairs <= OF_A_MODEL.items() | OF_A_TRIAL.items()
    renamed = {pair for pair in OF_A_MODEL.items() if pair[0] != pair[1]}
    assert renamed <= pairs and set(OF_A_TRIAL.items()) - {("n_units", "N"), ("inhibitory", "inh")} <= pairs
