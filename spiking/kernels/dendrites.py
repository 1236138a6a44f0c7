"""Recurrent synapses of the fast path: on the somata, or on compartments that pass F(v) to them.

A record selects the code (Numba compiles the time step for each by itself, so that points are as fast as if there were no
dendrites). F is that of rate2spike.dendritic_input; the same in float64 is in `reference_dendrites`.
"""

from typing import Any, NamedTuple

import numpy as np
from numba.extending import overload

from rate2spike.spiking.kernels.arithmetic import TINY, tanh
from rate2spike.spiking.kernels.membranes import inlined, of_unit

_f4 = np.float32


class Points(NamedTuple):
    """Units without compartments: what arrives is filtered, and is the current of the soma."""


class Dendrites(NamedTuple):
    """The sum over compartments of linear v + half_gain tanh(rise v + offset), and `at_rest`, so that it is 0 at v = 0."""

    linear: np.float32  # 1 where v itself is passed on, else 0
    half_gain: np.float32  # mV
    rise: np.float32  # 1/mV
    offset: np.float32
    at_rest: np.float32  # mV


@inlined
def filtered(level, rise, decay_d, decay_r, dt):
    """A step of a double-exponential synaptic filter, without this step's spikes."""
    for k in range(level.size):
        level[k] = level[k] * decay_d[k] + rise[k] * dt
        rise[k] = rise[k] * of_unit(decay_r, k) + TINY


def dendrites_gathered(to, ipsc, v_dendrite, h, decay_d, decay_r, dt):
    n = ipsc.size
    for k in range(n):
        ipsc[k] = to.at_rest
    for c in range(v_dendrite.shape[0]):  # by two indices: slices cost two atomic counts each
        for k in range(n):
            v = v_dendrite[c, k]
            ipsc[k] += to.linear * v + to.half_gain * tanh(to.rise * v + to.offset)
            v_dendrite[c, k] = v * decay_d[k] + h[c, k] * dt  # that of the next step: nothing else in this one needs it
            h[c, k] = h[c, k] * of_unit(decay_r, k) + TINY


def points_settled(to, ipsc, h, decay_d, decay_r, dt):
    filtered(ipsc, h, decay_d, decay_r, dt)


def points_act_at_once(to, single, ipsc, h, v_dendrite, h_dendrite):
    for i in range(single.size):
        ipsc[single[i]] += h[single[i]]
        h[single[i]] = _f4(0.0)


def dendrites_act_at_once(to, single, ipsc, h, v_dendrite, h_dendrite):
    for c in range(v_dendrite.shape[0]):
        for i in range(single.size):
            v_dendrite[c, single[i]] += h_dendrite[c, single[i]]
            h_dendrite[c, single[i]] = _f4(0.0)


_GATHERED: dict[Any, Any] = {Dendrites: dendrites_gathered}
_SETTLED: dict[Any, Any] = {Points: points_settled}
_ACT_AT_ONCE: dict[Any, Any] = {Points: points_act_at_once, Dendrites: dendrites_act_at_once}


def gathered(to, ipsc, v_dendrite, h, decay_d, decay_r, dt):
    """What reaches the somata in a step, (P,) mV, into ipsc, where compartments pass it on; and a step of their filters."""


def settled(to, ipsc, h, decay_d, decay_r, dt):
    """A step of the filters where they are those of the somata, without this step's spikes."""


def act_at_once(to, single, ipsc, h, v_dendrite, h_dendrite):
    """What has arrived at the units `single`, whose filters have no rise."""


@overload(gathered, inline="always")
def _gathered(to, ipsc, v_dendrite, h, decay_d, decay_r, dt):
    return _GATHERED.get(to.instance_class, lambda to, ipsc, v_dendrite, h, decay_d, decay_r, dt: None)


@overload(settled, inline="always")
def _settled(to, ipsc, h, decay_d, decay_r, dt):
    return _SETTLED.get(to.instance_class, lambda to, ipsc, h, decay_d, decay_r, dt: None)


@overload(act_at_once, inline="always")
def _act_at_once(to, single, ipsc, h, v_dendrite, h_dendrite):
    return _ACT_AT_ONCE[to.instance_class]
