"""Dendrites: compartments of one model, joined by a wiring. Inputs (B, *soma_shape, n_input), outputs (..., n_output)."""

from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import shown
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.dendrites.compartments import DendCompartment
from rate2spike.spiking.dendrites.kit_options import documented
from rate2spike.spiking.dendrites.recording_layer import RecordingLayer, Seen
from rate2spike.spiking.dendrites.sequence_layer import State
from rate2spike.spiking.dendrites.stability import warn_of_dendrite
from rate2spike.spiking.dendrites.strengths import Learnable, add_strength, strength, strength_config
from rate2spike.spiking.dendrites.wiring import DendWiring
from rate2spike.spiking.layers.cell import PACKAGE


class Dend(RecordingLayer):
    """What dendrites share. A subclass gives `internal_current`, what compartments drive in one another.

    It is made of the voltages of the step before, and goes through the compartment's decay_input as the input does.
    """

    part_names = ("compartment",)

    def __init__(self, compartment: DendCompartment, wiring: DendWiring, step_mode: str = "s", **layer_options: Any):
        super().__init__(step_mode=step_mode, **layer_options)
        if not isinstance(compartment, DendCompartment):
            raise InputError(
                f"{{compartment}} must be a layer of compartments, got {shown(compartment)}", "compartment"
            )
        if not isinstance(wiring, DendWiring):
            raise InputError(f"{{wiring}} must be a DendWiring, got {shown(wiring)}", "wiring")
        self.compartment, self.wiring = compartment, wiring

    def internal_current(self, v: tf.Tensor) -> tf.Tensor | None:
        """Current into each compartment from the others, for voltages (..., n_compartment); None: there is none."""
        raise NotImplementedError

    def start(self, x: tf.Tensor) -> State:
        """That of the compartments."""
        return (self.compartment.start(self._external(x)),)

    def watched_step(self, x: tf.Tensor, state: State, *_: tf.Tensor) -> tuple[tf.Tensor, State, Seen]:
        """See the class."""
        current, internal = self._external(x), self.internal_current(self.compartment.voltage(state[0]))
        v, after, seen = self.compartment.watched_step(current if internal is None else current + internal, state[0])
        return self.get_output(v), (after,), {"compartment": seen}

    def get_output(self, v: tf.Tensor | None = None) -> Any:
        """Voltages of the output compartments (..., n_output).

        v: of all compartments (..., n_compartment); None: as they are now, at rest the number v_rest.
        """
        if v is None:
            v = self.compartment.v
            if isinstance(v, float):
                return v
        index, n = self.wiring.output_index, self.wiring.n_compartment
        return v if index == list(range(n)) else along_last(v, np.eye(n)[:, index])

    def voltage(self, state: State) -> tf.Tensor:
        """Voltages of all compartments in states."""
        return self.compartment.voltage(state[0])

    def raised(self, state: State, by: tf.Tensor) -> State:
        """States in which the output compartments have higher voltages, by (..., n_output)."""
        index, n = self.wiring.output_index, self.wiring.n_compartment
        by = by if index == list(range(n)) else along_last(by, np.eye(n)[index])
        return (self.compartment.raised(state[0], by),)

    @property
    def v(self) -> tf.Tensor | float:
        """The voltages of all compartments; at rest the number v_rest."""
        return self.compartment.v

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """(..., n_output)."""
        self._check_width(input_shape)
        return (*input_shape[:-1], self.wiring.n_output)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the layer anew."""
        return {**super().get_config(), "wiring": keras.saving.serialize_keras_object(self.wiring)}

    def _external(self, x: tf.Tensor) -> tf.Tensor:
        """Input to all compartments, 0 into those that are no inputs."""
        self._check_width(x.shape)
        n_input, n = self.wiring.n_input, self.wiring.n_compartment
        return x if n_input == n else along_last(x, np.eye(n_input, n))

    def _check_width(self, shape: Any) -> None:
        if len(shape) == 0 or shape[-1] not in (None, self.wiring.n_input):
            raise InputError(
                f"layer {self.name} takes inputs (..., {self.wiring.n_input}), one per input compartment, "
                f"got the shape {tuple(shape)}"
            )


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class SegregatedDend(Dend):
    """A dendrite whose compartments do not see each other: all are inputs, and all voltages are put out.

    {parameters}

    Raises
    ------
    InputError
        For a wiring with connections, or in which not all compartments are inputs and outputs, and inputs of another width.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> compartment = r2s.dendrites.PassiveDendCompartment(tau=2.0)
    >>> dendrite = r2s.dendrites.SegregatedDend(compartment, r2s.dendrites.SegregatedDendWiring(2))
    >>> dendrite(np.array([[1.0, 2.0]])).numpy().tolist()
    [[0.5, 1.0]]
    """

    def __init__(
        self,
        compartment: DendCompartment,
        wiring: DendWiring,
        step_mode: str = "s",
        *,
        time_major: bool = True,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        layer_options = {"time_major": time_major, "name": name, "trainable": trainable, "dtype": dtype}
        super().__init__(compartment, wiring, step_mode, **layer_options)
        self._check_segregated()

    def internal_current(self, v: tf.Tensor) -> None:  # noqa: ARG002 - there is none whatever it is
        """None."""
        return None

    def start(self, x: tf.Tensor) -> State:
        """That of the compartments."""
        self._check_segregated()  # a connection may have been added
        return super().start(x)

    def watched_sequence(self, x: tf.Tensor, state: State) -> tuple[tf.Tensor, State, Seen]:
        """That of the compartments."""
        v, after, seen = self.compartment.watched_sequence(x, state[0])
        return v, (after,), {"compartment": seen}

    def _check_segregated(self) -> None:
        if not self.wiring.is_segregated:
            raise InputError(
                "{wiring} must be a SegregatedDendWiring: without connections, and all compartments are inputs and outputs; "
                f"got {shown(self.wiring)}",
                "wiring",
            )


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class VDiffDend(Dend):
    """A dendrite whose compartments drive each other by the difference of their voltages.

    With the adjacency A [from, to] and the coupling θ, the current into compartment j is, of the step before,

        I_j = Σ_i A_ij θ_ij (v_i - v_j)

    A coupling with which voltages grow without end is warned of, with the largest factor per step and the stable bound.

    {parameters}

    Raises
    ------
    InputError
        For options that cannot be used, and inputs of another width.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> compartment = r2s.dendrites.PassiveDendCompartment(tau=2.0)
    >>> wiring = r2s.dendrites.Kto1DendWiring(2, 1)
    >>> dendrite = r2s.dendrites.VDiffDend(compartment, wiring, coupling_strength=0.5, step_mode="m")
    >>> dendrite(np.ones((3, 1, 2))).numpy().ravel().tolist()
    [0.0, 0.25, 0.375]
    """

    coupling_strength_learnable = Learnable("coupling_strength")

    def __init__(
        self,
        compartment: DendCompartment,
        wiring: DendWiring,
        coupling_strength: Any = 1.0,
        coupling_strength_learnable: bool = False,
        step_mode: str = "s",
        *,
        time_major: bool = True,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        layer_options = {"time_major": time_major, "name": name, "trainable": trainable, "dtype": dtype}
        super().__init__(compartment, wiring, step_mode, **layer_options)
        n = wiring.n_compartment
        start, self.coupling_strength = add_strength(
            self, "coupling_strength", coupling_strength, (n, n), f"an array that broadcasts to {(n, n)}"
        )
        self.coupling_strength_learnable = coupling_strength_learnable
        linear = compartment.linear_step()
        if linear is not None:
            warn_of_dendrite(self._connections(), start, *linear)

    def internal_current(self, v: tf.Tensor) -> tf.Tensor:
        """See the class."""
        weights = tf.constant(self._connections(), v.dtype) * strength(self.coupling_strength, v.dtype)
        return along_last(v, weights - tf.linalg.diag(tf.reduce_sum(weights, 0)))

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the layer anew."""
        return {**super().get_config(), "coupling_strength": strength_config(self.coupling_strength)}

    def _connections(self) -> np.ndarray:
        return self.wiring.adjacency_matrix.astype(np.float64)


def along_last(x: tf.Tensor, matrix: Any) -> tf.Tensor:
    """x (..., n) times a matrix (n, m): much faster than to pad, to pick or to add along so short an axis."""
    return tf.tensordot(x, tf.cast(matrix, x.dtype), 1)
