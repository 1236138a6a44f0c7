"""Exponential filters: equal to the direct sum, to their continuous form, and to the published numbers."""

import numpy as np
import pytest
from scipy.signal import lfilter

from rate2spike.errors import InputError
from rate2spike.spiking.cascade.filters import FIRST_TAPS, KEPT, ZEROED_FIRST, ZEROED_LAST, ExponentialFilter

conventions = pytest.mark.parametrize("first_tap", FIRST_TAPS)


@pytest.fixture
def noise():
    return 100 * np.random.default_rng(1).standard_normal(20_000)


@conventions
@pytest.mark.parametrize(("tau_ms", "length_ms"), [(2, 100), (30, 100), (80, 200), (5, 0.2), (1e-9, 100), (1e300, 100)])
def test_the_recursion_is_the_direct_sum(first_tap, tau_ms, length_ms, noise):
    one = ExponentialFilter(tau_ms, length_ms, first_tap=first_tap)
    np.testing.assert_allclose(one.filtered(noise), lfilter(one.taps, 1, noise), rtol=0, atol=1e-12)


@conventions
def test_a_filter_without_end_is_the_direct_sum_over_all_of_the_past(first_tap, noise):
    one = ExponentialFilter(5.0, 2000.0, first_tap=first_tap, truncated=False)
    np.testing.assert_allclose(one.filtered(noise), lfilter(one.taps, 1, noise), rtol=0, atol=1e-12)
    assert one.area == pytest.approx(one.taps.sum(), abs=1e-12)


def test_only_the_truncated_filter_forgets(noise):
    impulse = np.eye(1, 3000)[0]
    truncated, endless = (ExponentialFilter(30.0, truncated=one).filtered(impulse) for one in (True, False))
    assert truncated[999] > 1e-4 and abs(truncated[1000:]).max() < 1e-17 and endless[2999] > 0


@conventions
def test_an_impulse_gives_the_taps(first_tap):
    one = ExponentialFilter(10.0, first_tap=first_tap)
    np.testing.assert_allclose(one.filtered(np.eye(1, 1000)[0]), one.taps, rtol=1e-12, atol=0)
    assert (one.taps[0] == 0) == (first_tap != KEPT)


@conventions
def test_a_constant_is_multiplied_by_the_area(first_tap):
    one = ExponentialFilter(10.0, first_tap=first_tap)
    assert one.filtered(np.full(1500, 3.0))[-1] == pytest.approx(3 * one.area, abs=1e-12)
    assert one.area == pytest.approx(one.taps.sum(), abs=1e-12)


def test_at_fine_steps_it_is_the_stage_of_first_order():
    """1 - exp(-t / tau)."""
    one = ExponentialFilter(10.0, dt_ms=0.001, truncated=False)
    answer = one.filtered(np.ones(30_000))
    np.testing.assert_allclose(answer, 1 - np.exp(-np.arange(30_000) * 0.001 / 10), atol=2e-4)


# spec 2.0: the second tap, and the area
PUBLISHED = [
    # figure, tau, length, tap 1, area
    (ZEROED_FIRST, 2, 100, 0.0487705755, 1.0),
    (ZEROED_FIRST, 10, 100, 0.0099506225, 1.0),
    (ZEROED_FIRST, 15, 100, 0.0066530172, 1.0),
    (ZEROED_FIRST, 30, 100, 0.0034513173, 1.0),
    (ZEROED_LAST, 5, 100, 0.0194092342, 0.9802),
    (ZEROED_LAST, 40, 100, 0.0027133702, 0.99728),
    (ZEROED_LAST, 40, 200, 0.0025075389, 0.997486),
    (ZEROED_LAST, 80, 200, 0.0013592310, 0.998639),
]


@pytest.mark.parametrize(("first_tap", "tau_ms", "length_ms", "tap", "area"), PUBLISHED)
def test_the_published_taps_and_areas(first_tap, tau_ms, length_ms, tap, area):
    one = ExponentialFilter(tau_ms, length_ms, first_tap=first_tap)
    assert one.n_taps == 10 * length_ms
    assert one.taps[1] == pytest.approx(tap, abs=5.1e-11)
    assert one.taps.sum() == pytest.approx(area, abs=3e-6)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (dict(tau_ms=-1), "tau ms must be a positive number, got -1"),
        (dict(tau_ms=float("nan")), "tau ms must be a positive number"),
        (dict(dt_ms=0), "dt ms must be a positive number, got 0"),
        (dict(length_ms=0.04), "length_ms must last 2 samples of 0.1 ms at least"),
        (dict(length_ms=0.04, first_tap=KEPT), "length_ms must last one sample of 0.1 ms at least"),
        (dict(length_ms=1e30), "holds too many samples"),
        (dict(first_tap="gone"), "unknown first tap 'gone': choose from zeroed"),
        (dict(truncated=1), "truncated must be true or false"),
        (dict(tau=3), "unknown setting 'tau'; did you mean tau_ms"),
    ],
)
def test_what_is_no_filter_is_one_line(settings, said):
    with pytest.raises(InputError) as caught:
        ExponentialFilter(**settings)
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("signal", "said"),
    [
        ([], "signal must be of shape (n_samples,), one sample at least, got (0,)"),
        (np.zeros((2, 3)), "signal must be of shape (n_samples,), one sample at least, got (2, 3)"),
        (3.0, "signal must be of shape (n_samples,)"),
        ([0, np.nan], "signal must be finite, sample 1 is nan"),
        ([0, np.inf], "signal must be finite, sample 1 is inf"),
        ([1, [2, 3]], "signal must be a sequence of numbers"),
        ("abc", "signal must be a sequence of numbers"),
        ([1j], "signal must be a sequence of numbers"),
        (None, "signal must be a sequence of numbers"),
    ],
)
def test_what_is_no_signal_is_one_line(signal, said):
    with pytest.raises(InputError) as caught:
        ExponentialFilter().filtered(signal)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_filter_is_read_and_compared():
    assert repr(ExponentialFilter(5.0)).startswith("ExponentialFilter(tau_ms=5, length_ms=100, dt_ms=0.1, first_tap=")
    assert ExponentialFilter(5.0) == ExponentialFilter(5) != ExponentialFilter(6)


@pytest.mark.parametrize("signal", [[0, 1, 1], np.array([0, 1, 1], np.int8), np.arange(6.0)[::2], (True, False)])
def test_signals_may_be_lists_whole_numbers_and_views(signal):
    one = ExponentialFilter(1.0, 1.0)
    np.testing.assert_allclose(one.filtered(signal), lfilter(one.taps, 1, np.asarray(signal, float)), atol=1e-15)
