"""Stitched predictions are those of one long causal pass; the published overlaps and numbers of windows."""

import numpy as np
import pytest
from scipy.signal import lfilter

from rate2spike.errors import InputError
from rate2spike.spiking.twin_evaluation.stitched import n_windows, overlap_ms, stitched_prediction


@pytest.mark.parametrize(
    ("history_ms", "window_ms", "expected"),
    [
        (43, 400, 150),
        (100, 400, 150),
        (149, 400, 150),
        (150, 400, 151),
        (153, 400, 154),
        (239, 400, 240),
        (20, 100, 50),
        (249, 400, 250),
        (251, 400, 250),
        (300, 400, 299),
    ],
)
def test_overlaps(history_ms, window_ms, expected):
    assert overlap_ms(history_ms, window_ms) == expected


@pytest.mark.parametrize(
    ("duration_ms", "window_ms", "overlap", "expected"),
    [
        (6000, 500, 120, 16),
        (6000, 400, 150, 24),
        (6000, 400, 154, 24),
        (6000, 400, 240, 37),
        (400, 400, 150, 2),
        (100, 400, 150, 1),
        (10, 400, 390, 1),
    ],
)
def test_numbers_of_windows(duration_ms, window_ms, overlap, expected):
    assert n_windows(duration_ms, window_ms, overlap) == expected


def causal(taps):
    """Filter along time, (n, T, n_inputs) -> (n, T)."""
    return lambda x: lfilter(taps, 1, x.sum(2), axis=1)


@pytest.mark.parametrize("history_ms", [1, 100, 153, 239, 251, 300])
@pytest.mark.parametrize("duration_ms", [150, 400, 401, 1999, 2000])
def test_stitched_is_one_long_pass(history_ms, duration_ms):
    rng = np.random.default_rng(history_ms)
    x = rng.random((3, duration_ms, 5)) < 0.05
    predict = causal(rng.normal(size=history_ms))
    np.testing.assert_allclose(stitched_prediction(predict, x, history_ms), predict(x), atol=1e-10)


def test_a_nonlinear_network_of_two_layers_and_three_outputs():
    rng = np.random.default_rng(0)
    x = (rng.random((2, 6000, 8)) < 0.02).astype("f4")
    mix, first, second = rng.normal(size=(8, 4)), rng.normal(size=60), rng.normal(size=94)

    def predict(windows):
        hidden = np.maximum(lfilter(first, 1, windows @ mix, axis=1), 0)
        out = lfilter(second, 1, hidden, axis=1)
        return {"spikes": 1 / (1 + np.exp(-out[..., :1])), "dendritic": out}

    found, whole = stitched_prediction(predict, x, 153), predict(x)
    assert found["dendritic"].shape == (2, 6000, 4)
    for name, values in whole.items():
        np.testing.assert_allclose(found[name][:, 153:], values[:, 153:], atol=1e-4, rtol=1e-9)
    as_list = stitched_prediction(lambda windows: list(predict(windows).values()), x[0], 153)
    np.testing.assert_array_equal(as_list[1], found["dendritic"][0])


def test_too_little_overlap_is_seen():
    """The test above can fail."""
    x = np.random.default_rng(1).random((1, 1000, 1))
    predict = causal(np.ones(100))
    assert np.abs(stitched_prediction(predict, x, 100, overlap=50) - predict(x)).max() > 1


def test_one_call_per_simulation_and_the_dtype_of_the_input():
    seen = []
    stitched_prediction(lambda windows: seen.append(windows) or windows[..., 0], np.ones((2, 900, 3), bool), 100)
    assert [windows.shape for windows in seen] == [(4, 400, 3)] * 2 and seen[0].dtype == bool
    assert not seen[0][-1, 900 - 3 * 250 :].any() and seen[0][-1, : 900 - 3 * 250].all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: overlap_ms(500), "window_ms must be above the overlap, 499 ms, got 400"),
        (lambda: stitched_prediction(causal([1]), np.ones(5), 3), r"x must be \(T, n_inputs\) or"),
        (lambda: stitched_prediction(None, np.ones((5, 2)), 3), "predict must be a function, got None"),
        (lambda: stitched_prediction(lambda w: w[:, 1:], np.ones((500, 2)), 3), r"\(2, 400\), got \(2, 399, 2\)"),
        (lambda: stitched_prediction(causal([1]), np.ones((9, 2)), 3, overlap=400), "window_ms must be above"),
        (lambda: stitched_prediction(causal([1]), np.ones((9, 2)), 0), "history_ms must be a whole number from 1"),
    ],
)
def test_what_is_refused_is_one_line(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
