"""Fits: the published one-unit twin, resumed as if uninterrupted, schedules as logged, files that give the same network."""

import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import rankdata

from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
from rate2spike.spiking.detailed_cells.recording import CellRecording
from rate2spike.spiking.neuron_as_net.architecture import ConvolutionalArchitecture, point_architecture
from rate2spike.spiking.neuron_as_net.checkpoints import load_twin
from rate2spike.spiking.neuron_as_net.elm import ElmArchitecture
from rate2spike.spiking.neuron_as_net.fit import fit
from rate2spike.spiking.neuron_as_net.heads import layer_5_heads
from rate2spike.spiking.neuron_as_net.network import TwinNetwork
from rate2spike.spiking.neuron_as_net.schedule import Phase, Schedule, point_schedule, published_schedule
from rate2spike.spiking.neuron_as_net.targets import POINT_TARGETS
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_data.random_input import POINT_INPUT
from rate2spike.spiking.twin_data.simulate import simulate

N = 20
SMALL = ConvolutionalArchitecture(N, [8, 4], 6, heads=layer_5_heads(3), initial_weights=0.2)
SHORT = dict(
    batch_size=4, window_ms=60, ignore_ms=60, batches_per_epoch=5, valid_batches=2, epochs_per_stage=2, progress=False
)


def small_simulations(n=6, n_ms=300, seed=0):
    rng = np.random.default_rng(seed)
    found = []
    for number in range(n):
        events = SynapticEvents.from_dense(rng.random((N, n_ms)) < 0.05)
        v = (-70 + np.convolve(np.bincount(events.time_ms, minlength=n_ms), np.ones(5))[:n_ms]).astype("f4")
        dendrites = (v + rng.normal(0, 2, (7, n_ms))).astype("f2")
        recording = CellRecording(v, np.flatnonzero(v > -60) + 0.5, v_dendrites_mv=dendrites)
        found.append(CellSimulation(number, events, recording))
    return found


DATA = small_simulations()


def small_fit(folder=None, architecture=SMALL, scale=0.008, **changed):
    return fit(
        TwinNetwork(architecture, seed=2), DATA, DATA, published_schedule(scale), folder=folder, **{**SHORT, **changed}
    )


