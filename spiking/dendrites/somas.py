"""Somas: charge, fire, reset. Inputs and spikes have any shape (B, ...)."""

from collections.abc import Callable
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import Range, number, shown
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.dendrites.firing import SigmoidSurrogate
from rate2spike.spiking.dendrites.kit_options import documented
from rate2spike.spiking.dendrites.layer_options import Checked, flag
from rate2spike.spiking.dendrites.recording_layer import RecordingLayer, Seen
from rate2spike.spiking.dendrites.sequence_layer import State
from rate2spike.spiking.layers.cell import PACKAGE

Surrogate = Callable[..., tf.Tensor]


def real_number(value: Any, name: str) -> float:
    """A finite number. Raises InputError."""
    return number(value, f"{{{name}}}", name)


def _reset(value: Any, name: str) -> float | None:
    return None if value is None else real_number(value, name)


def _surrogate(value: Any, name: str) -> Surrogate:
    if value is not None and not callable(value):
        raise InputError(f"{{{name}}} must be a function of a voltage, or None, got {shown(value)}", name)
    return SigmoidSurrogate() if value is None else value


def soma_tau(value: Any, name: str) -> float:
    """A time constant in steps. Raises InputError below 1."""
    return number(value, f"{{{name}}}", name, Range(least=1))


