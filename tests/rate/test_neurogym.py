"""NeuroGym environments as tasks. NeuroGym pins old versions of NumPy, so these tests have an environment of their own:
`make test-neurogym`."""

import os
import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.rate import tasks

if os.environ.get("RATE2SPIKE_REQUIRE_NEUROGYM"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import neurogym
else:
    neurogym = pytest.importorskip(
        "neurogym", reason="NeuroGym is tested by `make test-neurogym`", exc_type=ImportError
    )

pytestmark = pytest.mark.filterwarnings("ignore")  # of gymnasium and what it brings
SHORT = {"timing": '{"fixation": 50, "stimulus": 150, "decision": 50}'}


@pytest.mark.parametrize(
    "environment",
    [
        "PerceptualDecisionMaking-v0",
        "ContextDecisionMaking-v0",
        "DelayMatchSample-v0",
        "GoNogo-v0",
        "ReachingDelayResponse-v0",
    ],
)
def test_environments_keep_the_contract_and_their_truth_solves_them(environment):
    task = tasks.get(f"neurogym:{environment}")
    for k in range(20):
        trial = task.draw(np.random.default_rng(k))
        assert trial.stimulus.shape == (task.n_inputs, task.n_steps + 1)
        assert trial.target.shape == (task.n_outputs, task.n_steps)
        assert trial.score_rate(trial.target[:, :-1]) and trial.score_spiking(np.repeat(trial.target, 100, axis=1))
        assert not trial.score_rate(-trial.target[:, :-1])
    again = task.draw(np.random.default_rng(19))
    np.testing.assert_array_equal(again.stimulus, trial.stimulus)
    assert pickle.loads(pickle.dumps(task)) == task


def test_arguments_reach_the_environment_and_travel_in_the_options():
    task = tasks.get("neurogym:PerceptualDecisionMaking-v0", {**SHORT, "accuracy_threshold": "0.6"})
    assert task.n_steps == 50 and task.accuracy_threshold == 0.6
    assert tasks.get(task.reference, task.options()) == task
    trial = task.draw(np.random.default_rng(1))
    assert trial.window_start == 40 and trial.target[0, :40].all() and not trial.target[0, 40:].any()


def test_threads_draw_the_same_trials_as_one():
    task = tasks.get("neurogym:PerceptualDecisionMaking-v0", SHORT)

    def stimulus(seed):
        return task.draw(np.random.default_rng(seed)).stimulus

    with ThreadPoolExecutor(8) as pool:
        for k, drawn in enumerate(pool.map(stimulus, range(200))):
            np.testing.assert_array_equal(drawn, stimulus(k))


@pytest.mark.parametrize("environment", ["PerceptualDecisionMaking-v0", "GoNogo-v0"])
def test_a_network_is_trained_converted_and_evaluated(cli, tmp_path, environment):
    run = tmp_path / "run"
    code, _, error = cli(
        "train",
        "--recipe",
        "--task",
        f"neurogym:{environment}",
        "--N",
        30,
        "--n_trials",
        3,
        "--seed",
        1,
        "--run_folder",
        run,
    )
    assert code == 0, error
    code, _, error = cli("search", run / "model.mat", "--n-trials", 4, "--scaling-factors", 25, "--seed", 1)
    assert code == 0, error
    code, out, error = cli("evaluate", run / "model.mat", "--n-trials", 5, "--seed", 1)
    assert code == 0 and f"{environment.lower()}, scaling factor 25" in out, error


UNSUPERVISED = {
    "Bandit-v0": "no attribute 'gt'",
    "DawTwoStep-v0": "no attribute 'ob'",
    "EconomicDecisionMaking-v0": "no attribute 'gt'",
    "Null-v0": "no attribute 'ob'",
    "Reaching1D-v0": "ground truth holds 3, which is none of its actions 0 to 2",
    "Reaching1DWithSelfDistraction-v0": "ground truth holds 3, which is none of its actions 0 to 2",
}
TIMING = ("MotorTiming-v0", "OneTwoThreeGo-v0", "ReadySetGo-v0")  # which the rule cannot judge


@pytest.mark.parametrize("environment", neurogym.envs.registration.all_envs(collections=True))
def test_every_registered_environment_works_or_says_in_one_line_why_not(environment):
    if environment in UNSUPERVISED:
        with pytest.raises(InputError, match=f"not for supervised learning: .*{UNSUPERVISED[environment]}") as error:
            tasks.get(f"neurogym:{environment}")
        assert "\n" not in str(error.value)
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        task = tasks.get(f"neurogym:{environment}")
    said = [str(one.message) for one in caught if "same right answer" in str(one.message)]
    assert bool(said) == (environment in TIMING)
    trial = task.draw(np.random.default_rng(1))
    target = np.atleast_2d(trial.target)
    assert trial.score_rate(target[:, :-1]) and trial.score_spiking(np.repeat(target, 100, axis=1))


def test_an_environment_without_ground_truth_ends_in_one_line(cli, tmp_path):
    code, _, error = cli("train", "--recipe", "--task", "neurogym:Bandit-v0", "--run_folder", tmp_path / "run")
    assert code == 2 and "neurogym:Bandit-v0, which is not for supervised" in error.strip().splitlines()[-1], error
    assert "Traceback" not in error and not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("environment", "options", "message"),
    [
        ("Nope-v0", {}, "NeuroGym cannot make Nope-v0"),
        ("GoNogo-v0", {"foo": "3"}, "NeuroGym cannot make GoNogo-v0 .*foo"),
        ("CartPole-v1", {}, "NeuroGym cannot make CartPole-v1"),
        ("GoNogo-v0", {"tolerance": "x"}, "option tolerance must be a number"),
    ],
)
def test_bad_environments_and_arguments(environment, options, message):
    with pytest.raises(InputError, match=message):
        tasks.get(f"neurogym:{environment}", options)
