"""A convolutional network that imitates a neuron, as lists: filter lengths, widths, activations, initial weights."""

from dataclasses import dataclass, field
from numbers import Real
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import NOT_NEGATIVE, choice, number, shown, whole_number
from rate2spike.errors import InputError
from rate2spike.readable import Readable
from rate2spike.spiking.neuron_as_net.activations import ACTIVATIONS
from rate2spike.spiking.neuron_as_net.heads import Head, ball_and_stick_heads, checked_heads, layer_5_heads, point_heads
from rate2spike.spiking.neuron_as_net.initial_values import named

NORMALISATIONS = ("batch", "rms", "none")
MOST_LAYERS = 100


@public()
@dataclass(frozen=True, eq=False, repr=False)
class ConvolutionalArchitecture(Readable):
    """Causal convolutions over time, one after the other, and heads.

    What is given per layer is a list, or one value for all layers. Layer k is a causal convolution, its activation, and batch
    normalisation, in this order; with normalisation 'rms' the root mean square of the channels is normalised between
    convolution and activation, as in the twins of ball-and-stick cells.

    Parameters
    ----------
    n_synapses : int, default 1278
        Inputs, excitatory ones first.
    filter_lengths_ms : list of int, default (54, 24, 24)
        Milliseconds that the filters of each layer see. As long as this list is, so many layers there are.
    widths : int, or list of int, default 64
        Channels per layer.
    activations : str, or list of str, default 'relu'
        'relu', 'linear', 'lrelu' (slope 0.25 below 0), 'tanh', or 'leaky_gelu'.
    l2 : float, or list of float, default 1e-8
        L2 penalty of the filters.
    initial_weights : float or str, or list of these, default 0.002
        Standard deviation of initial filters (normal, cut at two of them), or the name of an initialiser of Keras.
    initial_bias : float, default 0
        Of every layer.
    normalisation : {'batch', 'rms', 'none'}, default 'batch'
        See above.
    heads : tuple of Head, default spikes, somatic, and 20 dendritic components
        Outputs.

    Attributes
    ----------
    depth : int
        Layers.
    history_ms : int
        How many of the last milliseconds an output depends on, 1 + sum(f - 1).
    average_width : int
        Mean of the widths, rounded down.
    kind : str
        'FCN' (fully connected) where all filters after the first one see one millisecond, else 'TCN'.
    overview : str
        Such as 'TCN__DxWxT_3x64x100'.

    Raises
    ------
    InputError
        If a value cannot be used, or lists are of different lengths.

    References
    ----------
    .. [1] D. Beniaguev, I. Segev & M. London (2021). Single cortical neurons as deep artificial neural networks.
           Neuron 109:2727-2739.

    Examples
    --------
    >>> from rate2spike.spiking.neuron_as_net.architecture import ConvolutionalArchitecture
    >>> ConvolutionalArchitecture(filter_lengths_ms=[45, 1], widths=128)
    ConvolutionalArchitecture(overview='FCN__DxWxT_2x128x45', n_synapses=1278, n_parameters=7381782)
    """

    shown = ("overview", "n_synapses", "n_parameters")

    n_synapses: int = 1278
    filter_lengths_ms: tuple[int, ...] = (54, 24, 24)
    widths: tuple[int, ...] = (64,)  # here and below one value may stand for all layers
    activations: tuple[str, ...] = ("relu",)
    l2: tuple[float, ...] = (1e-8,)
    initial_weights: tuple[float | str, ...] = (0.002,)
    initial_bias: float = 0.0
    normalisation: str = "batch"
    heads: tuple[Head, ...] = field(default_factory=layer_5_heads)

    def __post_init__(self) -> None:
        values = dict(
            n_synapses=whole_number(self.n_synapses, "{n_synapses}", "n_synapses", least=1),
            filter_lengths_ms=self._lengths(),
            widths=self._each("widths", lambda one: whole_number(one, "a width", "widths", least=1)),
            activations=self._each("activations", lambda one: choice(one, "activation", "activations", ACTIVATIONS)),
            l2=self._each("l2", lambda one: number(one, "an L2 penalty", "l2", NOT_NEGATIVE)),
            initial_weights=self._each("initial_weights", _initial),
            initial_bias=number(self.initial_bias, "{initial_bias}", "initial_bias"),
            normalisation=choice(self.normalisation, "normalisation", "normalisation", NORMALISATIONS),
            heads=checked_heads(self.heads),
        )
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.filter_lengths_ms)

    @property
    def history_ms(self) -> int:
        """How many of the last milliseconds an output depends on."""
        return 1 + sum(length - 1 for length in self.filter_lengths_ms)

    @property
    def average_width(self) -> int:
        """Mean of the widths, rounded down."""
        return sum(self.widths) // self.depth

    @property
    def kind(self) -> str:
        """FCN or TCN."""
        return "FCN" if all(length == 1 for length in self.filter_lengths_ms[1:]) else "TCN"

    @property
    def overview(self) -> str:
        """Kind, depth, width and history in one word, as in the names of published files."""
        return f"{self.kind}__DxWxT_{self.depth}x{self.average_width}x{self.history_ms}"

    @property
    def n_parameters(self) -> int:
        """Weights of the network, with the moving statistics of its batch normalisations."""
        per_channel = {"batch": 5, "rms": 2, "none": 1}[self.normalisation]  # the bias is one of them
        n_in, total = self.n_synapses, 0
        for length, width in zip(self.filter_lengths_ms, self.widths, strict=True):
            total += width * (length * n_in + per_channel)
            n_in = width
        return total + (n_in + 1) * sum(head.n_outputs for head in self.heads)

    def _lengths(self) -> tuple[int, ...]:
        lengths = _listed(self.filter_lengths_ms)
        if not 1 <= len(lengths) <= MOST_LAYERS:
            raise InputError(
                f"{{filter_lengths_ms}} must be a list of 1 to {MOST_LAYERS} lengths, got {len(lengths)}",
                "filter_lengths_ms",
            )
        return tuple(whole_number(one, "a filter's length", "filter_lengths_ms", least=1) for one in lengths)

    def _each(self, name: str, checked: Any) -> tuple:
        """The value of every layer. Raises InputError."""
        given, depth = _listed(getattr(self, name)), len(_listed(self.filter_lengths_ms))
        if len(given) not in (1, depth):
            raise InputError(
                f"{{{name}}} must be one for all layers, or as many as {{filter_lengths_ms}}, {depth}; got {len(given)}",
                name,
                "filter_lengths_ms",
            )
        return tuple(checked(one) for one in (given * depth if len(given) == 1 else given))


