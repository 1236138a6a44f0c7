"""The static nonlinearity of single cells: a sigmoid whose sensitivity is a divisor, so that larger numbers are softer.

The trainable networks (`cascade_networks`) have it the other way round: there the sensitivity is a factor.
"""

import numpy as np
from scipy.special import expit


def sigmoid(x: np.ndarray, gain: float, half_activation: float, sensitivity: float) -> np.ndarray:
    """gain / (1 + exp(-(x - half_activation) / sensitivity)), whatever is large."""
    with np.errstate(over="ignore"):  # of the quotient: the sigmoid of an infinite number is 0 or 1
        return gain * expit((x - half_activation) / sensitivity)
