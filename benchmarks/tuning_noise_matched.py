"""Noise-matched training: the rate network goes on training with the noise that spikes would add, then is converted.

A candidate that `tune` does without: see docs/conversion.md.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.rate.model import RateNetwork, trial_losses
from rate2spike.rate.noise_free import activate
from rate2spike.rate.task import Task
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.trained_model import STEP_S, TrainedModel

N_TRIALS, STRIDE = 40, 100  # steps of the spiking network that are one of the rate network
N_UPDATES, BATCH_SIZE, LEARNING_RATE = 300, 8, 0.003


def noise_matched(model: TrainedModel, task: Task, factor: float, rng: np.random.Generator) -> TrainedModel:
    """The model after some hundred updates with noise of the covariance that spikes add at a scaling factor.

    Without its mean, which is no noise: trained with that too, networks forget the task.
    """
    root = spike_noise(model, task, factor, rng)
    network = RateNetwork.from_model(model)
    optimizer = keras.optimizers.Adam(LEARNING_RATE, epsilon=1e-8)
    optimizer.build([network.w_rec, network.w_out, network.b_out])
    root = tf.constant(root, tf.float32)

    @tf.function(autograph=False)
    def update(u: tf.Tensor, target: tf.Tensor, draws: tf.Tensor) -> None:
        noise = tf.concat([0.1 * draws[:1], tf.linalg.matmul(draws[1:], root, transpose_b=True)], 0)
        variables = [network.w_rec, network.w_out, network.b_out]
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(trial_losses(network(u, noise), target, "l2"))
        gradients = tf.clip_by_global_norm(tape.gradient(loss, variables), 1.0)[0]
        optimizer.apply_gradients(zip(gradients, variables, strict=True))

    for _ in range(N_UPDATES):
        trials = [task.draw(rng) for _ in range(BATCH_SIZE)]
        u = np.array([trial.u.T for trial in trials], np.float32)
        target = np.array([np.atleast_2d(trial.target).T for trial in trials], np.float32)
        draws = rng.standard_normal(network.noise_shape(BATCH_SIZE, u.shape[1])).astype(np.float32)
        update(tf.constant(u), tf.constant(target), tf.constant(draws))
    b_out = None if model.b_out is None else np.reshape(network.b_out.numpy(), np.shape(model.b_out))
    return replace(model, w_rec=network.w_rec.numpy(), w_out=network.w_out.numpy(), b_out=b_out)


def spike_noise(model: TrainedModel, task: Task, factor: float, rng: np.random.Generator) -> np.ndarray:
    """(N, N) root of the covariance of what spikes add to a rate unit's state in a step of 5 ms.

    A spiking unit's synaptic current stands for the state x: what is left of it after x_t = (1 - α) x_{t-1} + α W φ(x_{t-1}).
    """
    network = SpikingNetwork.from_model(model, factor)
    trials = [task.draw(rng) for _ in range(N_TRIALS)]
    keys = rng.integers(0, 2**63, N_TRIALS).astype(np.uint64)
    with ThreadPoolExecutor() as pool:
        records = list(pool.map(lambda trial, key: network.run_fast(trial.u, key, ("ipsc",)), trials, keys))
    alpha, w = STEP_S / model.tau_s(), model.effective_w()
    left = []
    for trial, record in zip(trials, records, strict=True):
        current = np.asarray(record.ipsc)[:, ::STRIDE].T  # (T, N)
        drive = trial.u.T @ model.w_in.T
        external = np.zeros_like(current)
        for t in range(1, len(current)):
            external[t] = (1 - alpha) * external[t - 1] + alpha * drive[t - 1]
        rates = activate(current + external[: len(current)], model.activation or "sigmoid")
        left.append(current[1:] - (1 - alpha) * current[:-1] - alpha * (rates[:-1] @ w.T))
    values, vectors = np.linalg.eigh(np.cov(np.concatenate(left).T))
    return vectors * np.sqrt(np.maximum(values, 0))
