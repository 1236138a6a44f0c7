"""One update: gradients of a batch and its parts, Adam, learning rates, clipping."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from rate2spike.rate.config import TrainConfig
from rate2spike.rate.hand_over import network_of
from rate2spike.rate.model import trial_losses
from rate2spike.rate.rate_evaluation import batch_arrays
from rate2spike.rate.tasks import GoNogo
from rate2spike.rate.train import train, train_interruptibly
from rate2spike.rate.update import (
    batch_gradients,
    compiled_update,
    learning_rate_at,
    make_optimizer,
    part_sizes,
    parts_of,
)
from rate2spike.rate.weights import draw_weights

SMALL = TrainConfig(n_units=20, n_updates=3, seed=1)


def test_one_update_is_adam_on_the_batch_mean():
    """The first Adam step moves every weight with a gradient by the learning rate, whatever the gradient's size."""
    model = train(replace(SMALL, n_updates=1, apply_dale=False, learning_rate=0.003, batch_size=8))
    moved = np.abs(model.w_rec - model.w_rec_initial)
    np.testing.assert_allclose(np.median(moved), 0.003, rtol=1e-3)
    np.testing.assert_allclose(moved, 0.003, rtol=0.2)  # a gradient near epsilon falls a little short


@pytest.mark.parametrize("batch_size", [1, 3, 5, 64, 67])
def test_parts_hold_every_trial(batch_size):
    sizes = part_sizes(batch_size)
    assert sum(sizes) == batch_size and max(sizes) - min(sizes) <= 1 and min(sizes) > 0


def test_gradients_of_the_parts_add_up_to_those_of_the_batch():
    config = TrainConfig(n_units=20, batch_size=5)
    network = network_of(config, draw_weights(config, np.random.default_rng(1)))
    rng = np.random.default_rng(2)
    u, target = batch_arrays([GoNogo().trial(rng) for _ in range(5)])
    seed = tf.constant([3, 4])
    loss, gradients = batch_gradients(network, parts_of(u, target, seed, part_sizes(5)), config)
    seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    noise = tf.concat([network.draw_noise(n, u.shape[1], s) for n, s in zip((3, 2), seeds, strict=True)], 1)
    with tf.GradientTape() as tape:
        whole = tf.reduce_mean(trial_losses(network(u, noise), target, "l2"))
    assert float(loss) == pytest.approx(float(whole), rel=1e-5)
    for ours, expected in zip(gradients, tape.gradient(whole, network.trainable_variables), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", [0.02, 0.02, 0.02, 0.02]),
        ("cosine", [0.02, 0.02 * 0.55, 0.002, 0.002]),  # halfway: the mean of both ends
        ("exponential", [0.02, 0.02 * 10**-0.5, 0.002, 0.002]),
    ],
)
def test_learning_rate_schedules(schedule, expected):
    config = TrainConfig(learning_rate=0.02, lr_schedule=schedule, lr_decay_updates=1000, lr_final=0.1)
    assert [learning_rate_at(config, update) for update in (0, 500, 1000, 3000)] == pytest.approx(expected)


def test_the_schedule_reaches_the_optimiser():
    rows = train_interruptibly(replace(SMALL, n_updates=5, evaluate_every=1, lr_schedule="exponential")).evaluations
    assert rows[-1].learning_rate < rows[1].learning_rate < 0.01
    slow = train(replace(SMALL, n_updates=2, lr_schedule="exponential", lr_decay_updates=1, lr_final=0.0))
    once = train(replace(SMALL, n_updates=1))
    np.testing.assert_allclose(slow.w_rec, once.w_rec, atol=1e-9)  # the second update has no rate left


def test_clipping_bounds_the_step_but_not_its_direction():
    """Plain Adam divides by the gradient's size, so one clipped step is as long; the moments show the clipping."""
    moments = []
    for clip_norm in (None, 1e-3):
        with_checkpoints = replace(SMALL, n_updates=2, clip_norm=clip_norm)
        network = network_of(with_checkpoints, draw_weights(with_checkpoints, np.random.default_rng(0)))
        optimizer = make_optimizer(network, with_checkpoints)
        u, target = batch_arrays([GoNogo().trial(np.random.default_rng(k)) for k in range(1)])
        compiled_update(network, with_checkpoints, optimizer)(u, target, tf.constant([1, 2]))
        moments.append(np.concatenate([np.ravel(v.numpy()) for v in optimizer.variables if "momentum" in v.path]))
    plain, clipped = moments
    assert np.linalg.norm(clipped) == pytest.approx(0.1 * 1e-3, rel=1e-4)  # 1 - beta_1 of the clipped gradient
    np.testing.assert_allclose(clipped / np.linalg.norm(clipped), plain / np.linalg.norm(plain), atol=1e-6)
