"""Leaky integrators: the readout."""

from typing import Any

from rate2spike.calls import public
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.layers.cell import PACKAGE, Cell, check_positive
from rate2spike.spiking.layers.cell_layer import CellLayer
from rate2spike.spiking.layers.initialization import TimeConstant, checked_tau
from rate2spike.spiking.layers.scan import Pathway


@keras.saving.register_keras_serializable(PACKAGE)
@public()
class LICell(Cell):
    """One step of `LI`, as a cell of `keras.layers.RNN`: input (B, I), state and output v (B, N).

    {parameters}

    Raises
    ------
    InputError
        For an option that cannot be used.
    """

    state_names = ("v",)

    def __init__(
        self,
        units: int,
        tau_ms: TimeConstant = 20.0,
        dt_ms: float = 1.0,
        *,
        input_rate_hz: float = 1.0,
        use_bias: bool = True,
        seed: int | None = None,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        super().__init__(units, dt_ms, use_bias, seed, name=name, trainable=trainable, dtype=dtype)
        check_positive(input_rate_hz=input_rate_hz)
        self.tau_ms, self.input_rate_hz = checked_tau(tau_ms, "tau_ms"), input_rate_hz

    def build(self, input_shape: Any) -> None:
        """Make the weights; input_shape (..., I)."""
        rng = self.draws()
        tau, self.kappa = self.add_tau(rng, self.tau_ms, "tau_ms")
        rate = self.input_rate_hz
        self.weights_in = self.add_pathway(rng, "", input_shape[-1], tau, rate)

    def pathways(self) -> tuple[Pathway, ...]:
        """One way in."""
        return (self.weights_in.pathway(),)

    def advance(self, currents: tuple[tf.Tensor, ...], states: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
        """See the class."""
        return (self.kappa * states[0] + (1 - self.kappa) * currents[0],)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the cell anew."""
        return {**super().get_config(), "tau_ms": self.tau_ms, "input_rate_hz": self.input_rate_hz}


@keras.saving.register_keras_serializable(PACKAGE)
class LI(CellLayer):
    """Layer of leaky integrators, the readout of a spiking network: no spikes, no recurrence.

    Inputs x (batch, time, I) to potentials v (batch, time, N), from zero states:

        v_t = κ v_{t-1} + (1 - κ) (W x_t + b),    κ = exp(-dt/τ)

    Potentials and currents have no unit. W (I, N) and b (N,) are trained.

    {parameters}

    Raises
    ------
    InputError
        For an option or an input that cannot be used.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> layer = r2s.LI(1, tau_ms=20.0, seed=1)
    >>> layer(np.ones((2, 5, 4), "f4")).shape
    TensorShape([2, 5, 1])
    """

    cell_class = LICell
