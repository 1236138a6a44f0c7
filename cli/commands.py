"""The list of commands, and their parsers.

Every command is a module with `add_arguments(parser)` and `run(arguments) -> int`, imported only when it is chosen, so
that `rate2spike simulate --help` starts at once and never loads TensorFlow.
"""

from importlib import import_module

from rate2spike.cli.arguments import Parser, add_speech
from rate2spike.cli.columns import WIDTH, wrapped
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


def parser_of(name: str, prog: str) -> Parser:
    """The parser of a command."""
    module = import_module(COMMANDS[name][0])
    parser = Parser(prog=prog, description=module.__doc__)
    module.add_arguments(parser)
    add_speech(parser)
    return parser


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
