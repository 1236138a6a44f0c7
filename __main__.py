"""Where every command begins: `rate2spike`, `python -m rate2spike`, and the scripts with the historic names.

Nothing heavy is imported before Ctrl-C is seen to.
"""

import sys

from rate2spike.machine.interruption import as_process
from rate2spike.machine.output_streams import make_streams_last, spell_in_ascii


def main() -> int:
    """`rate2spike COMMAND ...`; returns the exit code."""
    return command_line()


def command_line(*first: str, prog: str | None = None) -> int:
    """Run the command that `first` and this process's arguments name, as all that this process does.

    prog: its name in messages (default: rate2spike and the command). Returns the exit code.
    """
    arguments = [*first, *sys.argv[1:]]

    def command() -> int:
        below_stdout = make_streams_last()
        spell_in_ascii()
        from rate2spike.cli.main import main

        try:
            code = main(arguments, prog)
        except SystemExit as end:  # argparse's, of --help among others
            code = int(end.code or 0)
        sys.stdout.flush()
        if below_stdout.fault is None:
            return code
        print(f"{name}: the output could not be written: {below_stdout.fault.strerror}", file=sys.stderr)
        return code or 2

    name = prog or " ".join(["rate2spike", *(word for word in arguments[:1] if not word.startswith("-"))])
    return as_process(command, name)


if __name__ == "__main__":
    sys.exit(main())
