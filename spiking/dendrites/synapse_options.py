"""What the options of connections, filters and synapses mean, said once for all their docstrings."""

import inspect
from typing import TypeVar

from rate2spike.spiking.layers.documents import document

_PER_AXIS = "int or tuple of ints"
_BOUND = "float or array that broadcasts to the weight"
_MEANINGS = {
    "conn": ("SynapseConn", "The connection"),
    "filter": ("SynapseFilter", "What follows the connection"),
    "tau": ("float", "Time constant in steps, above 1"),
    "in_features": ("int", "Number of inputs"),
    "out_features": ("int", "Number of outputs"),
    "in_channels": ("int", "Number of channels of the input"),
    "out_channels": ("int", "Number of channels of the output"),
    "kernel_size": (_PER_AXIS, "Length of the kernel along every axis, or along each"),
    "stride": (_PER_AXIS, "Steps from one place of the kernel to the next"),
    "padding": (
        f"{_PER_AXIS}, or str",
        "Zeros on both sides of every axis; 'valid': none, 'same': as many as keep the length, for a stride of 1",
    ),
    "dilation": (_PER_AXIS, "Distance between neighbouring entries of the kernel"),
    "groups": ("int", "Groups of channels, each connected to its own share of the outputs alone; divides both numbers"),
    "bias": ("bool", "Whether there is a trained bias"),
    "padding_mode": ("str", "Only 'zeros'"),
    "init_sparsity": ("float", "Share of the outputs, from 0 to 1, that every input is not connected to"),
    "wmin": (_BOUND, "Lower bound of the weight, which holds from the start and after every update"),
    "wmax": (_BOUND, "Upper bound, likewise"),
    "seed": ("int or None", "Decides the initial weights and the mask; None: drawn by the operating system"),
    "step_mode": ("str", "Whether a call is a step, 's', or a whole sequence, 'm'"),
    "time_major": ("bool", "Whether sequences are (T, B, ...), or else (B, T, ...)"),
    "name": ("str or None", "Name of the layer in Keras"),
    "trainable": ("bool", "Whether Keras trains the weights"),
    "dtype": (
        "str, policy or None",
        "Dtype policy of Keras for the weights; what is computed has the dtype of the input",
    ),
}

Kind = TypeVar("Kind", bound=type)


def documented(kind: Kind) -> Kind:
    """Decorator of a class: `{parameters}` in its docstring becomes the section of its options."""
    document(kind, inspect.signature(kind.__init__), _MEANINGS)  # type: ignore[misc]
    return kind
