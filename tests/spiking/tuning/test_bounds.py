"""What biology fixes: bounds of weights, that descent keeps them, and the model that is made of the weights."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import numpy as np
import pytest

import rate2spike as r2s
from rate2spike.spiking.tuning.bounds import bounds_of
from rate2spike.spiking.tuning.descent import Descent, Weights, batch_trials
from rate2spike.spiking.tuning.tuned_model import with_weights

from helpers import small_model
from tuning_toys import Side, toy_model

NETWORKS = {
    "dale": {},
    "no dale": {"dale": False},
    "sparse": {"density": 0.3},
    "sparse without dale": {"density": 0.3, "dale": False},
    "som": {"n_som": 4},
    "no inhibition": {
        "dale": False,
        "w_rec": np.abs(np.random.default_rng(0).normal(size=(20, 20))).astype(np.float32),
    },
}


def kept(model, changed, factor, largest=1.0):
    """Assert that a changed model is within the biology of the first."""
    before, after = model.effective_w(), changed.effective_w()
    assert not after[model.connection_mask == 0].any()
    if model.has_dale:
        assert changed.has_dale
        assert (changed.w_rec >= 0).all()
        assert (after[:, model.inhibitory] <= 0).all() and (after[:, model.excitatory] >= 0).all()
    assert np.abs(after).max() <= largest * np.abs(before).max() * (1 + 1e-7)
    assert np.abs(changed.w_out).max() <= largest * np.abs(model.w_out).max() * (1 + 1e-7)
    for item in fields(model):
        if item.name not in ("w_rec", "w_out", "settings"):
            np.testing.assert_array_equal(getattr(model, item.name), getattr(changed, item.name), err_msg=item.name)
    np.testing.assert_array_equal(changed.untuned().w_rec, model.w_rec)
    np.testing.assert_array_equal(changed.untuned().w_out, model.w_out)
    assert (changed.w_rec.dtype, changed.w_out.dtype) == (model.w_rec.dtype, model.w_out.dtype)


@pytest.mark.parametrize("name", NETWORKS)
def test_bounds_hold_after_every_update(name):
    changes = NETWORKS[name]
    model, factor = toy_model(**changes), 10.0
    network, bounds = r2s.SpikingNetwork.from_model(model, factor), bounds_of(model, factor)
    weights = Weights.of(network)
    descent = Descent(network, Side(), bounds, 1, 1.0)
    with ThreadPoolExecutor(1) as pool:
        for update in range(4):
            former, weights = weights, descent.run(weights, 1, update, pool)
            assert (weights.w_from >= bounds.low).all() and (weights.w_from <= bounds.high).all()
            assert np.abs(weights.w_out).max() <= bounds.most_out
            assert (weights.w_from != former.w_from).any() and (weights.w_out != former.w_out).any()
            assert not weights.w_from[~bounds.free].any()
            kept(model, with_weights(model, weights, bounds), factor)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_wild_weights_within_the_bounds_become_a_model_within_the_biology(name, dtype):
    changes = NETWORKS[name]
    model = toy_model(**changes)
    rng = np.random.default_rng(1)
    model = r2s.TrainedModel(**{
        item.name: value.astype(dtype) if isinstance(value := getattr(model, item.name), np.ndarray)
        and value.dtype == np.float32 else value for item in fields(model)
    })  # fmt: skip
    for largest in (0.5, 1.0, 1.7):
        bounds = bounds_of(model, 37.0, largest)
        span = rng.uniform(-1, 1, bounds.low.shape)
        w_from = np.where(span < 0, -span * bounds.low, span * bounds.high)
        w_out = rng.choice([-1, 1], model.w_out.shape) * bounds.most_out
        changed = with_weights(model, Weights(w_from, w_out), bounds)
        kept(model, changed, 37.0, largest)
        network = r2s.SpikingNetwork.from_model(changed, 37.0)
        np.testing.assert_allclose(network.w.T, w_from, rtol=1e-5)
        np.testing.assert_allclose(network.readout, w_out, rtol=1e-5)


def test_converted_weights_come_back_to_the_bit():
    for dale in (True, False):
        model = small_model(n_units=15, dale=dale, dtype=np.float64)
        bounds = bounds_of(model, 16.0)  # a power of two: exact
        weights = Weights.of(r2s.SpikingNetwork.from_model(model, 16.0))
        again = with_weights(model, weights, bounds)
        np.testing.assert_array_equal(again.effective_w(), model.effective_w())


def test_what_may_change():
    model = small_model(n_units=9, n_som=2)
    drawn = np.random.default_rng(3).random((9, 9)) < 0.7
    model = replace(model, w_rec_initial=(model.w_rec + 1) * drawn)
    bounds, wider = bounds_of(model, 10.0), bounds_of(model, 10.0, silent=True)
    is_used = model.effective_w() != 0
    np.testing.assert_array_equal(bounds.free, is_used.T)
    np.testing.assert_array_equal(wider.free, (is_used | drawn & (model.connection_mask != 0)).T)
    assert bounds.free.sum() < wider.free.sum() < (model.connection_mask != 0).sum()
    assert (bounds.high[model.inhibitory] == 0).all() and (bounds.low[model.excitatory] == 0).all()
    assert bounds.low.min() == -np.abs(model.effective_w()).max() / 10


@pytest.mark.parametrize(
    "changes", [{"connection_mask": np.zeros((12, 12))}, {"w_rec": np.zeros((12, 12))}, {"w_out": np.zeros((1, 12))}]
)
def test_impossible_constraints_are_named(changes):
    with pytest.raises(r2s.InputError, match="all 0"):
        bounds_of(small_model(**changes), 25.0)


@pytest.mark.parametrize("n_steps", [1, 3, 60, 200, 6400, 10**6])
def test_batches_are_whole_blocks(n_steps):
    assert batch_trials(n_steps) in range(8, 65, 8)


@pytest.mark.parametrize("changes", [{"connection_mask": np.full((12, 12), 0.5)}, {"sign_matrix": np.ones((12, 12))}])
def test_masks_and_signs_of_other_forms_are_refused(changes):
    with pytest.raises(r2s.InputError, match="0 and 1"):
        bounds_of(replace(small_model(n_units=12), **changes), 25.0)
