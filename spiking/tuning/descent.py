"""Gradient descent on the weights of a spiking network: squared error of its output, surrogate derivatives, Adam, bounds.

As Li, Kim & Sejnowski (Neural Computation 2021) and Neftci, Mostafa & Zenke (IEEE Signal Process. Mag. 2019) train spiking
networks, here from weights that were converted, at a step of 1 ms, and only within the `Bounds`.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.rate.task import Task
from rate2spike.seeding import Role, generator
from rate2spike.spiking.kernels.records import V_START_SPAN_MV
from rate2spike.spiking.kernels.surrogate_gradient import loss_and_gradient
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.tuning.bounds import Bounds
from rate2spike.spiking.tuning.coarse_network import (
    COARSE_STEP_S,
    STEPS_PER_COLUMN,
    CoarseUnits,
    coarse_units,
    constant_current_mv,
)

BATCH_COLUMNS = 6400  # of an update's trials together: 32 trials of a second
BLOCK_TRIALS = 8  # that one thread runs: sums over them do not depend on the number of threads
SKIPPED_COLUMNS = 10  # at a trial's beginning, when the arbitrary initial voltages still matter
SURROGATE = (5.0, 0.06)  # half width, mV, and height times it; from 0.1 on gradients explode over hundreds of steps
LEARNING_RATE = 0.03  # of the mean weight, per update
MOMENTUM, SQUARE_MOMENTUM = 0.9, 0.98
LONGEST_STEP = 2.0  # of a gradient, in running means of its length
RATE_COST = 0.1  # of the loss, for a mean rate of twice the wanted one


@dataclass(frozen=True, eq=False)
class Weights:
    """Of a spiking network, as it uses them, float64."""

    w_from: np.ndarray  # (N, N) [source, target]
    w_out: np.ndarray  # (n_outputs, N)

    @classmethod
    def of(cls, network: SpikingNetwork) -> "Weights":
        """Those of a network."""
        return cls(network.w.T.astype(np.float64), network.readout.astype(np.float64))


@dataclass(frozen=True, eq=False)
class Descent:
    """What an update needs to know."""

    network: SpikingNetwork
    task: Task
    bounds: Bounds
    seed: int
    highest_rate_hz: float = np.inf  # a mean rate above it costs

    def run(
        self,
        weights: Weights,
        n_updates: int,
        first_update: int,
        pool: Executor,
        on_update: Callable[[float], None] | None = None,
    ) -> Weights:
        """The weights after n_updates, with a learning rate that falls as half a cosine; first_update: numbers the draws."""
        units, constant = coarse_units(self.network), constant_current_mv(self.network)
        scales = [float(np.abs(w[w != 0]).mean()) if w.any() else 0.0 for w in (weights.w_from, weights.w_out)]
        adam = [_Adam(scale, w.copy()) for scale, w in zip(scales, (weights.w_from, weights.w_out), strict=True)]
        rate_hz = 0.0
        for update in range(n_updates):
            batch = self._batch(first_update + update, constant)
            now = Weights(adam[0].values, adam[1].values)
            sums = _sums(pool, batch, units, now, self._spike_cost(rate_hz))
            rate_hz = sums.rate_hz
            share = 0.5 * (1 + np.cos(np.pi * update / n_updates))
            adam[0].step(sums.gradient * self.bounds.free, LEARNING_RATE * share)
            adam[1].step(sums.gradient_out, LEARNING_RATE * share)
            adam[0].values = np.clip(adam[0].values, self.bounds.low, self.bounds.high)
            adam[1].values = np.clip(adam[1].values, -self.bounds.most_out, self.bounds.most_out)
            if on_update:
                on_update(sums.loss)
        return Weights(adam[0].values, adam[1].values)

    def _spike_cost(self, rate_hz: float) -> float:
        """Derivative of the cost of high rates by a spike of one unit in one of the trials, given the last update's rate."""
        excess = (
            max(rate_hz / self.highest_rate_hz - 1, 0.0) if self.highest_rate_hz else 0.0
        )  # a silent network may begin
        duration_s = self.task.n_steps * STEPS_PER_COLUMN * COARSE_STEP_S
        return RATE_COST * excess / (self.highest_rate_hz * self.network.n_units * duration_s) if excess else 0.0

    @one_blas_thread()
    def _batch(self, update: int, constant: np.ndarray) -> "_Batch":
        n = batch_trials(self.task.n_steps)
        rng = generator(self.seed, Role.TUNING, update)
        trials = [self.task.draw(rng) for _ in range(n)]
        u = np.array([trial.u for trial in trials]).transpose(0, 2, 1)
        drive = u @ self.network.w_in.T.astype(np.float64) + constant
        target = np.array([np.atleast_2d(trial.target).T for trial in trials], np.float32)
        weight = np.full_like(target, 1 / (target[0].size * STEPS_PER_COLUMN))
        weight[:, :SKIPPED_COLUMNS] = 0
        v_reset = self.network.params.per_unit("v_reset_mv", self.network.n_units)
        v_start = v_reset + V_START_SPAN_MV * rng.random((n, self.network.n_units))
        noise_keys = rng.integers(0, 2**63, n).astype(np.uint64)
        return _Batch(drive.astype(np.float32), target, weight, v_start.astype(np.float32), noise_keys)


