"""Options of layers that can be changed later: checked whenever they are set, and part of the configuration."""

from collections.abc import Callable
from typing import Any

from rate2spike.checks import true_or_false


class Checked:
    """An attribute of a layer. check: (value, name) -> the value as it is kept; raises InputError."""

    def __init__(self, check: Callable[[Any, str], Any]):
        self._check = check

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, layer: Any, kind: type | None = None) -> Any:
        return self if layer is None else held(layer, self._name)

    def __set__(self, layer: Any, value: Any) -> None:
        vars(layer)[self._name] = self._check(value, self._name)


def held(layer: Any, name: str) -> Any:
    """An attribute's value. Keras asks for it before it is set."""
    if name not in vars(layer):
        raise AttributeError(f"{type(layer).__name__} has no {name} yet", name=name, obj=layer)
    return vars(layer)[name]


def options_of(layer: Any, kind: type) -> dict[str, Any]:
    """Options of a kind, by name."""
    return {
        name: getattr(layer, name)
        for owner in reversed(type(layer).__mro__)
        for name, item in vars(owner).items()
        if isinstance(item, kind)
    }


def flag(value: Any, name: str) -> bool:
    """True or false. Raises InputError."""
    return true_or_false(value, f"{{{name}}}", name)