class Soma(RecordingLayer):
    """What somas share. A subclass gives `charged`; `start` and `after_spike` if it has more states than V, the first.

    H: the voltage after charging, V: that after the reset. Training and evaluation are the same.
    """

    recorders = ("v_seq", "v_pre_spike")
    v_threshold = Checked(real_number)
    v_reset = Checked(_reset)
    surrogate_function = Checked(_surrogate)
    detach_reset = Checked(flag)
    store_v_seq = Checked(flag)
    store_v_pre_spike = Checked(flag)

    def __init__(
        self,
        v_threshold: float = 1.0,
        v_reset: float | None = 0.0,
        surrogate_function: Surrogate | None = None,
        detach_reset: bool = False,
        step_mode: str = "s",
        backend: str | None = None,  # noqa: ARG002 - of the published package
        store_v_seq: bool = False,
        store_v_pre_spike: bool = False,
        **layer_options: Any,
    ):
        super().__init__(step_mode=step_mode, **layer_options)
        self.v_threshold, self.v_reset = v_threshold, v_reset
        self.surrogate_function, self.detach_reset = surrogate_function, detach_reset
        self.store_v_seq, self.store_v_pre_spike = store_v_seq, store_v_pre_spike

    def charged(self, x: tf.Tensor, state: State) -> tf.Tensor:
        """H of inputs x."""
        raise NotImplementedError

    def after_spike(self, state: State, spikes: tf.Tensor) -> State:  # noqa: ARG002 - subclasses need them
        """What a spike does to states other than the voltage."""
        return state

    def coupling_factors(self) -> tuple[float, float] | None:
        """(leak, gain) of a step V <- V (1 - leak) + gain input, at a rest of 0; None if it is not linear."""
        return None

    @property
    def rest(self) -> float:
        """Voltage at rest: v_reset, or 0."""
        return 0.0 if self.v_reset is None else self.v_reset

    @property
    def v(self) -> tf.Tensor | float:
        """V (B, ...); at rest a number."""
        return self.rest if self.state is None else self.voltage(self.state)

    @property
    def v_seq(self) -> tf.Tensor | None:
        """Recorder of V (T, B, ...)."""
        return self.recorded("v_seq")

    @property
    def v_pre_spike(self) -> tf.Tensor | None:
        """Recorder of H, (B, ...) of a step, (T, B, ...) of a sequence."""
        return self.recorded("v_pre_spike")

    def start(self, x: tf.Tensor) -> State:
        """V at rest."""
        return (tf.zeros_like(x) + self.rest,)

    def voltage(self, state: State) -> tf.Tensor:
        """V in states: the first of them."""
        return state[0]

    def draws(self, x: tf.Tensor, n_steps: Any = None) -> tuple[tf.Tensor, ...]:
        """Uniform draws for a surrogate function that needs them."""
        surrogate: Any = self.surrogate_function
        if not getattr(surrogate, "needs_draws", False):
            return ()
        if n_steps is None:
            return (surrogate.uniforms(tf.shape(x), x.dtype),)
        return (surrogate.uniforms_of_sequence(n_steps, tf.shape(x), x.dtype),)

    def watched_step(self, x: tf.Tensor, state: State, *draws: tf.Tensor) -> tuple[tf.Tensor, State, Seen]:
        """Charge, fire, reset."""
        h = self.charged(x, state)
        spikes = self.surrogate_function(h - self.v_threshold, *draws)
        if not tf.is_tensor(spikes) or spikes.dtype != h.dtype or not spikes.shape.is_compatible_with(h.shape):
            what = f"numbers of the kind and shape of its voltages, {h.dtype.name} {tuple(h.shape)}"
            raise InputError(f"{{surrogate_function}} must give {what}, got {shown(spikes)}", "surrogate_function")
        resetting = tf.stop_gradient(spikes) if self.detach_reset else spikes
        v = self._reset_by(resetting, h)
        return spikes, self.after_spike((v, *state[1:]), resetting), {"v_seq": v, "v_pre_spike": h}

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """That of the input."""
        return tuple(input_shape)

    def _reset_by(self, spikes: tf.Tensor, h: tf.Tensor) -> tf.Tensor:
        if self.v_reset is None:
            return h - spikes * self.v_threshold
        v = (1 - spikes) * h
        return v + spikes * self.v_reset if self.v_reset else v


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class IFSoma(Soma):
    """Integrate-and-fire: H = V + x.

    A spike where H >= v_threshold. Then V = v_reset, or H - v_threshold if v_reset is None.

    {parameters}

    Raises
    ------
    InputError
        For an option that cannot be used.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> r2s.dendrites.IFSoma(step_mode="m")(np.full((4, 1), 0.5)).numpy().ravel().tolist()
    [0.0, 1.0, 0.0, 1.0]
    """

    def __init__(
        self,
        v_threshold: float = 1.0,
        v_reset: float | None = 0.0,
        surrogate_function: Surrogate | None = None,
        detach_reset: bool = False,
        step_mode: str = "s",
        backend: str | None = None,
        store_v_seq: bool = False,
        store_v_pre_spike: bool = False,
        *,
        time_major: bool = True,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        layer_options = {"time_major": time_major, "name": name, "trainable": trainable, "dtype": dtype}
        stores = (store_v_seq, store_v_pre_spike)
        super().__init__(
            v_threshold, v_reset, surrogate_function, detach_reset, step_mode, backend, *stores, **layer_options
        )

    def charged(self, x: tf.Tensor, state: State) -> tf.Tensor:
        """See the class."""
        return state[0] + x

    def coupling_factors(self) -> tuple[float, float]:
        """No leak."""
        return 0.0, 1.0


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class LIFSoma(Soma):
    """Leaky integrate-and-fire:

        H = V + (x - (V - rest)) / tau    with decay_input
        H = V - (V - rest) / tau + x      without

    Rest is v_reset, or 0 if that is None. A spike where H >= v_threshold. Then V = v_reset, or H - v_threshold if that is
    None.

    {parameters}

    Raises
    ------
    InputError
        For an option that cannot be used, such as a tau below 1.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> r2s.dendrites.LIFSoma(tau=2.0, step_mode="m")(np.full((4, 1), 1.5)).numpy().ravel().tolist()
    [0.0, 1.0, 0.0, 1.0]
    """

    tau = Checked(soma_tau)
    decay_input = Checked(flag)

    def __init__(
        self,
        tau: float = 2.0,
        decay_input: bool = True,
        v_threshold: float = 1.0,
        v_reset: float | None = 0.0,
        surrogate_function: Surrogate | None = None,
        detach_reset: bool = False,
        step_mode: str = "s",
        backend: str | None = None,
        store_v_seq: bool = False,
        store_v_pre_spike: bool = False,
        *,
        time_major: bool = True,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        layer_options = {"time_major": time_major, "name": name, "trainable": trainable, "dtype": dtype}
        stores = (store_v_seq, store_v_pre_spike)
        super().__init__(
            v_threshold, v_reset, surrogate_function, detach_reset, step_mode, backend, *stores, **layer_options
        )
        self.tau, self.decay_input = tau, decay_input

    def charged(self, x: tf.Tensor, state: State) -> tf.Tensor:
        """See the class."""
        return leaky_step(state[0], x, self.coupling_factors(), self.rest)

    def coupling_factors(self) -> tuple[float, float]:
        """1 / tau, and 1 / tau or 1."""
        return leak_and_gain(self.tau, self.decay_input)


def leak_and_gain(tau: float, decay_input: bool) -> tuple[float, float]:
    """Of a leaky integrator."""
    return 1 / tau, 1 / tau if decay_input else 1.0


def leaky_step(v: tf.Tensor, x: tf.Tensor, factors: tuple[float, float], rest: float) -> tf.Tensor:
    """V - leak (V - rest) + gain x."""
    leak, gain = factors
    h = (1 - leak) * v + (x if gain == 1 else gain * x)
    return h + leak * rest if rest else h
