"""Fast kernel: float32, own noise generator, one trial at a time; vectorised across units by LLVM.

Same equations as `reference` with two deviations, both tested to be statistically neutral: arithmetic is float32,
and the refractory period is an integer counter of floor(t_ref / dt) + 1 steps.

The N units are padded to P, a multiple of PAD, with units that never move: whole vectors, no remainder loops. Voltages
are kept as u = v - v_peak, so that the threshold is 0 for every unit. The parts of a time step are in `membranes` and
`step_parts`, the noise is in `noise`.
"""

import numpy as np

from rate2spike.spiking.kernels.compiled import compiled
from rate2spike.spiking.kernels.dendrites import filtered, gathered, settled
from rate2spike.spiking.kernels.membranes import step_of_voltages
from rate2spike.spiking.kernels.noise import COINS, LANES, fill_normals, seed_lanes, splitmix64
from rate2spike.spiking.kernels.records import V_START_SPAN_MV, Recording
from rate2spike.spiking.kernels.step_parts import (
    copied,
    filtered_and_read,
    pulsed,
    read_others,
    spiked,
    stimulus_changes,
    stimulus_current,
)

PAD = 8  # the narrowest vectors that LLVM uses for a remainder
PAD_WITH_DENDRITES = 16  # there is a remainder per compartment, and rows that straddle cache lines: a tenth of the step
NOISE_BUFFER = 8 * LANES  # normals drawn at once: fits the first-level cache beside the state

_f4, _i4, _u4, _u8 = np.float32, np.int32, np.uint32, np.uint64
_fast = compiled(fastmath=True)


@compiled()
def start(key, state, u_start, free_from, v_reset, reset, silent):
    """Seed the generators from a 64-bit key and draw the initial voltages: v_reset + U(0, 1) 95 mV, in u = v - v_peak.

    u_start, free_from (P,): -v_peak and the first step of integration, in the padding far below 0 and never. v_reset (N,).
    silent: indices of units that rest at their reset for ever.
    """
    state.u[:] = u_start
    state.free_from[:] = free_from
    for array in (state.ipsc, state.h, state.r, state.hr, state.adaptation):
        array[:] = _f4(0.0)
    state.v_dendrite[:] = _f4(0.0)
    seed_lanes(key, state.x, state.y, state.z, state.w)
    coin = _u8(key ^ COINS)
    for k in range(v_reset.size):
        coin, bits = splitmix64(coin)
        state.u[k] += v_reset[k] + _f4(V_START_SPAN_MV) * (_f4(_u4(bits >> _u8(40))) * _f4(2.0**-24))
    for k in silent:
        state.u[k] = reset[k]
    for s in range(state.coins.size):  # every stimulation has coins of its own
        state.coins[s] = _u8(coin + _u8(s) * _u8(0xA0761D6478BD642F))


