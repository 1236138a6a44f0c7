"""One step of training: the batch's loss, its gradients, and Adam. Arrays are (batch, time, units)."""

from collections.abc import Callable
from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import float32_by_default, keras, tf
from rate2spike.machine.tensorflow_device import MAX_PARTS
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.model import RateNetwork, trial_losses

ADAM_EPSILON = 1e-8  # the published value; Keras' default is 1e-7
LEAST_SHARE = 1e-12  # of the learning rate, for an exponential that ends at 0

Update = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


def make_optimizer(network: RateNetwork, config: TrainConfig) -> keras.optimizers.Optimizer:
    """Adam, built, so that its variables exist."""
    with float32_by_default():
        optimizer = keras.optimizers.Adam(config.learning_rate, epsilon=ADAM_EPSILON)
        optimizer.build(list(network.trainable_variables))
    return optimizer


def learning_rate_at(config: TrainConfig, update: int) -> float:
    """The learning rate of an update: constant, or falling to lr_final of it, by half a cosine or exponentially."""
    length = config.lr_decay_updates or config.n_updates
    progress = min(update / length, 1.0)
    if config.lr_schedule == "cosine":
        share = config.lr_final + (1 - config.lr_final) * (1 + np.cos(np.pi * progress)) / 2
    elif config.lr_schedule == "exponential":
        share = max(config.lr_final, LEAST_SHARE) ** progress
    else:
        share = 1.0
    return float(config.learning_rate * share)


def compiled_update(
    network: RateNetwork, config: TrainConfig, optimizer: keras.optimizers.Optimizer, strategy: Any = None
) -> Update:
    """One optimiser step as a function of (u, target, noise seed); returns the mean loss before the step.

    With a tf.distribute strategy, in whose scope network and optimiser were made, each replica computes its parts of the
    batch. Raises InputError if there are more replicas than trials.
    """
    variables = list(network.trainable_variables)
    n_replicas = 1 if strategy is None else strategy.num_replicas_in_sync
    if config.batch_size < n_replicas:
        raise InputError(f"batch size {config.batch_size} is below the number of replicas, {n_replicas}", "batch_size")
    sizes = part_sizes(config.batch_size, n_replicas)

    def apply(gradients: list[tf.Tensor]) -> None:
        if config.clip_norm:
            gradients = tf.clip_by_global_norm(gradients, config.clip_norm)[0]
        # under a strategy the optimiser adds up what the replicas give it
        shares = gradients if n_replicas == 1 else [gradient / n_replicas for gradient in gradients]
        optimizer.apply_gradients(zip(shares, variables, strict=True))

    if n_replicas > 1:
        return _update_of_replicas(network, config, strategy, sizes, apply)

    @tf.function(autograph=False)
    def update(u: tf.Tensor, target: tf.Tensor, noise_seed: tf.Tensor) -> tf.Tensor:
        loss, gradients = batch_gradients(network, parts_of(u, target, noise_seed, sizes), config)
        apply(gradients)
        return loss

    return update


def _update_of_replicas(
    network: RateNetwork, config: TrainConfig, strategy: Any, sizes: list[int], apply: Callable[[list[tf.Tensor]], None]
) -> Update:
    n_replicas = strategy.num_replicas_in_sync

    def of_replica(parts: list[tuple]) -> tf.Tensor:
        loss, gradients = batch_gradients(network, parts, config)
        apply(tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, gradients))
        return loss

    @tf.function(autograph=False)
    def distributed(parts: list[tuple]) -> tf.Tensor:
        return strategy.reduce(tf.distribute.ReduceOp.SUM, strategy.run(of_replica, (parts,)), axis=None)

    def update(u: tf.Tensor, target: tf.Tensor, noise_seed: tf.Tensor) -> tf.Tensor:
        parts = parts_of(u, target, noise_seed, sizes)
        n_each = len(parts) // n_replicas
        per_replica = [
            tuple(
                _per_replica(strategy, [parts[replica * n_each + k][field] for replica in range(n_replicas)])
                for field in range(3)
            )
            for k in range(n_each)
        ]
        return distributed(per_replica)

    return update


def batch_gradients(network: RateNetwork, parts: list[tuple], config: TrainConfig) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """What parts of a batch, from `parts_of`, add to its loss, and the gradients for the trainable variables."""

    @tf.function(autograph=False)  # so that parts of one size are traced once
    def of_part(u: tf.Tensor, target: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        noise = network.draw_noise(u.shape[0], u.shape[1], seed)
        with tf.GradientTape() as tape:
            share = part_loss(network, u, target, noise, config)
        return share, tape.gradient(share, network.trainable_variables, unconnected_gradients="zero")

    losses, gradients = zip(*(of_part(*part) for part in parts), strict=True)
    return tf.add_n(losses), [tf.add_n(of_variable) for of_variable in zip(*gradients, strict=True)]


def parts_of(u: tf.Tensor, target: tf.Tensor, noise_seed: tf.Tensor, sizes: list[int]) -> list[tuple]:
    """(u, target, noise seed) of each part of a batch."""
    seeds = tf.unstack(tf.random.experimental.stateless_split(noise_seed, len(sizes)))
    return list(zip(tf.split(u, sizes), tf.split(target, sizes), seeds, strict=True))


def part_loss(
    network: RateNetwork, u: tf.Tensor, target: tf.Tensor, noise: tf.Tensor, config: TrainConfig
) -> tf.Tensor:
    """What some trials add to the loss of a batch of config.batch_size: their share of the mean, penalties included."""
    o, r = network.outputs_and_rates(u, noise)
    total = tf.reduce_sum(trial_losses(o, target, config.loss))
    if config.l2_rates:
        total += config.l2_rates * tf.reduce_sum(tf.reduce_mean(tf.square(r), (0, 2)))
    if config.l2_weights:
        total += config.l2_weights * u.shape[0] * tf.reduce_sum(tf.square(network.effective_w()))
    return total / config.batch_size


def part_sizes(batch_size: int, n_replicas: int = 1) -> list[int]:
    """Trials of the parts in which a batch is computed, as many for each replica.

    TensorFlow may run parts at the same time: the steps of a trial depend on one another, so a single loop leaves all
    cores but one idle. Small parts cost more per trial, so small batches have fewer. The parts depend on the batch size
    alone (and the replicas), not on the machine.
    """
    n_parts = 1 if batch_size < 4 else 2 if batch_size < 64 else MAX_PARTS
    n_parts = min(-(-n_parts // n_replicas), batch_size // n_replicas) * n_replicas
    return [batch_size // n_parts + (part < batch_size % n_parts) for part in range(n_parts)]


def _per_replica(strategy: Any, values: list[tf.Tensor]) -> Any:
    return strategy.experimental_distribute_values_from_function(
        lambda context: values[context.replica_id_in_sync_group]
    )
