"""Argument parsing shared by all commands: one-line errors, both spellings of flags, common types."""

import argparse
import re
import sys
import warnings
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from typing import Any, NoReturn

from rate2spike.cli.help_text import help_of, usage_of
from rate2spike.deprecated import warn_of_old_name
from rate2spike.errors import InputError, InputWarning, nearest

OLD_FLAGS = {"--threads": "--n-threads", "--workers": "--n-workers"}  # of an earlier version


class Parser(argparse.ArgumentParser):
    """ArgumentParser whose errors are one line with a pointer to --help, and whose flags take - and _ alike."""

    def __init__(self, prog: str, description: str | None):
        self.flags_by_field: dict[str, str] = {}  # where a flag is not called as the field it sets
        self.sections: dict[str, str] = {}  # the group of --help in which a flag was declared
        self.values_of: dict[str, tuple[str, ...]] = {}  # the choices of a flag that its record checks
        self._section = ""
        super().__init__(prog=prog, description=description, allow_abbrev=False)

    @contextmanager
    def in_group(self, title: str) -> Iterator[None]:
        """Flags that are declared in here stand in this group of --help, see `flag_groups`."""
        before, self._section = self._section, title
        try:
            yield
        finally:
            self._section = before

    def add_argument(self, *names: Any, **known: Any) -> argparse.Action:
        """Declare a flag, as argparse does."""
        action = super().add_argument(*names, **known)
        self.sections[action.dest] = self._section
        return action

    def format_usage(self) -> str:
        """One line."""
        return usage_of(self)

    def format_help(self) -> str:
        """Flags in groups, in 80 columns."""
        return help_of(self, self.sections)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """As argparse's, with what may have been meant."""
        choices = list(action.choices or ())
        if choices and value not in choices:
            text = f"invalid choice: {value!r} (choose from {', '.join(map(str, choices))}){nearest(value, choices)}"
            raise argparse.ArgumentError(action, text)

    def error(self, message: str) -> NoReturn:
        """Print one line and exit with code 2."""
        print(f"{self.prog}: {' '.join(message.split())} (see {self.prog} --help)", file=sys.stderr)
        sys.exit(2)

    @contextmanager
    def own_flags(self) -> Iterator[None]:
        """Errors and warnings of the library name fields: name the flags that set them."""
        show = warnings.showwarning
        warnings.showwarning = lambda message, *rest, **more: show(self._own_words(message), *rest, **more)
        try:
            yield
        except InputError as error:
            raise InputError(without_flags(error.worded(self.flag_of), self._option_string_actions)) from error
        finally:
            warnings.showwarning = show

    def _own_words(self, message: Warning | str) -> Warning | str:
        return InputWarning(message.worded(self.flag_of)) if isinstance(message, InputWarning) else message

    def flag_of(self, field: str) -> str | None:
        """The flag that sets a field, None if this command has none."""
        flags = [action.option_strings[0] for action in self._actions if action.option_strings and action.dest == field]
        return self.flags_by_field.get(field) or (flags[0] if flags else None)

    def parse_known_args(  # type: ignore[override]  # argparse's own has overloads for other namespaces
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse after bringing flags to the spelling they were declared with."""
        declared = set(self._option_string_actions)
        given = sys.argv[1:] if args is None else args
        known = [_respelled(_present(argument, declared), declared) for argument in given]
        try:
            check_glued_flags(known, declared)
            check_known_flags(known, declared)
        except InputError as error:
            self.error(str(error))
        return super().parse_known_args(known, namespace)


def without_flags(message: str, known: Container[str] = ()) -> str:
    """A message without those parentheses that name a flag which is not among the known ones, in either spelling."""

    def kept(match: re.Match[str]) -> str:
        flags = re.findall(r"--[A-Za-z][\w-]*", match[0])
        return match[0] if all(_spelled(flag, known) in known for flag in flags) else ""

    return re.sub(r" \((?=[^()]*--[A-Za-z])[^()]*\)", kept, message)


def check_glued_flags(arguments: Sequence[str], flags: set[str]) -> None:
    r"""Raise InputError for a value with a flag stuck to it.

    The published README's own example does this: a line ends in `True\` without a space, giving `True--gain`.
    """
    for argument in arguments:
        match = re.match(r"([^-\s][^\s]*?)(--[A-Za-z][\w-]*)", argument)
        if match and match.group(2) in flags:
            value, flag = match.groups()
            raise InputError(
                f"a space is missing between {value!r} and {flag!r} in {argument!r} (put one before a line-ending \\)"
            )


def check_known_flags(arguments: Sequence[str], flags: set[str]) -> None:
    """Raise InputError for a flag that does not exist, before anything is said of others that are missing."""
    for k, argument in enumerate(arguments):
        if argument == "--":
            return
        flag = argument.partition("=")[0]
        if re.match(r"--[A-Za-z]", flag) and flag not in flags:
            values = list(takewhile(lambda text: not text.startswith("-"), arguments[k + 1 :]))
            raise InputError(f"unrecognized arguments: {' '.join([argument, *values])}{nearest(flag, flags)}")


def true_or_false(text: str) -> bool:
    """Type of historic boolean flags: True or False in any case, also yes/no, t/f, y/n, 1/0."""
    lowered = text.lower()
    if lowered in ("true", "yes", "t", "y", "1"):
        return True
    if lowered in ("false", "no", "f", "n", "0"):
        return False
    raise argparse.ArgumentTypeError(f"expected True or False, got {text!r}")


def scaling_factors(text: str) -> tuple[float, ...]:
    """One factor, or `start:step:stop` with the stop included, as in MATLAB."""
    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError:
        parts = []
    if len(parts) == 1:
        return (parts[0],)
    if len(parts) != 3:
        raise argparse.ArgumentTypeError(f"expected numbers or start:step:stop, got {text!r}")
    start, step, stop = parts
    if not step > 0 or not start <= stop < float("inf"):
        raise argparse.ArgumentTypeError(f"start:step:stop needs step above 0 and start at most stop, got {text!r}")
    count = int((stop - start) / step + 1e-9) + 1
    if count > 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} asks for {count} scaling factors, at most 10000 make sense")
    return tuple(start + k * step for k in range(count))


def add_scaling_factors(parser: argparse.ArgumentParser) -> None:
    """--scaling-factors, as a list, a range or a mixture."""
    parser.add_argument(
        "--scaling-factors",
        nargs="+",
        type=scaling_factors,
        metavar="S",
        default=None,
        help="factors to try: numbers, or start:step:stop with the stop included (default: 20:5:75)",
    )


def chosen_factors(arguments: argparse.Namespace) -> tuple[float, ...] | None:
    """The factors given, flattened; None if none were."""
    if arguments.scaling_factors is None:
        return None
    return tuple(factor for group in arguments.scaling_factors for factor in group)


def add_speech(parser: argparse.ArgumentParser) -> None:
    """-q and -v, which every command takes."""
    parser.add_argument("-q", "--quiet", action="store_true", help="results and warnings only: no progress, no hints")
    parser.add_argument("-v", "--verbose", action="store_true", help="say what is drawn, read, written and reused")


def add_json(parser: argparse.ArgumentParser, what: str = "print the results as one JSON object") -> None:
    """--json."""
    parser.add_argument("--json", action="store_true", help=what)


def add_seed(parser: argparse.ArgumentParser) -> None:
    """--seed."""
    parser.add_argument("--seed", type=int, default=None, help="seed of every random draw (default: drawn and printed)")


def add_task(parser: Parser, default: str = " (default: as the file or its path says)") -> None:
    """--task and --task-option."""
    parser.flags_by_field["task_options"] = "--task-option"
    parser.add_argument(
        "--task",
        default=None,
        help=f"go-nogo, xor, mante, dms, afc, sine, FILE.py:CLASS, or neurogym:ENVIRONMENT{default}",
    )
    parser.add_argument(
        "--task-option",
        nargs="+",
        action="extend",
        default=None,
        metavar="NAME=VALUE",
        help="timing and amplitudes of the task, such as stim_dur=30 (`rate2spike tasks NAME` lists them)",
    )


def task_options(arguments: argparse.Namespace) -> dict[str, str]:
    """NAME=VALUE pairs as a dict. Raises InputError."""
    options = {}
    for pair in arguments.task_option or ():
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise InputError(f"--task-option must be NAME=VALUE, got {pair!r}")
        options[name.replace("-", "_")] = value
    return options


def check_task(arguments: argparse.Namespace) -> None:
    """Raise InputError for a --task that does not exist, before any file is opened."""
    from rate2spike.rate import tasks

    if arguments.task is not None:
        tasks.get(arguments.task)


def _present(argument: str, declared: Container[str]) -> str:
    """An argument with the present name of its flag, if it has the one of an earlier version: with a warning."""
    flag, equals, value = argument.partition("=")
    new = OLD_FLAGS.get(flag)
    if new is None or flag in declared or _spelled(new, declared) not in declared:
        return argument
    warn_of_old_name(flag, _spelled(new, declared))
    return new + equals + value


def _respelled(argument: str, declared: set[str]) -> str:
    """`--n-trials` as `--n_trials`, or the other way round, if only the other is declared."""
    flag, equals, value = argument.partition("=")
    return _spelled(flag, declared) + equals + value if flag.startswith("--") else argument


def _spelled(flag: str, declared: Container[str]) -> str:
    """A flag as it was declared, or as it is if it was not."""
    for other in (flag, flag.replace("-", "_").replace("__", "--", 1), "--" + flag[2:].replace("_", "-")):
        if other in declared:
            return other
    return flag
