"""Random input: the probability of an event in closed form, rates as a plain convolution has them, published totals."""

import numpy as np
import pytest
from scipy.signal import fftconvolve
from scipy.signal.windows import gaussian

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
from rate2spike.spiking.kernels.random_events import draw_events, event_probability, smoothed
from rate2spike.spiking.twin_data.l5_variants import L5_VARIANTS
from rate2spike.spiking.twin_data.random_input import POINT_INPUT, RandomInput, _sums_of_window
from rate2spike.spiking.twin_data.synapse_sites import SynapseSites, point_sites, sites_of, sites_on_segments

CELL = IntegrateAndFire()


def tree(seed=5):
    """639 segments as long as those of the layer-5 cell."""
    rng = np.random.default_rng(seed)
    return sites_on_segments(rng.gamma(4, 5, 639).clip(1.75, 39.91), np.arange(639) < 262)


def published_rates(held, hold, sigma, duration_ms):
    """Repeat, crop, convolve."""
    window = gaussian(1 + 7 * sigma, sigma)
    rates = np.repeat(held, hold, axis=1)[:, :duration_ms]
    return fftconvolve(rates, window[None] / window.sum(), mode="full", axes=1)[:, 7 * sigma // 2 :][:, :duration_ms]


@pytest.mark.parametrize("rate", [0.003, 0.2, 0.7, 3.0])
def test_probability_is_that_of_a_uniform_number_below_an_exponential_one(rate):
    rng = np.random.default_rng(0)
    share = (rng.random(10**6) < rng.exponential(rate, 10**6)).mean()
    p = event_probability(rate)
    assert abs(share - p) < 4 * np.sqrt(p * (1 - p) / 10**6)
    assert event_probability(0.0) == 0


@pytest.mark.parametrize(
    ("hold", "sigma", "duration_ms"), [(25, 40, 1000), (6, 21, 500), (70, 19, 333), (119, 300, 1500)]
)
def test_smoothed_rates_are_those_of_a_convolution(hold, sigma, duration_ms):
    held = np.random.default_rng(1).random((3, -(-duration_ms // hold)))
    rates = smoothed(held, hold, _sums_of_window(sigma), duration_ms)
    np.testing.assert_allclose(rates, published_rates(held, hold, sigma, duration_ms), atol=1e-12)


@pytest.mark.parametrize("strength", [0.02, 0.4, 2.0])  # 2: candidates in every millisecond
def test_events_come_with_the_probability_of_the_rate(strength):
    held = strength * np.random.default_rng(2).uniform(0.2, 1, (4, 5))
    hold, window, n_ms, n = 40, _sums_of_window(15), 200, 3000
    ceiling = smoothed(held.max(0)[None], hold, window, n_ms)
    nowhere, everywhere = np.zeros(4, int), np.ones(n_ms)
    counts = np.zeros((4, n_ms))
    for key in range(n):
        time_ms, synapse = draw_events(
            np.uint64(key), held, hold, window, everywhere, ceiling, nowhere, np.full(4, 1.0 + 1e-9)
        )
        assert (np.diff(time_ms * 4 + synapse) > 0).all()
        counts[synapse, time_ms] += 1
    rates = published_rates(held, hold, 15, n_ms)
    p = rates * (1 - np.exp(-1 / rates))
    z = (counts - n * p) / np.sqrt(n * p * (1 - p))
    assert abs(z.mean()) < 5 / np.sqrt(z.size) and z.std() == pytest.approx(1, abs=0.15) and abs(z).max() < 5.5


def test_events_of_neighbouring_milliseconds_and_synapses_are_independent():
    x = RandomInput(excitation_per_100ms=(500, 500), inhibition_excess_per_100ms=(0, 0), noise=0.0, edges="level").draw(
        point_sites(10, 10), 0, 0
    )
    dense = x.events.to_dense().astype(float)  # half of all bins would be far from the Poisson limit
    assert 0.35 < dense.mean() < 0.5
    for a, b in ((dense[:, 1:], dense[:, :-1]), (dense[1:], dense[:-1])):
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 4 / np.sqrt(a.size)


def test_input_of_the_integrate_and_fire_cell_is_as_published():
    """Row 1 and half of row 2 of the table."""
    inputs = [POINT_INPUT.draw(CELL, seed=1, simulation=k) for k in range(300)]
    assert inputs[0].events.to_dense().shape == (100, 6000)
    is_excitatory = np.concatenate([one.events.synapse < 80 for one in inputs])
    assert 3.0 < is_excitatory.sum() / (80 * 6 * 300) < 3.2
    assert 2.8 < (~is_excitatory).sum() / (20 * 6 * 300) < 3.3
    holds, sigmas = (np.array([one.drawn[name] for one in inputs]) for name in ("hold_ms", "sigma_ms"))
    assert 6 <= holds.min() < 20 and 100 < holds.max() <= 119
    assert 21 <= sigmas.min() < 35 and 105 < sigmas.max() <= 119
    recordings = CELL.run([one.events for one in inputs])
    assert 0.75 < np.mean([one.rate_hz for one in recordings]) < 0.95
    intervals = np.concatenate([np.diff(one.spike_times_ms) for one in recordings])
    assert 0.95 < intervals.std() / intervals.mean() < 1.15
    v = np.array([one.v_soma_mv for one in recordings])
    assert v.mean() == pytest.approx(-67.7, abs=0.3) and v.max() == np.float32(-54.9)


@pytest.mark.parametrize(
    ("variant", "excitatory", "inhibitory"),
    [("NMDA", (46e3, 48e3), (35e3, 38e3)), ("AMPA", (112e3, 118e3), (65e3, 70e3))],
)
def test_totals_of_the_layer_5_cell_are_as_published(variant, excitatory, inhibitory):
    """Row 13, with fewer draws: their scatter is allowed for."""
    settings, two_trees = L5_VARIANTS[variant].input, tree()
    inputs = [settings.draw(two_trees, seed=3, simulation=k).events.synapse for k in range(50)]
    n_excitatory = np.array([(one < 639).sum() for one in inputs])
    n_all = np.array([one.size for one in inputs])
    for counts, (low, high) in ((n_excitatory, excitatory), (n_all - n_excitatory, inhibitory)):
        error = counts.std() / np.sqrt(counts.size)
        assert low - 2 * error < counts.mean() < high + 2 * error
    per_synapse = np.bincount(np.concatenate(inputs), minlength=1278)
    for rows in (slice(0, 262), slice(262, 639), slice(639, 901), slice(901, 1278)):
        assert np.corrcoef(per_synapse[rows], two_trees.share[rows])[0, 1] > 0.95


def test_trees_draw_their_own_totals_with_the_same_hold_time():
    one_each = SynapseSites(2, np.array([0, 1, 0, 1], np.int8), np.ones(4) / 50)
    settings = RandomInput(duration_ms=60_000, hold_ms=400, sigma_ms=25, jitter_ms=0, noise=0)
    counts = settings.draw(one_each, 0, 0).events.to_dense().reshape(4, 150, 400).sum(2)
    assert np.corrcoef(counts[0], counts[2])[0, 1] > 0.4  # inhibition follows excitation
    assert abs(np.corrcoef(counts[0], counts[1])[0, 1]) < 0.25


def test_ends_lose_half_of_their_events_as_published_or_none():
    def at_end(edges):
        settings = RandomInput(
            1000, (800, 800), (0, 0), hold_ms=(50,), sigma_ms=(50,), jitter_ms=0, noise=0, edges=edges
        )
        dense = [settings.draw(point_sites(100, 100), 0, k).events.to_dense().mean(0) for k in range(60)]
        rate = np.mean(dense, 0)
        return (rate[:5].mean() + rate[-5:].mean()) / 2 / rate[400:600].mean()

    assert at_end("published") == pytest.approx(0.53, abs=0.04)
    assert at_end("level") == pytest.approx(1, abs=0.05)


def test_each_simulation_and_each_attempt_has_draws_of_its_own():
    first = POINT_INPUT.draw(CELL, 0, 0)
    assert first == POINT_INPUT.draw(CELL, 0, 0) == POINT_INPUT.draw(sites_of(CELL), 0, 0)
    for other in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
        assert first.events != POINT_INPUT.draw(CELL, *other).events


def test_a_tree_without_input_stays_silent():
    settings = RandomInput(excitation_per_100ms=(0, 0), inhibition_excess_per_100ms=(0, 0), edges="level")
    assert settings.draw(CELL, 0, 0).events.n_events == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (dict(excitation_per_100ms=(5, 1)), "must be a range, its end not below its start, got 5 and 1"),
        (dict(excitation_per_100ms=(-5, 1)), "must be a number from 0, got -5"),
        (dict(apical_excitation_per_100ms=(1, 2, 3)), "must be 2 numbers, got"),
        (dict(hold_ms=()), "hold time must be one or several whole numbers, got none"),
        (dict(sigma_ms=(2.5,)), "smoothing width must be a whole number from 1, got 2.5"),
        (dict(jitter_ms=40), "jitter_ms of 40 makes the shortest hold_ms, 25, -14 ms"),
        (dict(edges="none"), "unknown edges 'none': choose from published, level"),
        (dict(duration_ms=0), "duration must be a whole number from 1, got 0"),
    ],
)
def test_what_is_refused_is_one_line(settings, message):
    with pytest.raises(InputError, match=message) as caught:
        RandomInput(**settings)
    assert "\n" not in str(caught.value)
