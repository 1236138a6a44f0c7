"""Results of engines.py: one row per study, engine and quantity, with the range of the runs."""

import csv
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Row:
    """A result."""

    study: str
    engine: str
    quantity: str
    low: float
    median: float
    high: float
    runs: int
    n_units: int = 0
    p_connected: float = 0.0
    target_hz: float = 0.0
    cores: int = 1
    trials: int = 1


def row_of(study: str, engine: str, quantity: str, values: Iterable[float], **about: float) -> Row:
    """A result from its values."""
    values = sorted(values)
    numbers = (float(f"{value:.4g}") for value in (values[0], median(values), values[-1]))
    return Row(study, engine, quantity, *numbers, len(values), **about)


def write(rows: list[Row], path: Path) -> None:
    """As .csv."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [one.name for one in fields(Row)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def read(path: Path) -> list[Row]:
    """What `write` has written."""
    with path.open(newline="", encoding="utf-8") as file:
        return [Row(**{one.name: one.type(row[one.name]) for one in fields(Row)}) for row in csv.DictReader(file)]
