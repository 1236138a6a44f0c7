"""The command `rate2spike`: choose a subcommand, turn errors into one line and exit code 2.

Every subcommand is a module with `add_arguments(parser)` and `run(arguments) -> int`, imported only when it is chosen, so
that `rate2spike simulate --help` starts at once and never loads TensorFlow.
"""

import sys
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module

from rate2spike.cli.arguments import Parser, add_speech
from rate2spike.cli.columns import WIDTH, wrapped
from rate2spike.cli.speaking import spoken
from rate2spike.errors import InputError, nearest
from rate2spike.machine.interruption import RUN_AGAIN, say_interrupted, was_interrupted
from rate2spike.machine.output_streams import spell_in_ascii
from rate2spike.version import __version__

COMMANDS = {
    "run": ("rate2spike.cli.run", "all of it for one task: train, search, evaluate, figures, summary"),
    "train": ("rate2spike.cli.train", "train a rate network (the historic flags) or evaluate one"),
    "search": ("rate2spike.cli.search", "find the scaling factor of one model file or of every one in a folder"),
    "evaluate": ("rate2spike.cli.evaluate", "accuracy of the spiking network on fresh trials"),
    "diagnose": ("rate2spike.cli.diagnose", "why a converted network fails, in words and one figure"),
    "simulate": ("rate2spike.cli.simulate", "run one input through the spiking network, .mat in, .mat out"),
    "context": (
        "rate2spike.cli.context",
        "train spiking layers on context-dependent recognition of digits or gestures",
    ),
    "inspect": ("rate2spike.cli.inspect_model", "what is in a .mat file; of a model, in words"),
    "export": ("rate2spike.cli.export", "a model as NIR, spike records as NWB or Neo"),
    "import": ("rate2spike.cli.import_nir", "a network in NIR as a model file"),
    "tasks": ("rate2spike.cli.list_tasks", "the tasks there are; of one its options, timing and criteria"),
    "doctor": ("rate2spike.cli.doctor", "what of this installation works, and what to do about the rest"),
    "matlab-path": ("rate2spike.cli.matlab_path", "where the .m functions for MATLAB and GNU Octave are"),
    "matlab-bridge": ("rate2spike.cli.matlab_bridge", "what these functions call; not for typing"),
    "eval-go-nogo": ("rate2spike.cli.eval_go_nogo", "draw one NoGo and one Go trial as the published script does"),
    "completion": ("rate2spike.cli.completion", "a script that completes commands and flags in bash, zsh or fish"),
    "help": ("rate2spike.cli.help_command", "explain a command, as COMMAND --help does"),
}
HIDDEN = ("matlab-bridge",)  # from all lists
SHOWN = tuple(name for name in COMMANDS if name not in HIDDEN)


def main(argv: Sequence[str], prog: str | None = None) -> int:
    """Run a command; returns the exit code: 0, 2 for bad input, 130 for Ctrl-C. prog: the command's name in messages."""
    arguments = list(argv)
    if not arguments or arguments[0] not in COMMANDS:
        top = top_parser()
        if arguments and not arguments[0].startswith("-"):
            top.error(f"unknown command {arguments[0]!r}: choose from {', '.join(SHOWN)}{nearest(arguments[0], SHOWN)}")
        command = next((word for word in arguments if word in SHOWN), None)
        if command and arguments[0] not in ("-h", "--help", "--version"):
            top.error(f"the command comes first: rate2spike {command} {arguments[0]} ...")
        top.parse_args(arguments or ["--help"])
        raise AssertionError("argparse exits on --help, --version and what is no command")
    name = arguments[0]
    is_historic_script = prog is not None
    prog = prog or f"rate2spike {name}"

    def run() -> int:
        parser = parser_of(name, prog)  # whose module may warn, or fail, too
        parser.set_defaults(hints=not is_historic_script)
        with parser.own_flags():
            parsed = parser.parse_args(arguments[1:])
            with spoken(parsed):
                return import_module(COMMANDS[name][0]).run(parsed)

    return guarded(run, prog)


def parser_of(name: str, prog: str) -> Parser:
    """The parser of a command."""
    module = import_module(COMMANDS[name][0])
    parser = Parser(prog=prog, description=module.__doc__)
    module.add_arguments(parser)
    add_speech(parser)
    return parser


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


def top_parser() -> Parser:
    """The parser of what stands before a command."""
    width = max(map(len, SHOWN))
    further = " " * (width + 4)
    listing = "\n".join(wrapped(COMMANDS[name][1], f"  {name:<{width}}  ", further, WIDTH) for name in SHOWN)
    parser = Parser(
        prog="rate2spike",
        description="Train rate networks, turn them into spiking ones, exchange every file with MATLAB.\n\n"
        f"commands:\n{listing}\n\n`rate2spike help COMMAND` explains each.\n\n"
        "examples:\n  rate2spike run --task go-nogo --seed 1\n  rate2spike tasks go-nogo\n  rate2spike help search\n",
    )
    parser.add_argument("command", metavar="COMMAND", help="one of the above")
    parser.add_argument("--version", action="version", version=f"rate2spike {__version__}")
    return parser
