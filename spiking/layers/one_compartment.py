"""The unit without a dendrite, which cascade units are compared with, and the readout that does not spike."""

from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.layers.cascade_cell import CascadeCell, SpikingCascadeCell, Values
from rate2spike.spiking.layers.cell import PACKAGE, switch
from rate2spike.spiking.layers.cell_layer import CellLayer


@keras.saving.register_keras_serializable(PACKAGE)
@public()
class OneCompartmentCell(SpikingCascadeCell):
    """One step of `OneCompartment`, as a cell of `keras.layers.RNN`: states s, v, z and sent (B, N), output sent.

    {parameters}

    Raises
    ------
    InputError
        For an option that cannot be used.
    """

    state_names = ("s", "v", "z", "sent")

    def __init__(
        self,
        units: int,
        dt_ms: float = 1.0,
        *,
        tau_mem_ms: float = 10.0,
        tau_syn_ms: float = 5.0,
        threshold: float = 15.0,
        reset_strength: float = 15.0,
        refractory_ms: float = 0.0,
        surrogate: str = "super",
        surrogate_scale: float = 10.0,
        initial_scale: float = 7.0,
        normalize: bool = False,
        trainable_tau: bool = False,
        use_bias: bool = False,
        seed: int | None = None,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        super().__init__(
            units,
            dt_ms,
            taus_ms={"tau_mem_ms": tau_mem_ms, "tau_syn_ms": tau_syn_ms},
            gains={},
            threshold=threshold,
            reset_strength=reset_strength,
            refractory_ms=refractory_ms,
            surrogate=surrogate,
            surrogate_scale=surrogate_scale,
            initial_scale=initial_scale,
            normalize=normalize,
            trainable_tau=trainable_tau,
            use_bias=use_bias,
            seed=seed,
            name=name,
            trainable=trainable,
            dtype=dtype,
        )

    def step(self, current: tf.Tensor, states: tuple[tf.Tensor, ...], values: Values) -> tuple[tf.Tensor, ...]:
        """See the class."""
        s = states[0]
        return self.filtered(s, current, values["tau_syn_ms"]), *self.soma(states, s, values)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the cell anew."""
        return {name: value for name, value in super().get_config().items() if name != "trainable_gain"}


@keras.saving.register_keras_serializable(PACKAGE)
class OneCompartment(CellLayer):
    """Layer of units with a synaptic and a membrane filter, and no dendrite (Harkin, Shen et al. 2021, "One compartment").

    Inputs x (batch, time, I) to spikes (batch, time, N), from zero states. Every right-hand side is of the step before:

        s' = ρ_syn s + W x
        v' = ρ_mem v + s - R z,    R without a gradient
        z' = H(v - θ),             surrogate at v - θ

    ρ = exp(-dt/τ). The output at a step is z at its beginning, so that the next layer's synapses see a spike a step after it
    was raised. Potentials and currents have no unit. W (I, N) is trained.

    {parameters}

    Raises
    ------
    InputError
        For an option or an input that cannot be used.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> layer = r2s.OneCompartment(3, initial_scale=140.0, seed=1)
    >>> layer(np.ones((2, 5, 4), "f4")).shape
    TensorShape([2, 5, 3])
    """

    cell_class = OneCompartmentCell


@keras.saving.register_keras_serializable(PACKAGE)
@public()
class CascadeReadoutCell(CascadeCell):
    """One step of `CascadeReadout`, as a cell of `keras.layers.RNN`: states s and v (B, N), output v.

    {parameters}

    Raises
    ------
    InputError
        For an option that cannot be used.
    """

    state_names = ("s", "v")

    def __init__(
        self,
        units: int,
        dt_ms: float = 1.0,
        *,
        tau_mem_ms: float = 10.0,
        tau_syn_ms: float = 5.0,
        initial_scale: float = 7.0,
        balanced: bool = False,
        normalize: bool = False,
        trainable_tau: bool = False,
        use_bias: bool = False,
        seed: int | None = None,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        super().__init__(
            units,
            dt_ms,
            taus_ms={"tau_mem_ms": tau_mem_ms, "tau_syn_ms": tau_syn_ms},
            gains={},
            initial_scale=initial_scale,
            normalize=normalize,
            trainable_tau=trainable_tau,
            use_bias=use_bias,
            seed=seed,
            name=name,
            trainable=trainable,
            dtype=dtype,
        )
        self.balanced = switch(balanced, "balanced")

    def drawn_weights(self, shape: tuple[int, ...]) -> np.ndarray:
        """See `CascadeCell`."""
        drawn = super().drawn_weights(shape)
        return balanced_weights(drawn) if self.balanced else drawn

    def advance(
        self, currents: tuple[tf.Tensor, ...], states: tuple[tf.Tensor, ...], *trained: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """See the class."""
        (s, v), values = states, self.values(trained)
        return self.filtered(s, currents[0], values["tau_syn_ms"]), self.filtered(v, s, values["tau_mem_ms"])

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the cell anew."""
        config = {name: value for name, value in super().get_config().items() if name != "trainable_gain"}
        return {**config, "balanced": self.balanced}


def balanced_weights(drawn: np.ndarray) -> np.ndarray:
    """Weights (I, N) moved so that inputs and units each sum to 0, with the SD that they were drawn with. Raises InputError.

    Without this, all inputs of a unit may inhibit it, or an input may inhibit all units. Where outputs are read by their
    maximum over time, at least the 0 of their start, such units and inputs have no gradient.
    """
    n_inputs, n_units = drawn.shape
    if min(n_inputs, n_units) < 2:
        raise InputError(f"balanced weights need at least 2 inputs and 2 units, got {n_inputs} and {n_units}")
    centred = drawn - drawn.mean(0) - drawn.mean(1, keepdims=True) + drawn.mean()
    return centred / np.sqrt((1 - 1 / n_inputs) * (1 - 1 / n_units))


@keras.saving.register_keras_serializable(PACKAGE)
class CascadeReadout(CellLayer):
    """Readout of a network of cascade units: a synaptic and a membrane filter, no spikes (Harkin, Shen et al. 2021).

    Inputs x (batch, time, I) to potentials v (batch, time, N), from zero states. Every right-hand side is of the step before:

        s' = ρ_syn s + W x
        v' = ρ_mem v + s

    ρ = exp(-dt/τ). The output at a step is v at its end. Potentials have no unit. W (I, N) is trained. `MaxOverTime` makes
    one number per unit of it.

    {parameters}

    Raises
    ------
    InputError
        For an option or an input that cannot be used.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> layer = r2s.CascadeReadout(2, seed=1)
    >>> layer(np.ones((2, 5, 4), "f4")).shape
    TensorShape([2, 5, 2])
    """

    cell_class = CascadeReadoutCell
