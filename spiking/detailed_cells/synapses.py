"""Receptors at synapses: double exponentials with their peak as unit, and the magnesium block of NMDA."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rate2spike.spiking.detailed_cells.events import SynapticEvents

MAGNESIUM_MM = 1.0


@dataclass(frozen=True)
class Receptor:
    """A conductance that each event adds to: gmax F (exp(-t / tau_decay) - exp(-t / tau_rise)), whose peak is gmax.

    Parameters
    ----------
    name : str
    tau_rise_ms, tau_decay_ms : float
    gmax_us : float
        Peak conductance (microsiemens) of an event of weight 1.
    reversal_mv : float
    block_per_mv : float or None
        Steepness of the magnesium block; None: not blocked.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.synapses import AMPA
    >>> round(AMPA.peak_time_ms, 4), round(AMPA.peak_factor, 5)
    (0.7675, 1.43506)
    """

    name: str
    tau_rise_ms: float
    tau_decay_ms: float
    gmax_us: float
    reversal_mv: float
    block_per_mv: float | None = None

    @property
    def peak_time_ms(self) -> float:
        """From the event to the peak."""
        rise, decay = self.tau_rise_ms, self.tau_decay_ms
        return rise * decay / (decay - rise) * math.log(decay / rise)

    @property
    def peak_factor(self) -> float:
        """F: what makes the peak of the difference of the two exponentials 1."""
        at = self.peak_time_ms
        return 1 / (math.exp(-at / self.tau_decay_ms) - math.exp(-at / self.tau_rise_ms))

    def conductance_us(self, t_ms: Any) -> np.ndarray:
        """At times after one event of weight 1, without block."""
        t = np.maximum(np.asarray(t_ms, float), 0)
        return self.gmax_us * self.peak_factor * (np.exp(-t / self.tau_decay_ms) - np.exp(-t / self.tau_rise_ms))


AMPA = Receptor("AMPA", 0.3, 3.0, 0.0004, 0.0)
NMDA = Receptor("NMDA", 2.0, 70.0, 0.0004, 0.0, 0.08)  # of the layer 5 pyramidal cell
NMDA_RODENT = Receptor("NMDA", 2.0, 70.0, 0.0004, 0.0, 0.062)  # of the ball with a stick, as the next
NMDA_HUMAN = Receptor("NMDA", 2.0, 70.0, 0.0008, 0.0, 0.08)
GABA_A = Receptor("GABA_A", 0.2, 8.0, 0.001, -80.0)
GABA_A_STICK = Receptor("GABA_A", 0.2, 8.0, 0.001, -85.0)

# receptors of one synapse, which share its events, by the type of the synapse
L5_EXCITATORY = {"NMDA": (AMPA, NMDA), "AMPA": (AMPA,)}
STICK_EXCITATORY = {"NMDA_human": (AMPA, NMDA_HUMAN), "NMDA_rodent": (AMPA, NMDA_RODENT), "AMPA": (AMPA,)}


def magnesium_block(v_mv: Any, block_per_mv: float = 0.08, magnesium_mm: float = MAGNESIUM_MM) -> np.ndarray:
    """Share of the conductance that magnesium leaves open at a voltage (Jahr & Stevens 1990)."""
    return 1 / (1 + np.exp(-block_per_mv * np.asarray(v_mv, float)) * magnesium_mm / 3.57)


def without_synapses_hit_at_0(events: SynapticEvents) -> SynapticEvents:
    """The events without all those of synapses that have one at t = 0.

    In the published simulations such a synapse was silent from then on, by a division of 0 by 0.
    """
    hit = np.unique(events.synapse[events.time_ms == 0])
    kept = ~np.isin(events.synapse, hit)
    weight = None if events.weight is None else events.weight[kept]
    return SynapticEvents(events.n_synapses, events.duration_ms, events.time_ms[kept], events.synapse[kept], weight)
