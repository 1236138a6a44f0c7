"""Training: the update loop, evaluation and the historic stopping rule. No files, no printing.

Arrays are (batch, time, units). Every draw comes from the seed: initial weights, the trials of update k from
(seed, TRAINING, k), those of the evaluation after it from (seed, VALIDATION, k), and the noise of either likewise.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import tensorflow as tf

from rate2spike import __version__
from rate2spike.errors import InputError
from rate2spike.matlab_compat.model_file import TrainedModel
from rate2spike.rate import tasks
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.model import RateNetwork, Trajectory, trial_losses
from rate2spike.rate.recipes import recipe
from rate2spike.rate.tasks import Task, Trial
from rate2spike.rate.weights import InitialWeights, draw_weights
from rate2spike.seeding import Role, generator, resolve_seed

EVALUATE_EVERY, N_EVALUATION_TRIALS = 100, 100
MAX_PARTS = 4  # of a batch
ADAM_EPSILON = 1e-8  # the published value; Keras' default is 1e-7


@dataclass(frozen=True)
class RateEvaluation:
    """A rate network on fresh trials."""

    loss: float  # mean
    accuracy: float  # fraction of trials solved
    outputs: np.ndarray = field(repr=False)  # (n_trials, T-1)
    labels: np.ndarray = field(repr=False)  # (n_trials,)


@dataclass(frozen=True)
class TrainingResult:
    """What a training run gives; `interrupted` if Ctrl-C ended it."""

    model: TrainedModel
    interrupted: bool


def train(
    config: TrainConfig | None = None, *,
    on_update: Callable[[int, float], None] | None = None,
    on_evaluation: Callable[[int, RateEvaluation], None] | None = None,
    **settings: Any,
) -> TrainedModel:  # fmt: skip
    """Train a rate network and return it.

    Settings of TrainConfig given by name change the config; without one they change the task's recipe: `train(task="xor")`.

    on_update(update, loss) and on_evaluation(update, evaluation) are called as it goes, updates counted from 0.
    `model.training_success` says whether the criteria were met. Raises InputError for unusable settings,
    KeyboardInterrupt on Ctrl-C (`train_interruptibly` returns the network so far instead).
    """
    base = config or recipe(settings.get("task", TrainConfig.task))
    result = train_interruptibly(replace(base, **settings), on_update, on_evaluation)
    if result.interrupted:
        raise KeyboardInterrupt
    return result.model


def train_interruptibly(
    config: TrainConfig,
    on_update: Callable[[int, float], None] | None = None,
    on_evaluation: Callable[[int, RateEvaluation], None] | None = None,
) -> TrainingResult:
    """Like `train`, but Ctrl-C ends training and returns the network as it is then."""
    seed = resolve_seed(config.seed)
    config = replace(config, seed=seed)
    task = tasks.get(config.task)
    initial = draw_weights(config, task.n_inputs, generator(seed, Role.INITIAL_WEIGHTS))
    network = network_of(config, initial)
    first = trajectory(network, task, seed, key=0)
    step = compiled_update(network, config)
    losses = np.zeros(config.n_updates)
    last_update, evaluation, success, interrupted = -1, None, False, False
    try:
        for update in range(config.n_updates):
            rng = generator(seed, Role.TRAINING, update)
            trials = [task.trial(rng) for _ in range(config.batch_size)]
            losses[update] = float(step(*batch_arrays(trials), noise_seed(rng)))
            last_update, evaluation = update, None  # the network has changed since it was evaluated
            if on_update:
                on_update(update, losses[update])
            if not np.isfinite(losses[update]):
                raise InputError(f"training diverged at update {update} (loss {losses[update]}): lower --learning_rate")
            if (update - 1) % EVALUATE_EVERY == 0:
                evaluation = _evaluated(network, task, config, seed, update, on_evaluation)
                success = task.stops_training(update, evaluation.loss, evaluation.accuracy)
                if success and update >= config.min_updates:
                    break
    except KeyboardInterrupt:
        interrupted = True
    try:
        if evaluation is None:  # judge the network that is returned, not the one before the last updates
            evaluation = _evaluated(network, task, config, seed, last_update, on_evaluation)
            success = task.stops_training(last_update, evaluation.loss, evaluation.accuracy)
    except KeyboardInterrupt:  # the network is worth more than its evaluation
        interrupted = True
    last = trajectory(network, task, seed, key=1)
    model = _as_model(config, initial, network, first, last, losses, last_update, evaluation, success)
    return TrainingResult(model, interrupted)


def evaluate_rate(
    network: RateNetwork, task: Task, n_trials: int, loss: str, rng: np.random.Generator
) -> RateEvaluation:
    """Run fresh trials as one batch and score them by the task's rule for rate networks."""
    trials = [task.trial(rng) for _ in range(n_trials)]
    u, target = batch_arrays(trials)
    o = _compiled_trajectory(network)(u, noise_seed(rng)).o
    losses = trial_losses(o, target, loss).numpy()
    outputs = o.numpy()
    correct = [trial.score_rate(output) for trial, output in zip(trials, outputs, strict=True)]
    labels = np.array([trial.label for trial in trials])
    if labels.dtype.kind == "i":
        labels = labels.astype(np.float64)  # as in the historic file
    return RateEvaluation(float(losses.mean()), float(np.mean(correct)), outputs.astype(np.float64), labels)


