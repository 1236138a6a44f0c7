"""The five networks that are compared: their names, labels and layers, and the scales of their initial weights."""

from dataclasses import dataclass, field
from typing import Any

MEMORIZE, SHD = "memorize", "shd"
READOUT_SCALE = 7.0
N_CLASSES = {MEMORIZE: 2, SHD: 20}


@dataclass(frozen=True)
class Variant:
    """A kind of hidden layer. scales: of its initial weights, by task."""

    name: str  # as a setting names it
    label: str  # in tables and figures, as published
    layer: str  # in the façade
    scales: dict[str, float]
    options: dict[str, Any] = field(default_factory=dict)


VARIANTS = {
    one.name: one
    for one in (
        Variant("one_compartment", "One compartment", "OneCompartment", {MEMORIZE: 140.0, SHD: 3.0}),
        Variant("no_bap", "No BAP", "TwoCompartment", {MEMORIZE: 15.0, SHD: 0.5}),
        Variant("bap", "BAP", "TwoCompartment", {MEMORIZE: 15.0, SHD: 0.5}, {"backprop_gain": 0.5}),
        Variant("parallel", "Parallel subunits, no BAP", "ParallelSubunits", {MEMORIZE: 1.0, SHD: 0.02}),
        Variant(
            "prc",
            "Parallel subunits + BAP (full PRC model)",
            "ParallelSubunits",
            {MEMORIZE: 1.0, SHD: 0.02},
            {"backprop_gain": 0.05},
        ),
    )
}
