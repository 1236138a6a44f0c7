"""The network the Keras way: layer, model, callbacks, saving. Real Keras throughout."""

import csv
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
from rate2spike.errors import InputError
from rate2spike.matlab_compat.model_file import load_model, save_model
from rate2spike.rate.keras_model import (
    ExponentialToFloor,
    PublishedLoss,
    RateLayer,
    TaskAccuracy,
    TaskTrials,
    keras_model,
)
from rate2spike.rate.model import RateNetwork, trial_losses
from rate2spike.rate.rate_evaluation import batch_arrays
from rate2spike.rate.update import learning_rate_at

SMALL = dict(n_units=20, batch_size=4, evaluate_every=5, seed=1)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keras")
    model = keras_model("go-nogo", **SMALL)
    callbacks = [keras.callbacks.CSVLogger(str(folder / "log.csv")), keras.callbacks.TensorBoard(str(folder / "board"))]
    return model, model.fit(epochs=3, callbacks=callbacks, verbose=0), folder


def test_history_csv_and_tensorboard(fitted):
    _, history, folder = fitted
    assert set(history.history) == {"loss", "val_loss", "val_accuracy"} and len(history.history["loss"]) == 3
    rows = list(csv.DictReader((folder / "log.csv").read_text().splitlines()))
    assert [float(row["val_accuracy"]) for row in rows] == history.history["val_accuracy"]
    assert list((folder / "board").rglob("events.out.tfevents.*"))


def test_a_figure_of_the_history(fitted):
    figure = r2s.training_figure(fitted[1])
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss", "accuracy on fresh trials"]
    assert figure.axes[1].get_xlabel() == "epoch" and len(figure.axes[1].lines[0].get_ydata()) == 3


def test_the_trained_network_is_saved_as_any_other(fitted, tmp_path):
    model, history, _ = fitted
    trained = model.to_trained_model(history)
    assert trained.last_update == 14 and trained.eval_accuracy == history.history["val_accuracy"][-1]
    assert not np.array_equal(trained.w_rec, trained.w_rec_initial) and (trained.w_rec >= 0).all()
    save_model(trained, tmp_path / "f.mat")
    loaded = load_model(tmp_path / "f.mat")
    assert loaded == trained
    fresh = np.random.default_rng(3)
    task = model.rate_layer.config.task
    u, target = batch_arrays([task.draw(fresh) for _ in range(5)])
    noise = model.rate_layer.network.draw_noise(5, task.n_steps, seed=(1, 2))
    outputs = [network(u, noise).numpy() for network in (model.rate_layer.network, RateNetwork.from_model(loaded))]
    np.testing.assert_allclose(*outputs, rtol=1e-5, atol=1e-6)  # it is the network that was trained ...
    losses = [trial_losses(o, target, model.rate_layer.config.loss).numpy().mean() for o in outputs]
    untrained = RateNetwork.from_model(replace(loaded, w_rec=loaded.w_rec_initial, tau_logit=loaded.tau_logit_initial))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert not np.allclose(untrained(u, noise), outputs[0], rtol=1e-3)  # ... and no other
    spiking = r2s.SpikingNetwork.from_model(loaded, 25)
    np.testing.assert_allclose(spiking.w * 25, model.rate_layer.network.effective_w(), rtol=1e-5)


