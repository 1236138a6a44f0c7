"""Reference kernel: float64, the historic order of operations, every random draw supplied by the caller.

Reproduces the published MATLAB simulator to rounding (golden tests). No fastmath: LLVM may not reorder anything.
"""

from typing import Any, NamedTuple

import numpy as np
from numba.extending import overload

from rate2spike.spiking.kernels.compiled import compiled
from rate2spike.spiking.kernels.records import FIRST_COUNTED_STEP, V_SPIKE_MV
from rate2spike.spiking.kernels.reference_dendrites import deliver, filtered, receive


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
    own: NamedTuple  # constants of the neuron kind alone, see KINDS


class State(NamedTuple):
    """What a trial carries from step to step, (N,) float64."""

    v: np.ndarray
    ipsc: np.ndarray  # what recurrent synapses bring to the soma
    synapses: NamedTuple  # Points or Dendrites of `reference_dendrites`
    r: np.ndarray
    hr: np.ndarray
    t_last: np.ndarray
    adaptation: np.ndarray


class LIF(NamedTuple):
    """Leaky integrate-and-fire: tau_m dv/dt = -v + I. Here as below the fields are those of the record in params.py."""


def lif_slopes(own, v, total, adaptation, dv):
    for k in range(v.size):
        dv[k] = total[k] - v[k]


class QIF(NamedTuple):
    """Quadratic: tau_m dv/dt = v^2 + I."""


def qif_slopes(own, v, total, adaptation, dv):
    for k in range(v.size):
        dv[k] = v[k] * v[k] + total[k]


class AdLIF(NamedTuple):
    """Adaptive: tau_m dv/dt = -v + I - a, tau_a da/dt = -a, a += b at a spike."""

    adaptation_mv: np.ndarray
    tau_a_s: np.ndarray


def adlif_slopes(own, v, total, adaptation, dv):
    for k in range(v.size):
        dv[k] = total[k] - adaptation[k] - v[k]


def adlif_decay(own, dt):
    return np.exp(-dt / own.tau_a_s)


def adlif_fire(own, k, adaptation):
    adaptation[k] += own.adaptation_mv[k]


class EIF(NamedTuple):
    """Exponential: tau_m dv/dt = -v + D exp((v - v_T) / D) + I, the exponential term cut at exp(20)."""

    v_threshold_mv: np.ndarray
    slope_mv: np.ndarray


def eif_slopes(own, v, total, adaptation, dv):
    for k in range(v.size):
        exponent = min((v[k] - own.v_threshold_mv[k]) / own.slope_mv[k], 20.0 - np.log(own.slope_mv[k]))
        dv[k] = total[k] - v[k] + own.slope_mv[k] * np.exp(exponent)


KINDS: dict[str, Any] = {"lif": LIF, "qif": QIF, "adlif": AdLIF, "eif": EIF}
_SLOPES = {LIF: lif_slopes, QIF: qif_slopes, AdLIF: adlif_slopes, EIF: eif_slopes}
_DECAY = {AdLIF: adlif_decay}
_FIRE = {AdLIF: adlif_fire}


# these three in Python: where Numba's compiler is switched off
def slopes(own, v, total, adaptation, dv):
    """tau_m dv/dt of all units, mV, into dv."""
    _SLOPES[type(own)](own, v, total, adaptation, dv)


def decay_of(own, dt):
    """(N,) what is left of the second variable after a step; empty for kinds that have none."""
    return _DECAY[type(own)](own, dt) if type(own) in _DECAY else np.empty(0)


def fire(own, k, adaptation):
    """What a spike of unit k makes of the second variable."""
    if type(own) in _FIRE:
        _FIRE[type(own)](own, k, adaptation)


@overload(slopes, inline="always")
def _slopes(own, v, total, adaptation, dv):
    return _SLOPES[own.instance_class]


@overload(decay_of, inline="always")
def _decay_of(own, dt):
    return _DECAY.get(own.instance_class, lambda own, dt: np.empty(0))


@overload(fire, inline="always")
def _fire(own, k, adaptation):
    return _FIRE.get(own.instance_class, lambda own, k, adaptation: None)