@pytest.mark.parametrize("architecture", [SMALL, ElmArchitecture(N, 5, n_branches=3, n_per_branch=10)])
def test_a_resumed_fit_ends_as_an_uninterrupted_one(tmp_path, architecture):
    whole = small_fit(architecture=architecture)
    assert whole.n_epochs == 10 and whole.n_updates == 50

    def stop_in_the_third_epoch(n_done, n_total, text):
        if n_done > 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small_fit(tmp_path, architecture, progress=stop_in_the_third_epoch)
    resumed = small_fit(tmp_path, architecture)
    for a, b in zip(whole.twin.network.model.get_weights(), resumed.twin.network.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for ours, theirs in zip(whole.history, resumed.history, strict=True):
        assert {**ours, "seconds": 0} == {**theirs, "seconds": 0}
    assert small_fit(tmp_path, architecture).history == resumed.history


def test_another_fit_in_the_same_folder_is_refused(tmp_path):
    small_fit(tmp_path)
    with pytest.raises(InputError, match="is of other settings: batch_size 4 there, 5 here"):
        small_fit(tmp_path, batch_size=5)
    with pytest.raises(InputError, match=r"training_data \['6 with .* there, \['5 with .* here"):
        fit(TwinNetwork(SMALL, seed=2), DATA[1:], DATA, published_schedule(0.008), folder=tmp_path, **SHORT)


def test_schedule_is_logged_as_it_is():
    history = small_fit(scale=0.02).history  # phases of 1, 1, 0.5 -> 1, ... epochs
    schedule = published_schedule(0.02)
    assert len(history) == 2 * schedule.n_epochs
    for record in history:
        phase = schedule.at((record["epoch"] - 1) // 2)
        assert record["lr"] == phase.learning_rate and record["loss_weights"] == phase.weights
        weighted = sum(phase.weights[name] * record[f"{name}_loss"] for name in phase.weights)
        assert record["loss"] == pytest.approx(weighted, rel=1e-5)
    assert {record["lr"] for record in history} == {1e-4, 3e-5, 1e-5, 3e-6, 1e-6}


def test_snapshots(tmp_path):
    result = small_fit(tmp_path, loss_gate=10.0, variant="NMDA")
    assert len(result.snapshots) == 5
    path = result.snapshots[-1]
    when, losses = r"\d{4}-\d\d-\d\d__\d\d_\d\d", r"LogLoss_train_\d+_valid_(\d+)"
    pattern = rf"NMDA_TCN__DxWxT_2x6x11__{when}__samples_200__{losses}__ID_\d{{1,5}}\.keras"
    found = re.fullmatch(pattern, path.name)
    losses = [record["val_spikes_loss"] for record in result.history]
    assert int(found[1]) == int(1e4 * np.mean(losses[-7:]))
    saved, events = load_twin(path), [one.events for one in DATA]
    for name, one in result.twin.network.predict(events).items():
        np.testing.assert_allclose(saved.network.predict(events)[name], one, atol=1e-6)
    assert saved.pca == result.twin.pca and saved.targets == result.twin.targets
    again = keras.models.load_model(path)
    dense = np.stack([one.to_dense().T for one in events]).astype("f4")
    np.testing.assert_allclose(again(dense)["somatic"], result.twin.network.predict(events)["somatic"], atol=1e-5)


def test_metadata_are_complete(tmp_path):
    path = small_fit(tmp_path, loss_gate=10.0).snapshots[-1]
    found = json.loads(path.with_suffix(".json").read_text())["metadata"]
    keys = {
        "data_dict": "train_files valid_files test_files",
        "architecture_dict": "network_depth input_window_size num_filters_per_layer initializer_per_layer "
        "filter_sizes_per_layer l2_regularization_per_layer activation_function_per_layer strides_per_layer "
        "dilation_rates_per_layer",
        "learning_schedule_dict": "train_file_load valid_file_load validation_fraction num_epochs num_steps_multiplier "
        "batch_size_per_epoch loss_weights_per_epoch learning_rate_per_epoch num_train_steps_per_epoch",
        "training_history_dict": "loss spikes_loss somatic_loss dendritic_loss val_loss val_spikes_loss val_somatic_loss "
        "val_dendritic_loss learning_schedule batch_size learning_rate loss_weights num_train_samples num_train_steps "
        "train_files_histogram valid_files_histogram",
    }
    assert {name: set(table) for name, table in found.items()} == {
        name: set(text.split()) for name, text in keys.items()
    }
    history = found["training_history_dict"]
    assert all(
        len(history[name]) == 10 for name in ("loss", "val_dendritic_loss", "learning_schedule", "num_train_samples")
    )
    assert len(history["train_files_histogram"]) == 5 and history["num_train_samples"][0] == 20


def test_no_snapshot_above_the_gate_and_none_without_a_folder(tmp_path):
    assert small_fit(tmp_path, loss_gate=1e-9).snapshots == ()
    assert small_fit(loss_gate=10.0).snapshots == ()


def test_samples_without_history_do_not_count():
    """Weights of the loss aside, with everything left out but the last sample, the loss is that of this sample."""
    whole, cut = small_fit(scale=1e-3, left_out_ms=0), small_fit(scale=1e-3, left_out_ms=59)
    assert whole.history[0]["loss"] != cut.history[0]["loss"]
    assert small_fit(scale=1e-3, left_out_ms=None).history[0] != whole.history[0]


def test_shards_in_turn(tmp_path):
    cell = IntegrateAndFire()
    data = simulate(cell, POINT_INPUT, tmp_path, n_simulations=6, seed=1, simulations_per_shard=2, progress=False)
    assert data.n_shards == 3
    more = dict(batches_per_epoch=None, batch_size=2, ignore_ms=0, train_files_per_epoch=2, valid_files_per_epoch=1)
    network = TwinNetwork(point_architecture())
    result = fit(network, data, data, Schedule(Phase(2, 1e-2, {"spikes": 1.0})), POINT_TARGETS, **{**SHORT, **more})
    assert result.n_epochs == 4
    for record in result.history:
        # 0.2 of 2 simulations of 6 s, in batches of 2 times 60 ms
        assert list(record["train_files"].values()) == [20, 20] and record["n_steps"] == 40
        assert set(record["train_files"]) < {str(shard.path) for shard in data.shards}
    assert result.twin.metadata["training_history_dict"]["val_spikes_loss"][-1] == result.valid_spikes_loss


def test_the_best_epoch_is_kept_on_request():
    schedule = Schedule((Phase(1, 1e-3, {"spikes": 1.0}), Phase(1, 1.0, {"spikes": 1.0})))  # the second spoils it
    last, best = (fit(TwinNetwork(SMALL), DATA, DATA, schedule, keep_best=keep, **SHORT) for keep in (False, True))
    assert last.history[1]["val_spikes_loss"] < 0.1 * last.history[3]["val_spikes_loss"]
    losses = []
    for result in (last, best):
        predicted = result.twin.network.predict([one.events for one in DATA])["spikes"][..., 0]
        truth = np.stack([one.recording.v_soma_mv > -60 for one in DATA])
        losses.append(-np.mean(np.log(np.where(truth, predicted, 1 - predicted).clip(1e-7))))
    assert losses[1] < 0.5 * losses[0]


def test_adamw_and_a_table():
    result = small_fit(optimizer="adamw", weight_decay=0.1, clip_norm=1.0)
    table = result.to_dataframe()
    assert len(table) == 10 and {"epoch", "lr", "spikes_loss", "val_spikes_loss"} <= set(table)
    assert math.isfinite(result.valid_spikes_loss)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (dict(learning_rate=1), "unknown setting 'learning_rate'"),
        (dict(window_ms=300), "window_ms 300 and ignore_ms 60 must be below the length of simulations, 300 ms"),
        (dict(optimizer="sgd"), "unknown optimizer 'sgd'"),
        (
            dict(architecture=ConvolutionalArchitecture(5, [3], 2, heads=layer_5_heads(0))),
            "20 synapses, and a network of 5",
        ),
        (
            dict(architecture=ConvolutionalArchitecture(N, [3], 2, heads=layer_5_heads(9))),
            "components of dendritic voltages in in memory",
        ),
    ],
)
def test_what_is_refused(given, message):
    with pytest.raises(InputError, match=message) as error:
        small_fit(**given)
    assert "\n" not in str(error.value)


