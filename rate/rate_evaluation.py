"""Running a rate network on trials of a task: batches, evaluation, trajectories. Arrays are (batch, time, units)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.rate.model import RateNetwork, Trajectory, trial_losses
from rate2spike.rate.task import Task, Trial
from rate2spike.readable import Readable, draw
from rate2spike.seeding import Role, generator

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class RateEvaluation(Readable):
    """A rate network on fresh trials."""

    shown = ("accuracy", "loss", "n_trials")

    loss: float  # mean
    accuracy: float  # fraction of trials solved
    outputs: np.ndarray = field(repr=False)  # (n_trials, T-1), or (n_trials, T-1, n_outputs)
    labels: np.ndarray = field(repr=False)  # (n_trials,)
    task: Task | None = field(default=None, repr=False)

    @property
    def n_trials(self) -> int:
        """Number of trials."""
        return len(self.labels)

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the outputs per condition; ax: where, in place of a new figure."""
        return draw("rate.plots:drawn_evaluation", self, ax)


@one_blas_thread()
def evaluate_rate(
    network: RateNetwork, task: Task, n_trials: int, loss: str, rng: np.random.Generator
) -> RateEvaluation:
    """Run fresh trials as one batch and score them by the task's rule for rate networks."""
    trials = [task.draw(rng) for _ in range(n_trials)]
    u, target = batch_arrays(trials)
    o = _compiled_trajectory(network)(u, noise_seed(rng)).o
    losses = trial_losses(o, target, loss).numpy()
    outputs = as_rows(o.numpy())
    correct = [trial.score_rate(output.T) for trial, output in zip(trials, outputs, strict=True)]
    labels = np.array([trial.label for trial in trials])
    if labels.dtype.kind == "i":
        labels = labels.astype(np.float64)  # as in the historic file
    return RateEvaluation(float(losses.mean()), float(np.mean(correct)), outputs.astype(np.float64), labels, task)


def trajectory(network: RateNetwork, task: Task, seed: int, key: int) -> tuple[Trial, Trajectory]:
    """One trial with its states and rates, drawn from (seed, FIGURE, key)."""
    rng = generator(seed, Role.FIGURE, key)
    trial = task.draw(rng)
    u, _ = batch_arrays([trial])
    # run eagerly: one trial takes less time than compiling it
    return trial, network.trajectory(u, network.draw_noise(1, task.n_steps, noise_seed(rng)))


def batch_arrays(trials: list[Trial]) -> tuple[tf.Tensor, tf.Tensor]:
    """Inputs (B, T, n_inputs) and targets (B, T, n_outputs), float32."""
    u = np.stack([trial.u.T for trial in trials]).astype(np.float32)
    target = np.stack([np.atleast_2d(trial.target).T for trial in trials]).astype(np.float32)
    return tf.constant(u), tf.constant(target)


def noise_seed(rng: np.random.Generator) -> tf.Tensor:
    """Seed for TensorFlow's stateless draws."""
    return tf.constant(rng.integers(0, 2**31, 2), dtype=tf.int32)


def as_rows(outputs: np.ndarray) -> np.ndarray:
    """(..., T-1, 1) without its last axis, as the files have a single output; several outputs unchanged."""
    return outputs[..., 0] if outputs.shape[-1] == 1 else outputs


def _compiled_trajectory(network: RateNetwork) -> Callable[..., Trajectory]:
    """network.trajectory as a compiled function of (u, noise seed), kept with the network so that it is traced once."""
    if not hasattr(network, "_compiled_trajectory"):

        @tf.function(autograph=False)
        def compiled(u: tf.Tensor, noise_seed: tf.Tensor) -> Trajectory:
            return network.trajectory(u, network.draw_noise(u.shape[0], u.shape[1], noise_seed))

        network._compiled_trajectory = compiled
    return network._compiled_trajectory
