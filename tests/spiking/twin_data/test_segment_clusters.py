"""Clusters of segments: those that were put in come out, of arrays and data sets, numbered in order; bad input."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.ball_and_stick import ball_and_stick
from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
from rate2spike.spiking.twin_data.ball_and_stick_input import BallAndStickInput
from rate2spike.spiking.twin_data.random_input import POINT_INPUT
from rate2spike.spiking.twin_data.segment_clusters import clusters_of_cell, segment_clusters
from rate2spike.spiking.twin_data.simulate import simulate

TRUE = np.random.default_rng(0).permutation(np.repeat(np.arange(6), [12, 5, 1, 9, 8, 5]))


def voltages(n_simulations=3, duration_ms=400, seed=1):
    """Segments of one cluster share most of what they do, each at its own level and strength."""
    rng = np.random.default_rng(seed)
    level_mv, strength = rng.normal(-65, 5, TRUE.size), rng.uniform(0.5, 8, TRUE.size)
    given = []
    for _ in range(n_simulations):
        shared, own = rng.normal(size=(6, duration_ms)), rng.normal(size=(TRUE.size, duration_ms))
        given.append((level_mv[:, None] + strength[:, None] * (shared[TRUE] + 0.2 * own)).astype(np.float16))
    return given


def test_clusters_that_were_put_in_come_out_in_the_order_of_their_first_segments():
    found = segment_clusters(voltages(), n_clusters=6)
    assert ((found[:, None] == found) == (TRUE[:, None] == TRUE)).all()
    assert np.unique(found, return_index=True)[1].tolist() == sorted(np.unique(found, return_index=True)[1])
    np.testing.assert_array_equal(found, segment_clusters(voltages(), n_clusters=6))


def test_correlations_are_over_all_simulations_together_and_do_not_mind_scale():
    several = voltages()
    joined = segment_clusters(np.hstack(several), n_clusters=6)
    assert (segment_clusters(several, n_clusters=6) == joined).all()
    assert (segment_clusters([4 * one.astype(float) + 50 for one in several], n_clusters=6) == joined).all()


def test_every_segment_may_be_a_cluster():
    assert segment_clusters(voltages(), n_clusters=TRUE.size).tolist() == list(range(TRUE.size))


def test_of_a_data_set(tmp_path):
    cell, given = ball_and_stick(), BallAndStickInput(duration_ms=300, filtered=False)
    options = dict(dt_ms=0.025, with_dendrites=True)
    dataset = simulate(cell, given, tmp_path / "with", 3, seed=0, run_options=options)
    expected = segment_clusters([one.recording.v_dendrites_mv for one in dataset], n_clusters=3)
    assert (segment_clusters(dataset, n_clusters=3) == expected).all() and expected.max() == 2
    assert (np.diff(expected) >= 0).all()  # neighbours on a cable stay together
    without = simulate(cell, given, tmp_path / "without", 1, seed=0, run_options={"dt_ms": 0.025})
    with pytest.raises(InputError, match="has no dendritic voltages: simulate it with with_dendrites"):
        segment_clusters(without)


def test_clusters_of_a_cell_do_not_depend_on_threads_nor_on_the_length_of_a_study():
    cell = ball_and_stick()
    found = [
        clusters_of_cell(cell, BallAndStickInput(duration_ms=duration), 3, dt_ms=0.025, n_threads=n)
        for duration, n in ((100, 1), (8192, 2))
    ]
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize(
    ("given", "n_clusters", "message"),
    [
        (None, 2, r"voltages_mv must be a data set or matrices \(n_segments, T\), got None"),
        ([], 2, "voltages_mv must hold one simulation at least, got none"),
        ([np.ones((3, 4, 2))], 2, "must be matrices"),
        ([np.array([[1.0, np.nan], [2, 1]])], 2, "of finite numbers"),
        ([voltages(1)[0], voltages(1)[0][:7]], 2, "must all be of 40 segments, got 7"),
        (voltages(1), 41, "n_clusters must be at most the number of segments, 40, got 41"),
        (voltages(1), 0, "n_clusters must be a whole number from 1"),
        ([np.vstack([voltages(1)[0], np.full((1, 400), -70)])], 2, "of segment 40 do not change"),
        ([np.tile(np.arange(9.0), (5, 1))], 2, "do not fall into n_clusters 2 different clusters"),
    ],
)
def test_what_cannot_be_clustered_is_one_line(given, n_clusters, message):
    with pytest.raises(InputError, match=message) as caught:
        segment_clusters(given, n_clusters)
    assert "\n" not in str(caught.value)


def test_a_cell_with_too_few_segments_is_one_line():
    with pytest.raises(InputError, match="n_clusters 64: ball and stick NMDA_cable has 8 dendritic segments"):
        clusters_of_cell(ball_and_stick(), BallAndStickInput())
    with pytest.raises(InputError, match="integrate_and_fire has 0 dendritic segments"):
        clusters_of_cell(IntegrateAndFire(), POINT_INPUT)
