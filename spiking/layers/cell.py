"""What all cells share. A cell is a Keras RNN cell: one step of its units, and the variables that it needs.

Weights are (from, to). A step lasts dt; time constants are in ms.
"""

import inspect
import zlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from rate2spike.checks import POSITIVE, number, shown, true_or_false, whole_number
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.machine.memory import check_memory
from rate2spike.plausible import Plausible, warn_if_implausible
from rate2spike.seeding import Role, generator, resolve_seed
from rate2spike.spiking.layers.documents import document
from rate2spike.spiking.layers.initialization import SHARE_OF_INPUT, SHARE_OF_RECURRENCE, drawn_tau, fluctuation_normal
from rate2spike.spiking.layers.scan import Advance, Dynamics, Pathway

PACKAGE = "rate2spike"
_RATE = Plausible(0.01, 2000, "Hz")
PLAUSIBLE: Mapping[str, Plausible] = {
    "dt_ms": Plausible(0.01, 100, "ms"),
    "input_rate_hz": _RATE,
    "rate_soma_hz": _RATE,
    "rate_apical_hz": _RATE,
}
_BYTES_PER_WEIGHT = 32.0  # float64 while drawn, and float32 with gradient and both moments


class Cell(keras.layers.Layer):
    """N units with one step.

    A subclass gives `state_names`, the last of which is the output, `build`, `pathways`, and `advance`, a method from
    (currents, states, *parameters) to the new states. Where it needs them: `parameters`, `split` for several inputs, and
    `state_size` for several compartments.
    """

    state_names: tuple[str, ...]
    advance: Advance

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        document(cls, inspect.signature(cls.__init__))

    def __init__(self, units: int, dt_ms: float, use_bias: bool, seed: int | None, **kwargs: Any):
        super().__init__(**{**kwargs, "dtype": precision(kwargs.get("dtype"))})
        check_positive(dt_ms=dt_ms)
        self.units, self.dt_ms = whole_number(units, "{units}", "units"), float(dt_ms)
        self.use_bias, self.seed = switch(use_bias, "use_bias"), resolve_seed(seed)
        self.supports_jit = False  # XLA unrolls loops over time: many times slower on a CPU

    @property
    def state_size(self) -> list[Any]:
        """One vector of N per state; (N, C) for a state of C compartments."""
        return [self.units] * len(self.state_names)

    @property
    def output_size(self) -> int:
        """N."""
        return self.units

    def get_initial_state(self, batch_size: Any = None) -> list[tf.Tensor]:
        """Zeros (B, N), or (B, N, C)."""
        return [tf.zeros([batch_size, *np.atleast_1d(size)], self.compute_dtype) for size in self.state_size]

    def call(self, inputs: tf.Tensor, states: Any) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """One step: inputs (B, I) and states (B, N) to the output (B, N) and the new states."""
        currents = tuple(
            _current(x, way, states[-1]) for x, way in zip(self.split(inputs), self.pathways(), strict=True)
        )
        states = self.advance(currents, tuple(states), *self.parameters())
        return states[-1], list(states)

    def pathways(self) -> tuple[Pathway, ...]:
        """The ways into the cell, in the order of its inputs."""
        raise NotImplementedError

    def parameters(self) -> tuple[tf.Tensor, ...]:
        """What of a step is trained, beside the pathways: gains, couplings, or decays made of trainable time constants."""
        return ()

    def dynamics(self) -> Dynamics:
        """One step, for `scan`."""
        return Dynamics(self.advance, self.pathways(), self.parameters())

    def split(self, inputs: Any) -> tuple[tf.Tensor, ...]:
        """The inputs of every pathway, of inputs that are one tensor or one per pathway. Raises InputError."""
        if isinstance(inputs, list | tuple):
            if len(inputs) != 1:
                raise InputError(f"a layer of {type(self).__name__} takes one input, got {len(inputs)}")
            (inputs,) = inputs
        return (inputs,)

    def draws(self) -> np.random.Generator:
        """Where the initial values come from: the same at every call, another for every kind of cell."""
        return generator(self.seed, Role.INITIAL_WEIGHTS, zlib.crc32(type(self).__name__.encode()))

    def add_tau(self, rng: np.random.Generator, tau_ms: Any, name: str) -> tuple[np.ndarray, tf.Variable]:
        """Time constants (N,), drawn once, and exp(-dt/τ): kept with the weights, never trained."""
        tau = drawn_tau(rng, tau_ms, self.units, name)
        self.add_values(name, tau, trainable=False)
        return tau, self.add_values(f"decay_{name}", np.exp(-self.dt_ms / tau), trainable=False)

    def add_values(self, name: str, values: np.ndarray, *, trainable: bool) -> tf.Variable:
        """A variable that starts from these values; it is saved, trained or not."""
        return self.add_weight(name=name, shape=values.shape, trainable=trainable, initializer=_given(values))

    def add_pathway(
        self,
        rng: np.random.Generator,
        prefix: str,
        n_inputs: int,
        tau_ms: np.ndarray,
        rate_hz: float,
        recurrent_rate_hz: float | None = None,
    ) -> "Weights":
        """Trainable weights of a way into the cell, by the fluctuation initialiser for inputs that fire at rate_hz.

        recurrent_rate_hz: of what comes from all units but oneself; None: nothing does. Raises InputError.
        """
        is_recurrent = recurrent_rate_hz is not None
        n_weights = (n_inputs + is_recurrent * self.units) * self.units
        check_memory(_BYTES_PER_WEIGHT * n_weights, f"drawing {n_weights} weights", "take fewer units", "units")
        share = SHARE_OF_INPUT if is_recurrent else 1.0
        values = {"kernel": fluctuation_normal(rng, n_inputs, share, rate_hz, tau_ms)}
        if self.use_bias:
            values["bias"] = np.zeros(self.units)
        if recurrent_rate_hz is not None:
            drawn = fluctuation_normal(rng, self.units, SHARE_OF_RECURRENCE, recurrent_rate_hz, tau_ms)
            values["recurrent_kernel"] = drawn * (1 - np.eye(self.units))
        made = {name: self.add_values(prefix + name, start, trainable=True) for name, start in values.items()}
        return Weights(made["kernel"], made.get("bias"), made.get("recurrent_kernel"))

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the cell anew."""
        own = {"units": self.units, "dt_ms": self.dt_ms, "use_bias": self.use_bias, "seed": self.seed}
        return {**super().get_config(), **own}


class Weights(NamedTuple):
    """Variables of a pathway."""

    kernel: tf.Variable
    bias: tf.Variable | None = None
    recurrent: tf.Variable | None = None

    def pathway(self) -> Pathway:
        """Their values; a unit's weight to itself is 0 and has no gradient."""
        kernel, bias, recurrent = (None if item is None else tf.convert_to_tensor(item) for item in self)
        if recurrent is not None:
            recurrent *= 1 - tf.eye(recurrent.shape[0], dtype=recurrent.dtype)
        return Pathway(kernel, bias, recurrent)