def trajectory(network: RateNetwork, task: Task, seed: int, key: int) -> tuple[Trial, Trajectory]:
    """One trial with its states and rates, drawn from (seed, FIGURE, key)."""
    rng = generator(seed, Role.FIGURE, key)
    trial = task.trial(rng)
    u, _ = batch_arrays([trial])
    return trial, _compiled_trajectory(network)(u, noise_seed(rng))


def compiled_update(network: RateNetwork, config: TrainConfig) -> Callable[..., tf.Tensor]:
    """One optimiser step as a compiled function of (u, target, noise seed); returns the mean loss before the step."""
    optimizer = tf.keras.optimizers.Adam(config.learning_rate, epsilon=ADAM_EPSILON)
    variables = network.trainable_variables
    optimizer.build(variables)

    @tf.function
    def update(u, target, noise_seed):
        loss, gradients = batch_gradients(network, u, target, noise_seed, config.loss)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return loss

    return update


def batch_gradients(network: RateNetwork, u, target, noise_seed, loss: str) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Mean loss of a batch and its gradients with respect to the network's trainable variables.

    The batch is computed in parts that TensorFlow may run at the same time: the steps of a trial depend on one another,
    so a single loop leaves all cores but one idle. The parts depend on the batch size alone, not on the machine.
    """
    batch_size, n_steps, _ = u.shape

    def of_part(u, target, seed):
        noise = network.draw_noise(u.shape[0], n_steps, seed)
        with tf.GradientTape() as tape:
            share = tf.reduce_sum(trial_losses(network(u, noise), target, loss)) / batch_size
        return share, tape.gradient(share, network.trainable_variables)

    sizes = part_sizes(batch_size)
    seeds = tf.unstack(tf.random.experimental.stateless_split(noise_seed, len(sizes)))
    parts = zip(tf.split(u, sizes), tf.split(target, sizes), seeds, strict=True)
    losses, gradients = zip(*(of_part(*part) for part in parts), strict=True)
    return tf.add_n(losses), [tf.add_n(of_variable) for of_variable in zip(*gradients, strict=True)]


def part_sizes(batch_size: int) -> list[int]:
    """Trials of the parts in which a batch is computed; small parts cost more per trial, so small batches have fewer."""
    n_parts = 1 if batch_size < 4 else 2 if batch_size < 64 else MAX_PARTS
    return [batch_size // n_parts + (part < batch_size % n_parts) for part in range(n_parts)]


def batch_arrays(trials: list[Trial]) -> tuple[tf.Tensor, tf.Tensor]:
    """Inputs (B, T, n_inputs) and targets (B, T), float32."""
    u = np.stack([trial.u.T for trial in trials]).astype(np.float32)
    target = np.stack([trial.target for trial in trials]).astype(np.float32)
    return tf.constant(u), tf.constant(target)


def noise_seed(rng: np.random.Generator) -> tf.Tensor:
    """Seed for TensorFlow's stateless draws."""
    return tf.constant(rng.integers(0, 2**31, 2), dtype=tf.int32)


