"""Output weights refitted to the spiking network's own filtered trains: ridge regression of the target."""

from concurrent.futures import Executor

import numpy as np

from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.rate.task import Task, Trial
from rate2spike.seeding import SEED_LIMIT, Role, generator, key64
from rate2spike.spiking.simulator.network import SpikingNetwork

RIDGE = 1e-3  # relative to the mean square of a filtered train
STEPS_OF_RIDGE, FACTOR_OF_RIDGE = 12, 3.0
COLUMNS = 20_000  # that are fitted: 100 trials of a second
SKIPPED_COLUMNS = 10  # at a trial's beginning, when the arbitrary initial voltages still matter


def refitted_readout(
    network: SpikingNetwork, task: Task, most: float, seed: int, key: int, pool: Executor
) -> np.ndarray:
    """(n_outputs, N) output weights that fit the target best, none above `most`; fresh trials of seed and key.

    min |y - W r|^2 + a |W - W_0|^2 over the columns of the trials. a is `RIDGE` times the mean square of r, and larger where
    weights would pass `most`: they then stay nearer to those that there are.
    """
    n_trials = max(COLUMNS // task.n_steps, 20)
    trials = [task.draw(generator(seed, Role.TUNING, key, k)) for k in range(n_trials)]
    seeds = [int(key64(seed, Role.TUNING, key, k) % SEED_LIMIT) for k in range(n_trials)]
    sums = [pool.submit(_products, network, trial, noise) for trial, noise in zip(trials, seeds, strict=True)]
    n, n_outputs = network.n_units, network.n_outputs
    gram, wanted, n_columns = np.zeros((n, n)), np.zeros((n, n_outputs)), 0
    for future in sums:
        one_gram, one_wanted, one_n = future.result()
        gram, wanted, n_columns = gram + one_gram, wanted + one_wanted, n_columns + one_n
    return _within(most, gram, wanted, network.readout.astype(np.float64))


@one_blas_thread()
def _within(most: float, gram: np.ndarray, wanted: np.ndarray, present: np.ndarray) -> np.ndarray:
    """The weights with the least ridge at which none is above `most`."""
    n = len(gram)
    ridge = RIDGE * np.trace(gram) / n
    if not ridge:
        return present  # a silent network
    for _ in range(STEPS_OF_RIDGE):
        fitted = np.linalg.solve(gram + ridge * np.eye(n), wanted + ridge * present.T).T
        if np.abs(fitted).max() <= most:
            return fitted
        ridge *= FACTOR_OF_RIDGE
    return present


@one_blas_thread()
def _products(network: SpikingNetwork, trial: Trial, seed: int) -> tuple[np.ndarray, np.ndarray, int]:
    """r r' (N, N) and r y' (N, n_outputs) summed over the columns of a trial, and how many these are."""
    record = network.run(trial.stimulus, seed=seed, record="rates", stride=network.steps_per_column)
    assert record.rates is not None
    rates = record.rates.T  # (columns, N), at their ends
    target = np.atleast_2d(trial.target).T
    n = min(len(rates), len(target) - 1)
    rates, target = rates[SKIPPED_COLUMNS:n].astype(np.float64), target[SKIPPED_COLUMNS + 1 : n + 1]
    return rates.T @ rates, rates.T @ target, len(rates)
