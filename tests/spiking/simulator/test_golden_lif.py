"""Golden: the reference path against the published MATLAB simulator, every case in the golden folder."""

import numpy as np
import pytest

from rate2spike.matlab_compat.matfile import loadmat
from rate2spike.matlab_compat.model_file import load_model
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.recording import RECORDABLE
from rate2spike.spiking.simulator.simulate_reference import InjectedDraws
from rate2spike.spiking.simulator.stimulation import Stimulation

from helpers import golden_folder

TOLERANCE = 1e-8

CASES = sorted(path.name[3:-10] for path in golden_folder().glob("lif/in_*_model.mat"))


def test_golden_folder_holds_something():
    """Families that are absent are no failure; a folder without any golden file is."""
    folder = golden_folder()
    found = [path for path in folder.rglob("*") if path.suffix in (".mat", ".json")]
    assert found, f"no golden file in {folder}"


@pytest.mark.parametrize("case", CASES)
def test_golden_lif_case_through_python(case):
    folder = golden_folder() / "lif"
    given, expected = loadmat(folder / f"in_{case}.mat"), loadmat(folder / f"out_{case}.mat")
    network = SpikingNetwork.from_model(
        load_model(folder / f"in_{case}_model.mat"),
        given["s"].item(),
        initial_weights=bool(given["w0"].item()),
        downsample=int(given["ds"].item()),
    )
    stims = given["stims"][0, 0]
    stimulation = None
    if stims["mode"] != "none":
        stimulation = Stimulation.from_matlab(stims["mode"], stims["dur"].ravel(), stims["units"].ravel())
    draws = InjectedDraws(given["UZ"], given["NZ"])
    record = network.run(given["u"], record=RECORDABLE, stimulation=stimulation, draws=draws)
    assert_equal_to_golden(record.to_historic(), expected)


@pytest.mark.parametrize("case", CASES)
def test_golden_lif_case_through_the_command(case, cli, tmp_path):
    folder = golden_folder() / "lif"
    given = loadmat(folder / f"in_{case}.mat")
    options = ["--initial-weights"] if given["w0"].item() else []
    code, _, error = cli(
        "simulate",
        folder / f"in_{case}_model.mat",
        "--input",
        folder / f"in_{case}.mat",
        "--output",
        tmp_path / "o.mat",
        "--scaling-factor",
        given["s"].item(),
        "--downsample",
        int(given["ds"].item()),
        *options,
    )
    assert code == 0, error
    ours = loadmat(tmp_path / "o.mat")
    params = ours["params"][0, 0]
    assert_equal_to_golden(
        ours | {"params": {name: params[name] for name in params.dtype.names}}, loadmat(folder / f"out_{case}.mat")
    )


def assert_equal_to_golden(ours, expected):
    np.testing.assert_array_equal(ours["spk"], expected["spk"])
    for name in ("W", "REC", "rs", "all_fr", "out"):
        assert ours[name].shape == expected[name].shape
        assert ours[name].dtype == np.float64
        np.testing.assert_allclose(ours[name], expected[name], rtol=TOLERANCE, atol=TOLERANCE, err_msg=name)
    params = expected["params"][0, 0]
    for name in params.dtype.names:
        np.testing.assert_allclose(ours["params"][name], params[name], rtol=TOLERANCE, atol=TOLERANCE, err_msg=name)
