"""A dendritic subunit: closed forms, and the published numbers of Fig. 3 (spec 2.1)."""

import numpy as np
import pytest
from scipy.signal import lfilter

from rate2spike.errors import InputError
from rate2spike.spiking.cascade.stimuli import noise_stimulus, pulse_stimulus
from rate2spike.spiking.cascade.subunit import SubunitParams, simulate_subunit
from rate2spike.spiking.cascade.subunit_exploration import AMPLITUDES, CONDITIONS, subunit_demonstration
from rate2spike.spiking.cascade.transfer_curve import TransferCurve


@pytest.fixture(scope="module")
def found():
    return subunit_demonstration(seed=1)


# index of the amplitude: 0, 10, 20, 33, 50, 66, 80, 99 of 100 from 0 to 60
INDICES = [0, 10, 20, 33, 50, 66, 80, 99]
PEAKS = {
    "sharp_spikes": [0.10039, 10.75000, 17.35207, 18.93485, 20.96193, 22.86975, 24.53909, 26.80462],
    "longer_time_scale": [0.10039, 1.45305, 3.05014, 6.03421, 12.80646, 19.82726, 23.61171, 26.64824],
    "softer_sensitivity": [0.20365, 1.63593, 3.33270, 6.32507, 12.30112, 18.71512, 22.86157, 26.39867],
    "intermediate": [0.26979, 2.58453, 7.83934, 16.57177, 20.81280, 22.86015, 24.53822, 26.80459],
}
STEEPEST = {  # slope, amplitude
    "sharp_spikes": (3.556, 5.15),
    "longer_time_scale": (0.794, 31.2),
    "softer_sensitivity": (0.688, 32.4),
    "intermediate": (1.260, 14.2),
}


@pytest.mark.parametrize("name", PEAKS)
def test_the_published_peaks(found, name):
    curve = found.conditions[name].curve
    np.testing.assert_allclose(curve.peaks[INDICES], PEAKS[name], atol=1e-4)


@pytest.mark.parametrize("name", STEEPEST)
def test_the_published_slopes(found, name):
    slope, amplitude = STEEPEST[name]
    assert found.steepest_slope[name] == pytest.approx(slope, abs=6e-4)
    assert found.steepest_at[name] == pytest.approx(amplitude, abs=0.05)
    assert found.linear_slope[name] == pytest.approx(0.196744, abs=1e-6)


def test_sharp_spikes_end_on_the_slope_of_the_linear_part_and_rise_18_times_as_fast(found):
    sharp = found.conditions["sharp_spikes"]
    assert sharp.curve.slopes[-1] == pytest.approx(0.19674, abs=1e-5)
    assert sharp.curve.steepest_slope / sharp.linear_slope == pytest.approx(18, abs=0.2)


def test_a_longer_time_scale_and_a_softer_sensitivity_move_the_threshold_and_flatten_it(found):
    sharp = found.steepest_slope["sharp_spikes"]
    for name in ("longer_time_scale", "softer_sensitivity"):
        assert found.steepest_at[name] > 31 and 4.4 < sharp / found.steepest_slope[name] < 5.3


# with NumPy's historic RandomState(0): mean inputs as in CONDITIONS; SD of the drive
WITH_RANDOM_STATE = {
    "sharp_spikes": ((14, 104, 214), 15.96),
    "longer_time_scale": ((14, 53, 155), 4.24),
    "softer_sensitivity": ((2, 46, 214), 15.96),
    "intermediate": ((14, 640, 367), 5.77),
}


@pytest.mark.parametrize("name", WITH_RANDOM_STATE)
def test_the_published_events_in_the_published_noise(name):
    noise = 100 * np.random.RandomState(0).standard_normal(50_010)
    (settings, means), (n_events, sd) = CONDITIONS[name], WITH_RANDOM_STATE[name]
    answers = [simulate_subunit(mean + noise, SubunitParams(**settings)) for mean in means]
    assert tuple(answer.between(100).n_events for answer in answers) == n_events
    settled = answers[0].between(200)
    assert settled.drive.std() == pytest.approx(sd, abs=0.006)
    assert settled.v_linear.std() == pytest.approx(3.535, abs=0.001)


def test_the_published_lengths_of_events():
    noise = 100 * np.random.RandomState(0).standard_normal(50_010)
    slow = simulate_subunit(noise - 1, SubunitParams(tau_na_ms=30)).between(100)
    sharp = simulate_subunit(noise - 30).between(100)
    assert slow.event_ms == pytest.approx(2.27, abs=0.005) and slow.active_fraction == pytest.approx(0.0718, abs=5e-5)
    assert sharp.event_ms == pytest.approx(0.34, abs=0.005) and sharp.active_fraction == pytest.approx(0.0147, abs=5e-5)


