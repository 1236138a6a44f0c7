"""What users of the rate side call: tasks and settings by name, recipes, wrong calls in one line, progress, docstrings."""

import copy
import doctest
import inspect
import pickle

import numpy as np
import pytest

import rate2spike as r2s
from rate2spike.errors import InputError
from rate2spike.rate.cell_types import CellTypes
from rate2spike.rate.recipes import FIELDS, settings_for

TINY = {"n_units": 10, "n_updates": 2, "seed": 1}
OURS = """
    train train_population TrainConfig recipe keras_model RateLayer training_figure TrainedModel load_model save_model
    loadmat savemat append whos tasks.get tasks.list Task.draw
""".split()


def test_a_task_its_name_or_a_config_comes_first():
    config = r2s.TrainConfig(task="xor", **TINY, batch_size=16, learning_rate=0.02, clip_norm=1.0, min_updates=1000)
    by_name = r2s.train("xor", **TINY)
    for other in (
        r2s.train(r2s.tasks.get("xor"), **TINY),
        r2s.train(task="xor", **TINY),
        r2s.train(config),
        r2s.train(config=config),
        r2s.train("xor", config=config),
        r2s.train(r2s.recipe("xor"), **TINY),
    ):
        assert other == by_name


def test_recipe_or_published_settings_by_one_word():
    assert (
        settings_for("go-nogo", None, {}, from_recipe=True)
        == r2s.recipe("go-nogo")
        == settings_for(None, None, {}, from_recipe=True)
    )
    published = settings_for("go-nogo", None, {}, from_recipe=False)
    assert published == r2s.TrainConfig(task="go-nogo") and published.batch_size == 1
    assert settings_for("go-nogo", r2s.TrainConfig(gain=2.0), {"n_units": 5}, from_recipe=True) == r2s.TrainConfig(
        gain=2.0, n_units=5
    )
    assert r2s.train("go-nogo", recipe=False, **TINY).settings["batch_size"] == 1
    assert r2s.keras_model("go-nogo", recipe=False, **TINY).rate_layer.config.batch_size == 1
    assert r2s.keras_model(r2s.TrainConfig(**TINY)).rate_layer.config == r2s.TrainConfig(**TINY)
    assert r2s.RateLayer().config.batch_size == 1
    changed = r2s.train("go-nogo", task_options={"stim_dur": 30}, **TINY)
    assert changed.task_options["stim_dur"] == 30


