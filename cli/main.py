"""The command `rate2spike`: choose a subcommand, turn errors into one line and exit code 2.

Every subcommand is a module with `add_arguments(parser)` and `run(arguments) -> int`, imported only when it is chosen, so
that `rate2spike simulate --help` starts at once and never loads TensorFlow.
"""

import sys
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module

from rate2spike.cli.arguments import Parser
from rate2spike.errors import InputError
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
    "matlab-path": ("rate2spike.cli.matlab_path", "where the .m functions for MATLAB and GNU Octave are"),
    "matlab-bridge": ("rate2spike.cli.matlab_bridge", "what these functions call; not for typing"),
    "eval-go-nogo": ("rate2spike.cli.eval_go_nogo", "draw one NoGo and one Go trial as the published script does"),
}


def main(argv: Sequence[str], prog: str | None = None) -> int:
    """Run a command; returns the exit code: 0, 2 for bad input, 130 for Ctrl-C. prog: the command's name in messages."""
    arguments = list(argv)
    top = _top_parser()
    if not arguments or arguments[0] not in COMMANDS:
        top.parse_args(arguments or ["--help"])
        raise AssertionError("argparse exits on --help, --version and unknown commands")
    name = arguments[0]
    prog = prog or f"rate2spike {name}"

    def run() -> int:
        command = import_module(COMMANDS[name][0])  # which may warn, or fail, too
        parser = Parser(prog=prog, description=command.__doc__)
        command.add_arguments(parser)
        with parser.own_flags():
            return command.run(parser.parse_args(arguments[1:]))

    return guarded(run, prog)


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


def _top_parser() -> Parser:
    width = max(map(len, COMMANDS))
    listing = "\n".join(f"  {name:<{width}}  {text}" for name, (_, text) in COMMANDS.items())
    parser = Parser(
        prog="rate2spike",
        description="Train rate networks, turn them into spiking ones, exchange every file with MATLAB.\n\n"
        f"commands:\n{listing}\n\n`rate2spike COMMAND --help` explains each.",
    )
    parser.add_argument("command", choices=list(COMMANDS), metavar="COMMAND", help="one of the above")
    parser.add_argument("--version", action="version", version=f"rate2spike {__version__}")
    return parser
