"""Units whose dendrite has sodium and calcium stages side by side, which drive an NMDA stage."""

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
class ParallelSubunitsCell(SpikingCascadeCell):
    """One step of `ParallelSubunits`, as a cell of `keras.layers.RNN`: output sent.

    States, all (B, N): of the dendrite the synapse d_syn, the filters na, ca and nmda, and their stages na_out, ca_out and
    nmda_out; of the soma s, v, z and sent.

    {parameters}

    Raises
    ------
    InputError
        For an option that cannot be used.
    """

    n_compartments = 2
    state_names = ("d_syn", "na", "ca", "na_out", "ca_out", "nmda", "nmda_out", "s", "v", "z", "sent")

    def __init__(
        self,
        units: int,
        dt_ms: float = 1.0,
        *,
        backprop_gain: float = 0.0,
        tau_mem_ms: float = 10.0,
        tau_syn_ms: float = 5.0,
        tau_na_ms: float = 5.0,
        tau_ca_ms: float = 40.0,
        tau_nmda_ms: float = 80.0,
        na_gain: float = 1.0,
        na_threshold: float = 2.0,
        na_slope: float = 10.0,
        ca_gain: float = 1.0,
        ca_threshold: float = 4.0,
        ca_slope: float = 10.0,
        nmda_gain: float = 1.0,
        nmda_threshold: float = 2.0,
        nmda_slope: float = 10.0,
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
        self.na = Stage("na", na_gain, na_threshold, na_slope)
        self.ca = Stage("ca", ca_gain, ca_threshold, ca_slope, passes_input=False)
        self.nmda = Stage("nmda", nmda_gain, nmda_threshold, nmda_slope)
        back = number(backprop_gain, "{backprop_gain}", "backprop_gain", NOT_NEGATIVE)
        super().__init__(
            units,
            dt_ms,
            taus_ms={
                "tau_mem_ms": tau_mem_ms,
                "tau_syn_ms": tau_syn_ms,
                "tau_na_ms": tau_na_ms,
                "tau_ca_ms": tau_ca_ms,
                "tau_nmda_ms": tau_nmda_ms,
            },
            gains={
                "na_gain": self.na.gain,
                "ca_gain": self.ca.gain,
                "nmda_gain": self.nmda.gain,
                "backprop_gain": back,
            },
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
        self.warn_if_unstable(self.nmda, "tau_nmda_ms")

    def step(self, current: tf.Tensor, states: tuple[tf.Tensor, ...], values: Values) -> tuple[tf.Tensor, ...]:
        """See the class."""
        d_syn, na, ca, na_out, ca_out, nmda, nmda_out, s, _, z, _ = states
        to_dendrite, to_soma = tf.split(current, 2, -1)
        return (
            self.filtered(d_syn, to_dendrite, values["tau_syn_ms"]),
            self.filtered(na, d_syn, values["tau_na_ms"]),
            self.filtered(ca, d_syn, values["tau_ca_ms"]),
            self.na(na, values["na_gain"]),
            self.ca(ca, values["ca_gain"]),
            self.filtered(nmda, na_out + ca_out + values["backprop_gain"] * z, values["tau_nmda_ms"]),
            self.nmda(nmda, values["nmda_gain"]),
            self.filtered(s, to_soma, values["tau_syn_ms"]),
            *self.soma(states, s + nmda_out, values),
        )

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the cell anew."""
        return {**super().get_config(), **self.na.options(), **self.ca.options(), **self.nmda.options()}


@keras.saving.register_keras_serializable(PACKAGE)
class ParallelSubunits(CellLayer):
    """Layer of units whose dendrite has parallel sodium and calcium stages that drive an NMDA stage.

    "Parallel subunits, no BAP" in Harkin, Shen et al. (2021); with backprop_gain = 0.05 it is the "full PRC model": a spike
    runs back into the NMDA stage. Inputs x (batch, time, I) to spikes (batch, time, N), from zero states. Every right-hand
    side is of the step before:

        d_syn' = ρ_syn d_syn + W_d x
        na' = ρ_na na + d_syn,             na_out' = na + gain_na σ(slope_na (na - θ_na))
        ca' = ρ_ca ca + d_syn,             ca_out' = gain_ca σ(slope_ca (ca - θ_ca))
        nmda' = ρ_nmda nmda + na_out + ca_out + g z
        nmda_out' = nmda + gain_nmda σ(slope_nmda (nmda - θ_nmda))
        s' = ρ_syn s + W_s x
        v' = ρ_mem v + s + nmda_out - R z, R without a gradient
        z' = H(v - θ),                     surrogate at v - θ

    ρ = exp(-dt/τ), g is the backprop gain, with a gradient. The output at a step is z at its beginning, so that the next
    layer's synapses see a spike a step after it was raised. Potentials and currents have no unit. W (I, N, 2), to the
    dendrite and to the soma, is trained.

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
    >>> layer = r2s.ParallelSubunits(3, backprop_gain=0.05, initial_scale=1.0, seed=1)
    >>> layer(np.ones((2, 5, 4), "f4")).shape
    TensorShape([2, 5, 3])
    """

    cell_class = ParallelSubunitsCell
