"""Receptors: peaks, sums, and the magnesium block against the published numbers; events at t = 0 as published."""

import numpy as np
import pytest

from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.detailed_cells.synapses import (
    AMPA,
    GABA_A,
    GABA_A_STICK,
    L5_EXCITATORY,
    NMDA,
    NMDA_HUMAN,
    STICK_EXCITATORY,
    magnesium_block,
    without_synapses_hit_at_0,
)


@pytest.mark.parametrize(
    ("receptor", "factor", "peak_ms"), [(AMPA, 1.43507, 0.7675), (NMDA, 1.14289, 7.320), (GABA_A, 1.12738, 0.7567)]
)
def test_the_peak_of_an_event_is_gmax_where_it_is_published(receptor, factor, peak_ms):
    t = np.arange(0, 50, 1e-4)
    g = receptor.conductance_us(t)
    assert g.max() == pytest.approx(receptor.gmax_us, rel=1e-3)
    assert t[g.argmax()] == pytest.approx(peak_ms, abs=1e-3)
    assert receptor.peak_time_ms == pytest.approx(peak_ms, abs=1e-3)
    assert receptor.peak_factor == pytest.approx(factor, abs=2e-5)
    assert g[0] == 0 and receptor.conductance_us(-1) == 0


def test_magnesium_blocks_as_published():
    np.testing.assert_allclose(magnesium_block([-80, -40, 0]), [0.0059, 0.127, 0.781], rtol=6e-3)
    assert magnesium_block(-40, 0.062) > magnesium_block(-40, 0.08)
    assert magnesium_block(-80, magnesium_mm=0) == 1


def test_synapses_are_made_of_their_receptors():
    assert [one.gmax_us for one in L5_EXCITATORY["NMDA"]] == [0.0004, 0.0004]
    assert STICK_EXCITATORY["NMDA_human"] == (AMPA, NMDA_HUMAN) and NMDA_HUMAN.gmax_us == 0.0008
    assert (GABA_A.reversal_mv, GABA_A_STICK.reversal_mv) == (-80, -85)


def test_synapses_with_an_event_at_0_fall_silent_as_published():
    events = SynapticEvents(4, 10, [0, 0, 3, 3, 5], [1, 2, 0, 1, 2], [1, 2, 3, 4, 5])
    kept = without_synapses_hit_at_0(events)
    assert kept.synapse.tolist() == [0] and kept.time_ms.tolist() == [3] and kept.weight.tolist() == [3]
    plain = SynapticEvents(4, 10, [1, 3], [1, 1])
    assert without_synapses_hit_at_0(plain) == plain
