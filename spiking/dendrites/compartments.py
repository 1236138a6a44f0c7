"""Compartments of dendrites: every one by itself; what couples them is the dendrite. Any shape (B, ..., n_compartment)."""

from collections.abc import Callable
from typing import Any, ClassVar

from rate2spike.calls import public
from rate2spike.checks import POSITIVE, function_or_none, number
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.plausible import warn_caller
from rate2spike.spiking.dendrites.kit_options import documented
from rate2spike.spiking.dendrites.layer_options import Checked, flag
from rate2spike.spiking.dendrites.recording_layer import RecordingLayer, Seen
from rate2spike.spiking.dendrites.sequence_layer import State
from rate2spike.spiking.layers.cell import PACKAGE
from rate2spike.spiking.layers.leaky_sum import leaky_sum

UNSTABLE_TAU = 0.5


def _tau(value: Any, name: str) -> float:
    tau = number(value, f"{{{name}}}", name, POSITIVE)
    if tau <= UNSTABLE_TAU:
        warn_caller(
            f"a compartment with {{{name}}} {tau:g} is unstable: the factor per step is {1 - 1 / tau:.4g}, and must lie "
            f"between -1 and 1, which it does for {{{name}}} above {UNSTABLE_TAU}",
            name,
        )
    return tau


def _voltage(value: Any, name: str) -> float:
    return number(value, f"{{{name}}}", name)


class DendCompartment(RecordingLayer):
    """A model of compartments. A subclass gives `start`, `watched_step`, `voltage` and `raised`."""

    recorders: ClassVar[tuple[str, ...]] = ("v_seq",)
    v_rest = Checked(_voltage)
    store_v_seq = Checked(flag)

    def __init__(self, v_rest: float = 0.0, step_mode: str = "s", store_v_seq: bool = False, **layer_options: Any):
        super().__init__(step_mode=step_mode, **layer_options)
        self.v_rest, self.store_v_seq = v_rest, store_v_seq

    def voltage(self, state: State) -> tf.Tensor:
        """The voltage in states, which the dendrite reads and puts out."""
        raise NotImplementedError

    def raised(self, state: State, by: tf.Tensor) -> State:
        """States with a higher voltage, as somatic spikes leave them."""
        raise NotImplementedError

    def seen(self, state: State) -> Seen:
        """What recorders may hold of states."""
        return {"v_seq": self.voltage(state)}

    def linear_step(self) -> tuple[float, float] | None:
        """Factors (a, g) of a step v <- a v + g input, at a rest of 0; None of a model that is not linear."""
        return None

    @property
    def v(self) -> tf.Tensor | float:
        """The voltage (B, ..., n_compartment); at rest the number v_rest."""
        return self.v_rest if self.state is None else self.voltage(self.state)

    @property
    def v_seq(self) -> tf.Tensor | None:
        """Recorder of the voltage (T, B, ..., n_compartment)."""
        return self.recorded("v_seq")

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """That of the input."""
        return tuple(input_shape)


