"""Networks by name, as in a configuration: `tcn-3x64x100`, `elm-20`, `conv-54,24,24-64`, `linear-80`."""

import re
from dataclasses import replace
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import shown
from rate2spike.errors import InputError, nearest
from rate2spike.spiking.neuron_as_net.architecture import PRESETS, ConvolutionalArchitecture, point_architecture
from rate2spike.spiking.neuron_as_net.ball_and_stick_fit import ball_and_stick_fit
from rate2spike.spiking.neuron_as_net.elm import ElmArchitecture
from rate2spike.spiking.neuron_as_net.heads import Head
from rate2spike.spiking.neuron_as_net.network import Architecture
from rate2spike.spiking.neuron_as_net.rivals import logistic_regression
from rate2spike.spiking.twin_study.cell_kinds import LAYER_5, POINT, STICKS

_BY_NUMBERS = ("elm-N", "conv-F,F,F-W", "linear-T")
_MANY_SYNAPSES = 450  # from here on a branch has as many as in the published ELM neuron


@public()
def named_architecture(
    name: str, n_synapses: int, n_excitatory: int, heads: tuple[Head, ...], kind: str = LAYER_5
) -> Architecture:
    """A network for a cell.

    Parameters
    ----------
    name : str
        One of `PRESETS`, such as 'tcn-3x64x100'; 'elm-20', an ELM neuron with 20 memory units; 'conv-54,24,24-64', causal
        convolutions of these lengths (ms) with 64 channels each, or as many widths as lengths, 'conv-45,1-128,64';
        'linear-80', a linear sum of the last 80 ms per output.
    n_synapses, n_excitatory : int
        Of the cell; the excitatory ones come first.
    heads : tuple of Head
        Outputs.
    kind : {'layer 5', 'point', 'AMPA_point', 'NMDA_cable'}, default 'layer 5'
        Kind of the cell: what its published networks are like, as to activations, normalisation and time constants.

    Returns
    -------
    ConvolutionalArchitecture or ElmArchitecture

    Raises
    ------
    InputError
        If there is no such network.

    Examples
    --------
    >>> from rate2spike.spiking.neuron_as_net.heads import layer_5_heads
    >>> from rate2spike.spiking.twin_study.architecture_names import named_architecture
    >>> named_architecture("conv-45,1-128,64", 1278, 639, layer_5_heads(0)).overview
    'FCN__DxWxT_2x96x45'
    """
    try:
        return _made(str(name), n_synapses, n_excitatory, heads, kind)
    except InputError as error:
        raise InputError(f"network {shown(name)}: {error}", "architectures") from None


def _made(name: str, n_synapses: int, n_excitatory: int, heads: tuple[Head, ...], kind: str) -> Architecture:
    lengths: tuple[int, ...]
    widths: tuple[int, ...]
    if name in PRESETS:
        lengths, width = PRESETS[name]
        widths = (width,)
    elif found := re.fullmatch(r"conv-(\d+(?:,\d+)*)-(\d+(?:,\d+)*)", name):
        lengths, widths = (tuple(map(int, text.split(","))) for text in found.groups())
    elif found := re.fullmatch(r"elm-(\d{1,5})", name):
        return _elm(int(found[1]), n_synapses, n_excitatory, heads, kind)
    elif found := re.fullmatch(r"linear-(\d{1,5})", name):
        return _linear(int(found[1]), n_synapses, heads, kind)
    else:
        known = (*PRESETS, *_BY_NUMBERS)
        raise InputError(
            f"there is none of that name{nearest(name, known)}; known are {', '.join(known)}", "architectures"
        )
    convolutional = _like_sticks if kind in STICKS else ConvolutionalArchitecture
    return convolutional(n_synapses, lengths, widths, heads=heads)


def _like_sticks(n_synapses: int, lengths: tuple, widths: tuple, heads: tuple[Head, ...]) -> ConvolutionalArchitecture:
    return ConvolutionalArchitecture(
        n_synapses,
        lengths,
        widths,
        ("leaky_gelu",),
        l2=(0.0,),
        initial_weights=("he_uniform",),
        normalisation="rms",
        heads=heads,
    )


def _linear(history_ms: int, n_synapses: int, heads: tuple[Head, ...], kind: str) -> ConvolutionalArchitecture:
    if kind == POINT and n_synapses and {head.name for head in heads} == {"spikes", "somatic"}:
        return point_architecture(n_synapses, history_ms)  # one unit for both outputs, as published
    return logistic_regression(n_synapses, history_ms, heads)


def _elm(n_memory: int, n_synapses: int, n_excitatory: int, heads: tuple[Head, ...], kind: str) -> ElmArchitecture:
    if kind in STICKS:
        network = ball_and_stick_fit(kind, n_memory=n_memory).architecture
        return replace(network, n_synapses=n_synapses, n_branches=n_synapses, heads=heads)
    shared: dict[str, Any] = {
        "n_synapses": n_synapses,
        "n_memory": n_memory,
        "n_excitatory": n_excitatory,
        "heads": heads,
    }
    if n_synapses >= _MANY_SYNAPSES:
        return ElmArchitecture(**shared, negative_inhibition=True)
    # of a cell with few synapses every one has a branch of its own, of either sign
    return ElmArchitecture(**shared, n_branches=n_synapses, n_per_branch=1, positive_synapses=False)
