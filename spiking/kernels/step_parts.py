"""Parts of a time step of the fast kernel besides noise and membranes: input, synaptic filters, spikes, recording.

They become part of the loop over the steps, which a call would cost as much as what is in it.
"""

import numpy as np

from rate2spike.spiking.kernels.arithmetic import TINY
from rate2spike.spiking.kernels.compiled import compiled
from rate2spike.spiking.kernels.dendrites import act_at_once
from rate2spike.spiking.kernels.membranes import BLOCK_UNITS, fire, inlined, of_unit
from rate2spike.spiking.kernels.noise import splitmix64
from rate2spike.spiking.kernels.records import FIRST_COUNTED_STEP, V_SPIKE_MV

SCAN_UNITS = 64  # looked at together for spikes, in blocks that hold some; divides BLOCK_UNITS

_f4, _u8 = np.float32, np.uint64


@compiled(fastmath=True)
def stimulus_current(current, feed, u, column, step, stimuli):
    """Input of a step: the task's column, what flows always, and the continuous currents that flow now."""
    w_in, constant = feed.w_in, feed.constant
    for k in range(current.size):
        current[k] = constant[k]
    for i in range(w_in.shape[0]):
        for k in range(current.size):
            current[k] += u[column, i] * w_in[i, k]
    for s in range(stimuli.first.size):
        if stimuli.continuous[s] and stimuli.first[s] < step <= stimuli.end[s]:
            for i in range(stimuli.offsets[s], stimuli.offsets[s + 1]):
                current[stimuli.units[i]] += stimuli.mv[s]


@compiled(fastmath=True)
def stimulus_changes(step, stimuli):
    """Whether a stimulation begins at this step, or has ended with the last."""
    changes = False
    for s in range(stimuli.first.size):
        changes = changes or step == stimuli.first[s] + 1 or step == stimuli.end[s] + 1
    return changes


@compiled(fastmath=True)
def pulsed(u, step, stimuli, coins):
    """Add the pulses of this step, for each of which a coin is thrown; returns whether there were any."""
    any_pulse = False
    for s in range(stimuli.first.size):
        if not stimuli.continuous[s] and stimuli.first[s] < step <= stimuli.end[s]:
            coins[s], bits = splitmix64(coins[s])
            if (bits >> _u8(11)) * 2.0**-53 < stimuli.duty[s]:
                for i in range(stimuli.offsets[s], stimuli.offsets[s + 1]):
                    u[stimuli.units[i]] += stimuli.mv[s]
                any_pulse = True
    return any_pulse


@inlined
def filtered_and_read(level, rise, decay_d, decay_r, dt, readout):
    """A step of the filters of the units' own trains, as `dendrites.filtered`, and the output of the trains."""
    output = _f4(0.0)
    for k in range(level.size):
        level_k = level[k] * decay_d[k] + rise[k] * dt
        level[k] = level_k
        rise[k] = rise[k] * of_unit(decay_r, k) + TINY
        output += readout[k] * level_k
    return output


@inlined
def spiked(now, n_units, units, state, weights, readout, recording, voltage_row, n_events, output):
    """Reset the units at their peak, deliver and record their spikes. voltage_row: -1 where it is not recorded.

    Returns the number of events and the output.
    """
    u, h, single, above = state.u, state.h, units.single, state.above
    for first in range(0, n_units, SCAN_UNITS):
        if above[first // BLOCK_UNITS] == _f4(0.0):
            continue
        n_stretch, n_here = min(SCAN_UNITS, n_units - first), _f4(0.0)
        for i in range(n_stretch):  # most stretches hold no spike, which vectors see at once
            n_here += _f4(1.0) if u[first + i] >= _f4(0.0) else _f4(0.0)
        if n_here == _f4(0.0):
            continue
        for k in range(first, first + n_stretch):
            if u[k] < _f4(0.0):
                continue
            u[k] = units.reset[k]
            state.free_from[k] = now + units.refractory[k]
            fire(units.own, k, state.adaptation)
            if now >= FIRST_COUNTED_STEP:
                recording.spike_count[k] += 1
            if voltage_row >= 0:
                recording.voltage[voltage_row, k] = V_SPIKE_MV
            if recording.event_unit.size > 0:
                recording.event_unit[n_events] = k
                recording.event_step[n_events] = now - 1
                n_events += 1
            output += jumped(k, units, state, readout)
            delivered(k, h, weights)
    act_at_once(units.dendrites, single, state.ipsc, h, state.v_dendrite, state.h_dendrite)
    return n_events, output


@inlined
def jumped(k, units, state, readout):
    """Let a spike act on the unit's own filtered train; returns what the output gains at once."""
    gain = _f4(0.0)
    if units.is_single[k]:
        state.r[k] += units.r_jump[k]
        gain = readout[k] * units.r_jump[k]
    else:
        state.hr[k] += units.r_jump[k]
    return gain


@inlined
def delivered(k, h, weights):
    """Let the spike of unit k act on its targets."""
    if weights.sparse:
        for i in range(weights.offsets[k], weights.offsets[k + 1]):
            h[weights.targets[i]] += weights.values[i]
    else:
        for target in range(h.size):
            h[target] += weights.dense[k, target]


@inlined
def copied(values, trace, row):
    """Record a step of a trace."""
    for k in range(trace.shape[1]):
        trace[row, k] = values[k]


@inlined
def read_others(r, readout, outputs, row):
    """Record the outputs after the first, which `filtered_and_read` has computed."""
    for other in range(1, readout.shape[0]):
        output = _f4(0.0)
        for k in range(r.size):
            output += readout[other, k] * r[k]
        outputs[other, row] = output
