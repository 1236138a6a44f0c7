"""The loop of soma and dendrite: the sum that defines it, closed forms, golden samples, what is refused and warned of."""

import time
import warnings
from dataclasses import replace

import numpy as np
import pytest

from rate2spike.errors import InputError, InputWarning
from rate2spike.spiking.cascade.dendrite_soma_loop import DendriteSomaParams, simulate_dendrite_soma

PUBLISHED = DendriteSomaParams()
DURATIONS_MS = [10, 100, 50, 100, 50, 100]
SOMA = np.repeat(0.2 * np.array([0, 10, 0, 0, 0, 10.0]), np.array(DURATIONS_MS) * 10)
DENDRITE = np.repeat(0.2 * np.array([0, 0, 0, 10, 0, 10.0]), np.array(DURATIONS_MS) * 10)


def exponential(tau_samples, n_taps):
    """(n_taps,) of area 1, by what defines it."""
    taps = np.exp(-np.arange(n_taps) / tau_samples)
    return taps / taps.sum()


def direct_sum(soma_input, dendrite_input, initial=(0, 0, 0, 0, 0), soma=None, adaptation=None, dendrite=None):
    """(5, n) states of the published cell, each from the whole sum that defines it; filters may be others."""
    k_s = exponential(100, 1000) if soma is None else soma
    k_d = exponential(50, 500) if dendrite is None else dendrite
    k_a = 2 * exponential(200, 2000) if adaptation is None else adaptation
    k_a = np.array([1.0, *k_a[1:]])
    n_samples = len(soma_input)
    v_s, a_d, v_d, s_p, d = states = np.zeros((5, n_samples))
    states[:, 0] = initial
    for n in range(1, n_samples):
        v_s[n] = sum_of(k_s, (soma_input + d - a_d)[:n])
        a_d[n] = sum_of(k_a, s_p[:n])
        v_d[n] = sum_of(k_d, (dendrite_input + s_p)[:n])
        s_p[n] = 30.0 if v_s[n - 1] >= 1.5 else 0.0
        d[n] = 2 / (1 + np.exp(-(v_d[n - 1] - 2.5) / 0.25))
    return states


def sum_of(taps, history):
    """Sum over j of taps[j] history[-1 - j]."""
    n = min(len(taps), len(history))
    return taps[:n] @ history[::-1][:n]


def states_of(traces):
    return np.array([traces.soma_linear, traces.adaptation, traces.dendrite_linear, traces.spikes, traces.dendrite])


@pytest.fixture(scope="module")
def bursting():
    return simulate_dendrite_soma(SOMA, DENDRITE)


def test_all_states_are_those_of_the_direct_sum(bursting):
    assert np.abs(states_of(bursting) - direct_sum(SOMA, DENDRITE)).max() < 1e-10


def test_so_are_they_from_other_initial_states():
    initial = {"soma_linear": 2.0, "adaptation": 0.5, "dendrite_linear": 2.6, "spikes": 30.0, "dendrite": 1.0}
    soma, dendrite = SOMA[3000:], DENDRITE[3000:]
    found = simulate_dendrite_soma(soma, dendrite, initial=initial)
    expected = direct_sum(soma, dendrite, list(initial.values()))
    assert np.abs(states_of(found) - expected).max() < 1e-10
    assert states_of(found)[:, 0].tolist() == list(initial.values())


def test_filters_that_do_not_end():
    """As long as the history, they are the exponentials whose areas would be 1 without an end."""
    n = SOMA.size
    tails = {
        name: (1 - np.exp(-1 / tau)) * np.exp(-np.arange(n) / tau) for name, tau in (("soma", 100), ("dendrite", 50))
    }
    adaptation = 2 * (1 - np.exp(-1 / 200)) * np.exp(-np.arange(n) / 200)
    found = simulate_dendrite_soma(SOMA, DENDRITE, replace(PUBLISHED, truncated=False))
    assert np.abs(states_of(found) - direct_sum(SOMA, DENDRITE, adaptation=adaptation, **tails)).max() < 1e-10
    assert np.abs(states_of(found) - direct_sum(SOMA, DENDRITE)).max() > 1e-6