@compiled()
def simulate(first_step, normals, coins, steps_per_column, dt, units, state, w, readout, drive, stimuli, recording):
    """Advance the state by normals.shape[0] steps from 1-based `first_step` on, in place. Returns the number of events.

    w (N, N) [target, source]; readout (n_outputs, N); drive (columns, N) mV. normals (steps, N) standard normals; coins
    (steps, S) uniforms, of which those of stimulated steps are used. stimuli, recording: as those of the fast kernel; events
    go on from recording.event_unit[0].
    """
    v, ipsc, r, hr, t_last = state.v, state.ipsc, state.r, state.hr, state.t_last
    # as locals: taking an array out of a record costs two atomic counts, at every step of every unit
    adaptation, tau_d, tau_m, t_ref, tau_r = state.adaptation, units.tau_d, units.tau_m, units.t_ref, units.tau_r
    v_reset, v_peak, bias, noise_sd = units.v_reset, units.v_peak, units.bias, units.noise_sd
    own = units.own  # records on lines of their own: in a tuple beside arrays, Numba 0.68 loses what is written to them
    synapses = state.synapses
    first, end, mv, duty, continuous = stimuli.first, stimuli.end, stimuli.mv, stimuli.duty, stimuli.continuous
    stim_units, offsets = stimuli.units, stimuli.offsets
    outputs, voltage, rates, ipsc_trace = recording.output, recording.voltage, recording.rates, recording.ipsc
    spike_count, event_unit, event_step = recording.spike_count, recording.event_unit, recording.event_step
    n = v.size
    wants_output, wants_rates = recording.output.shape[1] > 0, recording.rates.shape[0] > 0
    wants_voltage, wants_ipsc = recording.voltage.shape[0] > 0, recording.ipsc.shape[0] > 0
    decay_d = np.exp(-dt / tau_d)
    decay_r, decay_a = np.zeros(n), decay_of(own, dt)
    for k in range(n):
        if tau_r[k] > 0:
            decay_r[k] = np.exp(-dt / tau_r[k])
    extra = np.empty(n)
    fired, total, dv = np.empty(n), np.empty(n), np.empty(n)
    single = np.flatnonzero(tau_r == 0.0)
    area = np.where(tau_r > 0.0, tau_r, 1.0) * tau_d  # so that a spike's filtered train has area 1
    n_events = 0
    for block_step in range(normals.shape[0]):
        i = first_step + block_step
        column = (i + steps_per_column // 2) // steps_per_column
        recorded = i % recording.stride == 0
        row = i // recording.stride - recording.first_row - 1
        if wants_ipsc and recorded:
            ipsc_trace[row, :] = ipsc
        extra[:] = 0.0
        for s in range(first.size):
            if continuous[s] and first[s] < i <= end[s]:
                for j in range(offsets[s], offsets[s + 1]):
                    extra[stim_units[j]] += mv[s]
        # many short loops: the compiler makes vectors of those that touch few arrays
        for k in range(n):
            total[k] = ipsc[k] + bias[k] + drive[column, k] + extra[k]
        slopes(own, v, total, adaptation, dv)
        for k in range(n):
            free = 1.0 if dt * i > t_last[k] + t_ref[k] else 0.0
            v[k] = v[k] + dt * (free * dv[k] / tau_m[k]) + noise_sd[k] * normals[block_step, k]
        for k in range(decay_a.size):
            adaptation[k] *= decay_a[k]
        for s in range(first.size):
            acts = not continuous[s] and first[s] < i <= end[s]
            if acts and coins[block_step, s] < duty[s]:
                for j in range(offsets[s], offsets[s + 1]):
                    v[stim_units[j]] += mv[s]
        synapses.jump[:] = 0.0
        for k in range(n):
            fired[k] = 1.0 if v[k] >= v_peak[k] else 0.0
            if fired[k] > 0.0:
                deliver(synapses, k, w)
                # in exactly this form: it is not always dt * i to the last bit, and decides when integration restarts
                t_last[k] = t_last[k] + (dt * i - t_last[k])
                fire(own, k, adaptation)
                if i >= FIRST_COUNTED_STEP:
                    spike_count[k] += 1
                if event_unit.size > 0:
                    event_unit[n_events] = k
                    event_step[n_events] = i - 1
                    n_events += 1
        receive(synapses, ipsc, decay_d, decay_r, area, tau_d, single, dt)
        filtered(r, hr, fired, decay_d, decay_r, area, tau_d, single, dt)
        for k in range(n):
            if wants_voltage and recorded:
                voltage[row, k] = V_SPIKE_MV if fired[k] > 0.0 else v[k]
            if fired[k] > 0.0:
                v[k] = v_reset[k]
        if wants_rates and recorded:
            rates[row, :] = r
        if wants_output and recorded:
            for output in range(readout.shape[0]):
                value = 0.0
                for k in range(n):
                    value += readout[output, k] * r[k]
                outputs[output, row] = value
    return n_events
