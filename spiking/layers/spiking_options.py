"""What all spiking cells have in common beside their potentials."""

from dataclasses import dataclass

import numpy as np

from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.spiking.layers.choices import check_reset, check_surrogate
from rate2spike.spiking.layers.resets import reset
from rate2spike.spiking.layers.surrogates import spikes


@dataclass(frozen=True)
class SpikingOptions:
    """Threshold, surrogate gradient and reset. Raises InputError."""

    threshold: float = 1.0
    surrogate: str = "triangle"
    surrogate_scale: float = 0.3
    reset: str = "subtraction"

    def __post_init__(self) -> None:
        if not np.finfo(np.float32).tiny <= self.threshold < np.inf:
            raise InputError(f"the threshold must be a positive number, got {self.threshold} (--threshold)")
        check_surrogate(self.surrogate, self.surrogate_scale)
        check_reset(self.reset)

    def spikes(self, u: tf.Tensor) -> tf.Tensor:
        """H(u) with the surrogate's gradient."""
        return spikes(u, self.surrogate, self.surrogate_scale)

    def after_spike(self, v: tf.Tensor, z: tf.Tensor, threshold) -> tf.Tensor:
        """The potential after spikes z of the step before."""
        return reset(v, z, threshold, self.reset)
