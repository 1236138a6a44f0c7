"""Norse runs what `export --to nir` writes of single-exponential synapses, by the code in docs/exports.md.

Norse needs PyTorch, so it has an environment of its own: `make test-norse`.
"""

import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from rate2spike.matlab_compat.model_file import load_model
from rate2spike.rate import tasks
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import LIFParams
from rate2spike.spiking.simulator.simulate_reference import InjectedDraws

pytest.importorskip("nir")
PYTHON = os.environ.get("RATE2SPIKE_NORSE_PYTHON")
pytestmark = pytest.mark.skipif(not PYTHON, reason="Norse is tested by `make test-norse`")
FLOAT64_LINES = r"for node in graph\.nodes\.values\(\):\n.*\n"


def code_of_the_page() -> str:
    page = (Path(__file__).parents[3] / "docs" / "exports.md").read_text(encoding="utf-8")
    return re.search(r"```python norse\n(.*?)```", page, flags=re.DOTALL).group(1)


def run_in_norse(code: str, folder: Path):
    done = subprocess.run([PYTHON, "-c", code], cwd=folder, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    found = np.load(folder / "norse.npz")
    return found["spikes"], found["output"]


@pytest.fixture(scope="module")
def go_trial(go_nogo_path):
    """A trial of the published network: input, spikes (N, steps) and output, without noise and refractory period."""
    params = LIFParams(tau_r_s=0.0, t_ref_s=0.0, noise_sd_mv=0.0)
    network = SpikingNetwork.from_model(load_model(go_nogo_path), 25.0, params=params)
    trials = (tasks.get("go-nogo").trial(np.random.default_rng(seed)).stimulus for seed in range(20))
    u = next(stimulus for stimulus in trials if stimulus.max() == 1)
    n_steps = network.steps_per_column * (u.shape[1] - 1)
    record = network.run(u, draws=InjectedDraws(np.zeros(200), np.zeros(200 * n_steps)), record=("output", "spikes"))
    spikes = np.zeros((200, n_steps), bool)
    spikes[tuple(record.events.T)] = True
    return u, spikes, record.output


@pytest.fixture
def folder(cli, tmp_path, go_nogo_path, go_trial):
    """Where the page's code finds its files."""
    flags = "--to nir --scaling-factor 25 --neuron-option tau_r_s=0 t_ref_s=0 noise_sd_mv=0 --output"
    code, _, error = cli("export", go_nogo_path, *flags.split(), tmp_path / "go_nogo_cubalif.nir")
    assert code == 0 and not error
    np.save(tmp_path / "u.npy", go_trial[0])
    return tmp_path


def test_norse_fires_the_same_spikes(folder, go_trial):
    _, expected, expected_output = go_trial
    spikes, output = run_in_norse(code_of_the_page(), folder)
    near = expected.copy()
    near[:, 1:] |= expected[:, :-1]
    near[:, :-1] |= expected[:, 1:]
    assert expected.sum() > 500 and abs(spikes.sum() - expected.sum()) <= 0.05 * expected.sum()
    assert (spikes & near).sum() >= 0.95 * expected.sum()
    assert np.corrcoef(output[0], expected_output[0])[0, 1] > 0.99


def test_in_float32_norse_fires_as_much(folder, go_trial):
    """Single precision changes single spikes of a chaotic network, not what it does."""
    _, expected, expected_output = go_trial
    code, n_removed = re.subn(FLOAT64_LINES, "", code_of_the_page())
    assert n_removed == 1
    spikes, output = run_in_norse(code, folder)
    assert abs(spikes.sum() - expected.sum()) < 0.1 * expected.sum()
    assert np.corrcoef(output[0], expected_output[0])[0, 1] > 0.95
