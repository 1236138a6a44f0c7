"""A dendrite of parallel cascades: against a direct sum, and the published numbers of Fig. 5 (spec 2.3)."""

import numpy as np
import pytest
from scipy.signal import lfilter

from rate2spike.errors import InputError
from rate2spike.spiking.cascade.parallel_dendrite import simulate_parallel_dendrite
from rate2spike.spiking.cascade.parallel_dendrite_params import ParallelDendriteParams
from rate2spike.spiking.cascade.pharmacological_block import AMPLITUDES, parallel_dendrite_demonstration
from rate2spike.spiking.cascade.stimuli import biexponential_stimulus


@pytest.fixture(scope="module")
def found():
    return parallel_dendrite_demonstration()


# A = 7: stage -> largest value, its sample, half-width in ms (None: not published); control, then blocked
TRACES = {
    "control": {"na": (4.828920, 251, 13.1), "ca": (1.423739, 319, 34.1), "nmda": (6.682995, 511, 71.2)},
    "blocked": {"na": (2.728958, 251, None), "ca": (0.763937, 319, None), "nmda": (1.347620, 542, 68.4)},
}


@pytest.mark.parametrize("condition", TRACES)
def test_the_published_traces(found, condition):
    run = found.runs[condition]
    for stage, (peak, sample, half_width_ms) in TRACES[condition].items():
        assert run.peaks[stage] == pytest.approx(peak, abs=1e-6), stage
        assert run.peak_ms[stage] == pytest.approx(sample * 0.1), stage
        assert half_width_ms is None or run.half_width_ms[stage] == pytest.approx(half_width_ms), stage


SCAN = [  # amplitude, control, blocked
    (0, 0.02588, 0.00201),
    (2, 0.22208, 0.18397),
    (4, 1.04029, 0.40832),
    (4.8, 2.37038, 0.53875),
    (5.6, 4.44202, 0.72653),
    (6, 5.37211, 0.85567),
    (7.2, 6.81334, 1.48482),
    (8, 7.13491, 2.19721),
    (9.6, 7.43964, 4.25875),
    (10.8, 7.60134, 5.67219),
    (12, 7.74633, 6.51877),
    (14.8, 8.05193, 7.22778),
]


@pytest.mark.parametrize(("amplitude", "control", "blocked"), SCAN)
def test_the_published_scan_of_amplitudes(found, amplitude, control, blocked):
    k = np.flatnonzero(np.isclose(AMPLITUDES, amplitude))
    assert found.curves["control"].peaks[k] == pytest.approx(control, abs=1e-4)
    assert found.curves["blocked"].peaks[k] == pytest.approx(blocked, abs=1e-4)


def test_the_block_shifts_the_threshold_and_does_not_abolish_the_nmda_spike(found):
    assert found.threshold["control"] == pytest.approx(5.434, abs=5e-4)
    assert found.threshold["blocked"] == pytest.approx(9.412, abs=5e-4)
    assert found.threshold_shift == pytest.approx(3.98, abs=0.005)
    assert found.steepest_slope["control"] == pytest.approx(2.665, abs=5e-4)
    assert found.steepest_slope["blocked"] == pytest.approx(1.374, abs=5e-4)
    assert found.steepest_at == {"control": pytest.approx(5.4), "blocked": pytest.approx(9.4)}


@pytest.mark.parametrize(("stage", "sample"), [("ca", 1200), ("nmda", 2200)])
def test_ends_of_truncated_filters_are_seen_as_kinks(found, stage, sample):
    """Calcium's linear filter ends 100 ms after the input at sample 200, NMDA's 200 ms after the stages before it."""
    truncated = found.runs["control"]
    endless = simulate_parallel_dendrite(truncated.stimulus, ParallelDendriteParams(truncated=False))
    falls, falls_without_end = (
        -np.diff(run.stages[stage])[sample : sample + 150].min() for run in (truncated, endless)
    )
    assert falls > 1.5 * falls_without_end


def test_the_kink_of_calcium_is_sharp(found):
    bends = abs(np.diff(found.runs["control"].ca, 2))
    assert 600 + bends[600:].argmax() + 1 == pytest.approx(1200, abs=1)


def test_each_stage_is_the_direct_sum_and_a_sigmoid(found):
    run = found.runs["control"]

    def stage(x, name):
        of = run.params.stage(name)
        linear, nonlinear = (lfilter(one.taps, 1, x) for one in (of.linear, of.nonlinear))
        return of.gain / (1 + np.exp(-(nonlinear - of.half_activation) / of.sensitivity)) + linear

    na, ca = stage(run.stimulus, "na"), stage(run.stimulus, "ca")
    for ours, theirs in ((run.na, na), (run.ca, ca), (run.nmda, stage(na + ca, "nmda"))):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


def test_the_block_leaves_linear_parts_alone(found):
    """Without sigmoids twice the input gives twice the answer."""
    stimulus = found.runs["blocked"].stimulus
    once, twice = (simulate_parallel_dendrite(k * stimulus, ParallelDendriteParams().blocked()) for k in (1, 2))
    np.testing.assert_allclose(twice.na, 2 * once.na, atol=1e-12)
    np.testing.assert_allclose(twice.ca, 2 * once.ca, atol=1e-12)
    assert twice.peaks["nmda"] > 4 * once.peaks["nmda"]


