"""Leaky integrate-and-fire units, the baseline without context."""

from typing import Any

from rate2spike.calls import public
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.layers.cell import PACKAGE, Cell, check_positive, switch
from rate2spike.spiking.layers.cell_layer import CellLayer
from rate2spike.spiking.layers.initialization import TimeConstant, checked_tau
from rate2spike.spiking.layers.scan import Pathway
from rate2spike.spiking.layers.spiking_options import SpikingOptions


@keras.saving.register_keras_serializable(PACKAGE)
@public()
class LIFCell(Cell):
    """One step of `LIF`, as a cell of `keras.layers.RNN`: input (B, I), states v and z (B, N), output z.

    {parameters}

    Raises
    ------
    InputError
        For an option that cannot be used.
    """

    state_names = ("v", "z")

    def __init__(
        self,
        units: int,
        tau_ms: TimeConstant = 20.0,
        dt_ms: float = 1.0,
        *,
        input_rate_hz: float = 1.0,
        threshold: float = 1.0,
        surrogate: str = "triangle",
        surrogate_scale: float = 0.3,
        reset: str = "subtraction",
        use_bias: bool = True,
        recurrent: bool = True,
        seed: int | None = None,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        super().__init__(units, dt_ms, use_bias, seed, name=name, trainable=trainable, dtype=dtype)
        check_positive(input_rate_hz=input_rate_hz)
        self.tau_ms, self.input_rate_hz = checked_tau(tau_ms, "tau_ms"), input_rate_hz
        self.recurrent = switch(recurrent, "recurrent")
        self.spiking = SpikingOptions(threshold, surrogate, surrogate_scale, reset)

    def build(self, input_shape: Any) -> None:
        """Make the weights; input_shape (..., I)."""
        rng = self.draws()
        tau, self.kappa = self.add_tau(rng, self.tau_ms, "tau_ms")
        rate = self.input_rate_hz
        self.weights_in = self.add_pathway(rng, "", input_shape[-1], tau, rate, rate if self.recurrent else None)

    def pathways(self) -> tuple[Pathway, ...]:
        """One way in."""
        return (self.weights_in.pathway(),)

    def advance(self, currents: tuple[tf.Tensor, ...], states: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
        """See the class."""
        (i,), (v, z), kappa, threshold = currents, states, self.kappa, self.spiking.threshold
        v = kappa * self.spiking.after_spike(v, z, threshold) + (1 - kappa) * i
        return v, self.spiking.spikes(v - threshold)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the cell anew."""
        own = {"tau_ms": self.tau_ms, "input_rate_hz": self.input_rate_hz, "recurrent": self.recurrent}
        return {**super().get_config(), **own, **vars(self.spiking)}


@keras.saving.register_keras_serializable(PACKAGE)
class LIF(CellLayer):
    """Layer of leaky integrate-and-fire units (Ferrand et al., ICANN 2023), with surrogate gradients.

    Inputs x (batch, time, I) to spikes z (batch, time, N), from zero states; membranes are reset before the leak:

        i_t = W x_t + b + R z_{t-1}
        v_t = κ reset(v_{t-1}, z_{t-1}, θ) + (1 - κ) i_t,    κ = exp(-dt/τ)
        z_t = H(v_t - θ),    surrogate at u = v_t - θ

    Potentials and currents have no unit. W (I, N), R (N, N) and b (N,) are trained.

    {parameters}

    Raises
    ------
    InputError
        For an option or an input that cannot be used.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> layer = r2s.LIF(3, tau_ms=20.0, threshold=0.1, seed=1)
    >>> layer(np.ones((2, 5, 4), "f4")).shape
    TensorShape([2, 5, 3])
    """

    cell_class = LIFCell
