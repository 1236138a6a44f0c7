"""Every field of what the published functions return and save has the class and size that MATLAB code expects."""

import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from rate2spike.matlab_compat.matfile import append, loadmat, savemat
from rate2spike.matlab_compat.model_file import load_model, save_model
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.spike_record import SpikeRecord

from helpers import small_model

FOLDER = Path(__file__).parents[2] / "matlab_compat" / "m"
N, COLUMNS = 12, 5


class Case(NamedTuple):
    """A model and a call, and what they make different."""

    model: dict
    arguments: str = "[], 1, false"  # stims, downsample, use_initial_weights
    n_steps: int = 100 * (COLUMNS - 1)
    td_rows: int = N  # one time constant is a scalar, as published: taus * 5 / 1000
    td_class: str = "single"
    stored_class: str = "single"
    n_outputs: int = 1


STIMULATED = "struct('mode', 'exc', 'dur', [10 90], 'units', [1 3])"
DOUBLE = {"stored_class": "double", "td_class": "double"}
CASES = {
    "two time constants": Case({}),
    "one, SOM units, downsampling": Case({"n_taus": 1, "n_som": 2}, "[], 2, false", 200, 1, "double"),
    "one, double, initial weights": Case({"n_taus": 1, "dtype": np.float64}, "[], 1, true", td_rows=1, **DOUBLE),
    "double, no Dale, stimulation": Case({"dtype": np.float64, "dale": False}, f"{STIMULATED}, 1, true", **DOUBLE),
    "three outputs": Case({"w_out": np.ones((3, N), np.float32)}, n_outputs=3),
}


def expected(case: Case) -> list[str]:
    """Name, class and size of every output and every field of params (specification of the published code, section 4)."""
    stored, n_steps = case.stored_class, case.n_steps
    table = {
        "W": (stored, N, N),
        "REC": ("double", N, n_steps),
        "spk": ("double", N, n_steps),
        "rs": ("double", N, n_steps),
        "all_fr": ("double", N, 1),
        "out": (stored, case.n_outputs, n_steps),
        "dt": ("double", 1, 1),
        "T": ("double", 1, 1),
        "nt": ("double", 1, 1),
        "w_out": (stored, case.n_outputs, N),
        "td": (case.td_class, case.td_rows, 1),
        "td0": (case.td_class, case.td_rows, 1),
        "IPSCs": ("double", N, n_steps),
    }
    return [f"{name} {kind} {rows} {columns}" for name, (kind, rows, columns) in table.items()]


@pytest.fixture
def matlab(octave, tmp_path, monkeypatch):
    """Run Octave code in the test's folder, the .m functions on the path."""
    monkeypatch.setenv("RATE2SPIKE_PYTHON", sys.executable)
    return lambda code: octave(f"addpath('{FOLDER}'); {code}", tmp_path)


@pytest.mark.octave
def test_outputs_have_the_published_classes_and_sizes_in_every_setting(matlab, tmp_path):
    calls = []
    for k, case in enumerate(CASES.values()):
        save_model(small_model(N, **case.model), tmp_path / f"model_{k}.mat")
        calls.append(f"'model_{k}.mat', 25, zeros(1, {COLUMNS}), {case.arguments}")
    output = matlab(f"""
        names = {{'W', 'REC', 'spk', 'rs', 'all_fr', 'out'}};
        calls = {{{", ".join(f"{{{call}}}" for call in calls)}}};
        functions = {{@LIF_network_fnc, @rate2spike_reference}};
        for k = 1:numel(calls)
            for f = 1:2
                values = cell(1, 7);
                [values{{:}}] = functions{{f}}(calls{{k}}{{:}});
                for j = 1:6, printf('%s %s %d %d\\n', names{{j}}, class(values{{j}}), size(values{{j}})); end
                fields = fieldnames(values{{7}});
                for j = 1:numel(fields)
                    value = values{{7}}.(fields{{j}});
                    printf('%s %s %d %d\\n', fields{{j}}, class(value), size(value));
                end
                printf(';');
            end
        end""")
    found = [part.split("\n")[:-1] for part in output.split(";")[:-1]]
    assert len(found) == 2 * len(CASES)
    for (name, case), package, plain in zip(CASES.items(), found[::2], found[1::2], strict=True):
        assert package == expected(case), f"LIF_network_fnc: {name}"
        assert plain == expected(case), f"rate2spike_reference: {name}"


@pytest.mark.octave
def test_scripts_leave_the_published_variables(matlab, tmp_path, go_nogo_path):
    shutil.copy(go_nogo_path, tmp_path / "go-nogo.mat")
    save_model(small_model(N, n_taus=1), tmp_path / "one_tau_go-nogo.mat")
    append(tmp_path / "one_tau_go-nogo.mat", {"opt_scaling_factor": 25})
    output = matlab("""
        model_dir = 'go-nogo.mat'; n_trials = 4; scaling_factors = [20 25]; lambda_grid_search
        loaded = load('go-nogo.mat', 'opt_scaling_factor', 'all_perfs', 'scaling_factors');
        for name = {'opt_scaling_factor', 'all_perfs', 'scaling_factors'}
            printf('|%s %d %d', class(loaded.(name{1})), size(loaded.(name{1})));
        end
        set(0, 'defaultfigurevisible', 'off'); model_dir = 'one_tau_go-nogo.mat'; eval_go_nogo
        printf('|%s %d %d|%s %d %d', class(out_go), size(out_go), class(spk_go), size(spk_go));
        printf('|%s|%.17g %.17g', strjoin(fieldnames(params)', ' '), params.td, params.td0);""")
    searched, evaluated = output.split("|")[1:4], output.split("|")[4:]
    assert searched == ["double 1 1", "double 2 1", "double 1 2"]
    assert evaluated == ["single 1 20000", f"double {N} 20000", "dt T nt w_out td td0 IPSCs", "0.02 0.02"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("suffix", [".mat", ".h5"])
def test_one_time_constant_survives_in_a_record(tmp_path, dtype, suffix):
    model = small_model(N, n_taus=1, dtype=dtype)
    record = SpikingNetwork.from_model(model, 25).run(np.zeros((1, 3)), seed=1)
    record.save(tmp_path / f"trial{suffix}")
    loaded = SpikeRecord.load(tmp_path / f"trial{suffix}")
    assert loaded.common_tau_s == 0.02 and loaded.tau_d_s.shape == (N,)
    again = loaded.to_historic()["params"]
    assert again["td"].tolist() == again["td0"].tolist() == [[0.02]] and again["td"].dtype == np.float64


def test_weights_are_single_if_any_factor_is(tmp_path):
    """As MATLAB's products are; some programs save masks in double beside single weights, and the other way round."""
    save_model(small_model(N), tmp_path / "model.mat")
    for changed in ("w", "m", "som_m"):
        variables = loadmat(tmp_path / "model.mat")
        variables[changed] = variables[changed].astype(np.float64)
        savemat(tmp_path / "mixed.mat", variables)
        network = SpikingNetwork.from_model(load_model(tmp_path / "mixed.mat"), 25)
        assert network.w.dtype == np.float32, changed
