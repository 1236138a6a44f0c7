"""Events drawn, millisecond by millisecond, with rates that are held, differ between synapses, and are smoothed over time.

In the published generator an event comes where a uniform number lies below one drawn from an exponential distribution whose
mean is the rate r. Over both draws that has probability r (1 - exp(-1/r)), independently for all milliseconds: one draw with
this probability is the same. And since r is below 0.05 almost everywhere, nearly all milliseconds stay empty: each
synapse jumps from candidate to candidate, which have a constant probability that is never too small, and only of these the
smoothed rate is worked out.
"""

import numpy as np

from rate2spike.spiking.kernels.compiled import compiled
from rate2spike.spiking.kernels.noise import splitmix64

_u8 = np.uint64
_PER_STEP = 2.0**-53  # of the 53 highest bits of a word


@compiled()
def event_probability(rate):
    """Of an event in one millisecond, by its rate per millisecond."""
    return rate * (1.0 - np.exp(-1.0 / rate)) if rate > 0.0 else 0.0


@compiled()
def smoothed_at(t, held, hold, window_sum, n_ms):
    """The rate in millisecond t: `held` (n_intervals,), each for `hold` ms, is 0 before 0 and from n_ms on.

    window_sum (L + 1,): sums of the first 0, 1, ... taps of the window, whose middle lies at t.
    """
    n_taps = window_sum.size - 1
    last = t + (n_taps - 1) // 2  # the sample that the first tap meets
    first, end = max(last - n_taps + 1, 0), min(last + 1, n_ms)
    rate = 0.0
    for j in range(first // hold, (end - 1) // hold + 1):
        begin, until = max(j * hold, first), min((j + 1) * hold, end)
        rate += held[j] * (window_sum[last - begin + 1] - window_sum[last - until + 1])
    return rate


@compiled()
def smoothed(held, hold, window_sum, n_ms):
    """(n_rows, n_ms) rates of the rows of `held` (n_rows, n_intervals), as `smoothed_at`."""
    rates = np.empty((held.shape[0], n_ms))
    for row in range(held.shape[0]):
        for t in range(n_ms):
            rates[row, t] = smoothed_at(t, held[row], hold, window_sum, n_ms)
    return rates


@compiled()
def draw_events(key, held, hold, window_sum, gain, ceiling, ceiling_of, factor):
    """Times and synapses (n,), (n,) int32 of the events, in order.

    held (n_synapses, n_intervals): rates per ms; gain (n_ms,) multiplies them when they are smoothed. Synapse i is never
    above factor[i] ceiling[ceiling_of[i]], of `ceiling` (n_ceilings, n_ms).
    """
    n_synapses, n_ms = held.shape[0], gain.size
    happens = np.zeros((n_ms, n_synapses), np.bool_)
    highest = np.empty(ceiling.shape[0])
    for k in range(ceiling.shape[0]):
        highest[k] = ceiling[k].max()
    state = _u8(key)
    for i in range(n_synapses):
        candidate = min(factor[i] * highest[ceiling_of[i]], 1.0)
        if candidate <= 0.0:
            continue
        log_none = np.log1p(-candidate)  # -inf where every millisecond is one
        t = -1
        while True:
            state, word = splitmix64(state)
            gap = np.log1p(-_PER_STEP * np.float64(word >> _u8(11))) / log_none
            if not gap < n_ms - 1 - t:
                break
            t += 1 + int(gap)
            state, word = splitmix64(state)
            level = candidate * (_PER_STEP * np.float64(word >> _u8(11)))
            if level < factor[i] * ceiling[ceiling_of[i], t]:
                rate = gain[t] * smoothed_at(t, held[i], hold, window_sum, n_ms)
                happens[t, i] = level < event_probability(rate)
    return np.nonzero(happens)
