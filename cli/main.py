"""The command `rate2spike`: choose a subcommand, turn errors into one line and exit code 2."""

import sys
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NoReturn

from rate2spike.cli.commands import COMMANDS, FAMILIES, SHOWN, command_of, family_parser, members, parser_of, top_parser
from rate2spike.cli.speaking import spoken
from rate2spike.errors import InputError, nearest
from rate2spike.machine.interruption import RUN_AGAIN, say_interrupted, was_interrupted
from rate2spike.machine.output_streams import spell_in_ascii


def main(argv: Sequence[str], prog: str | None = None) -> int:
    """Run a command; returns the exit code: 0, 2 for bad input, 130 for Ctrl-C. prog: the command's name in messages."""
    arguments = list(argv)
    name = command_of(arguments)
    if name is None:
        _refuse(arguments)
    assert name is not None
    given = arguments[len(name.split()) :]
    is_historic_script = prog is not None
    prog = prog or f"rate2spike {name}"

    def run() -> int:
        parser = parser_of(name, prog)  # whose module may warn, or fail, too
        parser.set_defaults(hints=not is_historic_script)
        with parser.own_flags():
            parsed = parser.parse_args(given)
            with spoken(parsed):
                return import_module(COMMANDS[name][0]).run(parsed)

    return guarded(run, prog)


def _refuse(arguments: list[str]) -> NoReturn:
    """Show the help that is asked for, or say in one line why there is no such command."""
    first = arguments[0] if arguments else ""
    if first in FAMILIES:
        parser, words, known = family_parser(first), arguments[1:], tuple(members(first))
    else:
        parser, words, known = top_parser(), arguments, tuple(SHOWN)
    if words and not words[0].startswith("-"):
        parser.error(f"unknown command {words[0]!r}: choose from {', '.join(known)}{nearest(words[0], known)}")
    command = next((word for word in words if word in known), None)
    if command and words[0] not in ("-h", "--help", "--version"):
        parser.error(f"the command comes first: {parser.prog} {command} {words[0]} ...")
    parser.parse_args(words or ["--help"])
    raise AssertionError("argparse exits on --help, --version and what is no command")


def guarded(command: Callable[[], int], prog: str) -> int:
    """Run a command; bad input, warnings and Ctrl-C become one line each on standard error."""
    spell_in_ascii()
    before = warnings.showwarning
    warnings.showwarning = lambda message, *_args, **_kwargs: print(f"{prog}: warning: {message}", file=sys.stderr)
    try:
        return command()
    except KeyboardInterrupt as interrupt:
        return say_interrupted(str(interrupt) or RUN_AGAIN, prog)
    except Exception as error:
        if was_interrupted():  # whatever a library made of it
            return say_interrupted(RUN_AGAIN, prog)
        message = _for_the_user(error)
        if message is None:
            raise
        print(f"{prog}: {message}", file=sys.stderr)
        return 2
    finally:
        warnings.showwarning = before  # of whoever called it in Python


def _for_the_user(error: Exception) -> str | None:
    """One line for what is no fault of the program, None for what is one."""
    if isinstance(error, InputError):
        return " ".join(str(error).split())
    if isinstance(error, OSError):  # a full disk, a folder that vanished
        return f"{error.strerror or error}: {error.filename or ''}"
    if isinstance(error, MemoryError | OverflowError):
        return "the numbers given need more memory than there is"
    return None
