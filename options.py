"""Settings as records: each field of a frozen dataclass says in its metadata what it means and which values it takes.

Checks, flags, `--help`, TOML tables and the MATLAB bridge follow from the record, so that a setting is added in one place:

    @dataclass(frozen=True)
    class SearchOptions:
        n_trials: int = option(100, "trials per factor", what="number of trials", least=1)
        strategy: str = option("grid", "how factors share trials", choices=("grid", "adaptive"))

        def __post_init__(self) -> None:
            check_options(self)
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from rate2spike.checks import ANY, MOST, Range, choice, names_given, number, shown, true_or_false, whole_number
from rate2spike.deprecated import warn_of_old_name
from rate2spike.errors import InputError, nearest

Record = TypeVar("Record")
_KEY = "option"
OFF = "none"  # the word for None of settings that can be switched off, where a file has no other


@dataclass(frozen=True)
class Option:
    """What is known of a field; its type and default are the dataclass's."""

    help: str  # one line, without the default
    what: str = ""  # the value in words, as a message begins; '' is the field's name
    least: int | None = None  # of a whole number
    most: int = MOST
    allowed: Range = ANY
    choices: tuple[str, ...] = ()  # of a name, or of each of several
    old_names: Mapping[str, str] = field(default_factory=dict)  # choices of an earlier version -> those of today
    flag: str = ""  # where it is not called as the field
    or_none: bool = False  # the flag takes the word `none`, which switches the setting off
    from_file: Callable[[Path], Any] | None = None  # the flag names a file, and this reads the value there
    flag_unit: float = 1.0  # of the flag's number, in that of the field: 1e-3 where it is in ms
    metavar: str = ""  # of the flag's value in --help, where it is not the field's name
    adds_up: bool = False  # the flag may be given several times, each with more values
    check: Callable[[Any], Any] | None = None  # what else is asked; gives the value to keep
    default_text: str | None = None  # the default in words, where there is more to say than the value


def option(default: Any, help: str, **known: Any) -> Any:
    """A field of a record of settings; `known` are the further fields of `Option`. default: a value, or `dict`."""
    metadata = {_KEY: Option(help, **known)}
    return (
        field(default_factory=dict, metadata=metadata) if default is dict else field(default=default, metadata=metadata)
    )


def options_of(kind: type) -> dict[str, Option]:
    """The fields of a record that are settings, in order."""
    return {item.name: item.metadata[_KEY] for item in fields(kind) if _KEY in item.metadata}


@cache
def type_of(kind: type, name: str) -> tuple[type, bool]:
    """Type of a field without None (object if there are several), and whether None may stand in its place."""
    hint = get_type_hints(kind)[name]
    parts = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    known = [part for part in parts if part is not type(None)]
    return known[0] if len(known) == 1 else object, type(None) in parts


def default_of(kind: type, name: str) -> Any:
    """Default of a field."""
    item = next(item for item in fields(kind) if item.name == name)
    return item.default if item.default_factory is MISSING else item.default_factory()


def defaults_of(kind: type) -> dict[str, Any]:
    """Every setting of a record with its default."""
    return {name: default_of(kind, name) for name in options_of(kind)}


def not_default(record: Any) -> dict[str, Any]:
    """The fields of a record whose values are not the defaults."""
    values = {item.name: getattr(record, item.name) for item in fields(record)}
    return {name: value for name, value in values.items() if value != default_of(type(record), name)}


def check_options(record: Any) -> None:
    """Check every setting of a record that is being made, and keep it in its type. Raises InputError naming the field."""
    for name, known in options_of(type(record)).items():
        object.__setattr__(record, name, _checked(type(record), name, known, getattr(record, name)))


def from_mapping(kind: type[Record], values: Mapping[str, Any], source: str) -> Record:
    """A record of a table (TOML, a MATLAB struct) with some of its fields. Raises InputError naming the source."""
    known = [item.name for item in fields(kind)]  # type: ignore[arg-type]
    for name in values:
        if name not in known:
            raise InputError(f"{source}: unknown setting {name!r}{nearest(name, known)}; known are {', '.join(known)}")
    try:
        return kind(**values)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None


def _checked(kind: type, name: str, known: Option, value: Any) -> Any:
    main, may_be_none = type_of(kind, name)
    what = known.what or name.replace("_", " ")
    if may_be_none and (value is None or (known.or_none and str(value).lower() == OFF)):
        return None
    if main is bool:
        value = true_or_false(value, what, name)
    elif main is int:
        value = whole_number(value, what, name, 1 if known.least is None else known.least, known.most)
    elif main is float:
        value = number(value, what, name, known.allowed)
    elif main == tuple[str, ...]:
        names = names_given(value, what, name)
        value = tuple(choice(one, what, name, known.choices) for one in names) if known.choices else names
    elif known.choices:
        value = choice(_present_name(value, what, known.old_names), what, name, known.choices)
    elif main is str and not isinstance(value, str):
        raise InputError(f"{what} must be text, got {shown(value)}", name)
    return known.check(value) if known.check else value


def _present_name(value: Any, what: str, old_names: Mapping[str, str]) -> Any:
    """A choice as it is called today; warns of its old name."""
    if not isinstance(value, str) or value.lower() not in old_names:
        return value
    present = old_names[value.lower()]
    warn_of_old_name(f"{what} {value!r}", repr(present))
    return present