def test_events_are_in_exactly_these_samples_of_three_each(bursting):
    onsets = [240, 485, 776, 1068, 3232, 3284, 3352, 3607, 3692, 3917, 4008]
    assert np.flatnonzero(bursting.spikes).tolist() == [onset + k for onset in onsets for k in range(3)]
    assert set(bursting.spikes[bursting.spikes > 0]) == {30.0}
    assert bursting.onset_samples.tolist() == onsets
    assert bursting.onsets_ms.round(9).tolist() == [onset / 10 for onset in onsets]
    assert bursting.n_events == 11 and bursting.shortest_interval_ms == pytest.approx(5.2)


def test_golden_samples(bursting):
    samples = [200, 243, 1000, 3500, 4099]
    soma = [1.2643769, 0.9245130, 1.3328058, 1.3994672, 1.4075726]
    dendrite = [9.0796e-5, 0.0099879, 9.8930e-5, 0.3727328, 0.7215487]
    assert bursting.soma_linear[samples] == pytest.approx(soma, abs=1e-7)
    assert bursting.dendrite[samples] == pytest.approx(dendrite, rel=1e-5)
    assert bursting.soma_linear.min() == pytest.approx(-0.374666, abs=5e-7)
    assert bursting.soma_linear.max() == pytest.approx(1.525455, abs=5e-7)
    assert bursting.largest_dendrite == pytest.approx(1.998738, abs=5e-7)


def test_the_filters_have_the_areas_of_their_taps():
    adaptation = 2 * exponential(200, 2000)
    assert PUBLISHED.areas["adaptation"] == pytest.approx(1 + adaptation[1:].sum(), abs=1e-12)
    assert PUBLISHED.areas["adaptation"] == pytest.approx(2.9900245, abs=5e-8)
    assert PUBLISHED.areas["soma"] == PUBLISHED.areas["dendrite"] == 1


def test_a_weak_constant_input_settles_at_the_input_and_the_dendrite_at_its_sigmoid():
    found = simulate_dendrite_soma(np.zeros(4000), np.full(4000, 2.5))
    assert found.dendrite_linear[-1] == pytest.approx(2.5) and found.dendrite[-1] == pytest.approx(1.0)
    alone = simulate_dendrite_soma(np.full(4000, 1.2), np.zeros(4000))
    assert alone.soma_linear[-1] == pytest.approx(1.2 + 2 / (1 + np.exp(10)))


def test_every_arrow_takes_one_sample():
    soma = np.zeros(20)
    soma[2] = 1000.0  # above threshold at once
    found = simulate_dendrite_soma(soma, np.zeros(20))
    first = [np.flatnonzero(state)[0] for state in (found.soma_linear - found.soma_linear[2], found.spikes)]
    assert first[0] == 0 or first[0] == 3
    assert found.spikes[3] == 0 and found.spikes[4] == 30
    assert found.adaptation[4] == 0 and found.adaptation[5] == pytest.approx(30.0)
    assert found.dendrite_linear[4] == 0 and found.dendrite_linear[5] > 0.5
    assert found.dendrite[5] == found.dendrite[4] and found.dendrite[6] > found.dendrite[5]


def test_the_last_sample_of_the_input_has_no_effect(bursting):
    soma = SOMA.copy()
    soma[-1] = 1e6
    assert (states_of(simulate_dendrite_soma(soma, DENDRITE)) == states_of(bursting)).all()


@pytest.mark.parametrize("dt_ms", [0.05, 0.2])
def test_the_number_of_spikes_hardly_depends_on_the_sampling(dt_ms):
    """A spike's area, 3 samples of the height, does: the height makes up for it."""
    n = np.round(np.array(DURATIONS_MS) / dt_ms).astype(int)
    soma, dendrite = (np.repeat(values, n) for values in ([0, 2.0, 0, 0, 0, 2.0], [0, 0, 0, 2.0, 0, 2.0]))
    params = replace(PUBLISHED, dt_ms=dt_ms, spike_height=3.0 / dt_ms)
    onsets = simulate_dendrite_soma(soma, dendrite, params).onsets_ms
    assert ((onsets > 10) & (onsets < 110)).sum() == 4 and ((onsets > 160) & (onsets < 260)).sum() == 0


