"""Synapses: a connection, which has the weights, and a filter, which has what happens over time."""

import inspect
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.dendrites.connections import LinearSynapseConn, MaskedLinearSynapseConn, SynapseConn
from rate2spike.spiking.dendrites.convolutions import Conv1dSynapseConn, Conv2dSynapseConn, Conv3dSynapseConn
from rate2spike.spiking.dendrites.filters import IdentitySynapseFilter, SynapseFilter
from rate2spike.spiking.dendrites.kit_options import documented
from rate2spike.spiking.dendrites.sequence_layer import SequenceLayer, State
from rate2spike.spiking.layers.cell import PACKAGE


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class BaseSynapse(SequenceLayer):
    """A connection and then a filter, both in the step mode of the synapse. The synapse holds the states of the filter.

    {parameters}

    Raises
    ------
    InputError
        For what is no connection or no filter.

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.dendrites.connections import LinearSynapseConn
    >>> from rate2spike.spiking.dendrites.filters import LISynapseFilter
    >>> from rate2spike.spiking.dendrites.synapses import BaseSynapse
    >>> synapse = BaseSynapse(LinearSynapseConn(3, 2, seed=1), LISynapseFilter(2.0), step_mode="m")
    >>> synapse(np.ones((10, 4, 3), "f4")).shape
    TensorShape([10, 4, 2])
    """

    def __init__(
        self,
        conn: SynapseConn,
        filter: SynapseFilter,
        step_mode: str = "s",
        *,
        time_major: bool = True,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        super().__init__(step_mode=step_mode, time_major=time_major, name=name, trainable=trainable, dtype=dtype)
        for part, its_name, kind, example in (
            (conn, "conn", SynapseConn, "LinearSynapseConn"),
            (filter, "filter", SynapseFilter, "LISynapseFilter"),
        ):
            if not isinstance(part, kind):
                raise InputError(f"{{{its_name}}} must be one such as {example}, got {type(part).__name__}", its_name)
        self.conn, self.filter = conn, filter
        self.filter.built = self.built = True

    @property
    def weight(self) -> Any:
        """The connection's variable, see there."""
        return self.conn.weight

    @property
    def bias(self) -> Any:
        """The connection's variable, or None."""
        return self.conn.bias

    def weight_change(self, pre: Any, post: Any) -> tf.Tensor:
        """That of the connection, see there: the filter plays no part."""
        return self.conn.weight_change(pre, post)

    def published_weight(self) -> np.ndarray:
        """The connection's, see there."""
        return self.conn.published_weight()

    def set_published_weight(self, weight: Any) -> None:
        """Set the connection's, see there. Raises InputError."""
        self.conn.set_published_weight(weight)

    def clamp_weights(self, clamp_bias: bool = False) -> None:
        """Clip the connection's weight, and its bias on demand, to their bounds now."""
        self.conn.clamp_weights(clamp_bias)

    def start(self, x: tf.Tensor) -> State:
        """The filter's states at rest."""
        self.conn.check_input(x)
        return self.filter.start(self.conn.zeros(x))

    def step(self, x: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Connection, then filter."""
        return self.filter.step(self.conn.connected(x), state)

    def sequence(self, x: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Connection for all steps at once, then filter."""
        return self.filter.sequence(self.conn.connected(x), state)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the layer anew."""
        parts = {"conn": self.conn, "filter": self.filter}
        serialized = {name: keras.saving.serialize_keras_object(part) for name, part in parts.items()}
        return {**super().get_config(), **serialized}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "BaseSynapse":
        """The synapse of a configuration."""
        parts = {name: keras.saving.deserialize_keras_object(config[name]) for name in ("conn", "filter")}
        return super().from_config({**config, **parts})


class _IdentitySynapse(BaseSynapse):
    """A connection of one kind with the filter that changes nothing; the options are those of the connection."""

    conn_class: type[SynapseConn]

    def __init__(self, *arguments: Any, name: str | None = None, **options: Any):
        of_layer = {one: options[one] for one in ("step_mode", "time_major", "trainable", "dtype") if one in options}
        super().__init__(self.conn_class(*arguments, **options), IdentitySynapseFilter(), name=name, **of_layer)

    def __init_subclass__(cls, **kwargs: Any):
        """A synapse says in its signature which options its connection has."""
        super().__init_subclass__(**kwargs)

        def construct(self: _IdentitySynapse, *arguments: Any, **options: Any) -> None:
            _IdentitySynapse.__init__(self, *arguments, **options)

        construct.__signature__ = inspect.signature(cls.conn_class.__init__)  # type: ignore[attr-defined]
        construct.__qualname__ = f"{cls.__qualname__}.__init__"
        cls.__init__ = construct  # type: ignore[method-assign]

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the layer anew."""
        own = {name: value for name, value in super().get_config().items() if name not in ("conn", "filter")}
        return {**self.conn.get_config(), **own}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "BaseSynapse":
        """The synapse of a configuration."""
        return cls(**config)


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class LinearIdentitySynapse(_IdentitySynapse):
    """Every input to every output, without a filter: `LinearSynapseConn` as a synapse.

    {parameters}

    Raises
    ------
    InputError
        For an option, or an input, that cannot be used.

    Examples
    --------
    >>> from rate2spike.spiking.dendrites.synapses import LinearIdentitySynapse
    >>> tuple(LinearIdentitySynapse(32, 24, seed=1).weight.shape)
    (32, 24)
    """

    conn_class = LinearSynapseConn


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class MaskedLinearIdentitySynapse(_IdentitySynapse):
    """Some inputs to some outputs, without a filter: `MaskedLinearSynapseConn` as a synapse.

    {parameters}

    Raises
    ------
    InputError
        For an option, or an input, that cannot be used.

    Examples
    --------
    >>> from rate2spike.spiking.dendrites.synapses import MaskedLinearIdentitySynapse
    >>> tuple(MaskedLinearIdentitySynapse(32, 24, init_sparsity=0.5, seed=1).weight.shape)
    (32, 24)
    """

    conn_class = MaskedLinearSynapseConn


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class Conv1dIdentitySynapse(_IdentitySynapse):
    """A kernel over sequences, without a filter: `Conv1dSynapseConn` as a synapse.

    {parameters}

    Raises
    ------
    InputError
        For an option, or an input, that cannot be used.

    Examples
    --------
    >>> from rate2spike.spiking.dendrites.synapses import Conv1dIdentitySynapse
    >>> tuple(Conv1dIdentitySynapse(3, 24, 2, seed=1).weight.shape)
    (2, 3, 24)
    """

    conn_class = Conv1dSynapseConn


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class Conv2dIdentitySynapse(_IdentitySynapse):
    """A kernel over images, without a filter: `Conv2dSynapseConn` as a synapse.

    {parameters}

    Raises
    ------
    InputError
        For an option, or an input, that cannot be used.

    Examples
    --------
    >>> from rate2spike.spiking.dendrites.synapses import Conv2dIdentitySynapse
    >>> tuple(Conv2dIdentitySynapse(3, 24, 2, seed=1).weight.shape)
    (2, 2, 3, 24)
    """

    conn_class = Conv2dSynapseConn


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class Conv3dIdentitySynapse(_IdentitySynapse):
    """A kernel over volumes, without a filter: `Conv3dSynapseConn` as a synapse.

    {parameters}

    Raises
    ------
    InputError
        For an option, or an input, that cannot be used.

    Examples
    --------
    >>> from rate2spike.spiking.dendrites.synapses import Conv3dIdentitySynapse
    >>> tuple(Conv3dIdentitySynapse(3, 24, 2, seed=1).weight.shape)
    (2, 2, 2, 3, 24)
    """

    conn_class = Conv3dSynapseConn