@pytest.mark.parametrize("dt_ms", [0.05, 0.2])
def test_the_step_changes_little(dt_ms):
    found = parallel_dendrite_demonstration(dt_ms=dt_ms)
    assert found.threshold["control"] == pytest.approx(5.434, rel=0.05)
    assert found.runs["control"].half_width_ms["nmda"] == pytest.approx(71.2, rel=0.05)


def test_settings_are_those_before_the_block():
    found = parallel_dendrite_demonstration(na_gain=1, nmda_half_activation=0.9)
    assert [run.params.na_gain for run in found.runs.values()] == [1, 0]
    assert [run.params.nmda_half_activation for run in found.runs.values()] == [0.9, 0.9]
    assert found.threshold["blocked"] > 9.5


def test_without_an_nmda_spike_there_is_no_threshold():
    found = parallel_dendrite_demonstration(nmda_gain=0)
    assert np.isnan(found.threshold_shift) and len(found.plot()._repr_png_()) > 1000


def test_a_trace_that_is_never_above_zero_has_no_half_width():
    params = ParallelDendriteParams(na_gain=-5)
    run = simulate_parallel_dendrite([0.0, -1.0, 0.0], params)
    assert np.isnan(run.half_width_ms["na"]) and run.half_width_ms["ca"] >= 0


def test_what_is_handed_on(found):
    columns, traces = found.table(), found.traces()
    assert list(columns) == ["amplitude", "control_peak", "blocked_peak"]
    assert {len(column) for column in columns.values()} == {38}
    assert found.to_dataframe().shape == (38, 3)
    assert set(traces) == {
        "time_ms", "stimulus", "control", "blocked", "amplitudes", "control_peaks", "blocked_peaks", "params"
    }  # fmt: skip
    assert traces["control"].keys() == {"na", "ca", "nmda"} and traces["time_ms"].size == 5999
    assert list(found.runs["control"].to_dataframe()) == ["time_ms", "stimulus", "na", "ca", "nmda"]


def test_records_are_read(found):
    assert repr(ParallelDendriteParams().blocked()) == "ParallelDendriteParams(na_gain=0, ca_gain=0)"
    assert "nmda: 6.683" in repr(found.runs["control"]) and "threshold" in found._repr_html_()
    assert found == parallel_dendrite_demonstration() != parallel_dendrite_demonstration(ca_gain=0.5)


def test_figures_have_units_and_say_which_stage_is_which(found):
    for record in (found, found.runs["blocked"]):
        figure = record.plot()
        assert any(axes.get_xlabel() == "time (ms)" for axes in figure.axes)
        labels = [
            text.get_text() for axes in figure.axes if axes.get_legend() for text in axes.get_legend().get_texts()
        ]
        assert labels[:3] == ["Na", "Ca", "NMDA"]
    by_label = {line.get_label(): line for axes in found.runs["control"].plot().axes for line in axes.lines}
    np.testing.assert_array_equal(by_label["Na"].get_ydata(), found.runs["control"].na)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: ParallelDendriteParams(na_tau_linear_ms=0), "na tau linear ms must be a positive number, got 0"),
        (lambda: ParallelDendriteParams(ca_sensitivity=-1), "ca sensitivity must be a positive number, got -1"),
        (lambda: ParallelDendriteParams(nmda_gain="big"), "nmda gain must be a finite number, got 'big'"),
        (
            lambda: ParallelDendriteParams(dt_ms=80),
            "na_linear_length_ms must last 2 samples of 80 ms at least, got 100",
        ),
        (lambda: ParallelDendriteParams(gain=1), "unknown setting 'gain'"),
        (lambda: simulate_parallel_dendrite([]), "stimulus must be of shape (n_samples,)"),
        (lambda: simulate_parallel_dendrite([[1.0]]), "stimulus must be of shape (n_samples,)"),
        (lambda: simulate_parallel_dendrite([0, np.inf]), "stimulus must be finite, sample 1 is inf"),
        (lambda: simulate_parallel_dendrite([0.0], 3), "params must be ParallelDendriteParams(...), got 3"),
        (lambda: parallel_dendrite_demonstration(dt_ms=1e-9), "of memory"),
        (lambda: parallel_dendrite_demonstration(truncated="yes"), "truncated must be true or false"),
    ],
)
def test_bad_input_is_one_line(call, said):
    with pytest.raises(InputError) as caught:
        call()
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_long_inputs_take_a_time_that_grows_with_their_length():
    """A minute at 0.1 ms: a direct sum of 2000 taps would take most of a minute."""
    stimulus = np.tile(biexponential_stimulus(600, 20, 7, as_published=False), 100)
    answer = simulate_parallel_dendrite(stimulus)
    assert answer.n_samples == 600_000
    np.testing.assert_allclose(answer.nmda[-6000:], answer.nmda[-12_000:-6000], atol=1e-12)
