"""What the options of cells and layers mean, said once: `{parameters}` in their docstrings becomes a section of these."""

import inspect
import textwrap
from collections.abc import Mapping

Meanings = Mapping[str, tuple[str, str]]  # option -> (type, meaning)

_TIME = "float, sequence of N floats, or tuple (low, high)"
_RATE = "Assumed rate of {} in Hz, for the initial weights only"
_MEANINGS = {
    "units": ("int", "Number N of units"),
    "tau_ms": (
        _TIME,
        "Membrane time constant τ in ms: one for all, one per unit, or a range from which every unit draws its own",
    ),
    "tau_adaptation_ms": (_TIME, "Time constant τ_b of the adaptive threshold in ms, given like tau_ms"),
    "tau_soma_ms": (
        _TIME,
        "Time constant τ_s of the soma in ms: one for all, one per unit, or a range from which every unit draws its own",
    ),
    "tau_apical_ms": (_TIME, "Time constant τ_a of the apical compartment in ms, given like tau_soma_ms"),
    "dt_ms": ("float", "Duration of a time step in ms"),
    "input_rate_hz": ("float", _RATE.format("each input")),
    "rate_soma_hz": ("float", _RATE.format("each sensory input")),
    "rate_apical_hz": ("float", _RATE.format("each context input")),
    "threshold": ("float", "Potential θ above which a unit spikes; it has no unit"),
    "threshold_increment": (
        "float",
        "How much higher (gamma) the threshold of an entirely adapted unit is; it has no unit",
    ),
    "surrogate": ("str", "Form of the surrogate gradient: triangle, super, gaussian, or sigmoid"),
    "surrogate_scale": (
        "float",
        "Scale a of the surrogate gradient: a height, a variance, or a slope; see `surrogates`",
    ),
    "reset": ("str", "What a spike does to the potential: subtraction (of θ), zero, or none"),
    "interaction": ("str", "How soma and apex act together, F: relu_mult, tanh_mult, add, relu_add, or tanh_add"),
    "use_bias": ("bool", "Whether every unit has a trained bias current"),
    "recurrent": ("bool", "Whether the units drive each other; none drives itself"),
    "recurrent_soma": ("bool", "Whether the units drive each other's somata; none drives itself"),
    "recurrent_apical": ("bool", "Whether the units drive each other's apical compartments; none drives itself"),
    "n_context": ("int or None", "Number C of context inputs, where both inputs come side by side as one"),
    "backprop_gain": ("float", "What a spike adds to the dendrite (g), from 0; it has no unit"),
    "tau_mem_ms": ("float", "Membrane time constant in ms"),
    "tau_syn_ms": ("float", "Time constant of the synaptic filters in ms"),
    "tau_dendrite_ms": ("float or None", "Time constant of the dendritic filter in ms; None: tau_mem_ms, as published"),
    "tau_na_ms": ("float", "Time constant of the sodium filter in ms"),
    "tau_ca_ms": ("float", "Time constant of the calcium filter in ms"),
    "tau_nmda_ms": ("float", "Time constant of the NMDA filter in ms"),
    **{
        f"{stage}_{part}": ("float", meaning.format(what))
        for stage, what in (
            ("dendrite", "the dendritic stage"),
            ("na", "the sodium stage"),
            ("ca", "the calcium stage"),
            ("nmda", "the NMDA stage"),
        )
        for part, meaning in (
            ("gain", "Height of the sigmoid of {}, from 0"),
            ("threshold", "Middle of the sigmoid of {}"),
            ("slope", "Slope of the sigmoid of {}: it multiplies"),
        )
    },
    "reset_strength": ("float", "What a spike subtracts from the potential (R), from 0"),
    "refractory_ms": ("float", "How long in ms a unit cannot spike after a spike; 0, as published: not at all"),
    "initial_scale": (
        "float",
        "Scale of the initial weights: their SD is scale (1 - exp(-dt/tau_mem)) / sqrt(I), as published",
    ),
    "balanced": (
        "bool",
        "Whether the initial weights sum to 0 over the inputs and over the units, with the same SD, so that every unit has "
        "inputs that excite it and every input units that it excites; published: no",
    ),
    "normalize": (
        "bool",
        "Whether every filter has the gain 1 for a constant input, by a factor on its input; published: no",
    ),
    "trainable_tau": ("bool", "Whether time constants are trained, one per unit; published: no"),
    "trainable_gain": ("bool", "Whether the gains of stages and the backprop gain are trained; published: no"),
    "seed": ("int or None", "Decides the initial weights and all that is drawn; None: drawn by the operating system"),
    "recompute": (
        "bool",
        "Keep the states of every tenth step only for the backward pass: less memory, more time, the same numbers",
    ),
    "input_gradient": ("bool", "Whether the inputs get a gradient; False for data saves time and memory"),
    "name": ("str or None", "Name of the layer in Keras"),
    "trainable": ("bool", "Whether Keras trains the weights"),
    "dtype": ("str, policy or None", "Dtype policy of Keras: float64 is followed, all others compute in float32"),
    "activity_regularizer": ("regularizer or None", "Penalty on the spikes, such as `SpikeRateRegularizer`"),
}


def document(kind: type, signature: inspect.Signature, meanings: Meanings = _MEANINGS) -> None:
    """Write the section into the docstring of a class."""
    if kind.__doc__ and "{parameters}" in kind.__doc__:
        kind.__doc__ = inspect.cleandoc(kind.__doc__).replace("{parameters}", _parameters(signature, meanings))


def _parameters(signature: inspect.Signature, meanings: Meanings) -> str:
    entries = [_entry(item, *meanings[item.name]) for item in signature.parameters.values() if item.name in meanings]
    return "\n".join(["Parameters", "----------", *entries])


def _entry(item: inspect.Parameter, type_text: str, meaning: str) -> str:
    default = "" if item.default is item.empty else f", default {item.default!r}"
    return f"{item.name} : {type_text}{default}\n{textwrap.indent(textwrap.fill(meaning + '.', 100), '    ')}"
