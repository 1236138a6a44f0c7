"""Context-dependent LIF units: a soma whose input an apical compartment modulates (Ferrand et al., ICANN 2023)."""

from typing import Any

from rate2spike.calls import public
from rate2spike.checks import whole_number
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.layers.cell import PACKAGE, Cell, check_positive, switch
from rate2spike.spiking.layers.cell_layer import CellLayer
from rate2spike.spiking.layers.choices import check_interaction
from rate2spike.spiking.layers.initialization import TimeConstant, checked_tau
from rate2spike.spiking.layers.interactions import interaction
from rate2spike.spiking.layers.scan import Pathway
from rate2spike.spiking.layers.spiking_options import SpikingOptions


@keras.saving.register_keras_serializable(PACKAGE)
@public()
class CLIFCell(Cell):
    """One step of `CLIF`, as a cell of `keras.layers.RNN`: states v, a and z (B, N), output z.

    Input the pair (x (B, I), c (B, C)), or both side by side (B, I + C) with n_context = C.

    {parameters}

    Raises
    ------
    InputError
        For an option that cannot be used.
    """

    state_names = ("v", "a", "z")

    def __init__(
        self,
        units: int,
        tau_soma_ms: TimeConstant = 20.0,
        tau_apical_ms: TimeConstant = 20.0,
        dt_ms: float = 1.0,
        *,
        interaction: str = "relu_mult",
        rate_soma_hz: float = 1.0,
        rate_apical_hz: float = 1.0,
        threshold: float = 1.0,
        surrogate: str = "triangle",
        surrogate_scale: float = 0.3,
        reset: str = "subtraction",
        use_bias: bool = True,
        recurrent_soma: bool = True,
        recurrent_apical: bool = True,
        n_context: int | None = None,
        seed: int | None = None,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        super().__init__(units, dt_ms, use_bias, seed, name=name, trainable=trainable, dtype=dtype)
        check_positive(rate_soma_hz=rate_soma_hz, rate_apical_hz=rate_apical_hz)
        self.tau_soma_ms = checked_tau(tau_soma_ms, "tau_soma_ms")
        self.tau_apical_ms = checked_tau(tau_apical_ms, "tau_apical_ms")
        self.interaction = check_interaction(interaction)
        self.n_context = None if n_context is None else whole_number(n_context, "{n_context}", "n_context")
        self.rate_soma_hz, self.rate_apical_hz = rate_soma_hz, rate_apical_hz
        self.recurrent_soma = switch(recurrent_soma, "recurrent_soma")
        self.recurrent_apical = switch(recurrent_apical, "recurrent_apical")
        self.spiking = SpikingOptions(threshold, surrogate, surrogate_scale, reset)

    def build(self, input_shape: Any) -> None:
        """Make the weights; input_shape ((..., I), (..., C)), or (..., I + C)."""
        n_inputs, n_context = self._widths(input_shape)
        rng, both = self.draws(), self.rate_soma_hz + self.rate_apical_hz
        tau_soma, self.kappa_soma = self.add_tau(rng, self.tau_soma_ms, "tau_soma_ms")
        tau_apical, self.kappa_apical = self.add_tau(rng, self.tau_apical_ms, "tau_apical_ms")
        self.soma = self.add_pathway(
            rng, "soma_", n_inputs, tau_soma, self.rate_soma_hz, both if self.recurrent_soma else None
        )
        self.apical = self.add_pathway(
            rng, "apical_", n_context, tau_apical, self.rate_apical_hz, both if self.recurrent_apical else None
        )

    def pathways(self) -> tuple[Pathway, ...]:
        """Somatic and apical."""
        return self.soma.pathway(), self.apical.pathway()

    def split(self, inputs: Any) -> tuple[tf.Tensor, ...]:
        """Sensory input and context."""
        if isinstance(inputs, list | tuple):
            if len(inputs) != 2:
                raise InputError(f"a CLIF layer takes the pair (sensory input, context), got {len(inputs)} inputs")
            return tuple(inputs)
        assert self.n_context
        return inputs[..., : -self.n_context], inputs[..., -self.n_context :]

    def advance(self, currents: tuple[tf.Tensor, ...], states: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
        """See the class."""
        (s, i_apical), (v, a, z), threshold = currents, states, self.spiking.threshold
        a = self.kappa_apical * a + (1 - self.kappa_apical) * i_apical
        v = self.kappa_soma * v + (1 - self.kappa_soma) * interaction(s, a, self.interaction)
        v = self.spiking.after_spike(v, z, threshold)
        return v, a, self.spiking.spikes((v - threshold) / threshold)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the cell anew."""
        names = (
            "tau_soma_ms",
            "tau_apical_ms",
            "interaction",
            "rate_soma_hz",
            "rate_apical_hz",
            "recurrent_soma",
            "recurrent_apical",
            "n_context",
        )
        own = {name: getattr(self, name) for name in names}
        return {**super().get_config(), **own, **vars(self.spiking)}

    def _widths(self, input_shape: Any) -> tuple[int, int]:
        if isinstance(input_shape[0], list | tuple | tf.TensorShape):
            if len(input_shape) != 2:
                raise InputError(f"a CLIF layer takes the pair (sensory input, context), got {len(input_shape)} inputs")
            return input_shape[0][-1], input_shape[1][-1]
        if not self.n_context or not 0 < self.n_context < input_shape[-1]:
            raise InputError(
                "a CLIF cell takes the pair (sensory input, context), or both side by side with n_context, the number of "
                f"context inputs, from 1 to {input_shape[-1] - 1}; got n_context {self.n_context}"
            )
        return input_shape[-1] - self.n_context, self.n_context


@keras.saving.register_keras_serializable(PACKAGE)
class CLIF(CellLayer):
    """Layer of context-dependent LIF units: an apical compartment modulates the soma (Ferrand et al., ICANN 2023).

    Inputs, the pair of x (batch, time, I) from the senses and the context c (batch, time, C), to spikes z (batch, time, N),
    from zero states. Call it with both in a list or tuple, or side by side (batch, time, I + C) with n_context = C:

        s_t = W_s x_t + b_s + R_s z_{t-1}
        a_t = κ_a a_{t-1} + (1 - κ_a) (W_a c_t + b_a + R_a z_{t-1}),    κ_a = exp(-dt/τ_a); never reset, never spikes
        v_t = reset(κ_s v_{t-1} + (1 - κ_s) F(s_t, a_t), z_{t-1}, θ),    κ_s = exp(-dt/τ_s)
        z_t = H((v_t - θ) / θ)

    F(s, a) is s max(a, 0) for the interaction relu_mult, s (1 + tanh a) for tanh_mult, s + a for add, s + max(a, 0) for
    relu_add, and s + tanh a for tanh_add. Potentials and currents have no unit. W, R and b of both ways are trained.

    {parameters}

    Raises
    ------
    InputError
        For an option or an input that cannot be used.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> layer = r2s.CLIF(3, tau_apical_ms=(20.0, 200.0), threshold=0.1, seed=1)
    >>> layer([np.ones((2, 5, 4), "f4"), np.ones((2, 5, 1), "f4")]).shape
    TensorShape([2, 5, 3])
    """

    cell_class = CLIFCell
