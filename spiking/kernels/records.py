"""What the kernels are given and what they fill, as records of arrays; and the constants of the published simulator.

The fast kernel has N units padded to P, a multiple of PAD.
"""

from typing import NamedTuple

import numpy as np

FIRST_COUNTED_STEP = 10  # the arbitrary initial voltages make most units fire at step 1
V_SPIKE_MV = 30.0  # recorded at the step of a spike
V_START_SPAN_MV = 95.0  # initial voltages: v_reset + U(0, 1) * span


class Units(NamedTuple):
    """Constants of the units, (P,) float32 unless said. leak, noise_sd and decay_r may be one number for all."""

    leak: np.ndarray | np.float32  # dt / tau_m
    noise_sd: np.ndarray | np.float32  # mV per step
    v_peak: np.ndarray  # mV
    reset: np.ndarray  # v_reset - v_peak, mV
    refractory: np.ndarray  # int32, steps from a spike to the first step of integration
    decay_d: np.ndarray  # exp(-dt / tau_d)
    decay_r: np.ndarray | np.float32  # exp(-dt / tau_r), 0 for the single-exponential filter
    r_jump: np.ndarray  # 1 / (tau_r tau_d), or 1 / tau_d for the single-exponential filter
    is_single: np.ndarray  # bool
    single: np.ndarray  # int64, the units with the single-exponential filter
    own: NamedTuple  # constants of the neuron kind alone, see `membranes`
    dendrites: NamedTuple  # Points or Dendrites, see `dendrites`


class State(NamedTuple):
    """What a trial carries from step to step, (P,) float32 unless said; u, ipsc and adaptation in mV."""

    u: np.ndarray
    ipsc: np.ndarray  # what recurrent synapses bring to the soma
    v_dendrite: np.ndarray  # (C, P) what ends on each compartment, filtered, mV; of points (0, P)
    h_dendrite: np.ndarray  # (C, P) rise of v_dendrite
    h: np.ndarray  # where spikes arrive: the rise of ipsc; with dendrites (C P,), h_dendrite itself
    r: np.ndarray
    hr: np.ndarray
    adaptation: np.ndarray
    current: np.ndarray  # what flows into a unit besides ipsc
    scratch: np.ndarray  # of a step, for kinds that need it
    above: np.ndarray  # (blocks,) of a step, how many units of each block of BLOCK_UNITS are at their peak
    free_from: np.ndarray  # int32, first step at which a unit integrates
    noise: np.ndarray  # standard normals for some steps, a multiple of LANES
    x: np.ndarray  # (LANES,) uint32, as y, z, w: the generator
    y: np.ndarray
    z: np.ndarray
    w: np.ndarray
    coins: np.ndarray  # (n_stimuli,) uint64


class Weights(NamedTuple):
    """Jump of the target's h per spike of the source: dense, or by its nonzero elements. `targets` are places in h."""

    sparse: bool
    dense: np.ndarray  # (N, P) [source, target] float32
    offsets: np.ndarray  # (N + 1,) int64
    targets: np.ndarray  # int32
    values: np.ndarray  # float32


class Feed(NamedTuple):
    """Where the input goes."""

    w_in: np.ndarray  # (n_inputs, P) float32
    constant: np.ndarray  # (P,) mV, bias and whatever else always flows; of leaky kinds minus v_peak, as their voltages


class Stimuli(NamedTuple):
    """S stimulations; each acts on 0-based steps [first, end)."""

    first: np.ndarray  # (S,) int64
    end: np.ndarray  # (S,) int64
    mv: np.ndarray  # (S,) float32
    duty: np.ndarray  # (S,) probability of a pulse per step
    continuous: np.ndarray  # (S,) bool: a current instead of pulses
    offsets: np.ndarray  # (S + 1,) int64, into `units`
    units: np.ndarray  # int64


class Recording(NamedTuple):
    """Where results go; an empty array is not wanted. Traces hold every `stride`-th step, (rows, N)."""

    stride: int
    first_row: int  # rows of the trial before this block
    output: np.ndarray  # (n_outputs, rows)
    voltage: np.ndarray
    rates: np.ndarray
    ipsc: np.ndarray
    event_unit: np.ndarray  # int32, as event_step (0-based)
    event_step: np.ndarray
    spike_count: np.ndarray  # (N,) int64, from step 10 on
