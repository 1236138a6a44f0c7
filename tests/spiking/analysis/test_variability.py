"""Variability: a Poisson process has CV, CV2, LV and Fano factor 1, a clock 0; elephant computes the same."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.analysis import plots_spike_trains as plots
from rate2spike.spiking.analysis.variability import fano_factor, interspike_intervals_s, isi_variability

from helpers import poisson_record, record_of


def gamma_record(shape, rate_hz, duration_s, rng, dt_s=1e-4):
    """Independent gamma intervals, CV = 1 / sqrt(shape); one unit per shape."""
    dense = np.zeros((len(shape), round(duration_s / dt_s)), bool)
    for unit, k in enumerate(shape):
        times = np.cumsum(rng.gamma(k, 1 / (k * rate_hz), size=round(2 * duration_s * rate_hz)))
        dense[unit, (times[times < duration_s] / dt_s).astype(int)] = True
    return record_of(dense, dt_s)


def clock(period_steps, n_steps=1000):
    return np.arange(n_steps) % period_steps == period_steps - 1


def test_poisson_trains():
    result = isi_variability(poisson_record(np.full(20, 5.0), 200, np.random.default_rng(1), dt_s=5e-4))
    # 1000 intervals each: standard error of the CV about 0.03; the step lowers it by 1 - r dt
    for values in (result.cv, result.cv2, result.lv):
        assert values.mean() == pytest.approx(1, abs=0.03)
        assert np.abs(values - 1).max() < 0.2
    np.testing.assert_allclose(result.mean_isi_s, 0.2, rtol=0.15)


def test_gamma_trains_have_the_cv_of_their_shape():
    result = isi_variability(gamma_record([1, 4, 16], 10, 300, np.random.default_rng(2)))
    np.testing.assert_allclose(result.cv, [1, 0.5, 0.25], rtol=0.06)
    # LV of gamma intervals is 3 / (2 k + 1) (Shinomoto et al. 2003)
    np.testing.assert_allclose(result.lv, [1, 3 / 9, 3 / 33], rtol=0.08)


def test_regular_trains():
    result = isi_variability(record_of([clock(10), clock(25)]))
    for values in (result.cv, result.cv2, result.lv):
        np.testing.assert_array_equal(values, 0)
    np.testing.assert_allclose(result.mean_isi_s, [0.01, 0.025])


def test_a_change_of_rate_raises_cv_but_hardly_cv2():
    two_speeds = np.concatenate([clock(10), clock(100)])
    result = isi_variability(record_of([two_speeds]))
    assert result.cv[0] > 0.7 and result.cv2[0] < 0.03 and result.lv[0] < 0.03


def test_intervals_are_pooled_over_trials_but_never_span_two():
    trials = [record_of([clock(10, 100), clock(50, 100)]), record_of([clock(20, 100), clock(100, 100)])]
    result = isi_variability(trials, min_intervals=2)
    assert result.n_intervals.tolist() == [9 + 4, 1]
    pooled = np.array([10.0] * 9 + [20.0] * 4)
    assert result.cv[0] == pytest.approx(pooled.std() / pooled.mean())
    assert result.cv2[0] == result.lv[0] == 0  # neighbours within a trial are equal
    assert np.isnan(result.cv[1]) and result.mean_isi_s[1] == pytest.approx(0.05)
    # the last interval of a trial and the first of the next are of the same unit, but no neighbours
    alone = isi_variability([record_of([clock(10, 100)]), record_of([clock(20, 100)])])
    assert alone.cv2[0] == alone.lv[0] == 0


def test_a_window_cuts_intervals_out():
    train = np.concatenate([clock(10), clock(40)])
    result = isi_variability(record_of([train]), window_s=(1.0, 2.0))
    assert result.cv[0] == 0 and result.mean_isi_s[0] == pytest.approx(0.04)


def test_silent_units_are_nan():
    result = isi_variability(record_of(np.zeros((2, 100))))
    assert np.isnan(result.cv).all() and result.n_intervals.tolist() == [0, 0]


def test_fano_of_poisson_clock_and_doubly_stochastic_counts():
    rng = np.random.default_rng(3)
    n_trials = 600
    trials = []
    for _ in range(n_trials):
        gain = rng.choice([0.5, 1.5])
        random = rng.random((2, 500)) < np.array([[20.0], [20.0 * gain]]) * 0.001
        trials.append(record_of(np.concatenate([random, clock(50, 500)[None]])))
    result = fano_factor(trials)
    # counts of n = 500 tries at p = 0.02: 1 - p; between trials the mean of 10 varies by ± 5: + 25 / 10
    se = np.sqrt(2 / n_trials)
    assert result.fano[0] == pytest.approx(0.98, abs=4 * se)
    assert result.fano[1] == pytest.approx(0.98 - 0.005 + 2.5, rel=0.12)
    assert result.fano[2] == 0 and result.mean_count[2] == 10
    assert result.window_s == (0, 0.5) and result.n_trials == n_trials


def test_fano_is_the_unbiased_variance_over_the_mean():
    trials = [record_of([np.arange(100) < n, np.zeros(100)]) for n in (1, 4, 7)]
    result = fano_factor(trials)
    assert result.fano[0] == pytest.approx(9 / 4) and np.isnan(result.fano[1])
    assert fano_factor(trials, window_s=(0, 0.005)).count_variance[0] == pytest.approx(np.var([1, 4, 5], ddof=1))


# elephant calls quantities in a way that quantities gave up
@pytest.mark.filterwarnings("ignore:The 'copy' argument in Quantity")
def test_elephant_agrees():
    neo = pytest.importorskip("neo")
    statistics = pytest.importorskip("elephant.statistics")
    pq = pytest.importorskip("quantities")
    rng = np.random.default_rng(4)
    trials = [gamma_record([1, 3], 20, 10, rng, dt_s=0.001) for _ in range(5)]
    for unit in range(2):
        trains = [neo.SpikeTrain(trial.spike_times_s(unit) * pq.s, t_stop=10.001 * pq.s) for trial in trials]
        intervals = statistics.isi(trains[0]).rescale("s").magnitude
        np.testing.assert_allclose(interspike_intervals_s(trials[0], unit), intervals)
        one = isi_variability(trials[0])
        assert one.cv[unit] == pytest.approx(statistics.cv(intervals))
        assert one.cv2[unit] == pytest.approx(statistics.cv2(intervals))
        assert one.lv[unit] == pytest.approx(statistics.lv(intervals))
        # elephant divides by n, this package as MATLAB by n - 1
        assert fano_factor(trials).fano[unit] * 4 / 5 == pytest.approx(statistics.fanofactor(trains))


def test_bad_input():
    trial = record_of([clock(10)])
    with pytest.raises(InputError, match="at least 2 trial"):
        fano_factor(trial)
    with pytest.raises(InputError, match="unit must be a whole number from 0 to 0, got 1"):
        interspike_intervals_s(trial, 1)
    with pytest.raises(InputError, match="min_intervals"):
        isi_variability(trial, min_intervals=1)


def test_figures():
    rng = np.random.default_rng(5)
    trials = [poisson_record(np.array([0.0, 5, 20, 50]), 1, rng) for _ in range(10)]
    result = isi_variability(trials)
    figure = plots.isi_variability_histograms(result)
    assert [axes.get_xlabel() for axes in figure.axes] == ["CV of intervals", "CV2 of intervals", "LV of intervals"]
    assert figure.axes[0].get_ylabel() == "units"
    assert sum(bar.get_height() for bar in figure.axes[0].patches) == np.isfinite(result.cv).sum() == 3
    fano = fano_factor(trials)
    axes = plots.fano_scatter(fano).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("mean count (spikes in 1 s)", "variance (spikes²)")
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), fano.mean_count[1:])
    silent = [record_of(np.zeros((2, 100)))] * 2
    plots.isi_variability_histograms(isi_variability(silent)).draw_without_rendering()
    plots.fano_scatter(fano_factor(silent)).draw_without_rendering()
