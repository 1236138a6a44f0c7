"""Trials of a spiking network at a coarse step, and the gradient of its squared output error by surrogate derivatives.

The equations are those of `reference` for leaky integrate-and-fire units without dendrites, at a step of about 1 ms: filters
and membranes decay exactly, and a spike's filtered train keeps its area. Backwards, the step function of a spike is given
the derivative of a triangle around the threshold (Bellec et al. 2018, Esser et al. 2016), made lower so that gradients do not
grow over hundreds of steps. Everything is float32.
"""

import numpy as np

from rate2spike.spiking.kernels.compiled import compiled
from rate2spike.spiking.kernels.noise import LANES, fill_normals, seed_lanes

_f4, _i4, _u4, _u8 = np.float32, np.int32, np.uint32, np.uint64
_REFRACTORY = _f4(-1e6)  # in the place of the distance to the threshold


@compiled(fastmath=True)
def forward(b, drive, noise, units, w_from, w_out, steps_per_column, state, distance, filtered, outputs, n_spikes):
    """Run trial b, keeping each unit's distance to its threshold and its filtered train, (T, N), and outputs (T, n_outputs).

    drive (B, C, N): constant current and input, mV, of each column; noise (T, N) standard normals. w_from [source, target].
    """
    v, free_from, rise, current, rise_own, own = state
    n_steps, n = distance.shape
    last_column = drive.shape[1] - 1
    for step in range(n_steps):
        drive_now = drive[b, min((step + steps_per_column // 2) // steps_per_column, last_column)]
        noise_now, distance_now, filtered_now = noise[step], distance[step], filtered[step]
        now, n_fired = _i4(step), _f4(0)
        for i in range(n):
            current[i] = units.decay_d[i] * current[i] + units.gain[i] * rise[i]
            rise[i] *= units.decay_r[i]
            own[i] = units.decay_d[i] * own[i] + units.gain[i] * rise_own[i]
            rise_own[i] *= units.decay_r[i]
            filtered_now[i] = own[i]
            leak = units.leak[i]
            moved = (_f4(1) - leak) * v[i] + leak * (current[i] + drive_now[i]) + units.noise_sd[i] * noise_now[i]
            is_free = now >= free_from[i]
            v[i] = moved if is_free else v[i]
            distance_now[i] = moved - units.v_peak[i] if is_free else _REFRACTORY
            n_fired += _f4(1) if distance_now[i] >= _f4(0) else _f4(0)
        if n_fired > _f4(0):
            for i in range(n):
                if distance_now[i] >= _f4(0):
                    v[i] = units.v_reset[i]
                    free_from[i] = now + _i4(1) + units.n_refractory[i]
                    rise_own[i] += _f4(1)
                    n_spikes[i] += _f4(1)
                    row = w_from[i]
                    for k in range(n):
                        rise[k] += row[k]
        for output in range(w_out.shape[0]):
            value, row = _f4(0), w_out[output]
            for i in range(n):
                value += row[i] * filtered_now[i]
            outputs[step, output] = value


@compiled(fastmath=True)
def backward(
    b, target, weight, units, w_from, w_out, steps_per_column, surrogate, spike_cost, adjoint, distance, filtered, outputs,
    gradient, gradient_out,
):  # fmt: skip
    """Add trial b's gradient to those of w_from and w_out; returns its loss, the weighted half sum of squared errors.

    target, weight (B, C, n_outputs). surrogate: half width, mV, and height of the triangle times it. spike_cost: what one
    more spike costs, so that a wanted rate can be part of the loss.
    """
    by_own, by_rise_own, by_current, by_rise, by_v = adjoint
    n_steps, n = distance.shape
    half_width, height = surrogate
    last_column = target.shape[1] - 1
    loss = 0.0
    for array in adjoint:
        array[:] = _f4(0)
    for step in range(n_steps - 1, -1, -1):
        column = min((step + steps_per_column // 2) // steps_per_column, last_column)
        distance_now, filtered_now = distance[step], filtered[step]
        n_fired = _f4(0)
        for output in range(w_out.shape[0]):
            error = outputs[step, output] - target[b, column, output]
            slope = weight[b, column, output] * error
            loss += 0.5 * slope * error
            row, into = w_out[output], gradient_out[output]
            if slope != _f4(0):
                for i in range(n):
                    by_own[i] += slope * row[i]
                    into[i] += slope * filtered_now[i]
        for i in range(n):
            has_fired = distance_now[i] >= _f4(0)
            by_v[i] = _f4(0) if has_fired else by_v[i] * (_f4(1) - units.leak[i])  # a reset forgets
            n_fired += _f4(1) if has_fired else _f4(0)
        if n_fired > _f4(0):
            for i in range(n):
                if distance_now[i] >= _f4(0):
                    into = gradient[i]
                    for k in range(n):
                        into[k] += by_rise[k]
        for i in range(n):
            nearness = _f4(1) - abs(distance_now[i]) / half_width
            if nearness > _f4(0):  # others have no derivative, and need no sum over their targets
                value, row = by_rise_own[i] + spike_cost, w_from[i]
                for k in range(n):
                    value += row[k] * by_rise[k]
                by_v[i] += value * nearness * (height / half_width)
            elif distance_now[i] == _REFRACTORY:
                by_v[i] = _f4(0)
        for i in range(n):
            by_current[i] += units.leak[i] * by_v[i]
            by_rise[i] = units.decay_r[i] * by_rise[i] + units.gain[i] * by_current[i]
            by_current[i] *= units.decay_d[i]
            by_rise_own[i] = units.decay_r[i] * by_rise_own[i] + units.gain[i] * by_own[i]
            by_own[i] *= units.decay_d[i]
    return loss


@compiled(fastmath=True)
def loss_and_gradient(
    v_start, drive, noise_keys, target, weight, units, w_from, w_out, steps_per_column, surrogate, spike_cost,
    gradient, gradient_out, n_spikes, outputs,
):  # fmt: skip
    """Loss of a block of B trials; gradients (N, N) [source, target] and (n_outputs, N), spikes (N,) are added, outputs kept.

    v_start (B, N) mV; noise_keys (B,) uint64: of each trial's noise; outputs (B, T, n_outputs).
    """
    n_trials, n_steps, n = len(outputs), outputs.shape[1], len(w_from)
    normals = np.empty(-(-n_steps * n // LANES) * LANES, _f4)
    noise, words = normals[: n_steps * n].reshape(n_steps, n), np.empty((4, LANES), _u4)
    distance, filtered = np.empty((n_steps, n), _f4), np.empty((n_steps, n), _f4)
    free_from = np.empty(n, _i4)
    states, adjoint = np.empty((5, n), _f4), np.empty((5, n), _f4)
    loss = 0.0
    for b in range(n_trials):
        states[:] = _f4(0)
        states[0] = v_start[b]
        free_from[:] = _i4(0)
        seed_lanes(_u8(noise_keys[b]), words[0], words[1], words[2], words[3])
        fill_normals(words[0], words[1], words[2], words[3], normals)
        state = (states[0], free_from, states[1], states[2], states[3], states[4])
        forward(
            b, drive, noise, units, w_from, w_out, steps_per_column, state, distance, filtered, outputs[b], n_spikes
        )
        loss += backward(
            b, target, weight, units, w_from, w_out, steps_per_column, surrogate, spike_cost,
            (adjoint[0], adjoint[1], adjoint[2], adjoint[3], adjoint[4]), distance, filtered, outputs[b],
            gradient, gradient_out,
        )  # fmt: skip
    return loss
