"""The list of commands, and their parsers.

Every command is a module with `add_arguments(parser)` and `run(arguments) -> int`, imported only when it is chosen, so
that `rate2spike simulate --help` starts at once and never loads TensorFlow. Commands of two words are a family.
"""

from collections.abc import Sequence
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
    "tune": ("rate2spike.cli.tune", "change the weights of networks that do not convert, until they do"),
    "simulate": ("rate2spike.cli.simulate", "run one input through the spiking network, .mat in, .mat out"),
    "context": (
        "rate2spike.cli.context",
        "train spiking layers on context-dependent recognition of digits or gestures",
    ),
    "cascade fig3": ("rate2spike.cli.cascade_fig3", "one dendritic subunit: noise, pulses, its threshold"),
    "cascade fig4": (
        "rate2spike.cli.cascade_fig4",
        "a recurrent dendrite that somatic spikes run back into; its sweep",
    ),
    "cascade fig5": ("rate2spike.cli.cascade_fig5", "parallel sodium and calcium into NMDA, with and without a block"),
    "cascade fig6": (
        "rate2spike.cli.cascade_fig6",
        "soma and dendrite that excite each other: bursts, coincidence, gain",
    ),
    "cascade memorize": ("rate2spike.cli.cascade_memorize", "networks of cascades memorise patterns, many seeds"),
    "cascade shd": ("rate2spike.cli.cascade_shd", "networks of cascades recognise spoken digits (SHD)"),
    "dendrites gradient": ("rate2spike.cli.dendrites_gradient", "dendritic neurons trained by gradients"),
    "dendrites conv": ("rate2spike.cli.dendrites_conv", "the same behind a convolution"),
    "dendrites classify": (
        "rate2spike.cli.dendrites_classify",
        "dendritic neurons classify images (MNIST, or made ones)",
    ),
    "dendrites continual": (
        "rate2spike.cli.dendrites_continual",
        "the same with several tasks in turn; what is forgotten",
    ),
    "dendrites stdp": ("rate2spike.cli.dendrites_stdp", "neurons become selective by STDP"),
    "dendrites dpp": ("rate2spike.cli.dendrites_dpp", "a dendrite learns to foretell its soma"),
    "twin simulate": ("rate2spike.cli.twin_simulate", "a neuron in detail under random input: data sets for its twin"),
    "twin explore": ("rate2spike.cli.twin_explore", "figures of the simulations"),
    "twin fit": ("rate2spike.cli.twin_fit", "deep networks that learn to imitate it"),
    "twin evaluate": ("rate2spike.cli.twin_evaluate", "how well they do: spikes and voltages on other data"),
    "twin figures": (
        "rate2spike.cli.twin_figures",
        "figures of the networks beside the neuron, and of all by their size",
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
FAMILIES = {
    "cascade": "dendrites as cascades of stages: single cells, and networks that are trained",
    "dendrites": "neurons made of compartments: trained by gradients, or learning by local rules",
    "twin": "one neuron simulated in detail, for a deep network that shall imitate it",
}
HIDDEN = ("matlab-bridge",)  # from all lists
# the first words that there are, and what they do
SHOWN = {name: what for name, (_, what) in COMMANDS.items() if name not in HIDDEN and " " not in name} | FAMILIES


def members(family: str) -> dict[str, str]:
    """The commands of a family, by their second word, and what they do."""
    own = {name.partition(" "): what for name, (_, what) in COMMANDS.items()}
    return {second: what for (first, _, second), what in own.items() if first == family and second}


def command_of(words: Sequence[str]) -> str | None:
    """The command that words begin with: the first one, or the first two; None if there is none."""
    names = " ".join(words[:2]), *words[:1]
    return next((name for name in names if name in COMMANDS), None)


def parser_of(name: str, prog: str) -> Parser:
    """The parser of a command."""
    module = import_module(COMMANDS[name][0])
    parser = Parser(prog=prog, description=module.__doc__)
    module.add_arguments(parser)
    add_speech(parser)
    return parser


def top_parser() -> Parser:
    """The parser of what stands before a command."""
    parser = Parser(
        prog="rate2spike",
        description="Train rate networks, turn them into spiking ones, exchange every file with MATLAB.\n\n"
        f"commands:\n{_listed(SHOWN)}\n\n`rate2spike help COMMAND` explains each.\n\n"
        "examples:\n  rate2spike run --task go-nogo --seed 1\n  rate2spike tasks go-nogo\n  rate2spike help search\n",
    )
    parser.add_argument("command", metavar="COMMAND", help="one of the above")
    parser.add_argument("--version", action="version", version=f"rate2spike {__version__}")
    return parser


def family_parser(family: str) -> Parser:
    """The parser of what stands after the first word of a family."""
    first = next(iter(members(family)))
    parser = Parser(
        prog=f"rate2spike {family}",
        description=f"{FAMILIES[family][:1].upper()}{FAMILIES[family][1:]}.\n\ncommands:\n{_listed(members(family))}\n\n"
        f"`rate2spike help {family} COMMAND` explains each.\n\nexample: rate2spike {family} {first}\n",
    )
    parser.add_argument("command", metavar="COMMAND", help="one of the above")
    return parser


def _listed(commands: dict[str, str]) -> str:
    width = max(map(len, commands))
    further = " " * (width + 4)
    return "\n".join(wrapped(what, f"  {name:<{width}}  ", further, WIDTH) for name, what in commands.items())
