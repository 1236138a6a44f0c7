"""Training of many networks: what it ends in follows from settings and seeds alone."""

import csv
import json
from concurrent.futures import CancelledError
from threading import Event

import keras
import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
from rate2spike.errors import InputError
from rate2spike.io.checkpoints import load_latest
from rate2spike.io.datasets.synthetic_events import write_synthetic_shd
from rate2spike.spiking.cascade_networks.config import MemorizeConfig, SHDConfig
from rate2spike.spiking.cascade_networks.digit_sets import digits
from rate2spike.spiking.cascade_networks.ensemble import Ensemble
from rate2spike.spiking.cascade_networks.ensemble_training import NotFiniteError, Updates
from rate2spike.spiking.cascade_networks.networks import network
from rate2spike.spiking.cascade_networks.patterns import draw_patterns
from rate2spike.spiking.cascade_networks.variants import VARIANTS
from rate2spike.spiking.training.optimizer import adam

SMALL = dict(n_patterns=12, n_inputs=20, n_steps=40, input_probability=0.03, progress=False)
ARRAYS = ("losses", "accuracies", "spikes", "initial", "final", "training_initial", "training_final")
LABELS = ("One compartment", "No BAP", "BAP", "Parallel subunits, no BAP", "Parallel subunits + BAP (full PRC model)")


def same(one, other):
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def weights(folder, name):
    return r2s.load_network(folder / "networks" / f"{name}.keras").get_weights()


@pytest.fixture(scope="module")
def folder_of_digits(tmp_path_factory):
    return write_synthetic_shd(tmp_path_factory.mktemp("recordings"), n_train_per_class=10, n_test_per_class=4)


def test_patterns_are_those_of_the_seed():
    config = MemorizeConfig()
    drawn = [draw_patterns(config, seed) for seed in (3, 3, 4)]
    assert drawn[0].spikes.shape == (256, 200, 100) and set(np.unique(drawn[0].spikes)) == {0, 1}
    assert all(one.mean_spikes == pytest.approx(100, abs=2.5) for one in drawn)  # SD of the mean 0.62
    assert (drawn[0].spikes == drawn[1].spikes).all() and (drawn[0].labels == drawn[1].labels).all()
    assert (drawn[0].labels != drawn[2].labels).any() and (drawn[0].spikes != drawn[2].spikes).any()
    assert 90 < drawn[0].labels.sum() < 166  # 128 ± 8


def test_networks_are_the_published_ones():
    """Weights drawn with the published SD, 408 and 808 of them; of digits 144 000 and 284 000."""
    sds = {"one_compartment": 1.3322761, "no_bap": 0.1427439, "bap": 0.1427439, "parallel": 0.00951626}
    for name, sd in sds.items():
        drawn = [network(VARIANTS[name], MemorizeConfig(), seed).get_weights() for seed in range(10)]
        assert np.std([one[0] for one in drawn]) == pytest.approx(sd, rel=0.06)
        assert np.std([one[1] for one in drawn]) == pytest.approx(0.3330690, rel=0.35)
    sizes = {name: network(VARIANTS[name], MemorizeConfig(), 0).count_params() for name in VARIANTS}
    assert sizes == {"one_compartment": 408} | dict.fromkeys(("no_bap", "bap", "parallel", "prc"), 808)
    for_digits = network(VARIANTS["prc"], SHDConfig(), 0)
    assert for_digits.count_params() == 284_000
    assert for_digits.get_weights()[0].std() == pytest.approx(7.193615e-5, rel=0.03)
    assert for_digits.get_weights()[1].std() == pytest.approx(0.04710307, rel=0.05)
    assert network(VARIANTS["one_compartment"], SHDConfig(), 0).count_params() == 144_000
    robust = [one.get_config() for one in network(VARIANTS["prc"], MemorizeConfig(robust=True), 0).layers[:2]]
    assert robust[0]["surrogate"] == "sigmoid" and robust[0]["surrogate_scale"] == 0.05
    assert robust[1]["balanced"] and robust[1]["initial_scale"] == 1
    gains = {name: network(VARIANTS[name], MemorizeConfig(), 0).layers[0].get_config() for name in ("bap", "prc")}
    assert gains["bap"]["backprop_gain"] == 0.5 and gains["prc"]["backprop_gain"] == 0.05


