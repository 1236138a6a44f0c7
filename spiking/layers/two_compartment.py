"""Units of a soma and a dendrite with a nonlinear stage, which a spike may run back into."""

from typing import Any

from rate2spike.calls import public
from rate2spike.checks import NOT_NEGATIVE, number
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.layers.cascade_cell import SpikingCascadeCell, Values
from rate2spike.spiking.layers.cell import PACKAGE
from rate2spike.spiking.layers.cell_layer import CellLayer
from rate2spike.spiking.layers.dendritic_stages import Stage


@keras.saving.register_keras_serializable(PACKAGE)
@public()
class TwoCompartmentCell(SpikingCascadeCell):
    """One step of `TwoCompartment`, as a cell of `keras.layers.RNN`: output sent.

    States: of the dendrite the synapse d_syn, the filter d and the stage n; of the soma s, v, z and sent; all (B, N).

    {parameters}

    Raises
    ------
    InputError
        For an option that cannot be used.
    """

    n_compartments = 2
    state_names = ("d_syn", "d", "n", "s", "v", "z", "sent")

    def __init__(
        self,
        units: int,
        dt_ms: float = 1.0,
        *,
        backprop_gain: float = 0.0,
        tau_mem_ms: float = 10.0,
        tau_syn_ms: float = 5.0,
        tau_dendrite_ms: float | None = None,
        dendrite_gain: float = 1.0,
        dendrite_threshold: float = 2.0,
        dendrite_slope: float = 10.0,
        threshold: float = 15.0,
        reset_strength: float = 15.0,
        refractory_ms: float = 0.0,
        surrogate: str = "super",
        surrogate_scale: float = 10.0,
        initial_scale: float = 7.0,
        normalize: bool = False,
        trainable_tau: bool = False,
        trainable_gain: bool = False,
        use_bias: bool = False,
        seed: int | None = None,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        self.dendrite = Stage("dendrite", dendrite_gain, dendrite_threshold, dendrite_slope)
        back = number(backprop_gain, "{backprop_gain}", "backprop_gain", NOT_NEGATIVE)
        tau_dendrite_ms = tau_mem_ms if tau_dendrite_ms is None else tau_dendrite_ms
        super().__init__(
            units,
            dt_ms,
            taus_ms={"tau_mem_ms": tau_mem_ms, "tau_syn_ms": tau_syn_ms, "tau_dendrite_ms": tau_dendrite_ms},
            gains={"dendrite_gain": self.dendrite.gain, "backprop_gain": back},
            threshold=threshold,
            reset_strength=reset_strength,
            refractory_ms=refractory_ms,
            surrogate=surrogate,
            surrogate_scale=surrogate_scale,
            initial_scale=initial_scale,
            normalize=normalize,
            trainable_tau=trainable_tau,
            trainable_gain=trainable_gain,
            use_bias=use_bias,
            seed=seed,
            name=name,
            trainable=trainable,
            dtype=dtype,
        )
        self.warn_if_unstable(self.dendrite, "tau_dendrite_ms")

    def step(self, current: tf.Tensor, states: tuple[tf.Tensor, ...], values: Values) -> tuple[tf.Tensor, ...]:
        """See the class."""
        d_syn, d, n, s, _, z, _ = states
        to_dendrite, to_soma = tf.split(current, 2, -1)
        return (
            self.filtered(d_syn, to_dendrite, values["tau_syn_ms"]),
            self.filtered(d, d_syn + values["backprop_gain"] * z, values["tau_dendrite_ms"]),
            self.dendrite(d, values["dendrite_gain"]),
            self.filtered(s, to_soma, values["tau_syn_ms"]),
            *self.soma(states, s + n, values),
        )

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the cell anew."""
        return {**super().get_config(), **self.dendrite.options()}


@keras.saving.register_keras_serializable(PACKAGE)
class TwoCompartment(CellLayer):
    """Layer of units with a soma and a nonlinear dendrite, which have weights of their own (Harkin, Shen et al. 2021).

    "No BAP" there; with backprop_gain = 0.5 it is "BAP": a spike runs back into the dendrite. Inputs x (batch, time, I) to
    spikes (batch, time, N), from zero states. Every right-hand side is of the step before:

        d_syn' = ρ_syn d_syn + W_d x
        d' = ρ_d d + d_syn + g z,          g the backprop gain, with a gradient
        n' = d + gain σ(slope (d - θ_d))
        s' = ρ_syn s + W_s x
        v' = ρ_mem v + s + n - R z,        R without a gradient
        z' = H(v - θ),                     surrogate at v - θ

    ρ = exp(-dt/τ). The output at a step is z at its beginning, so that the next layer's synapses see a spike a step after it
    was raised. Potentials and currents have no unit. W (I, N, 2), to the dendrite and to the soma, is trained.

    {parameters}

    Raises
    ------
    InputError
        For an option or an input that cannot be used.

    Warns
    -----
    InputWarning
        If the loop is unstable: a unit that has been excited can keep itself firing.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> layer = r2s.TwoCompartment(3, backprop_gain=0.5, initial_scale=15.0, seed=1)
    >>> layer(np.ones((2, 5, 4), "f4")).shape
    TensorShape([2, 5, 3])
    """

    cell_class = TwoCompartmentCell
