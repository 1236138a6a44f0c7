"""A causal convolution over time of input that is nearly all zero: a run of additions per event.

y[b, t] = sum over events (b, t0, s, w) with t - K < t0 <= t of w kernel[K - 1 - (t - t0), s], and its gradient. Events sorted
by synapse find their rows of the kernel in the cache. Whoever shares the work among threads gives each a range of items or of
synapses, so that no sum is ever divided.
"""

from rate2spike.spiking.kernels.compiled import compiled


@compiled()
def add_events(y, kernel, item, time, synapse, weight, first_item, last_item):
    """Add to y (B, T, N) the events of the items from first_item to below last_item.

    kernel (K, S, N), its last tap for the present; item, time, synapse (n,) integers, weight (n,).
    """
    n_taps, n_units, n_steps = kernel.shape[0], kernel.shape[2], y.shape[1]
    for k in range(item.size):
        b, start, s, w = item[k], time[k], synapse[k], weight[k]
        if b < first_item or b >= last_item:
            continue
        for lag in range(min(n_taps, n_steps - start)):
            target, row = y[b, start + lag], kernel[n_taps - 1 - lag, s]
            for j in range(n_units):
                target[j] += w * row[j]


@compiled()
def add_kernel_slopes(d_kernel, dy, item, time, synapse, weight, first_synapse, last_synapse):
    """Add to d_kernel (K, S, N) the slopes with respect to the kernel's rows of a range of synapses; dy (B, T, N)."""
    n_taps, n_units, n_steps = d_kernel.shape[0], d_kernel.shape[2], dy.shape[1]
    for k in range(item.size):
        b, start, s, w = item[k], time[k], synapse[k], weight[k]
        if s < first_synapse or s >= last_synapse:
            continue
        for lag in range(min(n_taps, n_steps - start)):
            source, row = dy[b, start + lag], d_kernel[n_taps - 1 - lag, s]
            for j in range(n_units):
                row[j] += w * source[j]
