"""What every task does. A new one adds a line to ALL_TASKS; the first test finds those that are not listed."""

import pickle
from dataclasses import fields

import numpy as np
import pytest

from rate2spike.matlab_compat.model_file import load_model, save_model
from rate2spike.rate import builtin_tasks, tasks
from rate2spike.rate.model_task import task_of_model, task_settings
from rate2spike.rate.task import Task

from helpers import small_model

# name: an option that may be otherwise, and labels for which silence is right
ALL_TASKS = {
    "go-nogo": ({"stim_dur": 30}, {0}),
    "xor": ({"delay": 20}, set()),
    "mante": ({"stim_dur": 150}, set()),
    "dms": ({"delay": 20}, set()),
    "afc": ({"stim_dur": 60}, set()),
    "sine": ({"n_steps": 220}, set()),
}
every_task = pytest.mark.parametrize("name", ALL_TASKS)


def trials(task, n):
    rng = np.random.default_rng(0)
    return [task.trial(rng) for _ in range(n)]


def test_every_task_of_the_package_is_listed():
    def below(cls):
        return {cls} | {one for sub in cls.__subclasses__() for one in below(sub)}

    ours = {one for one in below(Task) if one.__module__ == builtin_tasks.__name__}
    assert {one.name for one in ours} == set(ALL_TASKS) == set(tasks.TASKS)


@every_task
def test_sizes_and_labels(name):
    task = tasks.get(name)
    drawn = trials(task, 400)
    for trial in drawn:
        assert trial.u.shape == (task.n_inputs, task.n_steps)
        assert trial.stimulus.shape == (task.n_inputs, task.n_steps + 1)
        assert trial.target.shape == (task.n_steps,)
        assert trial.label in task.label_names
    labels = [trial.label for trial in drawn]
    for label in task.label_names:
        assert abs(labels.count(label) - 400 / len(task.label_names)) < 50
    assert tasks.get(task.name.upper().replace("-", "_")).name == task.name


@every_task
def test_the_target_itself_solves_every_trial_and_silence_solves_none_but_the_silent_ones(name):
    task = tasks.get(name)
    for trial in trials(task, 40):
        assert trial.score_rate(trial.target[:-1])
        assert trial.score_spiking(np.repeat(trial.target, 100))
        silent_is_right = trial.label in ALL_TASKS[name][1]
        assert trial.score_rate(np.zeros(task.n_steps - 1)) == silent_is_right
        assert trial.score_spiking(np.zeros(task.n_steps * 100)) == silent_is_right


@every_task
def test_trials_follow_from_the_generator_alone(name):
    task = tasks.get(name)
    one, same = (task.draw(np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one.stimulus, same.stimulus)
    np.testing.assert_array_equal(one.target, same.target)
    assert one.label == same.label
    others = [task.draw(np.random.default_rng(seed)).stimulus for seed in range(8)]
    assert len(task.label_names) == 1 or not all(np.array_equal(one.stimulus, other) for other in others)


@every_task
def test_it_travels_to_other_processes_and_into_the_model_file(name, tmp_path):
    """With its options, which change what is drawn."""
    changed = tasks.get(name, ALL_TASKS[name][0])
    plain = tasks.get(name)
    assert changed != plain and {item.name for item in fields(plain)} == set(plain.options())
    assert pickle.loads(pickle.dumps(changed)) == changed
    model = small_model(n_inputs=changed.n_inputs, settings=dict(task_settings(changed)))
    save_model(model, tmp_path / "m.mat")
    found = task_of_model(load_model(tmp_path / "m.mat"), tmp_path / "m.mat")
    assert found == changed and found.options() == changed.options()
    drawn = [task.draw(np.random.default_rng(1)) for task in (found, changed)]
    np.testing.assert_array_equal(drawn[0].target, drawn[1].target)


@every_task
def test_every_option_is_explained(name):
    task = tasks.get(name)
    assert set(task.options()) <= set(task.option_help) and all(task.option_help.values())
