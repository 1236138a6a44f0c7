"""What the options of the kit's layers mean, said once for all their docstrings."""

import inspect
from typing import TypeVar

from rate2spike.spiking.layers.documents import document

_PER_AXIS = "int or tuple of ints"
_BOUND = "float or array that broadcasts to the weight"
_STORE = "Whether {} is recorded"
_MEANINGS = {
    "conn": ("SynapseConn", "The connection"),
    "filter": ("SynapseFilter", "What follows the connection"),
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
    "compartment": ("DendCompartment", "The model of all compartments"),
    "wiring": ("DendWiring", "Which compartment receives current from which"),
    "dend": ("Dend", "The dendrite of every neuron"),
    "soma": ("Soma", "The soma of every neuron"),
    "soma_shape": (
        "sequence of ints",
        "How the neurons are arranged: [n] after a dense synapse, [C, H, W] or the like after a convolution",
    ),
    "f_da": ("function", "What a dendritic voltage contributes to the somatic input, element by element"),
    "tau": ("float", "Time constant in steps"),
    "decay_input": ("bool", "Whether the input is divided by tau"),
    "v_rest": ("float", "Voltage at rest, where it begins and what it decays to"),
    "f_dca": ("function or None", "The active component of the passive voltage, element by element; None: 0"),
    "coupling_strength": (
        "float or array that broadcasts to (n_compartment, n_compartment)",
        "Current per difference of voltages along each connection [from, to]",
    ),
    "coupling_strength_learnable": ("bool", "Whether it is trained"),
    "forward_strength": (
        "float or array (n_output,)",
        "Current into the soma per output compartment; a number is shared by all of them",
    ),
    "forward_strength_learnable": ("bool", "Whether it is trained"),
    "backward_strength": ("float or array (n_output,)", "What a spike adds to the voltage of each output compartment"),
    "backward_strength_learnable": ("bool", "Whether it is trained"),
    "v_threshold": ("float", "Voltage at and above which a soma spikes"),
    "v_reset": (
        "float or None",
        "Voltage after a spike, also that at rest; None: a spike subtracts v_threshold, and rest is 0",
    ),
    "surrogate_function": (
        "function of a voltage above threshold, or None",
        "Gives the spikes and their gradient; None: `SigmoidSurrogate(alpha=4.0)`",
    ),
    "v_critical": (
        "float",
        "Voltage beyond which a quadratic soma spikes without input, or at which the upstroke of an exponential one begins",
    ),
    "curvature": ("float", "Factor of the product of both distances, above 0"),
    "sharpness": ("float", "Voltage over which the upstroke grows e-fold, above 0"),
    "tau_adaptation": ("float", "Time constant of the adaptation in steps, from 1"),
    "adaptation": ("float", "What a spike adds to the adaptation, from 0"),
    "detach_reset": ("bool", "Whether the reset passes on no gradient"),
    "step_mode": ("str", "Whether a call is a step, 's', or a whole sequence, 'm'"),
    "backend": ("str or None", "Of no effect: where the published package has such an argument"),
    "store_v_seq": ("bool", _STORE.format("the voltage of every step of a sequence, `v_seq`,")),
    "store_vp_seq": ("bool", _STORE.format("the passive component of every step, `vp_seq`,")),
    "store_va_seq": ("bool", _STORE.format("the active component of every step, `va_seq`,")),
    "store_v_pre_spike": ("bool", _STORE.format("the voltage before the spike decision, `v_pre_spike`,")),
    "store_v_dend_seq": ("bool", _STORE.format("`v_dend_seq`, all compartments at the end of every step,")),
    "store_v_soma_seq": ("bool", _STORE.format("`v_soma_seq`, the soma at the end of every step,")),
    "store_v_dend_pre_spike": (
        "bool",
        _STORE.format("`v_dend_pre_spike`, all compartments before the spike decision,"),
    ),
    "store_v_soma_pre_spike": ("bool", _STORE.format("`v_soma_pre_spike`, the soma before the spike decision,")),
    "time_major": ("bool", "Whether sequences are (T, B, ...), or else (B, T, ...); recorders are always time first"),
    "name": ("str or None", "Name of the layer in Keras"),
    "trainable": ("bool", "Whether Keras trains what is learnable"),
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
