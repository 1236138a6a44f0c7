"""Initial weights: distributions, Dale's principle, SOM wiring."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.weights import draw_weights, som_mask


def drawn(seed=0, **settings):
    return draw_weights(TrainConfig(**settings), np.random.default_rng(seed))


def test_gaussian_weights_have_the_published_density_and_gain():
    w = drawn(n_units=400, gain=2.0, apply_dale=False).w_rec
    present = w != 0
    assert abs(present.mean() - 0.2) < 0.01
    assert abs(w[present].std() - 2 / np.sqrt(400 * 0.2)) < 0.005


def test_gamma_weights_have_the_published_mean():
    w = drawn(n_units=400, weight_distribution="gamma", gain=9.0).w_rec
    assert abs(w[w != 0].mean() - 2 * 0.003) < 1e-4  # unscaled by the gain


def test_dale_makes_weights_positive_and_signs_by_column():
    weights = drawn(n_units=300, p_inh=0.3)
    assert (weights.w_rec >= 0).all()
    assert abs(weights.inhibitory.mean() - 0.3) < 0.1
    effective = weights.w_rec @ weights.sign_matrix
    assert (effective[:, weights.inhibitory] <= 0).all() and (effective[:, ~weights.inhibitory] >= 0).all()
    assert not drawn(apply_dale=False).inhibitory.any()


def test_som_units_are_the_first_inhibitory_ones_and_are_inhibited_by_nobody():
    inhibitory = np.array([False, True, True, False, True])
    mask = som_mask(inhibitory, 2)
    assert not mask[np.ix_([1, 2], [1, 2, 4])].any()
    assert mask.sum() == 25 - 6


def test_shapes_and_scales():
    weights = drawn(n_units=1000, task="mante")
    assert weights.w_in.shape == (1000, 4) and weights.w_out.shape == (1, 1000) and weights.tau_logit.shape == (1000, 1)
    assert abs(weights.w_in.std() - 1) < 0.05
    assert abs(weights.w_out.std() - 0.01) < 0.001
    assert all(getattr(weights, name).dtype == np.float32 for name in ("w_rec", "w_in", "w_out", "tau_logit"))


def test_more_som_units_than_inhibitory_ones_drawn():
    with pytest.raises(InputError, match=r"n_som 9 exceeds the \d+ inhibitory units drawn"):
        drawn(n_units=10, n_som=9, p_inh=0.1)
