"""Layers with recorders, and layers made of such layers.

A recorder is an attribute such as `v_seq`, and what switches it on is `store_v_seq`: it holds what the last call did, until
the next call or `reset()`; None if it was off, or if there is nothing (recorders called `..._seq` are of sequences alone).
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.dendrites.layer_options import Checked, options_of
from rate2spike.spiking.dendrites.sequence_layer import SequenceLayer, State
from rate2spike.spiking.dendrites.steps_in_blocks import run_steps
from rate2spike.spiking.dendrites.strengths import Learnable
from rate2spike.spiking.layers.graphs import is_from_here

Seen = Mapping[str, Any]  # tensors of one step by the names of recorders; of a part by the part's name


class RecordingLayer(SequenceLayer):
    """A subclass gives `watched_step`, and `start` if it has states; `watched_sequence` if it knows a faster way."""

    recorders: ClassVar[tuple[str, ...]] = ()  # of its own
    part_names: ClassVar[tuple[str, ...]] = ()  # layers that it is made of, which hold its states

    def __init__(self, **layer_options: Any):
        super().__init__(**layer_options)
        self.built = True  # whatever is trained is made at construction

    def watched_step(self, x: tf.Tensor, state: State, *draws: tf.Tensor) -> tuple[tf.Tensor, State, Seen]:
        """One step without side effects: output, new states, and what recorders may hold of it."""
        raise NotImplementedError

    def draws(self, x: tf.Tensor, n_steps: Any = None) -> tuple[tf.Tensor, ...]:  # noqa: ARG002 - subclasses need them
        """What chance decides in a step with inputs x, or in as many steps (T, ...)."""
        return ()

    def step(self, x: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """One step: output and new states. Only chance has a side effect."""
        return self.watched_step(x, state, *self.draws(x))[:2]

    def sequence(self, x: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """All steps of x (T, B, ...): outputs (T, B, ...) and the last states."""
        return self.watched_sequence(x, state)[:2]

    def watched_sequence(self, x: tf.Tensor, state: State) -> tuple[tf.Tensor, State, Seen]:
        """All steps, and the series (T, B, ...) of what is recorded."""
        return self._held.compiled.run(self, self._all_steps, x, state)

    def _all_steps(self, x: tf.Tensor, state: State) -> tuple[tf.Tensor, State, Seen]:
        def step(inputs: tuple[tf.Tensor, ...], state: State) -> tuple:
            output, state, seen = self.watched_step(inputs[0], state, *inputs[1:])
            return (output, self.chosen(seen, True)), state

        (outputs, seen), state = run_steps(step, (x, *self.draws(x[0], tf.shape(x)[0])), state)
        return outputs, state, seen

    def advance(self, x: tf.Tensor) -> tf.Tensor:
        """Outputs from the states that were carried; those at the end are carried on, and recorders hold this call."""
        is_sequence = self.step_mode == "m"
        state = self.continued(self.start(tf.stop_gradient(x[0] if is_sequence else x)))
        if is_sequence:
            outputs, self.state, seen = self.watched_sequence(x, state)
        else:
            outputs, self.state, seen = self.watched_step(x, state, *self.draws(x))
            seen = self.chosen(seen, False)
        self.keep(seen)
        return outputs

    def chosen(self, seen: Seen, is_sequence: bool) -> Seen:
        """What recorders that are on want of it."""
        own = {
            name: seen[name]
            for name in self.recorders
            if getattr(self, f"store_{name}") and (is_sequence or not name.endswith("_seq"))
        }
        return own | {name: getattr(self, name).chosen(seen[name], is_sequence) for name in self.part_names}

    def keep(self, seen: Seen) -> None:
        """Let the recorders hold it."""
        self._held.recorded = {name: seen[name] for name in self.recorders if name in seen}
        for name in self.part_names:
            getattr(self, name).keep(seen[name])

    def recorded(self, name: str) -> tf.Tensor | None:
        """What a recorder holds."""
        held = self._held.recorded.get(name)
        return held if held is not None and is_from_here(held) else None

    @property
    def parts(self) -> tuple["RecordingLayer", ...]:
        """The layers that it is made of."""
        return tuple(getattr(self, name) for name in self.part_names)

    @property
    def state(self) -> State | None:
        """What is carried to the next call; None at rest."""
        if not self.part_names:
            return self._held.state
        states = tuple(part.state for part in self.parts)
        return None if any(one is None for one in states) else states

    @state.setter
    def state(self, state: State | None) -> None:
        if not self.part_names:
            self._held.state = state
        for k, part in enumerate(self.parts):
            part.state, part._held.state_of = (None, None) if state is None else (state[k], self.name)

    def was_reset_here(self) -> bool:
        """Whether the last reset was in the graph that is being built."""
        return all(part.was_reset_here() for part in self.parts) if self.part_names else super().was_reset_here()

    def carried(self, start: State) -> State:
        """The states carried so far, or those at rest. Raises InputError if they are of another batch or layer."""
        if not self.part_names:
            return super().carried(start)
        for part in self.parts:
            if part._held.state_of not in (None, self.name):
                raise InputError(
                    f"layers {part._held.state_of} and {self.name} share {part.name}, which holds the states of one: "
                    "give each a part of its own"
                )
        return tuple(part.carried(one) for part, one in zip(self.parts, start, strict=True))

    def reset(self) -> None:
        """Bring the states to rest, and clear the recorders."""
        super().reset()
        self._held.recorded = {}
        for part in self.parts:
            part.reset()

    def detach(self) -> None:
        """Keep the states, but let no gradient pass back through them (truncated backpropagation through time)."""
        if not self.part_names:
            super().detach()
        for part in self.parts:
            part.detach()

    @property
    def trainable(self) -> bool:
        """Whether Keras trains the layer; of its strengths those that are learnable."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        keras.layers.Layer.trainable.fset(self, value)
        for owner in type(self).__mro__:
            for item in vars(owner).values():
                if isinstance(item, Learnable):
                    item.follow(self)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the layer anew. Functions must be registered with Keras to be found again."""
        options = options_of(self, Checked) | options_of(self, Learnable)
        own = {name: keras.saving.serialize_keras_object(value) for name, value in options.items()}
        parts = {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in self.part_names}
        return {**super().get_config(), **parts, **own}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "RecordingLayer":
        """The layer of a configuration."""
        return cls(**{name: _made(value) for name, value in config.items()})


def _made(value: Any) -> Any:
    return keras.saving.deserialize_keras_object(value) if isinstance(value, dict) else value