def test_time_grows_with_the_number_of_samples_and_4100_take_less_than_50_ms(bursting):
    def seconds(n_times):
        inputs = np.tile(SOMA, n_times), np.tile(DENDRITE, n_times)
        return min(timed(*inputs) for _ in range(5))

    def timed(*inputs):
        begin = time.perf_counter()
        simulate_dendrite_soma(*inputs)
        return time.perf_counter() - begin

    assert seconds(1) < 0.05
    assert seconds(80) < 3 * 4 * seconds(20)  # of quadratic growth it would be 16 times as long


def test_traces_are_a_table_and_cannot_be_written_to(bursting):
    table = bursting.to_dataframe()
    assert list(table) == [
        "time_ms",
        "soma_input",
        "dendrite_input",
        "soma_linear",
        "adaptation",
        "dendrite_linear",
        "spikes",
        "dendrite",
    ]
    assert len(table) == 4100 and table.time_ms.iloc[-1] == pytest.approx(409.9)
    assert (table.soma_linear == bursting.soma_linear).all()
    for name in list(table)[1:]:
        with pytest.raises(ValueError):
            getattr(bursting, name)[0] = 1
    assert "n_events=11" in repr(bursting)


@pytest.mark.parametrize("field", ["soma_area", "dendrite_area"])
def test_filters_of_another_area_are_warned_of(field):
    with pytest.warns(InputWarning, match="not all filters have area 1") as caught:
        simulate_dendrite_soma(np.zeros(10), np.zeros(10), replace(PUBLISHED, **{field: 1.2}))
    assert caught[0].message.fields == (field,) and caught[0].filename == __file__


def test_so_is_the_adaptation_where_it_is_not_as_published():
    with pytest.warns(InputWarning, match="adaptation 3.985") as caught:
        simulate_dendrite_soma(np.zeros(10), np.zeros(10), replace(PUBLISHED, adaptation_area=3.0))
    assert caught[0].message.fields == ("adaptation_area",)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        simulate_dendrite_soma(np.zeros(10), np.zeros(10))
        unit = replace(PUBLISHED, adaptation_area=1.0, adaptation_first_tap=None)
        simulate_dendrite_soma(np.zeros(10), np.zeros(10), unit)


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        ((np.zeros(10), np.zeros(11)), ("soma_input", "dendrite_input")),
        ((np.zeros((2, 5)), np.zeros(10)), ("soma_input",)),
        ((np.zeros(10), np.full(10, np.nan)), ("dendrite_input",)),
        ((np.full(10, np.inf), np.zeros(10)), ("soma_input",)),
        (("text", np.zeros(10)), ("soma_input",)),
        (([], []), ("soma_input",)),
        ((np.zeros(10), np.zeros(10), 5), ("params",)),
    ],
)
def test_bad_input_names_the_argument(arguments, fields):
    with pytest.raises(InputError) as caught:
        simulate_dendrite_soma(*arguments)
    assert caught.value.fields == fields and "\n" not in str(caught.value)


@pytest.mark.parametrize("initial", [{"soma": 1.0}, {"spikes": np.nan}, {"spikes": "a"}, 5, [1, 2]])
def test_bad_initial_states(initial):
    with pytest.raises(InputError) as caught:
        simulate_dendrite_soma(np.zeros(10), np.zeros(10), initial=initial)
    assert caught.value.fields == ("initial",)


@pytest.mark.parametrize("field", ["soma_tau_ms", "dendritic_sensitivity", "spike_height", "dt_ms", "soma_area"])
@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf, "a"])
def test_constants_out_of_range(field, value):
    with pytest.raises(InputError) as caught:
        DendriteSomaParams(**{field: value})
    assert caught.value.fields[0] == field


@pytest.mark.filterwarnings("ignore:.*area 1", "ignore:the loop goes on")
def test_what_grows_beyond_all_numbers_does_not_come_out():
    huge = replace(PUBLISHED, spike_height=1e308, adaptation_area=1e10)
    with pytest.raises(InputError, match=r"adaptation grows beyond all numbers at 24\.") as caught:
        simulate_dendrite_soma(SOMA, DENDRITE, huge)
    assert set(caught.value.fields) == {"spike_height", "adaptation_area"}
