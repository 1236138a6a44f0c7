"""Scores of the fitted networks of a study."""

import json
import pickle

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras
from rate2spike.spiking.twin_data.config import SimulationConfig, simulate_sets
from rate2spike.spiking.twin_data.shards import CellDataset
from rate2spike.spiking.twin_evaluation.evaluate import operating_threshold
from rate2spike.spiking.twin_study.best_export import ENDINGS, export_best
from rate2spike.spiking.twin_study.evaluating import evaluate_study, score_twin
from rate2spike.spiking.twin_study.fitted import FittedTwin, fitted_in, unfinished_in
from rate2spike.spiking.twin_study.kept_predictions import predictions_file
from rate2spike.spiking.twin_study.predicting import predicted


@pytest.fixture(scope="module")
def sets(point_sets):
    return {name: CellDataset.open(point_sets / name) for name in ("test", "valid")}


@pytest.fixture(scope="module")
def scores(point_fits, sets):
    return evaluate_study(point_fits, sets["test"], sets["valid"], n_resamples=50, spike_ranges=("0-30",))


def test_scores_are_those_of_one_network(scores, point_fits, sets):
    one = score_twin(
        point_fits[0].twin, sets["test"], sets["valid"], n_resamples=0, discard_ms=0, spike_ranges=("0-30",)
    )
    assert scores.scores[0].evaluation.auc == pytest.approx(one.evaluation.auc, abs=1e-7)
    valid = predicted(point_fits[0].twin, sets["valid"]).spikes
    assert one.evaluation.operating_point.threshold == operating_threshold(valid, discard_ms=0, spike_ranges=("0-30",))
    assert one.evaluation.operating_point.from_validation


def test_files_and_tables(scores, point_fits):
    for fitted, found in zip(point_fits, scores.scores, strict=True):
        content = json.loads((fitted.folder / "evaluation_test.json").read_text(), parse_constant=pytest.fail)
        assert content["auc"] == found.evaluation.auc
        assert list(content["evaluations_results_dict"]) == ["starting_at_0ms_spikes_in_[0,30]_range"]
        assert len(content["list_of_subset_eval_results_dict"]) == 12
    rows = scores.table().rows
    assert [(row.net_type, row.depth, row.width, row.history_ms) for row in rows] == [
        ("FCN", 1, 1, 80),
        ("ELM", 1, 4, None),
    ]
    assert len(scores.to_dataframe()) == 2 and scores.best in {one.name for one in point_fits}
    for drawn in (scores, scores.scores[0], point_fits[0]):
        assert drawn.plot().axes
    flat = scores.flat_rows()[0]
    assert (flat["name"], flat["parameters"]) == ("linear-80_seed_0", 8005)
    assert flat["auc_interval low"] <= flat["auc"] <= flat["auc_interval high"]


def test_predictions_are_kept_and_made_anew_for_other_data(scores, point_fits, sets, tmp_path):
    path = predictions_file(point_fits[0].folder, "test")
    before = path.stat().st_mtime_ns
    again = evaluate_study(point_fits[:1], sets["test"], sets["valid"], n_resamples=50, spike_ranges=("0-30",))
    assert path.stat().st_mtime_ns == before
    assert again.scores[0].evaluation.auc == scores.scores[0].evaluation.auc
    sizes = dict(cell="integrate_and_fire", n_train=0, n_valid=0, n_test=4, duration_ms=2000, seed=5)
    other = simulate_sets(SimulationConfig(**sizes), tmp_path, progress=False)["test"]
    evaluate_study(point_fits[:1], other, sets["valid"], label="other", n_resamples=0, spike_ranges=("0-30",))
    assert path.stat().st_mtime_ns == before
    path.write_bytes(b"damaged")
    evaluate_study(point_fits[:1], sets["test"], sets["valid"], n_resamples=50, spike_ranges=("0-30",))
    assert path.stat().st_size > 1000


