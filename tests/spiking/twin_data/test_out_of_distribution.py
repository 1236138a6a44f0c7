"""Input that networks were not fitted on: the published shares over many draws, where and when events fall, bad input."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.l5_pyramidal import l5_pyramidal
from rate2spike.spiking.twin_data.config import SimulationConfig, simulate_sets
from rate2spike.spiking.twin_data.out_of_distribution import OutOfDistributionInput
from rate2spike.spiking.twin_data.random_input import RandomInput
from rate2spike.spiking.twin_data.shards import CellDataset
from rate2spike.spiking.twin_data.synapse_sites import point_sites, sites_on_segments

N = 639
CLUSTERS = np.random.default_rng(3).permutation(np.arange(N) % 64)
SITES = sites_on_segments(np.random.default_rng(5).gamma(4, 5, N), np.arange(N) < 262)


def settings(**given):
    return OutOfDistributionInput(segment_clusters=CLUSTERS, **given)


def test_shares_over_many_draws_are_as_published():
    """Row 39: at most 30 % of 64 clusters; half of all simulations oscillate at 15 to 300 ms; half have no inhibition."""
    given = settings(duration_ms=20)
    drawn = [given.draw(SITES, 1, k).drawn for k in range(2000)]
    n_clusters = np.array([len(one["clusters"]) for one in drawn])
    assert n_clusters.min() == 1 and n_clusters.max() == 19 and n_clusters.mean() == pytest.approx(10, abs=0.5)
    chosen = np.bincount(np.concatenate([one["clusters"] for one in drawn]), minlength=64)
    assert chosen.size == 64 and chosen.min() > 0.7 * chosen.mean() and chosen.max() < 1.3 * chosen.mean()
    oscillates = np.array([one["period_ms"] is not None for one in drawn])
    inhibited = np.array([one["inhibition"] for one in drawn])
    for share in (oscillates, inhibited, oscillates == inhibited):  # the third: both are independent
        assert share.mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(2000))
    periods = np.array([one["period_ms"] for one in drawn if one["period_ms"] is not None])
    assert 15 <= periods.min() < 17 and 298 < periods.max() <= 300 and periods.mean() == pytest.approx(157.5, abs=8)


def test_events_fall_into_the_drawn_clusters_only_and_inhibitory_ones_where_there_is_inhibition():
    given, seen = settings(duration_ms=2000), set()
    for k in range(8):
        one = given.draw(SITES, 2, k)
        hit = one.events.synapse
        assert set(CLUSTERS[hit % N]) == set(one.drawn["clusters"])
        assert (hit >= N).any() == one.drawn["inhibition"]
        seen.add(one.drawn["inhibition"])
    assert seen == {True, False}


def test_stimulated_synapses_have_the_rates_of_the_variant():
    base = RandomInput()
    given = settings(oscillating=0, uninhibited=0)
    ours, theirs = np.zeros(2 * N), np.zeros(2 * N)
    for k in range(60):
        one, whole = given.draw(SITES, 4, k), base.draw(SITES, 4, k)
        assert {name: one.drawn[name] for name in whole.drawn} == whole.drawn
        counts = np.bincount(whole.events.synapse, minlength=2 * N)
        is_stimulated = np.tile(np.isin(CLUSTERS, one.drawn["clusters"]), 2)
        ours += np.bincount(one.events.synapse, minlength=2 * N)
        theirs += np.where(is_stimulated, counts, 0)
    for half in (slice(0, N), slice(N, None)):
        assert ours[half].sum() == pytest.approx(theirs[half].sum(), rel=0.02)


def test_rates_oscillate_with_the_drawn_period_and_phase_and_keep_their_mean():
    steady = dict(excitation_per_100ms=(800, 800), inhibition_excess_per_100ms=(0, 0), edges="level", duration_ms=6000)
    one = settings(oscillating=1, uninhibited=0, **steady).draw(SITES, 0, 5)
    other = settings(oscillating=0, uninhibited=0, **steady).draw(SITES, 0, 5)
    assert one.events.n_events == pytest.approx(other.events.n_events, rel=0.03)
    t = one.events.time_ms
    angle = 2 * np.pi * t / one.drawn["period_ms"] + one.drawn["phase"]
    assert np.sin(angle).mean() == pytest.approx(0.5, abs=0.03)  # of a density 1 + sin
    assert np.cos(angle).mean() == pytest.approx(0, abs=0.03)
    assert np.sin(2 * np.pi * other.events.time_ms / one.drawn["period_ms"]).mean() == pytest.approx(0, abs=0.05)


def test_each_simulation_and_each_attempt_has_draws_of_its_own():
    given = settings(duration_ms=500)
    assert given.draw(SITES, 0, 0) == given.draw(SITES, 0, 0)
    drawn = [tuple(given.draw(SITES, *keys).drawn["clusters"]) for keys in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))]
    assert len(set(drawn)) == 4


def test_a_data_set_holds_what_was_drawn_and_is_the_same_on_any_number_of_threads(tmp_path):
    config = SimulationConfig(
        input_kind="out_of_distribution", duration_ms=60, n_train=0, n_valid=0, n_test=3, simulations_per_shard=2
    )
    for name, n in (("one", 1), ("two", 2)):
        simulate_sets(config, tmp_path / name, n_threads=n)
    for share in ("1/2", "2/2"):
        simulate_sets(config, tmp_path / "jobs", shard=share)
    files = {name: sorted((tmp_path / name / "test").glob("*.h5")) for name in ("one", "two", "jobs")}
    assert len(files["one"]) == 2
    for name in ("two", "jobs"):
        assert [one.read_bytes() for one in files[name]] == [one.read_bytes() for one in files["one"]]
    dataset = CellDataset.open(tmp_path / "one" / "test")
    clusters = np.array(dataset.configuration["input"]["segment_clusters"])
    assert clusters.shape == (639,) and set(clusters) == set(range(64))
    segments = l5_pyramidal().segments
    of_one_section = segments.section[1:] == segments.section[:-1]
    assert (clusters[1:] == clusters[:-1])[of_one_section].mean() > 0.5  # neighbours go together; by chance 0.03
    for one in dataset:
        assert set(clusters[one.events.synapse % 639]) <= set(one.drawn["clusters"])
        assert 1 <= len(one.drawn["clusters"]) <= 19 and {"hold_ms", "period_ms", "inhibition"} <= set(one.drawn)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "segment_clusters must say the cluster of every segment, got none"),
        (dict(segment_clusters=3), "segment_clusters must be a whole number for every segment, got 3"),
        (dict(segment_clusters=[0, 0.5]), "a cluster of segment_clusters must be a whole number from 0, got 0.5"),
        (dict(segment_clusters=[0, 2, 2]), "no segment of segment_clusters is in cluster 1"),
        (dict(segment_clusters=[0, 1, 2]), "largest_share 0.3 of 3 clusters is less than one"),
        (dict(segment_clusters=CLUSTERS, period_ms=(0, 10)), "period must be a positive number, got 0"),
        (dict(segment_clusters=CLUSTERS, hold_ms=()), "hold time must be one or several"),
    ],
)
def test_what_is_refused_is_one_line(given, message):
    with pytest.raises(InputError, match=message) as caught:
        OutOfDistributionInput(**given)
    assert "\n" not in str(caught.value)


def test_cells_that_do_not_fit_are_one_line():
    with pytest.raises(InputError, match="segment_clusters is of 639 segments; the cell has 80 excitatory and 20"):
        settings().draw(point_sites(80, 20), 0, 0)
    for cell in ("NMDA_cable", "integrate_and_fire"):
        with pytest.raises(InputError, match=f"is for cells with 64 parts .* not for cell {cell}"):
            SimulationConfig(cell=cell, input_kind="out_of_distribution")
