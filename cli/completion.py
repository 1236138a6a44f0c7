"""Print a script that completes commands, flags, choices and names of tasks in a shell.

For bash: put `eval "$(rate2spike completion bash)"` into ~/.bashrc. For zsh the same into ~/.zshrc, after compinit. For fish:
`rate2spike completion fish > ~/.config/fish/completions/rate2spike.fish`.

example: rate2spike completion bash
"""

import argparse

from rate2spike.cli.arguments import Parser
from rate2spike.cli.completion_scripts import SHELLS, script


def add_arguments(parser: Parser) -> None:
    """Declare the shell."""
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=f"one of {', '.join(SHELLS)}")


def run(arguments: argparse.Namespace) -> int:
    """Print the script."""
    print(script(arguments.shell), end="")
    return 0
