"""Pulses of one width and height 1 at any times, and what a first-order filter makes of them: exact between all times.

Times are in ms, ascending, from 0; the filter is tau dv/dt = pulses - v, v(0) = 0.
"""

import numpy as np

from rate2spike.spiking.kernels.compiled import compiled


@compiled()
def pulse_edges(onsets, width):
    """Beginning and end of pulses in turn: one that begins within another prolongs that one."""
    edges = np.empty(2 * onsets.size)
    n = 0
    for onset in onsets:
        if n > 0 and onset <= edges[n - 1]:
            edges[n - 1] = onset + width
        else:
            edges[n], edges[n + 1] = onset, onset + width
            n += 2
    return edges[:n]


@compiled()
def pulses(times, edges):
    """1 from the beginning of each pulse until before its end, 0 elsewhere."""
    values = np.zeros(times.size)
    n = 0
    for k in range(times.size):
        while n < edges.size and edges[n] <= times[k]:
            n += 1
        values[k] = n % 2
    return values


@compiled()
def filtered_pulses(times, edges, tau):
    """What the filter makes of `pulses`."""
    values = np.empty(times.size)
    r, since, n = 0.0, 0.0, 0
    for k in range(times.size):
        while n < edges.size and edges[n] <= times[k]:
            r = n % 2 + (r - n % 2) * np.exp((since - edges[n]) / tau)
            since = edges[n]
            n += 1
        values[k] = n % 2 + (r - n % 2) * np.exp((since - times[k]) / tau)
    return values
