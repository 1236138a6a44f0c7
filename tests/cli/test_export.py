"""`rate2spike export`."""

import errno
import os
import shutil
import sys
import tempfile

import numpy as np
import pytest

from rate2spike.matlab_compat.model_file import load_model, save_model
from rate2spike.spiking.simulator.network import SpikingNetwork

from helpers import small_model


@pytest.fixture
def model(tmp_path):
    save_model(small_model(), tmp_path / "model.mat")
    return tmp_path / "model.mat"


@pytest.fixture
def records(tmp_path, model):
    network = SpikingNetwork.from_model(load_model(model), 5.0)
    paths = []
    for seed in (1, 2):
        paths.append(tmp_path / f"trial_{seed}.h5")
        network.run(np.ones((1, 4)) * 20, seed=seed).save(paths[-1])
    return paths


@pytest.mark.filterwarnings("always:NIR cannot hold")
def test_model_to_nir(cli, tmp_path, go_nogo_path):
    nir = pytest.importorskip("nir")
    model = shutil.copy(go_nogo_path, tmp_path / "m.mat")
    output = tmp_path / "m.nir"
    output.write_text("old")
    code, out, error = cli("export", model, "--to", "nir", "--output", output, "--scaling-factor", 25)
    which = "form cubali, for readers of all nodes of NIR (Norse and snnTorch are none)"
    assert (
        code == 0
        and out == f"{output}: network of 200 units, scaling factor 25, {which}\nnext: rate2spike inspect {output}\n"
    )
    (line,) = error.splitlines()
    assert line.startswith("rate2spike export: warning: NIR cannot hold the refractory period (2 ms) and the noise")
    network = SpikingNetwork.from_model(load_model(model), 25.0)
    graph = nir.read(output)
    np.testing.assert_array_equal(graph.nodes["w"].weight, network.w.astype(float))
    np.testing.assert_array_equal(graph.nodes["w_out"].weight, network.readout.astype(float))
    np.testing.assert_array_equal(graph.nodes["synapse"].tau_mem, network.tau_d_s)


def test_single_exponential_synapses_take_the_form_that_norse_runs(cli, tmp_path, model):
    nir = pytest.importorskip("nir")
    command = ["export", model, "--to", "nir", "--scaling-factor", 5, "--output", tmp_path / "m.nir"]
    options = ["--neuron-option", "tau_r_s=0", "t_ref_s=0", "noise_sd_mv=0"]
    code, out, error = cli(*command, *options)
    assert code == 0 and not error and "form cubalif, for steps of 0.05 ms\n" in out
    assert type(nir.read(tmp_path / "m.nir").nodes["units"]).__name__ == "CubaLIF"
    code, out, error = cli(*command, *options, "--form", "cubali")
    assert code == 0 and not error and "form cubali," in out
    assert type(nir.read(tmp_path / "m.nir").nodes["synapse"]).__name__ == "LI"


def test_records_to_nwb(cli, tmp_path, records):
    pynwb = pytest.importorskip("pynwb")
    output = tmp_path / "trials.nwb"
    code, out, error = cli("export", *records, "--to", "nwb", "--output", output)
    assert code == 0 and not error and "units in 2 trials" in out
    with pynwb.NWBHDF5IO(str(output), "r") as io:
        file = io.read()
        assert len(file.units) == 12 and len(file.trials) == 2
        assert file.session_start_time.timestamp() == pytest.approx(records[0].stat().st_mtime)


def test_nwb_flags_reach_the_file(cli, tmp_path, records):
    pynwb = pytest.importorskip("pynwb")
    texts = {
        "session_description": "first try",
        "experiment_description": "what for",
        "institution": "Salk",
        "lab": "CNL",
        "session_id": "s1",
        "subject_id": "net-1",
        "subject_description": "a network",
    }
    flags = [part for name, text in texts.items() for part in (f"--{name}", text)]
    lists = ("--experimenter", "Kim, R.", "Li, Y.", "--keywords", "go-nogo", "chaos")
    code, _, error = cli("export", records[0], "--to", "nwb", "--output", tmp_path / "t.nwb", *flags, *lists)
    assert code == 0 and not error
    with pynwb.NWBHDF5IO(str(tmp_path / "t.nwb"), "r") as io:
        file = io.read()
        assert (file.subject.subject_id, file.subject.description) == ("net-1", "a network")
        assert file.experimenter == ("Kim, R.", "Li, Y.") and list(file.keywords[:]) == ["go-nogo", "chaos"]
        for name, text in texts.items():
            assert name.startswith("subject") or getattr(file, name) == text


@pytest.mark.filterwarnings("always:the DANDI archive")
def test_an_experimenter_that_dandi_does_not_take_is_warned_of(cli, tmp_path, records):
    pytest.importorskip("pynwb")
    output = tmp_path / "t.nwb"
    code, _, error = cli("export", records[0], "--to", "nwb", "--output", output, "--experimenter", "Robert Kim")
    expected = "warning: the DANDI archive takes experimenters as 'Last, First', not 'Robert Kim'"
    assert code == 0 and error == f"rate2spike export: {expected}\n"


