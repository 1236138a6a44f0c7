"""Arguments that take several names."""

from collections.abc import Iterable


def each_name(names: str | Iterable[str]) -> tuple[str, ...]:
    """The names given. One string is one name: as an iterable it would be its letters."""
    return (names,) if isinstance(names, str) else tuple(names)
