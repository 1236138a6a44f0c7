"""`tune` on small networks: what it keeps, that its numbers depend on the seed alone, how it goes on, what it says."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import threadpoolctl

import rate2spike as r2s
from rate2spike.dendritic_input import DendriticInput
from rate2spike.spiking.tuning.options import TuningOptions
from rate2spike.spiking.tuning.result import TuningOutcome
from rate2spike.spiking.tuning.tune import tuned

from tuning_toys import TOY_FACTOR, Side, toy_model

FAILING = {"model": toy_model(dale=False), "factor": 100.0}  # here the readout alone does not help
SETTINGS = dict(n_trials=60, search_trials=5, scaling_factors=(50.0, 100.0), n_updates=6, n_rounds=1)


def tune(model=None, factor=100.0, seed=1, task=None, **changes):
    model = FAILING["model"] if model is None else model
    return r2s.tune(model, task or Side(), factor, seed=seed, progress=False, **SETTINGS | changes)


def go_on(state=None, on_state=None, seed=1, n_threads=1, executor=None):
    options = TuningOptions(scaling_factor=100.0, seed=seed, **SETTINGS)
    return tuned(
        FAILING["model"], Side(), options, n_threads=n_threads, executor=executor, state=state, on_state=on_state
    )


def same(a, b):
    """Assert that two results are equal to the bit, but for the clock."""
    assert a == b
    for name in ("w_rec", "w_out"):
        np.testing.assert_array_equal(getattr(a.model, name), getattr(b.model, name))
    assert a.steps == b.steps and a.before == b.before and a.after == b.after and a.best_step == b.best_step
    assert a.factors_before == b.factors_before and a.factors_after == b.factors_after


@pytest.fixture(scope="module")
def kept():
    """A tuning that does not reach its aim, and its states."""
    states = []
    return go_on(on_state=lambda state: states.append(pickle.dumps(state))), states


@pytest.fixture(scope="module")
def reached():
    """A tuning that reaches its aim by the readout."""
    return tune(toy_model(), TOY_FACTOR)


def test_what_is_tuned_works_and_is_within_the_biology(reached):
    model, found = toy_model(), reached.model
    assert reached.outcome is TuningOutcome.TUNED and reached.accuracy >= 0.95 > reached.accuracy_before
    assert reached.best_step == "readout" and [step.name for step in reached.steps] == ["converted", "readout"]
    np.testing.assert_array_equal(found.effective_w(), model.effective_w())  # the readout leaves them
    assert np.abs(found.w_out).max() <= np.abs(model.w_out).max()
    assert found.is_tuned and found.scaling_factor == TOY_FACTOR
    np.testing.assert_array_equal(found.untuned().w_out, model.w_out)


def test_evaluate_gives_the_numbers_of_the_result(reached, kept):
    for result in (reached, kept[0]):
        factor = result.scaling_factor
        again = r2s.evaluate(result.network, Side(), n_trials=60, seed=1)
        assert (again.n_correct, again.mean_rate_hz) == (result.after.n_correct, result.mean_rate_hz)
        again = r2s.evaluate(result.model, Side(), n_trials=60, seed=1)
        assert (again.n_correct, again.scaling_factor) == (result.after.n_correct, factor)
        before = r2s.evaluate(result.model.untuned(), Side(), n_trials=60, seed=1, scaling_factor=factor)
        assert before.n_correct == result.before.n_correct


def test_what_is_not_reached_is_said(kept):
    result = kept[0]
    assert result.outcome is TuningOutcome.NOT_REACHED and result.summary()["outcome"] == "not reached"
    assert result.accuracy < 0.95 and [step.name for step in result.steps] == ["converted", "readout", "gradient 1"]
    best = max(result.steps, key=lambda step: step.accuracy)
    assert result.best_step == best.name
    low, high = result.interval
    assert low <= result.accuracy <= high < 1


def test_no_number_depends_on_threads_or_executors_or_the_blas(kept):
    same(go_on(n_threads=2), kept[0])
    with ThreadPoolExecutor(3) as pool, threadpoolctl.threadpool_limits(2, "blas"):
        same(go_on(executor=pool), kept[0])


def test_a_tuning_goes_on_from_every_state_as_if_it_had_never_stopped(kept):
    result, states = kept
    assert len(states) == 2
    for number, stored in enumerate(states):
        later = []
        same(go_on(pickle.loads(stored), lambda state: later.append(pickle.dumps(state))), result)  # noqa: B023
        assert len(later) == 1 - number


def test_seeds_differ_and_a_drawn_seed_is_kept(kept):
    other = go_on(seed=2)
    assert (other.model.w_out != kept[0].model.w_out).any() and other.before != kept[0].before
    drawn = tune(toy_model(), TOY_FACTOR, seed=None, n_rounds=0)
    same(tune(toy_model(), TOY_FACTOR, seed=drawn.seed, n_rounds=0), drawn)


def test_a_network_that_converts_is_left_as_it_is():
    model, states = toy_model(), []
    options = TuningOptions(scaling_factor=25.0, seed=1, **SETTINGS | {"scaling_factors": (25.0, 30.0)})
    result = tuned(model, Side(), options, n_threads=1, on_state=states.append)
    assert result.outcome is TuningOutcome.CONVERTS_ALREADY and result.accuracy >= 0.95
    assert result.model.w_rec is model.w_rec and result.model.w_out is model.w_out
    assert not result.model.is_tuned and result.model.scaling_factor == 25 and not states
    assert [step.name for step in result.steps] == ["converted"] and result.before is result.after
    assert not [name for name in result.model.settings if "tune" in name]


def test_no_trial_is_wasted_on_a_factor_that_is_known():
    searched = replace(toy_model(), scaling_factor=25.0)
    assert tune(searched, None, scaling_factors=(4.0,)).scaling_factor == 25
    found = tune(toy_model(), None, scaling_factors=(4.0, 25.0))
    assert found.scaling_factor == 25 and found.factors_before.best_factor == 25
    claimed = replace(toy_model(), scaling_factor=float("nan"))
    assert tune(claimed, None, scaling_factors=(4.0, 25.0)).scaling_factor == 25


def test_what_was_tuned_is_tuned_anew_from_what_was_trained(reached):
    same(tune(reached.model, TOY_FACTOR), reached)


def test_files_hold_what_was_tuned(reached, tmp_path):
    path = tmp_path / "tuned.mat"
    r2s.save_model(reached.model, path)
    again = r2s.load_model(path)
    np.testing.assert_array_equal(again.w_out, reached.model.w_out)
    np.testing.assert_array_equal(again.untuned().w_out, toy_model().w_out)
    assert again.is_tuned and again.settings["tune_step"] == "readout"
    assert r2s.evaluate(path, Side(), n_trials=60, seed=1).n_correct == reached.after.n_correct


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"factor": 0}, "scaling_factor"),
        ({"factor": float("nan")}, "scaling_factor"),
        ({"factor": "25"}, "scaling_factor"),
        ({"scaling_factors": ()}, "at least one"),
        ({"scaling_factors": (25, -1)}, "scaling factor"),
        ({"scaling_factors": None}, "scaling factor"),
        ({"n_trials": 0}, "n_trials"),
        ({"n_trials": 2.5}, "n_trials"),
        ({"search_trials": 0}, "search_trials"),
        ({"seed": -1}, "seed"),
        ({"seed": "x"}, "seed"),
        ({"n_rounds": -1}, "n_rounds"),
        ({"n_rounds": True}, "n_rounds"),
        ({"n_updates": 0}, "n_updates"),
        ({"accuracy": 1.5}, "accuracy"),
        ({"accuracy": float("nan")}, "accuracy"),
        ({"largest_weight": 0}, "largest_weight"),
        ({"largest_weight": -1}, "largest_weight"),
        ({"largest_weight": float("inf")}, "largest_weight"),
        ({"task_options": 3}, "task_options|task options"),
        ({"n_threads": 0}, "n_threads"),
        ({"n_round": 3}, "n_round"),
        ({"task": "no such task"}, "no such task"),
        ({"task": 7}, "task"),
        ({"model": 7}, "model"),
        ({"model": "no_such_file.mat"}, "no_such_file"),
    ],
)
def test_bad_values_are_refused_in_one_line(changes, words):
    with pytest.raises((r2s.InputError, TypeError), match=words) as caught:
        tune(**changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "task", "words"),
    [
        ({}, Side(inverted=True), "solves 0.00 of 100 trials of side"),
        ({"settings": {"neuron": '{"kind": "qif"}'}}, None, "lif"),
        ({"settings": {"search_network": "{}"}}, None, "lif"),
        ({"settings": {"dt_s": 1e-4}}, None, "imported"),
        ({"w_rec": np.zeros((20, 20), np.float32)}, None, "recurrent weights are all 0"),
        ({"connection_mask": np.zeros((20, 20), np.float32)}, None, "mask"),
        ({"w_in": np.ones((20, 3), np.float32)}, None, "input"),
    ],
)
def test_networks_that_cannot_be_tuned_are_refused_in_one_line(changes, task, words):
    with pytest.raises(r2s.InputError, match=words) as caught:
        tune(replace(toy_model(), **changes), TOY_FACTOR, task=task)
    assert "\n" not in str(caught.value)


def test_a_model_with_dendrites_is_refused():
    kind = DendriticInput("active", 2, np.zeros((20, 20), int), 4.0, 1.0, 2.0)
    with pytest.raises(r2s.InputError, match="dendrites"):
        tune(replace(toy_model(), dendrites=kind), TOY_FACTOR)


def test_a_scaling_factor_that_is_not_searched_is_searched_too(reached):
    assert [found.scaling_factor for found in reached.factors_after.factors] == [TOY_FACTOR, 50, 100]
    np.testing.assert_array_equal(np.ravel(reached.model.scaling_factors), [TOY_FACTOR, 50, 100])
    assert reached.range_before is None and reached.range_after[0] == TOY_FACTOR


@pytest.mark.parametrize("largest_weight", [1.0, 2.0])
def test_the_largest_weight_holds_and_steps_say_what_changed(largest_weight):
    model = toy_model(dale=False)
    result = tune(model, 100.0, largest_weight=largest_weight)
    found = result.model
    assert np.abs(found.effective_w()).max() <= largest_weight * np.abs(model.effective_w()).max() * (1 + 1e-6)
    assert np.abs(found.w_out).max() <= largest_weight * np.abs(model.w_out).max() * (1 + 1e-6)
    [step] = [step for step in result.steps if step.name == result.best_step]
    change = np.linalg.norm(found.effective_w() - model.effective_w()) / np.linalg.norm(model.effective_w())
    change_out = np.linalg.norm(found.w_out - model.w_out) / np.linalg.norm(model.w_out)
    assert (step.w_change, step.w_out_change) == (pytest.approx(change, abs=1e-5), pytest.approx(change_out, abs=1e-5))


def test_silent_connections_are_used_after_four_rounds_or_never():
    """Of those drawn (w0), half are silent, w is 0; some were never drawn."""
    rng = np.random.default_rng(2)
    drawn, silent = rng.random((20, 20)) < 0.8, rng.random((20, 20)) < 0.5
    w = rng.normal(size=(20, 20)).astype(np.float32) * drawn
    model = toy_model(dale=False, w_rec=np.where(silent, 0, w), w_rec_initial=w)
    of_five = dict(factor=4.0, task=Side(least=0.9), accuracy=1.0, n_rounds=5, n_updates=3, n_trials=20)
    late, never = tune(model, **of_five), tune(model, keep_silent=True, **of_five)
    assert [step.n_silent_used > 0 for step in late.steps] == [False] * 6 + [True]
    assert "silent connections used" in late.steps[-1].changed and late.steps[:6] == never.steps[:6]
    assert not any(step.n_silent_used for step in never.steps)
    for result in (late, never):
        changed = result.model.effective_w()
        assert not changed[~drawn].any() and (result is late or not changed[silent].any())


def test_random_options_and_networks_end_within_the_biology_or_in_one_line():
    rng, lines = np.random.default_rng(19), []
    for _ in range(12):
        kind = dict(
            n_units=int(rng.integers(2, 24)), dale=bool(rng.integers(2)), density=rng.uniform(0.05, 1),
            strength=rng.uniform(0.1, 2), seed=int(rng.integers(100)),
        )  # fmt: skip
        model = toy_model(**kind | ({"n_som": 1} if kind["dale"] else {}))
        changes = dict(
            n_trials=int(rng.integers(1, 30)), search_trials=int(rng.integers(1, 5)), n_updates=int(rng.integers(1, 4)),
            n_rounds=int(rng.integers(0, 2)), accuracy=float(rng.choice([0, 0.5, 0.95, 1.0])),
            largest_weight=float(rng.choice([1.0, 1.5])), seed=int(rng.integers(2**32)),
        )  # fmt: skip
        try:
            result = tune(model, float(rng.choice([1, 3, 17.3, 50, 1e4])), **changes)
        except r2s.InputError as error:
            lines.append(str(error))
            continue
        most = changes["largest_weight"] * (1 + 1e-6)
        before, after = model.effective_w(), result.model.effective_w()
        assert np.abs(after).max() <= most * np.abs(before).max() and not after[model.connection_mask == 0].any()
        assert np.abs(result.model.w_out).max() <= most * np.abs(model.w_out).max()
        if model.has_dale:
            assert (after[:, model.inhibitory] <= 0).all() and (after[:, model.excitatory] >= 0).all()
        is_reached = result.after.accuracy >= changes["accuracy"]
        assert is_reached == (result.outcome is not TuningOutcome.NOT_REACHED)
        assert repr(result) and len(result.to_dataframe()) == len(result.steps)
    assert not any("\n" in line for line in lines)