class LeakyCompartment(DendCompartment):
    """What both published models share: a leaky integrator. With a = 1 - 1/tau, and g = 1/tau or 1,

    v[t] = a v[t-1] + g x[t] + (1 - a) v_rest.
    """

    tau = Checked(_tau)
    decay_input = Checked(flag)

    def __init__(self, tau: float, decay_input: bool, v_rest: float, *options: Any, **layer_options: Any):
        super().__init__(v_rest, *options, **layer_options)
        self.tau, self.decay_input = tau, decay_input

    @property
    def decay(self) -> float:
        """a."""
        return 1 - 1 / self.tau

    @property
    def gain(self) -> float:
        """g."""
        return 1 / self.tau if self.decay_input else 1.0

    def at_rest(self, x: tf.Tensor) -> tf.Tensor:
        """v_rest, for inputs x."""
        return tf.zeros_like(x) + self.v_rest

    def passive_step(self, x: tf.Tensor, v: tf.Tensor) -> tf.Tensor:
        """The next v."""
        after = self.decay * v + (x if self.gain == 1 else self.gain * x)
        return after + (1 - self.decay) * self.v_rest if self.v_rest else after

    def passive_sequence(self, x: tf.Tensor, v: tf.Tensor) -> tf.Tensor:
        """All v (T, ...) of inputs x (T, ...), from v."""
        above_rest = leaky_sum(x, self.decay, self.gain, v - self.v_rest if self.v_rest else v)
        return above_rest + self.v_rest if self.v_rest else above_rest


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class PassiveDendCompartment(LeakyCompartment):
    """Leaky integrators: the output is the voltage.

        v[t] = v[t-1] + (x[t] - (v[t-1] - v_rest)) / tau      with decay_input
        v[t] = v[t-1] - (v[t-1] - v_rest) / tau + x[t]        without

    Sequences are computed in closed form, with memory linear in time.

    {parameters}

    Raises
    ------
    InputError
        For an option that cannot be used. A tau up to 0.5 is unstable, and warned of.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> compartment = r2s.dendrites.PassiveDendCompartment(tau=2.0, step_mode="m")
    >>> compartment(np.ones((3, 1, 1))).numpy().ravel().tolist()
    [0.5, 0.75, 0.875]
    """

    def __init__(
        self,
        tau: float = 2.0,
        decay_input: bool = True,
        v_rest: float = 0.0,
        step_mode: str = "s",
        store_v_seq: bool = False,
        *,
        time_major: bool = True,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        layer_options = {"time_major": time_major, "name": name, "trainable": trainable, "dtype": dtype}
        super().__init__(tau, decay_input, v_rest, step_mode, store_v_seq, **layer_options)

    def start(self, x: tf.Tensor) -> State:
        """v_rest."""
        return (self.at_rest(x),)

    def watched_step(self, x: tf.Tensor, state: State, *_: tf.Tensor) -> tuple[tf.Tensor, State, Seen]:
        """See the class."""
        v = self.passive_step(x, state[0])
        return v, (v,), self.seen((v,))

    def watched_sequence(self, x: tf.Tensor, state: State) -> tuple[tf.Tensor, State, Seen]:
        """All steps in closed form."""
        v = self.passive_sequence(x, state[0])
        return v, (v[-1],), self.chosen(self.seen((v,)), True)

    def voltage(self, state: State) -> tf.Tensor:
        """v."""
        return state[0]

    def raised(self, state: State, by: tf.Tensor) -> State:
        """v + by."""
        return (state[0] + by,)

    def linear_step(self) -> tuple[float, float] | None:
        """a and g."""
        return self.decay, self.gain


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class PAComponentDendCompartment(LeakyCompartment):
    """Leaky integrators with an active component, a function of their voltage (Legenstein & Maass 2011).

        vp[t]: as v[t] of PassiveDendCompartment
        va[t] = f_dca(vp[t])
        v[t]  = vp[t] + va[t],    the output

    Before the first step va is 0. Somatic spikes that run back raise vp, which remembers them, and v.

    {parameters}

    Raises
    ------
    InputError
        For an option that cannot be used. A tau up to 0.5 is unstable, and warned of.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> compartment = r2s.dendrites.PAComponentDendCompartment(tau=2.0, f_dca=lambda vp: 4 * vp**2, step_mode="m")
    >>> compartment(np.ones((3, 1, 1))).numpy().ravel().tolist()
    [1.5, 3.0, 3.9375]
    """

    recorders = ("v_seq", "vp_seq", "va_seq")
    f_dca = Checked(function_or_none)
    store_vp_seq = Checked(flag)
    store_va_seq = Checked(flag)

    def __init__(
        self,
        tau: float = 2.0,
        decay_input: bool = True,
        v_rest: float = 0.0,
        f_dca: Callable[[tf.Tensor], tf.Tensor] | None = None,
        step_mode: str = "s",
        store_v_seq: bool = False,
        store_vp_seq: bool = False,
        store_va_seq: bool = False,
        *,
        time_major: bool = True,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        layer_options = {"time_major": time_major, "name": name, "trainable": trainable, "dtype": dtype}
        super().__init__(tau, decay_input, v_rest, step_mode, store_v_seq, **layer_options)
        self.f_dca = f_dca
        self.store_vp_seq, self.store_va_seq = store_vp_seq, store_va_seq

    def start(self, x: tf.Tensor) -> State:
        """v and vp at v_rest, va 0."""
        rest = self.at_rest(x)
        return rest, rest, tf.zeros_like(x)

    def watched_step(self, x: tf.Tensor, state: State, *_: tf.Tensor) -> tuple[tf.Tensor, State, Seen]:
        """See the class."""
        vp = self.passive_step(x, state[1])
        va = self._active(vp)
        after = vp + va, vp, va
        return after[0], after, self.seen(after)

    def watched_sequence(self, x: tf.Tensor, state: State) -> tuple[tf.Tensor, State, Seen]:
        """All steps, the passive ones in closed form."""
        vp = self.passive_sequence(x, state[1])
        va = self._active(vp)
        series = vp + va, vp, va
        return series[0], tuple(one[-1] for one in series), self.chosen(self.seen(series), True)

    def voltage(self, state: State) -> tf.Tensor:
        """v."""
        return state[0]

    def raised(self, state: State, by: tf.Tensor) -> State:
        """v + by and vp + by: v is made of vp at every step."""
        return state[0] + by, state[1] + by, state[2]

    def seen(self, state: State) -> Seen:
        """v, vp and va."""
        return dict(zip(self.recorders, state, strict=True))

    def linear_step(self) -> tuple[float, float] | None:
        """a and g, if there is no active component."""
        return (self.decay, self.gain) if self.f_dca is None else None

    @property
    def vp(self) -> tf.Tensor | float:
        """The passive component of the voltage; at rest the number v_rest."""
        return self.v_rest if self.state is None else self.state[1]

    @property
    def va(self) -> tf.Tensor | float:
        """The active component; at rest the number 0."""
        return 0.0 if self.state is None else self.state[2]

    @property
    def vp_seq(self) -> tf.Tensor | None:
        """Recorder of the passive component (T, B, ..., n_compartment)."""
        return self.recorded("vp_seq")

    @property
    def va_seq(self) -> tf.Tensor | None:
        """Recorder of the active component (T, B, ..., n_compartment)."""
        return self.recorded("va_seq")

    def _active(self, vp: tf.Tensor) -> tf.Tensor:
        if self.f_dca is None:
            return tf.zeros_like(vp)
        va = tf.cast(tf.convert_to_tensor(self.f_dca(vp), dtype_hint=vp.dtype), vp.dtype)
        if va.shape.rank == 0:
            return tf.fill(tf.shape(vp), va)
        if not va.shape.is_compatible_with(vp.shape):
            raise InputError(
                f"{{f_dca}} must give a value for every voltage, {tuple(vp.shape)}, got the shape {tuple(va.shape)}",
                "f_dca",
            )
        return va
