"""λ search and evaluation in memory: what is best, what it depends on and what not."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from threading import Event

import numpy as np
import pytest
from scipy.stats import binomtest

from rate2spike.errors import InputError
from rate2spike.machine.thread_pool import executor_of
from rate2spike.matlab_compat.model_file import load_model
from rate2spike.rate import tasks
from rate2spike.seeding import Role
from rate2spike.spiking.scoring.demonstrate import demonstrate
from rate2spike.spiking.scoring.evaluate import accuracy, evaluate
from rate2spike.spiking.scoring.trial_blocks import TrialSeries
from rate2spike.spiking.search.grid import grid_search
from rate2spike.spiking.search.kept import with_search_result
from rate2spike.spiking.search.options import HISTORIC_FACTORS
from rate2spike.spiking.search.result import FactorResult, SearchResult
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import LIFParams

from helpers import small_model


@pytest.fixture(scope="module")
def model(go_nogo_path):
    return load_model(go_nogo_path)


def same(a: SearchResult, b: SearchResult) -> bool:
    return a.factors == b.factors and (a.task, a.seed, a.n_trials) == (b.task, b.seed, b.n_trials)


def test_published_go_nogo_model_converts(model):
    result = grid_search(model, "go-nogo", n_trials=40, seed=1)
    assert tuple(result.scaling_factors) == HISTORIC_FACTORS == tuple(range(20, 76, 5))
    assert result.best_accuracy >= 0.95
    assert result.accuracies[-1] < 0.5
    assert (result.intervals[:, 0] <= result.accuracies).all() and (result.accuracies <= result.intervals[:, 1]).all()
    assert with_search_result(model, result).scaling_factor == result.best_factor


@pytest.mark.slow
@pytest.mark.parametrize("which", ["go_nogo_path", "xor_path"])
def test_published_models_reach_the_demanded_accuracy(which, request):
    """400 trials per factor find one with at least 0.95, and 1 000 fresh trials confirm it."""
    published = load_model(request.getfixturevalue(which))
    task = "xor" if which == "xor_path" else "go-nogo"
    factors = (40, 45, 50, 55) if task == "xor" else (20, 25, 30, 35)
    result = grid_search(published, task, factors, n_trials=400, seed=1)
    assert result.best_accuracy >= 0.95
    assert accuracy(SpikingNetwork.from_model(published, result.best_factor), task, 1000, seed=2) >= 0.95


def test_result_depends_on_the_seed_alone(model):
    factors = (60, 65)  # where accuracies are neither 0 nor 1
    one = grid_search(model, "go-nogo", factors, 12, seed=1, n_threads=1)
    assert same(one, grid_search(model, "go-nogo", factors, 12, seed=1, n_threads=3))
    assert same(one, grid_search(model, tasks.GoNogo(), factors, 12, seed=1, executor=ThreadPoolExecutor(2)))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        assert same(one, grid_search(model, "go-nogo", factors, 12, seed=1, executor=processes))
    alone = grid_search(model, "go-nogo", (65,), 12, seed=1)
    assert alone.factors[0] == one.factors[1]  # nor on the other factors
    assert not same(one, grid_search(model, "go-nogo", factors, 12, seed=2))


def test_first_of_equal_factors_is_best():
    results = tuple(FactorResult(float(s), n, 10, 1.0) for s, n in ((20, 3), (25, 9), (30, 9), (35, 1)))
    assert SearchResult("xor", 1, 10, results).best_factor == 25


def test_finished_values_are_taken_over_and_only_new_ones_reported(model):
    told = []
    given = FactorResult(20.0, 7, 6, 1.0)
    result = grid_search(model, "go-nogo", (20, 25), 6, seed=1, finished={20.0: given}, on_factor=told.append)
    assert result.factors[0] is given
    assert [item.scaling_factor for item in told] == [25]


def test_search_and_evaluation_never_share_a_trial():
    task = tasks.Mante()
    a, b = (TrialSeries(task, 1, role).trial(0) for role in (Role.SEARCH, Role.EVALUATION))
    assert not np.array_equal(a.stimulus, b.stimulus)


def test_evaluation_repeats_and_counts(model):
    network = SpikingNetwork.from_model(model, 25)
    result = evaluate(network, "go_nogo", 30, seed=4)
    assert result.n_correct == result.correct.sum() and result.accuracy >= 0.9
    interval = binomtest(result.n_correct, 30).proportion_ci(method="wilson")
    assert result.interval == pytest.approx((interval.low, interval.high))
    assert accuracy(network, "go-nogo", 30, seed=4, n_threads=1) == result.accuracy


def test_refusals(model):
    for arguments, message in (
        (("xor",), "task xor has 2 input"),
        (("dance",), "unknown task"),
        (("go-nogo", ()), "at least one scaling factor"),
        (("go-nogo", (20, -1)), "scaling factor must be positive, got -1"),
        (("go-nogo", (20,), 0), "number of trials"),
    ):
        with pytest.raises(InputError, match=message):
            grid_search(model, *arguments)
    with pytest.raises(InputError, match="number of threads"):
        grid_search(model, "go-nogo", n_threads=0)
    with pytest.raises(InputError, match=r"has 1 output\(s\), the model 2"):
        grid_search(small_model(w_out=np.ones((2, 12), np.float32)), "go-nogo")


def test_demonstration_has_every_condition(model):
    conditions, point_s = demonstrate(SpikingNetwork.from_model(model, 25), tasks.GoNogo(), seed=1, n_trials=3)
    assert [c.name for c in conditions] == ["NoGo", "Go"]
    assert all(c.outputs.shape == (3, 1000) for c in conditions) and point_s == pytest.approx(1e-3)
    nogo, go = (c.outputs[:, 600:].mean() for c in conditions)
    assert go > 1 > nogo


def test_a_silent_or_saturated_network_is_remarked_upon(model):
    for bias_mv, message in ((-200.0, "silent: its units fire 0"), (1000.0, "saturated: of the 500 Hz .* fire 4")):
        network = SpikingNetwork.from_model(model, 30, params=LIFParams(bias_mv=bias_mv))
        with pytest.warns(UserWarning, match=message) as warned:
            evaluate(network, "go-nogo", 2, seed=1)
        assert warned[0].filename == __file__


def test_ctrl_c_does_not_wait_for_what_a_thread_has_begun():
    """A kernel that is being compiled for the first time would take half a minute."""
    begun, end = Event(), Event()
    futures = []

    def interrupted():
        with executor_of(1, None) as pool:
            futures.extend([pool.submit(lambda: begun.set() or end.wait(60)), pool.submit(print)])
            assert begun.wait(60)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not futures[0].done() and futures[1].cancelled()
    end.set()
