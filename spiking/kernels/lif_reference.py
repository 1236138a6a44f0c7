"""Reference LIF kernel: float64, the historic order of operations, every random draw supplied by the caller.

Reproduces the published MATLAB simulator to rounding (golden tests). No fastmath: LLVM may not reorder anything.
"""

import numpy as np
from numba import njit

FIRST_COUNTED_STEP = 10
V_SPIKE_MV = 30.0


@njit(cache=True, nogil=True, error_model="numpy")
def lif_reference(
    w, w_out, drive, v, ipsc, h, r, hr, t_last, tau_d, dt, t_ref, tau_m, tau_r, v_reset, v_peak, bias, noise_sd,
    first_step, normals, coins, stim_first, stim_end, stim_units, stim_mv, steps_per_column,
    output, spike_count, voltage, spikes, rates, ipsc_trace,
):  # fmt: skip
    """Advance the state by normals.shape[0] steps, beginning with 1-based `first_step`, in place.

    w (N, N) [target, source]; drive (columns, N) mV; state v (mV), ipsc, h, r, hr, t_last (s), each (N,); tau_d (N,) s.
    normals (steps, N) standard normals; coins (steps,) uniforms, of which those of stimulated steps are used.
    Stimulation acts on 0-based steps [stim_first, stim_end). w_out (n_outputs, N).
    Outputs: output (n_outputs, all steps); the others (all steps, N), or (0, N) when not wanted.
    """
    n = v.size
    decay_d = np.exp(-dt / tau_d)
    decay_r = np.exp(-dt / tau_r) if tau_r > 0 else 0.0
    jump = np.empty(n)
    fired = np.empty(n, np.bool_)
    for block_step in range(normals.shape[0]):
        i = first_step + block_step
        column = (i + steps_per_column // 2) // steps_per_column
        if ipsc_trace.shape[0] > 0:
            ipsc_trace[i - 1, :] = ipsc
        for k in range(n):
            free = 1.0 if dt * i > t_last[k] + t_ref else 0.0
            total = ipsc[k] + bias + drive[column, k]
            v[k] = v[k] + dt * (free * (total - v[k]) / tau_m) + noise_sd * normals[block_step, k]
        if stim_first < i <= stim_end and coins[block_step] < 0.5:
            for k in stim_units:
                v[k] += stim_mv
        jump[:] = 0.0
        for k in range(n):
            fired[k] = v[k] >= v_peak
            if fired[k]:
                for target in range(n):
                    jump[target] += w[target, k]
                # in exactly this form: it is not always dt * i to the last bit, and decides when integration restarts
                t_last[k] = t_last[k] + (dt * i - t_last[k])
                if i >= FIRST_COUNTED_STEP:
                    spike_count[k] += 1
        for k in range(n):
            spike = 1.0 if fired[k] else 0.0
            if tau_r > 0:
                ipsc[k] = ipsc[k] * decay_d[k] + h[k] * dt
                h[k] = h[k] * decay_r + jump[k] / (tau_r * tau_d[k])
                r[k] = r[k] * decay_d[k] + hr[k] * dt
                hr[k] = hr[k] * decay_r + spike / (tau_r * tau_d[k])
            else:
                ipsc[k] = ipsc[k] * decay_d[k] + jump[k] / tau_d[k]
                r[k] = r[k] * decay_d[k] + spike / tau_d[k]
            if voltage.shape[0] > 0:
                voltage[i - 1, k] = V_SPIKE_MV if fired[k] else v[k]
            if fired[k]:
                v[k] = v_reset
                if spikes.shape[0] > 0:
                    spikes[i - 1, k] = True
        if rates.shape[0] > 0:
            rates[i - 1, :] = r
        for row in range(w_out.shape[0]):
            readout = 0.0
            for k in range(n):
                readout += w_out[row, k] * r[k]
            output[row, i - 1] = readout