@pytest.mark.parametrize("function", [r2s.train, r2s.keras_model])
def test_help_tells_the_recipes_defaults_from_the_published_ones(function):
    shown = inspect.signature(function).parameters
    for name in FIELDS:
        assert repr(shown[name].default) == "the recipe's", name
    assert shown["n_units"].default == 200 and "settings" not in shown
    assert "batch_size : int, default the recipe's\n" in inspect.getdoc(function)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: r2s.train(N=10), "train: unknown setting 'N'; did you mean n_units?"),
        (lambda: r2s.train(lr=0.1), "did you mean learning_rate?"),
        (lambda: r2s.train(n_trials=5), "did you mean n_updates?"),
        (lambda: r2s.train(5), "task must be a Task or its name, got 5"),
        (lambda: r2s.train("go-nog"), "did you mean go-nogo?"),
        (lambda: r2s.train(r2s.tasks.GoNogo), "give GoNogo(), an object"),
        (lambda: r2s.train(config=5), "config must be a TrainConfig, got 5"),
        (lambda: r2s.train(r2s.TrainConfig(), config=r2s.TrainConfig()), "give a TrainConfig once"),
        (lambda: r2s.train(recipe="xor"), "recipe must be true or false, got 'xor'"),
        (lambda: r2s.train(task_options=5), "task_options must be a mapping of names and values, got 5"),
        (lambda: r2s.train(task_options={"stim_dr": 5}), "did you mean stim_dur?"),
        (lambda: r2s.train(on_update=5), "on_update must be a function, got 5"),
        (lambda: r2s.train(on_evaluation=5), "on_evaluation must be a function, got 5"),
        (lambda: r2s.train(progress=5, **TINY), "progress must be True, False, None or a function, got 5"),
        (lambda: r2s.train("xor", 5), "train: only task can be given without a name"),
        (lambda: r2s.train_population("xor"), "train_population: seeds is missing"),
        (lambda: r2s.train_population("xor", 5, "p"), "seeds must be several whole numbers, range(1, 11) for instance"),
        (lambda: r2s.train_population("xor", ["a"], "p"), "a seed must be a whole number from 0, got 'a' (seeds)"),
        (lambda: r2s.train_population("xor", [], "p"), "give at least one seed (seeds)"),
        (lambda: r2s.train_population("xor", [2, 1, 2], "p"), "seed 2 is given twice: each network needs its own"),
        (lambda: r2s.train_population("xor", [1], "p", n_units=5), "settings go into the task: train_population("),
        (lambda: r2s.train(stim_dur=5), "options of the task are given as task_options={name: value}"),
        (lambda: r2s.recipe("xor", n_units=5), "dataclasses.replace(recipe(task), n_units=100) changes settings"),
        (lambda: r2s.tasks.list("xor"), "list_tasks: nothing can be given without a name"),
        (lambda: r2s.Trial("xor", 0, [[1]], [1]), "task must be a Task, such as tasks.get(name) gives, got 'xor'"),
        (lambda: r2s.TrainedModel(50), "load_model(path) reads a model, train(task) makes one"),
        (lambda: r2s.train_population("xor", [1], 5), "folder must be a path, got 5"),
        (lambda: r2s.train_population("xor", [1], "p", n_workers=0), "n_workers"),
        (lambda: r2s.train_population("xor", [1], "p", on_outcome=1), "on_outcome must be a function, got 1"),
        (lambda: r2s.train_population("xor", [1], "p", executor=1), "executor must be"),
        (lambda: r2s.train_population("xor", [1], "p", seed=1), "did you mean seeds?"),
        (lambda: r2s.TrainConfig(N=10), "TrainConfig: unknown setting 'N'; did you mean n_units?"),
        (lambda: r2s.TrainConfig(n_units="a"), "number of units must be a whole number from 1, got 'a' (n_units)"),
        (lambda: r2s.TrainConfig(cell_types=5), "cell types must be CellTypes or a table of them, got 5"),
        (lambda: r2s.recipe(5), "task must be a Task or its name, got 5"),
        (lambda: r2s.recipe("dm"), "did you mean dms?"),
        (lambda: r2s.keras_model(N=10), "keras_model: unknown setting 'N'; did you mean n_units?"),
        (lambda: r2s.RateLayer("xor"), "config must be a TrainConfig, such as r2s.recipe gives, got 'xor'"),
        (lambda: r2s.training_figure(5), "history must be what fit() returned, got 5"),
        (lambda: r2s.tasks.get(None), "task must be a Task or its name, got None"),
        (lambda: r2s.tasks.get("xor", 5), "task_options must be a mapping"),
        (lambda: r2s.tasks.get("xor").draw("a"), "numpy.random.Generator"),
        (lambda: r2s.tasks.get("xor").draw(), "draw: rng is missing"),
        (lambda: r2s.tasks.get("xor").with_options(delay=5), "with_options: unknown setting 'delay'"),
        (lambda: r2s.tasks.get("xor").draw(1).score_rate(5), "the output ends before the part that is scored"),
        (
            lambda: r2s.tasks.get("xor", stim_dur=5),
            "get: unknown setting 'stim_dur'; options are given together: tasks.get(name, {option: value})",
        ),
        (lambda: r2s.Trial(5), "Trial: label is missing"),
        (lambda: r2s.RateLayer(N=10), "RateLayer: unknown setting 'N': settings stand in the config"),
        (lambda: r2s.keras_model(**TINY).to_trained_model(5), "history must be what fit() returned, got 5"),
        (lambda: r2s.train(checkpoints="folder"), "checkpoints must be a Checkpointing(folder), got 'folder'"),
        (lambda: r2s.train(strategy=5), "strategy must be a tf.distribute strategy, got 5"),
        (lambda: r2s.TrainedModel(w=5), "TrainedModel: unknown setting 'w'"),
        (lambda: CellTypes(5, 5, 5, 5), "cell types: names must be several values, got 5"),
        (lambda: CellTypes(("a",), (1,), (True,), (5,)), "cell types: the row of a in allowed must be several values"),
        (lambda: CellTypes(("a",), ("x",), (True,), ((1,),)), "a share of cell types must be a number from 0 to 1"),
        (lambda: r2s.load_model("."), ". is a folder: name a model file, such as model.mat of a run"),
        (lambda: r2s.SpikeRecord.load("no.h5"), "cannot read no.h5: No such file or directory"),
        (lambda: r2s.load_model(5), "path must be a path, got 5"),
        (lambda: r2s.save_model(5, "m.mat"), "model must be a TrainedModel, got 5"),
        (lambda: r2s.save_model("m.mat", r2s.TrainConfig()), "first the model, then the path"),
        (lambda: r2s.loadmat(5), "path must be a path, got 5"),
        (lambda: r2s.loadmat("a.mat", simplfy=True), "did you mean simplify?"),
        (lambda: r2s.savemat({"x": 1}, "a.mat"), "first the path, then the variables, as in SciPy"),
        (lambda: r2s.savemat("a.mat", 5), "variables must be a mapping of names and values, got 5"),
        (lambda: r2s.append("a.mat", [1]), "variables must be a mapping of names and values, got [1]"),
        (lambda: r2s.loadmat("a.mat", 5), "names must be names of variables, got 5"),
        (lambda: r2s.loadmat("a.mat", squeeze_me=True), "did you mean simplify?"),
        (lambda: r2s.whos("a.mat", "x"), "whos: only path can be given without a name, and nothing else"),
        (lambda: r2s.whos(5), "path must be a path, got 5"),
    ],
)
def test_wrong_calls_are_answered_in_one_line(call, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        call()
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert not any(tmp_path.iterdir())


def test_the_former_name_of_the_first_argument_works(tmp_path):
    with pytest.warns(FutureWarning, match="config of train_population is now called task"), pytest.raises(InputError):
        r2s.train_population(config=5, seeds=[1], folder=tmp_path)


def test_progress_is_told_beside_what_the_user_asks(capsys):
    told, updates, accuracies = [], [], []
    r2s.train(
        "go-nogo",
        n_units=10,
        n_updates=5,
        evaluate_every=2,
        seed=1,
        progress=lambda *one: told.append(one),
        on_update=lambda update, loss: updates.append(update),
        on_evaluation=lambda update, evaluation: accuracies.append(evaluation.accuracy),
    )
    assert [(done, total) for done, total, _ in told] == [(k, 5) for k in range(1, 6)]
    assert "loss" in told[0][2] and f"accuracy {accuracies[-2]:.2f}" in told[-1][2] and updates == [0, 1, 2, 3, 4]
    assert not capsys.readouterr().err
    r2s.train("go-nogo", **TINY, progress=True)
    assert "training go-nogo: 2 of 2, loss" in capsys.readouterr().err
    r2s.train("go-nogo", **TINY, progress=False)
    assert not capsys.readouterr().err


def test_tasks_are_listed_with_a_line_each():
    listed = r2s.tasks.list()
    assert list(listed) == list(r2s.tasks.TASKS) and all(text[-1] in ".?" for text in listed.values())
    assert r2s.tasks.as_task("xor", {"delay": 5}).delay == 5


def test_a_seed_or_a_generator_draws_a_trial():
    task = r2s.tasks.get("mante")
    assert task.draw(3) == task.draw(np.random.default_rng(3)) != task.draw(4)


def test_tasks_and_settings_are_equal_by_value_hashable_and_travel():
    for make in (lambda: r2s.tasks.get("xor", {"delay": 5}), lambda: r2s.recipe("dms")):
        assert make() == make() and hash(make()) == hash(make())
        assert pickle.loads(pickle.dumps(make())) == make() == copy.deepcopy(make())
    assert r2s.recipe("dms") != r2s.TrainConfig(task="dms") and r2s.recipe("dms") != 5


@pytest.mark.parametrize("name", OURS)
def test_examples_in_docstrings_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    value = r2s
    for part in name.split("."):
        value = getattr(value, part)
    example = doctest.DocTestParser().get_doctest(inspect.getdoc(value), {}, name, None, 0)
    assert example.examples
    assert doctest.DocTestRunner(verbose=False).run(example).failed == 0
