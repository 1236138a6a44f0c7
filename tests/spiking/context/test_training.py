"""Trials from files, training, resuming: real files, real TensorFlow, small."""

import json
from dataclasses import replace

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.io.checkpoints import load_latest, save_checkpoint
from rate2spike.io.datasets.synthetic_events import write_synthetic_dvs, write_synthetic_shd
from rate2spike.spiking.context.config import OLD_NAMES, ContextConfig
from rate2spike.spiking.context.data import fingerprint, recordings, sources
from rate2spike.spiking.context.training import ContextTraining
from rate2spike.spiking.context.trials import batch_of
from rate2spike.spiking.context.updates import Tensors
from rate2spike.spiking.layers.saved_network import load_network


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """Synthetic recordings of spoken digits: so many that a split leaves no class without one."""
    return write_synthetic_shd(tmp_path_factory.mktemp("shd"), n_train_per_class=25, n_test_per_class=5)


@pytest.fixture
def config(digits):
    return ContextConfig(
        dataset="shd", data_path=str(digits), n_trials=24, batch_size=8, n_units=20, n_epochs=3, seed=3
    )


def silent(split, count, loss):
    """Nobody watches."""


def same(one, other) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in vars(one))


def test_trials_follow_from_the_seed_alone(config):
    splits, again = sources(config), sources(replace(config, n_threads=3))
    for split in splits:
        made = list(splits[split].batches())
        assert all(same(a, b) for a, b in zip(made, again[split].batches(), strict=True))
        assert sum(len(batch.targets) for batch in made) == splits[split].n_trials
    assert same(splits["train"].trial(5), again["train"].trial(5))
    assert not same(splits["train"].trial(5), sources(replace(config, seed=4))["train"].trial(5))
    inline = list(sources(replace(config, n_threads=0))["train"].batches(1))
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
    sources(replace(cached, n_trials=30))["train"].trial(0)  # decides no trial
    assert len(list((tmp_path / "cache" / "shd").iterdir())) == 2
    broken = next((tmp_path / "cache" / "shd").rglob("0_0.npz"))
    broken.write_bytes(broken.read_bytes()[:40])
    third = sources(cached)["train"]
    assert same(fresh.trial(0), third.trial(0))


def trained(config, folder, n_epochs, resume=False):
    splits = sources(config)
    training = ContextTraining(config, folder, splits["train"].n_inputs, "digits")
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
    assert log == list(whole.history)
    assert [line["lr"] for line in log] == pytest.approx([0.01, 0.0085, 0.007225])
    for name in ("loss", "accuracy", "precision", "recall", "lr", "spike_probability", "val_loss", "val_f1"):
        assert name in log[0]
    with pytest.raises(InputError, match="of other settings: seed 3 there, 4 here"):
        trained(replace(config, seed=4), tmp_path / "parts", 3, resume=True)


def test_a_setting_that_a_checkpoint_does_not_name_is_the_default(config, tmp_path):
    """One that came with a later version."""
    trained(config, tmp_path, 1)
    last = load_latest(tmp_path / "checkpoints")
    older = {name: value for name, value in last.settings.items() if name not in ("recompute", "clip_norm", "reset")}
    save_checkpoint(tmp_path / "checkpoints", last.update, last.arrays, older)
    assert trained(config, tmp_path, 1, resume=True).n_done == 1
    with pytest.raises(InputError, match="of other settings: reset 'subtraction' there, 'zero' here"):
        trained(replace(config, reset="zero"), tmp_path, 1, resume=True)


def test_a_checkpoint_of_an_earlier_version_has_the_old_names(config, tmp_path):
    trained(config, tmp_path, 1)
    last = load_latest(tmp_path / "checkpoints")
    former = {new: old for old, new in OLD_NAMES.items()}
    older = {former.get(name, name): value for name, value in last.settings.items()}
    assert {"hidden", "lr", "n_samples"} <= older.keys() and "n_units" not in older
    save_checkpoint(tmp_path / "checkpoints", last.update, last.arrays, older)
    assert trained(config, tmp_path, 1, resume=True).n_done == 1
    with pytest.raises(InputError, match="of other settings: n_units 20 there, 21 here"):
        trained(replace(config, n_units=21), tmp_path, 1, resume=True)


def test_training_learns(config, tmp_path):
    easy = replace(config, n_trials=64, n_units=30, learning_rate=0.02, n_epochs=6, resample_each_epoch=False)
    history = trained(easy, tmp_path, 6).history
    assert history[-1]["loss"] < 0.8 * history[0]["loss"] and history[-1]["accuracy"] > 0.7


