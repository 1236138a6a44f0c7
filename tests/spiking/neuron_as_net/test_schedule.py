"""Schedules: the published table, scaled; that of ball-and-stick twins at its corners."""

import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.neuron_as_net.schedule import (
    Phase,
    Schedule,
    ball_and_stick_schedule,
    long_ball_and_stick_schedule,
    point_schedule,
    published_schedule,
    short_ball_and_stick_schedule,
)

TABLE = {
    0: (1e-4, 1, 0.02, 5e-6),
    40: (3e-5, 2, 0.01, 3e-6),
    80: (1e-5, 4, 0.01, 1e-6),
    120: (3e-6, 8, 0.01, 1e-8),
    160: (1e-6, 9, 0.003, 1e-9),
}


@pytest.mark.parametrize("epoch", TABLE)
@pytest.mark.parametrize("scale", [1, 0.1, 2.5])
def test_published_table(epoch, scale):
    phase = published_schedule(scale).at(round(epoch * scale))
    assert (phase.learning_rate, *phase.weights.values()) == TABLE[epoch]
    assert list(phase.weights) == ["spikes", "somatic", "dendritic"]
    if epoch:
        assert published_schedule(scale).at(round(epoch * scale) - 1).learning_rate != phase.learning_rate


@pytest.mark.parametrize(("scale", "n"), [(1, 250), (0.1, 25), (0.5, 125), (1e-6, 5)])
def test_scaled_length(scale, n):
    assert published_schedule(scale).n_epochs == n and published_schedule(scale).n_phases == 5


@pytest.mark.parametrize("n", [3, 4, 5, 7, 10, 21])
def test_scaled_to_any_length(n):
    phases = point_schedule(n).phases
    assert sum(phase.n_epochs for phase in phases) == n and min(phase.n_epochs for phase in phases) >= 1


def test_ball_and_stick():
    schedule = ball_and_stick_schedule()
    rates = [schedule.at(k).learning_rate / 3e-4 for k in (0, 9, 10, 74, 75, 99)]
    assert rates == pytest.approx([0.001, 0.6, 1, 1, 0.5, 0.0005])
    assert [schedule.at(k).weights["spikes"] for k in (0, 25, 40, 99)] == pytest.approx([2, 2, 24, 24])
    assert schedule.at(40).weights["dendritic"] == pytest.approx(0.6)


def test_short_ball_and_stick():
    schedule = short_ball_and_stick_schedule(200)
    rates = [schedule.at(k).learning_rate / 3e-3 for k in range(200)]
    assert (
        rates[0] == pytest.approx(0.05) and max(rates) == pytest.approx(1, abs=1e-3) and rates.index(max(rates)) == 10
    )
    assert rates[-1] == pytest.approx(0.01, abs=1e-4) and rates[10:] == sorted(rates[10:], reverse=True)
    assert [schedule.at(k).weights["spikes"] for k in (0, 49, 80, 199)] == [2, 2, 24, 24]
    assert short_ball_and_stick_schedule(1).n_epochs == 1
    further = long_ball_and_stick_schedule(4)
    assert [further.at(k).learning_rate for k in range(4)] == pytest.approx(
        [9.619e-4, 6.913e-4, 3.087e-4, 3.806e-5], rel=1e-3
    )
    assert further.at(0).weights == {**schedule.at(199).weights, "rate": 30}


def test_after_the_end_and_one_phase():
    assert [point_schedule(20).at(k).learning_rate for k in (0, 9, 10, 16, 99)] == pytest.approx(
        [1e-2, 1e-2, 3e-3, 1e-3, 1e-3]
    )
    assert point_schedule().n_epochs == 10 and point_schedule(1).n_epochs == 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Phase(0, 1e-3, {"spikes": 1}), "n_epochs must be a whole number from 1"),
        (lambda: Phase(1, -1e-3, {"spikes": 1}), "learning_rate must be a positive number"),
        (lambda: Phase(1, 1e-3, {"spikes": -1}), "the weight of spikes must be a number from 0"),
        (lambda: Phase(1, 1e-3, {}), "weights must be a dict with a weight per head"),
        (lambda: Schedule([]), "phases must be one or several Phase"),
        (lambda: published_schedule(0), "scale must be a number above 0"),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
