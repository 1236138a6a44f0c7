"""Dendrites of a recurrent network: which compartment a connection ends on, and what a compartment passes to the soma.

The same record serves the rate network, the spiking network and the model file. Unit i has C compartments beside its soma. A
recurrent connection from j to i ends on compartment c(i, j); the input of the task and the bias reach the soma. A compartment
integrates what ends on it with the synaptic time constant of its unit, v, and passes F(v) to the soma:

    active    F(v) = v + gain (σ(slope (v - threshold)) - σ(-slope threshold))     Legenstein & Maass 2011
    subunit   F(v) =     gain (σ(slope (v - threshold)) - σ(-slope threshold))     a stage of Harkin, Shen et al. 2022

where σ is the logistic function, so that F(0) = 0. With F(v) = v the network would be the published one, of points.
"""

from dataclasses import dataclass, field

import numpy as np

from rate2spike.readable import Readable

KINDS = ("active", "subunit")


@dataclass(frozen=True, eq=False, repr=False)
class DendriticInput(Readable):
    """The compartments of N units; v and F(v) are in the unit of recurrent currents (mV in the spiking network)."""

    shown = ("kind", "n_compartments", "gain", "threshold", "slope")

    kind: str
    n_compartments: int  # C
    compartment: np.ndarray = field(repr=False)  # (N, N) int64 [target, source], from 0
    gain: float
    threshold: float
    slope: float  # 1 / unit of v

    @property
    def passes_voltage(self) -> bool:
        """Whether v itself is part of F(v)."""
        return self.kind == "active"

    @property
    def share_at_rest(self) -> float:
        """σ(-slope threshold), what of the gain would flow at v = 0."""
        return float(0.5 - 0.5 * np.tanh(0.5 * self.slope * self.threshold))

    def current(self, v: np.ndarray) -> np.ndarray:
        """F(v), of the shape of v."""
        # by tanh, which does not overflow
        active = self.gain * (0.5 + 0.5 * np.tanh(0.5 * self.slope * (v - self.threshold)) - self.share_at_rest)
        return v + active if self.passes_voltage else active

    def by_compartment(self, w: np.ndarray) -> np.ndarray:
        """(N, C, N) of weights (N, N): what of them ends on each compartment, elsewhere 0."""
        ends_here = self.compartment[:, None, :] == np.arange(self.n_compartments)[:, None]
        return np.where(ends_here, w[:, None, :], w.dtype.type(0))


def drawn_compartments(n_units: int, n_compartments: int, rng: np.random.Generator) -> np.ndarray:
    """(N, N) int64: every connection ends on a compartment drawn uniformly."""
    return rng.integers(0, n_compartments, (n_units, n_units))
