"""Traces of spikes: their closed form, and the weights of the low-pass filter."""

import numpy as np
import pytest
import tensorflow as tf

from rate2spike.errors import InputError
from rate2spike.spiking.plasticity.traces import low_pass_weights, time_constant, trace


@pytest.mark.parametrize("tau", [1.0, 1.5, 4.0])
def test_a_spike_fades_by_the_same_factor_in_every_step(tau):
    pulses = np.zeros((6, 1))
    pulses[1] = 1
    fading = (1 - 1 / tau) ** np.arange(5.0)
    x = trace(tf.constant(pulses), tau, tf.zeros(1, tf.float64)).numpy()
    np.testing.assert_allclose(x[:, 0], [0, *fading], atol=1e-15)


def test_a_trace_goes_on_where_it_was():
    pulses = tf.constant(np.random.default_rng(0).random((7, 3, 2)))
    whole = trace(pulses, 3.0, tf.zeros_like(pulses[0]))
    first = trace(pulses[:3], 3.0, tf.zeros_like(pulses[0]))
    np.testing.assert_allclose(trace(pulses[3:], 3.0, first[-1]), whole[3:], rtol=1e-14)


@pytest.mark.parametrize("tau", [1.0, 3.0, 100.0])
@pytest.mark.parametrize("n_steps", [1, 4])
def test_the_weights_of_the_filter_give_what_the_filter_gives(tau, n_steps):
    x, before = np.random.default_rng(0).normal(size=n_steps), 0.7
    y, series = before, []
    for value in x:
        y += (value - y) / tau
        series.append(y)
    into_sum, before_into_sum, into_last, before_into_last = low_pass_weights(n_steps, tau, tf.float64)
    assert float((into_sum.numpy() * x).sum() + before_into_sum * before) == pytest.approx(sum(series), abs=1e-12)
    assert float((into_last.numpy() * x).sum() + before_into_last * before) == pytest.approx(series[-1], abs=1e-12)


@pytest.mark.parametrize("tau", [0.5, 0, -1, float("inf"), float("nan"), "2", None, True])
def test_a_time_constant_below_a_step_is_refused(tau):
    with pytest.raises(InputError, match=r"^tau_pre must be a number from 1, got "):
        time_constant(tau, "tau_pre")
