"""What all spiking cells have in common beside their potentials."""

from dataclasses import dataclass

from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.options import check_options, option
from rate2spike.spiking.layers.choices import POSITIVE_32, RESETS, SURROGATES
from rate2spike.spiking.layers.resets import reset
from rate2spike.spiking.layers.surrogates import spikes


@dataclass(frozen=True)
class SpikingOptions:
    """Threshold, surrogate gradient and reset. Raises InputError."""

    threshold: float = option(1.0, "potential at which a unit spikes", what="the threshold", allowed=POSITIVE_32)
    surrogate: str = option("triangle", "form of the surrogate gradient", choices=SURROGATES)
    surrogate_scale: float = option(
        0.3, "scale of the surrogate gradient", what="the surrogate's scale", allowed=POSITIVE_32
    )
    reset: str = option("subtraction", "what a spike does to the potential", choices=RESETS)

    def __post_init__(self) -> None:
        check_options(self)

    def spikes(self, u: tf.Tensor) -> tf.Tensor:
        """H(u) with the surrogate's gradient."""
        return spikes(u, self.surrogate, self.surrogate_scale)

    def after_spike(self, v: tf.Tensor, z: tf.Tensor, threshold: tf.Tensor | float) -> tf.Tensor:
        """The potential after spikes z of the step before."""
        return reset(v, z, threshold, self.reset)
