"""Input of ball-and-stick cells: published means, chunks, modulation; and which simulations are refused."""

from types import SimpleNamespace

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.recording import CellRecording
from rate2spike.spiking.twin_data.ball_and_stick_input import BallAndStickInput, is_within_bounds

CELL = SimpleNamespace(n_synapses=16, n_excitatory=8)
PLAIN = BallAndStickInput(modulation=0.0)


def test_events_and_weights_are_as_published():
    """About 2 950 excitatory and 2 460 inhibitory events of 8.192 s, mean element 0.104 and 0.077 before modulation."""
    given = [PLAIN.draw(CELL, 0, k) for k in range(0, 28 * 200, 28)]  # one per chunk
    assert {one.events.duration_ms for one in given} == {8192}
    x = [one.events.to_dense() for one in given]
    counts = np.array([[np.count_nonzero(one[:8]), np.count_nonzero(one[8:])] for one in x])
    means = np.array([[one[:8].mean(), one[8:].mean()] for one in x])
    for values, published in ((counts, [2950, 2460]), (means, [0.104, 0.077])):
        error = values.std(0) / np.sqrt(len(values))
        assert (error < 0.04 * np.array(published)).all()
        assert (abs(values.mean(0) - published) < 3 * error).all()
    weights = np.concatenate([one.events.weight for one in given])
    assert weights.min() >= 0 and weights.max() <= 7 and (weights == weights.astype(np.float16)).all()


def test_a_chunk_shares_its_ranges_and_each_simulation_draws_in_them():
    largest = np.array(
        [[PLAIN.draw(CELL, 3, 28 * c + k).drawn["largest_excitation"] for k in range(28)] for c in range(6)]
    )
    assert len(np.unique(largest)) == largest.size and largest.min() >= 2 and largest.max() <= 7
    assert largest.max(1).std() > 0.2  # ends of the ranges differ between chunks


def test_modulation_multiplies_some_segments_for_a_while():
    always = BallAndStickInput(modulation=1.0)
    for k in range(20):
        plain, given = PLAIN.draw(CELL, 1, k), always.draw(CELL, 1, k)
        assert plain.drawn["n_modulations"] == 0 and 6 <= given.drawn["n_modulations"] <= 23
        before, after = plain.events.to_dense(), given.events.to_dense()
        assert not after[before == 0].any()
        ratio = after[before > 0.01] / before[before > 0.01]
        assert 0.3 < (abs(ratio - 1) < 1e-3).mean() < 1  # most is as it was
    drawn = [BallAndStickInput().draw(CELL, 1, k).drawn["n_modulations"] > 0 for k in range(150)]
    assert 0.27 < np.mean(drawn) < 0.53


def test_the_same_numbers_give_the_same_input():
    settings = BallAndStickInput()
    assert settings.draw(CELL, 5, 7) == settings.draw(CELL, 5, 7)
    for other in ((6, 7, 0), (5, 8, 0), (5, 7, 1)):
        assert settings.draw(CELL, 5, 7) != settings.draw(CELL, *other)


def recording(n_spikes=40, mean_mv=-76.0, scatter_mv=4.0, dendrites=True, seed=0):
    rng = np.random.default_rng(seed)
    v_mv = rng.normal(mean_mv, scatter_mv, 8192).astype(np.float32)
    dendrites_mv = rng.normal(-60, 15, (8, 8192)).astype(np.float16) if dendrites else None
    return CellRecording(v_mv, np.sort(rng.uniform(0, 8192, n_spikes)), v_dendrites_mv=dendrites_mv)


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [
        (recording(), True),
        (recording(dendrites=False), True),
        (recording(n_spikes=4), True),  # 0.49 Hz
        (recording(n_spikes=3), False),
        (recording(n_spikes=163), True),
        (recording(n_spikes=164), False),
        (recording(mean_mv=-66.5), False),
        (recording(mean_mv=-86), False),
        (recording(scatter_mv=0.5), False),
    ],
)
def test_simulations_out_of_bounds_are_refused(given, is_kept):
    assert is_within_bounds(given) == is_kept == BallAndStickInput().accepts(given)
    assert BallAndStickInput(filtered=False).accepts(given)


def test_dendrites_count_where_they_were_recorded():
    flat = recording()
    flat.v_dendrites_mv[:] = -60
    assert not is_within_bounds(flat)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (dict(excitation=(1, 2)), "largest excitatory weight must be 4 numbers, got"),
        (dict(inhibition_sparsity=(0, 1, 1, 2)), "must be a number from 0 to 1, got 2"),
        (dict(modulation=1.5), "modulation must be a number from 0 to 1, got 1.5"),
    ],
)
def test_what_is_refused_is_one_line(settings, message):
    with pytest.raises(InputError, match=message):
        BallAndStickInput(**settings)
