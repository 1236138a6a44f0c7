"""What all layers of the kit share: step by step or whole sequences, states carried from call to call, observers.

In step mode "s" a call is one step, (B, ...); in step mode "m" a whole sequence, time first, (T, B, ...), unless the layer
was made with time_major=False: then (B, T, ...). Both give the same numbers.

States are carried from one call to the next, with their gradients, until `reset()` (or `detach()`, for the gradients). In a
compiled function (`tf.function`, `fit`, `predict`) they are not carried out of it: there a sequence begins at rest, and
single steps need a `reset()` inside the function before the first of them.

The input's dtype decides in which one a layer computes; its weights are cast. Whole numbers and booleans become the layer's.

Sequences of steps are compiled, also where a layer is called outside of compiled functions: the first call takes longer.
"""

from collections.abc import Callable, Iterable
from typing import Any

from rate2spike.checks import choice, shown, true_or_false
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.dendrites.compiled_sequence import Compiled
from rate2spike.spiking.dendrites.steps_in_blocks import run_steps
from rate2spike.spiking.layers.cell import dtype_policy
from rate2spike.spiking.layers.cell_layer import check_finite
from rate2spike.spiking.layers.graphs import graph_here, is_from_here

STEP_MODES = ("s", "m")

State = Any  # a nest of tensors (B, ...), one step of the layer's states
Observer = Callable[[tf.Tensor, tf.Tensor], None]  # is given inputs and outputs of a call, time first


class Held:
    """What a layer holds between calls. Keras, which would look into lists and tuples, does not look in here."""

    no_setting = True

    def __init__(self) -> None:
        self.state: State | None = None  # None: at rest
        self.state_of: str | None = None  # layer whose part this one is and whose call left the state
        self.graph: Any = None  # of the last reset: a graph, or None where code runs at once
        self.observers: list[Observer] = []
        self.recorded: dict[str, tf.Tensor] = {}
        self.compiled = Compiled()


