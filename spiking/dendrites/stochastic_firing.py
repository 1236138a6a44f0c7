"""Stochastic firing: spikes that are drawn with a rate, with the slope of the rate as their gradient."""

from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import NOT_NEGATIVE, number, true_or_false
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.readable import draw
from rate2spike.seeding import Role, key64, resolve_seed
from rate2spike.spiking.layers.cell import PACKAGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class StochasticFiring:
    """What both kinds share. A subclass gives `rate_function`.

    An object is the `surrogate_function` of a soma: `firing(v, uniforms)` for draws made before, `firing(v)` otherwise. Every
    step has its own draws, of the seed and the number of the step: a sequence at once draws what single steps draw. How many
    steps were drawn is kept in a variable, so that a compiled function draws anew at every call.
    """

    def __init__(self, f_thres: float, beta: float, theta: float, spiking: bool, seed: int | None):
        self.f_thres = number(f_thres, "{f_thres}", "f_thres", NOT_NEGATIVE)
        self.beta, self.theta = number(beta, "{beta}", "beta"), number(theta, "{theta}", "theta")
        self.spiking = true_or_false(spiking, "{spiking}", "spiking")
        self.seed = resolve_seed(seed)
        self._key = int(key64(self.seed, Role.SIMULATION).astype(np.int64))
        with tf.init_scope():
            self._n_drawn = tf.Variable(0, trainable=False, dtype=tf.int64)

    @property
    def n_drawn(self) -> tf.Variable:
        """How many steps were drawn: set to what it was, the object draws on from there."""
        return self._n_drawn

    @property
    def needs_draws(self) -> bool:
        """Whether it takes uniform draws beside the voltage."""
        return self.spiking

    def rate_function(self, v: tf.Tensor) -> tf.Tensor:
        """Probability of a spike per step, or more than 1, at voltages v."""
        raise NotImplementedError

    def __call__(self, v: Any, uniforms: tf.Tensor | None = None) -> tf.Tensor:
        """1 where the rate is at least the uniform draw, else 0; the rate itself if spiking is False."""
        return self.spiking_function(v, uniforms) if self.spiking else self.rate_function(_floating(v))

    def spiking_function(self, v: Any, uniforms: tf.Tensor | None = None) -> tf.Tensor:
        """Drawn spikes, 1 or 0, and NaN where v is; backward the slope of the rate."""
        v = _floating(v)
        uniforms = self.uniforms(tf.shape(v), v.dtype) if uniforms is None else uniforms

        def fired(rate: tf.Tensor) -> tf.Tensor:
            # a comparison alone would make of NaN a unit that is merely silent
            spikes = tf.cast(tf.cast(rate, uniforms.dtype) >= uniforms, rate.dtype)
            return tf.where(tf.math.is_nan(rate), rate, spikes)

        return tf.grad_pass_through(fired)(self.rate_function(v))

    def uniforms(self, shape: Any, dtype: Any) -> tf.Tensor:
        """Draws of one step, from [0, 1), for voltages of this shape and dtype; 16 bits are too few, and are drawn in 32."""
        return _uniforms(self._key, self._advance(1), shape, _drawn_in(dtype))

    def uniforms_of_sequence(self, n_steps: Any, shape: Any, dtype: Any) -> tf.Tensor:
        """Draws (n_steps, *shape) of as many steps, the same as `uniforms` gives one after the other."""
        steps = self._advance(n_steps) + tf.range(tf.cast(n_steps, tf.int64))
        draws = _uniforms_of_steps if tf.inside_function() else _uniforms_of_steps_at_once
        return draws(tf.constant(self._key, tf.int64), steps, tf.convert_to_tensor(shape, tf.int32), _drawn_in(dtype))

    def plot_firing_rate(self, f: "Figure | None" = None, ax: "Axes | None" = None) -> "tuple[Figure, Axes]":
        """Draw the rate over the voltage, from -1.25 to 1.25: into ax, or the figure f, or a new one. Returns both."""
        figure = draw("spiking.dendrites.plots_firing_rate:firing_rate", self, ax=ax, f=f)
        return figure, figure.gca() if ax is None else ax

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the object anew; it then draws from the beginning."""
        own = {"f_thres": self.f_thres, "beta": self.beta, "theta": self.theta}
        return {**own, "spiking": self.spiking, "seed": self.seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "StochasticFiring":
        """The object of a configuration."""
        return cls(**config)

    def __repr__(self) -> str:
        options = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({options})"

    def __reduce__(self) -> tuple:
        return self.from_config, (self.get_config(),)

    def _advance(self, n_steps: Any) -> tf.Tensor:
        """The number of steps drawn before; from now on it is larger."""
        before = tf.identity(self._n_drawn)
        self._n_drawn.assign_add(tf.cast(n_steps, tf.int64))
        return before


def _uniforms(key: Any, step: tf.Tensor, shape: Any, dtype: tf.DType) -> tf.Tensor:
    """Draws of one step, with the same generator on every device."""
    return tf.random.stateless_uniform(shape, tf.stack([key, step]), dtype=dtype, alg="philox")


def _uniforms_of_steps(key: tf.Tensor, steps: tf.Tensor, shape: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    return tf.map_fn(lambda step: _uniforms(key, step, shape, dtype), steps, fn_output_signature=dtype)


_uniforms_of_steps_at_once = tf.function(
    _uniforms_of_steps, reduce_retracing=True
)  # an eager loop takes ten times as long


@keras.saving.register_keras_serializable(PACKAGE)
@public()
class LogisticStochasticFiring(StochasticFiring):
    """Spikes drawn with the rate r(v) = 2 f_thres σ(beta (v - theta)) per step; a rate above 1 always fires.

    Backward the slope of the rate, 2 f_thres beta σ (1 - σ).

    Parameters
    ----------
    f_thres : float
        Rate at v = theta per step, from 0: half of the largest.
    beta : float
        Steepness, per unit of v.
    theta : float, default 0.0
        Voltage of half the largest rate. For a soma it is 0, because the soma subtracts its threshold.
    spiking : bool, default True
        False: the rate instead of spikes.
    seed : int or None, default None
        Decides all draws; None: drawn by the operating system.

    Raises
    ------
    InputError
        For an option that cannot be used.

    Examples
    --------
    >>> from rate2spike.spiking.dendrites.stochastic_firing import LogisticStochasticFiring
    >>> firing = LogisticStochasticFiring(0.45, 5.0, 0.125, seed=1)
    >>> round(float(firing.rate_function(0.125)), 6)
    0.45
    """

    def __init__(
        self, f_thres: float, beta: float, theta: float = 0.0, spiking: bool = True, *, seed: int | None = None
    ):
        super().__init__(f_thres, beta, theta, spiking, seed)

    def rate_function(self, v: Any) -> tf.Tensor:
        """2 f_thres σ(beta (v - theta))."""
        return 2 * self.f_thres * tf.sigmoid(self.beta * (_floating(v) - self.theta))


@keras.saving.register_keras_serializable(PACKAGE)
@public()
class ExpStochasticFiring(StochasticFiring):
    """Spikes drawn with the rate r(v) = f_thres exp(beta (v - theta)) per step; a rate above 1 always fires.

    Backward the slope of the rate, beta r(v), which has no bound.

    Parameters
    ----------
    f_thres : float
        Rate at v = theta per step, from 0.
    beta : float
        Steepness, per unit of v.
    theta : float, default 0.0
        Voltage of the rate f_thres. For a soma it is 0, because the soma subtracts its threshold.
    spiking : bool, default True
        False: the rate instead of spikes.
    seed : int or None, default None
        Decides all draws; None: drawn by the operating system.

    Raises
    ------
    InputError
        For an option that cannot be used.

    Examples
    --------
    >>> from rate2spike.spiking.dendrites.stochastic_firing import ExpStochasticFiring
    >>> firing = ExpStochasticFiring(0.3, 2.0, 0.125, seed=1)
    >>> round(float(firing.rate_function(0.125)), 6)
    0.3
    """

    def __init__(
        self, f_thres: float, beta: float, theta: float = 0.0, spiking: bool = True, *, seed: int | None = None
    ):
        super().__init__(f_thres, beta, theta, spiking, seed)

    def rate_function(self, v: Any) -> tf.Tensor:
        """f_thres exp(beta (v - theta))."""
        return self.f_thres * tf.exp(self.beta * (_floating(v) - self.theta))


def _floating(v: Any) -> tf.Tensor:
    v = tf.convert_to_tensor(v)
    return v if v.dtype.is_floating else tf.cast(v, keras.config.floatx())


def _drawn_in(dtype: Any) -> tf.DType:
    return tf.float64 if tf.as_dtype(dtype) == tf.float64 else tf.float32
