"""What all local learning rules share: records of calls, accumulated changes, and how they are applied.

A rule gives `_sums`, what a record adds to its products of pre- and postsynaptic signals, and `_change`, the change of the
weight that follows from their sums over all records.
"""

import contextlib
import math
from collections.abc import Iterable
from typing import Any

from rate2spike.checks import choice, number, shown, true_or_false
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.plausible import warn_caller
from rate2spike.readable import one_line
from rate2spike.spiking.layers.graphs import is_from_here
from rate2spike.spiking.plasticity import recording
from rate2spike.spiking.plasticity.traces import trace

STEP_MODES = ("s", "m")
OF_SYNAPSE = ("weight", "weight_change", "observe", "step_mode")
OF_LAYER = ("observe", "soma_shape", "n_input", "to_features", "step_mode")

Sums = tuple[tf.Tensor, ...]


class Learner:
    """A rule for the weight of one synapse, from what goes in and what the layer behind it does."""

    shown: tuple[str, ...] = ()  # settings that say what matters

    _sent: list[recording.Sent]
    _answers: list[tf.Tensor]
    _traces: dict[str, tf.Tensor]

    def __init__(self, syn: Any, dsn: Any, step_mode: str, specified_multi_imp: bool, mean: bool):
        self.syn = _with(syn, OF_SYNAPSE, "syn", "a synapse of r2s.dendrites")
        self.dsn = _with(dsn, OF_LAYER, "dsn", "a layer of neurons of r2s.dendrites")
        self.step_mode = step_mode
        self.specified_multi_imp = true_or_false(specified_multi_imp, "{specified_multi_imp}", "specified_multi_imp")
        self.mean = true_or_false(mean, "{mean}", "mean")
        self.gradient: tf.Tensor | None = None
        self._enabled = True
        self._warned = False
        self._forget()
        self._watch()

    @property
    def step_mode(self) -> str:
        """The mode of the calls that are recorded: steps, "s", or sequences, "m"."""
        return self._step_mode

    @step_mode.setter
    def step_mode(self, mode: str) -> None:
        self._step_mode = choice(mode, "step mode", "step_mode", STEP_MODES)

    @property
    def enabled(self) -> bool:
        """Whether calls are recorded."""
        return self._enabled

    @property
    def n_records(self) -> int:
        """Calls that the next `step` will learn from."""
        return sum(map(is_from_here, self._answers))

    @property
    def trace_pre(self) -> tf.Tensor | None:
        """The presynaptic trace as the last `step` left it, shaped as one step of the synapse's input; None at first."""
        return self._traces.get("pre")

    def enable(self) -> None:
        """Record calls from now on."""
        self._enabled = True

    def disable(self) -> None:
        """Record no more calls. What is recorded stays for the next `step`."""
        self._enabled = False

    def reset(self) -> None:
        """Forget traces and records. The gradient stays until it is applied."""
        self._forget()

    def step(self, on_grad: bool = True, scale: float = 1.0) -> tf.Tensor:
        """Learn from all calls since the last step, in their order; they are then forgotten, the traces stay.

        Parameters
        ----------
        on_grad : bool, default True
            Subtract the change from `gradient`, so that `apply` makes it.
        scale : float or scalar tensor, default 1.0
            Factor of the change, such as a reward.

        Returns
        -------
        tensor in the shape of the synapse's `weight`
            The change, scaled: summed over batch, time and, of convolutions, positions. Zeros, and one warning, if no call
            was recorded.

        Raises
        ------
        InputError
            For records that do not fit to each other, or to the traces, which another batch left.
        """
        on_grad = true_or_false(on_grad, "{on_grad}", "on_grad")
        scale = _checked_scale(scale)
        sent, answers, self._sent, self._answers = self._sent, self._answers, [], []
        calls = recording.paired(sent, answers)
        if not calls:
            return self._nothing()
        change = self._learnt(calls)
        change *= _tensor(scale, change.dtype)
        if on_grad:
            slope = tf.cast(-change, self.syn.weight.dtype)
            before = self.gradient
            self.gradient = slope if before is None or not is_from_here(before) else before + slope
        return change

    def apply(self, optimizer: Any) -> None:
        """Let a Keras optimizer change the weight along `gradient`, which is None afterwards; bounds of the weight hold.

        Parameters
        ----------
        optimizer : keras.optimizers.Optimizer
            With `SGD(rate)` the weight grows by rate times the change. Several learners with one optimizer: `LearnerList`.

        Raises
        ------
        InputError
            For what is no optimizer.
        """
        apply_gradients([self], optimizer)

    def __repr__(self) -> str:
        """One line."""
        settings = {name: _named(getattr(self, name)) for name in self.shown}
        layers = {"syn": _named(self.syn), "dsn": _named(self.dsn)}
        return one_line(
            type(self).__name__, {**layers, **settings, "step_mode": self.step_mode, "n_records": self.n_records}
        )

    def __getstate__(self) -> dict[str, Any]:
        """Settings, layers, traces, records and gradient, without what compiled functions left."""
        here = is_from_here
        return {
            **vars(self),
            "gradient": self.gradient if self.gradient is not None and here(self.gradient) else None,
            "_sent": [one for one in self._sent if here(one.pre)],
            "_answers": [*filter(here, self._answers)],
            "_traces": {name: one for name, one in self._traces.items() if here(one)},
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Watch the layers again: those that are pickled do not know who watched them."""
        vars(self).update(state)
        self._watch()

    def _sums(self, call: recording.Call) -> Sums:
        """What a call adds to the products of pre- and postsynaptic signals."""
        raise NotImplementedError

    def _change(self, sums: Sums, weight: tf.Tensor) -> tf.Tensor:
        """The change of the weight that follows from the sums over all records."""
        raise NotImplementedError

    def _answer(self, spikes: tf.Tensor) -> tf.Tensor:
        """What is recorded of a call of the layer, of the same leading axes as its output."""
        return spikes

    def _learnt(self, calls: list[recording.Call]) -> tf.Tensor:
        """The change that follows from calls."""
        weight = tf.convert_to_tensor(self.syn.weight)
        dtype = max((tf.float32, weight.dtype, calls[0].pre.dtype), key=lambda one: one.size)
        calls = [call.of_dtype(dtype) for call in calls]
        parts = calls if self.specified_multi_imp else [step for call in calls for step in call.in_steps()]
        sums = self._sums(parts[0])
        for part in parts[1:]:
            sums = tuple(a + b for a, b in zip(sums, self._sums(part), strict=True))
        change = self._change(sums, tf.cast(weight, dtype))
        if self.mean:
            change /= tf.cast(sum(call.n_samples for call in calls), dtype)
        return tf.stop_gradient(change)

    def _trace(self, name: str, pulses: tf.Tensor, tau: float) -> tf.Tensor:
        """A trace over time (T, B, ...), which goes on where it was. Raises InputError if that was of another batch."""
        before = self._traces.get(name)
        if before is None or not is_from_here(before):
            before = tf.zeros_like(pulses[0])
        elif not before.shape.is_compatible_with(pulses.shape[1:]):
            raise InputError(
                f"a learner holds traces of shape {tuple(before.shape)}, and recorded {tuple(pulses.shape[1:])}: "
                "call its reset() before the batch changes"
            )
        values = trace(pulses, tau, tf.cast(before, pulses.dtype))
        self._traces[name] = values[-1]
        return values

    def _product(self, pre: tf.Tensor, post: tf.Tensor, shape: tuple[int, ...]) -> tf.Tensor:
        """Σ over time and batch of post times pre, in the shape of the weight.

        post: (T, B, *soma_shape, n_input). shape: of the synapse's outputs, which may be reshaped before the layer.
        Raises InputError if these are not as many.
        """
        n_inputs = math.prod(self.dsn.soma_shape) * self.dsn.n_input
        if math.prod(shape) != n_inputs:
            raise InputError(
                f"a learner's synapse feeds its layer, but {self.syn.name} gives {math.prod(shape)} outputs and "
                f"{self.dsn.name} takes {n_inputs}"
            )
        features = self.dsn.to_features(post)
        features = tf.reshape(features, tf.concat([tf.shape(features)[:2], shape], 0))
        return tf.cast(self.syn.weight_change(pre, features), pre.dtype)

    def _of_each_input(self, x: tf.Tensor) -> tf.Tensor:
        """A signal of somas (..., *soma_shape) for each of their inputs: (..., *soma_shape, n_input)."""
        return tf.repeat(x[..., None], self.dsn.n_input, axis=-1)

    def _watch(self) -> None:
        """Let the layers tell of their calls."""
        recording.watch(self.syn, self._see_synapse)
        recording.watch(self.dsn, self._see_layer)

    def _see_synapse(self, inputs: tf.Tensor, outputs: tf.Tensor) -> None:
        if self._enabled:
            self._check_mode(self.syn)
            post_shape = outputs.shape[2 if self.step_mode == "m" else 1 :]
            self._sent.append(recording.Sent(recording.kept(inputs, self.step_mode), tuple(post_shape)))

    def _see_layer(self, _: tf.Tensor, spikes: tf.Tensor) -> None:
        if self._enabled:
            self._check_mode(self.dsn)
            self._answers.append(recording.kept(self._answer(tf.stop_gradient(spikes)), self.step_mode))

    def _check_mode(self, layer: Any) -> None:
        if layer.step_mode != self.step_mode:
            raise InputError(
                f"{type(self).__name__} is in step mode {self.step_mode!r} and layer {layer.name} in {layer.step_mode!r}: "
                "give both the same",
                "step_mode",
            )

    def _forget(self) -> None:
        self._sent, self._answers, self._traces = [], [], {}

    def _nothing(self) -> tf.Tensor:
        if not self._warned:
            self._warned = True
            warn_caller(
                f"{type(self).__name__}.step() found no recorded calls, and changes nothing: call synapse and layer first, "
                "with the learner enabled, and in the same compiled function if there is one"
            )
        return tf.zeros_like(tf.convert_to_tensor(self.syn.weight))


def apply_gradients(learners: Iterable[Learner], optimizer: Any) -> None:
    """Change the weights of learners along their gradients, in one step of the optimizer. Raises InputError."""
    learners = list(learners)
    if not callable(getattr(optimizer, "apply", None)) or not callable(getattr(optimizer, "build", None)):
        raise InputError(f"{{optimizer}} must be a Keras optimizer, got {shown(optimizer)}", "optimizer")
    weights = {id(one.syn.weight): one.syn.weight for one in learners}
    if not optimizer.built:  # of all: an optimizer takes no further weights later
        optimizer.build(list(weights.values()))
    known = {id(one) for one in optimizer._trainable_variables}
    if not known.issuperset(weights):
        raise InputError("{optimizer} was built for other weights: give these learners one of their own", "optimizer")
    due: dict[int, tf.Tensor] = {}
    for one in learners:
        if one.gradient is not None and is_from_here(one.gradient):
            key = id(one.syn.weight)
            due[key] = due[key] + one.gradient if key in due else one.gradient
        one.gradient = None
    optimizer.apply(list(due.values()), [weights[key] for key in due])


def factor(f_w: Any, weight: tf.Tensor, name: str) -> tf.Tensor:
    """A number, or what a function makes of the weight, in the layout of Keras. Raises InputError if that does not fit."""
    value = _tensor(f_w(weight) if callable(f_w) else f_w, weight.dtype)
    with contextlib.suppress(ValueError):
        if tf.broadcast_static_shape(value.shape, weight.shape) == weight.shape:
            return value
    raise InputError(
        f"{{{name}}} must give a number or an array of the weight's shape {tuple(weight.shape)}, got {tuple(value.shape)}",
        name,
    )


def number_or_function(value: Any, name: str) -> Any:
    """A factor of the weight change. Raises InputError."""
    return value if callable(value) else number(value, f"{{{name}}}, unless it is a function,", name)


def _checked_scale(scale: Any) -> Any:
    """A number, or a tensor of one. Raises InputError."""
    if not tf.is_tensor(scale):
        return number(scale, "{scale}", "scale")
    if not scale.shape.is_compatible_with([]) or not (scale.dtype.is_floating or scale.dtype.is_integer):
        raise InputError(f"{{scale}} must be one number, got {shown(scale)}", "scale")
    return scale


def _tensor(value: Any, dtype: tf.DType) -> tf.Tensor:
    """A value in a dtype; a number that is merely cast would go through float32."""
    return tf.cast(value, dtype) if tf.is_tensor(value) else tf.convert_to_tensor(value, dtype)


def _with(layer: Any, names: tuple[str, ...], field: str, what: str) -> Any:
    """The layer. Raises InputError if it lacks what a learner needs."""
    missing = [name for name in names if not hasattr(layer, name)]
    if missing:
        raise InputError(f"{{{field}}} must be {what}, got {type(layer).__name__}, which has no {missing[0]}", field)
    return layer


def _named(value: Any) -> Any:
    """A layer or function by its name, anything else as it is."""
    if not callable(value):
        return value
    return getattr(value, "name", None) or getattr(value, "__name__", None) or type(value).__name__
