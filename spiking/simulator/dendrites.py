"""The dendrites of a spiking network: whether they fit its units."""

from typing import Any

import numpy as np

from rate2spike.checks import choice, number, shown, whole_number
from rate2spike.dendritic_input import KINDS, DendriticInput
from rate2spike.errors import InputError


def check_dendrites(dendrites: Any, n_units: int) -> None:
    """Raise InputError unless these are dendrites of that many units."""
    if not isinstance(dendrites, DendriticInput):
        raise InputError(f"{{dendrites}} must be a DendriticInput or None, got {shown(dendrites)}", "dendrites")
    choice(dendrites.kind, "kind of dendrites", "kind", KINDS)
    n_compartments = whole_number(dendrites.n_compartments, "the number of compartments", "n_compartments")
    for name in ("gain", "threshold", "slope"):
        number(getattr(dendrites, name), f"the {name} of dendrites", name)
    ends = np.asarray(dendrites.compartment)
    if ends.shape != (n_units, n_units) or ends.dtype.kind not in "iu":
        shape = " x ".join(map(str, ends.shape)) or "one"
        raise InputError(
            f"{{compartment}} must be {n_units} x {n_units} whole numbers, one per connection; got {shape} of {ends.dtype}",
            "compartment",
        )
    if ends.size and not 0 <= ends.min() <= ends.max() < n_compartments:
        raise InputError(
            f"{{compartment}} must be from 0 to {n_compartments - 1}, got {ends.min()} to {ends.max()}", "compartment"
        )
