"""A twin of a neuron: architecture and Keras network, and how it takes input as events."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import several, shown
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.machine.tensorflow_device import set_threads
from rate2spike.readable import Readable, same
from rate2spike.seeding import resolve_seed
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.neuron_as_net.architecture import ConvolutionalArchitecture
from rate2spike.spiking.neuron_as_net.elm import ElmArchitecture
from rate2spike.spiking.neuron_as_net.elm_layers import elm_model
from rate2spike.spiking.neuron_as_net.event_batch import batch_of_windows
from rate2spike.spiking.neuron_as_net.sparse_first_layer import Columns, convolved_events
from rate2spike.spiking.neuron_as_net.tcn import after_first_layer, convolutional_model

Architecture = ConvolutionalArchitecture | ElmArchitecture
Outputs = dict[str, tf.Tensor]
_AT_ONCE = 16  # simulations


@public()
@dataclass(frozen=True, eq=False, repr=False)
class TwinNetwork(Readable):
    """A network that imitates a neuron.

    Parameters
    ----------
    architecture : ConvolutionalArchitecture or ElmArchitecture
        What it is made of.
    seed : int, default 0
        Of the initial weights.

    Attributes
    ----------
    model : keras.Model
        The network on dense input, (B, T, n_synapses) to a dict of outputs (B, T, n) by the names of the heads.

    Raises
    ------
    InputError
        For anything else than an architecture.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.events import SynapticEvents
    >>> from rate2spike.spiking.neuron_as_net.architecture import point_architecture
    >>> from rate2spike.spiking.neuron_as_net.network import TwinNetwork
    >>> network = TwinNetwork(point_architecture())
    >>> network
    TwinNetwork(overview='FCN__DxWxT_1x1x80', n_parameters=8005)
    >>> network.predict([SynapticEvents(100, 500, time_ms=[7], synapse=[3])])["spikes"].shape
    (1, 500, 1)
    """

    shown = ("overview", "n_parameters")

    architecture: Architecture
    seed: int = 0
    model: keras.Model = field(init=False)
    _rest: keras.Model = field(init=False, compare=False)
    _first: Callable[[Columns, int, int], tf.Tensor] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        seed = resolve_seed(self.seed)
        set_threads(tf)  # before the first variable, after which TensorFlow's threads stay as they are
        if isinstance(self.architecture, ConvolutionalArchitecture):
            model = convolutional_model(self.architecture, seed)
            first, start = _convolution_of_events, model.get_layer("layer_1")
        elif isinstance(self.architecture, ElmArchitecture):
            model = elm_model(self.architecture, seed)
            first, start = _branches_of_events, model.get_layer("synapses")
        else:
            raise InputError(
                f"{{architecture}} must be a ConvolutionalArchitecture or an ElmArchitecture, got {shown(self.architecture)}",
                "architecture",
            )
        # what comes after the first layer, with the same variables
        rest = after_first_layer(model, start.name)
        values = dict(seed=seed, model=model, _rest=rest, _first=lambda columns, *sizes: first(start, columns, *sizes))
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        """Whether architecture and all weights are the same."""
        if not isinstance(other, TwinNetwork):
            return NotImplemented
        return self.architecture == other.architecture and same(self.model.get_weights(), other.model.get_weights())

    __hash__ = None

    def __reduce__(self) -> tuple:
        return _with_weights, (self.architecture, self.seed, self.model.get_weights())

    @property
    def overview(self) -> str:
        """Kind and size in one word."""
        return self.architecture.overview

    @property
    def n_parameters(self) -> int:
        """Weights."""
        return self.architecture.n_parameters

    @public()
    def first_layer(self) -> np.ndarray:
        """The filters of the first convolution, on the synapses.

        Returns
        -------
        (filter_length_ms, n_synapses, n_filters) float32 array
            The oldest millisecond first.

        Raises
        ------
        InputError
            For a network without convolutions.

        Examples
        --------
        >>> from rate2spike.spiking.neuron_as_net.architecture import point_architecture
        >>> from rate2spike.spiking.neuron_as_net.network import TwinNetwork
        >>> TwinNetwork(point_architecture()).first_layer().shape
        (80, 100, 1)
        """
        if not isinstance(self.architecture, ConvolutionalArchitecture):
            raise InputError(f"{self.overview} has no filters on its synapses: an {self.architecture.kind} has none")
        return self.model.get_layer("layer_1").kernel.numpy()

    def outputs(self, columns: Columns, n_items: int, n_steps: int, training: bool = False) -> Outputs:
        """Outputs (n_items, n_steps, n) for events (item, time, synapse, weight), as the model's for dense input."""
        return self._rest(self._first(columns, n_items, n_steps), training=training)

    @public()
    def predict(self, events: SynapticEvents | Iterable[SynapticEvents]) -> dict[str, np.ndarray]:
        """What the network says of whole simulations, in one causal pass each.

        Parameters
        ----------
        events : SynapticEvents, or several
            The input of every simulation, all of one length.

        Returns
        -------
        dict of str to (n, duration_ms, n_outputs) float32 array
            By the name of the head: of spikes their probabilities.

        Raises
        ------
        InputError
            For input of another number of synapses, or of different lengths.

        Examples
        --------
        >>> from rate2spike.spiking.detailed_cells.events import SynapticEvents
        >>> from rate2spike.spiking.neuron_as_net.elm import ElmArchitecture
        >>> from rate2spike.spiking.neuron_as_net.network import TwinNetwork
        >>> network = TwinNetwork(ElmArchitecture())
        >>> network.predict([SynapticEvents(1278, 20, [1], [5])])["somatic"].shape
        (1, 20, 1)
        """
        given = several(events)
        self._check(given)
        parts = []
        for k in range(0, len(given), _AT_ONCE):
            group = given[k : k + _AT_ONCE]
            batch = batch_of_windows(group, [0] * len(group), group[0].duration_ms)
            columns = tuple(tf.constant(column) for column in batch.arrays)
            parts.append({name: one.numpy() for name, one in self.outputs(columns, *batch[4:]).items()})
        return {head.name: np.concatenate([part[head.name] for part in parts]) for head in self.architecture.heads}

    def _check(self, events: list[SynapticEvents]) -> None:
        if not events or not all(isinstance(one, SynapticEvents) for one in events):
            raise InputError("{events} must be one or several SynapticEvents", "events")
        n_synapses = {one.n_synapses for one in events}
        if n_synapses != {self.architecture.n_synapses}:
            raise InputError(
                f"{{events}} must be of {self.architecture.n_synapses} synapses, as the network; got {sorted(n_synapses)}",
                "events",
            )
        if len({one.duration_ms for one in events}) > 1:
            raise InputError("{events} must all have one duration_ms", "events")


def _with_weights(architecture: Architecture, seed: int, weights: list[np.ndarray]) -> TwinNetwork:
    network = TwinNetwork(architecture, seed)
    network.model.set_weights(weights)
    return network


def _convolution_of_events(layer: keras.layers.Layer, columns: Columns, n_items: int, n_steps: int) -> tf.Tensor:
    return convolved_events(columns, tf.convert_to_tensor(layer.kernel), n_items, n_steps) + layer.bias


def _branches_of_events(layer: keras.layers.Layer, columns: Columns, n_items: int, n_steps: int) -> tf.Tensor:
    return convolved_events(columns, layer.matrix()[None], n_items, n_steps)