def test_training_data_without_a_spike_are_refused_where_spikes_are_learnt():
    silent = [
        CellSimulation(one.number, one.events, replace(one.recording, spike_times_ms=np.empty(0))) for one in DATA
    ]
    schedule = Schedule(Phase(1, 1e-3, {"somatic": 1.0}))
    with pytest.raises(InputError, match="training_data hold no spike, so that the head of spikes") as error:
        fit(TwinNetwork(SMALL), silent, DATA, schedule, **SHORT)
    assert "\n" not in str(error.value)
    assert fit(TwinNetwork(SMALL), [*silent, DATA[0]], silent, schedule, **SHORT).n_updates == 10
    voltage_alone = ConvolutionalArchitecture(N, [8], 6, heads=[SMALL.heads[1]])
    assert fit(TwinNetwork(voltage_alone), silent, silent, schedule, **SHORT).n_updates == 10


def test_a_loss_that_is_not_finite_is_said():
    schedule = Schedule(Phase(1, 1e30, {"somatic": 1e30}))
    with pytest.raises(InputError, match="not finite in epoch 1"):
        fit(TwinNetwork(SMALL), DATA, DATA, schedule, **SHORT)


@pytest.mark.slow
def test_the_one_unit_twin_of_the_integrate_and_fire_cell(tmp_path):
    data = list(simulate(IntegrateAndFire(), POINT_INPUT, tmp_path, n_simulations=840, seed=1, progress=False))
    network, learnt, test = TwinNetwork(point_architecture()), data[:400], data[440:]
    more = dict(batch_size=16, window_ms=500, left_out_ms=None, batches_per_epoch=100, epochs_per_stage=1)
    result = fit(
        network, learnt, data[400:440], point_schedule(), POINT_TARGETS, valid_batches=10, progress=False, **more
    )
    assert result.n_updates == 1000 and network.n_parameters == 8005
    predicted = network.predict([one.events for one in test])
    truth = [POINT_TARGETS.of(one, network.architecture.heads) for one in test]
    is_spike = np.concatenate([one["spikes"] for one in truth]).ravel() > 0
    ranks = rankdata(predicted["spikes"].ravel())
    n_spikes, n_none = is_spike.sum(), (~is_spike).sum()
    auc = (ranks[is_spike].sum() - n_spikes * (n_spikes + 1) / 2) / (n_spikes * n_none)
    voltage = np.concatenate([one["somatic"] for one in truth]).ravel()
    error = voltage - predicted["somatic"].ravel()
    assert auc >= 0.997
    assert 1 - error.var() / voltage.var() >= 0.785  # the ideal kernel reaches 0.788 here
    assert np.sqrt(np.mean(error**2)) <= 1.83
    taps = (
        network.model.get_layer("layer_1").kernel.numpy()[::-1, :, 0]
        * network.model.get_layer("somatic").kernel.numpy().item()
    )
    assert (taps[:20, :80].mean(1) > 0).all() and (taps[:20, 80:].mean(1) < 0).all()
