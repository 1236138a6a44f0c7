"""Layers of dendritic neurons: what drives the soma, differences of voltages or an activation, with or without feedback."""

from collections.abc import Callable
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import shown
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.dendrites.dend_neuron import VForwardDendNeuron, VForwardSBackwardDendNeuron
from rate2spike.spiking.dendrites.dendrites import Dend, along_last
from rate2spike.spiking.dendrites.kit_options import documented
from rate2spike.spiking.dendrites.layer_options import Checked
from rate2spike.spiking.dendrites.somas import LIFSoma, Soma
from rate2spike.spiking.dendrites.stability import warn_of_soma
from rate2spike.spiking.layers.cell import PACKAGE

Activation = Callable[[tf.Tensor], tf.Tensor]


def _activation(value: Any, name: str) -> Activation:
    if not callable(value):
        raise InputError(f"{{{name}}} must be a function of a voltage, got {shown(value)}", name)
    return value


def _differences(layer: VForwardDendNeuron, v_out: tf.Tensor, v_soma: tf.Tensor) -> tf.Tensor:
    """Σ φ_i (v_i - V)."""
    strengths = layer.per_output(layer.forward_strength, v_out.dtype)
    return along_last(v_out, strengths[:, None])[..., 0] - tf.reduce_sum(strengths) * v_soma


def _activations(layer: Any, v_out: tf.Tensor) -> tf.Tensor:
    """Σ φ_i f_da(v_i)."""
    activation = tf.cast(layer.f_da(v_out), v_out.dtype)
    if activation.shape.rank != v_out.shape.rank or not activation.shape.is_compatible_with(v_out.shape):
        raise InputError(
            f"{{f_da}} must give a value for every voltage, {tuple(v_out.shape)}, got the shape {tuple(activation.shape)}",
            "f_da",
        )
    return along_last(activation, layer.per_output(layer.forward_strength, v_out.dtype)[:, None])[..., 0]


def _warn_if_unstable(layer: VForwardDendNeuron) -> None:
    factors = layer.soma.coupling_factors()
    if factors is not None:
        total = tf.reduce_sum(layer.per_output(layer.forward_strength, tf.float64))
        warn_of_soma(float(total), *factors)


