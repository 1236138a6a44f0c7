"""Tasks of the user: objects, files, entry points; what goes wrong is said in one line."""

import pickle
from dataclasses import dataclass

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.rate import task_plugins, tasks
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.task import Task, Trial
from rate2spike.rate.task_checks import check_sizes

SOURCE = '''
from dataclasses import dataclass
import numpy as np
from rate2spike.rate.task import Task, Trial

@dataclass(frozen=True)
class Delay(Task):
    """Report a bit."""
    name = "delay"
    n_inputs = 1
    n_steps: int = 60
    window_start = 40

    def trial(self, rng):
        label = int(rng.random() < 0.5)
        stimulus, target = np.zeros((1, self.n_steps)), np.zeros(self.n_steps)
        stimulus[0, 10:20] = target[40:] = label
        return Trial(self, label, stimulus, target)

    def is_correct(self, window, label, *, spiking):
        return abs(window.mean() - label) < 0.3
'''


@pytest.fixture
def delay_file(tmp_path):
    path = tmp_path / "my_tasks.py"
    path.write_text(SOURCE)
    return path


def test_a_class_in_a_file(delay_file):
    task = tasks.get(f"{delay_file}:Delay", {"n_steps": "70"})
    assert task.name == "delay" and task.n_steps == 70 and task.reference == f"{delay_file}:Delay"
    assert tasks.get(str(delay_file)).n_steps == 60  # the only task of the file
    trial = task.draw(np.random.default_rng(0))
    assert trial.stimulus.shape == (1, 71) and trial.u.shape == (1, 70)
    assert trial.stimulus[0, -1] == trial.stimulus[0, -2]  # the column that the spiking network needs is the last one
    assert trial.score_rate(trial.target[:-1]) and trial.score_spiking(np.repeat(trial.target, 100))
    assert pickle.loads(pickle.dumps(task)) == task
    assert TrainConfig(task=f"{delay_file}:Delay").sections()["training"]["task"] == f"{delay_file}:Delay"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("np.zeros((1, self.n_steps))", "np.zeros((2, self.n_steps))"), "stimulus must be 1 x 60, got 2 x 60"),
        (("np.zeros(self.n_steps)", "np.zeros(self.n_steps + 3)"), "target must be 60, got 63"),
        (("= target[40:] = label", "= target[40:] = np.nan"), r"stimulus holds nan at index \(0, 10\)"),
        (
            ("return Trial(self, label, stimulus, target)", "return stimulus"),
            r"trial\(\) must return a Trial, got ndarray",
        ),
        (("label = int", "label = 1 / 0  # int"), r"trial\(\) failed with ZeroDivisionError: .*my_tasks.py, line 15"),
        (
            ("return abs(window.mean() - label) < 0.3", "return None"),
            r"is_correct\(\) must return True or False, got None",
        ),
        (
            ("return abs(window.mean() - label) < 0.3", "return 1 / 0 > label"),
            r"is_correct\(\) failed with ZeroDivisionError.*line 21",
        ),
        (
            ("Trial(self, label, stimulus, target)", "Trial(self, [label], stimulus, target)"),
            r"a label must be a number or text, got \[",
        ),
        (
            ("Trial(self, label, stimulus, target)", "Trial(self, label, stimulus, target, 70)"),
            "window_start must be a step from 0 to 58, got 70",
        ),
        (('name = "delay"', "title = 1"), "its name must be text"),
        (("def is_correct", "def was_correct"), "task Delay .* lacks is_correct"),
        (("n_inputs = 1", "n_inputs = 1.5"), "n_inputs must be a whole number from 1, got 1.5"),
        (("window_start = 40", "window_start = 59"), "nothing is scored: window_start 59 leaves no output of 60 steps"),
        (('name = "delay"', 'name = "a/b"'), "its name must be text without blanks and slashes"),
        (("import numpy", "import numpyy"), "line 3: ModuleNotFoundError: No module named 'numpyy'"),
        (("n_steps: int = 60", "n_steps: int = = 60"), "line 11: SyntaxError"),
    ],
)
def test_a_broken_plug_in_is_named_with_expected_and_got(delay_file, change, message):
    delay_file.write_text(SOURCE.replace(*change))
    with pytest.raises(InputError, match=message) as caught:
        TrainConfig(task=f"{delay_file}:Delay")
    assert "my_tasks.py" in str(caught.value)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("{folder}/none.py:Delay", "task file .*none.py does not exist"),
        ("{folder}/my_tasks.py:Nope", "defines no task class 'Nope': its tasks are Delay"),
        ("dance", "unknown task 'dance': choose from go-nogo, .* or give FILE.py:CLASS"),
    ],
)
def test_a_task_that_is_not_there(delay_file, reference, message):
    with pytest.raises(InputError, match=message):
        tasks.get(reference.format(folder=delay_file.parent))


def test_nan_in_a_later_trial_is_found_too():
    @dataclass(frozen=True)
    class Sometimes(tasks.GoNogo):
        def trial(self, rng):
            trial = super().trial(rng)
            trial.target[3] = np.nan if rng.random() < 0.5 else 0
            return trial

    rng = np.random.default_rng(3)
    with pytest.raises(InputError, match=r"task go-nogo: target holds nan at index \(3,\)"):
        [Sometimes().draw(rng) for _ in range(20)]