def batch_trials(n_steps: int) -> int:
    """Trials of an update, of a task whose trials last so many columns: whole blocks."""
    return BLOCK_TRIALS * int(np.clip(round(BATCH_COLUMNS / n_steps / BLOCK_TRIALS), 1, 8))


@dataclass(frozen=True, eq=False)
class _Batch:
    """Trials of one update; see `loss_and_gradient`."""

    drive: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    v_start: np.ndarray
    noise_keys: np.ndarray

    def block(self, index: int) -> "_Batch":
        """Some of the trials."""
        part = slice(index * BLOCK_TRIALS, (index + 1) * BLOCK_TRIALS)
        return _Batch(self.drive[part], self.target[part], self.weight[part], self.v_start[part], self.noise_keys[part])


@dataclass(frozen=True, eq=False)
class _Sums:
    """Means over the trials of a batch."""

    loss: float
    gradient: np.ndarray  # (N, N) [source, target]
    gradient_out: np.ndarray
    rate_hz: float


def _sums(pool: Executor, batch: _Batch, units: CoarseUnits, weights: Weights, spike_cost: float) -> _Sums:
    w_from, w_out = (np.ascontiguousarray(w, np.float32) for w in (weights.w_from, weights.w_out))
    blocks = [batch.block(index) for index in range(len(batch.drive) // BLOCK_TRIALS)]
    futures = [pool.submit(_block_sums, block, units, w_from, w_out, spike_cost) for block in blocks]
    found = [future.result() for future in futures]
    losses, gradients, gradients_out, rates_hz = zip(*found, strict=True)
    n = len(batch.drive)
    return _Sums(sum(losses) / n, np.sum(gradients, 0) / n, np.sum(gradients_out, 0) / n, sum(rates_hz) / n)


def _block_sums(
    block: _Batch, units: CoarseUnits, w_from: np.ndarray, w_out: np.ndarray, spike_cost: float
) -> tuple[float, np.ndarray, np.ndarray, float]:
    """Sums over the trials of a block: loss, both gradients, float64, and mean rates."""
    n_trials, n_columns = block.target.shape[:2]
    n_steps = n_columns * STEPS_PER_COLUMN
    gradient, gradient_out = np.zeros_like(w_from), np.zeros_like(w_out)
    n_spikes = np.zeros(len(w_from), np.float32)
    outputs = np.empty((n_trials, n_steps, len(w_out)), np.float32)
    loss = loss_and_gradient(
        block.v_start, block.drive, block.noise_keys, block.target, block.weight, units, w_from, w_out, STEPS_PER_COLUMN,
        tuple(np.float32(value) for value in SURROGATE), np.float32(spike_cost), gradient, gradient_out, n_spikes, outputs,
    )  # fmt: skip
    rate_hz = float(n_spikes.mean()) / (n_steps * COARSE_STEP_S)
    return loss, gradient.astype(np.float64), gradient_out.astype(np.float64), rate_hz


class _Adam:
    """Adam (Kingma & Ba 2015) in units of a scale, of gradients that are no longer than twice their running mean."""

    def __init__(self, scale: float, values: np.ndarray):
        self.scale, self.values = scale, values
        self._mean, self._square = np.zeros_like(values), np.zeros_like(values)
        self._length, self._n = 0.0, 0

    def step(self, gradient: np.ndarray, learning_rate: float) -> None:
        """Change the values by one step."""
        length = float(np.sqrt((gradient**2).sum()))
        if self._length and length > LONGEST_STEP * self._length:
            gradient = gradient * (LONGEST_STEP * self._length / length)
        self._length = 0.9 * self._length + 0.1 * min(length, 3 * self._length) if self._length else length
        self._n += 1
        self._mean = MOMENTUM * self._mean + (1 - MOMENTUM) * gradient
        self._square = SQUARE_MOMENTUM * self._square + (1 - SQUARE_MOMENTUM) * gradient**2
        mean, square = self._mean / (1 - MOMENTUM**self._n), self._square / (1 - SQUARE_MOMENTUM**self._n)
        self.values = self.values - learning_rate * self.scale * mean / (np.sqrt(square) + 1e-12)
