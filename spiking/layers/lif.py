"""Leaky integrate-and-fire units, the baseline without context."""

from typing import Any

from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.layers.cell import PACKAGE, Cell, check_positive
from rate2spike.spiking.layers.cell_layer import CellLayer
from rate2spike.spiking.layers.initialization import TimeConstant, checked_tau
from rate2spike.spiking.layers.scan import Pathway
from rate2spike.spiking.layers.spiking_options import SpikingOptions


@keras.saving.register_keras_serializable(PACKAGE)
class LIFCell(Cell):
    """One step of LIF units (Ferrand et al. 2023), reset before the leak:

        i_t = W x_t + b + R z_{t-1}
        v_t = κ reset(v_{t-1}, z_{t-1}, θ) + (1 - κ) i_t,    κ = exp(-dt/τ)
        z_t = H(v_t - θ),    surrogate at u = v_t - θ

    Potentials and currents have no unit. Input (B, I), states v and z (B, N), output z.
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
        **kwargs: Any,
    ):
        """tau_ms: a number, a list of one per unit, or a tuple (low, high) to draw from.

        input_rate_hz: for the initial weights. Raises InputError.
        """
        super().__init__(units, dt_ms, use_bias, seed, **kwargs)
        check_positive(input_rate_hz=input_rate_hz)
        self.tau_ms, self.input_rate_hz, self.recurrent = checked_tau(tau_ms, "tau_ms"), input_rate_hz, recurrent
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
        """What makes the cell again."""
        own = {"tau_ms": self.tau_ms, "input_rate_hz": self.input_rate_hz, "recurrent": self.recurrent}
        return {**super().get_config(), **own, **vars(self.spiking)}


@keras.saving.register_keras_serializable(PACKAGE)
class LIF(CellLayer):
    """LIF units over time; options of LIFCell."""

    cell_class = LIFCell
