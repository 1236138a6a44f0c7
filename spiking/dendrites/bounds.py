"""Bounds of weights: a Keras constraint, so that they hold after every update."""

from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.layers.cell import PACKAGE


@keras.saving.register_keras_serializable(PACKAGE)
class WeightBounds(keras.constraints.Constraint):
    """Weights clipped to [wmin, wmax], which are numbers, or arrays that broadcast to the weights.

    The bounds hold exactly: where the weights' dtype cannot hold one, the next number within takes its place. Raises
    InputError.
    """

    def __init__(self, wmin: Any = -np.inf, wmax: Any = np.inf):
        self.wmin, self.wmax = _bound(wmin, "wmin"), _bound(wmax, "wmax")
        try:
            empty = (self.wmin > self.wmax).any()
        except ValueError:
            raise InputError(
                f"{{wmin}} and {{wmax}} must have shapes that fit together, got {self.wmin.shape} and {self.wmax.shape}",
                "wmin",
                "wmax",
            ) from None
        if empty:
            raise InputError("{wmin} must be at most {wmax}", "wmin", "wmax")

    @property
    def bind(self) -> bool:
        """Whether there is any bound."""
        return bool(np.isfinite(self.wmin).any() or np.isfinite(self.wmax).any())

    def check_shape(self, shape: tuple[int, ...], what: str = "weights") -> None:
        """Raise InputError unless the bounds broadcast to weights of this shape."""
        for name, bound in (("wmin", self.wmin), ("wmax", self.wmax)):
            if not _broadcasts(bound.shape, shape):
                raise InputError(
                    f"{{{name}}} of shape {bound.shape} does not broadcast to {what} of shape {shape}", name
                )

    def __call__(self, weights: Any) -> tf.Tensor:
        """The weights within their bounds."""
        weights = tf.convert_to_tensor(weights)
        dtype = weights.dtype.as_numpy_dtype
        low, high = _rounded_within(self.wmin, dtype, np.inf), _rounded_within(self.wmax, dtype, -np.inf)
        return tf.minimum(tf.maximum(weights, low), high)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the constraint anew."""
        return {"wmin": self.wmin.tolist(), "wmax": self.wmax.tolist()}


def _bound(value: Any, name: str) -> np.ndarray:
    try:
        bound = np.array(np.nan) if np.iscomplexobj(np.asarray(value)) else np.array(value, float)
    except (TypeError, ValueError, OverflowError):
        bound = np.array(np.nan)
    if np.isnan(bound).any():
        raise InputError(f"{{{name}}} must be a number or an array of numbers, got {type(value).__name__}", name)
    return bound


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, to) == to
    except ValueError:
        return False


def _rounded_within(bound: np.ndarray, dtype: Any, inwards: float) -> np.ndarray:
    """The bound in a dtype, never beyond itself."""
    with np.errstate(over="ignore"):  # beyond the largest number of the dtype, which is within
        rounded = bound.astype(dtype)
    exact = rounded.astype(float)
    is_beyond = exact < bound if inwards > 0 else exact > bound
    return np.where(is_beyond, np.nextafter(rounded, np.array(inwards, dtype)), rounded)
