"""PCA of population activity: known components are found, equal populations are equal."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.analysis import plots_population as plots
from rate2spike.spiking.analysis.population_pca import compare_populations, pca_of_rates, population_pca
from rate2spike.spiking.simulator.network import SpikingNetwork

from helpers import poisson_record, small_model

TIME = np.linspace(0, 2 * np.pi, 100, endpoint=False)
# (2 conditions, 3 components, 100 times), orthogonal, of variances in the ratio 9 : 4 : 1
SIGNALS = np.stack(
    [
        np.stack([3 * np.sin(TIME), 2 * np.cos(TIME), np.sin(2 * TIME)]),
        np.stack([3 * np.sin(TIME), -2 * np.cos(TIME), np.sin(2 * TIME)]),
    ]
)


def orthonormal(n_rows, n_units, seed):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(n_units, n_rows)))[0].T


def rank_three(seed=0, n_units=30):
    return np.einsum("kn,ckt->cnt", orthonormal(3, n_units, seed), SIGNALS) + 5


def test_three_components_explain_a_signal_of_rank_three():
    result = pca_of_rates(rank_three())
    np.testing.assert_allclose(result.explained_variance_ratio[:3], np.array([9, 4, 1]) / 14, rtol=1e-10)
    assert result.explained_variance_ratio[3:].sum() < 1e-20
    assert result.n_components_for(0.99) == 3 and result.n_components_for(0.6) == 1
    assert result.n_components_for(1) >= 3
    np.testing.assert_allclose(result.mean, 5)
    np.testing.assert_allclose(np.abs(result.components[:3] @ orthonormal(3, 30, 0).T), np.eye(3), atol=1e-10)
    np.testing.assert_allclose(np.abs(result.trajectories[:, :3]), np.abs(SIGNALS), atol=1e-10)


def test_components_rebuild_the_rates():
    rates = np.random.default_rng(1).normal(size=(3, 7, 11))
    result = pca_of_rates(rates, ["a", "b", "c"])
    assert result.conditions == ("a", "b", "c")
    np.testing.assert_allclose(result.components @ result.components.T, np.eye(7), atol=1e-12)
    rebuilt = np.einsum("ckt,kn->cnt", result.trajectories, result.components) + result.mean[:, None]
    np.testing.assert_allclose(rebuilt, rates, atol=1e-12)
    eigenvalues = np.linalg.eigvalsh(np.cov(rates.transpose(1, 0, 2).reshape(7, -1)))[::-1]
    np.testing.assert_allclose(result.explained_variance_ratio, eigenvalues / eigenvalues.sum())


def test_a_population_is_equal_to_itself_moved_turned_and_scaled():
    one = pca_of_rates(rank_three())
    same = compare_populations(one, pca_of_rates(3 * rank_three() + 1))
    np.testing.assert_allclose(same.canonical_correlations, 1)
    assert same.procrustes_disparity < 1e-12 and same.principal_angles_rad.max() < 1e-6
    # other units carry the same trajectories
    other = compare_populations(one, pca_of_rates(rank_three(seed=9, n_units=30)))
    np.testing.assert_allclose(other.canonical_correlations, 1)
    assert other.procrustes_disparity < 1e-12 and other.principal_angles_rad.min() > 0.1
    assert compare_populations(one, pca_of_rates(rank_three(seed=9, n_units=20))).principal_angles_rad is None


def test_a_known_angle_between_subspaces_is_found():
    basis = np.eye(6)
    turned = basis[:3].copy()
    turned[2] = np.cos(0.4) * basis[2] + np.sin(0.4) * basis[4]
    one, other = (pca_of_rates(np.einsum("kn,ckt->cnt", rows, SIGNALS)) for rows in (basis[:3], turned))
    np.testing.assert_allclose(compare_populations(one, other).principal_angles_rad, [0, 0, 0.4], atol=1e-6)


def test_unrelated_trajectories_are_unlike():
    rng = np.random.default_rng(2)
    one, other = (pca_of_rates(rng.normal(size=(2, 8, 500))) for _ in range(2))
    result = compare_populations(one, other)
    assert result.canonical_correlations.max() < 0.2 and result.procrustes_disparity > 0.9


def test_spiking_units_carry_the_components_of_their_rates():
    rng = np.random.default_rng(3)
    loadings = rng.normal(size=(40, 2))
    time_s = np.arange(1000) * 0.001
    signals = {
        "a": np.stack([np.sin(2 * np.pi * time_s), time_s]),
        "b": np.stack([-np.sin(2 * np.pi * time_s), time_s]),
    }
    rates_hz = {name: np.clip(60 + 18 * loadings @ signal, 0, None) for name, signal in signals.items()}
    labels = ["a", "b"] * 30
    result = population_pca([poisson_record(rates_hz[name], 1.0, rng) for name in labels], labels, sigma_s=0.04)
    true = pca_of_rates(np.stack([rates_hz[name].reshape(40, 200, 5).mean(2) for name in "ab"]), "ab")
    similarity = compare_populations(result, true, 2)
    assert similarity.canonical_correlations.min() > 0.95 and similarity.principal_angles_rad.max() < 0.4
    assert result.explained_variance_ratio[:2].sum() > 0.85
    np.testing.assert_allclose(result.time_s, (np.arange(200) + 0.5) * 0.005)


def bad(value):
    rates = rank_three()
    rates[0, 0, 0] = value
    return rates


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        (bad(np.nan), "NaN or infinite"),
        (bad(np.inf), "NaN or infinite"),
        (np.ones((3, 4)), "shape"),
        (np.ones((2, 3, 4)), "do not vary"),
        ("rates", "array"),
        (np.zeros((0, 3, 4)), "shape"),
    ],
)
def test_bad_rates_are_refused(rates, message):
    with pytest.raises(InputError, match=message):
        pca_of_rates(rates)


def test_populations_that_cannot_be_compared_are_refused():
    one = pca_of_rates(rank_three())
    for other, n_components, message in (
        (pca_of_rates(rank_three(), "ab"), 3, "conditions differ"),
        (pca_of_rates(rank_three()[:, :, ::2]), 3, "time points differ"),
        (one, 31, "n_components must be"),
        (one, 0, "n_components must be"),
        (one, 4, "rank"),
    ):
        with pytest.raises(InputError, match=message):
            compare_populations(one, other, n_components)
    with pytest.raises(InputError, match="one name per condition"):
        pca_of_rates(rank_three(), ["a"])
    with pytest.raises(InputError, match="time_s must have shape"):
        pca_of_rates(rank_three(), time_s=np.arange(3))
    with pytest.raises(InputError, match="share"):
        one.n_components_for(1.5)


def test_figures():
    network = SpikingNetwork.from_model(small_model(n_som=2), 5.0)
    trials = [network.run(np.ones((1, 41)) * 20, seed=k, record=("spikes", "rates")) for k in range(4)]
    spikes, filtered = (population_pca(trials, ["Go", "NoGo"] * 2, source=source) for source in ("spikes", "rates"))
    axes = plots.explained_variance({"spikes": spikes, "filtered": filtered}).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("number of principal components", "variance explained (%)")
    np.testing.assert_allclose(axes.lines[1].get_ydata(), 100 * np.cumsum(filtered.explained_variance_ratio)[:10])
    figure = plots.trajectories(filtered, "network")
    assert [axes.get_ylabel() for axes in figure.axes] == ["PC 1 (Hz)", "PC 2 (Hz)", "PC 3 (Hz)"]
    assert figure.axes[-1].get_xlabel() == "time (s)"
    np.testing.assert_array_equal(figure.axes[1].lines[1].get_ydata(), filtered.trajectories[1, 1])
    assert plots.trajectories(pca_of_rates(rank_three()), unit="a.u.").axes[-1].get_xlabel() == "time (bins)"