@pytest.mark.parametrize("robust", [False, True])
def test_losses_are_those_of_a_network_trained_alone_by_keras(robust):
    """Ours are side by side, and the updates are our own loop."""
    settings = {key: value for key, value in SMALL.items() if key != "progress"}
    config = MemorizeConfig(models=("bap", "prc"), n_seeds=2, n_epochs=2, robust=robust, **settings)
    found = r2s.memorize(**vars(config), progress=False)
    for m, name in enumerate(config.models):
        alone, patterns = network(VARIANTS[name], config, 1), draw_patterns(config, 1)
        alone.compile(
            keras.optimizers.Adam(2e-3, epsilon=1e-8), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        )
        history = alone.fit(patterns.spikes, patterns.labels, 12, 2, shuffle=False, verbose=0).history["loss"]
        # later a spike may come a step earlier or later, by the last bit of a sum
        np.testing.assert_allclose(found.losses[m, 1, :2], history[:2], rtol=2e-5)


def test_a_training_that_goes_on_ends_as_one_that_was_never_interrupted(tmp_path):
    settings = SMALL | dict(models=("prc",), n_seeds=2, checkpoint_every=2)
    whole = r2s.memorize(tmp_path / "whole", **settings, n_epochs=7)
    r2s.memorize(tmp_path / "cut", **settings, n_epochs=3)
    same(r2s.memorize(tmp_path / "cut", **settings, n_epochs=7), whole)
    for name in ("prc_0", "prc_1"):
        for one, other in zip(weights(tmp_path / "cut", name), weights(tmp_path / "whole", name), strict=True):
            np.testing.assert_array_equal(one, other)
    with pytest.raises(InputError, match=r"has 7 epochs already, more than n_epochs 5"):
        r2s.memorize(tmp_path / "cut", **settings, n_epochs=5)
    with pytest.raises(InputError, match=r"of other settings: learning_rate 0\.002 there, 0\.01 here"):
        r2s.memorize(tmp_path / "cut", **settings, n_epochs=8, learning_rate=0.01)


def test_a_training_that_is_told_to_stop_keeps_its_last_epoch(tmp_path):
    """At Ctrl-C in one thread the others end after their epoch; the function of a user may raise what it likes."""
    settings = SMALL | dict(models=("one_compartment", "bap"), n_seeds=2, n_epochs=40, checkpoint_every=2)

    class EnoughError(Exception):
        pass

    def tell(n_done, _n_all, _text):
        if n_done >= 9:
            raise EnoughError

    with pytest.raises(EnoughError):
        r2s.memorize(tmp_path, **settings | {"progress": tell})
    saved = [load_latest(path).update for path in (tmp_path / "checkpoints").iterdir()]
    assert sum(saved) >= 4 and max(saved) < 40
    same(r2s.memorize(tmp_path, **settings), r2s.memorize(**settings))


def test_no_network_depends_on_others_nor_on_the_threads():
    settings = SMALL | dict(n_epochs=3)
    of_six = r2s.memorize(**settings, models=("no_bap", "prc"), n_seeds=6, n_threads=2)
    alone = r2s.memorize(**settings, models=("prc",), seed=5, n_seeds=1, n_threads=1)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(of_six, name)[1, 5], getattr(alone, name)[0, 0])
    assert len({tuple(losses) for losses in of_six.losses.reshape(-1, 3)}) == 12


def test_a_loss_that_is_not_finite_ends_the_training_with_the_networks_before_it(tmp_path):
    settings = SMALL | dict(models=("bap",), n_seeds=2)
    with pytest.raises(InputError) as caught:
        r2s.memorize(tmp_path, **settings, n_epochs=9, learning_rate=1e38)
    assert "BAP, seed " in str(caught.value) and "is not finite in epoch 2" in str(caught.value)
    assert "\n" not in str(caught.value) and str(tmp_path / "networks") in str(caught.value)
    for seed in range(2):
        assert all(np.isfinite(one).all() for one in weights(tmp_path, f"bap_{seed}"))
    assert load_latest(tmp_path / "checkpoints" / "bap_0").update == 1  # the epoch before


