"""Training update at batch 1 and 64 against plain per-step graphs of the same equations, differentiated automatically.

`published graph`: as in the published trainer, one trial, the effective weights multiplied out anew at every step.
`plain graph`: the same unrolled graph with the effective weights computed once per trial.
"""

import numpy as np
import tensorflow as tf

from rate2spike.machine.tensorflow_device import set_threads
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.hand_over import network_of
from rate2spike.rate.model import normals, trial_losses
from rate2spike.rate.rate_evaluation import batch_arrays, noise_seed
from rate2spike.rate.rollout import activate
from rate2spike.rate.tasks import GoNogo
from rate2spike.rate.update import ADAM_EPSILON, compiled_update, make_optimizer
from rate2spike.rate.weights import draw_weights

from timing import alternate, medians

REPEATS, UPDATES_PER_ROUND = 11, {1: 15, 64: 5}


def per_step_update(task, config, initial, *, weights_every_step: bool):
    """One Adam update of an unrolled graph, as a compiled function of (u, target, noise seed)."""
    net = network_of(config, initial)
    optimizer = tf.keras.optimizers.Adam(config.learning_rate, epsilon=ADAM_EPSILON)
    optimizer.build(net.trainable_variables)
    sign_matrix = tf.constant(initial.sign_matrix)

    def effective_w():
        return tf.matmul(tf.nn.relu(net.w_rec), sign_matrix) * net.connection_mask

    @tf.function
    def update(u, target, noise_seed):
        noise = normals((task.n_steps, u.shape[0], config.n_units), noise_seed)
        with tf.GradientTape() as tape:
            alpha, w, x, outputs = 1 / net.tau_steps(), effective_w(), noise[0] * 0.01, []
            for t in range(1, task.n_steps):
                w_t = effective_w() if weights_every_step else w
                recurrent = tf.matmul(activate(x, config.activation), w_t, transpose_b=True)
                external = tf.matmul(u[:, t - 1], net.w_in, transpose_b=True)
                x = (1 - alpha) * x + alpha * (recurrent + external) + noise[t] * 0.1
                outputs.append(tf.matmul(activate(x, config.activation), net.w_out, transpose_b=True) + net.b_out)
            loss = tf.reduce_mean(trial_losses(tf.stack(outputs, 1), target, config.loss))
        optimizer.apply_gradients(
            zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables, strict=True)
        )
        return loss

    return update


def run() -> dict[str, float]:
    """Medians in ms, and ratios against both graphs."""
    # what prepare_tensorflow does for every command; here without hiding TensorFlow's messages
    set_threads(tf)
    task = GoNogo()
    initial = draw_weights(TrainConfig(), np.random.default_rng(1))
    ours = {b: _our_update(TrainConfig(batch_size=b), initial) for b in (1, 64)}
    single = TrainConfig(batch_size=1)
    contestants = {
        "ours, batch 1": _round(ours[1], task, 1),
        "ours, batch 64": _round(ours[64], task, 64),
        "published graph": _round(per_step_update(task, single, initial, weights_every_step=True), task, 1),
        "plain graph": _round(per_step_update(task, single, initial, weights_every_step=False), task, 1),
    }
    seconds = medians(alternate(contestants, REPEATS))
    per_trial_ms = {
        name: value / UPDATES_PER_ROUND[64 if "64" in name else 1] / (64 if "64" in name else 1) * 1e3
        for name, value in seconds.items()
    }
    return {
        "update at batch 1, ms": per_trial_ms["ours, batch 1"],
        "update at batch 64, ms per trial": per_trial_ms["ours, batch 64"],
        "published graph, ms per trial": per_trial_ms["published graph"],
        "plain per-step graph, ms per trial": per_trial_ms["plain graph"],
        "published graph / update at batch 1": per_trial_ms["published graph"] / per_trial_ms["ours, batch 1"],
        "published graph / batch 64": per_trial_ms["published graph"] / per_trial_ms["ours, batch 64"],
        "plain graph / update at batch 1": per_trial_ms["plain graph"] / per_trial_ms["ours, batch 1"],
        "plain graph / batch 64": per_trial_ms["plain graph"] / per_trial_ms["ours, batch 64"],
    }


def _our_update(config, initial):
    network = network_of(config, initial)
    return compiled_update(network, config, make_optimizer(network, config))


def _round(update, task, batch_size):
    rng = np.random.default_rng(0)

    def updates():
        for _ in range(UPDATES_PER_ROUND[batch_size]):
            trials = [task.trial(rng) for _ in range(batch_size)]
            float(update(*batch_arrays(trials), noise_seed(rng)))

    return updates
