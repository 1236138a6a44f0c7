"""Groups of synapses, input per ms and in windows, and which simulations and pieces of time figures show."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.ball_and_stick import ball_and_stick
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
from rate2spike.spiking.detailed_cells.l5_pyramidal import l5_pyramidal
from rate2spike.spiking.detailed_cells.recording import CellRecording
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_figures.cell_synapses import CellSynapses
from rate2spike.spiking.twin_figures.input_counts import boxcar, group_inputs, input_per_ms, window_counts
from rate2spike.spiking.twin_figures.selection import (
    any_simulations,
    chosen_rows,
    chosen_simulations,
    middle_windows,
    zoom_window,
)

THREE = CellSynapses(2, 1)


def simulation(time_ms, synapse, spikes=(), duration_ms=1000, weight=None, number=0):
    events = SynapticEvents(3, duration_ms, time_ms, synapse, weight)
    recording = CellRecording(np.full(duration_ms, -70, np.float32), np.array(spikes, float))
    return CellSimulation(number, events, recording)


def test_parts_of_the_layer_5_cell_have_262_184_and_193_segments():
    """Row 36."""
    synapses = CellSynapses.of(l5_pyramidal())
    groups = synapses.groups
    assert {name: one.excitatory.size for name, one in groups.items()} == {"basal": 262, "oblique": 184, "tuft": 193}
    np.testing.assert_array_equal(groups["basal"].excitatory, np.arange(262))
    np.testing.assert_array_equal(groups["tuft"].excitatory, np.arange(366, 559))
    np.testing.assert_array_equal(
        groups["oblique"].excitatory, np.concatenate([np.arange(262, 366), np.arange(559, 639)])
    )
    rows = np.concatenate([np.concatenate(one) for one in groups.values()])
    np.testing.assert_array_equal(np.sort(rows), np.arange(1278))
    np.testing.assert_array_equal(groups["tuft"].inhibitory, groups["tuft"].excitatory + 639)


def test_other_cells_have_one_part():
    for cell, n_excitatory, n_synapses in ((ball_and_stick(), 8, 16), (IntegrateAndFire(), 80, 100)):
        ((_, group),) = CellSynapses.of(cell).groups.items()
        np.testing.assert_array_equal(group.excitatory, np.arange(n_excitatory))
        np.testing.assert_array_equal(group.inhibitory, np.arange(n_excitatory, n_synapses))


def test_a_boxcar_is_the_mean_of_the_last_values():
    values = np.random.default_rng(0).normal(size=(3, 30))
    expected = [[row[max(0, t - 17) : t + 1].mean() for t in range(30)] for row in values]
    np.testing.assert_allclose(boxcar(values, 18), expected, atol=1e-12)
    np.testing.assert_allclose(boxcar(values.T, 18, axis=0), np.transpose(expected), atol=1e-12)
    np.testing.assert_array_equal(boxcar(values, 1), values)
    np.testing.assert_allclose(boxcar(values, 99)[:, -1], values.mean(1))


def test_input_per_ms_counts_events_or_adds_their_weights():
    one = simulation([1, 1, 1, 4], [0, 1, 2, 0], duration_ms=6)
    assert input_per_ms(one.events, np.array([0, 1])).tolist() == [0, 2, 0, 0, 1, 0]
    assert input_per_ms(one.events, np.array([2])).tolist() == [0, 1, 0, 0, 0, 0]
    heavy = simulation([1, 1, 1, 4], [0, 1, 2, 0], duration_ms=6, weight=[0.5, 2, 7, 1])
    assert input_per_ms(heavy.events, np.array([0, 1])).tolist() == [0, 2.5, 0, 0, 1, 0]
    smooth = group_inputs(one, THREE)
    assert list(smooth) == ["excitatory", "inhibitory"]
    np.testing.assert_allclose(smooth["excitatory"], np.cumsum([0, 2, 0, 0, 1, 0]) / np.arange(1, 7))


def test_windows_overlap_by_half_and_hold_what_is_in_them():
    rng = np.random.default_rng(1)
    time_ms, synapse = np.nonzero(rng.random((1000, 3)) < 0.1)
    spikes = np.sort(rng.uniform(0, 1000, 30))
    one = simulation(time_ms, synapse, spikes)
    counts = window_counts([one, one], THREE)
    assert {length: found.n_windows for length, found in counts.items()} == {100: 2 * 19, 200: 2 * 9, 1000: 2}
    for length, found in counts.items():
        for k, start in enumerate(range(0, 1000 - length + 1, length // 2)):
            inside = (time_ms >= start) & (time_ms < start + length)
            assert found.excitatory[k] == (inside & (synapse < 2)).sum()
            assert found.inhibitory[k] == (inside & (synapse == 2)).sum()
            assert found.output[k] == ((spikes >= start) & (spikes < start + length)).sum()


def test_windows_longer_than_simulations_are_none():
    counts = window_counts([simulation([5], [0], duration_ms=150)], THREE)
    assert [found.n_windows for found in counts.values()] == [2, 0, 0]


def test_simulations_are_chosen_by_their_spikes_and_the_seed():
    counts = np.array([0, 50, 3, 7, 31, 12])
    assert sorted(chosen_rows(counts, 3, (3, 30), seed=0)) == [2, 3, 5]
    assert chosen_rows(counts, 6, (3, 30), seed=0)[3:].tolist() == [4, 0, 1]
    assert len({chosen_rows(counts, 1, (3, 30), seed=seed)[0] for seed in range(20)}) == 3
    data = [simulation([], [], np.arange(n) + 0.5, number=n) for n in counts.tolist()]
    for seed in range(5):
        expected = counts[chosen_rows(counts, 4, (3, 30), seed)]
        assert [one.number for one in chosen_simulations(data, 4, (3, 30), seed)] == expected.tolist()
    with pytest.raises(InputError, match="dataset is empty"):
        chosen_simulations([], 1, (0, 1), 0)


def test_some_of_many_simulations_are_any():
    assert any_simulations(5, 10, 0) == [0, 1, 2, 3, 4]
    some = any_simulations(500, 100, 0)
    assert len(set(some)) == 100 and some == sorted(some) and some != any_simulations(500, 100, 1)


def test_the_six_windows_of_six_seconds_are_the_published_ones():
    published = [(2900, 3100), (2800, 3200), (2700, 3300), (2600, 3400), (2400, 3600), (500, 5500)]
    assert middle_windows(6000) == published
    assert middle_windows(600) == [(200, 400), (100, 500), (0, 600)]
    assert middle_windows(50) == [(0, 50)]
    assert len(middle_windows(8192)) == 6


def test_a_zoom_is_a_fifth_about_a_spike():
    for row in range(20):
        start, end = zoom_window([1500, 4000], 6000, 3, row)
        assert end - start == 1200 and start >= 0 and end <= 6000
        assert start <= 1500 < end or start <= 4000 < end
        assert (start, end) == zoom_window([1500, 4000], 6000, 3, row)
    assert zoom_window([], 80, 0, 0) == (0, 80)
    assert len({zoom_window([], 6000, seed, 0) for seed in range(5)}) == 5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: CellSynapses(0, 1), "n_excitatory must be a whole number"),
        (lambda: CellSynapses(2, 1, segments=7), "segments must be Segments"),
        (lambda: CellSynapses(7, 8, ball_and_stick().segments), "a cell of 8 segments has 8 synapses of each kind"),
        (lambda: CellSynapses.of("cell"), "cell must be a cell, with n_synapses"),
        (lambda: group_inputs(simulation([], []), CellSynapses(3, 3)), "simulation must be of 6 synapses"),
        (lambda: window_counts([simulation([], [])], CellSynapses(3, 3)), "simulations must be of 6 synapses"),
        (lambda: window_counts([], THREE), "there are no simulations to count in"),
    ],
)
def test_what_is_refused_is_one_line(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
