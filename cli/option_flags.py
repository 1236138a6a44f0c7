"""Flags of a record of settings (`rate2spike.options`), and what was given of them."""

import argparse
from collections.abc import Callable, Container
from typing import Any, get_args, get_origin

from rate2spike.cli.arguments import Parser, true_or_false
from rate2spike.options import Option, default_of, options_of, type_of


def add_option_flags(parser: Parser, kind: type, *, leave_out: Container[str] = (), dash: str = "-") -> None:
    """Declare a flag for every setting of the record; the default is the record's, and None here says `not given`.

    dash: what stands between the words of a flag (both spellings are taken).
    """
    for name, known in options_of(kind).items():
        if name not in leave_out:
            _add(parser, kind, name, known, dash)


def given(arguments: argparse.Namespace, kind: type) -> dict[str, Any]:
    """The settings that flags give, by field."""
    values = {name: getattr(arguments, name, None) for name in options_of(kind)}
    return {name: value for name, value in values.items() if value is not None}


def _add(parser: Parser, kind: type, name: str, known: Option, dash: str) -> None:
    flag = known.flag or "--" + name.replace("_", dash)
    main, _ = type_of(kind, name)
    default = default_of(kind, name)
    parser.flags_by_field[name] = flag
    if main is bool and default is False:
        parser.add_argument(flag, dest=name, action="store_true", default=None, help=known.help)
        return
    several = get_origin(main) in (tuple, dict)
    more: dict[str, Any] = {"nargs": "+"} if several else {}
    if known.adds_up:
        more["action"] = "extend"
    parser.add_argument(
        flag,
        dest=name,
        type=_reader(main, known.flag_unit),
        default=None,
        metavar=known.metavar or (name.upper() if not known.choices else None),
        help=known.help + _default_text(known, default),
        **more,
    )


def _reader(main: type, unit: float) -> Callable[[str], Any]:
    """How a word of the command line becomes a value, or one of several: a name and value stay the text they are."""
    element = get_args(main)[0] if get_origin(main) in (tuple, dict) else main
    if element is bool:
        return true_or_false
    if unit == 1:
        return element

    def scaled(text: str) -> float:
        return float(text) * unit

    scaled.__name__ = element.__name__  # in argparse's `invalid float value`
    return scaled


def _default_text(known: Option, default: Any) -> str:
    text = known.default_text if known.default_text is not None else ("" if default in (None, (), {}) else f"{default}")
    choices = f": {', '.join(known.choices)}" if known.choices else ""
    return choices + (f" (default: {text})" if text else "")
