"""Explain a command, as `rate2spike COMMAND --help` does; without a name, list all commands.

example: rate2spike help search
"""

import argparse

from rate2spike.cli.arguments import Parser
from rate2spike.errors import InputError, nearest


def add_arguments(parser: Parser) -> None:
    """Declare what may be named."""
    parser.add_argument("command", nargs="*", default=[], metavar="COMMAND", help="one of `rate2spike --help`")


def run(arguments: argparse.Namespace) -> int:
    """Print the help. Raises InputError for a command that does not exist."""
    from rate2spike.cli.commands import FAMILIES, SHOWN, command_of, family_parser, members, parser_of, top_parser

    words = arguments.command
    name = command_of(words)
    if not words:
        parser = top_parser()
    elif name is not None and len(words) == len(name.split()):
        parser = parser_of(name, f"rate2spike {name}")
    elif words[0] in FAMILIES and len(words) == 1:
        parser = family_parser(words[0])
    else:
        known = tuple(members(words[0])) if words[0] in FAMILIES else tuple(SHOWN)
        unknown = words[1] if words[0] in FAMILIES or words[0] in known else words[0]
        raise InputError(f"unknown command {unknown!r}: choose from {', '.join(known)}{nearest(unknown, known)}")
    print(parser.format_help(), end="")
    return 0
