"""Real GNU Octave reads what we write, and we read what it writes."""

from pathlib import Path

import numpy as np
import pytest

from rate2spike.dendritic_input import DendriticInput, drawn_compartments
from rate2spike.matlab_compat import mat_v5
from rate2spike.matlab_compat.matfile import append, loadmat, savemat
from rate2spike.matlab_compat.model_file import load_model, save_model
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.recording import RECORDABLE

from helpers import small_model

FOLDER = Path(__file__).parents[2] / "matlab_compat" / "m"
pytestmark = pytest.mark.octave


def test_octave_reads_our_classes(octave, tmp_path):
    savemat(
        tmp_path / "f.mat",
        dict(
            d=30,
            s=np.ones((2, 3), np.float32),
            b=np.array([[True], [False]]),
            i=np.array([[200]], np.int64),
            t="go-nogo",
            c=["a", "bc"],
        ),
    )
    code = "load f.mat; printf('%s ', class(d), class(s), class(b), class(i), class(t), class(c)); disp(d * 10)"
    assert octave(code, tmp_path).split() == ["double", "single", "logical", "int64", "char", "cell", "300"]


@pytest.mark.parametrize("flag", ["-v6", "-v7"])
def test_we_read_octaves_classes_and_append_without_touching_the_rest(octave, tmp_path, flag):
    octave(f"d = 30; v = 20:5:75; b = [true; false]; s = single(1.5); t = 'xor'; save('{flag}', 'f.mat')", tmp_path)
    loaded = loadmat(tmp_path / "f.mat")
    assert [loaded[k].dtype.name for k in "dvbs"] == ["float64", "float64", "bool", "float32"]
    assert loaded["t"] == "xor"
    before = {e.name: e.raw for e in mat_v5.parse((tmp_path / "f.mat").read_bytes(), "f").elements}
    append(tmp_path / "f.mat", {"opt_scaling_factor": 25, "s": np.float64(2)})
    after = {e.name: e.raw for e in mat_v5.parse((tmp_path / "f.mat").read_bytes(), "f").elements}
    assert {k: after[k] for k in "dvbt"} == {k: before[k] for k in "dvbt"}
    assert (
        octave("load f.mat; disp([d, opt_scaling_factor, s, b', v(end)])", tmp_path).split() == "30 25 2 1 0 75".split()
    )


def test_model_file_rewritten_by_octave_is_the_same_model(octave, tmp_path, xor_path):
    model = load_model(xor_path)
    save_model(model, tmp_path / "ours.mat")
    octave("load ours.mat; save('-v7', 'theirs.mat')", tmp_path)
    theirs = load_model(tmp_path / "theirs.mat")
    # compared through the record: MATLAB drops trailing singleton dimensions in the file
    assert theirs == model


def test_octave_computes_the_same_weights_and_reads_our_simulation(octave, tmp_path, go_nogo_path):
    model = load_model(go_nogo_path)
    save_model(model, tmp_path / "model.mat")
    u = np.zeros((1, 5))
    record = SpikingNetwork.from_model(model, 25).run(u, seed=1, record=RECORDABLE)
    record.save(tmp_path / "out.mat")
    code = """
        load model.mat; load out.mat
        printf('%g ', max(max(abs((w * m) .* som_m / 25 - W))), size(REC), size(out), size(all_fr), params.nt)
        printf('%s ', class(W), class(REC), class(spk), class(rs), class(all_fr), class(out), class(params.td))
        printf('%s ', class(params.IPSCs), class(params.dt), class(params.nt))
    """
    expected = "0 200 400 1 400 200 1 400 single double double double double single single double double double"
    assert octave(code, tmp_path).split() == expected.split()


def test_octave_reads_the_dendrites_and_its_file_still_has_them(octave, tmp_path):
    compartment = drawn_compartments(12, 3, np.random.default_rng(1))
    model = small_model(dendrites=DendriticInput("active", 3, compartment, gain=1.5, threshold=0.25, slope=4.0))
    save_model(model, tmp_path / "ours.mat")
    code = """
        load ours.mat
        W = (w * m) .* som_m; ends = zeros(size(W));
        for c = 1:r2s_n_compartments, ends = ends + W .* (r2s_compartment == c); end
        printf('%s %s %g %g ', r2s_dendrites, class(r2s_compartment), size(r2s_compartment))
        printf('%g ', max(abs(ends(:) - W(:))), r2s_dendrite_gain, r2s_dendrite_slope)
        clear W ends c
        save('-v7', 'theirs.mat')
    """
    assert octave(code, tmp_path).split() == "active double 12 12 0 1.5 4".split()
    assert load_model(tmp_path / "theirs.mat") == model
    code = f"""
        addpath('{FOLDER}')
        try, rate2spike_reference('ours.mat', 20, zeros(1, 3)), catch e, printf('%s|%s', e.identifier, e.message), end
    """
    identifier, message = octave(code, tmp_path).split("|")
    assert identifier == "rate2spike:input" and "ours.mat has dendrites" in message
