"""Dendrites in a model file: the variables that say them, `r2s_dendrites` first, and the record they make."""

from typing import Any

import numpy as np

from rate2spike.checks import ANY, NOT_NEGATIVE, POSITIVE, Range, choice, number, whole_number
from rate2spike.dendritic_input import KINDS, DendriticInput
from rate2spike.errors import InputError, ModelFileError

_KIND = "dendrites"  # without it there are none, whatever else the settings hold
_NAMES = (_KIND, "n_compartments", "dendrite_gain", "dendrite_threshold", "dendrite_slope", "compartment")


def dendrite_settings(dendrites: DendriticInput) -> dict[str, Any]:
    """What a file holds of them; the compartments are counted from 1, as MATLAB counts."""
    return {
        _KIND: dendrites.kind,
        "n_compartments": float(dendrites.n_compartments),
        "dendrite_gain": float(dendrites.gain),
        "dendrite_threshold": float(dendrites.threshold),
        "dendrite_slope": float(dendrites.slope),
        "compartment": dendrites.compartment + 1.0,
    }


def dendrites_of_file(settings: dict[str, Any], n_units: int, source: str) -> DendriticInput | None:
    """The dendrites that the settings of a file tell, taken out of these; None if there are none.

    Raises ModelFileError for those that cannot be used: without them it would be another network.
    """
    if _KIND not in settings:
        return None
    missing = [name for name in _NAMES if name not in settings]
    if missing:
        raise ModelFileError(f"{source}: r2s_{_KIND} needs r2s_{missing[0]}, which is missing")
    try:
        return _record({name: _scalar(settings.pop(name)) for name in _NAMES}, n_units)
    except InputError as error:
        raise ModelFileError(f"{source}: {error}") from None


def _scalar(value: Any) -> Any:
    """A number of one element as such, of whatever class MATLAB saved it."""
    is_number = isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "fiu"
    return value.item() if is_number else value


def _record(values: dict[str, Any], n_units: int) -> DendriticInput:
    n_compartments = whole_number(values["n_compartments"], *_named("n_compartments"))
    where = np.asarray(values["compartment"])
    is_known = where.dtype.kind in "fiu" and where.size == n_units**2
    if not is_known or not np.isin(where, np.arange(1, n_compartments + 1)).all():
        what = f"{n_units} x {n_units} whole numbers from 1 to {n_compartments}"
        raise InputError(f"r2s_compartment must be {what}")
    return DendriticInput(
        kind=choice(values[_KIND], *_named(_KIND), KINDS),
        n_compartments=n_compartments,
        compartment=where.reshape(n_units, n_units).astype(np.int64) - 1,
        gain=_number(values, "dendrite_gain", NOT_NEGATIVE),
        threshold=_number(values, "dendrite_threshold", ANY),
        slope=_number(values, "dendrite_slope", POSITIVE),
    )


def _number(values: dict[str, Any], name: str, allowed: Range) -> float:
    return number(values[name], *_named(name), allowed)


def _named(name: str) -> tuple[str, str]:
    """How a message names a variable, and what it is about."""
    return f"{{r2s_{name}}}", f"r2s_{name}"
