"""The somas that the published package does not have: rheobase, period and adaptation in closed form."""

import numpy as np
import pytest
from scipy.integrate import quad

import rate2spike as r2s

d = r2s.dendrites
SLOW = 500.0  # time constant in steps, for which a step is nearly continuous time


def spike_times(soma, x, n_steps):
    soma.step_mode = "m"
    soma.reset()
    return np.flatnonzero(soma(np.full((n_steps, 1), x)))


def qif():
    return d.QIFSoma(SLOW, v_rest=0.1, v_critical=0.7, curvature=1.5, v_threshold=2.0, v_reset=-0.3)


def eif():
    return d.EIFSoma(SLOW, v_rest=0.1, v_critical=0.8, sharpness=0.15, v_threshold=1.3, v_reset=-0.2)


def slope(soma, v, x):
    """tau dV/dt by the published equations of the kinds (Fourcaud-Trocmé et al. 2003)."""
    if isinstance(soma, d.QIFSoma):
        return soma.curvature * (v - soma.v_rest) * (v - soma.v_critical) + x
    return soma.v_rest - v + soma.sharpness * np.exp((v - soma.v_critical) / soma.sharpness) + x


RHEOBASE = {
    qif: lambda soma: soma.curvature * (soma.v_critical - soma.v_rest) ** 2 / 4,
    eif: lambda soma: soma.v_critical - soma.v_rest - soma.sharpness,
}


@pytest.mark.parametrize("make", RHEOBASE)
def test_rheobase(make):
    """Constant input a hundredth below never leads to a spike, a hundredth above it does."""
    soma = make()
    rheobase = RHEOBASE[make](soma)
    n_steps = int(100 * SLOW)
    assert spike_times(soma, 0.99 * rheobase, n_steps).size == 0
    assert spike_times(soma, 1.01 * rheobase, n_steps).size > 0


@pytest.mark.parametrize("make", RHEOBASE)
def test_period(make):
    """The time from reset to threshold, ∫ tau dv / slope(v)."""
    soma = make()
    x = 2 * RHEOBASE[make](soma)
    expected = SLOW * quad(lambda v: 1 / slope(soma, v, x), soma.v_reset, soma.v_threshold)[0]
    times = spike_times(soma, x, int(6 * expected))
    np.testing.assert_allclose(np.diff(times), expected, rtol=0.01)


def test_without_input_a_quadratic_soma_fires_only_from_above_its_critical_voltage():
    for start, fires in ((0.65, False), (0.75, True)):
        soma = d.QIFSoma(SLOW, v_rest=0.1, v_critical=0.7, v_threshold=2.0, step_mode="m")
        soma(np.full((1, 1), SLOW * (start - 0.1)))  # a pulse to there, from rest
        assert np.any(soma(np.zeros((int(20 * SLOW), 1)))) == fires


def test_both_rest_at_v_rest():
    for soma in (qif(), d.AdLIFSoma(SLOW, v_reset=-0.2)):
        rest = soma.v
        soma.step_mode = "m"
        soma(np.zeros((50, 1)))
        np.testing.assert_allclose(soma.v, [rest], atol=1e-12)
    exponential = eif()
    exponential.step_mode = "m"
    exponential(np.zeros((int(20 * SLOW), 1)))
    np.testing.assert_allclose(slope(exponential, exponential.v.numpy(), 0.0), [0.0], atol=1e-6)


@pytest.mark.parametrize("decay_input", [True, False])
def test_adaptation_has_the_mean_of_its_closed_form(decay_input):
    """In the end a falls between spikes as much as a spike adds: its mean is adaptation tau_adaptation f."""
    soma = d.AdLIFSoma(5.0, 30.0, 0.06, decay_input, step_mode="s")
    x = np.full(1, 2.5 if decay_input else 0.5)
    a, spikes = [], []
    for _ in range(500):
        spikes.append(float(soma(x)[0]))
        a.append(float(soma.a[0]))
    times = np.flatnonzero(spikes)
    intervals = np.diff(times)
    assert intervals[-1] > 1.3 * intervals[0] and np.all(np.diff(intervals[:5]) >= 0)
    first, last = times[-31], times[-1]
    rate = 30 / (last - first)
    np.testing.assert_allclose(np.mean(a[first:last]), 0.06 * 30 * rate, rtol=0.02)


def test_without_adaptation_it_is_leaky():
    x = np.random.default_rng(1).normal(1, 1, (30, 4))
    one, other = (
        d.AdLIFSoma(3.0, adaptation=0, v_reset=None, step_mode="m"),
        d.LIFSoma(3.0, v_reset=None, step_mode="m"),
    )
    np.testing.assert_array_equal(one(x), other(x))


def test_an_upstroke_stays_finite():
    soma = d.EIFSoma(sharpness=0.01, v_reset=None, step_mode="m")
    assert np.isfinite(soma(np.full((20, 1), 100.0, "f4"))).all() and np.isfinite(soma.v).all()
