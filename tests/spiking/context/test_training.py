"""Trials from files, training, resuming: real files, real TensorFlow, small."""

import json
from dataclasses import replace

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.io.synthetic_events import write_synthetic_dvs, write_synthetic_shd
from rate2spike.spiking.context.config import ContextConfig
from rate2spike.spiking.context.data import sources
from rate2spike.spiking.context.training import ContextTraining


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """Synthetic recordings of spoken digits: so many that a split leaves no class without one."""
    return write_synthetic_shd(tmp_path_factory.mktemp("shd"), n_train_per_class=25, n_test_per_class=5)


@pytest.fixture
def config(digits):
    return ContextConfig(dataset="shd", data_path=str(digits), n_samples=24, batch_size=8, hidden=20, epoch=3, seed=3)


def silent(split, count, loss):
    """Nobody watches."""


def same(one, other) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in vars(one))


def test_trials_follow_from_the_seed_alone(config):
    splits, again = sources(config), sources(replace(config, nb_worker=3))
    for split in splits:
        made = list(splits[split].batches())
        assert all(same(a, b) for a, b in zip(made, again[split].batches(), strict=True))
        assert sum(len(batch.targets) for batch in made) == splits[split].n_trials
    assert same(splits["train"].trial(5), again["train"].trial(5))
    assert not same(splits["train"].trial(5), sources(replace(config, seed=4))["train"].trial(5))
    inline = list(sources(replace(config, nb_worker=0))["train"].batches(1))
    assert all(same(a, b) for a, b in zip(inline, splits["train"].batches(1), strict=True))


def test_training_and_validation_share_no_recording(config):
    splits = sources(config)
    used = [set(np.concatenate(splits[name].members).tolist()) for name in ("train", "validation")]
    assert not used[0] & used[1]
    assert splits["validation"].n_trials == int((1 - 0.8) * 24)


def test_drawing_anew_changes_training_trials_only(config):
    splits = sources(replace(config, resample_each_epoch=True))
    assert not same(splits["train"].trial(2, epoch=0), splits["train"].trial(2, epoch=1))
    assert same(splits["test"].trial(2, epoch=0), splits["test"].trial(2, epoch=1))
    fixed = sources(config)["train"]
    assert same(fixed.trial(2, epoch=0), fixed.trial(2, epoch=1))


def test_cached_trials_are_bit_identical_and_keyed_by_the_seed(config, digits, tmp_path):
    for name in ("shd_train.h5", "shd_test.h5"):
        (tmp_path / name).symlink_to(digits / name)
    cached = replace(config, cache=True, data_path=str(tmp_path))
    fresh, first, second = (sources(one)["train"] for one in (config, cached, cached))
    for k in range(4):
        assert same(fresh.trial(k), first.trial(k))
    second.recordings.close()
    made = [same(fresh.trial(k), second.trial(k)) for k in range(4)]
    assert all(made) and not second._packed  # not one recording was read again
    sources(replace(cached, seed=4))["train"].trial(0)
    assert len(list((tmp_path / "cache" / "shd").iterdir())) == 2
    broken = next((tmp_path / "cache" / "shd").rglob("0_0.npz"))
    broken.write_bytes(broken.read_bytes()[:40])
    third = sources(cached)["train"]
    assert same(fresh.trial(0), third.trial(0))


def trained(config, folder, n_epochs, resume=False):
    splits = sources(config)
    training = ContextTraining(config, folder, splits["train"].n_inputs)
    if resume:
        training.resume()
    while training.n_done < n_epochs:
        training.run_epoch(splits["train"], splits["validation"], silent)
    return training


