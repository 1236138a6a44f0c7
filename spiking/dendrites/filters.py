"""Filters of synapses: what happens over time to what a connection passes on."""

from typing import Any

from rate2spike.calls import public
from rate2spike.checks import Range, number
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.dendrites.kit_options import documented
from rate2spike.spiking.dendrites.sequence_layer import SequenceLayer, State
from rate2spike.spiking.layers.cell import PACKAGE
from rate2spike.spiking.layers.leaky_sum import leaky_sum


class SynapseFilter(SequenceLayer):
    """What all filters are: a layer whose output has the shape of its input. What it trains is made at construction."""

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """That of the input."""
        return tuple(input_shape)


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class IdentitySynapseFilter(SynapseFilter):
    """Passes on what comes; without states.

    {parameters}

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.dendrites.filters import IdentitySynapseFilter
    >>> IdentitySynapseFilter()(np.array([[1.0, 2.0]])).numpy().tolist()
    [[1.0, 2.0]]
    """

    def __init__(
        self,
        step_mode: str = "s",
        *,
        time_major: bool = True,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        super().__init__(step_mode=step_mode, time_major=time_major, name=name, trainable=trainable, dtype=dtype)

    def step(self, x: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """The input."""
        return x, state

    def sequence(self, x: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """The input."""
        return x, state


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class LISynapseFilter(SynapseFilter):
    """A leaky integrator: s[t] = (1 - 1/tau) s[t-1] + x[t] from s = 0; the output is s. The input is not scaled.

    {parameters}

    Raises
    ------
    InputError
        For a tau that is no number above 1.

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.dendrites.filters import LISynapseFilter
    >>> LISynapseFilter(2.0, step_mode="m")(np.ones((3, 1, 1))).numpy().ravel().tolist()
    [1.0, 1.5, 1.75]
    """

    def __init__(
        self,
        tau: float,
        step_mode: str = "s",
        *,
        time_major: bool = True,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        super().__init__(step_mode=step_mode, time_major=time_major, name=name, trainable=trainable, dtype=dtype)
        self.tau = number(tau, "{tau}", "tau", Range(above=1))

    def start(self, x: tf.Tensor) -> State:
        """s = 0."""
        return tf.zeros_like(x)

    def step(self, x: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """One step of the equation."""
        s = (1 - 1 / self.tau) * state + x
        return s, s

    def sequence(self, x: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """All steps in closed form."""
        s = leaky_sum(x, 1 - 1 / self.tau, start=state)
        return s, s[-1]

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the layer anew."""
        return {**super().get_config(), "tau": self.tau}