def test_record_to_neo(cli, tmp_path, records):
    neo = pytest.importorskip("neo")
    output = tmp_path / "trial.mat"
    code, out, error = cli("export", records[0], "--to", "neo", "--output", output)
    assert code == 0 and not error and "units in 1 trial\n" in out
    assert len(neo.io.NeoMatlabIO(str(output)).read_block().segments[0].spiketrains) == 12


BAD = [
    ("{model} --to nir --output {folder}/x.h5 --scaling-factor 5", "--output must end in .nir with --to nir"),
    ("{record} --to nwb --output {folder}/x.h5", "--output must end in .nwb with --to nwb"),
    ("{record} --to neo --output {folder}/x.pkl", "--output must end in .mat with --to neo"),
    ("{model} --to neo --output {model}", "would overwrite an input"),
    ("{model} --to nir --output {folder}/absent/x.nir --scaling-factor 5", "its folder does not exist"),
    ("{model} --to nir --output {folder}/x.nir", "the model has no scaling factor yet"),
    ("{model} --to nir --output {folder}/x.nir --scaling-factor -1", "scaling factor must be positive"),
    ("{model} {model} --to nir --output {folder}/x.nir", "--to nir takes one model file, got 2"),
    ("{record} --to nir --output {folder}/x.nir --scaling-factor 5", "--to nir takes a model file (.mat), got"),
    ("{folder}/none.mat --to nir --output {folder}/x.nir --scaling-factor 5", "none.mat"),
    ("{model} --to nwb --output {folder}/x.nwb", "does not hold the output of a simulation"),
    ("{folder}/none.h5 --to nwb --output {folder}/x.nwb", "cannot read"),
    ("{silent} --to neo --output {folder}/x.mat", "silent.h5 holds no spikes"),
    ("{record} --to neo --output {folder}/x.mat --scaling-factor 5", "--scaling-factor belongs to --to nir"),
    ("{record} --to neo --output {folder}/x.mat --form cubali", "--form belongs to --to nir"),
    ("{record} --to nwb --output {folder}/x.nwb --neuron-option tau_r_s=0", "--neuron-option belongs to --to nir"),
    (
        "{model} --to nir --output {folder}/x.nir --scaling-factor 5 --form cubalif",
        "exact only for single-exponential synapses, here they rise within 2 ms: give --neuron-option tau_r_s=0",
    ),
    ("{model} --to nir --output {folder}/x.nir --scaling-factor 5 --neuron qif", "NIR has no equation for qif neurons"),
    ("{model} --to nir --output {folder}/x.nir --scaling-factor 5 --dt-ms 0.3", "the step must divide a column's 5 ms"),
    ("{record} --to csv --output {folder}/x.csv", "invalid choice: 'csv'"),
    ("{record} --to nwb", "--output"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_input_is_one_line_and_leaves_no_file(cli, tmp_path, model, records, arguments, message):
    silent = tmp_path / "silent.h5"
    SpikingNetwork.from_model(load_model(model), 5.0).run(np.ones((1, 4)), seed=1, record=("output",)).save(silent)
    before = sorted(os.listdir(tmp_path))
    filled = arguments.format(model=model, record=records[0], silent=silent, folder=tmp_path)
    code, out, error = cli("export", *filled.split())
    assert code == 2 and not out
    (line,) = error.splitlines()
    assert message in line and line.startswith("rate2spike export: ")
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.parametrize(
    ("to", "library", "suffix"), [("nir", "nir", "nir"), ("nwb", "pynwb", "nwb"), ("neo", "neo", "mat")]
)
def test_missing_library_is_named_with_its_extra(cli, tmp_path, monkeypatch, model, records, to, library, suffix):
    monkeypatch.setitem(sys.modules, library, None)
    options = ("--scaling-factor", 5) if to == "nir" else ()
    source = model if to == "nir" else records[0]
    code, _, error = cli("export", source, "--to", to, "--output", tmp_path / f"x.{suffix}", *options)
    assert code == 2 and f"pip install 'rate2spike[{to}]'" in error and len(error.splitlines()) == 1


def test_folder_that_cannot_be_written(cli, tmp_path, monkeypatch, records):
    pytest.importorskip("pynwb")

    def refuse(**_options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    code, _, error = cli("export", records[0], "--to", "nwb", "--output", tmp_path / "x.nwb")
    assert code == 2 and error == f"rate2spike export: cannot write {tmp_path / 'x.nwb'}: Permission denied\n"


def test_output_that_is_a_folder(cli, tmp_path, records):
    pytest.importorskip("neo")
    (tmp_path / "x.mat").mkdir()
    code, _, error = cli("export", records[0], "--to", "neo", "--output", tmp_path / "x.mat")
    assert code == 2 and "cannot write" in error and len(error.splitlines()) == 1
    assert not list(tmp_path.glob(".x*"))
