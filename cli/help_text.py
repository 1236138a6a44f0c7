"""What `rate2spike COMMAND --help` prints: at most 80 columns, flags in groups, the common ones first, examples last.

The text of a command is the docstring of its module: paragraphs, then lines that begin with `example:`.
"""

import argparse
import re
from collections.abc import Iterable, Mapping

from rate2spike.cli.columns import WIDTH, wrapped
from rate2spike.cli.flag_groups import group_of, in_order

_COLUMN = 26  # where explanations begin


def usage_of(parser: argparse.ArgumentParser) -> str:
    """One line: what must be given, and that there are options."""
    needed = [a for a in parser._actions if a.required and a.option_strings]
    words = [parser.prog, *(_invocation(a) for a in parser._actions if not a.option_strings)]
    words += [f"{action.option_strings[0]} {_value(action)}" for action in needed]
    if any(action.option_strings and not action.required for action in parser._actions):
        words.append("[OPTIONS]")
    return wrapped(" ".join(words), "usage: ", " " * 7, WIDTH) + "\n"


def help_of(parser: argparse.ArgumentParser, declared: Mapping[str, str]) -> str:
    """The whole help. declared: the groups in which flags were declared, by what they set."""
    text, examples = split_examples(parser.description or "")
    parts = [usage_of(parser).rstrip(), paragraphs(text)]
    groups: dict[str, list[argparse.Action]] = {}
    for action in parser._actions:
        if action.help is not argparse.SUPPRESS:
            groups.setdefault(group_of(action, declared.get(action.dest, "")), []).append(action)
    for title in in_order(groups):
        parts.append("\n".join([f"{title}:", *map(_entry, groups[title])]))
    if examples:
        parts.append("\n".join(["example:" if len(examples) == 1 else "examples:", *map(typed, examples)]))
    return "\n\n".join(part for part in parts if part) + "\n"


def paragraphs(text: str) -> str:
    """Paragraphs in 80 columns; lines that are indented stay as they are."""
    found = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join(
        part if part.startswith("  ") or "\n  " in part else wrapped(part, width=WIDTH) for part in found
    )


def split_examples(text: str) -> tuple[str, list[str]]:
    """A docstring without its examples, and these, each in one line."""
    before, *rest = re.split(r"^examples?:", text, flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", "\n".join(rest)).splitlines()
    return before.strip(), [line.strip() for line in lines if line.strip()]


def typed(command: str) -> str:
    r"""A command as it can be pasted, in lines that end with \ where it is long."""
    words = re.split(r" (?=--)", command)
    lines = [f"  {words[0]}"]
    for word in words[1:]:
        if len(lines[-1]) + len(word) + 3 > WIDTH:
            lines[-1] += " \\"
            lines.append(f"      {word}")
        else:
            lines[-1] += f" {word}"
    return "\n".join(lines)


def _entry(action: argparse.Action) -> str:
    """A flag, and from a column on what it does."""
    head = f"  {_invocation(action)}"
    text = (action.help or "") % vars(action) if "%(" in (action.help or "") else (action.help or "").replace("%%", "%")
    if len(head) + 2 > _COLUMN:
        return f"{head}\n{wrapped(text, ' ' * _COLUMN, width=WIDTH)}"
    return wrapped(text, head.ljust(_COLUMN), " " * _COLUMN, WIDTH)


def _invocation(action: argparse.Action) -> str:
    if not action.option_strings:
        return f"{action.metavar or action.dest}" + (" ..." if action.nargs in ("+", "*") else "")
    flags = ", ".join(action.option_strings)
    value = _value(action)
    return f"{flags} {value}" if value else flags


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    word = str(action.metavar or action.dest.upper())
    return {"+": f"{word} ...", "?": f"[{word}]"}.get(str(action.nargs), word)


def flags_of(actions: Iterable[argparse.Action]) -> list[str]:
    """Every flag that is shown, as it was declared."""
    return [flag for action in actions if action.help is not argparse.SUPPRESS for flag in action.option_strings]
