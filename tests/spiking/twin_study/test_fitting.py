"""Fits of a study."""

from dataclasses import replace

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.twin_data.config import SimulationConfig, simulate_sets
from rate2spike.spiking.twin_study.fitted import FittedTwin, fitted_in
from rate2spike.spiking.twin_study.fitting import fit_networks
from rate2spike.spiking.twin_study.plan import FitPlan

from .conftest import QUICK


def weights(fitted):
    return fitted.twin.network.model.get_weights()


def test_every_fit_has_a_folder(point_fits):
    assert [one.name for one in point_fits] == ["linear-80_seed_0", "elm-4_seed_0"]
    linear = point_fits[0]
    assert (linear.n_parameters, linear.n_updates, len(linear.history)) == (8005, 9, 3)
    assert {"twin.keras", "twin.json", "history.jsonl", "checkpoints"} <= {one.name for one in linear.folder.iterdir()}
    assert linear.minutes > 0 and linear.validation_loss > 0
    assert linear.described()["n_train_windows"] == 36
    assert [one.name for one in fitted_in(linear.folder.parent)] == ["elm-4_seed_0", "linear-80_seed_0"]


def test_processes_and_jobs_give_the_same(point_sets, point_fits, tmp_path):
    plan = FitPlan(architectures=("linear-80", "elm-4"), **QUICK)
    fit_networks(point_sets, plan, tmp_path, shard="1/2", n_workers=2, progress=False)
    fit_networks(point_sets, plan, tmp_path, shard="2/2", progress=False)
    for here, there in zip(sorted(point_fits, key=lambda one: one.name), fitted_in(tmp_path), strict=True):
        for a, b in zip(weights(here), weights(there), strict=True):
            np.testing.assert_array_equal(a, b)


def test_fits_go_on(point_sets, point_fits, tmp_path):
    said = []
    fit_networks(point_sets, FitPlan(architectures=("linear-80",), **QUICK), tmp_path, progress=False)
    plan = FitPlan(architectures=("linear-80",), **(QUICK | {"n_epochs": 4}))
    (longer,) = fit_networks(point_sets, plan, tmp_path, progress=False, announce=said.append)
    assert len(longer.history) == 4 and said == []


def test_a_fit_does_not_go_on_with_other_rates_or_weights_or_data(point_sets, tmp_path):
    plan = FitPlan(architectures=("linear-80",), **QUICK)
    fit_networks(point_sets, plan, tmp_path, progress=False)
    for other in (dict(learning_rate=1e-5), dict(somatic_weight=0.7)):
        with pytest.raises(InputError, match="holds a fit of another"):
            fit_networks(point_sets, replace(plan, **other), tmp_path, progress=False)
    shorter = SimulationConfig(cell="integrate_and_fire", n_train=4, n_valid=4, n_test=0, duration_ms=1900)
    simulate_sets(shorter, tmp_path / "shorter", progress=False)
    with pytest.raises(InputError, match=r"is of other settings: training_data .* validation_data"):
        fit_networks(tmp_path / "shorter", plan, tmp_path, progress=False)


def test_a_second_fit_is_on_long_windows(point_sets, point_fits, tmp_path):
    plan = FitPlan(architectures=("linear-80",), long_epochs=2, long_window_ms=900, **QUICK)
    (longer,) = fit_networks(point_sets, plan, tmp_path, progress=False)
    assert [record["window_ms"] for record in longer.history] == [300, 300, 300, 900, 900]
    assert [record["epoch"] for record in longer.history] == [1, 2, 3, 4, 5]
    assert [record["batch_size"] for record in longer.history] == [4, 4, 4, 2, 2]
    assert longer.history[-1]["lr"] < 0.01 / 3 and longer.history[2]["loss"] == point_fits[0].history[2]["loss"]
    assert longer.described()["n_train_windows"] == 3 * 3 * 4 + 2 * 1 * 2
    said = longer.twin.metadata
    assert said["learning_schedule_dict"]["num_epochs"] == 5
    assert said["learning_schedule_dict"]["batch_size_per_epoch"] == [4, 4, 4, 2, 2]
    assert said["training_history_dict"]["loss"] == [record["loss"] for record in longer.history]
    assert said["training_history_dict"]["learning_schedule"] == [0, 1, 2, 3, 4]
    first, second = weights(point_fits[0]), weights(longer)
    assert any(not np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    (again,) = fit_networks(point_sets, plan, tmp_path, progress=False)
    assert all(np.array_equal(a, b) for a, b in zip(weights(again), second, strict=True))


def test_a_fit_that_went_on_and_did_not_end_is_known(point_sets, tmp_path):
    plan = FitPlan(architectures=("linear-80",), **QUICK)
    (fitted,) = fit_networks(point_sets, plan, tmp_path, progress=False)
    assert not fitted.has_more_begun

    def after_an_epoch(n_done, n_total, text):
        if n_done > n_total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_networks(point_sets, replace(plan, n_epochs=10), tmp_path, progress=after_an_epoch)
    again = FittedTwin.read(fitted.folder)
    assert again.has_more_begun and len(again.history) == QUICK["n_epochs"]
    (longer,) = fit_networks(point_sets, replace(plan, n_epochs=10), tmp_path, progress=False)
    assert not longer.has_more_begun and len(longer.history) == 10


def test_nothing_is_fitted_if_one_network_cannot_be(point_sets, tmp_path):
    with pytest.raises(InputError, match="network 'linear-9999' looks back 9999 ms, and a simulation lasts 2000 ms"):
        fit_networks(point_sets, FitPlan(architectures=("linear-80", "linear-9999"), **QUICK), tmp_path, progress=False)
    with pytest.raises(InputError, match="network 'elm': there is none of that name"):
        fit_networks(point_sets, FitPlan(architectures=("linear-80", "elm"), **QUICK), tmp_path / "fits")
    assert not (tmp_path / "fits").exists()


def test_missing_data_are_one_line(tmp_path, point_sets):
    with pytest.raises(InputError, match="has no folder train, with simulations to learn from"):
        fit_networks(tmp_path, FitPlan(**QUICK), tmp_path / "fits")
    with pytest.raises(InputError, match="holds no fitted network"):
        fitted_in(tmp_path)
