"""Refitted output weights: the ridge regression itself, its bound, and what it does for a network."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import rate2spike as r2s
from rate2spike.spiking.tuning import readout
from rate2spike.spiking.tuning.readout import RIDGE, refitted_readout

from tuning_toys import TOY_FACTOR, Side, toy_model


def made_up(seed=0, n=8, n_outputs=2, n_columns=400):
    rng = np.random.default_rng(seed)
    r = rng.random((n_columns, n)) * 30
    y, present = rng.normal(size=(n_columns, n_outputs)), rng.normal(size=(n_outputs, n)) * 0.01
    return r, y, present


def test_ridge_is_the_least_of_its_sum_of_squares():
    r, y, present = made_up()
    fitted = readout._within(np.inf, r.T @ r, r.T @ y, present)
    ridge = RIDGE * (r**2).sum() / 8
    # the same as ordinary least squares with rows that ask for the present weights
    rows = np.vstack([r, np.sqrt(ridge) * np.eye(8)])
    wanted = np.vstack([y, np.sqrt(ridge) * present.T])
    np.testing.assert_allclose(fitted, np.linalg.lstsq(rows, wanted, rcond=None)[0].T, rtol=1e-8)


@pytest.mark.parametrize("most", [1e-3, 0.01, 0.012, 0.05])
def test_no_weight_passes_the_largest(most):
    r, y, present = made_up(1)
    present = np.clip(present, -most, most)
    fitted = readout._within(most, r.T @ r, r.T @ (100 * y), present)
    assert np.abs(fitted).max() <= most


def test_a_silent_network_keeps_its_output_weights():
    present = np.ones((1, 3))
    assert readout._within(1.0, np.zeros((3, 3)), np.zeros((3, 1)), present) is present


def test_sums_are_those_of_the_simulators_rates():
    network, task = r2s.SpikingNetwork.from_model(toy_model(), TOY_FACTOR), Side()
    trial = task.draw(3)
    gram, wanted, n = readout._products(network, trial, 5)
    rates = network.run(trial.stimulus, seed=5, record="rates").rates.astype(float)
    steps = network.steps_per_column
    ends = np.arange(1, 61) * steps - 1  # the last step of every column
    rates, target = rates[:, ends][:, 10:59], trial.target[11:60]
    assert n == 49
    np.testing.assert_allclose(gram, rates @ rates.T, rtol=1e-4)
    np.testing.assert_allclose(wanted[:, 0], rates @ target, rtol=1e-4, atol=1e-3)


def test_fitted_weights_do_better_on_other_trials_and_are_the_same_on_other_threads():
    network, task = r2s.SpikingNetwork.from_model(toy_model(), TOY_FACTOR), Side()
    found = []
    for n_threads in (1, 3):
        with ThreadPoolExecutor(n_threads) as pool:
            found.append(refitted_readout(network, task, 1.0, 4, 10**9, pool))
    np.testing.assert_array_equal(*found)
    errors = []
    for w_out in (network.readout.astype(float), found[0]):
        trials = [task.draw(k) for k in range(100, 110)]
        outputs = [w_out @ network.run(t.stimulus, seed=9, record="rates", stride=100).rates for t in trials]
        errors.append(np.mean([(o[0, 20:59] - t.target[21:60]) ** 2 for o, t in zip(outputs, trials, strict=True)]))
    assert errors[1] < 0.3 * errors[0]


def test_trials_shorter_than_what_is_skipped_leave_the_weights():
    network, task = r2s.SpikingNetwork.from_model(toy_model(), TOY_FACTOR), Side(n_steps=8)
    with ThreadPoolExecutor(1) as pool:
        np.testing.assert_array_equal(refitted_readout(network, task, 1.0, 4, 10**9, pool), network.readout)
