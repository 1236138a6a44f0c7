"""Architectures, targets and settings as plain values for a file, and back."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from rate2spike.errors import InputError
from rate2spike.spiking.neuron_as_net.architecture import ConvolutionalArchitecture
from rate2spike.spiking.neuron_as_net.elm import ElmArchitecture
from rate2spike.spiking.neuron_as_net.heads import Head

_KINDS = {"convolutional": ConvolutionalArchitecture, "elm": ElmArchitecture}


def plain(record: Any) -> dict[str, Any]:
    """The fields of a record; tuples as lists, heads as dicts."""
    values = {item.name: getattr(record, item.name) for item in fields(record)}
    return {name: _plain_value(value) for name, value in values.items()}


def described(architecture: ConvolutionalArchitecture | ElmArchitecture) -> dict[str, Any]:
    """An architecture with its kind."""
    kind = next(name for name, known in _KINDS.items() if isinstance(architecture, known))
    return {"kind": kind, **plain(architecture)}


def architecture_of(values: Any) -> ConvolutionalArchitecture | ElmArchitecture:
    """The architecture that `described` gave. Raises InputError."""
    if not isinstance(values, Mapping) or values.get("kind") not in _KINDS:
        raise InputError(f"an architecture must be of a kind, {' or '.join(_KINDS)}")
    given = {name: value for name, value in values.items() if name != "kind"}
    try:
        given["heads"] = tuple(Head(**head) for head in given["heads"])
        return _KINDS[values["kind"]](**given)
    except (KeyError, TypeError) as error:
        raise InputError(f"this describes no architecture: {error}") from None


def _plain_value(value: Any) -> Any:
    if isinstance(value, Head):
        return plain(value)
    return [_plain_value(one) for one in value] if isinstance(value, tuple | list) else value