@pytest.mark.parametrize(("tau_ms", "sd"), [(2, 15.96), (30, 4.24), (15, 5.77)])
def test_the_sd_of_our_own_noise(tau_ms, sd):
    """Of 50 s, whose SD is known to about a per cent: that of a sample times the root of the sum of squared taps."""
    params = SubunitParams(tau_na_ms=tau_ms)
    settled = simulate_subunit(noise_stimulus(50_000, seed=2), params).between(200)
    assert settled.drive.std() == pytest.approx(sd, rel=0.03)
    assert settled.drive.std() == pytest.approx(100 * np.linalg.norm(params.filter(tau_ms).taps), rel=0.03)
    assert settled.v_linear.std() == pytest.approx(3.535, rel=0.03)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_more_depolarised_means_have_more_events_and_slow_events_last_longer(seed):
    found = subunit_demonstration(seed=seed)
    for name in ("sharp_spikes", "longer_time_scale", "softer_sensitivity"):
        few, more, most = found.n_events[name]
        assert few < more < most
    for fractions in found.active_fraction.values():
        assert fractions[0] < fractions[1] < fractions[2]
    assert found.event_ms["longer_time_scale"][2] > 3 * found.event_ms["sharp_spikes"][2]


def test_the_answer_is_the_direct_sum_and_a_sigmoid():
    stimulus = noise_stimulus(300, seed=1)
    params = SubunitParams(tau_membrane_ms=7, membrane_gain=0.3, tau_na_ms=4, half_activation=2, sensitivity=3, gain=5)
    membrane, na = (lfilter(params.filter(tau).taps, 1, stimulus) for tau in (7, 4))
    answer = simulate_subunit(stimulus, params)
    np.testing.assert_allclose(answer.v_dendrite, 0.3 * membrane + 5 / (1 + np.exp(-(na - 2) / 3)), atol=1e-12)
    np.testing.assert_allclose(answer.v_linear, 0.3 * membrane, atol=1e-12)


def test_a_pulse_without_a_sigmoid_is_a_charging_membrane():
    params = SubunitParams(gain=0, dt_ms=0.001, membrane_gain=1, truncated=False)
    answer = simulate_subunit(pulse_stimulus(30, 10, 5, amplitude=2, dt_ms=0.001), params)
    assert answer.peak == pytest.approx(2 * (1 - np.exp(-0.5)), abs=2e-4)
    assert answer.time_ms[answer.v_dendrite.argmax()] == pytest.approx(15, abs=0.002)


@pytest.mark.parametrize("dt_ms", [0.05, 0.25])
def test_peaks_do_not_depend_on_the_step(dt_ms):
    params = SubunitParams(dt_ms=dt_ms)
    answer = simulate_subunit(pulse_stimulus(30, 10, 5, amplitude=20, dt_ms=dt_ms), params)
    assert answer.peak == pytest.approx(18.93485, rel=1e-3)


def test_extreme_inputs_overflow_nowhere():
    answer = simulate_subunit([0.0, 1e300, -1e300, 0.0], SubunitParams(sensitivity=1e-300))
    assert np.isfinite(answer.v_dendrite).all()


def test_parts_keep_their_time():
    answer = simulate_subunit(np.arange(1000.0))
    part = answer.between(20, 50)
    assert (
        part.n_samples == 300
        and part.time_ms[0] == 20
        and part.stimulus[0] == 200
        and part.between(30).time_ms[0] == 30
    )
    with pytest.raises(InputError, match="no sample lies between 200 and 300 ms"):
        answer.between(200, 300)


def test_events_are_counted_as_they_rise():
    answer = simulate_subunit(np.zeros(10), SubunitParams(half_activation=-1))
    assert answer.n_events == 0 and answer.active_fraction == 1 and np.isnan(answer.event_ms)
    pulses = np.tile(np.repeat([100.0, 0.0], 500), 3)
    assert simulate_subunit(pulses).n_events == 3


def test_a_setting_replaces_that_of_all_conditions():
    found = subunit_demonstration(seed=1, tau_na_ms=5, gain=0)
    assert {one.params.tau_na_ms for one in found.conditions.values()} == {5}
    assert {one.params.half_activation for one in found.conditions.values()} == {5, 30, 4}
    np.testing.assert_allclose(found.conditions["intermediate"].curve.slopes, 0.196744, atol=1e-6)


