"""Composition of trials, context spikes, batches and splits, against what the specification counts."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.io.datasets.recordings_split import by_class, split_recordings
from rate2spike.spiking.context.config import ContextConfig
from rate2spike.spiking.context.trials import ContextTrial, batch_of, context_spikes, plan_trial, trial_of

from helpers import golden_csnn

GOLDEN = golden_csnn()


def plans(n, n_classes, seq_len, task_type):
    return [plan_trial(np.random.default_rng(k), k, n_classes, seq_len, task_type) for k in range(n)]


def test_recognition_of_five_has_one_match_at_every_position_equally_often():
    found = plans(500, 20, 5, "recognition")
    targets = np.array([plan.targets for plan in found])
    assert (targets.sum(1) == 1).all() and (targets.sum(0) == 100).all()
    for plan in found:
        assert len(set(plan.items)) == 5
        assert plan.items[int(np.argmax(plan.targets))] == plan.context


def test_recognition_of_one_alternates():
    found = plans(200, 20, 1, "recognition")
    assert [plan.targets[0] for plan in found] == [0, 1] * 100
    assert all((plan.items[0] == plan.context) == plan.targets[0] for plan in found)


def test_memory_goes_on_once_the_item_has_been_shown():
    n = 4096
    targets = np.array([plan.targets for plan in plans(n, 20, 5, "memory")])
    assert (np.diff(targets, axis=1) >= 0).all()
    share = np.arange(1, 6) / 10
    np.testing.assert_allclose(targets.mean(0), share, atol=0.024)


def test_every_class_is_named_and_shown():
    found = plans(2000, 10, 9, "memory")
    assert {plan.context for plan in found} == set(range(10)) == {item for plan in found for item in plan.items}


def test_context_rates():
    spikes = context_spikes(np.random.default_rng(0).random((100_000, 3)), 1)
    assert spikes[:, 1].mean() == pytest.approx(0.2, abs=0.004)
    assert spikes[:, [0, 2]].mean(0) == pytest.approx([0.01, 0.01], abs=0.001)


@pytest.mark.skipif("poisson_ctx" not in GOLDEN, reason="no such golden case")
def test_golden_context():
    case = GOLDEN["poisson_ctx"]
    np.testing.assert_array_equal(context_spikes(np.array(case["uniform"]), case["cls"]), case["spikes"])


def a_trial(lengths, seed=0):
    rng = np.random.default_rng(seed)
    plan = plan_trial(rng, 0, 6, len(lengths), "recognition")
    return trial_of(plan, [rng.random((n, 4)) < 0.5 for n in lengths], 6, rng)


def test_trials_side_by_side_are_padded_at_the_end():
    short, long = a_trial((2, 3)), a_trial((4, 3), seed=1)
    batch = batch_of([short, long])
    assert batch.frames.shape == (2, 7, 4) and batch.context.shape == (2, 7, 6)
    np.testing.assert_array_equal(batch.frames[0, :5], short.frames)
    assert not batch.frames[0, 5:].any() and not batch.context[0, 5:].any()
    np.testing.assert_array_equal(batch.block_index, [[0, 0, 1, 1, 1, 2, 2], [0, 0, 0, 0, 1, 1, 1]])


@pytest.mark.skipif("collate" not in GOLDEN, reason="no such golden case")
def test_golden_collation():
    case = GOLDEN["collate"]
    index = np.array(case["block_idx"])
    wanted = [np.array(case[name]) for name in ("x_sum_t", "ctx_sum_t", "target")]
    trials = []
    for row, n_steps, *sums, target in zip(index, case["len"], *wanted, strict=True):
        # one input and one context channel whose values are the golden sums over channels
        x, c = (values[:n_steps, None].astype(np.float32) for values in sums)
        trials.append(ContextTrial(x, c, target.astype(int), row[:n_steps].astype(int), 0))
    batch = batch_of(trials)
    for found, golden in zip((batch.frames[..., 0], batch.context[..., 0], batch.targets), wanted, strict=True):
        np.testing.assert_array_equal(found, golden)
    np.testing.assert_array_equal(batch.block_index, index)


def test_splits_are_disjoint_and_four_to_one():
    labels, subjects = np.repeat(np.arange(10), 50), np.tile(np.arange(25), 20)
    for by in ("recording", "subject"):
        training, validation = split_recordings(labels, subjects, by, seed=1)
        assert not set(training) & set(validation) and len(training) == 400 and len(validation) == 100
    assert not set(subjects[training]) & set(subjects[validation])
    again = split_recordings(labels, subjects, "recording", seed=2)
    assert set(again[0]) != set(split_recordings(labels, subjects, "recording", seed=1)[0])


@pytest.mark.skipif("split" not in GOLDEN, reason="no such golden case")
@pytest.mark.parametrize("dataset", ["shd", "dvsgesture"])
def test_golden_numbers_of_trials(dataset):
    case, config = GOLDEN["split"][dataset], ContextConfig(dataset=dataset)
    assert (config.actual_n_trials, config.n_validation_trials) == (case["n_train_items"], case["n_val_items"])


def test_a_class_without_recordings_and_a_single_person_are_refused():
    with pytest.raises(InputError, match="no recording of class 2 for train"):
        by_class(np.array([0, 1, 1]), np.arange(3), 3, "train")
    with pytest.raises(InputError, match="two people at least"):
        split_recordings(np.array([0, 1]), np.array([4, 4]), "subject", 1)