def point_architecture(n_synapses: int = 100, filter_length_ms: int = 80) -> ConvolutionalArchitecture:
    """The twin of an integrate-and-fire cell: one linear unit."""
    return ConvolutionalArchitecture(
        n_synapses,
        (filter_length_ms,),
        (1,),
        ("linear",),
        initial_weights=(0.25,),
        initial_bias=0.1,
        normalisation="none",
        heads=point_heads(),
    )


def ball_and_stick_architecture(
    depth: int = 4, width: int = 32, filter_length_ms: int = 41, n_segments: int = 8
) -> ConvolutionalArchitecture:
    """The twin of a ball-and-stick cell: a first layer and `depth` more, all of one width and filter length."""
    return ConvolutionalArchitecture(
        2 * n_segments,
        (filter_length_ms,) * (depth + 1),
        (width,),
        ("leaky_gelu",),
        l2=(0.0,),
        initial_weights=("he_uniform",),
        normalisation="rms",
        heads=ball_and_stick_heads(n_segments),
    )


# published and tried architectures: filter lengths and width of each; 30 dendritic components go with AMPA, 20 with NMDA
PRESETS: dict[str, tuple[tuple[int, ...], int]] = {
    "default": ((54, 24, 24), 64),
    "fcn-1x128x43": ((43,), 128),
    "fcn-1x128x46": ((46,), 128),
    "fcn-1x128x110": ((110,), 128),
    "fcn-2x128x45": ((45, 1), 128),
    "fcn-3x256x25": ((25, 1, 1), 256),
    "tcn-2x8x79": ((40,) * 2, 8),
    "tcn-3x8x58": ((20,) * 3, 8),
    "tcn-3x64x100": ((54, 24, 24), 64),
    "tcn-4x128x61": ((16,) * 4, 128),
    "tcn-4x64x120": ((54, 23, 23, 23), 64),
    "tcn-5x256x46": ((10,) * 5, 256),
    "tcn-6x128x73": ((13,) * 6, 128),
    "tcn-7x128x239": ((35,) * 7, 128),
    "tcn-7x128x153": ((45, *(19,) * 6), 128),
    "tcn-7x256x120": ((54, *(12,) * 6), 256),
    "tcn-8x256x257": ((33,) * 8, 256),
}


@public()
def preset(name: str, n_synapses: int = 1278, n_dendritic: int = 20) -> ConvolutionalArchitecture:
    """A published architecture of the layer-5 cell's twins.

    Parameters
    ----------
    name : str
        Such as 'fcn-1x128x43', 'tcn-3x64x100', 'tcn-4x64x120', 'tcn-7x128x153': kind, layers x width x history in ms.
    n_synapses : int, default 1278
        Inputs.
    n_dendritic : int, default 20
        Components of dendritic voltages; 0: no dendritic head. The published fits of cells without NMDA receptors have 30.

    Returns
    -------
    ConvolutionalArchitecture

    Raises
    ------
    InputError
        If there is no such architecture.

    Examples
    --------
    >>> from rate2spike.spiking.neuron_as_net.architecture import preset
    >>> preset("tcn-7x128x153").n_parameters
    9236374
    """
    lengths, width = PRESETS[choice(name, "architecture", "name", PRESETS)]
    n_dendritic = whole_number(n_dendritic, "{n_dendritic}", "n_dendritic", least=0)
    return ConvolutionalArchitecture(n_synapses, lengths, (width,), heads=layer_5_heads(n_dendritic))


def _listed(value: Any) -> tuple:
    if isinstance(value, str | Real):
        return (value,)
    try:
        return tuple(value)
    except TypeError:
        return (value,)


def _initial(value: Any) -> float | str:
    if isinstance(value, str):
        named(value)
        return value
    if not isinstance(value, Real) or isinstance(value, bool):
        raise InputError(
            f"{{initial_weights}} must be standard deviations or names, got {shown(value)}", "initial_weights"
        )
    return number(value, "{initial_weights}", "initial_weights", NOT_NEGATIVE)