@_fast
def simulate(
    first_step, n_steps, steps_per_column, dt, n_units, units, state, weights, readout, feed, u_in, stimuli, recording
):
    """Advance one trial by n_steps, beginning with 1-based `first_step`, in place. Returns the number of spike events.

    readout (n_outputs, P); u_in (columns, n_inputs): input per task step.
    """
    wants_output, wants_rates = recording.output.shape[1] > 0, recording.rates.shape[0] > 0
    wants_voltage, wants_ipsc = recording.voltage.shape[0] > 0, recording.ipsc.shape[0] > 0
    # as locals: taking an array out of a record costs two atomic counts, at every step
    u, ipsc, h, r, hr, free_from = state.u, state.ipsc, state.h, state.r, state.hr, state.free_from
    adaptation, scratch, current, normals = state.adaptation, state.scratch, state.current, state.noise
    above = state.above
    leak, noise_sd, v_peak, own = units.leak, units.noise_sd, units.v_peak, units.own
    decay_d, decay_r, first_readout = units.decay_d, units.decay_r, readout[0]
    v_dendrite, h_dendrite = state.v_dendrite, state.h_dendrite
    dendrites = units.dendrites  # a line of its own, see `reference`
    x, y, z, w = state.x, state.y, state.z, state.w
    outputs, voltage, rates, ipsc_trace = recording.output, recording.voltage, recording.rates, recording.ipsc
    stride, has_stimuli = recording.stride, stimuli.first.size > 0
    # counters instead of divisions, which would cost as much as a loop over the units
    column, n_events = (first_step + steps_per_column // 2) // steps_per_column, 0
    column_end = (column + 1) * steps_per_column - steps_per_column // 2  # first step of the next column
    noise_steps = normals.size // u.size  # per filling
    block_step = (first_step - 1) % noise_steps
    row, next_recorded = -1, first_step - 1 + stride - (first_step - 1) % stride
    changed = True
    for step in range(first_step, first_step + n_steps):
        if step == column_end:
            column, column_end, changed = column + 1, column_end + steps_per_column, True
        if changed or (has_stimuli and stimulus_changes(step, stimuli)):
            stimulus_current(current, feed, u_in, column, step, stimuli)
            changed = False
        if block_step == 0:
            fill_normals(x, y, z, w, normals)
        noise = normals[block_step * u.size : (block_step + 1) * u.size]
        block_step = block_step + 1 if block_step + 1 < noise_steps else 0
        recorded = step == next_recorded
        if recorded:
            row, next_recorded = row + 1, next_recorded + stride
        gathered(dendrites, ipsc, v_dendrite, h_dendrite, decay_d, decay_r, dt)
        if wants_ipsc and recorded:
            copied(ipsc, ipsc_trace, row)
        now = _i4(step)
        n_above = step_of_voltages(
            own, u, ipsc, current, noise, free_from, now, leak, noise_sd, adaptation, scratch, above
        )
        if has_stimuli and pulsed(u, step, stimuli, state.coins):
            n_above = _f4(1.0)  # let `spiked` decide
            above[:] = n_above
        # synaptic filters; the jumps of this step's spikes follow below
        settled(dendrites, ipsc, h, decay_d, decay_r, dt)
        output = _f4(0.0)
        if wants_output:
            output = filtered_and_read(r, hr, decay_d, decay_r, dt, first_readout)
        elif wants_rates:
            filtered(r, hr, decay_d, decay_r, dt)
        voltage_row = row if wants_voltage and recorded else -1
        if voltage_row >= 0:
            for k in range(n_units):
                voltage[row, k] = u[k] + v_peak[k]
        if n_above > _f4(0.0):
            n_events, output = spiked(
                now, n_units, units, state, weights, first_readout, recording, voltage_row, n_events, output
            )
        if wants_rates and recorded:
            copied(r, rates, row)
        if wants_output and recorded:
            outputs[0, row] = output
            read_others(r, readout, outputs, row)
    return n_events


@_fast
def simulate_trials(
    n_steps,
    steps_per_column,
    dt,
    units,
    state,
    weights,
    readout,
    feed,
    inputs,
    stimuli,
    keys,
    u_start,
    free_from,
    v_reset,
    silent,
    outputs,
    spike_counts,
):
    """Whole trials one after the other, outputs and spike counts alone: one call for many saves what a call costs.

    inputs (n, columns, n_inputs), keys (n,) uint64; outputs (n, n_outputs, n_steps), spike_counts (n, N) are filled.
    """
    n_units = v_reset.size
    no_trace, no_events = np.empty((0, n_units), _f4), np.empty(0, np.int32)
    for k in range(keys.size):
        start(keys[k], state, u_start, free_from, v_reset, units.reset, silent)
        recording = Recording(1, 0, outputs[k], no_trace, no_trace, no_trace, no_events, no_events, spike_counts[k])
        simulate(
            1,
            n_steps,
            steps_per_column,
            dt,
            n_units,
            units,
            state,
            weights,
            readout,
            feed,
            inputs[k],
            stimuli,
            recording,
        )