def test_saving_the_keras_model_keeps_weights_settings_and_training_state(fitted, tmp_path):
    model, _, _ = fitted
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert again.rate_layer.config == model.rate_layer.config
    for a, b in zip(model.weights, again.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    u = np.random.default_rng(0).normal(size=(2, 200, 1)).astype(np.float32)
    for layer in (model.rate_layer, again.rate_layer):
        layer.seed_generator.state.assign([7, 8])  # the same noise
    np.testing.assert_allclose(model(u), again(u), rtol=1e-5, atol=1e-6)
    assert int(again.optimizer.iterations) == int(model.optimizer.iterations)
    again.fit(epochs=1, verbose=0)


def test_same_seed_same_training_and_a_second_fit_draws_other_trials():
    losses = []
    for _ in range(2):
        model = keras_model("go-nogo", **SMALL)
        losses.append(model.fit(epochs=1, verbose=0).history["loss"] + model.fit(epochs=1, verbose=0).history["loss"])
    assert losses[0] == losses[1]
    assert (
        TaskTrials(model.rate_layer.config, epoch=1)[0][1].numpy().tolist()
        == TaskTrials(model.rate_layer.config, epoch=0)[5][1].numpy().tolist()
    )


def test_schedules_are_those_of_train():
    config = r2s.TrainConfig(lr_schedule="exponential", lr_decay_updates=10, learning_rate=0.02)
    schedule = ExponentialToFloor(0.02, 10, 0.1)
    for step in (0, 5, 10, 100):
        assert float(schedule(step)) == pytest.approx(learning_rate_at(config, step), rel=1e-5)


def test_early_stopping_sees_the_fresh_trials():
    model = keras_model("go-nogo", **SMALL, learning_rate=1e-9)
    history = model.fit(epochs=30, callbacks=[keras.callbacks.EarlyStopping("val_loss", patience=2)], verbose=0)
    assert len(history.history["loss"]) < 30


def test_training_stops_at_the_criteria():
    """After the first epoch of 5 updates that meets them all: here the third, since 12 updates are demanded."""
    easy = dict(loss_threshold=1e9, accuracy_threshold=0.0, min_updates=12)
    callback = TaskAccuracy(stop_at_criteria=False)
    free = keras_model("go-nogo", **SMALL, **easy).fit(epochs=5, callbacks=[callback], verbose=0).history
    assert len(free["loss"]) == 5 and min(free["val_accuracy"]) > 0
    stopped = keras_model("go-nogo", **SMALL, **easy).fit(epochs=5, verbose=0).history
    assert stopped["val_loss"] == free["val_loss"][:3]
    strict = easy | {"loss_threshold": 1e-9}
    assert len(keras_model("go-nogo", **SMALL, **strict).fit(epochs=4, verbose=0).history["loss"]) == 4


def test_the_layer_is_the_network():
    layer = RateLayer(r2s.TrainConfig(n_units=20, seed=1, train_w_in=True, unit_bias_sd=0.1))
    assert [w.path.split("/")[-1] for w in layer.trainable_weights] == ["w_rec", "w_in", "w_out", "b_out", "tau_logit"]
    u = tf.ones((3, 50, 1))
    layer.seed_generator.state.assign([3, 4])
    o = layer(u)
    assert o.shape == (3, 49, 1) == layer.compute_output_shape((3, 50, 1))
    noise = layer.network.draw_noise(3, 50, tf.constant([3, 4]))
    np.testing.assert_allclose(o, layer.network(u, noise), rtol=1e-6, atol=1e-7)
    assert not np.array_equal(o, layer(u))  # other noise at every call


@pytest.mark.parametrize("dendrites", ["none", "subunit"])
def test_the_layer_stands_in_any_model(dendrites):
    inputs = keras.Input((60, 2))
    outputs = keras.layers.Dense(1)(
        RateLayer(r2s.TrainConfig(task="xor", n_units=20, seed=1, l2_rates=1.0, l2_weights=1.0, dendrites=dendrites))(
            inputs
        )
    )
    model = keras.Model(inputs, outputs)
    model.compile("adam", "mse")
    rng = np.random.default_rng(0)
    history = model.fit(rng.normal(size=(8, 60, 2)), rng.normal(size=(8, 59, 1)), epochs=3, verbose=0).history["loss"]
    assert history[2] < history[0]


def test_loss_is_the_published_one():
    rng = np.random.default_rng(0)
    o, target = (tf.constant(rng.normal(size=(4, n, 2))) for n in (9, 10))
    for kind in ("l1", "l2"):
        expected = tf.reduce_mean(trial_losses(o, target, kind))
        assert float(PublishedLoss(kind)(target[:, :-1], o)) == pytest.approx(float(expected))


def test_trials_follow_from_the_seed():
    config = r2s.TrainConfig(**SMALL)
    a, b = TaskTrials(config), TaskTrials(config)
    assert len(a) == 5
    np.testing.assert_array_equal(a[3][1], b[3][1])
    b.on_epoch_end()
    assert any(not np.array_equal(a[k][1], b[k][1]) for k in range(5))
    assert a[0][0].shape == (4, 200, 1) and a[0][1].shape == (4, 199, 1)


def test_bad_settings_are_refused():
    with pytest.raises(InputError, match="unknown task"):
        keras_model("dance")
    with pytest.raises(InputError, match="batch size"):
        keras_model("xor", batch_size=0)


@pytest.mark.parametrize("epochs", [0, 1.5, "2"])
def test_no_number_of_epochs_stands_for_all(epochs):
    model = keras_model("go-nogo", n_updates=5, **SMALL)
    with pytest.raises(InputError, match="epochs must be a whole number from 1"):
        model.fit(epochs=epochs, verbose=0)
    assert int(model.optimizer.iterations) == 0


def test_evaluate_without_trials_says_where_the_values_are():
    with pytest.raises(InputError, match=r"x is missing: .* val_accuracy"):
        keras_model("go-nogo", **SMALL).evaluate()


def test_what_is_not_of_this_model_is_refused():
    one, other = (r2s.keras_model("go-nogo", n_units=5, batch_size=1, evaluate_every=1, seed=seed) for seed in (1, 2))
    history = one.fit(epochs=1, verbose=0)
    assert one.to_trained_model(history).n_units == 5
    with pytest.raises(InputError, match="history is of another model"):
        other.to_trained_model(history)
    with pytest.raises(InputError, match="config holds 'units': give a TrainConfig"):
        r2s.RateLayer({"units": 3})
