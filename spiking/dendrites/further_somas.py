"""Further somas, which the published package does not have: quadratic, exponential, and adaptive."""

from typing import Any

from rate2spike.calls import public
from rate2spike.checks import NOT_NEGATIVE, POSITIVE, number
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.dendrites.kit_options import documented
from rate2spike.spiking.dendrites.layer_options import Checked, flag
from rate2spike.spiking.dendrites.sequence_layer import State
from rate2spike.spiking.dendrites.somas import Soma, Surrogate, leak_and_gain, leaky_step, real_number, soma_tau
from rate2spike.spiking.layers.cell import PACKAGE

_LARGEST_EXPONENT = 10.0  # what is beyond is far above any threshold; exp(12) is too much for float16


def _positive(value: Any, name: str) -> float:
    return number(value, f"{{{name}}}", name, POSITIVE)


def _not_negative(value: Any, name: str) -> float:
    return number(value, f"{{{name}}}", name, NOT_NEGATIVE)


class NonlinearSoma(Soma):
    """A soma with tau, a rest of its own, and a critical voltage. A subclass gives `charged`."""

    tau = Checked(soma_tau)
    v_rest = Checked(real_number)
    v_critical = Checked(real_number)

    def __init__(self, tau: float, v_rest: float, v_critical: float, *options: Any, **layer_options: Any):
        super().__init__(*options, **layer_options)
        self.tau, self.v_rest, self.v_critical = tau, v_rest, v_critical
        if self.v_critical <= self.v_rest:
            raise InputError(
                f"{{v_critical}} must be above {{v_rest}} {v_rest:g}, got {v_critical:g}", "v_critical", "v_rest"
            )

    @property
    def rest(self) -> float:
        """v_rest."""
        return self.v_rest


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class QIFSoma(NonlinearSoma):
    """Quadratic integrate-and-fire:

        H = V + (curvature (V - v_rest) (V - v_critical) + x) / tau

    It rests at v_rest, and fires on and on for constant inputs above the rheobase, curvature (v_critical - v_rest)^2 / 4. A
    spike where H >= v_threshold; then V = v_reset, or H - v_threshold if that is None.

    {parameters}

    Raises
    ------
    InputError
        For an option that cannot be used.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> soma = r2s.dendrites.QIFSoma(tau=2.0, step_mode="m")
    >>> [int(np.sum(soma(np.full((40, 1), drive)))) for drive in (0.1, 0.5)]
    [0, 8]
    """

    curvature = Checked(_positive)

    def __init__(
        self,
        tau: float = 2.0,
        v_rest: float = 0.0,
        v_critical: float = 0.8,
        curvature: float = 1.0,
        v_threshold: float = 1.0,
        v_reset: float | None = 0.0,
        surrogate_function: Surrogate | None = None,
        detach_reset: bool = False,
        step_mode: str = "s",
        *,
        store_v_seq: bool = False,
        store_v_pre_spike: bool = False,
        time_major: bool = True,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        layer_options = {"time_major": time_major, "name": name, "trainable": trainable, "dtype": dtype}
        common = (
            v_threshold,
            v_reset,
            surrogate_function,
            detach_reset,
            step_mode,
            None,
            store_v_seq,
            store_v_pre_spike,
        )
        super().__init__(tau, v_rest, v_critical, *common, **layer_options)
        self.curvature = curvature

    def charged(self, x: tf.Tensor, state: State) -> tf.Tensor:
        """See the class."""
        v = state[0]
        return v + (self.curvature * (v - self.v_rest) * (v - self.v_critical) + x) / self.tau


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class EIFSoma(NonlinearSoma):
    """Exponential integrate-and-fire (Fourcaud-Trocmé et al. 2003):

        H = V + (x - (V - v_rest) + sharpness exp((V - v_critical) / sharpness)) / tau

    It fires on and on for constant inputs above the rheobase, v_critical - v_rest - sharpness. A spike where
    H >= v_threshold; then V = v_reset, or H - v_threshold if that is None.

    {parameters}

    Raises
    ------
    InputError
        For an option that cannot be used.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> soma = r2s.dendrites.EIFSoma(tau=2.0, step_mode="m")
    >>> [int(np.sum(soma(np.full((40, 1), drive)))) for drive in (0.5, 1.0)]
    [0, 10]
    """

    sharpness = Checked(_positive)

    def __init__(
        self,
        tau: float = 2.0,
        v_rest: float = 0.0,
        v_critical: float = 0.8,
        sharpness: float = 0.1,
        v_threshold: float = 1.0,
        v_reset: float | None = 0.0,
        surrogate_function: Surrogate | None = None,
        detach_reset: bool = False,
        step_mode: str = "s",
        *,
        store_v_seq: bool = False,
        store_v_pre_spike: bool = False,
        time_major: bool = True,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        layer_options = {"time_major": time_major, "name": name, "trainable": trainable, "dtype": dtype}
        common = (
            v_threshold,
            v_reset,
            surrogate_function,
            detach_reset,
            step_mode,
            None,
            store_v_seq,
            store_v_pre_spike,
        )
        super().__init__(tau, v_rest, v_critical, *common, **layer_options)
        self.sharpness = sharpness

    def charged(self, x: tf.Tensor, state: State) -> tf.Tensor:
        """See the class."""
        v = state[0]
        exponent = tf.minimum((v - self.v_critical) / self.sharpness, _LARGEST_EXPONENT)
        return leaky_step(v, x + self.sharpness * tf.exp(exponent), leak_and_gain(self.tau, True), self.v_rest)


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class AdLIFSoma(Soma):
    """Adaptive leaky integrate-and-fire: `LIFSoma` with a current a against its input, which every spike raises:

        H = V + (x - a - (V - rest)) / tau              without decay_input, x - a is not divided
        a <- (1 - 1/tau_adaptation) a + adaptation s    after the spike decision

    A soma that fires with rate f has a mean a of adaptation tau_adaptation f. Rest and reset are those of `LIFSoma`.

    {parameters}

    Raises
    ------
    InputError
        For an option that cannot be used.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> soma = r2s.dendrites.AdLIFSoma(tau=2.0, adaptation=0.5, step_mode="m")
    >>> soma(np.full((8, 1), 2.5)).numpy().ravel().tolist()
    [1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0]
    """

    tau = Checked(soma_tau)
    tau_adaptation = Checked(soma_tau)
    adaptation = Checked(_not_negative)
    decay_input = Checked(flag)

    def __init__(
        self,
        tau: float = 2.0,
        tau_adaptation: float = 20.0,
        adaptation: float = 0.1,
        decay_input: bool = True,
        v_threshold: float = 1.0,
        v_reset: float | None = 0.0,
        surrogate_function: Surrogate | None = None,
        detach_reset: bool = False,
        step_mode: str = "s",
        *,
        store_v_seq: bool = False,
        store_v_pre_spike: bool = False,
        time_major: bool = True,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        layer_options = {"time_major": time_major, "name": name, "trainable": trainable, "dtype": dtype}
        common = (
            v_threshold,
            v_reset,
            surrogate_function,
            detach_reset,
            step_mode,
            None,
            store_v_seq,
            store_v_pre_spike,
        )
        super().__init__(*common, **layer_options)
        self.tau, self.decay_input = tau, decay_input
        self.tau_adaptation, self.adaptation = tau_adaptation, adaptation

    @property
    def a(self) -> tf.Tensor | float:
        """The adaptation (B, ...); at rest the number 0."""
        return 0.0 if self.state is None else self.state[1]

    def start(self, x: tf.Tensor) -> State:
        """V at rest, a 0."""
        return (*super().start(x), tf.zeros_like(x))

    def charged(self, x: tf.Tensor, state: State) -> tf.Tensor:
        """See the class."""
        return leaky_step(state[0], x - state[1], self.coupling_factors(), self.rest)

    def after_spike(self, state: State, spikes: tf.Tensor) -> State:
        """a after spikes."""
        v, a = state
        return v, (1 - 1 / self.tau_adaptation) * a + self.adaptation * spikes

    def coupling_factors(self) -> tuple[float, float]:
        """1 / tau, and 1 / tau or 1: those of the membrane."""
        return leak_and_gain(self.tau, self.decay_input)
