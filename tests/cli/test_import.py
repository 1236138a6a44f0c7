"""`rate2spike import`."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from rate2spike.matlab_compat.matfile import loadmat, savemat
from rate2spike.matlab_compat.model_file import load_model, save_model

from helpers import small_model

nir = pytest.importorskip("nir")


@pytest.fixture
def graph(cli, tmp_path):
    """What export writes of a small network, without noise and refractory period."""
    save_model(small_model(), tmp_path / "model.mat")
    flags = "--to nir --scaling-factor 2 --neuron-option t_ref_s=0 noise_sd_mv=0 tau_r_s=0.003"
    code, _, error = cli("export", tmp_path / "model.mat", *flags.split(), "--output", tmp_path / "net.nir")
    assert code == 0 and not error
    return tmp_path / "net.nir"


def test_the_model_file_simulates_as_the_exported_one(cli, tmp_path, graph):
    code, out, error = cli("import", graph, "-q")
    expected = "network of 12 units, 1 inputs, 1 outputs, steps of 0.05 ms, scaling factor 1"
    assert code == 0 and not error and out == f"{tmp_path / 'net.mat'}: {expected}\n"
    savemat(tmp_path / "in.mat", {"u": np.full((1, 12), 9.0)})
    common = ("--input", tmp_path / "in.mat", "--seed", 1, "--precision", "float64")
    flags = ("--scaling-factor", 2, "--neuron-option", "t_ref_s=0", "noise_sd_mv=0", "tau_r_s=0.003")
    assert cli("simulate", tmp_path / "model.mat", "--output", tmp_path / "a.mat", *common, *flags)[0] == 0
    assert cli("simulate", tmp_path / "net.mat", "--output", tmp_path / "b.mat", *common)[0] == 0
    one, other = loadmat(tmp_path / "a.mat"), loadmat(tmp_path / "b.mat")
    assert one["spk"].sum() > 50
    for name in ("spk", "rs", "out"):
        np.testing.assert_array_equal(one[name], other[name])


def test_flags_change_single_constants_of_the_file(cli, tmp_path, graph):
    assert cli("import", graph)[0] == 0
    assert json.loads(load_model(tmp_path / "net.mat").settings["neuron"])["tau_r_s"] == 0.003
    savemat(tmp_path / "in.mat", {"u": np.full((1, 12), 9.0)})
    spikes = {}
    for name, flags in {"as it is": (), "same": ("tau_r_s=0.003",), "fast": ("tau_r_s=0.0005",)}.items():
        options = ("--neuron-option", *flags) if flags else ()
        files = (tmp_path / "net.mat", "--input", tmp_path / "in.mat", "--output", tmp_path / "o.mat")
        assert cli("simulate", *files, "--seed", 1, "--precision", "float64", *options)[0] == 0
        spikes[name] = loadmat(tmp_path / "o.mat")["spk"]
    np.testing.assert_array_equal(spikes["as it is"], spikes["same"])
    assert (spikes["as it is"] != spikes["fast"]).any()
    code, _, error = cli("simulate", *files, "--neuron-option", "tau_x=1")
    assert code == 2 and "lif neurons have no 'tau_x'" in error


BAD = [
    (".", "is a folder: name a NIR graph (.nir) in it"),
    ("{graph} --output {folder}/x.h5", "--output must end in .mat"),
    ("{graph} --output {folder}/absent/x.mat", "its folder does not exist"),
    ("{graph} --output {folder}/model.mat", "model.mat exists already"),
    ("{graph} --output {folder}/x.mat --dt-ms 0.1", "it was written for steps of 0.05 ms, not 0.1 ms"),
    ("{graph} --output {folder}/x.mat --dt-ms 7", "the step must be above 0 and at most 5 ms"),
    ("{folder}/none.nir", "none.nir: No such file"),
    ("{folder} --output {folder}/x.mat", "is a folder: name a NIR graph"),
    ("{folder}/model.mat --output {folder}/x.mat", "model.mat is not a NIR graph"),
    ("{folder}/cut.nir", "cut.nir is not a NIR graph"),
    ("{folder}/node.nir", "node.nir is not a NIR graph"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_input_is_one_line_and_leaves_no_file(cli, tmp_path, graph, arguments, message):
    (tmp_path / "cut.nir").write_bytes(graph.read_bytes()[:3000])
    nir.write(tmp_path / "node.nir", nir.LIF(*(np.ones(2) for _ in range(4))))
    before = sorted(os.listdir(tmp_path))
    code, out, error = cli("import", *arguments.format(graph=graph, folder=tmp_path).split())
    assert code == 2 and not out
    (line,) = error.splitlines()
    assert message in line and line.startswith("rate2spike import: ")
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.filterwarnings("always:constant currents act from the start", "always:tau_m_s is 10 s")
def test_voltages_of_a_graph_without_units_are_not_doubted(cli, tmp_path):
    graph = Path(__file__).parents[1] / "data" / "nir" / "snntorch_rsynaptic.nir"
    assert cli("import", graph, "--output", tmp_path / "net.mat")[0] == 0
    savemat(tmp_path / "in.mat", {"u": np.ones((4, 3))})
    command = ("simulate", tmp_path / "net.mat", "--input", tmp_path / "in.mat", "--output", tmp_path / "o.mat")
    code, _, error = cli(*command, "--seed", 1)
    assert code == 0 and not error
    code, _, error = cli(*command, "--seed", 1, "--neuron-option", "tau_m_s=10")
    assert code == 0 and len(error.splitlines()) == 1 and "tau_m_s is 10 s; plausible is" in error
