"""The settings of a run whose config.toml has one section: flags, over what a run to go on with says, over the defaults."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from rate2spike.cli.option_flags import given
from rate2spike.cli.run_place import RunPlace
from rate2spike.errors import InputError
from rate2spike.options import from_mapping


def settings_and_place(
    arguments: argparse.Namespace,
    kind: type,
    command: str,
    may_differ: frozenset[str],
    written: Callable[[Any], tuple[str, ...]],
    base: Mapping[str, Any] | None = None,
) -> tuple[Any, RunPlace]:
    """The record of settings, and where the run is or will be. Raises InputError.

    command: two words, of which the second one is the section of config.toml. may_differ: settings that may be otherwise
    when a run goes on. written: what a new run with these settings must not find in its folder. base: settings of a file,
    which flags override.
    """
    if arguments.resume and arguments.run_folder is None:
        raise InputError("--resume needs --run_folder, the folder of the run to go on with")
    flags = dict(base or {}) | given(arguments, kind)
    if not arguments.resume:
        config = kind(**flags)
        folder = Path(arguments.run_folder or _new_folder(command))
        return config, RunPlace(folder, command, written(config), resume=False)
    place = RunPlace(Path(arguments.run_folder), command, (), resume=True)
    recorded: Any = from_mapping(kind, _recorded(place, command.split()[-1]), str(place.path / "config.toml"))
    config = replace(recorded, **flags)
    place.check_same(vars(config), vars(recorded), may_differ)
    return config, place


def _recorded(place: RunPlace, section: str) -> dict[str, Any]:
    """Of the run to go on with. Raises InputError."""
    content = place.recorded()
    if not isinstance(content.get(section), dict):
        raise InputError(f"{place.path / 'config.toml'} has no section [{section}]: it is not as this command wrote it")
    return content[section]


def _new_folder(command: str) -> Path:
    return Path("runs") / f"{command.replace(' ', '_')}_{datetime.now():%Y_%m_%d_%H%M%S}"
