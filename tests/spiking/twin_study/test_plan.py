"""Settings of fits."""

import tomllib

import pytest

from rate2spike.errors import InputError
from rate2spike.io.toml_file import to_toml
from rate2spike.options import from_mapping
from rate2spike.spiking.neuron_as_net.schedule import published_schedule
from rate2spike.spiking.twin_data.shards import CellDataset
from rate2spike.spiking.twin_study.cell_kinds import kind_of
from rate2spike.spiking.twin_study.plan import FitPlan, resolved


@pytest.fixture(scope="module")
def point(point_sets):
    return kind_of(CellDataset.open(point_sets / "train"))


def test_networks_and_seeds(point):
    plan = FitPlan(architectures=("elm-4", "elm-4", "conv-3,4-5"), n_seeds=2, seed=7)
    names = ["elm-4_seed_7", "elm-4_seed_8", "conv-3_4-5_seed_7", "conv-3_4-5_seed_8"]
    assert [one.name for one in plan.fits()] == names
    assert [one.name for one in FitPlan().fits(point)] == ["linear-80_seed_0"]
    assert plan.fit_settings(plan.fits()[1])["seed"] == 8


def test_what_is_not_given_is_that_of_the_cells_study(point):
    plan = resolved(point, {"batch_size": 3})
    assert (plan.batch_size, plan.window_ms, plan.left_out_ms) == (3, 500, 0)
    assert (plan.architectures, plan.n_epochs, plan.learning_rate) == (("linear-80",), 10, 0.01)


def test_a_file_gives_the_same_plan(point):
    plan = resolved(point, {"n_seeds": 2, "clip_norm": 3.5, "left_out_ms": None})
    content = tomllib.loads(to_toml(plan.sections()))
    assert from_mapping(FitPlan, content["fit"], "file") == plan


def test_the_schedule(point):
    plan = FitPlan(n_epochs=5, learning_rate=0.02, somatic_weight=0.5)
    schedule = plan.schedule(point)
    assert schedule.n_epochs == 5 and schedule.at(0).learning_rate == 0.02
    assert {phase.weights["somatic"] for phase in schedule.phases} == {0.5}


def test_the_rate_may_fall_along_a_cosine(point):
    schedule = FitPlan(n_epochs=40, learning_rate=0.01, decay="cosine").schedule(point)
    rates = [phase.learning_rate for phase in schedule.phases]
    assert len(rates) == 40 and rates[2] == max(rates) < 0.01 and rates[0] == pytest.approx(0.0025)
    assert rates[-1] == pytest.approx(1e-4, rel=0.2) and sorted(rates[2:], reverse=True) == rates[2:]
    assert schedule.at(39).weights == {"spikes": 1.0, "somatic": 0.003}


def test_schedules_are_scaled():
    faster = published_schedule().times(10)
    assert [phase.learning_rate for phase in faster.phases] == pytest.approx([1e-3, 3e-4, 1e-4, 3e-5, 1e-5])
    assert faster.at(0).weights == published_schedule().at(0).weights


@pytest.mark.parametrize("bad", [{"n_seeds": 0}, {"n_epochs": 0}, {"learning_rate": -1.0}, {"architectures": 3}])
def test_what_cannot_be_used_is_one_line(bad):
    with pytest.raises(InputError) as caught:
        FitPlan(**bad)
    assert "\n" not in str(caught.value)