def test_a_resumed_run_equals_an_uninterrupted_one(config, tmp_path):
    whole = trained(config, tmp_path / "whole", 3)
    trained(config, tmp_path / "parts", 1)
    resumed = trained(config, tmp_path / "parts", 3, resume=True)
    assert resumed.history == whole.history and len(whole.history) == 3
    for mine, theirs in zip(resumed.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    log = [json.loads(line) for line in (tmp_path / "parts" / "log.jsonl").read_text().splitlines()]
    assert log == whole.history
    assert [line["lr"] for line in log] == pytest.approx([0.01, 0.0085, 0.007225])
    for name in ("loss", "accuracy", "precision", "recall", "lr", "spike_probability", "val_loss", "val_f1"):
        assert name in log[0]
    with pytest.raises(InputError, match="of other settings: seed 3 there, 4 here"):
        trained(replace(config, seed=4), tmp_path / "parts", 3, resume=True)


def test_training_learns(config, tmp_path):
    easy = replace(config, n_samples=64, hidden=30, lr=0.02, epoch=6, resample_each_epoch=False)
    history = trained(easy, tmp_path, 6).history
    assert history[-1]["loss"] < 0.8 * history[0]["loss"] and history[-1]["accuracy"] > 0.7


@pytest.mark.parametrize("batch_size", [1, 4])
@pytest.mark.parametrize("seq_len", [1, 3])
def test_memory_is_judged_by_its_last_item(config, tmp_path, seq_len, batch_size):
    config = replace(config, task_type="memory", seq_len=seq_len, n_samples=8, batch_size=batch_size, epoch=1)
    splits = sources(config)
    training = ContextTraining(config, tmp_path, splits["train"].n_inputs)
    measured = training.measure(splits["test"], silent)
    assert len(measured.scores.accuracy_per_position) == 1 and np.isfinite(measured.loss)
    record = training.run_epoch(splits["train"], splits["validation"], silent)
    assert len(record["accuracy_per_position"]) == seq_len


def test_a_loss_that_is_no_number_ends_training_with_the_last_good_network(config, tmp_path):
    splits = sources(config)
    training = ContextTraining(config, tmp_path, splits["train"].n_inputs)
    training.run_epoch(splits["train"], splits["validation"], silent)
    good = (tmp_path / "model.keras").read_bytes()
    training.model.get_layer("readout").cell.weights_in.bias.assign([np.nan])
    with pytest.raises(InputError, match="not finite in epoch 2, train batch 1; the network after epoch 1 is kept"):
        training.run_epoch(splits["train"], splits["validation"], silent)
    assert (tmp_path / "model.keras").read_bytes() == good and len(training.history) == 1
    assert trained(config, tmp_path, 2, resume=True).n_done == 2


@pytest.mark.parametrize("model", ["clif", "add_clif", "lif", "lsnn"])
def test_gestures_reach_every_model(model, tmp_path_factory, tmp_path):
    folder = write_synthetic_dvs(
        tmp_path_factory.getbasetemp() / "dvs", n_train_users=4, n_test_users=2, duration_ms=200
    )
    config = ContextConfig(data_path=str(folder), n_samples=4, batch_size=2, hidden=10, model_type=model, seq_len=2,
                           split_by="subject", apical_tau="distributed")  # fmt: skip
    splits = sources(config)
    assert splits["train"].n_inputs == 512
    training = ContextTraining(config, tmp_path, 512)
    record = training.run_epoch(splits["train"], splits["validation"], silent)
    assert np.isfinite(record["loss"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "mnist"}, "unknown dataset 'mnist': choose from dvsgesture, shd"),
        ({"task_type": "recall"}, "choose from recognition, memory"),
        ({"model_type": "snn"}, "choose from clif, add_clif, lif, lsnn"),
        ({"apical_tau": "tiny"}, "choose from short, long, distributed"),
        ({"seq_len": 20, "dataset": "shd"}, "seq_len must be below the number of classes, 20 of shd"),
        ({"batch_size": 0}, "batch_size must be a whole number from 1"),
        ({"lr": float("nan")}, "lr must be a positive number"),
        ({"l2_decay": -1.0}, "l2_decay must be a number from 0"),
        ({"target_spike_prob": 1.5}, "target_spike_prob must be from 0 to 1"),
        ({"model_type": "lif", "interaction": "add"}, "--interaction is for --model_type clif"),
    ],
)
def test_settings_that_make_no_run(changes, message):
    with pytest.raises(InputError, match=message):
        ContextConfig(**changes)
