"""Spikes of a soma with a surrogate gradient: at and above the threshold, u >= 0."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import POSITIVE, number, true_or_false
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.layers.cell import PACKAGE


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@dataclass(frozen=True)
class SigmoidSurrogate:
    """1 where u >= 0, else 0; backward the slope of a logistic function, alpha σ(alpha u) (1 - σ(alpha u)).

    A `surrogate_function` of a soma is a function of the voltage above threshold, such as this one. If it has an attribute
    `needs_draws` that is True, it is given uniform draws from its own `uniforms` as well: see `LogisticStochasticFiring`.

    Parameters
    ----------
    alpha : float, default 4.0
        Slope; the gradient is alpha / 4 at u = 0.
    spiking : bool, default True
        False: forward σ(alpha u), too.

    Raises
    ------
    InputError
        For an alpha that is not positive.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> r2s.dendrites.SigmoidSurrogate()(np.array([-0.1, 0.0, 0.1])).numpy().tolist()
    [0.0, 1.0, 1.0]
    """

    alpha: float = 4.0
    spiking: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "alpha", number(self.alpha, "{alpha}", "alpha", POSITIVE))
        true_or_false(self.spiking, "{spiking}", "spiking")

    def __call__(self, u: Any) -> tf.Tensor:
        """Spikes, and NaN where u is no number."""
        u = tf.convert_to_tensor(u)
        return _spikes(u, self.alpha) if self.spiking else tf.sigmoid(self.alpha * u)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the function anew."""
        return {"alpha": self.alpha, "spiking": self.spiking}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "SigmoidSurrogate":
        """The function of a configuration."""
        return cls(**config)


def _spikes(u: tf.Tensor, alpha: float) -> tf.Tensor:
    @tf.custom_gradient
    def step(u: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        def gradient(dz: tf.Tensor) -> tf.Tensor:
            s = tf.sigmoid(alpha * u)
            return dz * alpha * s * (1 - s)

        # a comparison alone would make of NaN a unit that is merely silent
        return tf.cast(u >= 0, u.dtype) + 0.0 * u, gradient

    return step(u)
