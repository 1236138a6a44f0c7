"""What a learner keeps of calls: tensors without gradients, time first."""

import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.spiking.layers.graphs import is_from_here


class Sent(NamedTuple):
    """A call of a synapse."""

    pre: tf.Tensor  # (T, B, ...), what the synapse was given
    shape: tuple[int, ...]  # of its outputs, without T and B


class Call(NamedTuple):
    """A call of a synapse and of the layer behind it."""

    pre: tf.Tensor  # (T, B, ...), what the synapse was given
    post: tf.Tensor  # (T, B, *soma_shape, ...), what the rule takes of the layer
    shape: tuple[int, ...]  # of the synapse's outputs, without T and B

    def of_dtype(self, dtype: tf.DType) -> "Call":
        """The same in another precision."""
        return Call(tf.cast(self.pre, dtype), tf.cast(self.post, dtype), self.shape)

    @property
    def n_samples(self) -> tf.Tensor:
        """Steps times batch."""
        return tf.reduce_prod(tf.shape(self.pre)[:2])

    def in_steps(self) -> "list[Call]":
        """Calls of one step each; whole where the number of steps is not known yet."""
        n_steps = self.pre.shape[0]
        if n_steps is None:
            return [self]
        return [Call(self.pre[t : t + 1], self.post[t : t + 1], self.shape) for t in range(n_steps)]


def watch(layer: Any, method: Callable[[tf.Tensor, tf.Tensor], None]) -> None:
    """Let a layer tell inputs and outputs of every call to a method, as long as there is the object that it is of."""
    living = weakref.WeakMethod(method)

    def tell(inputs: tf.Tensor, outputs: tf.Tensor) -> None:
        told = living()
        if told is not None:
            told(inputs, outputs)

    ending = weakref.finalize(method.__self__, layer.observe(tell))  # type: ignore[attr-defined]
    ending.atexit = False


def kept(x: tf.Tensor, step_mode: str) -> tf.Tensor:
    """A signal of a call, time first, without its gradients."""
    x = tf.stop_gradient(x)
    return x if step_mode == "m" else x[None]


def paired(sent: list[Sent], answers: list[tf.Tensor]) -> list[Call]:
    """Calls of a synapse with those of its layer, as far as they are from here. Raises InputError if they do not pair."""
    sent = [one for one in sent if is_from_here(one.pre)]
    answers = [one for one in answers if is_from_here(one)]
    if len(sent) != len(answers):
        raise InputError(
            f"a learner takes calls of its synapse and its layer by turns, and recorded {len(sent)} and {len(answers)}: "
            "disable it, or reset it, where one is called alone"
        )
    for one, answer in zip(sent, answers, strict=True):
        if not one.pre.shape[:2].is_compatible_with(answer.shape[:2]):
            raise InputError(
                f"a learner recorded (steps, batch) {tuple(one.pre.shape[:2])} of its synapse and {tuple(answer.shape[:2])} "
                "of its layer"
            )
    return [Call(one.pre, answer, one.shape) for one, answer in zip(sent, answers, strict=True)]