@pytest.mark.parametrize("batch_size", [1, 4])
@pytest.mark.parametrize("seq_len", [1, 3])
def test_memory_is_judged_by_its_last_item(config, tmp_path, seq_len, batch_size):
    config = replace(config, task_type="memory", seq_len=seq_len, n_trials=8, batch_size=batch_size, n_epochs=1)
    splits = sources(config)
    training = ContextTraining(config, tmp_path, splits["train"].n_inputs, "digits")
    measured = training.measure(splits["test"], silent)
    assert len(measured.scores.accuracy_per_position) == 1 and np.isfinite(measured.loss)
    record = training.run_epoch(splits["train"], splits["validation"], silent)
    assert len(record["accuracy_per_position"]) == seq_len


def spoil_readout(model):
    model.get_layer("readout").cell.weights_in.bias.assign([np.nan])


def spoil_hidden(model):
    """Units whose potentials are no numbers are silent: the loss stays finite."""
    kernel = model.get_layer("hidden").cell.soma.kernel
    kernel.assign(np.full(kernel.shape, np.nan))


@pytest.mark.parametrize("spoil", [spoil_readout, spoil_hidden])
def test_numbers_that_are_none_end_training_with_the_last_good_network(spoil, config, tmp_path):
    splits = sources(config)
    training = ContextTraining(config, tmp_path, splits["train"].n_inputs, "digits")
    training.run_epoch(splits["train"], splits["validation"], silent)
    good = (tmp_path / "model.keras").read_bytes()
    spoil(training.model)
    with pytest.raises(InputError, match="not finite in epoch 2, train batch 1; the network after epoch 1 is kept"):
        training.run_epoch(splits["train"], splits["validation"], silent)
    assert (tmp_path / "model.keras").read_bytes() == good and len(training.history) == 1
    assert trained(config, tmp_path, 2, resume=True).n_done == 2


