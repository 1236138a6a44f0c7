"""Whether coupled compartments, and a soma coupled to its dendrite, come to rest. NumPy alone.

The factors of an explicit Euler step must lie between -1 and 1. One step of a passive dendrite without input is
v <- v (a + g (W - diag(colsum W))), one of an LIF soma V <- V (1 - (1 + Σφ)/tau), or V (1 - 1/tau - Σφ) if its input is
not divided by tau.
"""

import numpy as np

from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.plausible import warn_caller


@one_blas_thread()
def spectral_radius(coupling: np.ndarray, decay: float, gain: float) -> float:
    """Largest size of a factor of one step; coupling W (n, n), 0 where there is no connection."""
    n = len(coupling)
    step = decay * np.eye(n) + gain * (coupling - np.diag(coupling.sum(axis=0)))
    return float(np.abs(np.linalg.eigvals(step)).max())


def stable_scale(coupling: np.ndarray, decay: float, gain: float) -> float:
    """The largest factor of W, of at most 1, below which a dendrite is stable; 0 if none is."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if spectral_radius(middle * coupling, decay, gain) < 1 else (low, middle)
    return low


def warn_of_dendrite(adjacency: np.ndarray, strength: np.ndarray, decay: float, gain: float) -> None:
    """Warn of a coupling with which voltages grow without end. strength: a number (), or broadcasts to the adjacency."""
    coupling = adjacency * strength
    if not coupling.any():
        return
    radius = spectral_radius(coupling, decay, gain)
    if radius < 1 - 1e-12:
        return
    bound = stable_scale(coupling, decay, gain)
    what = f"{bound * float(strength):.4g}" if strength.ndim == 0 else f"{bound:.4g} times this array"
    advice = f"which it does within {what}" if bound > 1e-6 else "which it does with no coupling of this kind"
    warn_caller(
        f"the dendrite is unstable: with this {{coupling_strength}} the largest factor per step is {radius:.4g}, and must "
        f"stay below 1, {advice}",
        "coupling_strength",
    )


def warn_of_soma(total: float, leak: float, gain: float) -> None:
    """Warn of forward strengths, total Σφ, with which a soma V <- V (1 - leak - gain Σφ) grows without end."""
    factor = 1 - leak - gain * total
    if total == 0 or -1 < factor < 1:
        return
    low, high = 0.0 - leak / gain, (2 - leak) / gain
    warn_caller(
        f"the soma is unstable: with {{forward_strength}} summing to {total:g} the factor per step is {factor:.4g}, and must "
        f"lie between -1 and 1, which it does for sums between {low:.4g} and {high:.4g}",
        "forward_strength",
    )
