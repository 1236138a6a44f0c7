"""An integrate-and-fire membrane driven by jumps of voltage, millisecond by millisecond."""

import numpy as np

from rate2spike.spiking.kernels.compiled import compiled


@compiled()
def run_membrane(jumps_mv, decay, n_taps, threshold_mv):
    """Voltage above rest (T,) and which samples are spikes (T,), of the jumps (T,) that input makes in each sample.

    A jump decays by `decay` per sample and is forgotten after n_taps samples, as in a convolution with so many taps: what
    is left of it then is taken away. A sample above threshold is a spike, and the next one is 0, whatever arrives in it:
    a jump that undoes all others is added there, and decays and is forgotten as they are. In the last sample nothing can
    follow, so that it is none.
    """
    n = jumps_mv.size
    v, is_spike, made = np.empty(n), np.zeros(n, np.bool_), np.empty(n)
    left_after_all_taps = decay**n_taps
    now = 0.0
    for t in range(n):
        made[t] = jumps_mv[t]
        now = decay * now + made[t]
        if t >= n_taps:
            now -= left_after_all_taps * made[t - n_taps]
        if t > 0 and is_spike[t - 1]:
            made[t] -= now
            now = 0.0
        v[t] = now
        is_spike[t] = now > threshold_mv and t < n - 1
    return v, is_spike