def test_an_update_that_is_not_finite_in_one_network_changes_none():
    config = MemorizeConfig(n_inputs=20, n_steps=40)
    ensemble = Ensemble([network(VARIANTS["bap"], config, seed) for seed in range(3)])
    updates = Updates(ensemble, adam(ensemble.variables, 0.1))
    x = (np.random.default_rng(0).random((3, 40, 6, 20)) < 0.05).astype("f4")
    labels = tf.constant(np.tile([0, 1], (3, 3)), tf.int32)
    updates.update(tf.constant(x), labels)
    before = [variable.numpy() for variable in (*ensemble.variables, *updates.optimizer.variables)]
    x[1, 3, 2, 4] = np.nan
    with pytest.raises(NotFiniteError) as caught:
        updates.update(tf.constant(x), labels)
    assert caught.value.which.tolist() == [False, True, False]
    after = [variable.numpy() for variable in (*ensemble.variables, *updates.optimizer.variables)]
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_it_found_is_written_in_the_published_tables(tmp_path):
    found = r2s.memorize(**SMALL, n_seeds=2, n_epochs=3)
    found.save_tables(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        f"memorization_{what}_{seed}.{ending}"
        for seed in (0, 1)
        for what, ending in (("training_results", "csv"), ("accuracy", "json"))
    }
    with open(tmp_path / "memorization_training_results_1.csv", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["model_name", "epoch", "loss", "accuracy"] and len(rows) == 5 * 3
    assert tuple(dict.fromkeys(row[0] for row in rows)) == LABELS
    assert [row[1] for row in rows] == ["0", "1", "2"] * 5
    np.testing.assert_array_equal([float(row[2]) for row in rows], found.losses[:, 1].ravel())
    np.testing.assert_array_equal([float(row[3]) for row in rows], found.accuracies[:, 1].ravel())
    ends = json.loads((tmp_path / "memorization_accuracy_1.json").read_text())
    assert tuple(ends) == LABELS and all(set(one) == {"initial", "final"} for one in ends.values())
    assert ends["BAP"] == {"initial": found.initial[2, 1], "final": found.final[2, 1]}
    with pytest.raises(InputError, match="no network has the seed 2: they are 0 to 1"):
        found.rows(2)
    frame = found.to_dataframe()
    assert len(frame) == 5 * 2 * 3 and set(frame.columns) == {
        "model_name",
        "seed",
        "epoch",
        "loss",
        "accuracy",
        "spikes",
    }
    row = frame[(frame.model_name == "BAP") & (frame.seed == 1) & (frame.epoch == 2)]
    assert row.loss.item() == found.losses[2, 1, 2]


def test_few_patterns_are_learnt_by_parallel_subunits():
    few = dict(n_patterns=32, n_inputs=50, n_steps=100, input_probability=0.01, models=("prc",), n_seeds=3)
    found = r2s.memorize(**few, n_epochs=100, robust=True, progress=False)
    assert found.final.min() > 0.9 and found.losses[..., -1].mean() < 0.3 * found.losses[..., 0].mean()


def test_silent_networks_are_counted():
    found = r2s.memorize(**SMALL | {"input_probability": 0.0}, models=("no_bap",), n_seeds=2, n_epochs=2)
    assert found.by_model()["No BAP"]["silent"] == 2
    np.testing.assert_allclose(found.losses, np.log(2), rtol=1e-6)


def test_digits_are_learnt(folder_of_digits, tmp_path):
    settings = dict(
        models=("bap",), n_seeds=2, batch_size=20, n_units=30, n_steps=40, event_weight=20, learning_rate=0.01
    )
    settings |= dict(data_path=str(folder_of_digits), progress=False)
    found = r2s.recognize_digits(tmp_path, **settings, n_epochs=16)
    assert found.initial.max() < 0.2 and found.final.min() > 0.4 and found.training_final.min() > 0.4
    assert (found.losses[0, 0] != found.losses[0, 1]).all()
    cut = tmp_path / "cut"
    r2s.recognize_digits(cut, **settings, n_epochs=2)
    same(r2s.recognize_digits(cut, **settings, n_epochs=16), found)
    other = write_synthetic_shd(tmp_path / "other", n_train_per_class=10, n_test_per_class=4, seed=2)
    with pytest.raises(InputError, match="is of other settings: recordings "):
        r2s.recognize_digits(cut, **settings | {"data_path": str(other)}, n_epochs=17)
    found.save_tables(tmp_path)
    ends = json.loads((tmp_path / "heidelberg_test_accuracy_0.json").read_text())
    assert ends == {"BAP": {"initial": found.initial[0, 0], "final": found.final[0, 0]}}
    assert len((tmp_path / "heidelberg_training_results_1.csv").read_text().splitlines()) == 17
    test = digits(SHDConfig(data_path=str(folder_of_digits), n_steps=40, batch_size=20)).test
    model = r2s.load_network(tmp_path / "networks" / "bap_0.keras")
    answers = model.predict(20 * test.dense(np.arange(80)), verbose=0).argmax(1)
    assert (answers == test.labels).mean() == pytest.approx(found.final[0, 0], abs=1e-6)


def test_the_published_test_leaves_the_last_recordings_out(folder_of_digits):
    """80 recordings in batches of 45: 45 as published, all otherwise."""
    settings = dict(data_path=str(folder_of_digits), event_weight=20, models=("bap",), n_seeds=1, progress=False)
    settings |= dict(n_epochs=2, batch_size=45, n_units=10, n_steps=20)
    found = {legacy: r2s.recognize_digits(**settings, legacy=legacy) for legacy in (True, False)}
    for legacy, n in ((True, 45), (False, 80)):
        assert found[legacy].final[0, 0] * n == pytest.approx(round(found[legacy].final[0, 0] * n), abs=1e-3)
    assert (found[True].losses != found[False].losses).all()  # other bins


def test_a_batch_may_be_larger_than_the_test_where_nothing_of_it_is_left_out(folder_of_digits):
    config = dict(data_path=str(folder_of_digits), batch_size=100)  # 200 to learn, 80 to test
    assert len(digits(SHDConfig(**config, legacy=False)).test) == 80
    for wrong in (dict(config, legacy=True), dict(config, legacy=False, batch_size=201)):
        with pytest.raises(InputError, match="is more than there are recordings"):
            digits(SHDConfig(**wrong))


def test_events_of_made_up_recordings_count_more():
    assert SHDConfig().actual_event_weight == 1 and SHDConfig(synthetic=True).actual_event_weight == 20
    assert SHDConfig(synthetic=True, event_weight=3).actual_event_weight == 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (dict(models=("bap", "bap")), "models must be one or several different ones, got bap, bap"),
        (dict(models=()), "models must be one or several different ones"),
        (dict(models=("nobap",)), r"unknown model 'nobap'.*choose from one_compartment, no_bap, bap, parallel, prc"),
        (dict(n_seeds=0), "number of seeds must be"),
        (dict(robust=True, n_units=1), r"a balanced readout \(robust\) needs at least 2 units, got n_units 1"),
        (dict(input_probability=1.5), "input probability must be"),
        (dict(learning_rate=float("nan")), "learning rate must be a positive number"),
        (dict(batch_size=8), "unknown setting 'batch_size'; known are folder, progress, seed, n_seeds, models"),
    ],
)
def test_bad_settings_are_one_line(settings, message):
    with pytest.raises(InputError, match=message) as caught:
        r2s.memorize(**settings)
    assert "\n" not in str(caught.value)


def test_stopped_updates_compute_nothing():
    stop = Event()
    ensemble = Ensemble([network(VARIANTS["bap"], MemorizeConfig(n_inputs=4), 0)])
    updates = Updates(ensemble, adam(ensemble.variables, 0.1), stop)
    batch = tf.zeros((1, 5, 2, 4)), tf.constant([[0, 1]])
    updates.update(*batch)
    stop.set()
    for call in (updates.update, updates.evaluate):
        with pytest.raises(CancelledError):
            call(*batch)
