"""The tasks: stimuli, targets and both success rules, as the published code has them."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.rate import tasks
from rate2spike.rate.config import TrainConfig


def trials(task, n=200):
    rng = np.random.default_rng(0)
    return [task.trial(rng) for _ in range(n)]


def trial_of(task, label):
    return next(trial for trial in trials(task) if trial.label == label)


def test_go_nogo_stimulus_and_target():
    go, nogo = (trial_of(tasks.GoNogo(), label) for label in (1, 0))
    assert go.u.sum() == 25 and go.u[0, 50] == 1 and go.u[0, 74] == 1
    assert go.target[74] == 0 and go.target[75:].all()
    assert not nogo.u.any() and not nogo.target.any()


def test_xor_stimulus_and_target():
    for trial in trials(tasks.Xor(), 20):
        first, second = trial.u[0, 50], trial.u[1, 110]
        assert set(np.unique(trial.u[0, 50:100])) == {first} and set(np.unique(trial.u[1, 110:160])) == {second}
        assert np.abs(trial.u).sum() == 100
        assert trial.label == ("same" if first == second else "diff")
        assert (trial.target[170:270] == first * second).all()
        assert np.abs(trial.target).sum() == 100


def test_mante_stimulus_and_target():
    signs = []
    for trial in trials(tasks.Mante(), 200):
        cued = int(np.argmax(trial.u[2:, 0]))
        assert (trial.stimulus[2 + cued] == 1).all() and not trial.stimulus[3 - cued].any()
        assert not trial.u[:2, :50].any() and not trial.u[:2, 250:].any()
        assert (trial.target[250:] == trial.label).all() and not trial.target[:250].any()
        signs.append(trial.u[cued, 50:250].mean() * trial.label)
    assert abs(np.mean(signs) - 0.5) < 0.02  # evidence N(±0.5, 1): standard error 0.005
    assert abs(trial.u[0, 50:250].std() - 1) < 0.2


@pytest.mark.parametrize(
    ("task", "label", "step", "value", "rate", "spiking"),
    [
        # (rate output has value at one step, 0 elsewhere); the window starts at 75 / 200 / 299 of o, 9999 / ... of out
        ("go-nogo", 1, 75, 0.71, True, None),
        ("go-nogo", 1, 74, 0.71, False, None),
        ("go-nogo", 1, 75, 0.69, False, None),
        ("go-nogo", 0, 75, 0.31, False, None),
        ("go-nogo", 0, 75, -0.31, False, None),
        ("go-nogo", 0, 75, 0.29, True, None),
        ("go-nogo", 1, 9999, 0.71, None, True),
        ("go-nogo", 1, 9998, 0.71, None, False),
        ("go-nogo", 0, 9999, 0.31, None, False),
        ("go-nogo", 0, 9999, -5.0, None, True),
        ("xor", "same", 200, 0.71, True, None),
        ("xor", "same", 199, 0.71, False, None),
        ("xor", "diff", 200, -0.71, True, None),
        ("xor", "diff", 200, -0.69, False, None),
        ("xor", "same", 19999, 0.71, None, True),
        ("xor", "same", 19998, 0.71, None, False),
        ("xor", "diff", 19999, -0.71, None, True),
        ("mante", 1, 299, 0.71, True, None),
        ("mante", 1, 298, 0.71, False, None),
        ("mante", -1, 498, -0.71, True, None),
        ("mante", 1, 25999, 0.71, None, True),
        ("mante", -1, 25998, -0.71, None, False),
    ],
)
def test_published_windows_and_thresholds(task, label, step, value, rate, spiking):
    task = tasks.get(task)
    if rate is not None:
        o = np.zeros(task.n_steps - 1)
        o[step] = value
        assert task.score_rate(o, label) is rate
    if spiking is not None:
        out = np.zeros(task.n_steps * 100)
        out[step] = value
        assert task.score_spiking(out, label) is spiking


def test_downsampling_moves_the_window():
    out = np.zeros(10_000)
    out[4999] = 1
    assert tasks.GoNogo().score_spiking(out, 1, downsample=2)
    out = np.roll(out, -1)
    assert not tasks.GoNogo().score_spiking(out, 1, downsample=2)


def test_stopping_rule():
    go, xor = TrainConfig(task="go-nogo"), TrainConfig(task="xor")
    assert not go.succeeds(1500, 1.0, 1.0)
    assert go.succeeds(1501, 1.0, 1.0)
    assert xor.succeeds(1, 6.9, 0.96)
    assert not xor.succeeds(1, 7.0, 0.96)
    assert not xor.succeeds(1, 6.9, 0.95)
    sooner = TrainConfig(task="go-nogo", min_updates=300)
    assert sooner.succeeds(201, 1.0, 1.0) and not sooner.may_stop(201) and sooner.may_stop(301)
    assert TrainConfig(task="xor", loss_threshold=2, accuracy_threshold=0.5).succeeds(1, 1.9, 0.6)


def test_unknown_task_lists_the_choices():
    with pytest.raises(InputError, match="unknown task 'dance': choose from go-nogo, xor, mante, dms, afc, sine"):
        tasks.get("dance")


def test_task_is_resolved_in_order_and_never_guessed():
    assert tasks.resolve("xor", "mante", "go-nogo", "f").name == "xor"
    assert tasks.resolve(None, "mante", "go-nogo", "f").name == "mante"
    assert tasks.resolve(None, None, "go-nogo", "f").name == "go-nogo"
    with pytest.raises(InputError, match=r"f: .*give --task"):
        tasks.resolve(None, None, None, "f")


def test_dms_stimulus_and_target():
    for trial in trials(tasks.DelayedMatchToSample(), 20):
        sample, test = trial.u[0, 30], trial.u[1, 230]
        assert (trial.u[0, 30:80] == sample).all() and (trial.u[1, 230:280] == test).all()
        assert np.abs(trial.u).sum() == 100 and trial.u.shape == (2, 410)
        assert (trial.target[290:390] == sample * test).all() and np.abs(trial.target).sum() == 100
        assert trial.label == ("same" if sample == test else "diff")
    task = tasks.DelayedMatchToSample()
    assert (task.rate_window_start, task.spiking_window_start) == (290, 29000)


def test_afc_stimulus_and_target():
    for trial in trials(tasks.AlternativeForcedChoice(), 20):
        assert (trial.u[0, 30:80] == trial.label).all() and np.abs(trial.u).sum() == 50 and trial.u.shape == (1, 200)
        assert (trial.target[90:190] == trial.label).all() and np.abs(trial.target).sum() == 100
    assert tasks.AlternativeForcedChoice().spiking_window_start == 9000


def test_sine_stimulus_target_and_rule():
    task = tasks.Sine()
    (trial,) = trials(task, 1)
    assert trial.u[0, 20:30].all() and trial.u.sum() == 10
    steps = np.arange(400)
    wave = np.sin(2 * np.pi * 2 * steps * 0.005)
    np.testing.assert_allclose(trial.target[30:], wave[30:], atol=1e-12)
    assert not trial.target[:30].any()

    def solves(o):
        fine = np.repeat(o, 100)
        rate, spiking = trial.score_rate(o[:-1]), trial.score_spiking(fine)
        assert rate == spiking == trial.score_spiking(fine[::4], downsample=4)
        return rate

    for amplitude, good in ((1.0, True), (0.72, True), (1.28, True), (0.68, False), (1.32, False)):
        assert solves(amplitude * wave) is good
    # 100 steps are a period: a shift by s steps within the lag costs nothing, one beyond it cos(2 pi (s - 10) / 100)
    for shift, good in ((9, True), (-9, True), (16, True), (19, False), (-19, False), (50, False)):
        assert solves(np.roll(wave, shift)) is good
    assert not solves(np.random.default_rng(0).uniform(-1, 1, 400))