@pytest.mark.parametrize(
    ("task", "options", "message"),
    [
        ("go-nogo", {"stim_du": 3}, "task go-nogo has no option 'stim_du': choose from n_steps, stim_on"),
        ("go-nogo", {"stim_dur": "2.5"}, "option stim_dur must be a whole number, got '2.5'"),
        ("go-nogo", {"amplitude": "loud"}, "option amplitude must be a number, got 'loud'"),
        ("go-nogo", {"stim_dur": 160}, "must follow one another within n_steps = 200, got steps 50, 210"),
        ("go-nogo", {"stim_on": -1}, "must follow one another"),
        ("go-nogo", {"stim_dur": 149}, "nothing is scored"),
        ("xor", {"delay": 100}, "must follow one another within n_steps = 300"),
        ("mante", {"n_steps": 250}, "nothing is scored"),
        ("go-nogo", {"n_steps": 90}, "nothing is scored of the spiking network: its window begins at step 99 of 90"),
        ("sine", {"n_steps": 90}, "must follow one another within n_steps = 90"),
    ],
)
def test_bad_options(task, options, message):
    with pytest.raises(InputError, match=message):
        check_sizes(tasks.get(task, options))


def test_options_move_stimulus_target_and_windows():
    task = tasks.get("go_nogo", {"stim_dur": "30", "amplitude": 2})
    trial = next(t for t in (task.draw(np.random.default_rng(k)) for k in range(9)) if t.label == 1)
    assert trial.u.sum() == 60 and trial.target[79] == 0 and trial.target[80] == 1
    assert (task.rate_window_start, task.spiking_window_start) == (80, 10499)
    assert tasks.get("xor", {"delay": 20}).spiking_window_start == 21999


@pytest.fixture
def other_package(tmp_path, monkeypatch):
    """An installed package, as the interpreter sees one, that offers a task; returns how to declare it."""

    def declare(entry):
        information = tmp_path / "other_package-1.0.dist-info"
        information.mkdir(exist_ok=True)
        (information / "METADATA").write_text("Metadata-Version: 2.1\nName: other-package\nVersion: 1.0\n")
        (information / "entry_points.txt").write_text(f"[rate2spike.tasks]\n{entry}\n")
        task_plugins.installed.cache_clear()

    (tmp_path / "other_package.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    yield declare
    task_plugins.installed.cache_clear()


def test_a_task_of_an_installed_package_is_found_by_name(other_package):
    other_package("go_fast = other_package:Delay")
    assert tasks.get("Go_Fast", {"n_steps": 80}).n_steps == 80
    with pytest.raises(InputError, match=r"unknown task 'dance': choose from go-nogo, .*sine, go-fast, or"):
        tasks.get("dance")
    recorded = dict(recorded_options={"n_steps": 70}, recorded_reference=tasks.get("go-fast").reference)
    assert tasks.resolve(None, "delay", None, "f", **recorded).n_steps == 70


def test_broken_entry_points_are_named(other_package):
    other_package("broken = other_package.nowhere:Task")
    with pytest.raises(InputError, match=r"the task broken of the installed package .* cannot be loaded"):
        tasks.get("unheard-of")
    other_package("odd = rate2spike.rate.tasks:get")
    with pytest.raises(InputError, match=r"odd = .* is no subclass of rate2spike.rate.task.Task"):
        tasks.get("unheard-of")


def test_a_model_file_never_makes_us_run_a_file(delay_file):
    recorded = dict(recorded_options={"n_steps": 70}, recorded_reference=f"{delay_file}:Delay")
    with pytest.raises(InputError, match=rf"f: its task delay is the user's own: give task {delay_file}:Delay"):
        tasks.resolve(None, "delay", None, "f", **recorded)
    assert tasks.resolve(f"{delay_file}:Delay", "delay", None, "f", **recorded).n_steps == 70


def test_recorded_options_hold_for_the_recorded_task_alone():
    recorded = dict(recorded_options={"stim_dur": 30})
    assert tasks.resolve(None, "go-nogo", None, "f", **recorded).stim_dur == 30
    assert tasks.resolve("go_nogo", "go-nogo", None, "f", **recorded).stim_dur == 30
    assert tasks.resolve(None, "go-nogo", None, "f", **recorded, options={"stim_dur": 20}).stim_dur == 20
    assert tasks.resolve("afc", "go-nogo", None, "f", **recorded).stim_dur == 50


def test_several_outputs_are_scored_row_by_row():
    class Two(Task):
        name, n_inputs, n_steps, n_outputs, window_start = "two", 1, 20, 2, 10

        def trial(self, rng):
            target = np.zeros((2, 20))
            target[1, 10:] = 1
            return Trial(self, "second", np.zeros((1, 21)), target)

        def is_correct(self, window, label, *, spiking):
            assert window.shape == ((2, 1000) if spiking else (2, 9))
            return window.mean(1).argmax() == 1

    trial = Two().draw(np.random.default_rng(0))
    assert trial.score_rate(trial.target[:, :-1]) and trial.score_spiking(np.repeat(trial.target, 100, axis=1))
    assert not trial.score_rate(trial.target[::-1, :-1])


def test_without_neurogym_the_extra_is_named():
    try:
        import neurogym  # noqa: F401
    except ImportError:
        with pytest.raises(InputError, match=r"needs NeuroGym .*pip install 'rate2spike\[neurogym\]'"):
            tasks.get("neurogym:GoNogo-v0")
