"""Flags of a record of settings (`rate2spike.options`), and what was given of them."""

import argparse
from collections.abc import Callable, Container, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from rate2spike.cli.arguments import Parser, true_or_false
from rate2spike.options import Option, default_of, options_of, type_of

_WORDS = {int: "N", float: "X"}  # for a value in --help
OFF = object()  # what the word `none` gives, where it switches a setting off


def add_option_flags(
    parser: Parser,
    kind: type,
    *,
    leave_out: Container[str] = (),
    dash: str = "-",
    defaults: Mapping[str, str] | None = None,
    bools_take_values: bool = False,
) -> None:
    """Declare a flag for every setting of the record; the default is the record's, and None here says `not given`.

    dash: what stands between the words of a flag (both spellings are taken). defaults: by field, the default in words where
    the command has another one. bools_take_values: `--flag False` is possible; only for commands without positional
    arguments, which a flag alone would take for its value.
    """
    settings = {name: known for name, known in options_of(kind).items() if name not in leave_out}
    for name, known in settings.items():
        flag = known.flag or "--" + name.replace("_", dash)
        parser.flags_by_field[name] = flag
        text = known.help + _ending(known, _default_text(kind, name, known, defaults or {}))
        how = _how(kind, name, known, bools_take_values)
        if how.get("action") != "store_true":
            word = "FILE" if known.from_file else _WORDS.get(type_of(kind, name)[0], _word(flag))
            how["metavar"] = known.metavar or ("True|False" if how.get("nargs") == "?" else word)
        action = parser.add_argument(flag, dest=name, default=None, help=text, **how)
        parser.values_of[action.dest] = known.choices


def _word(flag: str) -> str:
    return flag.lstrip("-").replace("-", "_").upper()


def given(arguments: argparse.Namespace, kind: type) -> dict[str, Any]:
    """The settings that flags give, by field. Raises InputError for a file that cannot be read."""
    values = {}
    for name, known in options_of(kind).items():
        value = getattr(arguments, name, None)
        if value is not None:
            values[name] = None if value is OFF else known.from_file(Path(value)) if known.from_file else value
    return values


def _how(kind: type, name: str, known: Option, bools_take_values: bool) -> dict[str, Any]:
    """What argparse must know of a flag to read it."""
    main, _ = type_of(kind, name)
    if known.from_file:
        return {}
    if main is bool and bools_take_values:
        return {"type": true_or_false, "nargs": "?", "const": True}
    if main is bool and default_of(kind, name) is False:
        return {"action": "store_true"}
    how: dict[str, Any] = {"type": _reader(main, known)}
    if get_origin(main) in (tuple, dict):
        how["nargs"] = "+"
    if known.adds_up:
        how["action"] = "extend"
    return how


def _reader(main: type, known: Option) -> Callable[[str], Any]:
    """How a word of the command line becomes a value, or one of several: a name and value stay the text they are."""
    element = get_args(main)[0] if get_origin(main) in (tuple, dict) else main
    read = true_or_false if element is bool else element
    if not known.or_none and known.flag_unit == 1:
        return read

    def parse(text: str) -> Any:
        if known.or_none and text.lower() == "none":
            return OFF
        return read(text) if known.flag_unit == 1 else read(text) * known.flag_unit

    parse.__name__ = element.__name__  # in argparse's `invalid float value`
    return parse


def _default_text(kind: type, name: str, known: Option, defaults: Mapping[str, str]) -> str:
    """The default in words; '' where nothing is said of it, as of switches that are off."""
    if name in defaults:
        return defaults[name]
    if known.default_text is not None:
        return known.default_text
    default = default_of(kind, name)
    return "" if default is False or default in (None, (), {}) else f"{default}"


def _ending(known: Option, default_text: str) -> str:
    choices = f": {', '.join(known.choices)}" if known.choices else ""
    return choices + (f" (default: {default_text})" if default_text else "")
