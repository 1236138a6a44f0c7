"""The optimizer against the published rule, and epochs of any network: resumed, refused, kept when they go wrong."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
from rate2spike.errors import InputError
from rate2spike.spiking.training.epochs import ResumableEpochs
from rate2spike.spiking.training.optimizer import adam, nan_unless_finite, with_weight_decay

X = (np.random.default_rng(0).random((4, 12, 3)) < 0.5).astype(np.float32)


def epochs(folder, **settings):
    """A network with a readout, and one update as an epoch."""
    model = keras.Sequential([keras.Input((None, 3)), r2s.LIF(5, threshold=0.1, seed=1), r2s.LI(1, seed=2)])
    made = ResumableEpochs(model, adam(model.trainable_variables, 0.1), folder, settings, best_by="score")

    def one(k):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(X) - 1))
        made.optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return {"loss": float(loss), "score": -abs(k - 1)}

    return made, one


def run(folder, n_epochs, **settings):
    made, one = epochs(folder, **settings)
    made.resume()
    while made.n_done < n_epochs:
        made.run_epoch(0.1 * 0.5**made.n_done, one)
    return made


def test_a_resumed_network_ends_as_an_uninterrupted_one(tmp_path):
    whole = run(tmp_path / "whole", 3)
    run(tmp_path / "parts", 1)
    resumed = run(tmp_path / "parts", 3)
    assert resumed.history == whole.history and [line["lr"] for line in whole.history] == [0.1, 0.05, 0.025]
    assert whole.history[2]["loss"] < whole.history[0]["loss"]
    for mine, theirs in zip(resumed.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert whole.best_epoch == 2
    best, last = (r2s.load_network(tmp_path / "whole" / f"{name}.keras").get_weights() for name in ("best", "model"))
    assert any(not np.array_equal(one, other) for one, other in zip(best, last, strict=True))


def test_other_settings_do_not_continue_a_run(tmp_path):
    run(tmp_path, 1, units=5)
    with pytest.raises(InputError, match="of other settings: units 5 there, 6 here"):
        run(tmp_path, 2, units=6)


def test_weights_that_are_no_numbers_leave_the_last_checkpoint(tmp_path):
    made = run(tmp_path, 1)
    good = (tmp_path / "model.keras").read_bytes()

    def spoil(k):
        made.model.trainable_variables[0].assign(np.full(made.model.trainable_variables[0].shape, np.nan))
        return {"score": k}

    with pytest.raises(InputError, match=r"not finite in epoch 2, .* A smaller learning_rate or a clip_norm may help$"):
        made.run_epoch(0.1, spoil)
    assert (tmp_path / "model.keras").read_bytes() == good and run(tmp_path, 2).n_done == 2


def test_adam_and_weight_decay_by_hand():
    """Algorithm 1 of Kingma & Ba, with ε beside the corrected root, for gradients as small as ε."""
    start, slope, rate, decay = np.array([1.0, -2.0]), np.array([1e-8, 3e-8]), 0.1, 1e-8
    variable = keras.Variable(start.astype(np.float32))
    optimizer = adam([variable], rate)
    w, m, v = start.copy(), 0.0, 0.0
    for step in (1, 2, 3):
        slopes = with_weight_decay([tf.constant(slope, tf.float32)], [variable], decay)
        optimizer.apply(slopes, [variable])
        g = slope + decay * w
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w = w - rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
    np.testing.assert_allclose(variable.numpy(), w, rtol=1e-5)


def test_a_loss_with_a_gradient_that_is_none_is_none():
    loss = tf.constant(2.0)
    assert float(nan_unless_finite(loss, [tf.constant([1.0, 2.0])])) == 2.0
    assert np.isnan(float(nan_unless_finite(loss, [tf.constant([1.0, np.nan])])))
