"""Whether a unit whose spikes run back into its dendrite falls silent again, once it was excited. NumPy alone."""

from dataclasses import dataclass
from functools import cache

import numpy as np

N_GAINS = 60  # tried side by side
# that are waited for: near the largest stable gain a unit goes on for many of them before it falls silent
_ROUGHLY, _LONG_ENOUGH = 20, 80
_SLOWEST_STEPS = 1000  # time constant of the slowest loop that is judged, so that nobody waits long
_N_ROUGH = 1000
_BEYOND = 1.5  # times the gain that is found roughly, as far as the finer grid reaches
_SPAN = (1e-6, 1e6)  # of gains, in units of the one whose spikes at every step are as strong as the reset


@dataclass(frozen=True)
class FeedbackLoop:
    """A soma, and the stage of the dendrite that its spikes drive: filter, then sigmoid. No other input."""

    stage_gain: float
    stage_threshold: float
    stage_slope: float
    decay: float  # of the filter before the stage
    entering: float  # what of an input enters it: 1, or 1 - decay where filters are normalised
    soma_decay: float
    soma_entering: float
    threshold: float
    reset_strength: float
    refractory_steps: int = 0

    def stage(self, x: np.ndarray) -> np.ndarray:
        """Output of the stage."""
        return x + self.stage_gain / (1 + np.exp(np.clip(-self.stage_slope * (x - self.stage_threshold), -700, 700)))

    def sustains(self, gains: np.ndarray, n_time_constants: float) -> np.ndarray:
        """For each backprop gain whether the unit, fired at every step so far, still fires after that many time constants."""
        n_steps = int(n_time_constants / -np.log(max(self.decay, self.soma_decay))) + 10
        x, z, left = gains * self.entering / (1 - self.decay), np.ones(gains.size), np.zeros(gains.size)
        out = self.stage(x)
        v = np.maximum(self.threshold + self.reset_strength, out * self.soma_entering / (1 - self.soma_decay))
        last_spike = np.zeros(gains.size)
        for step in range(n_steps):
            new_v = self.soma_decay * v + self.soma_entering * out - self.reset_strength * z
            out, x = self.stage(x), self.decay * x + self.entering * gains * z
            z = ((v > self.threshold) & (left <= 0)).astype(float)
            left = np.maximum(left - 1, 0) + z * self.refractory_steps
            v = new_v
            last_spike = np.where(z > 0, step, last_spike)
        return last_spike > 0.75 * n_steps


@cache
def largest_stable_gain(loop: FeedbackLoop) -> float:
    """The largest backprop gain up to which a unit falls silent; 0 if it never does, infinity if it always does.

    Infinity too for a loop with a time constant above 1 000 steps, which is not judged.

    To four digits: gains are tried on a grid that is made finer about the first one which keeps the unit firing. The first
    grid is rough, since whoever waits a short time finds gains too small, by a tenth or so.
    """
    if max(loop.decay, loop.soma_decay) > np.exp(-1 / _SLOWEST_STEPS):
        return float("inf")
    unit = max(loop.reset_strength, loop.threshold) * (1 - loop.decay) / loop.entering
    grid = np.concatenate([[0.0], np.geomspace(*_SPAN, _N_ROUGH) * unit])
    first = _first(loop.sustains(grid, _ROUGHLY))
    if first is None:
        return float("inf")
    low, high = (grid[0], grid[0]) if first == 0 else (grid[first - 1], _BEYOND * grid[first])
    for _ in range(3):
        if high == 0.0:
            return 0.0
        grid = np.linspace(low, high, N_GAINS)
        first = _first(loop.sustains(grid, _LONG_ENOUGH))
        if first is None:
            return float(high)
        low, high = grid[max(first - 1, 0)], grid[first]
    return float(low)


def _first(found: np.ndarray) -> int | None:
    """Index of the first that is true."""
    return int(np.argmax(found)) if found.any() else None
