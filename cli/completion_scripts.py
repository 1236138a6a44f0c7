"""Scripts of shells that complete `rate2spike`: the words are those that the parsers know."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rate2spike.cli.help_text import flags_of

if TYPE_CHECKING:
    from rate2spike.cli.arguments import Parser

SHELLS = ("bash", "zsh", "fish")
FILES = ("@files",)  # in place of words: whatever files there are


@dataclass(frozen=True)
class Words:
    """What may follow a command."""

    what: str
    flags: tuple[str, ...]
    after: Mapping[str, tuple[str, ...]]  # flag: its values, where there are some
    plain: tuple[str, ...]  # words that are no flags
    several: frozenset[str]  # flags that take more than one value


def words_of_commands() -> dict[str, Words]:
    """By command, those that are hidden left out."""
    from rate2spike.cli.commands import COMMANDS, HIDDEN, parser_of

    return {
        name: _words(name, what, parser_of(name, name)) for name, (_, what) in COMMANDS.items() if name not in HIDDEN
    }


def script(shell: str) -> str:
    """The script for a shell."""
    words = words_of_commands()
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](words)


def _words(name: str, what: str, parser: "Parser") -> Words:
    from rate2spike.cli.commands import SHOWN
    from rate2spike.rate.tasks import TASKS

    plain = {"help": tuple(SHOWN), "tasks": tuple(TASKS), "completion": SHELLS}.get(name)
    if plain is None:
        plain = FILES if any(not a.option_strings for a in parser._actions) else ()
    after = {
        flag: values
        for action in parser._actions
        for flag in action.option_strings
        if action.nargs != 0 and (values := _values(action, parser))
    }
    several = frozenset(flag for a in parser._actions if a.nargs == "+" for flag in a.option_strings)
    return Words(what, tuple(flags_of(parser._actions)), after, plain, several)


def _values(action: argparse.Action, parser: "Parser") -> tuple[str, ...]:
    from rate2spike.rate.tasks import TASKS

    if action.choices:
        return tuple(map(str, action.choices))
    if action.dest == "task":
        return tuple(TASKS)
    named = parser.values_of.get(action.dest)
    if named:
        return named
    if action.metavar == "True|False":
        return ("True", "False")
    return FILES if _names_a_file(action) else ()


def _names_a_file(action: argparse.Action) -> bool:
    word = str(action.metavar or action.dest).upper()
    return any(part in word for part in ("FILE", "DIR", "FOLDER", "MODEL", ".MAT", "OUT", "FIGURE", "PATH", "LOG_JSON"))


def _bash(commands: dict[str, Words]) -> str:
    from rate2spike.cli.commands import SHOWN

    cases = []
    for name, words in commands.items():
        after = "".join(
            f"        {flag}:{'*' if flag in words.several else 1}) {_bash_reply(values)} ;;\n"
            for flag, values in words.after.items()
        )
        plain = _bash_reply(words.plain) if words.plain else ":"
        cases.append(
            f"""    "{name}")
      case "$flag:$n" in
{after}        *) {plain} ;;
      esac
      [[ $word == -* ]] && _rate2spike_words "{" ".join(words.flags)}" ;;
"""
        )
    return f"""# completes rate2spike in bash: eval "$(rate2spike completion bash)"
_rate2spike_words() {{ COMPREPLY=($(compgen -W "$1" -- "$word")); }}
_rate2spike_files() {{ local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$word")); }}
_rate2spike() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" command="${{COMP_WORDS[1]}}" flag="" k n=0
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    _rate2spike_words "{" ".join(SHOWN)} --help --version"
    return
  fi
{_bash_families()}  [[ $word == "=" ]] && word=""
  # the last flag before the cursor, and the how-manieth of its values this is
  for ((k = COMP_CWORD - 1; k > 1; k--)); do
    if [[ ${{COMP_WORDS[k]}} != "=" ]]; then n=$((n + 1)); fi
    if [[ ${{COMP_WORDS[k]}} == -* ]]; then flag="${{COMP_WORDS[k]}}"; break; fi
  done
  case "$command" in
{"".join(cases)}  esac
}}
complete -o filenames -F _rate2spike rate2spike
"""


def _bash_families() -> str:
    """Of a family the second word is completed first, and belongs to the command's name."""
    from rate2spike.cli.commands import FAMILIES, members

    return "".join(
        f"""  if [[ $command == {family} ]]; then
    if [[ $COMP_CWORD -eq 2 ]]; then
      _rate2spike_words "{" ".join(members(family))} --help"
      return
    fi
    command="$command ${{COMP_WORDS[2]}}"
  fi
"""
        for family in FAMILIES
    )


def _bash_reply(values: tuple[str, ...]) -> str:
    return "_rate2spike_files" if values == FILES else f'_rate2spike_words "{" ".join(values)}"'


def _zsh(commands: dict[str, Words]) -> str:
    return (
        "# completes rate2spike in zsh, by its way to read what bash reads: after compinit\n"
        "autoload -U +X bashcompinit && bashcompinit\n" + _bash(commands).partition("\n")[2]
    )


def _fish(commands: dict[str, Words]) -> str:
    from rate2spike.cli.commands import SHOWN

    lines = ["# completes rate2spike in fish", "complete -c rate2spike -f"]
    for name, what in SHOWN.items():
        lines.append(f"complete -c rate2spike -n __fish_use_subcommand -a {name} -d '{_quoted(what)}'")
    lines += [line for name, words in commands.items() for line in _fish_command(name, words)]
    return "\n".join(lines) + "\n"


def _fish_command(name: str, words: Words) -> list[str]:
    first, _, second = name.partition(" ")
    seen = "; and ".join(f"__fish_seen_subcommand_from {word}" for word in name.split())
    here, lines = f"-n '{seen}'", []
    if second:
        of_family = f"-n '__fish_seen_subcommand_from {first}'"
        lines.append(f"complete -c rate2spike {of_family} -a {second} -d '{_quoted(words.what)}'")
    for flag in words.flags:
        kind = f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}"
        values = words.after.get(flag)
        ending = "" if values is None else " -r -F" if values == FILES else f" -x -a '{' '.join(values)}'"
        lines.append(f"complete -c rate2spike {here} {kind}{ending}")
    if words.plain:
        files = "-F" if words.plain == FILES else f"-a '{' '.join(words.plain)}'"
        lines.append(f"complete -c rate2spike {here} {files}")
    return lines


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
