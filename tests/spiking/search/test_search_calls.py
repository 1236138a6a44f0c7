"""λ searches as users call them: models or paths, tasks or names, progress; what does not fit is answered in one line."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest

import rate2spike as r2s
from rate2spike.errors import InputError
from rate2spike.figures import Figure
from rate2spike.matlab_compat.matfile import loadmat, whos
from rate2spike.readable import as_json
from rate2spike.spiking.search.files import SearchState

from helpers import small_model


@pytest.fixture(scope="module")
def model(go_nogo_path):
    return r2s.load_model(go_nogo_path)


@pytest.fixture(scope="module")
def found(model):
    return r2s.grid_search(model, "go-nogo", (25, 60), 6, seed=1)


def test_a_path_and_the_models_own_task_give_the_same(model, found, go_nogo_path, tmp_path):
    assert r2s.grid_search(str(go_nogo_path), "go-nogo", (25, 60), 6, seed=1) == found
    assert r2s.grid_search(go_nogo_path, scaling_factors=(25, 60), n_trials=6, seed=1) == found  # named by the path
    named = replace(model, settings={"task": "go-nogo"})
    assert r2s.grid_search(named, None, np.array([[25.0, 60.0]]), 6, 1) == found
    assert r2s.grid_search(model, r2s.tasks.GoNogo(), (25, 60), 6, seed=1) == found
    shorter = r2s.grid_search(model, "go-nogo", (25, 60), 6, seed=1, task_options={"stim_dur": 10})
    assert shorter != found and shorter.settings["task_options"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda m: r2s.grid_search(m, (25,), 5),
            "task must be a Task, its name, or None for the model's own; got (25,)",
        ),
        (lambda m: r2s.grid_search(m), "the model names no task: give task (go-nogo, xor, "),
        (lambda m: r2s.grid_search(5, "go-nogo"), "model must be a TrainedModel or the path of a model file, got 5"),
        (lambda m: r2s.grid_search(m, "go-nogo", None), "scaling factors are numbers, got None"),
        (lambda m: r2s.grid_search(m, "go-nogo", "25"), "scaling factors are numbers, got '25'"),
        (lambda m: r2s.grid_search(m, "go-nogo", ("a",)), "scaling factors are numbers, got 'a'"),
        (lambda m: r2s.grid_search(m, "go-nogo", ((25, 30),)), "scaling factors are numbers, got (25, 30)"),
        (
            lambda m: r2s.grid_search(m, "go-nogo", (25,), "5"),
            "number of trials must be a whole number from 1, got '5'",
        ),
        (lambda m: r2s.grid_search(m, "go-nogo", (25,), 5, -1), "seed must be a whole number from 0, got -1"),
        (
            lambda m: r2s.grid_search(m, "go-nogo", (25,), 5, params=3),
            "neurons must be a record such as EIFParams(), got 3",
        ),
        (
            lambda m: r2s.grid_search(m, "go-nogo", params=r2s.LIFParams(), neuron="qif"),
            "give the neurons as params or by neuron and neuron_options, not both ways",
        ),
        (
            lambda m: r2s.grid_search(m, "go-nogo", n_threads="2"),
            "number of threads must be a whole number from 1, got '2'",
        ),
        (lambda m: r2s.grid_search(m, "go-nogo", executor=3), "executor must be one as in concurrent.futures, got int"),
        (
            lambda m: r2s.grid_search(m, "go-nogo", progress=3),
            "progress must be True, False, None or a function, got 3",
        ),
        (lambda m: r2s.grid_search(m, "go-nogo", finished=3), "finished must be results by factor, got 3"),
        (lambda m: r2s.grid_search(m, "go-nogo", on_factor=3), "on_factor must be a function, got 3"),
        (
            lambda m: r2s.grid_search(m, "go-nogo", neuron_options=np.zeros(3)),
            "constants of neurons must be text, or several texts, got ",
        ),
        (lambda m: r2s.grid_search(m, "go-nogo", task_options=np.zeros(3)), "task options must be values by name"),
        (lambda m: r2s.grid_search(m, "go-nogo", lesion=3), "lesion must be text, or several texts, got 3"),
        (lambda m: r2s.grid_search(m, "go-nogo", lesion=(3, 4)), "lesion must be text, or several texts, got 3"),
        (
            lambda m: r2s.grid_search(m, "go-nogo", neuron_options=3),
            "constants of neurons must be text, or several texts, got 3",
        ),
        (lambda m: r2s.grid_search(m, "go-nogo", task_options=3), "task options must be values by name, got 3"),
        (
            lambda m: r2s.grid_search(m, "go-nogo", factors=(25,)),
            "unknown setting 'factors'; did you mean scaling_factors?",
        ),
        (lambda m: r2s.grid_search(m, "go-nogo", strateg="grid"), "unknown setting 'strateg'; did you mean strategy?"),
        (lambda m: r2s.with_search_result(m, 5), "result must be a SearchResult, got int"),
        (lambda m: r2s.with_search_result(m), "with_search_result: result is missing"),
        (lambda m: r2s.search_files(5), "paths must be model files or folders, got 5"),
        (lambda m: r2s.search_files(m), "paths must be model files or folders, got "),
        (lambda m: r2s.search_files([]), "paths must be model files or folders, got []"),
        (lambda m: r2s.search_files("no_such_file.mat"), "no_such_file.mat"),
        (lambda m: r2s.search_files(".", (25,)), "task must be a Task, its name"),
    ],
)
def test_what_does_not_fit_is_one_line(model, call, message):
    with pytest.raises(InputError) as caught:
        call(model)
    assert message in str(caught.value) and "\n" not in str(caught.value) and len(str(caught.value)) < 300


@pytest.mark.parametrize("strategy", ["grid", "adaptive"])
def test_progress_is_told_to_a_function_up_to_the_end(model, strategy):
    told = []
    r2s.grid_search(model, "go-nogo", (25, 60), 4, seed=1, strategy=strategy, progress=lambda *now: told.append(now))
    n_done, n_total, text = told[-1]
    assert n_done == n_total >= 2 and text.startswith("factor ")
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)


def test_without_a_watcher_nothing_is_printed(model, capsys):
    r2s.grid_search(model, "go-nogo", (25,), 2, seed=1)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("options", [{}, {"neuron": "eif", "frozen_noise": True}, {"strategy": "adaptive"}])
def test_a_model_saved_with_its_search_is_what_search_files_leaves(model, tmp_path, options):
    plain = tmp_path / "searched_here.mat"
    r2s.save_model(model, plain)
    (outcome,) = r2s.search_files(plain, "go-nogo", (25, 60), 4, seed=3, **options)
    assert outcome.state is SearchState.SEARCHED
    result = r2s.grid_search(model, "go-nogo", (25, 60), 4, seed=3, **options)
    assert outcome.result == result
    saved = tmp_path / "saved.mat"
    r2s.save_model(r2s.with_search_result(model, result), saved)
    forms = [{v.name: (v.shape, v.class_name) for v in whos(file)} for file in (plain, saved)]
    assert forms[0] == forms[1] and "r2s_search_seed" in forms[0]
    here, there = loadmat(plain), loadmat(saved)
    assert all(np.array_equal(here[name], there[name]) for name in here)
    assert r2s.load_model(plain) == r2s.load_model(saved)


def test_a_second_search_leaves_nothing_of_the_first(model, found):
    special = r2s.grid_search(model, "go-nogo", (25, 60), 3, seed=1, neuron="qif")
    first = r2s.with_search_result(model, special)
    assert "search_network" in first.settings
    assert r2s.with_search_result(first, found) == r2s.with_search_result(model, found)


def test_files_are_searched_by_threads_processes_or_an_executor(model, tmp_path):
    folders = [tmp_path / name for name in ("here", "by_threads")]
    for folder in folders:
        folder.mkdir()
        for k in (1, 2):
            r2s.save_model(model, folder / f"go_nogo_{k}.mat")
        (folder / "go_nogo_3.mat").write_bytes(b"no MAT file")
    told = []
    here = r2s.search_files(folders[0], None, (25, 60), 3, 1, progress=lambda *now: told.append(now))
    assert told[-1][:2] == (6, 6)
    with ThreadPoolExecutor(2) as threads:
        there = r2s.search_files(folders[1], None, (25, 60), 3, 1, executor=threads)
    states = ["searched", "searched", "failed"]
    assert [item.state.value for item in here] == [item.state.value for item in there] == states
    assert [item.result for item in here] == [item.result for item in there]
    assert "already done" in repr(r2s.search_files(folders[0] / "go_nogo_1.mat")[0])


def test_what_a_search_gives_is_readable(found):
    assert len(repr(found)) <= 200
    assert repr(found).startswith("SearchResult(task='go-nogo', best_factor=25, best_accuracy=1, best_interval=(")
    assert repr(found.best).startswith("FactorResult(scaling_factor=25, accuracy=1, n_correct=6, n_trials=6")
    assert pickle.loads(pickle.dumps(found)) == deepcopy(found) == found != found.best
    assert '"scaling_factor": 25' in as_json(found)
    table = found.to_dataframe()
    assert list(table.scaling_factor) == [25, 60] and {"rate_excitatory_hz", "rate_inhibitory_hz"} <= set(table.columns)
    assert [axes.get_xlabel() for axes in found.plot().axes] == ["scaling factor (1/λ)"]


def test_a_small_network_of_an_own_task_is_searched():
    model = small_model(settings={"task": "afc"})
    assert r2s.grid_search(model, scaling_factors=30, n_trials=2, seed=1).task == "afc"


def test_a_table_of_networks_is_readable(model, tmp_path):
    for k, factor in ((1, 25), (2, 40), (10, 60)):
        result = r2s.grid_search(model, "go-nogo", (factor,), 4, seed=1)
        r2s.save_model(r2s.with_search_result(model, result), tmp_path / f"net_{k}.mat")
    (tmp_path / "net_11.mat").write_bytes(b"cut")
    table = r2s.network_table(tmp_path)
    assert [row.network for row in table] == ["net_1", "net_2", "net_10", "net_11"]
    assert repr(table).startswith(
        "NetworkTable(n_networks=4, n_unreadable=1, converting=(2, 3), mean_search_accuracy=0."
    )
    assert repr(table[0]).startswith("NetworkRow(network='net_1', task='go-nogo', best_factor=25, search_accuracy=1")
    assert pickle.loads(pickle.dumps(table)) == table and len(table) == 4
    frame = table.to_dataframe()
    assert list(frame.best_factor[:3]) == [25, 40, 60] and "problem" in frame.columns and frame.problem[3]
    figure = table.plot()
    assert [axes.get_ylabel().split("\n")[0] for axes in figure.axes] == [
        "accuracy (fraction of trials)",
        "scaling factor",
    ]
    left, right = Figure().subplots(1, 2)
    assert table.plot(left) is right.get_figure()
    for wrong in (5, [], model):
        with pytest.raises(InputError, match="paths must be model files or folders"):
            r2s.network_table(wrong)
