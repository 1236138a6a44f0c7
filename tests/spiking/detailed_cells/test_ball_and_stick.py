"""A ball with a stick: published anchors, its two kinds, and the agreement of coarse and fine steps."""

import numpy as np
import pytest

from rate2spike.spiking.detailed_cells.ball_and_stick import ball_and_stick
from rate2spike.spiking.detailed_cells.events import SynapticEvents


def random_events(seed, duration_ms=1500):
    rng = np.random.default_rng(seed)
    x = (rng.random((16, duration_ms)) < 0.04) * rng.random((16, duration_ms)) * 4
    return SynapticEvents.from_dense(x.astype(np.float32))


def test_isolated_events_along_the_cable():
    """Weight 9 on segments 3 to 60 of 64: somatic peaks read off a published figure, and the rest after 50 ms."""
    cell = ball_and_stick(n_segments=64)
    times = [102, 204, 307, 409, 512]
    (found,) = cell.run([SynapticEvents(128, 614, times, [3, 16, 32, 48, 60], [9] * 5)], dt_ms=0.025)
    assert found.v_soma_mv[0] == -85 and found.v_soma_mv[50] == pytest.approx(-82.7, abs=0.1)
    peaks = [found.v_soma_mv[t : t + 100].max() for t in times]
    np.testing.assert_allclose(peaks, [-66.1, -76.5, -80.6, -82.0, -82.1], atol=0.3)
    assert found.n_spikes == 0


def test_a_short_thick_dendrite_is_a_point():
    cell = ball_and_stick("AMPA_point", n_segments=64)
    times = [102, 204, 307, 409, 512]
    (found,) = cell.run([SynapticEvents(128, 614, times, [3, 16, 32, 48, 60], [6] * 5)], dt_ms=0.025)
    peaks = [found.v_soma_mv[t : t + 100].max() for t in times]
    assert np.ptp(peaks) < 0.6 and -70 < np.mean(peaks) < -68


def test_spikes_hardly_depend_on_the_step_and_overshoot():
    cell, inputs = ball_and_stick("AMPA_point"), [random_events(seed) for seed in range(6)]
    coarse, fine = (cell.run(inputs, dt_ms=dt, with_fine_soma=True) for dt in (0.025, 0.0125))
    assert sum(one.n_spikes for one in coarse) > 10
    assert [one.n_spikes for one in coarse] == [one.n_spikes for one in fine]
    for one, other in zip(coarse, fine, strict=True):
        np.testing.assert_allclose(one.spike_times_ms, other.spike_times_ms, atol=0.5)
    most = max(one.v_soma_fine_mv.max() for one in coarse)
    assert 40 < most < 55 and coarse[0].fine_per_ms == 40


def test_nmda_raises_dendrites_more_than_ampa_alone():
    events = SynapticEvents(16, 300, [100] * 4, [4, 5, 6, 7], [20] * 4)
    with_nmda, without = (
        ball_and_stick(excitatory=kind).run([events], dt_ms=0.025, with_dendrites=True)[0].v_dendrites_mv
        for kind in ("NMDA_human", "AMPA")
    )
    assert with_nmda[7, 150] > without[7, 150] + 10