def test_the_same_seed_gives_the_same_demonstration(found):
    assert found == subunit_demonstration(seed=1) != subunit_demonstration(seed=2)


def test_what_is_handed_on(found):
    columns, traces = found.table(), found.traces()
    assert {len(column) for column in columns.values()} == {400}
    assert list(columns) == ["condition", "tau_na_ms", "half_activation", "sensitivity", "amplitude", "peak"]
    assert columns["tau_na_ms"][100] == 30 and columns["amplitude"][199] == 60
    assert found.to_dataframe().shape == (400, 6)
    assert traces["time_ms"][0] == 100 and traces["time_ms"].size == 2000 == traces["noise"].size
    sharp = traces["sharp_spikes"]
    assert sharp["v_dendrite"].shape == sharp["v_linear"].shape == (3, 2000)
    assert sharp["na_filter"][1] == pytest.approx(0.0487705755) and sharp["params"]["truncated"] is True
    frame = simulate_subunit([0.0, 1.0]).to_dataframe()
    assert list(frame) == ["time_ms", "stimulus", "v_linear", "drive", "v_dendrite"] and frame.time_ms[1] == 0.1


def test_records_are_read(found):
    assert repr(SubunitParams(gain=3)) == "SubunitParams(gain=3)"
    assert "n_samples=2" in repr(simulate_subunit([0.0, 1.0]))
    assert repr(found).startswith("SubunitDemonstration(seed=1, steepest_slope={sharp_spikes: 3.556")
    assert "sd drive" in found._repr_html_() and len(repr(found.conditions["sharp_spikes"])) <= 200


@pytest.mark.parametrize("drawn", [lambda found: found, lambda found: found.conditions["intermediate"].traces[2],
                                   lambda found: found.conditions["intermediate"].curve])  # fmt: skip
def test_figures_have_units_and_labels(found, drawn):
    figure = drawn(found).plot()
    labelled = [axes for axes in figure.axes if axes.get_ylabel()]
    assert labelled and any("(ms)" in axes.get_xlabel() or "amplitude" in axes.get_xlabel() for axes in figure.axes)
    assert len(figure._repr_png_()) > 1000


class TestTransferCurve:
    def test_a_level_is_found_between_two_amplitudes(self):
        curve = TransferCurve.of([0, 1, 2, 4], lambda amplitude: amplitude**2)
        assert curve.amplitude_for(2.5) == pytest.approx(1.5) and curve.amplitude_for(10) == 3
        assert curve.amplitude_for(0) == 0 and np.isnan(curve.amplitude_for(17))
        assert curve.steepest_slope == 6 and curve.steepest_at == 3
        assert curve.to_dataframe().peak.tolist() == [0, 1, 4, 16]

    def test_the_amplitudes_are_the_published_ones(self):
        assert AMPLITUDES[[10, 33, 50]] == pytest.approx([6.0606, 20, 30.303], abs=1e-4)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: SubunitParams(tau_na_ms=-2), "tau na ms must be a positive number, got -2"),
        (lambda: SubunitParams(sensitivity=0), "sensitivity must be a positive number, got 0"),
        (lambda: SubunitParams(gain=np.nan), "gain must be a finite number, got nan"),
        (lambda: SubunitParams(length_ms=0.1), "length_ms must last 2 samples of 0.1 ms"),
        (lambda: SubunitParams(tau=2), "unknown setting 'tau'"),
        (lambda: simulate_subunit([]), "stimulus must be of shape (n_samples,), one sample at least, got (0,)"),
        (lambda: simulate_subunit(np.zeros((3, 3))), "stimulus must be of shape (n_samples,)"),
        (lambda: simulate_subunit([np.nan]), "stimulus must be finite, sample 0 is nan"),
        (lambda: simulate_subunit([1.0], {"gain": 3}), "params must be SubunitParams(...), got {'gain': 3}"),
        (lambda: subunit_demonstration(seed=-1), "seed must be a whole number"),
        (lambda: subunit_demonstration(seed=1, dt_ms=20), "dt_ms must be shorter than the pulses of 5 ms, got 20"),
        (lambda: subunit_demonstration(seed=1, dt_ms=1e-8), "of memory"),
        (lambda: subunit_demonstration(seed=1, baseline=2), "unknown setting 'baseline'"),
    ],
)
def test_bad_input_is_one_line(call, said):
    with pytest.raises(InputError) as caught:
        call()
    assert said in str(caught.value) and "\n" not in str(caught.value)
