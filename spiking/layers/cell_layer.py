"""A cell over time: what all layers share. A layer runs its cell by `scan`, much faster than `keras.layers.RNN(cell)`.

Arrays of layers are (batch, time, units).
"""

import functools
import inspect
from collections import namedtuple
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.layers.cell import precision, switch
from rate2spike.spiking.layers.documents import document
from rate2spike.spiking.layers.scan import all_states, scan


class CellLayer(keras.layers.Layer):
    """A cell over time: inputs (B, T, I), or a pair for CLIF, to outputs (B, T, N), from zero states.

    The options of the cell, and: recompute: keep only the states at every tenth step for the backward pass and make the
    others again (less memory, more time, the same numbers). input_gradient=False: the inputs are data, no gradient is made
    for them (less time and memory).
    """

    cell_class: Any  # its class
    built: bool

    def __init_subclass__(cls, **kwargs: Any):
        """A layer says in its signature which options its cell has."""
        super().__init_subclass__(**kwargs)
        if "cell_class" in vars(cls) and (cls.__init__ is CellLayer.__init__ or hasattr(cls.__init__, "of_cell")):
            _take_options_of_cell(cls)

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
        self.recompute = switch(recompute, "recompute")
        self.input_gradient = switch(input_gradient, "input_gradient")
        super().__init__(
            name=name, trainable=trainable, dtype=precision(dtype), activity_regularizer=activity_regularizer
        )
        self.cell = self.cell_class(units, dtype=dtype, **cell_options)
        self.widths: list[int] | None = None  # of the inputs
        self.supports_jit = False

    def __call__(self, inputs: Any, *more: Any, **kwargs: Any) -> Any:
        """`call`, with shapes and values checked before Keras does anything. Raises InputError."""
        if more:
            raise InputError(f"layer {self.name} takes several inputs as one list [x, c], not one after the other")
        if isinstance(inputs, list | tuple):
            inputs = inputs[0] if len(inputs) == 1 else self.cell.split(inputs)
        shapes = [_shape(x) for x in (inputs if isinstance(inputs, list | tuple) else [inputs])]
        check_lengths(shapes)
        widths = [shape[-1] for shape in shapes]
        if None in widths and not self.built:
            raise InputError(
                f"layer {self.name} must know the number of inputs, the last axis, got shapes {', '.join(map(str, shapes))}"
            )
        if self.built and self.widths not in (None, widths):
            raise InputError(f"layer {self.name} was made for inputs of width {self.widths}, got {widths}")
        check_finite(inputs, self.name)
        return super().__call__(inputs, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Make the weights; input_shape (B, T, I), or one per pathway."""
        several = isinstance(input_shape[0], list | tuple | tf.TensorShape)
        self.widths = [shape[-1] for shape in (input_shape if several else [input_shape])]
        if not self.cell.built:
            self.cell.build(input_shape)

    def call(self, inputs: Any) -> tf.Tensor:
        """Outputs (B, T, N)."""
        x = self._time_first(inputs)
        outputs = scan(
            self.cell.dynamics(), x, self._start(x), recompute=self.recompute, input_gradient=self.input_gradient
        )
        return tf.transpose(outputs, [1, 0, 2])

    def states(self, inputs: Any) -> Any:
        """All states as a record of arrays (T + 1, B, N), the initial ones first: `states.v`, `states.z`, ...

        Raises InputError.
        """
        check_lengths([_shape(x) for x in (inputs if isinstance(inputs, list | tuple) else [inputs])])
        if not self.built:
            self.build([x.shape for x in inputs] if isinstance(inputs, list | tuple) else inputs.shape)
        check_finite(inputs, self.name)
        x = self._time_first(inputs)
        values = all_states(self.cell.dynamics(), x, self._start(x))
        return _record(self.cell.state_names, [value.numpy() for value in values])

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """(B, T, N)."""
        first = input_shape if isinstance(input_shape[0], int | None) else input_shape[0]
        return (*first[:2], self.cell.units)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the layer anew."""
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


def _take_options_of_cell(layer: type[CellLayer]) -> None:
    """Give the layer a constructor with the real signature, which says in one line what does not fit."""
    own = inspect.signature(CellLayer.__init__).parameters
    of_cell = inspect.signature(layer.cell_class.__init__).parameters
    first = [own["self"], of_cell["units"] if "units" in of_cell else own["units"]]
    options = [item for name, item in of_cell.items() if name not in own and item.kind != item.VAR_KEYWORD]
    open_end = [item for item in of_cell.values() if item.kind == item.VAR_KEYWORD]
    named = [item.replace(kind=item.KEYWORD_ONLY) for item in options]
    named += [item for item in own.values() if item.kind == item.KEYWORD_ONLY]
    signature = inspect.Signature([*first, *named, *open_end])

    @functools.wraps(CellLayer.__init__)
    def construct(self: CellLayer, *args: Any, **kwargs: Any) -> None:
        CellLayer.__init__(self, *args, **kwargs)

    construct.__signature__, construct.of_cell = signature, True  # type: ignore[attr-defined]
    layer.__init__ = construct  # type: ignore[method-assign]
    public()(layer)
    document(layer, signature)


def _record(names: Any, values: Any) -> Any:
    """A named tuple of states, which shows the shapes of its arrays and can be pickled."""
    own = {"__slots__": (), "__repr__": _shapes_of, "__reduce__": _how_to_make}
    return type("States", (namedtuple("States", names),), own)(*values)


def _shapes_of(states: Any) -> str:
    return f"States({', '.join(f'{name}: {value.shape}' for name, value in states._asdict().items())})"


def _how_to_make(states: Any) -> tuple:
    return _record, (states._fields, tuple(states))


def _shape(x: Any) -> tuple:
    if not hasattr(x, "shape"):
        raise InputError(f"inputs of a layer are arrays or tensors (batch, time, inputs), got {type(x).__name__}")
    if isinstance(x, np.ndarray) and x.dtype.kind not in "fiub":
        raise InputError(f"inputs of a layer are numbers, got an array of {x.dtype}")
    if isinstance(x, tf.SparseTensor | tf.RaggedTensor):
        raise InputError(f"inputs of a layer are dense tensors (batch, time, inputs), got a {type(x).__name__}")
    return tuple(x.shape)


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
        if is_known and not np.isfinite(_sum(x)) and not np.isfinite(x).all():
            which = "" if not isinstance(inputs, list | tuple) else f", number {k + 1} of {len(inputs)},"
            raise InputError(f"the input{which} of layer {name} holds NaN or infinite values")


def _sum(x: Any) -> np.ndarray:
    with tf.init_scope():  # also while a graph is made of a function that holds x as a constant
        return tf.reduce_sum(tf.cast(x, tf.float32) if x.dtype == bool else x).numpy()
