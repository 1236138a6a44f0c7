"""Simple rivals of the deep twins, as architectures: logistic regression on the last milliseconds, and one hidden layer."""

from rate2spike.spiking.neuron_as_net.architecture import ConvolutionalArchitecture
from rate2spike.spiking.neuron_as_net.heads import Head, layer_5_heads


def logistic_regression(
    n_synapses: int = 1278, history_ms: int = 80, heads: tuple[Head, ...] | None = None
) -> ConvolutionalArchitecture:
    """A linear sum of the last history_ms per output: of spikes a logistic regression, of voltages a linear one.

    There are as many linear units as outputs, so that no output shares its filter with another.
    """
    heads = layer_5_heads(0) if heads is None else heads
    n_outputs = sum(head.n_outputs for head in heads)
    return ConvolutionalArchitecture(
        n_synapses, (history_ms,), (n_outputs,), ("linear",), normalisation="none", heads=heads
    )


def one_hidden_layer(
    n_synapses: int = 1278, width: int = 128, history_ms: int = 43, heads: tuple[Head, ...] | None = None
) -> ConvolutionalArchitecture:
    """One layer of relu units on the last history_ms."""
    heads = layer_5_heads(0) if heads is None else heads
    return ConvolutionalArchitecture(n_synapses, (history_ms,), (width,), heads=heads)
