"""What users hold can be read: `Readable` gives a record one line, a small table for notebooks, equality by value, a dict.

    @dataclass(frozen=True, eq=False, repr=False)
    class SearchResult(Readable):
        shown = ("task", "best_factor", "best_accuracy")  # fields and properties that matter, in order
        ...
        def plot(self, ax=None):
            return draw("spiking.search.plots:accuracy_over_factor", self, ax)

A record names the function that draws it by its place, so that data imports no matplotlib until somebody draws.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.sparse import issparse

from rate2spike.extras import imported

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

LONGEST_LINE = 200  # letters of a repr
_MOST_ITEMS = 4  # of a tuple or dict that are shown one by one
_UNITS = {"_s": "s", "_ms": "ms", "_mv": "mV", "_hz": "Hz"}  # by the end of a name


class Readable:
    """A record (a dataclass with eq=False, repr=False) that users hold."""

    shown: ClassVar[
        tuple[str, ...]
    ] = ()  # fields and properties that say what matters; none: all fields with repr=True
    historic: ClassVar[str] = ""  # "room.module:NAMES": what fields are called in MATLAB, by their name here

    def summary(self) -> dict[str, Any]:
        """What `repr` and the table in a notebook show: names and values. What is None is left out."""
        names = self.shown or tuple(item.name for item in _fields(self) if item.repr)
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}

    if not TYPE_CHECKING:  # to a type checker, what is not declared is not there

        def __getattr__(self, name: str) -> Any:
            """Called for what is not there: says what a name of MATLAB is called here."""
            hint = "" if name.startswith("_") else _name_here(self, name)
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{hint}", name=name, obj=self)

    def __repr__(self) -> str:
        return one_line(type(self).__name__, self.summary())

    def _repr_html_(self) -> str:
        return html_table(type(self).__name__, self.summary())

    def __eq__(self, other: object) -> bool:
        """Equality by value: arrays with their classes, NaN equal to NaN."""
        if type(other) is not type(self):
            return NotImplemented
        return all(same(getattr(self, f.name), getattr(other, f.name)) for f in _fields(self) if f.compare)

    __hash__ = None  # type: ignore[assignment]  # it holds arrays

    def to_dict(self) -> dict[str, Any]:
        """Fields and what `repr` shows, by name; records in it as dicts, arrays as they are. See `as_json`."""
        values = {item.name: getattr(self, item.name) for item in _fields(self)}
        beside = {name: value for name, value in self.summary().items() if name not in values}
        return {name: _as_dict(value) for name, value in (values | beside).items()}


def one_line(kind: str, values: Mapping[str, Any]) -> str:
    """`Kind(name=value, ...)`, in at most 200 letters."""
    text = f"{kind}({', '.join(f'{name}={brief(value)}' for name, value in values.items())})"
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_LINE else f"{text[: LONGEST_LINE - 4]}...)"


def html_table(title: str, values: Mapping[str, Any]) -> str:
    """A table of names and values for a notebook."""
    rows = "".join(
        f"<tr><th>{escape(in_words(name))}</th><td>{escape(brief(v))}</td></tr>" for name, v in values.items()
    )
    return f"<table><caption>{escape(title)}</caption>{rows}</table>"


def brief(value: Any) -> str:
    """A value in a few letters: numbers with four digits, arrays by their shape."""
    if isinstance(value, float | np.floating):
        return f"{value:.4g}"
    if isinstance(value, np.ndarray) or issparse(value):
        return (
            f"array{value.shape}" if value.size != 1 else brief(value.item() if value.dtype.kind in "fiub" else value)
        )
    if isinstance(value, Mapping):
        items = [f"{name}: {brief(one)}" for name, one in value.items()]
        return f"{{{', '.join(items)}}}" if len(items) <= _MOST_ITEMS else f"{len(items)} values"
    if isinstance(value, tuple | list):
        items = [brief(one) for one in value]
        return f"({', '.join(items)}{',' * (len(items) == 1)})" if len(items) <= _MOST_ITEMS else f"{len(items)} values"
    if isinstance(value, np.generic):
        return brief(value.item())
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def same(a: Any, b: Any) -> bool:
    """Equality by value that never raises: arrays with their classes and shapes, NaN equal to NaN."""
    if issparse(a) or issparse(b):
        return bool(issparse(a) and issparse(b) and a.shape == b.shape and a.dtype == b.dtype and (a != b).nnz == 0)
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return _same_arrays(a, b)
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, tuple | list) and type(a) is type(b):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b or (a != a and b != b))


def as_json(values: Any) -> str:
    """Values, or a record, as a line of JSON: arrays as lists, what is not finite as null."""
    return json.dumps(_plain(values), ensure_ascii=False)


def draw(function: str, record: Any, ax: "Axes | None" = None, **options: Any) -> "Figure":
    """The figure of a record by the function at `room.module:name`; ax: where to draw in place of a new figure."""
    module, _, name = function.partition(":")
    return getattr(import_module(f"rate2spike.{module}"), name)(record, ax=ax, **options)


def dataframe(columns: Mapping[str, Any]) -> "DataFrame":
    """A table of pandas. Raises InputError if it is not installed."""
    return imported("pandas", "pandas", "a table of results").DataFrame(dict(columns))


def in_words(name: str) -> str:
    """`mean_rate_hz` as `mean rate (Hz)`."""
    ending = next((ending for ending in _UNITS if name.endswith(ending)), "")
    words = name.removesuffix(ending).replace("_", " ")
    return f"{words} ({_UNITS[ending]})" if ending else words


def _name_here(record: Readable, name: str) -> str:
    module, _, names = record.historic.partition(":")
    historic = getattr(import_module(f"rate2spike.{module}"), names) if names else {}
    here = [field for field, there in historic.items() if there == name and field in dir(record)]
    return f": MATLAB's {name} is {' and '.join(here)} here" if here else ""


def _fields(record: Any) -> tuple[Any, ...]:
    return fields(record) if is_dataclass(record) else ()


def _same_arrays(a: Any, b: Any) -> bool:
    if np.shape(a) != np.shape(b) or np.asarray(a).dtype != np.asarray(b).dtype:
        return False
    if np.asarray(a).dtype == object:
        return all(map(same, np.ravel(a), np.ravel(b)))
    return np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind in "fc")


def _as_dict(value: Any) -> Any:
    if isinstance(value, Readable):
        return value.to_dict()
    if isinstance(value, tuple | list):
        return [_as_dict(one) for one in value]
    return {name: _as_dict(one) for name, one in value.items()} if isinstance(value, Mapping) else value


def _plain(value: Any) -> Any:
    value = _as_dict(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)
