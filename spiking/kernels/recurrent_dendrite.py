"""First-order filters in closed form at any times: of an alpha function, and of samples joined by lines.

A filter is tau dv/dt = x - v, v(0) = 0. Times are in ms, ascending, from 0. Nothing depends on how far they are apart:
between them the solution is exact, as is the moment at which it crosses a threshold.
"""

import numpy as np

from rate2spike.spiking.kernels.compiled import compiled

_HALVINGS = 60  # of a bracket, to the last bit of its ends
_SERIES_BELOW = 0.1  # the closed form of alpha functions loses digits where both time constants are nearly the same


@compiled()
def alpha_function(t, tau):
    """A pulse of height 1 at tau."""
    return t / tau * np.exp(1.0 - t / tau)


@compiled()
def filtered_alpha(t, tau_input, tau):
    """What the filter tau makes of `alpha_function(t, tau_input)`."""
    x = (1.0 / tau - 1.0 / tau_input) * t
    slow = np.exp(-t / tau_input)
    if abs(x) < _SERIES_BELOW:  # (x - 1 + exp(-x)) / x^2 in powers of x
        term, factor = 0.5, 0.5
        for k in range(3, 11):
            factor *= -x / k
            term += factor
        shape = slow * term
    else:
        shape = ((x - 1.0) * slow + np.exp(-t / tau)) / (x * x)
    return np.e / tau_input * t * t / tau * shape


@compiled()
def alphas(times, tau):
    """`alpha_function` at times."""
    values = np.empty(times.size)
    for k in range(times.size):
        values[k] = alpha_function(times[k], tau)
    return values


@compiled()
def filtered_alphas(times, tau_input, tau):
    """`filtered_alpha` at times."""
    values = np.empty(times.size)
    for k in range(times.size):
        values[k] = filtered_alpha(times[k], tau_input, tau)
    return values


@compiled()
def time_of_largest(tau_input, tau):
    """When `filtered_alpha` is largest: where it meets the alpha function that it follows."""
    high = tau_input
    while filtered_alpha(high, tau_input, tau) < alpha_function(high, tau_input):
        high *= 2.0
    low = 0.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if filtered_alpha(middle, tau_input, tau) < alpha_function(middle, tau_input):
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@compiled()
def crossing_of_alpha(height, tau_input, tau, threshold, end):
    """When height times `filtered_alpha` rises above the threshold before the end; infinite if it does not."""
    largest = min(time_of_largest(tau_input, tau), end)
    low, high = (0.0, largest) if height > 0.0 else (largest, end)  # it rises here, and falls elsewhere
    if not height * filtered_alpha(low, tau_input, tau) <= threshold < height * filtered_alpha(high, tau_input, tau):
        return np.inf
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if height * filtered_alpha(middle, tau_input, tau) <= threshold:
            low = middle
        else:
            high = middle
    return high


@compiled()
def _within(s, u, slope, v, tau):
    """The filter s after it was v, when its input was u and has changed with this slope since."""
    start = u - slope * tau
    return start + slope * s + (v - start) * np.exp(-s / tau)


@compiled()
def interpolated(times, samples, dt):
    """The input at times: samples dt apart, joined by lines."""
    values = np.empty(times.size)
    for k in range(times.size):
        i = min(int(times[k] / dt), samples.size - 2)
        values[k] = samples[i] + (samples[i + 1] - samples[i]) * (times[k] / dt - i)
    return values


@compiled()
def filtered_samples(times, samples, dt, tau):
    """What the filter makes of samples dt apart, joined by lines."""
    values = np.empty(times.size)
    v, i = 0.0, 0
    for k in range(times.size):
        while i + 2 < samples.size and (i + 1) * dt <= times[k]:
            v = _within(dt, samples[i], (samples[i + 1] - samples[i]) / dt, v, tau)
            i += 1
        values[k] = _within(times[k] - i * dt, samples[i], (samples[i + 1] - samples[i]) / dt, v, tau)
    return values


@compiled()
def crossings_of_samples(samples, dt, tau, threshold):
    """When `filtered_samples` rises above the threshold: all times."""
    found = np.empty(samples.size)
    n, v = 0, 0.0
    for i in range(samples.size - 1):
        slope = (samples[i + 1] - samples[i]) / dt
        after = _within(dt, samples[i], slope, v, tau)
        turn = _turning_point(samples[i], slope, v, tau, dt)
        at_turn = _within(turn, samples[i], slope, v, tau) if turn < dt else after
        if v <= threshold < at_turn:
            found[n] = i * dt + _rise(0.0, turn, samples[i], slope, v, tau, threshold)
            n += 1
        elif at_turn <= threshold < after:
            found[n] = i * dt + _rise(turn, dt, samples[i], slope, v, tau, threshold)
            n += 1
        v = after
    return found[:n]


@compiled()
def _turning_point(u, slope, v, tau, dt):
    """Where `_within` goes from rising to falling or back, dt if it does not before: there is one such point at most."""
    ratio = (v - u + slope * tau) / (slope * tau) if slope != 0.0 else 0.0
    return min(tau * np.log(ratio), dt) if ratio > 1.0 else dt


@compiled()
def _rise(low, high, u, slope, v, tau, threshold):
    """Where `_within` passes the threshold, between a place where it is not above and one where it is."""
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if _within(middle, u, slope, v, tau) <= threshold:
            low = middle
        else:
            high = middle
    return high


@compiled()
def with_sigmoid(linear, x, half_activation, sensitivity, gain):
    """linear + gain / (1 + exp(-(x - half_activation) / sensitivity))."""
    values = np.empty(linear.size)
    for k in range(linear.size):
        values[k] = linear[k] + gain / (1.0 + np.exp((half_activation - x[k]) / sensitivity))
    return values


@compiled()
def largest_with_sigmoid(linear, x, half_activation, sensitivity, gain):
    """Place and value of the first largest of `with_sigmoid`."""
    place, largest = 0, -np.inf
    for k in range(linear.size):
        value = linear[k] + gain / (1.0 + np.exp((half_activation - x[k]) / sensitivity))
        if value > largest:
            place, largest = k, value
    return place, largest