def precision(dtype: Any) -> str:
    """What a cell or layer computes in under a dtype policy, by default the global one: float64 if it says so, else float32.

    16 bits cannot hold a potential that a small current moves at every step. Keras casts what comes in and, in the next
    layer, what goes out.
    """
    return "float64" if dtype_policy(dtype).compute_dtype == "float64" else "float32"


def dtype_policy(dtype: Any) -> Any:
    """The policy of Keras, by default the global one. Raises InputError for what is none of floating-point numbers."""
    try:
        policy = keras.dtype_policies.get(keras.config.dtype_policy() if dtype is None else dtype)
        is_floating = tf.as_dtype(policy.variable_dtype).is_floating
    except (TypeError, ValueError, AttributeError):
        is_floating = False
    if not is_floating:
        raise InputError(f"{{dtype}} must be a dtype policy of Keras such as 'float32', got {shown(dtype)}", "dtype")
    return policy


def switch(value: Any, name: str) -> bool:
    """An option that is on or off; earlier versions saved 0 and 1, too. Raises InputError."""
    is_number = isinstance(value, int) and value in (0, 1)
    return true_or_false(bool(value) if is_number else value, f"{{{name}}}", name)


def check_positive(**values: float) -> None:
    """Raise InputError for what is not a positive number; warn of what is probably in another unit."""
    for name, value in values.items():
        warn_if_implausible(name, number(value, f"{{{name}}}", name, POSITIVE), PLAUSIBLE[name])


def _given(values: np.ndarray) -> Callable:
    return lambda _, dtype: tf.constant(values, dtype=dtype)


def _current(x: tf.Tensor, way: Pathway, z: tf.Tensor) -> tf.Tensor:
    current = tf.matmul(x, way.kernel)
    if way.bias is not None:
        current += way.bias
    return current if way.recurrent is None else current + tf.matmul(z, way.recurrent)
