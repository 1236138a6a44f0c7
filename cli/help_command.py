"""Explain a command, as `rate2spike COMMAND --help` does; without a name, list all commands.

example: rate2spike help search
"""

import argparse

from rate2spike.cli.arguments import Parser
from rate2spike.errors import InputError, nearest


def add_arguments(parser: Parser) -> None:
    """Declare what may be named."""
    parser.add_argument("command", nargs="?", default=None, metavar="COMMAND", help="one of `rate2spike --help`")


def run(arguments: argparse.Namespace) -> int:
    """Print the help. Raises InputError for a command that does not exist."""
    from rate2spike.cli.commands import COMMANDS, SHOWN, parser_of, top_parser

    name = arguments.command
    if name is None:
        print(top_parser().format_help(), end="")
        return 0
    if name not in COMMANDS:
        raise InputError(f"unknown command {name!r}: choose from {', '.join(SHOWN)}{nearest(name, SHOWN)}")
    print(parser_of(name, f"rate2spike {name}").format_help(), end="")
    return 0
