"""Components of dendritic voltages: against a decomposition of all samples at once, whitened, signs fixed, saved."""

import json

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.neuron_as_net.dendritic_pca import DendriticPCA


def some_voltages(n_segments=40, n_ms=900, seed=0):
    """A few slow sources that spread over the segments, with spikes above 2 mV."""
    rng = np.random.default_rng(seed)
    sources = np.cumsum(rng.normal(0, 0.3, (6, n_ms)), 1)
    v = -65 + np.random.default_rng(9).normal(size=(n_segments, 6)) @ sources + rng.normal(0, 1, (n_segments, n_ms))
    v[:, ::100] = 30
    return v.astype(np.float16)


PARTS = [some_voltages(seed=k) for k in range(4)]
PCA = DendriticPCA.fit(PARTS, 5)


def test_it_is_the_decomposition_of_all_samples_at_once():
    clipped = np.minimum(np.concatenate(PARTS, 1), 2).astype(float)
    centred = clipped - clipped.mean(1, keepdims=True)
    _, singular, directions = np.linalg.svd(centred.T, full_matrices=False)
    np.testing.assert_allclose(PCA.mean_mv, clipped.mean(1), rtol=1e-12)
    np.testing.assert_allclose(PCA.variances_mv2, singular[:5] ** 2 / clipped.shape[1], rtol=1e-9)
    np.testing.assert_allclose(np.abs((PCA.components * directions[:5]).sum(1)), 1, rtol=1e-9)


def test_it_is_whitened_with_fixed_signs():
    projected = np.concatenate([PCA.project(part) for part in PARTS])
    np.testing.assert_allclose(projected.var(0), 1, atol=1e-6)
    np.testing.assert_allclose(projected.mean(0), 0, atol=1e-6)
    largest = np.abs(PCA.components).argmax(1)
    assert (PCA.components[np.arange(5), largest] > 0).all()


def test_targets_are_clipped():
    targets = PCA.targets(PARTS[0])
    assert targets.dtype == np.float32 and np.abs(PCA.project(PARTS[0])).max() > 3 >= np.abs(targets).max()


def test_all_components_give_the_voltages_back():
    full = DendriticPCA.fit(PARTS, 40)
    np.testing.assert_allclose(full.voltages_mv(full.project(PARTS[0])), np.minimum(PARTS[0], 2), atol=1e-6)


def test_it_is_saved_with_all_digits():
    assert DendriticPCA.from_json(PCA.to_json()) == PCA


@pytest.mark.parametrize(
    ("voltages", "n", "message"),
    [
        ([PARTS[0]], 41, "n_components must be at most the number of segments and of samples, 40 and 900; got 41"),
        ([PARTS[0], PARTS[0][:7]], 5, "voltages_mv must all be of 40 segments, got 7"),
        ([np.zeros(5)], 2, "voltages_mv must be matrices \\(n_segments, T\\), got one of shape \\(5,\\)"),
        ([np.full((3, 5), np.nan)], 2, "voltages_mv must be finite"),
        ([np.full((3, 5), -70.0)], 2, "the voltages do not vary in n_components 2 directions"),
        ([], 2, "n_components must be at most"),
        (None, 2, "voltages_mv must be matrices \\(n_segments, T\\), got None"),
    ],
)
def test_what_is_refused(voltages, n, message):
    with pytest.raises(InputError, match=message):
        DendriticPCA.fit(voltages, n)
    parts = {"mean_mv": [1.0], "components": [[1.0, 2.0]], "variances_mv2": [1.0]}
    for text in ("[1", "{}", "null", json.dumps(parts), json.dumps(parts | {"components": [1.0]})):
        with pytest.raises(InputError, match="no saved DendriticPCA"):
            DendriticPCA.from_json(text)
