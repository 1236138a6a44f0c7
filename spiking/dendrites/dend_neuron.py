"""What layers of dendritic neurons share: a dendrite and a soma per neuron, with or without somatic feedback."""

from typing import Any, ClassVar

import numpy as np

from rate2spike.checks import shown
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.spiking.dendrites import feature_layout
from rate2spike.spiking.dendrites.dendrites import Dend, along_last
from rate2spike.spiking.dendrites.layer_options import flag
from rate2spike.spiking.dendrites.recording_layer import RecordingLayer, Seen
from rate2spike.spiking.dendrites.sequence_layer import State
from rate2spike.spiking.dendrites.somas import Soma
from rate2spike.spiking.dendrites.strengths import Learnable, add_strength, strength, strength_config


class Stores:
    """A recorder that is one of a part's: (part, its flag)."""

    def __init__(self, part: str, of_part: str):
        self._part, self._of_part = part, of_part

    def __get__(self, layer: Any, kind: type | None = None) -> Any:
        return self if layer is None else getattr(_part_of(layer, self._part), self._of_part)

    def __set__(self, layer: Any, value: Any) -> None:
        setattr(_part_of(layer, self._part), self._of_part, value)


def _part_of(layer: Any, path: str) -> Any:
    for name in path.split("."):
        layer = getattr(layer, name)
    return layer


