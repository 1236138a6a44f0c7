"""`evaluate` and `accuracy` as users call them: networks, models, paths; what does not fit is answered in one line."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace

import pytest

import rate2spike as r2s
from rate2spike.errors import InputError
from rate2spike.readable import as_json
from rate2spike.spiking.simulator import manipulations


@pytest.fixture(scope="module")
def model(go_nogo_path):
    return r2s.load_model(go_nogo_path)


@pytest.fixture(scope="module")
def searched(model, tmp_path_factory):
    """A model file with a scaling factor that was searched for QIF neurons, and a task."""
    path = tmp_path_factory.mktemp("searched") / "net.mat"
    found = r2s.grid_search(model, "go-nogo", (30,), 4, seed=1, neuron="qif")
    r2s.save_model(r2s.with_search_result(model, found), path)
    return path


def test_a_model_is_scored_with_the_network_that_was_searched(model, searched):
    network = r2s.SpikingNetwork.from_model(model, 30, params=r2s.QIFParams())
    by_network = r2s.evaluate(network, "go-nogo", 8, seed=2)
    assert r2s.evaluate(searched, n_trials=8, seed=2) == by_network
    assert r2s.evaluate(r2s.load_model(searched), n_trials=8, seed=2) == by_network
    assert r2s.accuracy(str(searched), n_trials=8, seed=2) == by_network.accuracy
    with ThreadPoolExecutor(2) as threads:
        assert r2s.evaluate(searched, None, 8, 2, executor=threads) == by_network


def test_what_is_given_changes_the_network(model, searched):
    network = r2s.SpikingNetwork.from_model(model, 25)
    expected = r2s.evaluate(manipulations.lesion(network, "inhibitory"), "go-nogo", 8, seed=2)
    by_name = dict(scaling_factor=25, neuron="lif", lesion="inhibitory")
    assert r2s.evaluate(searched, n_trials=8, seed=2, **by_name) == expected
    assert r2s.evaluate(searched, n_trials=8, seed=2, scaling_factor=25, params=r2s.LIFParams(), lesion="I") == expected


def test_progress_is_told_to_a_function(searched):
    told = []
    r2s.evaluate(searched, n_trials=12, seed=2, progress=lambda *now: told.append(now))
    assert [now[:2] for now in told] == [(5, 12), (10, 12), (12, 12)] and told[-1][2].startswith("accuracy ")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, n: r2s.accuracy(m), "the model names no task: give task (go-nogo, "),
        (lambda m, n: r2s.accuracy(m, "go-nogo"), "the model has no scaling factor yet: search for it first"),
        (lambda m, n: r2s.accuracy(), "accuracy: network is missing"),
        (lambda m, n: r2s.accuracy(n), "a network does not know its task: give task (go-nogo, "),
        (lambda m, n: r2s.evaluate(5), "network must be a SpikingNetwork, a TrainedModel or the path of a model file"),
        (lambda m, n: r2s.evaluate(n, 5), "task must be a Task, its name, or None"),
        (lambda m, n: r2s.evaluate(n, "xor"), "task xor has 2 input(s), the network has 1"),
        (lambda m, n: r2s.evaluate(n, "go-nogo", scaling_factor=3), "scaling_factor: for a model alone"),
        (lambda m, n: r2s.evaluate(n, "go-nogo", lesion="I"), "lesion: for a model alone; a network is as it was made"),
        (
            lambda m, n: r2s.evaluate(m, "go-nogo", scaling_factor="3"),
            "scaling factor must be a positive number, got '3'",
        ),
        (lambda m, n: r2s.evaluate(m, "go-nogo", scaling_factor=True), "scaling factor must be a positive number"),
        (lambda m, n: r2s.evaluate(n, "go-nogo", "5"), "number of trials must be a whole number from 1, got '5'"),
        (lambda m, n: r2s.evaluate(n, "go-nogo", 5, -1), "seed must be a whole number from 0, got -1"),
        (lambda m, n: r2s.evaluate(n, "go-nogo", 5, "a"), "seed must be a whole number from 0, got 'a'"),
        (lambda m, n: r2s.evaluate(n, "go-nogo", 5, n_threads=0), "number of threads must be a whole number from 1"),
        (
            lambda m, n: r2s.evaluate(n, "go-nogo", 5, executor="x"),
            "executor must be one as in concurrent.futures, got str",
        ),
        (lambda m, n: r2s.evaluate(n, "go-nogo", 5, frozen_noise=2), "frozen noise must be true or false, got 2"),
        (lambda m, n: r2s.evaluate(n, "go-nogo", 5, progress=1), "progress must be True, False, None or a function"),
        (
            lambda m, n: r2s.evaluate(m, "go-nogo", 5, scaling_factor=30, shuffle="w3"),
            "unknown weights to shuffle 'w3'",
        ),
        (lambda m, n: r2s.evaluate(n, "go-nogo", trials=5), "unknown setting 'trials'; did you mean n_trials?"),
    ],
)
def test_what_does_not_fit_is_one_line(model, call, message):
    network = r2s.SpikingNetwork.from_model(model, 30)
    with pytest.raises(InputError) as caught:
        call(model, network)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_an_evaluation_is_readable(searched):
    found = r2s.evaluate(searched, n_trials=6, seed=2)
    assert len(repr(found)) <= 200 and repr(found).startswith("Evaluation(task='go-nogo', scaling_factor=30, accuracy=")
    assert "mean rate (Hz)" in found._repr_html_()
    assert pickle.loads(pickle.dumps(found)) == deepcopy(found) == found != replace(found, seed=3)
    assert '"n_correct": ' in as_json(found) and found.to_dict()["interval"] == list(found.interval)