def _compiled_trajectory(network: RateNetwork) -> Callable[..., Trajectory]:
    """network.trajectory as a compiled function of (u, noise seed), kept with the network so that it is traced once."""
    if not hasattr(network, "_compiled_trajectory"):

        @tf.function
        def compiled(u, noise_seed):
            return network.trajectory(u, network.draw_noise(u.shape[0], u.shape[1], noise_seed))

        network._compiled_trajectory = compiled
    return network._compiled_trajectory


def network_of(config: TrainConfig, initial: InitialWeights) -> RateNetwork:
    """The untrained network."""
    return RateNetwork(
        w_rec=initial.w_rec, w_in=initial.w_in, w_out=initial.w_out, b_out=0.0, tau_logit=initial.tau_logit,
        tau_limits_steps=config.tau_steps, sign_matrix=initial.sign_matrix, connection_mask=initial.connection_mask,
        apply_dale=config.apply_dale, activation=config.activation,
    )  # fmt: skip


def _evaluated(network, task, config, seed, update, on_evaluation) -> RateEvaluation:
    rng = generator(seed, Role.VALIDATION, update + 1)
    evaluation = evaluate_rate(network, task, N_EVALUATION_TRIALS, config.loss, rng)
    if on_evaluation:
        on_evaluation(update, evaluation)
    return evaluation


def _as_model(config, initial, network, first, last, losses, last_update, evaluation, success) -> TrainedModel:
    w_rec = network.w_rec.numpy()
    last_trial, last_run = last
    return TrainedModel(
        w_rec=np.maximum(w_rec, 0) if config.apply_dale else w_rec, w_rec_initial=initial.w_rec,
        w_in=initial.w_in, w_in_initial=initial.w_in, w_out=network.w_out.numpy(), b_out=float(network.b_out),
        tau_logit=network.tau_logit.numpy(), tau_logit_initial=initial.tau_logit, tau_limits_steps=config.tau_steps,
        sign_matrix=initial.sign_matrix, connection_mask=initial.connection_mask,
        inhibitory=initial.inhibitory, excitatory=~initial.inhibitory, n_units=config.n_units, n_som=config.n_som,
        activation=config.activation,
        first_states=first[1].x[0].numpy(), first_rates=first[1].r[0].numpy(),
        last_states=last_run.x[0].numpy(), last_rates=last_run.r[0].numpy(),
        last_input=last_trial.u, last_output=last_run.o[0].numpy(), last_target=last_trial.target,
        losses=losses, last_update=last_update,
        eval_accuracy=evaluation and evaluation.accuracy, eval_loss=evaluation and evaluation.loss,
        eval_outputs=evaluation and evaluation.outputs, eval_labels=evaluation and evaluation.labels,
        training_success=success,
        settings={
            "task": config.task, "seed": float(config.seed), "version": __version__, "apply_dale": config.apply_dale,
            "weight_distribution": config.weight_distribution, "gain": config.gain, "p_inh": config.p_inh,
            "p_rec": config.p_rec, "loss_fn": config.loss, "batch_size": float(config.batch_size),
            "learning_rate": config.learning_rate, "n_trials": float(config.n_updates),
            "min_updates": float(config.min_updates),
        },
    )  # fmt: skip