class VForwardDendNeuron(RecordingLayer):
    """Neurons whose soma follows the dendrite, (B, *features) to spikes (B, *soma_shape). A subclass gives `somatic_input`.

    A step: features go to the input compartments, the dendrite makes a step, the soma receives what follows from the output
    compartments now and the somatic voltage of the step before, and makes a step.
    """

    part_names = ("dend", "soma")
    recorders = ("v_dend_pre_spike",)
    spikes_run_back: ClassVar[bool] = False

    forward_strength_learnable = Learnable("forward_strength")
    store_v_dend_seq = Stores("dend.compartment", "store_v_seq")
    store_v_soma_seq = Stores("soma", "store_v_seq")
    store_v_soma_pre_spike = Stores("soma", "store_v_pre_spike")

    def __init__(
        self,
        dend: Dend,
        soma: Soma,
        soma_shape: Any,
        forward_strength: Any = 1.0,
        forward_strength_learnable: bool = False,
        step_mode: str = "s",
        store_v_dend_seq: bool = False,
        store_v_soma_seq: bool = False,
        store_v_dend_pre_spike: bool = False,
        store_v_soma_pre_spike: bool = False,
        **layer_options: Any,
    ):
        super().__init__(step_mode=step_mode, **layer_options)
        if not isinstance(dend, Dend):
            raise InputError(f"{{dend}} must be a dendrite, got {shown(dend)}", "dend")
        if not isinstance(soma, Soma):
            raise InputError(f"{{soma}} must be a soma, got {shown(soma)}", "soma")
        self.dend, self.soma = dend, soma
        self._soma_shape = feature_layout.checked_soma_shape(soma_shape)
        self.forward_strength = self.add_output_strength("forward_strength", forward_strength)
        self.forward_strength_learnable = forward_strength_learnable
        self.store_v_dend_seq = flag(store_v_dend_seq, "store_v_dend_seq") or dend.compartment.store_v_seq
        self.store_v_soma_seq = flag(store_v_soma_seq, "store_v_soma_seq") or soma.store_v_seq
        self.store_v_dend_pre_spike = store_v_dend_pre_spike
        self.store_v_soma_pre_spike = flag(store_v_soma_pre_spike, "store_v_soma_pre_spike") or soma.store_v_pre_spike

    def somatic_input(self, v_out: tf.Tensor, v_soma: tf.Tensor) -> tf.Tensor:
        """Current into the soma (B, *soma_shape) of output compartments (B, *soma_shape, n_output), and of V."""
        raise NotImplementedError

    def predicted_soma(self, v_dend: tf.Tensor) -> tf.Tensor:  # noqa: ARG002 - subclasses need it
        """What each compartment (..., n_compartment) by itself would bring the soma to. Raises InputError if not defined."""
        raise InputError(f"layer {self.name}, a {type(self).__name__}, does not foretell its soma: give f_u_pred")

    @property
    def soma_shape(self) -> list[int]:
        """Arrangement of the neurons."""
        return list(self._soma_shape)

    @property
    def n_soma(self) -> int:
        """Number of neurons."""
        return int(np.prod(self._soma_shape))

    @property
    def n_input(self) -> int:
        """Number of input compartments of a neuron."""
        return self.dend.wiring.n_input

    @property
    def v_dend(self) -> tf.Tensor | float:
        """Voltages of all compartments (B, *soma_shape, n_compartment); at rest a number."""
        return self.dend.v

    @property
    def v_soma(self) -> tf.Tensor | float:
        """Somatic voltages (B, *soma_shape) after the reset; at rest a number."""
        return self.soma.v

    @property
    def v_dend_seq(self) -> tf.Tensor | None:
        """Recorder of v_dend at the end of every step (T, B, *soma_shape, n_compartment)."""
        return self.dend.compartment.v_seq

    @property
    def v_soma_seq(self) -> tf.Tensor | None:
        """Recorder of v_soma at the end of every step (T, B, *soma_shape)."""
        return self.soma.v_seq

    @property
    def v_dend_pre_spike(self) -> tf.Tensor | None:
        """Recorder of all compartments right before the spike decision (..., *soma_shape, n_compartment)."""
        held = self.recorded("v_dend_pre_spike")
        return self.v_dend_seq if held is None and self.store_v_dend_pre_spike and not self.spikes_run_back else held

    @property
    def store_v_dend_pre_spike(self) -> bool:
        """Whether it is recorded. Where no spikes run back it is v_dend_seq in sequences, which is then recorded, too."""
        return self._store_v_dend_pre_spike

    @store_v_dend_pre_spike.setter
    def store_v_dend_pre_spike(self, value: bool) -> None:
        self._store_v_dend_pre_spike = flag(value, "store_v_dend_pre_spike")
        if value and not self.spikes_run_back:
            self.store_v_dend_seq = True

    @property
    def v_soma_pre_spike(self) -> tf.Tensor | None:
        """Recorder of somatic voltages right before the spike decision (..., *soma_shape)."""
        return self.soma.v_pre_spike

    def to_compartments(self, x: tf.Tensor) -> tf.Tensor:
        """Features (..., *features) as inputs of compartments (..., *soma_shape, n_input). Raises InputError."""
        feature_layout.check_features(x.shape, self._soma_shape, self.n_input, self.name)
        return feature_layout.to_compartments(x, self._soma_shape, self.n_input)

    def to_features(self, x: tf.Tensor) -> tf.Tensor:
        """The inverse: (..., *soma_shape, n_input) as features, the output of the synapse."""
        return feature_layout.to_features(x, self._soma_shape, self.n_input)

    def start(self, x: tf.Tensor) -> State:
        """Those of dendrite and soma."""
        at_dendrite = self.dend.start(self.to_compartments(x))
        return at_dendrite, self.soma.start(self.dend.voltage(at_dendrite)[..., 0])

    def draws(self, x: tf.Tensor, n_steps: Any = None) -> tuple[tf.Tensor, ...]:
        """Those of the soma."""
        if not getattr(self.soma.surrogate_function, "needs_draws", False):
            return ()
        return self.soma.draws(self.to_compartments(x)[..., 0], n_steps)

    def watched_step(self, x: tf.Tensor, state: State, *draws: tf.Tensor) -> tuple[tf.Tensor, State, Seen]:
        """See the class."""
        v_out, at_dendrite, seen_dend = self.dend.watched_step(self.to_compartments(x), state[0])
        before_spike = self.dend.voltage(at_dendrite)
        current = self.somatic_input(v_out, self.soma.voltage(state[1]))
        spikes, at_soma, seen_soma = self.soma.watched_step(current, state[1], *draws)
        at_dendrite, seen_dend = self.after_spikes(at_dendrite, seen_dend, spikes)
        seen = {"v_dend_pre_spike": before_spike, "dend": seen_dend, "soma": seen_soma}
        return spikes, (at_dendrite, at_soma), seen

    def after_spikes(self, state: State, seen: Seen, spikes: tf.Tensor) -> tuple[State, Seen]:  # noqa: ARG002
        """The dendrite's states and what recorders hold of them at the end of a step."""
        return state, seen

    def chosen(self, seen: Seen, is_sequence: bool) -> Seen:
        """What recorders that are on want of it."""
        wanted = dict(super().chosen(seen, is_sequence))
        if is_sequence and not self.spikes_run_back:
            wanted.pop("v_dend_pre_spike", None)  # the same as v_dend_seq
        return wanted

    def add_output_strength(self, name: str, value: Any) -> Any:
        """A variable of one number, or of one per output compartment. Raises InputError."""
        n_output = self.dend.wiring.n_output
        return add_strength(self, name, value, (n_output,), f"an array ({n_output},), one per output compartment")[1]

    def per_output(self, variable: Any, dtype: tf.DType) -> tf.Tensor:
        """The values of a strength (n_output,)."""
        return tf.broadcast_to(strength(variable, dtype), [self.dend.wiring.n_output])

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """(B, *soma_shape), or with the axes of a sequence."""
        feature_layout.check_features(input_shape, self._soma_shape, self.n_input, self.name)
        return (*input_shape[: len(input_shape) - len(self._soma_shape)], *self._soma_shape)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the layer anew."""
        flags = ("store_v_dend_seq", "store_v_soma_seq", "store_v_dend_pre_spike", "store_v_soma_pre_spike")
        own = {"soma_shape": self.soma_shape, "forward_strength": strength_config(self.forward_strength)}
        return {**super().get_config(), **own, **{name: getattr(self, name) for name in flags}}


class VForwardSBackwardDendNeuron(VForwardDendNeuron):
    """Neurons whose spikes run back: after the spike decision each output compartment c is raised by β_c s."""

    spikes_run_back = True
    backward_strength_learnable = Learnable("backward_strength")

    def __init__(
        self,
        dend: Dend,
        soma: Soma,
        soma_shape: Any,
        forward_strength: Any = 1.0,
        forward_strength_learnable: bool = False,
        backward_strength: Any = 1.0,
        backward_strength_learnable: bool = False,
        *options: Any,
        **layer_options: Any,
    ):
        super().__init__(
            dend, soma, soma_shape, forward_strength, forward_strength_learnable, *options, **layer_options
        )
        self.backward_strength = self.add_output_strength("backward_strength", backward_strength)
        self.backward_strength_learnable = backward_strength_learnable

    def after_spikes(self, state: State, _: Seen, spikes: tf.Tensor) -> tuple[State, Seen]:
        """Raised voltages."""
        strengths = self.per_output(self.backward_strength, spikes.dtype)
        state = self.dend.raised(state, along_last(spikes[..., None], strengths[None]))
        return state, {"compartment": self.dend.compartment.seen(state[0])}

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the layer anew."""
        return {**super().get_config(), "backward_strength": strength_config(self.backward_strength)}
