"""What all cells and layers share. A cell is a Keras RNN cell; a layer runs one over time by `scan`, much faster.

Arrays of layers are (batch, time, units), weights (from, to). A step lasts dt; time constants are in ms.
"""

import zlib
from collections import namedtuple
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.machine.memory import check_memory
from rate2spike.plausible import Plausible, warn_if_implausible
from rate2spike.seeding import Role, generator, resolve_seed
from rate2spike.spiking.layers.initialization import SHARE_OF_INPUT, SHARE_OF_RECURRENCE, drawn_tau, fluctuation_normal
from rate2spike.spiking.layers.scan import Path, all_states, scan

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

    A subclass gives `state_names`, the last of which is the output, `build`, `paths`, `advance` and, for several, `split`.
    """

    state_names: tuple[str, ...]

    def __init__(self, units: int, dt_ms: float, use_bias: bool, seed: int | None, **kwargs: Any):
        super().__init__(**{**kwargs, "dtype": precision(kwargs.get("dtype"))})
        if not isinstance(units, int | np.integer) or units < 1:
            raise InputError(f"units must be a whole number from 1, got {units!r}")
        check_positive(dt_ms=dt_ms)
        self.units, self.dt_ms, self.use_bias, self.seed = int(units), float(dt_ms), bool(use_bias), resolve_seed(seed)
        self.supports_jit = False  # XLA unrolls loops over time: many times slower on a CPU

    @property
    def state_size(self) -> list[int]:
        """One vector of N per state."""
        return [self.units] * len(self.state_names)

    @property
    def output_size(self) -> int:
        """N."""
        return self.units

    def get_initial_state(self, batch_size: Any = None) -> list[tf.Tensor]:
        """Zeros (B, N)."""
        return [tf.zeros([batch_size, self.units], self.compute_dtype) for _ in self.state_names]

    def call(self, inputs: tf.Tensor, states: Any) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """One step: inputs (B, I) and states (B, N) to the output (B, N) and the new states."""
        currents = tuple(
            _current(x, path, states[-1]) for x, path in zip(self.split(inputs), self.paths(), strict=True)
        )
        states = self.advance(currents, tuple(states))
        return states[-1], list(states)

    def paths(self) -> tuple[Path, ...]:
        """The ways into the cell, in the order of its inputs."""
        raise NotImplementedError

    def split(self, inputs: Any) -> tuple[tf.Tensor, ...]:
        """The inputs of every path, of inputs that are one tensor or one per path."""
        return (inputs,)

    def advance(self, currents: tuple[tf.Tensor, ...], states: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
        """The elementwise part of a step: currents and states (B, N) to the new states."""
        raise NotImplementedError

    def draws(self) -> np.random.Generator:
        """Where the initial values come from: the same at every call, another for every kind of cell."""
        return generator(self.seed, Role.INITIAL_WEIGHTS, zlib.crc32(type(self).__name__.encode()))

    def add_tau(self, rng: np.random.Generator, tau_ms: Any, name: str) -> tuple[np.ndarray, tf.Variable]:
        """Time constants (N,), drawn once, and exp(-dt/τ): kept with the weights, never trained."""
        tau = drawn_tau(rng, tau_ms, self.units, name)
        self.add_constant(name, tau)
        return tau, self.add_constant(f"decay_{name}", np.exp(-self.dt_ms / tau))

    def add_constant(self, name: str, values: np.ndarray) -> tf.Variable:
        """A vector that is saved but not trained."""
        return self.add_weight(name=name, shape=values.shape, trainable=False, initializer=_given(values))

    def add_path(
        self,
        rng: np.random.Generator,
        prefix: str,
        n_inputs: int,
        tau_ms: np.ndarray,
        rate_hz: float,
        recurrent_rate_hz: float,
        recurrent: bool,
    ) -> "Weights":
        """Trainable weights of a way into the cell, by the fluctuation initialiser; recurrent: from all units but oneself."""
        n_weights = (n_inputs + recurrent * self.units) * self.units
        check_memory(_BYTES_PER_WEIGHT * n_weights, f"drawing {n_weights} weights", "take fewer units (--hidden)")
        share = SHARE_OF_INPUT if recurrent else 1.0
        kernel = fluctuation_normal(rng, n_inputs, share, rate_hz, tau_ms)
        no_autapses = 1 - np.eye(self.units)

        def weight(name: str, values: np.ndarray) -> tf.Variable:
            return self.add_weight(name=prefix + name, shape=values.shape, initializer=_given(values))

        variables = weight("kernel", kernel), weight("bias", np.zeros(self.units)) if self.use_bias else None
        if not recurrent:
            return Weights(*variables)
        from_units = fluctuation_normal(rng, self.units, SHARE_OF_RECURRENCE, recurrent_rate_hz, tau_ms) * no_autapses
        return Weights(*variables, weight("recurrent_kernel", from_units))

    def get_config(self) -> dict[str, Any]:
        """What makes the cell again."""
        own = {"units": self.units, "dt_ms": self.dt_ms, "use_bias": self.use_bias, "seed": self.seed}
        return {**super().get_config(), **own}


class Weights(NamedTuple):
    """Variables of a path."""

    kernel: tf.Variable
    bias: tf.Variable | None
    recurrent: tf.Variable | None = None

    def path(self) -> Path:
        """Their values; a unit's weight to itself is 0 and has no gradient."""
        kernel, bias, recurrent = (None if item is None else tf.convert_to_tensor(item) for item in self)
        if recurrent is not None:
            recurrent *= 1 - tf.eye(recurrent.shape[0], dtype=recurrent.dtype)
        return Path(kernel, bias, recurrent)