class SequenceLayer(keras.layers.Layer):
    """A layer with one step. A subclass gives `step`, and `start` if it has states; `sequence` if it knows a faster way."""

    def __init__(
        self,
        *,
        step_mode: str = "s",
        time_major: bool = True,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise InputError(f"{{name}} must be text without a /, got {shown(name)}", "name")
        trainable = true_or_false(trainable, "{trainable}", "trainable")
        super().__init__(autocast=False, name=name, trainable=trainable, dtype=dtype_policy(dtype))
        self.supports_jit = False
        self._held = Held()
        self.step_mode = step_mode
        self.time_major = true_or_false(time_major, "{time_major}", "time_major")

    @property
    def step_mode(self) -> str:
        """Whether a call is a step, "s", or a sequence, "m"."""
        return self._step_mode

    @step_mode.setter
    def step_mode(self, mode: str) -> None:
        self._step_mode = choice(mode, "step mode", "step_mode", STEP_MODES)

    @property
    def state(self) -> State | None:
        """What is carried to the next call; None at rest."""
        return self._held.state

    @state.setter
    def state(self, state: State | None) -> None:
        self._held.state = state

    def start(self, x: tf.Tensor) -> State:  # noqa: ARG002 - subclasses need it
        """States at rest, for inputs x of one step."""
        return ()

    def step(self, x: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """One step without side effects: output and new states."""
        raise NotImplementedError

    def sequence(self, x: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """All steps of x (T, B, ...): outputs (T, B, ...) and the last states. The backward pass makes steps again."""
        return self._held.compiled.run(self, self._stepwise, x, state)

    def _stepwise(self, x: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        return run_steps(self.step, x, state)

    def call(self, inputs: Any) -> tf.Tensor:
        """One step, or a sequence, from the states that were carried."""
        try:
            return self._run(inputs)
        except InputError as error:
            raise _of_one_line(error) from None

    def compute_output_spec(self, *arguments: Any, **options: Any) -> Any:
        """What Keras knows of outputs while a network is made of symbolic inputs."""
        try:
            return super().compute_output_spec(*arguments, **options)
        except InputError as error:
            raise _of_one_line(error) from None

    def _run(self, inputs: Any) -> tf.Tensor:
        x = self.entering(inputs)
        outputs = self.advance(x)
        for observe in self._held.observers:
            observe(x, outputs)
        return outputs if self.time_major or self.step_mode == "s" else swapped(outputs)

    def advance(self, x: tf.Tensor) -> tf.Tensor:
        """Outputs for inputs, time first, from the states that were carried; those at the end are carried on."""
        is_sequence = self.step_mode == "m"
        state = self.continued(self.start(tf.stop_gradient(x[0] if is_sequence else x)))
        outputs, self.state = self.sequence(x, state) if is_sequence else self.step(x, state)
        return outputs

    def entering(self, inputs: Any) -> tf.Tensor:
        """The inputs as a floating-point tensor, time first. Raises InputError for NaN, infinity, no numbers, no steps."""
        x = _numbers(inputs, self.name)
        check_finite(x, self.name)
        if not x.dtype.is_floating:
            x = tf.cast(x, self.variable_dtype)
        if self.step_mode == "s":
            return x
        if x.shape.rank is not None and x.shape.rank < 2:
            raise InputError(
                f"layer {self.name} in step mode 'm' takes sequences (T, B, ...), got shape {tuple(x.shape)}"
            )
        x = x if self.time_major else swapped(x)
        if x.shape[0] == 0:
            raise InputError(f"layer {self.name} got a sequence of no steps")
        return x

    def continued(self, start: State) -> State:
        """The states carried so far, or those at rest. Raises InputError if they are of another batch."""
        if not tf.nest.flatten(start):
            return start
        if tf.inside_function() and self.step_mode == "s" and not self.was_reset_here():
            raise InputError(
                f"layer {self.name} in step mode 's' inside a compiled function: call its reset() there before the first "
                "step, since states are not carried out of the function"
            )
        return self.carried(start)

    def was_reset_here(self) -> bool:
        """Whether the last reset was in the graph that is being built."""
        return self._held.graph is graph_here()

    def carried(self, start: State) -> State:
        """See `continued`."""
        state = self.state
        if state is None or not is_from_here(state):
            return start
        for held, at_rest in zip(tf.nest.flatten(state), tf.nest.flatten(start), strict=True):
            if not held.shape.is_compatible_with(at_rest.shape):
                raise InputError(
                    f"layer {self.name} carries states of shape {tuple(held.shape)}, the input needs {tuple(at_rest.shape)}: "
                    "call reset() before the batch changes"
                )
        return tf.nest.map_structure(lambda held, at_rest: tf.cast(held, at_rest.dtype), state, start)

    def reset(self) -> None:
        """Bring the states to rest."""
        self._held.state, self._held.state_of, self._held.graph = None, None, graph_here()

    def detach(self) -> None:
        """Keep the states, but let no gradient pass back through them (truncated backpropagation through time)."""
        if self.state is not None:
            self.state = tf.nest.map_structure(tf.stop_gradient, self.state)

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Give inputs and outputs of every call to a function, time first; what is returned ends that."""
        self._held.observers.append(observer)
        return lambda: self._held.observers.remove(observer)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the layer anew."""
        return {**super().get_config(), "step_mode": self.step_mode, "time_major": self.time_major}


def reset_net(net: Any) -> None:
    """Bring the states of all layers of a network to rest."""
    for layer in _layers(net):
        layer.reset()


def detach_net(net: Any) -> None:
    """Let no gradient pass back through the states of a network (truncated backpropagation through time)."""
    for layer in _layers(net):
        layer.detach()


def set_step_mode(net: Any, step_mode: str) -> None:
    """Set the step mode, "s" or "m", of all layers of a network. Raises InputError."""
    for layer in _layers(net):
        layer.step_mode = step_mode


def _of_one_line(error: InputError) -> InputError:
    """The error that was raised at first, and which Keras leaves as it is; of others it makes many lines."""
    while isinstance(error.__context__, InputError):
        error = error.__context__
    error._keras_call_info_injected = True  # type: ignore[attr-defined]
    return error


def swapped(x: tf.Tensor) -> tf.Tensor:
    """(T, B, ...) as (B, T, ...), or back."""
    return tf.transpose(x, [1, 0, *range(2, x.shape.rank)])


def _numbers(inputs: Any, name: str) -> tf.Tensor:
    """Inputs of a layer as a tensor. Raises InputError for what holds no real numbers."""
    try:
        x = tf.convert_to_tensor(inputs)
        is_real = x.dtype.is_floating or x.dtype.is_integer or x.dtype.is_bool
    except (TypeError, ValueError):
        is_real = False
    if not is_real:
        raise InputError(f"the input of layer {name} must be an array of numbers, got {shown(inputs)}")
    return x


def _layers(net: Any) -> Iterable[SequenceLayer]:
    """The layers of the kit in a Keras model, layer, or several of them."""
    parts = net if isinstance(net, list | tuple) else [net]
    for part in parts:
        if not isinstance(part, keras.layers.Layer):
            raise InputError(f"{{net}} must be a Keras model or layer, or several, got {type(part).__name__}", "net")
        yield from (layer for layer in part._flatten_layers() if isinstance(layer, SequenceLayer))
