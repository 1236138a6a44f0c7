"""Stimuli: closed forms, the samples of the published ones, and input that makes none."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.cascade import stimuli
from rate2spike.spiking.cascade.filters import ExponentialFilter


def test_steps_hold_their_amplitude_for_their_time():
    steps = stimuli.step_stimulus([10, 100, 50], [0, 2, -1])
    assert steps.size == 1600
    assert not steps[:100].any() and (steps[100:1100] == 2).all() and (steps[1100:] == -1).all()


def test_three_tenths_of_a_millisecond_are_three_samples():
    """0.3 / 0.1 is a little less than 3."""
    assert stimuli.step_stimulus([0.3], [1.0]).size == 3


def test_a_pulse_is_where_it_should_be():
    pulse = stimuli.pulse_stimulus(30, 10, 5, amplitude=6)
    assert pulse.size == 300 and np.flatnonzero(pulse).tolist() == list(range(100, 150)) and pulse.max() == 6


def test_the_published_synaptic_pulse():
    """Spec 2.3: sample counts floor(T / dt - 0.5), the impulse at 199, A = 7."""
    pulse = stimuli.biexponential_stimulus(600, 20, 7)
    assert pulse.size == 5999 and pulse.argmax() == 203 and not pulse[:200].any()
    np.testing.assert_allclose(pulse[200:205], [4.73721405, 6.38613459, 6.90079285, 7, 6.94815582], atol=5e-9)
    assert stimuli.biexponential_stimulus(100, 30, tau_decay_ms=20).argmax() == 304


def test_the_pulse_begins_at_its_onset_on_demand():
    pulse = stimuli.biexponential_stimulus(600, 20, 7, as_published=False)
    assert pulse.size == 6000 and not pulse[:201].any()
    np.testing.assert_allclose(pulse[1:], stimuli.biexponential_stimulus(600, 20, 7), atol=0)


def test_its_shape_is_the_difference_of_two_exponentials():
    """Peak at log(decay / rise) rise decay / (decay - rise)."""
    pulse = stimuli.biexponential_stimulus(100, 0, 1, 2.0, 6.0, dt_ms=0.001, as_published=False)
    assert pulse.argmax() * 0.001 == pytest.approx(np.log(3) * 12 / 4, abs=0.001)
    assert pulse.sum() * 0.001 == pytest.approx((6 - 2) / (3**-0.5 - 3**-1.5), rel=1e-5)


def test_the_alpha_function():
    alpha = stimuli.alpha_stimulus(200, 1.75, dt_ms=0.01)
    assert alpha.argmax() == 200 and alpha.max() == pytest.approx(1.75) and alpha[0] == 0
    assert alpha.sum() * 0.01 == pytest.approx(1.75 * np.e * 2, rel=1e-5)


def test_noise_has_its_mean_and_sd_and_comes_from_its_seed():
    noise = stimuli.noise_stimulus(5001, seed=3, mean=-45)
    assert (
        noise.size == 50_010
        and noise.std() == pytest.approx(100, rel=0.01)
        and noise.mean() == pytest.approx(-45, abs=1.5)
    )
    np.testing.assert_array_equal(noise, stimuli.noise_stimulus(5001, seed=3) - 45)
    assert (noise != stimuli.noise_stimulus(5001, seed=4, mean=-45)).all()


@pytest.mark.parametrize("dt_ms", [0.02, 0.1, 0.5])
def test_filtered_noise_does_not_depend_on_the_step(dt_ms):
    """SD of white noise in a filter of first order: intensity / sqrt(2 tau)."""
    noise = stimuli.noise_stimulus(50_000, seed=5, dt_ms=dt_ms)
    filtered = ExponentialFilter(10.0, dt_ms=dt_ms).filtered(noise)[2000:]
    assert filtered.std() == pytest.approx(1 / np.sqrt(2 * 0.010), rel=0.05)


WRONG = [
    (stimuli.step_stimulus, ([], []), "durations_ms must be of shape (n_samples,)"),
    (stimuli.step_stimulus, ([1, 2], [1]), "2 durations_ms do not fit 1 amplitudes"),
    (stimuli.step_stimulus, ([0.01], [1]), "durations_ms must last one sample of 0.1 ms"),
    (stimuli.step_stimulus, ([-1], [1]), "durations_ms must be a positive number"),
    (stimuli.step_stimulus, ([1], [np.nan]), "amplitudes must be finite"),
    (stimuli.step_stimulus, ([1], [1], -0.1), "dt_ms must be a positive number, got -0.1"),
    (stimuli.pulse_stimulus, (10, 8, 5), "does not lie within 10 ms"),
    (stimuli.pulse_stimulus, (10, 1e300, 5), "does not lie within 10 ms"),
    (stimuli.pulse_stimulus, (10, -1, 5), "start_ms must be a number from 0"),
    (stimuli.pulse_stimulus, (10, 1, 0.01), "width_ms must last one sample"),
    (stimuli.pulse_stimulus, (10, 1, 5, "x"), "amplitude must be a finite number"),
    (stimuli.pulse_stimulus, (5e10, 1, 5), "of memory"),
    (stimuli.biexponential_stimulus, (10, 10), "onset_ms must lie before the end at 10 ms"),
    (stimuli.biexponential_stimulus, (0.1, 0), "onset_ms must lie before the end"),
    (stimuli.biexponential_stimulus, (10, 1, 1, 5, 5), "tau_rise_ms must be below tau_decay_ms, got 5 and 5"),
    (stimuli.biexponential_stimulus, (10, 1, 1, 1e-9, 1e-6), "tau_decay_ms of 1e-06 ms ends within a sample"),
    (stimuli.biexponential_stimulus, (10, 1, 1, 1, 5, 0.1, "no"), "as_published must be true or false"),
    (stimuli.alpha_stimulus, (10, 1, 0), "tau_ms must be a positive number, got 0"),
    (stimuli.alpha_stimulus, (float("nan"),), "duration_ms must be a positive number, got nan"),
    (stimuli.noise_stimulus, (10, 1, 0, -1), "intensity must be a number from 0"),
    (stimuli.noise_stimulus, (10, -1), "seed must be a whole number"),
]


@pytest.mark.parametrize(("function", "arguments", "said"), WRONG)
def test_what_makes_no_stimulus_is_one_line(function, arguments, said):
    with pytest.raises(InputError) as caught:
        function(*arguments)
    assert said in str(caught.value) and "\n" not in str(caught.value)