class CellLayer(keras.layers.Layer):
    """A cell over time: inputs (B, T, I), or a pair for CLIF, to outputs (B, T, N), from zero states.

    The options of the cell, and: recompute: keep only the states at every tenth step for the backward pass and make the
    others again (less memory, more time, the same numbers). input_gradient=False: the inputs are data, no gradient is made
    for them (less time and memory).
    """

    cell_class: Any  # its class
    built: bool

    def __init__(
        self,
        units: int,
        *,
        recompute: bool = False,
        input_gradient: bool = True,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
        activity_regularizer: Any = None,
        **cell_options: Any,
    ):
        super().__init__(
            name=name, trainable=trainable, dtype=precision(dtype), activity_regularizer=activity_regularizer
        )
        self.cell = self.cell_class(units, dtype=dtype, **cell_options)
        self.recompute, self.input_gradient = recompute, input_gradient
        self.widths: list[int] | None = None  # of the inputs
        self.supports_jit = False

    def __call__(self, inputs: Any, **kwargs: Any) -> Any:
        """`call`, with shapes and values checked before Keras does anything. Raises InputError."""
        shapes = [tuple(x.shape) for x in (inputs if isinstance(inputs, list | tuple) else [inputs])]
        check_lengths(shapes)
        widths = [shape[-1] for shape in shapes]
        if self.built and self.widths not in (None, widths):
            raise InputError(f"layer {self.name} was made for inputs of width {self.widths}, got {widths}")
        check_finite(inputs, self.name)
        return super().__call__(inputs, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Make the weights; input_shape (B, T, I), or one per path."""
        several = isinstance(input_shape[0], list | tuple | tf.TensorShape)
        self.widths = [shape[-1] for shape in (input_shape if several else [input_shape])]
        if not self.cell.built:
            self.cell.build(input_shape)

    def call(self, inputs: Any) -> tf.Tensor:
        """Outputs (B, T, N)."""
        x = self._time_first(inputs)
        outputs = scan(
            self.cell.advance,
            x,
            self.cell.paths(),
            self._start(x),
            recompute=self.recompute,
            input_gradient=self.input_gradient,
        )
        return tf.transpose(outputs, [1, 0, 2])

    def states(self, inputs: Any) -> Any:
        """All states as a record of arrays (T + 1, B, N), the initial ones first: `states.v`, `states.z`, ..."""
        if not self.built:
            self.build([x.shape for x in inputs] if isinstance(inputs, list | tuple) else inputs.shape)
        check_finite(inputs, self.name)
        x = self._time_first(inputs)
        values = all_states(self.cell.advance, x, self.cell.paths(), self._start(x))
        return namedtuple("States", self.cell.state_names)(*(value.numpy() for value in values))

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """(B, T, N)."""
        first = input_shape if isinstance(input_shape[0], int | None) else input_shape[0]
        return (*first[:2], self.cell.units)

    def get_config(self) -> dict[str, Any]:
        """What makes the layer again."""
        cell = {
            name: value for name, value in self.cell.get_config().items() if name not in ("name", "trainable", "dtype")
        }
        own = {"recompute": self.recompute, "input_gradient": self.input_gradient}
        return {**super().get_config(), **cell, **own}

    def _time_first(self, inputs: Any) -> tuple[tf.Tensor, ...]:
        parts = self.cell.split(inputs)
        return tuple(tf.transpose(tf.cast(x, self.compute_dtype), [1, 0, 2]) for x in parts)

    def _start(self, x: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
        batch_size = tf.shape(x[0])[1] if x[0].shape[1] is None else x[0].shape[1]
        return tuple(self.cell.get_initial_state(batch_size))


def precision(dtype: Any) -> str:
    """What a cell or layer computes in under a dtype policy, by default the global one: float64 if it says so, else float32.

    16 bits cannot hold a potential that a small current moves at every step. Keras casts what comes in and, in the next
    layer, what goes out.
    """
    policy = keras.dtype_policies.get(keras.config.dtype_policy() if dtype is None else dtype)
    return "float64" if policy.compute_dtype == "float64" else "float32"


def check_lengths(shapes: list[tuple]) -> None:
    """Raise InputError unless all inputs (B, T, I) have the same B and T, as far as they are known, and T is not 0."""
    if any(len(shape) != 3 for shape in shapes):
        raise InputError(f"inputs of a layer are (batch, time, inputs), got shapes {', '.join(map(str, shapes))}")
    for axis, name in ((0, "trials"), (1, "steps")):
        known = {shape[axis] for shape in shapes} - {None}
        if len(known) > 1 or 0 in known:
            raise InputError(
                f"all inputs of a layer must have the same number of {name}, and one at least; got {sorted(known)}"
            )


def check_finite(inputs: Any, name: str) -> None:
    """Raise InputError for NaN or infinity in inputs whose values are known; in a graph the outputs become NaN."""
    for k, x in enumerate(inputs if isinstance(inputs, list | tuple) else [inputs]):
        is_known = isinstance(x, np.ndarray) or (tf.is_tensor(x) and hasattr(x, "numpy"))
        # the sum, which one pass finds, is finite unless a value is not, or it overflows
        if is_known and not np.isfinite(tf.reduce_sum(x)) and not np.isfinite(x).all():
            which = "" if not isinstance(inputs, list | tuple) else f", number {k + 1} of {len(inputs)},"
            raise InputError(f"the input{which} of layer {name} holds NaN or infinite values")


def check_positive(**values: float) -> None:
    """Raise InputError for what is not a positive number; warn of what is probably in another unit."""
    for name, value in values.items():
        if not isinstance(value, int | float) or not 0 < value < np.inf:
            raise InputError(f"{name} must be a positive number, got {value!r}")
        warn_if_implausible(name, value, PLAUSIBLE[name])


def _given(values: np.ndarray):
    return lambda shape, dtype: tf.constant(values, dtype=dtype)


def _current(x: tf.Tensor, path: Path, z: tf.Tensor) -> tf.Tensor:
    current = tf.matmul(x, path.kernel)
    if path.bias is not None:
        current += path.bias
    return current if path.recurrent is None else current + tf.matmul(z, path.recurrent)