def _soma_that_predicts(layer: VForwardDendNeuron) -> LIFSoma:
    if not layer.dend.wiring.is_segregated:
        raise InputError(
            f"layer {layer.name} foretells its soma only if its compartments are not connected, and all are inputs and "
            f"outputs, got {shown(layer.dend.wiring)}: give f_u_pred"
        )
    if not isinstance(layer.soma, LIFSoma):
        raise InputError(
            f"layer {layer.name} foretells its soma only if that is an LIFSoma, got {type(layer.soma).__name__}: "
            "give f_u_pred"
        )
    return layer.soma


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class VDiffForwardDendNeuron(VForwardDendNeuron):
    """Neurons whose soma is driven by the differences of voltages: the somatic input is, over output compartments i,

        J[t] = Σ_i φ_i (v_i[t] - V[t-1])

    φ: forward_strength. Strengths with which V grows without end are warned of.

    Inputs are features of a synapse. After a dense one, soma_shape [n], feature = soma n_input + compartment; after a
    convolution, soma_shape [C, H, W] or the like and channels first, channel = compartment C + channel of the soma.

    {parameters}

    Raises
    ------
    InputError
        For options that cannot be used, and inputs of another shape.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> compartment = r2s.dendrites.PassiveDendCompartment(tau=2.0)
    >>> dendrite = r2s.dendrites.SegregatedDend(compartment, r2s.dendrites.SegregatedDendWiring(2))
    >>> layer = r2s.dendrites.VDiffForwardDendNeuron(dendrite, r2s.dendrites.LIFSoma(), [3], step_mode="m")
    >>> layer(np.ones((4, 1, 6), "f4")).shape
    TensorShape([4, 1, 3])
    """

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
        *,
        time_major: bool = True,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        layer_options = {"time_major": time_major, "name": name, "trainable": trainable, "dtype": dtype}
        stores = (store_v_dend_seq, store_v_soma_seq, store_v_dend_pre_spike, store_v_soma_pre_spike)
        forward = (forward_strength, forward_strength_learnable)
        super().__init__(dend, soma, soma_shape, *forward, step_mode, *stores, **layer_options)
        _warn_if_unstable(self)

    def somatic_input(self, v_out: tf.Tensor, v_soma: tf.Tensor) -> tf.Tensor:
        """See the class."""
        return _differences(self, v_out, v_soma)

    def predicted_soma(self, v_dend: tf.Tensor) -> tf.Tensor:
        """u*_c = (φ_c v_c + v_r/ρ) / (Σ φ + 1/ρ): the share of each output compartment in the resting point of the soma.

        v_dend: all compartments (..., n_compartment). ρ: 1 if the soma's input decays, else its tau; v_r: its rest. The sum
        is over the compartments of one neuron. For LIF somas; raises InputError.
        """
        soma, v_out = _soma_that_predicts(self), self.dend.get_output(v_dend)
        strengths = self.per_output(self.forward_strength, v_out.dtype)
        leak = 1.0 if soma.decay_input else 1 / soma.tau
        return (strengths * v_out + leak * soma.rest) / (tf.reduce_sum(strengths) + leak)


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class VActivationForwardDendNeuron(VForwardDendNeuron):
    """Neurons whose soma is driven by a function of the dendritic voltages: over output compartments i,

        J[t] = Σ_i φ_i f_da(v_i[t])

    φ: forward_strength. Inputs are as in `VDiffForwardDendNeuron`.

    {parameters}

    Raises
    ------
    InputError
        For options that cannot be used, and inputs of another shape.

    Examples
    --------
    >>> import numpy as np, tensorflow as tf, rate2spike as r2s
    >>> compartment = r2s.dendrites.PassiveDendCompartment(tau=2.0)
    >>> dendrite = r2s.dendrites.SegregatedDend(compartment, r2s.dendrites.SegregatedDendWiring(2))
    >>> soma = r2s.dendrites.LIFSoma()
    >>> layer = r2s.dendrites.VActivationForwardDendNeuron(dendrite, soma, [3], tf.tanh, step_mode="m")
    >>> layer(np.ones((4, 1, 6), "f4")).shape
    TensorShape([4, 1, 3])
    """

    f_da = Checked(_activation)

    def __init__(
        self,
        dend: Dend,
        soma: Soma,
        soma_shape: Any,
        f_da: Activation,
        forward_strength: Any = 1.0,
        forward_strength_learnable: bool = False,
        step_mode: str = "s",
        store_v_dend_seq: bool = False,
        store_v_soma_seq: bool = False,
        store_v_dend_pre_spike: bool = False,
        store_v_soma_pre_spike: bool = False,
        *,
        time_major: bool = True,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        layer_options = {"time_major": time_major, "name": name, "trainable": trainable, "dtype": dtype}
        stores = (store_v_dend_seq, store_v_soma_seq, store_v_dend_pre_spike, store_v_soma_pre_spike)
        forward = (forward_strength, forward_strength_learnable)
        super().__init__(dend, soma, soma_shape, *forward, step_mode, *stores, **layer_options)
        self.f_da = f_da

    def somatic_input(self, v_out: tf.Tensor, v_soma: tf.Tensor) -> tf.Tensor:  # noqa: ARG002 - one signature for all
        """See the class."""
        return _activations(self, v_out)

    def predicted_soma(self, v_dend: tf.Tensor) -> tf.Tensor:
        """u*_c = ρ φ_c f_da(v_c) + v_r: what each output compartment by itself would bring the soma to.

        v_dend: all compartments (..., n_compartment). ρ: 1 if the soma's input decays, else its tau; v_r: its rest. For LIF
        somas; raises InputError.
        """
        soma, v_out = _soma_that_predicts(self), self.dend.get_output(v_dend)
        strengths = self.per_output(self.forward_strength, v_out.dtype)
        return (1.0 if soma.decay_input else soma.tau) * strengths * self.f_da(v_out) + soma.rest


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class VDiffForwardSBackwardDendNeuron(VForwardSBackwardDendNeuron):
    """`VDiffForwardDendNeuron` whose spikes run back: after the spike decision, for every output compartment c,

        v_c <- v_c + β_c s

    β: backward_strength. The next step sees the raised voltages; in `PAComponentDendCompartment` the passive component is
    raised with them.

    {parameters}

    Raises
    ------
    InputError
        For options that cannot be used, and inputs of another shape.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> compartment = r2s.dendrites.PassiveDendCompartment(tau=2.0)
    >>> dendrite = r2s.dendrites.SegregatedDend(compartment, r2s.dendrites.SegregatedDendWiring(2))
    >>> soma = r2s.dendrites.LIFSoma()
    >>> layer = r2s.dendrites.VDiffForwardSBackwardDendNeuron(dendrite, soma, [3], backward_strength=0.5, step_mode="m")
    >>> layer(np.ones((4, 1, 6), "f4")).shape
    TensorShape([4, 1, 3])
    """

    def __init__(
        self,
        dend: Dend,
        soma: Soma,
        soma_shape: Any,
        forward_strength: Any = 1.0,
        forward_strength_learnable: bool = False,
        backward_strength: Any = 1.0,
        backward_strength_learnable: bool = False,
        step_mode: str = "s",
        store_v_dend_seq: bool = False,
        store_v_soma_seq: bool = False,
        store_v_dend_pre_spike: bool = False,
        store_v_soma_pre_spike: bool = False,
        *,
        time_major: bool = True,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        layer_options = {"time_major": time_major, "name": name, "trainable": trainable, "dtype": dtype}
        stores = (store_v_dend_seq, store_v_soma_seq, store_v_dend_pre_spike, store_v_soma_pre_spike)
        forward = (forward_strength, forward_strength_learnable)
        backward = (backward_strength, backward_strength_learnable)
        super().__init__(dend, soma, soma_shape, *forward, *backward, step_mode, *stores, **layer_options)
        _warn_if_unstable(self)

    def somatic_input(self, v_out: tf.Tensor, v_soma: tf.Tensor) -> tf.Tensor:
        """Σ φ_i (v_i - V)."""
        return _differences(self, v_out, v_soma)


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class VActivationForwardSBackwardDendNeuron(VForwardSBackwardDendNeuron):
    """`VActivationForwardDendNeuron` whose spikes run back: after the spike decision, for every output compartment c,

        v_c <- v_c + β_c s

    β: backward_strength; see `VDiffForwardSBackwardDendNeuron`. The published class cannot be made.

    {parameters}

    Raises
    ------
    InputError
        For options that cannot be used, and inputs of another shape.

    Examples
    --------
    >>> import numpy as np, tensorflow as tf, rate2spike as r2s
    >>> compartment = r2s.dendrites.PassiveDendCompartment(tau=2.0)
    >>> dendrite = r2s.dendrites.SegregatedDend(compartment, r2s.dendrites.SegregatedDendWiring(2))
    >>> soma = r2s.dendrites.LIFSoma()
    >>> layer = r2s.dendrites.VActivationForwardSBackwardDendNeuron(dendrite, soma, [3], tf.tanh, step_mode="m")
    >>> layer(np.ones((4, 1, 6), "f4")).shape
    TensorShape([4, 1, 3])
    """

    f_da = Checked(_activation)

    def __init__(
        self,
        dend: Dend,
        soma: Soma,
        soma_shape: Any,
        f_da: Activation,
        forward_strength: Any = 1.0,
        forward_strength_learnable: bool = False,
        backward_strength: Any = 1.0,
        backward_strength_learnable: bool = False,
        step_mode: str = "s",
        store_v_dend_seq: bool = False,
        store_v_soma_seq: bool = False,
        store_v_dend_pre_spike: bool = False,
        store_v_soma_pre_spike: bool = False,
        *,
        time_major: bool = True,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        layer_options = {"time_major": time_major, "name": name, "trainable": trainable, "dtype": dtype}
        stores = (store_v_dend_seq, store_v_soma_seq, store_v_dend_pre_spike, store_v_soma_pre_spike)
        forward = (forward_strength, forward_strength_learnable)
        backward = (backward_strength, backward_strength_learnable)
        super().__init__(dend, soma, soma_shape, *forward, *backward, step_mode, *stores, **layer_options)
        self.f_da = f_da

    def somatic_input(self, v_out: tf.Tensor, v_soma: tf.Tensor) -> tf.Tensor:  # noqa: ARG002 - one signature for all
        """Σ φ_i f_da(v_i)."""
        return _activations(self, v_out)
