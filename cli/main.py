"""The command `rate2spike`: choose a subcommand, turn errors into one line and exit code 2.

Every subcommand is a module with `add_arguments(parser)` and `run(arguments) -> int`, imported only when it is chosen, so
that `rate2spike simulate --help` starts at once and never loads TensorFlow.
"""

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module

from rate2spike import __version__
from rate2spike.cli.arguments import Parser
from rate2spike.cli.standard_streams import prepare_standard_streams
from rate2spike.errors import InputError

COMMANDS = {
    "run": ("rate2spike.cli.run", "all of it for one task: train, search, evaluate, figures, summary"),
    "train": ("rate2spike.rate.main", "train a rate network (the historic flags) or evaluate one"),
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
    "matlab-path": ("rate2spike.cli.matlab_path", "where the .m functions for MATLAB and GNU Octave are"),
    "matlab-bridge": ("rate2spike.cli.matlab_bridge", "what these functions call; not for typing"),
    "eval-go-nogo": ("rate2spike.cli.eval_go_nogo", "draw one NoGo and one Go trial as the published script does"),
}
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, 2 for bad input, 130 for Ctrl-C."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    top = _top_parser()
    if not arguments or arguments[0] not in COMMANDS:
        top.parse_args(arguments or ["--help"])
        raise AssertionError("argparse exits on --help, --version and unknown commands")
    name = arguments[0]
    command = import_module(COMMANDS[name][0])
    parser = Parser(prog=f"rate2spike {name}", description=command.__doc__)
    command.add_arguments(parser)
    return guarded(lambda: command.run(parser.parse_args(arguments[1:])), parser.prog)


def guarded(command: Callable[[], int], prog: str) -> int:
    """Run a command; bad input, warnings and Ctrl-C become one line each on standard error."""
    prepare_standard_streams()
    warnings.showwarning = lambda message, *_args, **_kwargs: print(f"{prog}: warning: {message}", file=sys.stderr)
    try:
        code = command()
        sys.stdout.flush()
        return code
    except InputError as error:
        print(f"{prog}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `rate2spike inspect FILE | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a full disk, a folder that vanished
        print(f"{prog}: {error.strerror or error}: {error.filename or ''}", file=sys.stderr)
        return 2
    except (MemoryError, OverflowError):
        print(f"{prog}: the numbers given need more memory than there is", file=sys.stderr)
        return 2
    except KeyboardInterrupt as interrupt:
        hint = str(interrupt) or "run the same command again"
        print(f"\n{prog}: interrupted: {hint}", file=sys.stderr)
        return INTERRUPTED


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
