"""The recurrent dendrite: an independent solver of its equations, physics of its parts, and numbers of the published runs."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from rate2spike.errors import InputError
from rate2spike.readable import same
from rate2spike.spiking.cascade.recurrent_dendrite import simulate_recurrent_dendrite
from rate2spike.spiking.cascade.recurrent_dendrite_demonstration import spiking_peak
from rate2spike.spiking.cascade.recurrent_dendrite_params import RecurrentDendriteParams

C1 = RecurrentDendriteParams()
C2 = RecurrentDendriteParams(half_activation=1.8, sensitivity=0.2, soma_threshold=1.0)


def run(params, **settings):
    return simulate_recurrent_dendrite(params=replace(params, **settings))


def solved(params, input_at, pulse_at, time_ms):
    """(soma_linear, dendrite_linear, dendrite) by SciPy; pulse_at gives the somatic pulse."""

    def change(t, state):
        soma, dendrite, sodium = state
        x = input_at(t) + pulse_at(t)
        return (
            (input_at(t) - soma) / params.tau_soma_ms,
            (x - dendrite) / params.tau_dendrite_ms,
            (x - sodium) / params.tau_sodium_ms,
        )

    found = solve_ivp(
        change, (0, time_ms[-1]), (0, 0, 0), t_eval=time_ms, rtol=1e-9, atol=1e-12, max_step=params.dt_ms / 2
    ).y
    nonlinear = params.gain / (1 + np.exp(-(found[2] - params.half_activation) / params.sensitivity))
    return found[0], found[1], found[1] + nonlinear


@pytest.mark.parametrize("tau_sodium_ms", [2.0, 2.0001, 1.3, 7.0])
def test_an_independent_solver_gives_the_same_also_near_resonance(tau_sodium_ms):
    params = replace(C1, tau_sodium_ms=tau_sodium_ms, duration_ms=20.0, dt_ms=0.05)
    traces = simulate_recurrent_dendrite(params=params)
    (spike,) = traces.spikes_ms
    expected = solved(
        params,
        lambda t: params.peak * np.e / 2 * t * np.exp(-t / 2),
        lambda t: params.pulse_height * (spike <= t < spike + 1),
        traces.time_ms,
    )
    for value, one in zip((traces.soma_linear, traces.dendrite_linear, traces.dendrite), expected, strict=True):
        np.testing.assert_allclose(value, one, atol=5e-3 if one is expected[2] else 1e-3)
        far = (traces.time_ms < spike) | (traces.time_ms > spike + 6)  # the solver steps over the edges of the pulse
        np.testing.assert_allclose(value[far], one[far], atol=1e-3)
        np.testing.assert_allclose(value[traces.time_ms < spike - 0.1], one[traces.time_ms < spike - 0.1], atol=1e-8)


@pytest.mark.parametrize("dt_ms", [0.001, 0.1, 0.7, 5.0])
def test_values_at_samples_do_not_depend_on_how_far_they_are_apart(dt_ms):
    exact = run(C1, dt_ms=dt_ms)
    coarse, fine = exact.at_regular_times(), run(C1, dt_ms=0.001).at_regular_times()
    at = np.searchsorted(fine.time_ms, coarse.time_ms - 1e-9)
    for name in ("stimulus", "soma_linear", "dendrite_linear", "dendrite"):
        np.testing.assert_allclose(getattr(coarse, name), getattr(fine, name)[at], atol=1e-12)
    np.testing.assert_array_equal(coarse.spikes_ms, fine.spikes_ms)
    assert exact.max_dendrite == pytest.approx(0.925295, abs=1e-6)  # at the end of the pulse, a sample of its own
    assert exact.time_ms.size == coarse.time_ms.size + 2


def test_the_soma_meets_its_threshold_at_the_spike():
    traces = run(C1, dt_ms=0.25)
    at_spike = simulate_recurrent_dendrite(
        params=replace(C1, dt_ms=traces.first_spike_ms, duration_ms=traces.first_spike_ms)
    )
    assert at_spike.soma_linear[-1] == pytest.approx(C1.soma_threshold, abs=1e-14)


def test_the_soma_fires_from_a_height_of_the_input_on():
    smallest = spiking_peak(C1)
    assert smallest == pytest.approx(1.7029, abs=1e-4)
    assert run(C1, peak=smallest * (1 - 1e-9)).n_spikes == 0
    assert run(C1, peak=smallest * (1 + 1e-9)).n_spikes == 1
    assert spiking_peak(replace(C1, duration_ms=0.0)) == np.inf == spiking_peak(replace(C1, soma_threshold=-1.0))


@pytest.mark.parametrize(
    ("peak", "threshold", "spikes"),
    [(1.75, 0.0, 1), (-1.75, -0.1, 1), (-1.75, 0.0, 0), (1.75, -0.1, 0), (0.0, 0.0, 0), (-1.75, -0.3, 0)],
)
def test_only_rising_above_the_threshold_is_a_spike(peak, threshold, spikes):
    """An inhibitory input lets the soma rise again, above a threshold below rest."""
    traces = run(C1, peak=peak, soma_threshold=threshold, duration_ms=200.0)
    assert traces.n_spikes == spikes
    given = simulate_recurrent_dendrite(traces.at_regular_times().stimulus, traces.params)
    np.testing.assert_allclose(given.spikes_ms, traces.spikes_ms, atol=0.05)


def test_a_pulse_is_as_high_and_wide_as_it_is_said():
    traces = run(C1, pulse_height=3.0, pulse_width_ms=2.5, dt_ms=0.001).at_regular_times()
    on = traces.time_ms[traces.pulse > 0]
    assert set(traces.pulse.tolist()) == {0.0, 3.0}
    assert on[0] == pytest.approx(traces.first_spike_ms, abs=1e-3) and on.size == 2500
    np.testing.assert_array_equal(traces.soma, traces.soma_linear + traces.pulse)


def test_the_dendrite_never_reaches_the_soma():
    linear, spiking = run(C1, gain=0.0, pulse_height=0.0), run(C1, gain=50.0)
    np.testing.assert_array_equal(linear.soma_linear, spiking.soma_linear)
    np.testing.assert_array_equal(linear.dendrite, linear.dendrite_linear)


def test_the_linear_parts_scale_with_the_input_and_the_dendrite_does_more():
    small, large = run(C1, peak=1.0), run(C1, peak=1.5)
    np.testing.assert_allclose(large.dendrite_linear, 1.5 * small.dendrite_linear, atol=1e-14)
    assert large.max_dendrite / small.max_dendrite == pytest.approx(1.888, abs=1e-3)
    assert run(C2, peak=2.1).max_dendrite / run(C2, peak=1.25).max_dendrite == pytest.approx(3.852, abs=1e-3)


def test_an_input_without_end_reaches_its_own_height():
    """All filters have gain 1."""
    traces = simulate_recurrent_dendrite(np.full(1000, 0.4), replace(C2, dt_ms=1.0))
    assert traces.soma_linear[-1] == pytest.approx(0.4) == traces.dendrite_linear[-1]
    at = traces.time_ms == 40.0
    assert traces.soma_linear[at] == pytest.approx(0.4 * (1 - np.exp(-1)), abs=1e-14)


def test_a_ramp_is_followed_with_its_lag():
    traces = simulate_recurrent_dendrite(0.001 * np.arange(1000), replace(C2, dt_ms=0.5))
    t, tau = traces.time_ms, 20.0
    np.testing.assert_allclose(traces.dendrite_linear, 0.002 * (t - tau * (1 - np.exp(-t / tau))), atol=1e-12)


def test_a_given_input_is_as_the_alpha_function_it_was_sampled_from():
    """Lines between samples 0.01 ms apart are 2e-5 below the curve."""
    exact = simulate_recurrent_dendrite(params=C1)
    given = simulate_recurrent_dendrite(exact.at_regular_times().stimulus, C1).at_regular_times()
    assert given.spikes_ms == pytest.approx(exact.spikes_ms, abs=2e-4)
    np.testing.assert_allclose(given.dendrite, exact.at_regular_times().dendrite, atol=1e-4)
    assert given.peak is None and exact.peak == 1.75


SQUARE = np.repeat([3.0, -3.0, 3.0, -3.0, 3.0], 40)  # 4 ms each, samples 0.1 ms apart


def test_every_rise_above_the_threshold_begins_a_pulse():
    params = replace(C1, dt_ms=0.1, soma_threshold=0.1)
    traces = simulate_recurrent_dendrite(SQUARE, params).at_regular_times()
    above = traces.soma_linear > 0.1
    rises = traces.time_ms[1:][above[1:] & ~above[:-1]]
    assert traces.n_spikes == rises.size == 3
    assert ((traces.spikes_ms <= rises) & (traces.spikes_ms > rises - 0.1)).all()
    assert np.count_nonzero(traces.pulse) == 30  # 1 ms each


def test_a_rise_within_a_pulse_prolongs_it():
    params = replace(C1, dt_ms=0.1, soma_threshold=0.1, pulse_width_ms=9.0)
    traces = simulate_recurrent_dendrite(SQUARE, params).at_regular_times()
    first, second, third = traces.spikes_ms
    assert second < first + 9 and third < second + 9
    on = (traces.time_ms >= first) & (traces.time_ms < third + 9)
    np.testing.assert_array_equal(traces.pulse > 0, on)
    np.testing.assert_array_equal(np.unique(traces.pulse), [0.0, 2.0])


def test_a_given_input_with_pulses_is_as_an_independent_solver_has_it():
    params = replace(C1, dt_ms=0.1, soma_threshold=0.1, pulse_width_ms=3.0)
    traces = simulate_recurrent_dendrite(SQUARE, params).at_regular_times()

    def pulse_at(t):
        return params.pulse_height * any(one <= t < one + 3 for one in traces.spikes_ms)

    fine = replace(params, dt_ms=0.02)
    expected = solved(fine, lambda t: np.interp(t, traces.time_ms, SQUARE), pulse_at, traces.time_ms)
    for value, one in zip((traces.soma_linear, traces.dendrite_linear, traces.dendrite), expected, strict=True):
        np.testing.assert_allclose(value, one, atol=0.02)


def test_an_excursion_between_two_samples_is_a_spike():
    """The soma is below its threshold at all samples, and above it between two."""
    samples = np.array([0.0, 2.0, -2.0, -2.0])
    below = replace(C2, dt_ms=10.0, soma_threshold=10.0)
    turning = simulate_recurrent_dendrite(samples, below)
    fine = simulate_recurrent_dendrite(
        np.interp(np.arange(301), [0, 100, 200, 300], samples), replace(below, dt_ms=0.1)
    )
    between = (turning.soma_linear.max() + fine.soma_linear.max()) / 2
    assert fine.soma_linear.max() - turning.soma_linear.max() > 1e-3
    (spike,) = simulate_recurrent_dendrite(samples, replace(below, soma_threshold=between)).spikes_ms
    rising = np.flatnonzero(fine.soma_linear > between)[0]
    assert fine.time_ms[rising - 1] <= spike <= fine.time_ms[rising]


@pytest.mark.parametrize(
    ("base", "peak", "max_dendrite", "at_ms", "max_linear", "spike_ms"),
    [
        (C1, 1.0, 0.227300, 5.63, 0.196680, None),
        (C1, 1.5, 0.429108, 4.51, 0.295021, None),
        (C1, 1.75, 0.925277, 8.4642, 0.441164, 7.4641),
        (C2, 1.25, 0.251588, 7.02, 0.245851, None),
        (C2, 1.85, 0.580034, 4.23, 0.363859, None),
        (C2, 2.1, 0.969144, 4.12, 0.413029, None),
    ],
)
def test_the_six_published_runs(base, peak, max_dendrite, at_ms, max_linear, spike_ms):
    traces = run(base, peak=peak)
    assert traces.max_dendrite == pytest.approx(max_dendrite, abs=1e-4)
    assert traces.max_dendrite_ms == pytest.approx(at_ms, abs=0.0101)
    assert traces.max_dendrite_linear == pytest.approx(max_linear, abs=1e-4)
    assert traces.max_soma_linear == pytest.approx(0.1115780 * peak, abs=1e-5)
    assert traces.max_soma_linear_ms == pytest.approx(9.50, abs=0.01)
    assert traces.dendrite[0] == pytest.approx(0.00531886 if base is C1 else 0.00037018, abs=1e-8)
    assert traces.n_spikes == (spike_ms is not None)
    if spike_ms is None:
        assert traces.max_dendrite_linear_ms == pytest.approx(8.03, abs=0.01)
    else:
        assert traces.first_spike_ms == pytest.approx(spike_ms, abs=0.01)
        assert traces.max_dendrite_linear_ms == pytest.approx(8.4642, abs=0.01)


def test_the_somatic_spike_gives_the_dendrite_a_second_larger_peak():
    dendrite = (traces := run(C1)).dendrite
    is_hump = (dendrite[1:-1] > dendrite[:-2]) & (dendrite[1:-1] >= dendrite[2:])
    humps, times_ms = dendrite[1:-1][is_hump], traces.time_ms[1:-1][is_hump]
    assert humps[0] == pytest.approx(0.61072, abs=1e-4) and times_ms == pytest.approx([4.31, 8.4642], abs=0.01)
    assert traces.max_dendrite == pytest.approx(0.925277, abs=1e-4)
    assert humps[1] == traces.max_dendrite  # at the end of the pulse
    alone = run(C1, soma_threshold=1.0)
    assert alone.max_dendrite == pytest.approx(0.6107, abs=1e-4) and alone.n_spikes == 0
    later = alone.time_ms > 15  # a lasting boost
    assert (traces.at_regular_times().dendrite[later] > alone.dendrite[later]).all()


PEAKS = (0.5, 1, 1.25, 1.5, 1.75, 2.1, 2.5, 3)


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        (C1, (0.1095, 0.2273, 0.3092, 0.4291, 0.6107, 1.0188, 1.7226, 2.6572)),
        (C2, (0.0994, 0.1996, 0.2516, 0.3260, 0.4810, 0.9692, 2.0193, 3.1052)),
    ],
)
def test_the_published_scan_without_somatic_spikes(base, expected):
    found = [run(base, peak=peak, soma_threshold=10.0).max_dendrite for peak in PEAKS]
    assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("peak", "spike_ms", "max_dendrite"), [(2, 5.3504, 2.0576), (2.5, 3.9302, 3.2078), (3, 3.2461, 3.4828)]
)
def test_the_published_spikes_of_larger_inputs(peak, spike_ms, max_dendrite):
    """The peak at the end of a pulse is sharp, and the scan read it at a sample before: up to 5e-4 too low."""
    traces = run(C1, peak=peak)
    assert traces.first_spike_ms == pytest.approx(spike_ms, abs=1e-4)
    assert max_dendrite - 1e-4 < traces.max_dendrite < max_dendrite + 6e-4
    assert traces.dendrite.max() <= traces.max_dendrite


def test_the_peak_at_the_end_of_a_pulse_is_that_of_the_differential_equations():
    """For an input of 2, by a solver from one event to the next. At the sample before it is 2.0576, as the scan has it."""
    traces = run(C1, peak=2.0)
    start_ms, end_ms = traces.first_spike_ms, traces.first_spike_ms + 1.0
    taus_ms = np.array([40.0, 20.0, 2.0])  # soma, dendrite, sodium

    def integrated(state, start_ms, end_ms, pulse):
        def change(t, state):
            return (np.e * t * np.exp(-t / 2) + np.array([0.0, pulse, pulse]) - state) / taus_ms

        return solve_ivp(change, (start_ms, end_ms), state, rtol=1e-12, atol=1e-14).y[:, -1]

    at_spike = integrated(np.zeros(3), 0.0, start_ms, 0.0)
    assert at_spike[0] == pytest.approx(C1.soma_threshold, abs=1e-10)
    _, linear, sodium = integrated(at_spike, start_ms, end_ms, C1.pulse_height)
    expected = linear + C1.gain / (1 + np.exp(-(sodium - C1.half_activation) / C1.sensitivity))
    assert traces.max_dendrite == pytest.approx(expected, abs=1e-9)
    assert expected == pytest.approx(2.058084, abs=5e-7)
    assert traces.max_dendrite_ms == pytest.approx(end_ms, abs=1e-9)
    assert traces.at_regular_times().max_dendrite == pytest.approx(2.0576, abs=5e-5)


def test_the_published_example_without_input_rests():
    traces = run(C2, peak=0.0, half_activation=1.4)
    np.testing.assert_allclose(traces.dendrite, 0.00273315, atol=1e-8)


def test_signals_have_their_published_names():
    traces = run(C1, dt_ms=1.0)
    published = traces.to_historic()
    assert list(published) == [
        *("time", "input", "Vd", "Vd_lin", "Vs", "Vs_lin", "Vs_nl"),
        *("peak", "loc", "gain", "sensit", "pulse_height", "soma_thresh"),
    ]
    np.testing.assert_array_equal(published["Vd"], traces.dendrite)
    with pytest.raises(AttributeError, match="MATLAB's Vs_lin is soma_linear here"):
        _ = traces.Vs_lin
    with pytest.raises(AttributeError, match="MATLAB's soma_thresh is soma_threshold here"):
        _ = C1.soma_thresh


def test_traces_are_a_table_and_a_figure():
    traces = run(C1, dt_ms=1.0)
    assert (
        list(traces.to_dataframe().columns)[:3] == ["time_ms", "stimulus", "dendrite"]
        and len(traces.to_dataframe()) == 51 + 2
    )
    above, below = traces.plot().axes
    assert below.get_xlabel() == "time (ms)" and len(above.lines) == 3
    assert same(traces, run(C1, dt_ms=1.0)) and traces != run(C1, dt_ms=2.0)
    assert traces.to_dict()["params"]["peak"] == 1.75


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (dict(sensitivity=0), "sensitivity must be a positive number"),
        (dict(peak=float("nan")), "peak must be a finite number"),
        (dict(dt_ms=-1), "dt ms must be a positive number"),
        (dict(duration_ms=1e30), "too many samples"),
        (dict(duration_ms=1e12, dt_ms=1), "GiB"),
        (dict(sensit=0.3), "did you mean sensitivity?"),
        (dict(peak="high"), "peak must be a finite number, got 'high'"),
    ],
)
def test_settings_that_cannot_be_used_are_named(settings, message):
    with pytest.raises(InputError) as caught:
        RecurrentDendriteParams(**settings)
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("wrong", [[1.0], [[1.0, 2.0]], "high", [1.0, np.nan], object()])
def test_inputs_that_cannot_be_used_are_named(wrong):
    with pytest.raises(InputError, match="stimulus"):
        simulate_recurrent_dendrite(wrong, C1)


def test_what_are_no_params_is_said():
    with pytest.raises(InputError, match=r"params must be RecurrentDendriteParams\(\.\.\.\), got 5"):
        simulate_recurrent_dendrite(params=5)
