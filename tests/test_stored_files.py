"""Files that commit 5ac4fda wrote (tests/data/stored): every later version reads them and computes the same numbers.

What is read is compared bit for bit, what is computed from it but for the rounding of other processors.
"""

import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

import rate2spike as r2s
from rate2spike.matlab_compat.matfile import loadmat
from rate2spike.matlab_compat.model_file import load_model

STORED = Path(__file__).parent / "data" / "stored"
NUMBERS = dict(np.load(STORED / "numbers.npz"))
COMPUTED = dict(rtol=1e-4, atol=1e-5)
RECORDED = ("output", "events", "voltage_mv", "rates", "ipsc", "firing_rate_hz")


def test_every_stored_file_is_read_by_a_test():
    """A file that nobody reads holds nothing."""
    text = Path(__file__).read_text(encoding="utf-8")
    names = {path.name.split(".")[0] for path in STORED.iterdir()} - {"make_stored_files", "__pycache__"}
    assert names == {name for name in names if f'"{name}' in text}


@pytest.mark.parametrize("name", ["lif", "alif", "clif", "context"])
def test_spiking_layers(name):
    model = r2s.load_network(STORED / f"{name}.keras")
    predicted = model.predict([NUMBERS["x"], NUMBERS["c"]], verbose=0)
    if name == "context":
        predicted, spikes = predicted
        np.testing.assert_array_equal(spikes, NUMBERS["context_spikes"])
        assert spikes.any()
    assert np.ptp(NUMBERS[name]) > 0.01
    np.testing.assert_allclose(predicted, NUMBERS[name], **COMPUTED)


def test_rate_network_of_keras():
    import keras

    import rate2spike.rate.keras_model  # noqa: F401 - registers the classes

    model = keras.saving.load_model(STORED / "rate.keras")
    model.rate_layer.seed_generator.state.assign([7, 8])
    np.testing.assert_allclose(model(NUMBERS["u"]), NUMBERS["rate"], **COMPUTED)
    assert int(model.optimizer.iterations) == 2 and model.rate_layer.config.n_units == 8


@pytest.mark.parametrize("name", ["trained", "searched", "types_and_bias", "member"])
def test_model_files(name):
    model = load_model(STORED / f"{name}.mat")
    network = r2s.SpikingNetwork.from_model(model, 25)
    np.testing.assert_allclose(network.w, NUMBERS[f"{name}_w"], rtol=1e-6)
    np.testing.assert_allclose(model.tau_s(), NUMBERS[f"{name}_tau_s"], rtol=1e-6)
    record = network.run(NUMBERS["stimulus"], seed=1, record="output", precision="float64")
    np.testing.assert_allclose(record.output, NUMBERS[f"{name}_output"], **COMPUTED)
    assert model.task == "go-nogo" and model.task_options["n_steps"] == 50


def test_what_a_search_types_and_biases_left_in_the_model_file():
    searched = load_model(STORED / "searched.mat")
    assert searched.scaling_factor == 20 and searched.scaling_factors.ravel().tolist() == [20, 30]
    np.testing.assert_array_equal(searched.scaling_accuracies.ravel(), NUMBERS["search_accuracies"][:2])
    assert load_model(STORED / "trained.mat").scaling_factor is None
    model = load_model(STORED / "types_and_bias.mat")
    assert set(model.unit_types) == {"PYR", "PV", "SOM"} and model.n_som == model.units_of("SOM").sum() > 0
    raw = loadmat(STORED / "types_and_bias.mat")
    assert model.unit_bias.std() > 0.1
    np.testing.assert_array_equal(model.unit_bias, raw["r2s_unit_bias"])
    np.testing.assert_array_equal(r2s.SpikingNetwork.from_model(model, 25).unit_bias, raw["r2s_unit_bias"][:, 0])


@pytest.mark.parametrize("name", ["record_format_2.h5", "record.mat"])
def test_spike_records(name):
    record = r2s.SpikeRecord.load(STORED / name)
    for quantity in RECORDED:
        stored, read = NUMBERS[f"record_{quantity}"], np.asarray(getattr(record, quantity))
        np.testing.assert_array_equal(read.reshape(stored.shape), stored, quantity)
    assert record.events.size and record.n_steps == 300 and record.dt_s == 5e-5


def test_spike_records_of_format_1_hold_spikes_as_a_dense_array():
    with h5py.File(STORED / "record_format_1.h5") as file:
        unit, step = np.nonzero(file["spikes"][()])
        voltage = file["voltage_mv"][()]
    record = r2s.SpikeRecord.load(STORED / "record_format_1.h5")
    assert set(map(tuple, record.events.tolist())) == set(zip(unit.tolist(), step.tolist(), strict=True)) != set()
    np.testing.assert_array_equal(record.voltage_mv, voltage)
    assert record.seed == 1 and record.scaling_factor == 25


@pytest.mark.filterwarnings("ignore:NIR cannot hold")
@pytest.mark.parametrize(("name", "tau_r_s"), [("cubali", 0.002), ("cubalif", 0.0)])
def test_graphs_in_nir(name, tau_r_s):
    pytest.importorskip("nir")
    read = r2s.read_nir(STORED / f"{name}.nir")
    params = r2s.LIFParams(tau_r_s=tau_r_s)
    network = r2s.SpikingNetwork.from_model(load_model(STORED / "trained.mat"), 25, params=params)
    runs = [
        n.run(NUMBERS["stimulus"], seed=1, record=("output", "spikes"), precision="float64") for n in (read, network)
    ]
    np.testing.assert_array_equal(runs[0].events, runs[1].events)
    np.testing.assert_allclose(runs[0].output, runs[1].output, rtol=1e-6)
    assert read.params.per_unit("t_ref_s", 8).tolist() == [0.002] * 8 and runs[0].events.size


def test_a_half_done_search_goes_on(cli, tmp_path):
    """The sidecar's finished factor is taken over; the others are computed, with its seed and trials."""
    for name in ("half_searched.mat", "half_searched.mat.search.json"):
        shutil.copy(STORED / name, tmp_path)
    path = tmp_path / "half_searched.mat"
    code, _, error = cli("search", path, "--scaling-factors", 20, 30, 40, "--n-trials", 6, "--n-threads", 1)
    assert code == 0, error
    assert "factor 20:" not in error and "factor 30:" in error and "factor 40:" in error
    model, raw = load_model(path), loadmat(path)
    np.testing.assert_array_equal(model.scaling_accuracies.ravel(), NUMBERS["search_accuracies"])
    errors = raw["r2s_search_output_errors"].ravel()
    np.testing.assert_allclose(errors, NUMBERS["search_output_errors"], rtol=1e-3)
    assert raw["r2s_search_seed"] == 1 and [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_killed_training_goes_on(cli, tmp_path):
    """From its last checkpoint, update 11, with its own settings; it ends as the run that nobody killed."""
    folder = shutil.copytree(STORED / "killed_training", tmp_path / "run")
    code, _, error = cli("train", "--run_folder", folder, "--resume")
    assert code == 0 and "goes on after update 11" in error, error
    model = load_model(folder / "model.mat")
    for name in ("losses", "w_rec", "tau_logit", "w_out"):
        np.testing.assert_allclose(getattr(model, name), NUMBERS[f"whole_{name}"], err_msg=name, **COMPUTED)
