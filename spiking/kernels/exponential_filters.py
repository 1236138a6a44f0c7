"""Causal filters whose taps fall exponentially, and end: one multiplication per sample, whatever their length."""

import numpy as np

from rate2spike.spiking.kernels.compiled import compiled


@compiled()
def filtered(signal, decay, entering, first_tap, n_taps):
    """(n,) y[n] = sum over first_tap <= j < n_taps of entering decay^(j - first_tap) signal[n - j], without a history.

    What enters decays from sample to sample, and is taken out again with what is left of it after the last tap.
    """
    y = np.empty(signal.size)
    leaving = entering * decay ** (n_taps - first_tap)
    value = 0.0
    for n in range(signal.size):
        value *= decay
        if n >= first_tap:
            value += entering * signal[n - first_tap]
        if n >= n_taps:
            value -= leaving * signal[n - n_taps]
        y[n] = value
    return y
