"""Loops over time of the expressive leaky memory neuron: leaky sums, and its memory, forward and backward.

    h_t = relu(u_t + (k m_{t-1}) W),   p_t = tanh(2/3 (h_t V + c)),   m_t = k m_{t-1} + g p_t

u holds all that does not depend on the memory, made for all steps at once. Each item of a batch is a loop of its own.
"""

import math

import numpy as np

from rate2spike.spiking.kernels.compiled import compiled

TANH_SLOPE = np.float32(2 / 3)


@compiled()
def leaky_sums(sums, x, decay, first_item, last_item):
    """sums[b, t] = decay sums[b, t - 1] + x[b, t], both (B, T, J), of a range of items."""
    for b in range(first_item, last_item):
        for t in range(x.shape[1]):
            for j in range(x.shape[2]):
                sums[b, t, j] = x[b, t, j] if t == 0 else decay * sums[b, t - 1, j] + x[b, t, j]


@compiled()
def leaky_sum_slopes(slopes, d_sums, decay, first_item, last_item):
    """slopes[b, t] = decay slopes[b, t + 1] + d_sums[b, t]: the same backward in time."""
    n_steps = d_sums.shape[1]
    for b in range(first_item, last_item):
        for t in range(n_steps - 1, -1, -1):
            for j in range(d_sums.shape[2]):
                later = np.float32(0) if t == n_steps - 1 else decay * slopes[b, t + 1, j]
                slopes[b, t, j] = later + d_sums[b, t, j]


@compiled()
def remember(memory, hidden, proposal, u, keep, gain, from_memory, to_memory, bias, first_item, last_item):
    """Fill memory (B, T, d), hidden (B, T, H) and proposal (B, T, d) of a range of items.

    u (B, T, H); keep, gain, bias (d,); from_memory (d, H), to_memory (H, d).
    """
    n_memory, n_hidden = from_memory.shape
    kept, summed = np.zeros(n_memory, np.float32), np.zeros(n_memory, np.float32)
    for b in range(first_item, last_item):
        kept[:] = 0
        for t in range(u.shape[1]):
            h = hidden[b, t]
            h[:] = u[b, t]
            for i in range(n_memory):
                value, row = kept[i], from_memory[i]
                for j in range(n_hidden):
                    h[j] += value * row[j]
            summed[:] = bias
            for j in range(n_hidden):
                h[j] = max(h[j], np.float32(0))
                value, row = h[j], to_memory[j]
                if value:
                    for i in range(n_memory):
                        summed[i] += value * row[i]
            for i in range(n_memory):
                proposal[b, t, i] = math.tanh(TANH_SLOPE * summed[i])
                memory[b, t, i] = kept[i] + gain[i] * proposal[b, t, i]
                kept[i] = keep[i] * memory[b, t, i]


@compiled()
def remember_slopes(
    d_u, d_total, d_memory, hidden, proposal, keep, gain, to_hidden, from_hidden, first_item, last_item
):
    """Fill d_u (B, T, H) and d_total (B, T, d), the slopes with respect to u and to each memory m_t by all ways.

    d_memory (B, T, d): slopes with respect to what the loop gave; to_hidden (d, H) and from_hidden (H, d) are the transposed
    to_memory and from_memory.
    """
    n_memory, n_hidden = to_hidden.shape
    later = np.zeros(n_memory, np.float32)
    for b in range(first_item, last_item):
        later[:] = 0
        for t in range(d_u.shape[1] - 1, -1, -1):
            total, dh, h = d_total[b, t], d_u[b, t], hidden[b, t]
            dh[:] = 0
            for i in range(n_memory):
                total[i] = d_memory[b, t, i] + later[i]
                p, row = proposal[b, t, i], to_hidden[i]
                slope = total[i] * gain[i] * (1 - p * p) * TANH_SLOPE
                for j in range(n_hidden):
                    dh[j] += slope * row[j]
            later[:] = total
            for j in range(n_hidden):
                if h[j] > 0:
                    value, row = dh[j], from_hidden[j]
                    for i in range(n_memory):
                        later[i] += value * row[i]
                else:
                    dh[j] = 0
            later *= keep
