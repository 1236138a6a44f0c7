"""Cell types: names, shares and which type may connect to which (PV, SOM, VIP, ...). NumPy only."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rate2spike.checks import FRACTION, each_name, number, shown
from rate2spike.errors import InputError
from rate2spike.io.toml_file import read_toml
from rate2spike.readable import Readable

SOM = "SOM"


@dataclass(frozen=True, repr=False)
class CellTypes(Readable):
    """Types of a network with Dale's principle. Raises InputError if the parts do not fit.

    The published SOM rule is one instance: names PYR, PV, SOM with allowed[SOM] = (True, False, False).

    Parameters
    ----------
    names : tuple of str
        One per type.
    shares : tuple of float
        Of all units; they add up to 1.
    inhibitory : tuple of bool
        The sign of each type.
    allowed : tuple of tuple of bool
        Which may connect to which, [target type][source type].
    """

    names: tuple[str, ...]
    shares: tuple[float, ...]  # of all units; they add up to 1
    inhibitory: tuple[bool, ...]
    allowed: tuple[tuple[bool, ...], ...]  # [target type][source type]

    def __post_init__(self) -> None:
        for field in ("names", "shares", "inhibitory", "allowed"):
            _check_several(getattr(self, field), field)
        object.__setattr__(self, "names", each_name(self.names))
        for share in self.shares:
            number(share, "a share of cell types", "cell_types", FRACTION)
        n = len(self.names)
        for field, value in (("shares", self.shares), ("inhibitory", self.inhibitory), ("allowed", self.allowed)):
            if len(value) != n:
                raise InputError(
                    f"cell types: {field} must have {n} entries, one per name, got {len(value)}", "cell_types"
                )
        for name, row in zip(self.names, self.allowed, strict=True):
            _check_several(row, f"the row of {name} in allowed")
            if len(row) != n:
                raise InputError(
                    f"cell types: the row of {name} in allowed must have {n} entries, got {len(row)}", "cell_types"
                )
        if n == 0 or len(set(self.names)) != n or any(not name or "," in name for name in self.names):
            raise InputError(
                f"cell types: names must differ and hold no comma, got {', '.join(self.names)}", "cell_types"
            )
        if any(not share >= 0 for share in self.shares) or abs(sum(self.shares) - 1) > 1e-6:
            raise InputError(
                f"cell types: shares must add up to 1, got {' + '.join(map(str, self.shares))}", "cell_types"
            )

    @classmethod
    def from_table(cls, table: Mapping[str, Any], source: str) -> "CellTypes":
        """From a TOML table with the fields of this class. Raises InputError naming `source`."""
        fields = ("names", "shares", "inhibitory", "allowed")
        if set(table) != set(fields):
            raise InputError(
                f"{source}: cell types need exactly {', '.join(fields)}, got {', '.join(table) or 'nothing'}"
            )
        try:
            names = tuple(str(name) for name in each_name(table["names"]))
            shares = tuple(float(share) for share in table["shares"])
            inhibitory = tuple(_flag(flag) for flag in table["inhibitory"])
            allowed = tuple(tuple(_flag(entry) for entry in row) for row in table["allowed"])
        except (TypeError, ValueError):
            raise InputError(
                f"{source}: names must be a list of texts, shares of numbers, inhibitory of true or false, "
                "allowed a list of such lists"
            ) from None
        return cls(names, shares, inhibitory, allowed)

    @classmethod
    def from_file(cls, path: Path) -> "CellTypes":
        """From a TOML file: its table `cell_types`, or the whole of it. Raises InputError."""
        content = read_toml(path)
        return cls.from_table(content.get("cell_types", content), str(path))

    @classmethod
    def of(cls, value: Any) -> "CellTypes":
        """Types as they are, or from a table of them. Raises InputError."""
        if isinstance(value, Mapping):
            return cls.from_table(value, "cell_types")
        if not isinstance(value, cls):
            raise InputError(f"cell types must be CellTypes or a table of them, got {value!r}", "cell_types")
        return value

    def as_table(self) -> dict[str, Any]:
        """Plain lists, for a TOML file."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    def counts(self, n_units: int) -> np.ndarray:
        """Units of each type: the shares rounded so that they add up to n_units."""
        exact = np.asarray(self.shares) * n_units
        counts = np.floor(exact + 1e-9).astype(int)
        largest_remainders = np.argsort(counts - exact, kind="stable")[: n_units - counts.sum()]
        counts[largest_remainders] += 1
        return counts

    def draw(self, n_units: int, rng: np.random.Generator) -> np.ndarray:
        """(n_units,) index of each unit's type.

        Which units are inhibitory is drawn; among these SOM units come first, as in the historic files.
        """
        counts = self.counts(n_units)
        is_inhibitory = rng.permutation(np.repeat(np.asarray(self.inhibitory), counts))
        order = sorted(range(len(self.names)), key=lambda k: self.names[k].upper() != SOM)
        types = np.empty(n_units, dtype=int)
        for inhibitory in (False, True):
            members = [k for k in order if self.inhibitory[k] == inhibitory]
            types[is_inhibitory == inhibitory] = np.repeat(members, counts[members]) if members else 0
        return types

    def mask(self, types: np.ndarray) -> np.ndarray:
        """(N, N) ones where a connection is allowed, [target, source]."""
        return np.asarray(self.allowed, dtype=float)[np.ix_(types, types)]


def _check_several(values: Any, what: str) -> None:
    if not isinstance(values, Iterable):
        raise InputError(f"cell types: {what} must be several values, got {shown(values)}", "cell_types")


def _flag(value: Any) -> bool:
    if value not in (0, 1) or isinstance(value, str):
        raise ValueError
    return bool(value)


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
