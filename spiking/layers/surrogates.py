"""Spikes with surrogate gradients: forward the step function z = H(u), H(0) = 0; backward a smooth ψ(u) in its place.

| kind     | ψ(u)                              | source                              |
|----------|-----------------------------------|-------------------------------------|
| triangle | a max(0, 1 - abs(u))              | Bellec et al. 2018                  |
| super    | 1 / (a abs(u) + 1)^2              | SuperSpike, Zenke & Ganguli 2018    |
| gaussian | exp(-u^2 / a) / sqrt(2 π a)       | as in the CSNN code: integrates to 0.707 |
| sigmoid  | a σ(a u) (1 - σ(a u))             | slope of the logistic function      |

a is a height for the triangle, a variance for the gaussian, and a slope for the other two (10 and more is useful there).
"""

import math
from collections.abc import Callable

from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.spiking.layers.choices import check_surrogate


def _triangle(u: tf.Tensor, a: float) -> tf.Tensor:
    return a * tf.nn.relu(1 - tf.abs(u))


def _super(u: tf.Tensor, a: float) -> tf.Tensor:
    return 1 / tf.square(a * tf.abs(u) + 1)


def _gaussian(u: tf.Tensor, a: float) -> tf.Tensor:
    return tf.exp(-tf.square(u) / a) / math.sqrt(2 * math.pi * a)


def _sigmoid(u: tf.Tensor, a: float) -> tf.Tensor:
    s = tf.sigmoid(a * u)
    return a * s * (1 - s)


_FORMS = {"triangle": _triangle, "super": _super, "gaussian": _gaussian, "sigmoid": _sigmoid}


def surrogate(u: tf.Tensor, kind: str = "triangle", scale: float = 0.3) -> tf.Tensor:
    """ψ(u), of the shape of u. Raises InputError for an unknown kind or scale."""
    return _FORMS[check_surrogate(kind, scale)](u, scale)


def spikes(u: tf.Tensor, kind: str = "triangle", scale: float = 0.3) -> tf.Tensor:
    """1 where u > 0, else 0, and NaN where u is no finite number, with gradient ψ(u).

    Raises InputError for an unknown kind or scale.
    """
    form = _FORMS[check_surrogate(kind, scale)]

    @tf.custom_gradient
    def step(u: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        # a comparison alone would make of NaN a unit that is merely silent
        return tf.cast(u > 0, u.dtype) + 0.0 * u, lambda dz: dz * form(u, scale)

    return step(u)
