"""Leaky integrate-and-fire units with an adaptive threshold: the LSNN of Bellec et al. 2018."""

from typing import Any

from rate2spike.calls import public
from rate2spike.checks import NOT_NEGATIVE, number
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.layers.cell import PACKAGE, Cell, check_positive, switch
from rate2spike.spiking.layers.cell_layer import CellLayer
from rate2spike.spiking.layers.initialization import TimeConstant, checked_tau
from rate2spike.spiking.layers.scan import Pathway
from rate2spike.spiking.layers.spiking_options import SpikingOptions


@keras.saving.register_keras_serializable(PACKAGE)
@public()
class ALIFCell(Cell):
    """One step of `ALIF`, as a cell of `keras.layers.RNN`: input (B, I), states v, b and z (B, N), output z.

    {parameters}

    Raises
    ------
    InputError
        For an option that cannot be used.
    """

    state_names = ("v", "b", "z")

    def __init__(
        self,
        units: int,
        tau_ms: TimeConstant = 20.0,
        tau_adaptation_ms: TimeConstant = 20.0,
        dt_ms: float = 1.0,
        *,
        threshold_increment: float = 1.3,
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
        self.tau_ms = checked_tau(tau_ms, "tau_ms")
        self.tau_adaptation_ms = checked_tau(tau_adaptation_ms, "tau_adaptation_ms")
        self.threshold_increment = number(
            threshold_increment, "{threshold_increment}", "threshold_increment", NOT_NEGATIVE
        )
        self.input_rate_hz, self.recurrent = input_rate_hz, switch(recurrent, "recurrent")
        self.spiking = SpikingOptions(threshold, surrogate, surrogate_scale, reset)

    def build(self, input_shape: Any) -> None:
        """Make the weights; input_shape (..., I)."""
        rng = self.draws()
        tau, self.kappa = self.add_tau(rng, self.tau_ms, "tau_ms")
        _, self.beta = self.add_tau(rng, self.tau_adaptation_ms, "tau_adaptation_ms")
        rate = self.input_rate_hz
        self.weights_in = self.add_pathway(rng, "", input_shape[-1], tau, rate, rate if self.recurrent else None)

    def pathways(self) -> tuple[Pathway, ...]:
        """One way in."""
        return (self.weights_in.pathway(),)

    def advance(self, currents: tuple[tf.Tensor, ...], states: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
        """See the class."""
        (i,), (v, b, z) = currents, states
        b = self.beta * b + (1 - self.beta) * z
        threshold = self.spiking.threshold + self.threshold_increment * b
        v = self.spiking.after_spike(self.kappa * v + (1 - self.kappa) * i, z, threshold)
        return v, b, self.spiking.spikes((v - threshold) / threshold)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the cell anew."""
        own = {
            "tau_ms": self.tau_ms,
            "tau_adaptation_ms": self.tau_adaptation_ms,
            "input_rate_hz": self.input_rate_hz,
            "threshold_increment": self.threshold_increment,
            "recurrent": self.recurrent,
        }
        return {**super().get_config(), **own, **vars(self.spiking)}


@keras.saving.register_keras_serializable(PACKAGE)
class ALIF(CellLayer):
    """Layer of LIF units with an adaptive threshold: the LSNN of Bellec et al. 2018, with surrogate gradients.

    Inputs x (batch, time, I) to spikes z (batch, time, N), from zero states; membranes are reset after the leak:

        i_t = W x_t + bias + R z_{t-1}
        b_t = β b_{t-1} + (1 - β) z_{t-1},    β = exp(-dt/τ_b)
        A_t = θ + γ b_t, the threshold
        v_t = reset(κ v_{t-1} + (1 - κ) i_t, z_{t-1}, A_t),    κ = exp(-dt/τ)
        z_t = H((v_t - A_t) / A_t)

    Potentials and currents have no unit. W (I, N), R (N, N) and bias (N,) are trained.

    {parameters}

    Raises
    ------
    InputError
        For an option or an input that cannot be used.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> layer = r2s.ALIF(3, tau_adaptation_ms=(50.0, 200.0), threshold=0.1, seed=1)
    >>> layer(np.ones((2, 5, 4), "f4")).shape
    TensorShape([2, 5, 3])
    """

    cell_class = ALIFCell