def test_all_outputs_are_scored(tmp_path):
    from rate2spike.spiking.twin_study.fitting import fit_networks
    from rate2spike.spiking.twin_study.plan import FitPlan

    from .conftest import QUICK

    sizes = dict(cell="AMPA_point", n_train=2, n_valid=1, n_test=2, duration_ms=1024, with_dendrites=True)
    sets = simulate_sets(SimulationConfig(**sizes), tmp_path / "data", progress=False)
    plan = FitPlan(architectures=("elm-4",), **QUICK)
    (fitted,) = fit_networks(tmp_path / "data", plan, tmp_path / "fits", progress=False)
    found = score_twin(fitted.twin, sets["test"], n_resamples=0, discard_ms=100, spike_ranges=("0-90",))
    assert set(found.heads) == {"near_spikes", "rate", "dendritic"}
    said = fitted.twin.network.predict([one.events for one in sets["test"]])["dendritic"][:, 100:]
    truth = np.stack([one.recording.v_dendrites_mv.T[100:].astype(float) for one in sets["test"]])
    error = said * 42.5 - 85 - np.minimum(truth, 0)
    assert found.heads["dendritic"]["rmse"] == pytest.approx(np.sqrt((error**2).mean()), rel=1e-4)
    assert found.heads["near_spikes"].keys() == {"AUC", "TP @ 0.0020 FP"}


def test_data_without_spikes_are_one_line(point_fits, sets):
    silent = [one for one in sets["test"] if not one.n_spikes]
    if not silent:
        silent = [one for one in sets["valid"] if not one.n_spikes]
    assert silent
    with pytest.raises(InputError, match="undefined: there are no spikes"):
        score_twin(point_fits[0].twin, silent, n_resamples=0)


def test_the_best_are_exported_under_published_names(scores, tmp_path):
    folders = export_best(scores, tmp_path / "best")
    assert sorted(one.name for one in folders) == [
        "integrate_and_fire_ELM__M_4",
        "integrate_and_fire_FCN__DxWxT_1x1x80",
    ]
    for folder in folders:
        assert {one.name for one in folder.iterdir()} == {folder.name + ending for ending in ENDINGS}
    linear = next(one for one in folders if "FCN" in one.name)
    evaluation = pickle.loads((linear / f"{linear.name}_evaluation.pickle").read_bytes())
    training = pickle.loads((linear / f"{linear.name}_training.pickle").read_bytes())
    assert evaluation["evaluations_results_dict"] and set(training) < set(evaluation)
    model = keras.saving.load_model(linear / f"{linear.name}_model.h5", compile=False)
    twin = next(one.twin for one in scores.twins if one.overview.startswith("FCN"))
    x = np.random.default_rng(0).random((1, 90, 100)).astype(np.float32)
    np.testing.assert_allclose(model(x)["spikes"], twin.network.model(x)["spikes"], rtol=1e-6)
    assert "layer_1" in (linear / f"{linear.name}_json.json").read_text()


def test_kept_predictions_with_any_damage_are_made_anew(scores, point_fits, sets):
    path = predictions_file(point_fits[0].folder, "test")
    before = path.read_bytes()
    for place in range(40, len(before), len(before) // 40):
        path.write_bytes(before[:place] + bytes([before[place] ^ 255]) + before[place + 1 :])
        evaluate_study(point_fits[:1], sets["test"], sets["valid"], n_resamples=0, n_subsets=0, spike_ranges=("0-30",))


@pytest.mark.parametrize("content", ["", "{}\n", "3\n", "{\n"])
def test_a_damaged_history_is_one_line(content, tmp_path):
    (tmp_path / "history.jsonl").write_text(content)
    with pytest.raises(InputError, match="is no history of a fit"):
        assert FittedTwin(tmp_path, None).history


def test_unfinished_fits_are_named(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name / "checkpoints").mkdir(parents=True)
    with pytest.raises(InputError, match="holds no fitted network: a, b not finished"):
        fitted_in(tmp_path)
    (tmp_path / "a" / "twin.keras").write_bytes(b"")
    assert unfinished_in(tmp_path) == ["b"]
