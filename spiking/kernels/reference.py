"""Reference kernel: float64, the historic order of operations, every random draw supplied by the caller.

Reproduces the published MATLAB simulator to rounding (golden tests). No fastmath: LLVM may not reorder anything.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

LIF, QIF, ALIF, EIF = range(4)
FIRST_COUNTED_STEP = 10
V_SPIKE_MV = 30.0


class Units(NamedTuple):
    """Constants of the units, (N,) float64, in s and mV."""

    tau_d: np.ndarray
    tau_m: np.ndarray
    t_ref: np.ndarray
    tau_r: np.ndarray  # 0: single-exponential filter
    v_reset: np.ndarray
    v_peak: np.ndarray
    bias: np.ndarray
    noise_sd: np.ndarray  # per step
    form_a: np.ndarray  # adaptive: tau_a; exponential: v_T
    form_b: np.ndarray  # adaptive: the jump of a; exponential: D


class State(NamedTuple):
    """What a trial carries from step to step, (N,) float64."""

    v: np.ndarray
    ipsc: np.ndarray
    h: np.ndarray
    r: np.ndarray
    hr: np.ndarray
    t_last: np.ndarray
    adaptation: np.ndarray


@njit(cache=True, nogil=True, error_model="numpy")
def slope(kind, v, total, adaptation, units, k):
    """tau_m dv/dt of unit k: the four neurons (see params.py)."""
    if kind == LIF:
        return total - v
    if kind == QIF:
        return v * v + total
    if kind == ALIF:
        return total - adaptation - v
    exponent = min((v - units.form_a[k]) / units.form_b[k], 20.0 - np.log(units.form_b[k]))
    return total - v + units.form_b[k] * np.exp(exponent)


@njit(cache=True, nogil=True, error_model="numpy")
def simulate(
    kind, first_step, normals, coins, steps_per_column, dt, units, state, w, readout, drive, stimuli, recording
):  # fmt: skip
    """Advance the state by normals.shape[0] steps from 1-based `first_step` on, in place. Returns the number of events.

    w (N, N) [target, source]; readout (n_outputs, N); drive (columns, N) mV. normals (steps, N) standard normals; coins
    (steps, S) uniforms, of which those of stimulated steps are used. stimuli, recording: as those of the fast kernel; events
    go on from recording.event_unit[0].
    """
    v, ipsc, h, r, hr, t_last = state.v, state.ipsc, state.h, state.r, state.hr, state.t_last
    n = v.size
    wants_output, wants_rates = recording.output.shape[1] > 0, recording.rates.shape[0] > 0
    wants_voltage, wants_ipsc = recording.voltage.shape[0] > 0, recording.ipsc.shape[0] > 0
    decay_d = np.exp(-dt / units.tau_d)
    decay_r, decay_a = np.zeros(n), np.zeros(n)
    for k in range(n):
        if units.tau_r[k] > 0:
            decay_r[k] = np.exp(-dt / units.tau_r[k])
        if kind == ALIF:
            decay_a[k] = np.exp(-dt / units.form_a[k])
    extra = np.empty(n)
    jump = np.empty(n)
    fired = np.empty(n, np.bool_)
    n_events = 0
    for block_step in range(normals.shape[0]):
        i = first_step + block_step
        column = (i + steps_per_column // 2) // steps_per_column
        recorded = i % recording.stride == 0
        row = i // recording.stride - recording.first_row - 1
        if wants_ipsc and recorded:
            recording.ipsc[row, :] = ipsc
        extra[:] = 0.0
        for s in range(stimuli.first.size):
            if stimuli.continuous[s] and stimuli.first[s] < i <= stimuli.end[s]:
                for j in range(stimuli.offsets[s], stimuli.offsets[s + 1]):
                    extra[stimuli.units[j]] += stimuli.mv[s]
        for k in range(n):
            free = 1.0 if dt * i > t_last[k] + units.t_ref[k] else 0.0
            total = ipsc[k] + units.bias[k] + drive[column, k] + extra[k]
            dv = slope(kind, v[k], total, state.adaptation[k], units, k)
            v[k] = v[k] + dt * (free * dv / units.tau_m[k]) + units.noise_sd[k] * normals[block_step, k]
            state.adaptation[k] *= decay_a[k]
        for s in range(stimuli.first.size):
            acts = not stimuli.continuous[s] and stimuli.first[s] < i <= stimuli.end[s]
            if acts and coins[block_step, s] < stimuli.duty[s]:
                for j in range(stimuli.offsets[s], stimuli.offsets[s + 1]):
                    v[stimuli.units[j]] += stimuli.mv[s]
        jump[:] = 0.0
        for k in range(n):
            fired[k] = v[k] >= units.v_peak[k]
            if fired[k]:
                for target in range(n):
                    jump[target] += w[target, k]
                # in exactly this form: it is not always dt * i to the last bit, and decides when integration restarts
                t_last[k] = t_last[k] + (dt * i - t_last[k])
                if kind == ALIF:
                    state.adaptation[k] += units.form_b[k]
                if i >= FIRST_COUNTED_STEP:
                    recording.spike_count[k] += 1
                if recording.event_unit.size > 0:
                    recording.event_unit[n_events] = k
                    recording.event_step[n_events] = i - 1
                    n_events += 1
        for k in range(n):
            spike = 1.0 if fired[k] else 0.0
            tau_d, tau_r = units.tau_d[k], units.tau_r[k]
            if tau_r > 0:
                ipsc[k] = ipsc[k] * decay_d[k] + h[k] * dt
                h[k] = h[k] * decay_r[k] + jump[k] / (tau_r * tau_d)
                r[k] = r[k] * decay_d[k] + hr[k] * dt
                hr[k] = hr[k] * decay_r[k] + spike / (tau_r * tau_d)
            else:
                ipsc[k] = ipsc[k] * decay_d[k] + jump[k] / tau_d
                r[k] = r[k] * decay_d[k] + spike / tau_d
            if wants_voltage and recorded:
                recording.voltage[row, k] = V_SPIKE_MV if fired[k] else v[k]
            if fired[k]:
                v[k] = units.v_reset[k]
        if wants_rates and recorded:
            recording.rates[row, :] = r
        if wants_output and recorded:
            for output in range(readout.shape[0]):
                total = 0.0
                for k in range(n):
                    total += readout[output, k] * r[k]
                recording.output[output, row] = total
    return n_events
