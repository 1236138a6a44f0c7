"""What a network says of a neuron: one head per quantity, each a product of the last hidden layer at the same time."""

from dataclasses import dataclass
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import ANY, NOT_NEGATIVE, several
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.options import check_options, not_default, option
from rate2spike.readable import Readable
from rate2spike.spiking.neuron_as_net.initial_values import constant, normal

SPIKES, SOMATIC, DENDRITIC, NEAR_SPIKES, RATE = "spikes", "somatic", "dendritic", "near_spikes", "rate"
LOSSES = ("crossentropy", "squared", "absolute")
_DENDRITIC_COMPONENTS = 20  # published, of the cell with NMDA receptors


@public()
@dataclass(frozen=True, repr=False)
class Head(Readable):
    """One output of a network.

    A head whose loss is the cross-entropy gives probabilities (by a logistic function), any other the sum itself.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> from rate2spike.spiking.neuron_as_net.heads import Head
    >>> Head("somatic", "squared", initial_sd=0.03)
    Head(name='somatic', loss='squared', initial_sd=0.03)
    """

    name: str = option("spikes", "name of the output, and of its layer", what="name of the head")
    loss: str = option("crossentropy", "what is made small", what="loss", choices=LOSSES)
    n_outputs: int = option(1, "numbers per millisecond", what="number of outputs")
    initial_sd: float = option(0.001, "SD of initial weights", what="initial SD", allowed=NOT_NEGATIVE)
    initial_mean: float = option(0.0, "their mean", what="initial mean", allowed=ANY)
    initial_bias: float = option(0.0, "initial bias", what="initial bias", allowed=ANY)
    l2: float = option(1e-8, "L2 penalty of weights", what="L2 penalty", allowed=NOT_NEGATIVE)

    def __post_init__(self) -> None:
        check_options(self)
        if not self.name.isidentifier():
            raise InputError(f"{{name}} must be one word of letters, got {self.name!r}", "name")

    def summary(self) -> dict[str, Any]:
        """Name and loss, and every other setting that is not the default."""
        return {"name": self.name, "loss": self.loss} | not_default(self)


def layer_5_heads(n_dendritic: int = _DENDRITIC_COMPONENTS, spike_bias: float = -2.0) -> tuple[Head, ...]:
    """Spikes, somatic voltage and, unless 0, principal components of dendritic voltages, as published for layer 5 cells.

    In short fits a spike_bias near the true log odds, -6.5 for 1 to 2 spikes per second, is better than the published -2,
    from which probabilities fall everywhere first, most where spikes are.
    """
    heads = (
        Head(SPIKES, "crossentropy", initial_sd=0.001, initial_bias=spike_bias),
        Head(SOMATIC, "squared", initial_sd=0.03),
    )
    return (*heads, Head(DENDRITIC, "squared", n_dendritic, initial_sd=0.05)) if n_dendritic else heads


def point_heads() -> tuple[Head, ...]:
    """Spikes and voltage of a point neuron.

    Weights of 0.05 and a bias of -7, not the published -2.5: from there the spike head takes the wrong sign at first.
    """
    return (
        Head(SPIKES, "crossentropy", initial_sd=0.0, initial_mean=0.05, initial_bias=-7.0),
        Head(SOMATIC, "squared", initial_sd=0.0, initial_mean=0.05),
    )


def ball_and_stick_heads(n_segments: int = 8) -> tuple[Head, ...]:
    """The five outputs of ball-and-stick twins: spikes, soma, near-spikes, rate, and the voltage of every segment."""
    sd = 0.05
    return (
        Head(SPIKES, "crossentropy", initial_sd=sd, initial_bias=-2.0),
        Head(SOMATIC, "absolute", initial_sd=sd),
        Head(NEAR_SPIKES, "crossentropy", initial_sd=sd, initial_bias=-2.0),
        Head(RATE, "squared", initial_sd=sd),
        Head(DENDRITIC, "absolute", n_segments, initial_sd=sd),
    )


def checked_heads(heads: Any) -> tuple[Head, ...]:
    """The heads. Raises InputError unless they are one or several of different names."""
    given = tuple(several(heads))
    if not given or not all(isinstance(one, Head) for one in given):
        raise InputError("{heads} must be one or several Head", "heads")
    names = [one.name for one in given]
    if len(set(names)) < len(names):
        raise InputError(f"{{heads}} must have different names, got {', '.join(names)}", "heads")
    return given


def outputs_of(heads: tuple[Head, ...], hidden: tf.Tensor, seed: int) -> dict[str, tf.Tensor]:
    """The outputs (B, T, n_outputs) by name, of the last hidden layer (B, T, N), each by a convolution over one step."""
    return {head.name: _layer(head, seed, k)(hidden) for k, head in enumerate(heads)}


def _layer(head: Head, seed: int, k: int) -> keras.layers.Layer:
    return keras.layers.Conv1D(
        head.n_outputs,
        1,
        activation="sigmoid" if head.loss == "crossentropy" else None,
        kernel_initializer=normal(head.initial_sd, seed, 1000 + k, head.initial_mean),
        bias_initializer=constant(head.initial_bias),
        kernel_regularizer=keras.regularizers.L2(head.l2) if head.l2 else None,
        name=head.name,
    )
