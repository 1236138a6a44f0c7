"""The waves regression set, against published series and its own description."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.io.datasets.waves import PERIOD_S, sawtooth_wave, sine_wave, square_wave, triangle_wave, waves

from helpers import golden_csnn

FUNCTIONS = {
    "triangle_wave": triangle_wave,
    "sawtooth_wave": sawtooth_wave,
    "square_wave": square_wave,
    "sin_wave": sine_wave,
}
GOLDEN = {key: case for key, case in golden_csnn().items() if key.startswith("waves")}
SERIES = [(key, name, phase) for key, case in GOLDEN.items() for name in case if name != "meta" for phase in case[name]]


@pytest.mark.parametrize(("key", "name", "phase"), SERIES)
def test_published_series(key, name, phase):
    meta = GOLDEN[key]["meta"]
    expected = np.array(GOLDEN[key][name][phase])
    result = FUNCTIONS[name](meta["nb_sample"], meta["period"], int(phase), meta["amplitude"])
    if name == "sawtooth_wave":  # either side of the jump is right
        jump = np.abs(np.abs(expected) - meta["amplitude"]) < 1e-9
        result, expected = np.where(jump, np.abs(result), result), np.where(jump, np.abs(expected), expected)
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-9)


def test_shapes_and_that_the_target_is_the_next_sample():
    made = waves(per_class=3, n_steps=50, context_rate_hz=100, dt_s=1e-3, seed=4)
    assert made.data.shape == made.target.shape == (12, 50, 1) and made.context.shape == (12, 50, 4)
    assert made.data.dtype == made.target.dtype == made.context.dtype == np.float32
    np.testing.assert_array_equal(made.data[:, 1:], made.target[:, :-1])
    assert made.labels.tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3
    assert np.abs(made.data).max() < 3.0 and made.seed == 4


def test_families_sampled_finely_are_what_their_names_say():
    n_samples, step = 1024, 2.0**-7  # 1024 samples of p = 0.2 and divisor 4: k = 5, so 128 samples to a period
    turns = np.arange(n_samples) * step
    np.testing.assert_allclose(sine_wave(n_samples, PERIOD_S, 0, 2.0), 2 * np.sin(2 * np.pi * turns), atol=1e-12)
    triangle = 2 - 4 * np.abs((turns + 0.25) % 1 * 2 - 1)
    np.testing.assert_allclose(triangle_wave(n_samples, PERIOD_S, 0, 2.0), triangle, atol=1e-12)
    assert set(np.unique(square_wave(n_samples, PERIOD_S, 1, 2.0)).tolist()) <= {-2, 0, 2}
    rises = np.diff(sawtooth_wave(n_samples, PERIOD_S, 1, 2.0))
    assert np.mean(rises > 0) > 0.98 and rises.min() < -3.9


def test_context_is_poisson_in_the_channel_of_the_family():
    made = waves(per_class=200, n_steps=100, context_rate_hz=200, dt_s=1e-3, context_steps=50, seed=2)
    own = made.context[np.arange(800), :, made.labels]
    assert made.context.sum() == own.sum() and not made.context[:, 50:].any()
    assert abs(own[:, :50].mean() - 0.2) < 0.01
    assert set(np.unique(made.context)) == {0, 1}


def test_the_seed_alone_decides():
    arguments = dict(per_class=2, n_steps=10, context_rate_hz=50, dt_s=1e-3)
    one, two, other = waves(**arguments, seed=1), waves(**arguments, seed=1), waves(**arguments, seed=2)
    for name in ("data", "context", "target"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert not np.array_equal(one.data, other.data)
    drawn = waves(**arguments)
    np.testing.assert_array_equal(drawn.data, waves(**arguments, seed=drawn.seed).data)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"per_class": 0}, "per_class must be a whole number from 1"),
        ({"per_class": 1.5}, "per_class must be"),
        ({"n_steps": 0}, "n_steps must be a whole number"),
        ({"context_steps": 11}, r"context_steps must be at most n_steps \(10\), got 11"),
        ({"context_steps": -1}, "context_steps must be a whole number from 0"),
        ({"dt_s": 0}, "dt_s must be a positive number"),
        ({"context_rate_hz": -1}, "context_rate_hz must give a probability"),
        ({"context_rate_hz": 1001}, "context_rate_hz must give a probability"),
        ({"context_rate_hz": float("nan")}, "context_rate_hz must give a probability"),
        ({"seed": -1}, "seed must be"),
    ],
)
def test_arguments_are_checked(changes, message):
    with pytest.raises(InputError, match=message):
        waves(**dict(per_class=1, n_steps=10, context_rate_hz=50, dt_s=1e-3) | changes)