def test_a_run_killed_while_it_saves_is_repaired(config, tmp_path, monkeypatch):
    """The checkpoint comes last: whatever else was written is written again."""
    whole = trained(config, tmp_path / "whole", 2)
    trained(config, tmp_path / "cut", 1)
    with monkeypatch.context() as patch:
        patch.setattr("rate2spike.spiking.training.epochs.save_checkpoint", killed)
        with pytest.raises(KeyboardInterrupt):
            trained(config, tmp_path / "cut", 2, resume=True)
    resumed = trained(config, tmp_path / "cut", 2, resume=True)
    assert resumed.history == whole.history
    saved = load_network(tmp_path / "cut" / "model.keras")
    for mine, theirs in zip(saved.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def killed(*arguments):
    raise KeyboardInterrupt


def test_the_best_network_is_the_first_of_equals(config, tmp_path):
    training = ContextTraining(config, tmp_path, 350, "digits")
    training.epochs.history = [
        {"epoch": k + 1, "val_balanced_accuracy": value} for k, value in enumerate((0.5, 0.7, 0.7, 0.6))
    ]
    assert training.best_epoch == 2


def test_other_recordings_do_not_continue_a_run(config, tmp_path):
    splits = sources(config)
    trained(config, tmp_path, 1)
    other = ContextTraining(config, tmp_path, splits["train"].n_inputs, "others")
    with pytest.raises(InputError, match="recordings 'digits' there, 'others' here"):
        other.resume()


def test_recordings_are_told_apart_wherever_they_lie(config, digits, tmp_path):
    known_by = fingerprint(*both(config))
    (tmp_path / "moved").mkdir()
    for path in digits.glob("*.h5"):
        (tmp_path / "moved" / path.name).write_bytes(path.read_bytes())
    assert fingerprint(*both(replace(config, data_path=str(tmp_path / "moved")))) == known_by
    write_synthetic_shd(tmp_path / "new", n_train_per_class=25, n_test_per_class=5, seed=2)
    assert fingerprint(*both(replace(config, data_path=str(tmp_path / "new")))) != known_by


def both(config):
    return recordings(config, "train"), recordings(config, "test")


def losses_of(config, trials):
    """Loss of the answers, penalty and outcome of a batch in a network that fires a lot."""
    updates = ContextTraining(replace(config, threshold=0.01, target_spike_prob=0.0), None, 350, "digits").updates
    for variable in updates.model.trainable_variables:
        if "soma_kernel" in variable.path:
            variable.assign(np.abs(variable))
        if "apical_bias" in variable.path:
            variable.assign(np.ones(variable.shape))
    return updates.losses(Tensors.of(batch_of(trials)))


def test_padding_changes_nothing(config):
    """A trial alone, and beside a longer one: same answers; penalties add up. In legacy they do not."""
    config = replace(config, seq_len=2)
    source = sources(config)["train"]
    short, long = sorted((source.trial(0), source.trial(1)), key=lambda trial: len(trial.frames))
    assert len(short.frames) < len(long.frames)
    alone, other, together = (losses_of(config, trials) for trials in ([short], [long], [short, long]))
    np.testing.assert_allclose(together[2].logits[0], alone[2].logits[0], atol=1e-5)
    assert float(alone[1]) > 0
    assert float(together[1]) == pytest.approx((float(alone[1]) + float(other[1])) / 2, rel=1e-5)
    legacy = [losses_of(replace(config, legacy=True), trials) for trials in ([short], [long], [short, long])]
    assert float(legacy[2][1]) > (float(legacy[0][1]) + float(legacy[1][1])) / 2


def test_memory_is_validated_without_weights(config):
    """The last item is balanced; legacy weighs it like training."""
    memory = replace(config, task_type="memory", seq_len=3)
    batch = Tensors.of(batch_of([sources(memory)["test"].trial(k) for k in range(6)]))
    for legacy, weight in ((False, 1.0), (True, 2.0)):
        updates = ContextTraining(replace(memory, legacy=legacy), None, 350, "digits").updates
        outcome = updates.evaluate(batch)
        t, r = batch.targets.numpy()[:, -1:], outcome.logits.numpy()
        wanted = np.mean(weight * t * np.log1p(np.exp(-r)) + (1 - t) * np.log1p(np.exp(r)))
        assert float(outcome.loss) == pytest.approx(wanted, rel=1e-5)


def after_one_update(config):
    splits = sources(config)
    training = ContextTraining(config, None, splits["train"].n_inputs, "digits")
    before = training.model.get_weights()
    training.updates.update(Tensors.of(next(splits["train"].batches())))
    return before, training.model.get_weights()


def test_settings_reach_the_update(config):
    """Recomputing changes nothing; the largest norm and the surrogate's scale reach the optimiser and the gradient."""
    config = replace(config, threshold=0.01, l2_decay=1e-3)
    _, kept = after_one_update(config)
    _, recomputed = after_one_update(replace(config, recompute=True))
    for mine, theirs in zip(kept, recomputed, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)
    updates = ContextTraining(replace(config, clip_norm=0.5), None, 350, "digits").updates
    assert updates.optimizer.global_clipnorm == 0.5
    cell = (
        ContextTraining(replace(config, surrogate_scale=0.7, tau_soma_ms=12.0), None, 350, "digits")
        .model.get_layer("hidden")
        .cell
    )
    assert cell.spiking.surrogate_scale == 0.7 and cell.tau_soma_ms == 12.0 and cell.dt_ms == 2.0


@pytest.mark.parametrize("model", ["clif", "lif", "lsnn"])
def test_gestures_reach_every_model(model, tmp_path_factory, tmp_path):
    folder = write_synthetic_dvs(
        tmp_path_factory.getbasetemp() / "dvs", n_train_users=4, n_test_users=2, duration_ms=200
    )
    config = ContextConfig(
        data_path=str(folder),
        n_trials=4,
        batch_size=2,
        n_units=10,
        model_type=model,
        seq_len=2,
        split_by="subject",
        apical_tau="distributed",
    )
    splits = sources(config)
    assert splits["train"].n_inputs == 512
    training = ContextTraining(config, tmp_path, 512, "gestures")
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
        ({"batch_size": 0}, "batch size must be a whole number from 1"),
        ({"learning_rate": float("nan")}, "learning rate must be a positive number"),
        ({"l2_decay": -1.0}, "l2_decay must be a number from 0"),
        ({"target_spike_prob": 1.5}, "target_spike_prob must be a number from 0 to 1"),
        ({"model_type": "lif", "interaction": "add"}, "interaction is for model_type clif"),
        ({"seq_len": "five"}, "seq_len must be a whole number from 1, got 'five'"),
        ({"recurrent_apical": 1}, "recurrent apical must be true or false"),
        ({"learning_rate": True}, "learning rate must be a positive number, got True"),
        ({"seed": 2**53}, "seed must be at most 9007199254740991"),
        ({"threshold": 0.0}, "threshold must be a positive number"),
    ],
)
def test_settings_that_make_no_run(changes, message):
    with pytest.raises(InputError, match=message):
        ContextConfig(**changes)
