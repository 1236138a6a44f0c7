"""Recurrent synapses of the reference kernel: on the somata, or on compartments that pass F(v) to them.

A record selects the code, as those of the neuron kinds do. Points: what arrives at a unit is filtered, and is its current
ipsc. Dendrites: what arrives on each compartment is filtered in the same order of operations, and ipsc is the sum over the
compartments of F, which rate2spike.dendritic_input defines. For the fast path: `dendrites`.
"""

from typing import Any, NamedTuple

import numpy as np
from numba.extending import overload

from rate2spike.spiking.kernels.compiled import compiled


class Points(NamedTuple):
    """Units without compartments. N units; arrays float64."""

    h: np.ndarray  # (N,) rise of ipsc
    jump: np.ndarray  # (N,) what the spikes of a step bring


class Dendrites(NamedTuple):
    """C compartments of each unit, all of which filter as their unit does."""

    v: np.ndarray  # (C, N) what ends on a compartment, filtered, mV
    h: np.ndarray  # (C, N) rise of v
    jump: np.ndarray  # (C, N) what the spikes of a step bring
    compartment: np.ndarray  # (N, N) int64 [target, source]
    linear: float  # 1 where v itself is passed on, else 0
    gain: float  # mV
    threshold: float  # mV
    slope: float  # 1/mV


@compiled()
def filtered(level, rise, arrived, decay_d, decay_r, area, tau_d, single, dt):
    """A step of synaptic filters, (N,): double-exponential, or without a rise for the units `single`."""
    for k in range(level.size):
        level[k] = level[k] * decay_d[k] + rise[k] * dt
    for k in range(level.size):
        rise[k] = rise[k] * decay_r[k] + arrived[k] / area[k]
    for k in single:  # no rise: what has arrived acts at once
        level[k], rise[k] = level[k] + arrived[k] / tau_d[k], 0.0


def points_deliver(to, k, w):
    for target in range(w.shape[0]):
        to.jump[target] += w[target, k]


def points_receive(to, ipsc, decay_d, decay_r, area, tau_d, single, dt):
    filtered(ipsc, to.h, to.jump, decay_d, decay_r, area, tau_d, single, dt)


def dendrites_deliver(to, k, w):
    for target in range(w.shape[0]):
        to.jump[to.compartment[target, k], target] += w[target, k]


def dendrites_receive(to, ipsc, decay_d, decay_r, area, tau_d, single, dt):
    ipsc[:] = 0.0
    at_rest = 0.5 + 0.5 * np.tanh(-0.5 * to.slope * to.threshold)
    for c in range(to.v.shape[0]):
        v = to.v[c]
        filtered(v, to.h[c], to.jump[c], decay_d, decay_r, area, tau_d, single, dt)
        for k in range(v.size):
            share = 0.5 + 0.5 * np.tanh(0.5 * to.slope * (v[k] - to.threshold))
            ipsc[k] += to.linear * v[k] + to.gain * (share - at_rest)


_DELIVER: dict[Any, Any] = {Points: points_deliver, Dendrites: dendrites_deliver}
_RECEIVE: dict[Any, Any] = {Points: points_receive, Dendrites: dendrites_receive}


# these two in Python: where Numba's compiler is switched off
def deliver(to, k, w):
    """Add to the jumps what a spike of unit k brings, w (N, N) [target, source]."""
    _DELIVER[type(to)](to, k, w)


def receive(to, ipsc, decay_d, decay_r, area, tau_d, single, dt):
    """A step of the filters, and what reaches the somata after it, (N,) mV, into ipsc."""
    _RECEIVE[type(to)](to, ipsc, decay_d, decay_r, area, tau_d, single, dt)


@overload(deliver, inline="always")
def _deliver(to, k, w):
    return _DELIVER[to.instance_class]


@overload(receive, inline="always")
def _receive(to, ipsc, decay_d, decay_r, area, tau_d, single, dt):
    return _RECEIVE[to.instance_class]
