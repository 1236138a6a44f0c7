"""Loops over time of the expressive leaky memory neuron: leaky sums, and its memory, forward and backward.

    h_t = relu(u_t + (k m_{t-1}) W),   p_t = tanh(2/3 (h_t V + c)),   m_t = k m_{t-1} + g p_t

u holds all that does not depend on the memory, made for all steps at once. Each item of a batch is a loop of its own.
"""

import numpy as np

from rate2spike.spiking.kernels.arithmetic import tanh
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
def add_products(sums, values, rows):
    """sums[k] += values[k, 0] rows[0] + values[k, 1] rows[1] + ..., added in this order, for k = 0 and 1.

    Of two items at once, since rows come from memory more slowly than they are used; of four rows at a time, so that a sum
    is loaded once for them.
    """
    first, second, first_values, second_values = sums[0], sums[1], values[0], values[1]
    n, n_sums = rows.shape
    whole = n - n % 4
    for i in range(0, whole, 4):
        a, b, c, d = first_values[i], first_values[i + 1], first_values[i + 2], first_values[i + 3]
        e, f, g, h = second_values[i], second_values[i + 1], second_values[i + 2], second_values[i + 3]
        row_0, row_1, row_2, row_3 = rows[i], rows[i + 1], rows[i + 2], rows[i + 3]
        for j in range(n_sums):
            w, x, y, z = row_0[j], row_1[j], row_2[j], row_3[j]
            first[j] = (((first[j] + a * w) + b * x) + c * y) + d * z
            second[j] = (((second[j] + e * w) + f * x) + g * y) + h * z
    for i in range(whole, n):
        for j in range(n_sums):
            first[j] += first_values[i] * rows[i, j]
            second[j] += second_values[i] * rows[i, j]


@compiled()
def remember(memory, hidden, proposal, u, keep, gain, from_memory, to_memory, bias, first_item, last_item):
    """Fill memory (B, T, d), hidden (B, T, H) and proposal (B, T, d) of a range of items.

    u (B, T, H); keep, gain, bias (d,); from_memory (d, H), to_memory (H, d).
    """
    n_memory, n_hidden = from_memory.shape
    kept, summed = np.zeros((2, n_memory), np.float32), np.zeros((2, n_memory), np.float32)
    now = np.zeros((2, n_hidden), np.float32)
    for b in range(first_item, last_item, 2):
        items = (b, min(b + 1, last_item - 1))  # an item without a partner is computed twice
        kept[:] = 0
        for t in range(u.shape[1]):
            for k in range(2):
                now[k] = u[items[k], t]
            add_products(now, kept, from_memory)
            for k in range(2):
                summed[k] = bias
                for j in range(n_hidden):
                    now[k, j] = max(now[k, j], np.float32(0))
            add_products(summed, now, to_memory)
            for k in range(2):
                hidden[items[k], t] = now[k]
                p, m, before = proposal[items[k], t], memory[items[k], t], kept[k]
                for i in range(n_memory):
                    p[i] = tanh(TANH_SLOPE * summed[k, i])
                for i in range(n_memory):
                    m[i] = before[i] + gain[i] * p[i]
                    before[i] = keep[i] * m[i]


@compiled()
def remember_slopes(
    d_u, d_total, d_memory, hidden, proposal, keep, gain, to_hidden, from_hidden, first_item, last_item
):
    """Fill d_u (B, T, H) and d_total (B, T, d), the slopes with respect to u and to each memory m_t by all ways.

    d_memory (B, T, d): slopes with respect to what the loop gave; to_hidden (d, H) and from_hidden (H, d) are the transposed
    to_memory and from_memory.
    """
    n_memory, n_hidden = to_hidden.shape
    later, slope = np.zeros((2, n_memory), np.float32), np.zeros((2, n_memory), np.float32)
    now = np.zeros((2, n_hidden), np.float32)
    for b in range(first_item, last_item, 2):
        items = (b, min(b + 1, last_item - 1))
        later[:] = 0
        for t in range(d_u.shape[1] - 1, -1, -1):
            for k in range(2):
                total, p, given = d_total[items[k], t], proposal[items[k], t], d_memory[items[k], t]
                for i in range(n_memory):
                    total[i] = given[i] + later[k, i]
                    slope[k, i] = total[i] * gain[i] * (1 - p[i] * p[i]) * TANH_SLOPE
                later[k] = total
            now[:] = 0
            add_products(now, slope, to_hidden)
            for k in range(2):
                h = hidden[items[k], t]
                for j in range(n_hidden):
                    now[k, j] = now[k, j] if h[j] > 0 else np.float32(0)
                d_u[items[k], t] = now[k]
            add_products(later, now, from_hidden)
            for k in range(2):
                for i in range(n_memory):
                    later[k, i] *= keep[i]
